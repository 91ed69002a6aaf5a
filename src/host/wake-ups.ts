/**
 * When which execution in memory is to be woken, soonest first: one heap for the whole loop.
 *
 * Each execution stands in it at most once and knows its place, so that a timer that is moved or given up leaves nothing
 * behind. (A workflow that ends in a second and has a time-out of a day would else be remembered for that day.)
 */

import type { Instant } from "../core/base/time.ts";

/** What can be woken carries its own place in the heap. */
export interface Sleeper {
  wakeAt: Instant;
  /** -1 while it is in no heap. */
  place: number;
}

export class WakeUps<T extends Sleeper> {
  private readonly heap: T[] = [];

  get size(): number {
    return this.heap.length;
  }

  next(): Instant | null {
    return this.heap[0]?.wakeAt ?? null;
  }

  /** Null takes it out. */
  set(sleeper: T, wakeAt: Instant | null): void {
    if (wakeAt === null) {
      this.remove(sleeper);
    } else if (sleeper.place === -1) {
      sleeper.wakeAt = wakeAt;
      this.heap.push(sleeper);
      this.rise(sleeper, this.heap.length - 1);
    } else if (wakeAt < sleeper.wakeAt) {
      sleeper.wakeAt = wakeAt;
      this.rise(sleeper, sleeper.place);
    } else if (wakeAt > sleeper.wakeAt) {
      sleeper.wakeAt = wakeAt;
      this.sink(sleeper, sleeper.place);
    }
  }

  /** Takes out the soonest that is due at `now`. */
  takeDue(now: Instant): T | null {
    const first = this.heap[0];
    if (first === undefined || first.wakeAt > now) return null;
    this.remove(first);
    return first;
  }

  private remove(sleeper: T): void {
    const { place } = sleeper;
    if (place === -1) return;
    sleeper.place = -1;
    const last = this.heap.pop() as T;
    if (last === sleeper) return;
    this.sink(last, place);
    this.rise(last, last.place);
  }

  private rise(sleeper: T, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.heap[above] as T;
      if (parent.wakeAt <= sleeper.wakeAt) break;
      this.put(parent, place);
      place = above;
    }
    this.put(sleeper, place);
  }

  private sink(sleeper: T, from: number): void {
    let place = from;
    for (;;) {
      let below = place * 2 + 1;
      const left = this.heap[below];
      if (left === undefined) break;
      const right = this.heap[below + 1];
      if (right !== undefined && right.wakeAt < left.wakeAt) below += 1;
      const child = this.heap[below] as T;
      if (child.wakeAt >= sleeper.wakeAt) break;
      this.put(child, place);
      place = below;
    }
    this.put(sleeper, place);
  }

  private put(sleeper: T, place: number): void {
    this.heap[place] = sleeper;
    sleeper.place = place;
  }
}
