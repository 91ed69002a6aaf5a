/**
 * Everything that may go wrong, and how often. Each seed leaves some kinds of faults out and overdoes others: a run in
 * which everything fails a little finds less than one in which something fails a lot.
 */

import type { Chance } from "./chance.ts";

/** How likely each is, by the occasion: a call of the store, a message, a timer, a task. */
const OCCASIONS = {
  "the store refuses": 0.015,
  "the store does it and says that it does not know": 0.012,
  "the store does not do it and says that it does not know": 0.008,
  "the store says that it does not know and does it later": 0.006,
  "the store is slow": 0.02,
  "the store is very slow": 0.003,
  "the store never answers": 0.001,
  "the process dies before the store has it": 0.004,
  "the process dies once the store has it": 0.005,
  "a timer is late": 0.03,
  "a timer is early": 0.02,
  "a request is lost": 0.03,
  "an answer is lost": 0.03,
  "a request comes twice": 0.03,
  "a message is late": 0.04,
  "a request goes to the process of before": 0.1,
  "an executor forgets a task": 0.03,
  "an executor answers late": 0.05,
  "an executor answers twice": 0.06,
  "an executor answers for another": 0.03,
  "an executor answers with too much": 0.02,
  "an executor answers strangely": 0.05,
  "an executor fails": 0.12,
  "a call of the platform fails": 0.15,
  "a call of the platform takes long": 0.1,
  "an executor loses its memory": 0.02,
  "an executor leaves": 0.01,
} as const;

export type Occasion = keyof typeof OCCASIONS;

/** What comes of itself, now and then; each is as likely as its weight says. */
const VISITATIONS = {
  "the process dies": 4,
  "the process is stopped and another one begins": 1,
  "the process stands still for a while": 2,
  "the process is replaced, but lives on": 2,
  "somebody takes a shard over": 3,
  "the store is gone for a while": 2,
  "the store is full for a while": 1,
  "the clock jumps ahead": 2,
  "the clock jumps back": 2,
  "the clock jumps by a day": 1,
} as const;

export type Visitation = keyof typeof VISITATIONS;

export type Fault = Occasion | Visitation;

export interface Faults {
  isOn: boolean;
  readonly count: number;
  /** Whether this goes wrong now. Counted if it does. */
  strikes(occasion: Occasion): boolean;
  /** What comes next of itself. */
  nextVisitation(): Visitation;
  /** One that was brought about by something else. */
  add(fault: Fault): void;
}

/** A run with fewer would prove little. */
export const FAULTS_MIN = 20;

export function createFaults(chance: Chance, noted: (fault: Fault) => void): Faults {
  const zeal = chance.pick([0.5, 1, 1, 2]);
  const rates = new Map(
    Object.entries(OCCASIONS).map(([name, rate]) => [name, rate * zeal * chance.pick([0, 1, 1, 1, 3])]),
  );
  const lottery = Object.entries(VISITATIONS).flatMap(([name, weight]) =>
    chance.happens(0.3) ? [] : Array.from({ length: weight }, () => name as Visitation),
  );
  const [first = "the process dies", ...rest] = lottery;
  let count = 0;
  const faults: Faults = {
    isOn: true,
    get count() {
      return count;
    },
    strikes(occasion) {
      if (!faults.isOn || !chance.happens(rates.get(occasion) ?? 0)) return false;
      faults.add(occasion);
      return true;
    },
    nextVisitation: () => chance.pick([first, ...rest]),
    add(fault) {
      count += 1;
      noted(fault);
    },
  };
  return faults;
}
