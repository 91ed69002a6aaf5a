/**
 * Time that has passed, for what lasts a while rather than until a date: leases, heartbeats, waiting polls. It stands
 * still when the wall clock jumps back, and when it jumps ahead or the whole process was stopped: a lease must not be
 * lost because somebody set the clock, nor because nobody here could hear the heartbeats.
 */

import type { Clock } from "../../ports/clock.ts";

/** Milliseconds that have passed since the board was made. */
export type Passed = number;

/** Between two looks at the clock while anything is awaited lies one tick; so long a gap is a jump or a stopped process. */
const JUMP_MS = 5000;

export function createPassedTime(clock: Clock): () => Passed {
  let seen = clock.now();
  let passed = 0;
  return () => {
    const now = clock.now();
    const gap = now - seen;
    seen = now;
    if (gap > 0 && gap < JUMP_MS) passed += gap;
    return passed;
  };
}
