/** How tasks that have come in are shared between those who can take some: evenly, and to nobody more than he wants. */

import type { LeasedTask } from "../executors.ts";

export interface Taker {
  /** How many it wants at most. */
  readonly most: number;
  give(tasks: readonly LeasedTask[]): void;
}

/** `waiting` is how much there is; `take` hands out up to so many. */
export function shareOut<T extends Taker>(
  takers: readonly T[],
  waiting: number,
  take: (taker: T, most: number) => readonly LeasedTask[],
): void {
  const [only] = takers;
  if (only === undefined || waiting === 0) return;
  if (takers.length === 1) {
    const tasks = take(only, only.most);
    if (tasks.length > 0) only.give(tasks);
    return;
  }
  // The first may not take everything while others stand idle; only what the others do not want is his as well.
  const share = Math.max(1, Math.ceil(waiting / takers.length));
  const given = takers.map((taker) => [...take(taker, Math.min(share, taker.most))]);
  takers.forEach((taker, i) => {
    const tasks = given[i] ?? [];
    if (tasks.length > 0 && tasks.length < taker.most) tasks.push(...take(taker, taker.most - tasks.length));
    if (tasks.length > 0) taker.give(tasks);
  });
}
