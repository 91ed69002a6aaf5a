/** Steps of two executions side by side: by path, in the order of the first, with what only the second has where it came there. */

import type { StepMessage } from "../../../src/core/protocol/executions.ts";

export interface StepPair {
  readonly path: string;
  readonly a: StepMessage | null;
  readonly b: StepMessage | null;
}

export function align(a: readonly StepMessage[], b: readonly StepMessage[]): readonly StepPair[] {
  const ofA = new Map(a.map((step) => [step.path, step]));
  const ofB = new Map(b.map((step) => [step.path, step]));
  const pairs: StepPair[] = [];
  const told = new Set<string>();
  const tell = (path: string) => {
    if (told.has(path)) return;
    told.add(path);
    pairs.push({ path, a: ofA.get(path) ?? null, b: ofB.get(path) ?? null });
  };
  let next = 0;
  for (const { path } of a) {
    const at = ofB.has(path) ? b.findIndex((step, i) => i >= next && step.path === path) : -1;
    if (at >= next) {
      for (; next < at; next += 1) {
        const only = b[next];
        if (only !== undefined && !ofA.has(only.path)) tell(only.path);
      }
      next = at + 1;
    }
    tell(path);
  }
  for (const { path } of b) tell(path);
  return pairs;
}
