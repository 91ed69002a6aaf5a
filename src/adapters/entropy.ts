/**
 * Ids that nobody guesses and that sort by time: 12 hex digits of milliseconds, 18 of chance.
 *
 * Within one millisecond, and while the clock stands behind where it has been, the last id is counted on from by a random
 * step: so each id still sorts after the one before.
 *
 * Every request and every execution takes one. So chance is drawn from the system for a thousand steps at a time, and
 * counted in parts of 24 bits: small enough for the fast ways of adding and printing numbers.
 */

import { randomFillSync } from "node:crypto";
import type { Entropy } from "../ports/entropy.ts";

const PART = 2 ** 24;
const TIME_DIGITS = 12;
const POOL_BYTES = 4096;

export function createEntropy(now: () => number = Date.now): Entropy {
  const draw = createPool();
  let time = 0;
  let timeText = "";
  let high = 0;
  let middle = 0;
  let low = 0;

  function setTime(to: number): void {
    time = to;
    timeText = to.toString(16).padStart(TIME_DIGITS, "0");
  }

  /** By 1 to 2^32. What goes beyond the last part is carried into the time, which the clock will have caught up with. */
  function step(): void {
    low += draw() + 1;
    middle += Math.floor(low / PART);
    high += Math.floor(middle / PART);
    low %= PART;
    middle %= PART;
    if (high < PART) return;
    high -= PART;
    setTime(time + 1);
  }

  return {
    id() {
      const at = now();
      if (at > time) {
        setTime(at);
        high = draw() % PART;
        middle = draw() % PART;
        low = draw() % PART;
      } else {
        step();
      }
      return timeText + digits(high) + digits(middle) + digits(low);
    },
  };
}

/** Draws 32 bits at a time. */
function createPool(): () => number {
  const pool = Buffer.alloc(POOL_BYTES);
  let place = POOL_BYTES;
  return () => {
    if (place === POOL_BYTES) {
      randomFillSync(pool);
      place = 0;
    }
    const drawn = pool.readUInt32LE(place);
    place += 4;
    return drawn;
  };
}

/** Six hex digits; the bit above keeps the zeros in front. */
function digits(part: number): string {
  return (part + PART).toString(16).slice(1);
}
