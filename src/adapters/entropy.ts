/**
 * Ids that nobody guesses and that sort by time: 12 hex digits of milliseconds, 18 of chance.
 *
 * Within one millisecond, and while the clock stands behind where it has been, the last id is counted on from by a random
 * step: so each id still sorts after the one before.
 */

import { randomBytes } from "node:crypto";
import type { Entropy } from "../ports/entropy.ts";

const CHANCE_BITS = 72n;
const CHANCE_BYTES = 9;
const STEP_BYTES = 4;

export function createEntropy(now: () => number = Date.now): Entropy {
  let last = 0n;
  return {
    id() {
      const fresh = (BigInt(now()) << CHANCE_BITS) | toNumber(randomBytes(CHANCE_BYTES));
      const isLater = fresh >> CHANCE_BITS > last >> CHANCE_BITS;
      last = isLater ? fresh : last + toNumber(randomBytes(STEP_BYTES)) + 1n;
      return last.toString(16).padStart(30, "0");
    },
  };
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex")}`);
}
