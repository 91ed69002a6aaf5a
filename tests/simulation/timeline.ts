/**
 * Everything that will happen in a simulation, in one queue: timers of the host, answers of the store, messages on their
 * way, the moods of callers and executors. Nothing else makes anything happen, so the same seed plays the same run.
 *
 * Time that has passed moves only from one happening to the next. What is due at the same moment happens in the order in
 * which it was planned. The wall clock is another matter: it shows the time that has passed and whatever somebody has set
 * it to.
 */

import type { Instant } from "../../src/core/base/time.ts";

export interface Timeline {
  /** Milliseconds since the beginning. */
  readonly passed: number;
  /** How much has happened. */
  readonly count: number;
  /** The answer calls it off. */
  after(delayMs: number, work: () => void): () => void;
  /** Lets the next thing happen, if that is due by `until`; else time moves on to `until`, and the answer is false. */
  step(until: number): boolean;
}

interface Happening {
  readonly due: number;
  readonly order: number;
  work: (() => void) | null;
}

export function createTimeline(): Timeline {
  const heap: Happening[] = [];
  let passed = 0;
  let order = 0;
  let count = 0;

  /** The soonest that was not called off. */
  function next(until: number): Happening | null {
    for (let first = heap[0]; first !== undefined && first.due <= until; first = heap[0]) {
      removeFirst(heap);
      if (first.work !== null) return first;
    }
    return null;
  }

  return {
    get passed() {
      return passed;
    },
    get count() {
      return count;
    },
    after(delayMs, work) {
      const happening: Happening = { due: passed + Math.max(0, Math.ceil(delayMs)), order: order++, work };
      insert(heap, happening);
      return () => {
        happening.work = null;
      };
    },
    step(until) {
      const happening = next(until);
      passed = Math.max(passed, happening?.due ?? until);
      if (happening === null) return false;
      count += 1;
      happening.work?.();
      return true;
    },
  };
}

/** A clock on the wall: everybody reads it, and now and then somebody sets it. */
export interface Wall {
  now(): Instant;
  jump(byMs: number): void;
  /** The latest time that it has ever shown. Whatever happens later than this happened before its time. */
  highest(): Instant;
}

export function createWall(timeline: Timeline, start: Instant): Wall {
  let offset = start;
  let highest = start;
  const now = () => timeline.passed + offset;
  const note = () => {
    highest = Math.max(highest, now());
    return highest;
  };
  return {
    now,
    highest: note,
    jump(byMs) {
      note();
      offset += byMs;
    },
  };
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.due !== b.due ? a.due < b.due : a.order < b.order;
}

function insert(heap: Happening[], happening: Happening): void {
  let place = heap.length;
  heap.push(happening);
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above] as Happening;
    if (isBefore(parent, happening)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = happening;
}

function removeFirst(heap: Happening[]): void {
  const last = heap.pop() as Happening;
  if (heap.length === 0) return;
  let place = 0;
  for (;;) {
    let child = place * 2 + 1;
    if (child >= heap.length) break;
    const right = heap[child + 1];
    if (right !== undefined && isBefore(right, heap[child] as Happening)) child += 1;
    if (isBefore(last, heap[child] as Happening)) break;
    heap[place] = heap[child] as Happening;
    place = child;
  }
  heap[place] = last;
}
