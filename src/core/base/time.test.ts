import assert from "node:assert/strict";
import { test } from "node:test";
import { parseInstant, toRfc3339 } from "./time.ts";

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

test("times are read as the language itself reads them, in whatever order they come", () => {
  const texts = [
    "2026-11-23T08:00:59.990Z",
    "2026-11-23T08:00:59.007Z",
    "2026-11-23T08:01:00.000Z",
    "1969-12-31T23:59:59.250Z",
    "0000-01-01T00:00:00.001Z",
    "2026-11-23T08:00:59Z",
    "2026-11-23T08:00:59.990+02:00",
    "2026-11-23T08:00:59.99Z",
    "2026-11-23T08:00:59.9a0Z",
    "2026-13-23T08:00:59.990Z",
    "2026-02-30T08:00:59.990Z",
    "2026-11-23 08:00:59.990Z",
    "+002026-11-23T08:00:59.990Z",
    "+02026-11-23T8:00:59.990Z",
    "",
    "soon",
  ];
  for (const text of [...texts, ...texts.toReversed(), ...texts])
    assert.equal(parseInstant(text), Date.parse(text), text);
});
