import assert from "node:assert/strict";
import { test } from "node:test";
import { Histogram } from "./histogram.ts";

test("quantiles of many values are known to within one percent", () => {
  const histogram = new Histogram();
  for (let us = 1; us <= 1_000_000; us += 7) histogram.record(us / 1000);
  const { p50Ms, p99Ms, maxMs } = histogram.quantiles();
  assert.ok(Math.abs(p50Ms - 500) < 5, `p50 ${p50Ms}`);
  assert.ok(Math.abs(p99Ms - 990) < 10, `p99 ${p99Ms}`);
  assert.ok(Math.abs(maxMs - 1000) < 0.01);
});

test("a value of microseconds is kept as it is", () => {
  const histogram = new Histogram();
  histogram.record(0.042);
  assert.equal(histogram.quantiles().p50Ms, 0.042);
});

test("what is longer than the last bucket counts in it", () => {
  const histogram = new Histogram();
  histogram.record(1e9);
  assert.equal(histogram.quantiles().count, 1);
});
