import { expect, test } from "vitest";
import { ticksOf } from "./scale.ts";

test("ticks are round, begin at zero and reach the greatest value", () => {
  expect(ticksOf(10)).toEqual([0, 2.5, 5, 7.5, 10]);
  expect(ticksOf(3)).toEqual([0, 1, 2, 3]);
  for (const max of [0.0004, 0.7, 1, 37, 4711, 9.99e9]) {
    const ticks = ticksOf(max);
    expect(ticks[0]).toBe(0);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(max);
    expect(ticks.length).toBeLessThanOrEqual(5);
  }
});
