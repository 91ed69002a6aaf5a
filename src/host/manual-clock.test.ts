import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "./manual-clock.ts";

test("timers come due in order, each at its own moment, those set on the way included", () => {
  const clock = createManualClock(1000);
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
  clock.after(30, note("c"));
  clock.after(10, () => {
    note("a")();
    clock.after(10, note("b"));
    clock.soon(note("soon"));
  });
  clock.after(100, note("late"));
  clock.advance(50);
  assert.deepEqual(seen, ["a@1010", "soon@1010", "b@1020", "c@1030"]);
  assert.equal(clock.now(), 1050);
  assert.equal(clock.pending, 1);
});

test("a timer that was cancelled does not come due", () => {
  const clock = createManualClock(0);
  const cancel = clock.after(10, () => assert.fail("It was cancelled."));
  cancel();
  cancel();
  clock.advance(20);
});

test("setting the wall clock moves no timer", () => {
  const clock = createManualClock(1000);
  let rang = false;
  clock.after(10, () => (rang = true));
  clock.set(5000);
  clock.flush();
  assert.equal(rang, false);
  clock.advance(10);
  assert.equal(rang, true);
  assert.equal(clock.now(), 5010);
});
