import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../ports/clock.ts";
import { keepHeapSmall } from "./heap.ts";

test("memory is given back once after each stretch of work, and never during one", () => {
  const ticks: (() => void)[] = [];
  const after = (_ms: number, act: () => void) => {
    ticks.push(act);
    return () => {};
  };
  const clock = { after } as unknown as Clock;
  let done = 0;
  let collected = 0;
  const collect = () => {
    collected += 1;
  };
  using _keeping = keepHeapSmall({ clock, workDone: () => done, collect });
  const tick = () => ticks.shift()?.();

  tick();
  assert.equal(collected, 1, "what the start has left behind");
  tick();
  assert.equal(collected, 1, "nothing new to collect");
  done = 10;
  tick();
  done = 20;
  tick();
  assert.equal(collected, 1, "work is under way");
  tick();
  tick();
  assert.equal(collected, 2);
});

test("a process that may not collect does not look", () => {
  const clock = { after: () => assert.fail("Expected no timer.") } as unknown as Clock;
  keepHeapSmall({ clock, workDone: () => 0, collect: null });
});
