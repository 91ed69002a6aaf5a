/**
 * A clock that tests and simulations turn by hand. Two hands move together: the wall, which `now` shows, and the time
 * that has passed, which timers count.
 *
 *     advance(ms)   both move on; timers come due in order, each at its own moment
 *     set(now)      only the wall jumps, as when somebody sets the machine's clock; timers keep what is left of them
 *     flush()       what was put off with `soon`, and nothing else
 */

import type { Instant } from "../core/base/time.ts";
import type { Clock } from "../ports/clock.ts";

export interface ManualClock extends Clock {
  advance(ms: number): void;
  set(now: Instant): void;
  flush(): void;
  /** How many timers are set: none are left behind by what has been closed. */
  readonly pending: number;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly work: () => void;
}

export function createManualClock(start: Instant): ManualClock {
  let wall = start;
  let passed = 0;
  let order = 0;
  let soon: (() => void)[] = [];
  const timers = new Set<Timer>();

  function flush(): void {
    while (soon.length > 0) {
      const turn = soon;
      soon = [];
      for (const work of turn) work();
    }
  }

  function moveTo(moment: number): void {
    wall += moment - passed;
    passed = moment;
  }

  return {
    now: () => wall,
    after(delayMs, work) {
      const timer = { due: passed + Math.max(0, delayMs), order: order++, work };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    soon(work) {
      soon.push(work);
    },
    advance(ms) {
      const end = passed + ms;
      flush();
      for (let next = firstOf(timers); next !== null && next.due <= end; next = firstOf(timers)) {
        timers.delete(next);
        moveTo(Math.max(passed, next.due));
        next.work();
        flush();
      }
      moveTo(end);
    },
    set(now) {
      wall = now;
    },
    flush,
    get pending() {
      return timers.size;
    },
  };
}

function firstOf(timers: Iterable<Timer>): Timer | null {
  let first: Timer | null = null;
  for (const timer of timers) {
    if (first === null || timer.due < first.due || (timer.due === first.due && timer.order < first.order))
      first = timer;
  }
  return first;
}
