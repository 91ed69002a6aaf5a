/** The machine's clock and the loop's timers. */

import type { Clock } from "../ports/clock.ts";

/** A timer of Node holds no more than this; longer ones are set again on the way. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    after(delayMs, work) {
      const due = performance.now() + delayMs;
      let timer = setTimeout(look, timerMs(delayMs));
      function look(): void {
        // Node's timers count whole milliseconds and may be a fraction of one early.
        const left = due - performance.now();
        if (left > 0) timer = setTimeout(look, timerMs(left));
        else work();
      }
      return () => clearTimeout(timer);
    },
    soon(work) {
      setImmediate(work);
    },
  };
}

function timerMs(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), TIMER_MS_MAX);
}
