import type { Instant } from "../core/base/time.ts";

/** The wall clock, and being called later. Everything in the host reads time here, so that a simulation can turn it. */
export interface Clock {
  now(): Instant;
  /** Calls `work` once, not before `delayMs` have passed. The answer cancels it; cancelling twice is harmless. */
  after(delayMs: number, work: () => void): () => void;
  /** Calls `work` soon, after what is going on now: the next turn of the loop. */
  soon(work: () => void): void;
}
