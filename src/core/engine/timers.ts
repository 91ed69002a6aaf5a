import type { Instant } from "../base/time.ts";
import type { StepState } from "./execution.ts";

/** Below this many it is not worth looking for stale ones. */
const CLEAN_AT = 64;

/**
 * When something is due, soonest first: a binary heap. An entry is not removed when its reason goes away (a step ends
 * before its time-out): it is recognised as stale when it comes up, because the step no longer names that time. Where too
 * many would be kept until then, with the steps that they point to, all stale ones are dropped now and then.
 */
export class Timers {
  private heap: Timer[] = [];
  private cleanAt = CLEAN_AT;

  get size(): number {
    return this.heap.length;
  }

  add(timer: Timer): void {
    if (this.heap.length >= this.cleanAt) this.clean();
    this.heap.push(timer);
    this.rise(timer);
  }

  /** Each time twice as many as counted at the last time have gathered: a step or two for each timer. */
  private clean(): void {
    const counting = this.counting();
    this.heap = [];
    for (const timer of counting) {
      this.heap.push(timer);
      this.rise(timer);
    }
    this.cleanAt = Math.max(CLEAN_AT, counting.length * 2);
  }

  private rise(timer: Timer): void {
    const { heap } = this;
    let place = heap.length - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (isBefore(heap[parent] as Timer, timer)) break;
      heap[place] = heap[parent] as Timer;
      place = parent;
    }
    heap[place] = timer;
  }

  /** All that still count, in no order. */
  counting(): readonly Timer[] {
    return this.heap.filter((timer) => timer.counts());
  }

  /** The soonest time that still counts. */
  next(): Instant | null {
    this.dropStale();
    return this.heap[0]?.due ?? null;
  }

  /** The soonest timer that is due at `now`; it stays until its reason goes away. */
  peekDue(now: Instant): Timer | null {
    this.dropStale();
    const first = this.heap[0];
    return first !== undefined && first.due <= now ? first : null;
  }

  clear(): void {
    this.heap.length = 0;
  }

  private dropStale(): void {
    while (this.heap.length > 0 && !(this.heap[0] as Timer).counts()) this.removeFirst();
  }

  private removeFirst(): void {
    const heap = this.heap;
    const last = heap.pop() as Timer;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      if (isBefore(last, heap[child] as Timer)) break;
      heap[place] = heap[child] as Timer;
      place = child;
    }
    heap[place] = last;
  }
}

export interface Timer {
  readonly due: Instant;
  /** Breaks ties: what was set first fires first. */
  readonly order: number;
  readonly kind: "execution" | "limit" | "deadline" | "wake";
  readonly step: StepState | null;
  /** Whether the reason still stands. */
  counts(): boolean;
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.due !== b.due ? a.due < b.due : a.order <= b.order;
}
