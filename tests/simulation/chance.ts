/** The dice of a simulation: one source of numbers, from its seed, for everything that is left to chance. */

import { createRandom } from "../../src/core/base/random.ts";

export interface Chance {
  happens(probability: number): boolean;
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
  /** Hexadecimal digits. */
  digits(count: number): string;
}

export function createChance(seed: number): Chance {
  const random = createRandom(`simulation ${seed}`);
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));
  return {
    happens: (probability) => random() < probability,
    between,
    pick: (items) => items[Math.floor(random() * items.length)] ?? items[0],
    digits: (count) => Array.from({ length: count }, () => between(0, 15).toString(16)).join(""),
  };
}
