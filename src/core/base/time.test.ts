import assert from "node:assert/strict";
import { test } from "node:test";
import { toRfc3339 } from "./time.ts";

test("times are written as the language itself writes them, in whatever order they come", () => {
  const now = Date.UTC(2026, 10, 23, 8, 0, 59, 990);
  const instants = [0, 0.9, 999, 999.99, 1000, now, now + 9, now + 10, now + 11, now, -1, -0.5, 253_402_300_800_000];
  for (const instant of [...instants, ...instants.toReversed(), 8_640_000_000_000_000])
    assert.equal(toRfc3339(instant), new Date(instant).toISOString());
});

test("what is no time cannot be written", () => {
  for (const instant of [Number.NaN, Number.POSITIVE_INFINITY, 8_640_000_000_000_001, -8_640_000_000_000_001])
    assert.throws(() => toRfc3339(instant), RangeError);
});
