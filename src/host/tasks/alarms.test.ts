import assert from "node:assert/strict";
import { test } from "node:test";
import { createAlarms, TICK_MS } from "./alarms.ts";

test("an alarm rings at the first tick that is not before its time", () => {
  const { alarms, rung } = createRung();
  alarms.set("a", 1010);
  alarms.tick(1000);
  alarms.tick(1000 + TICK_MS - 1);
  assert.deepEqual(rung, []);
  alarms.tick(1000 + TICK_MS);
  assert.deepEqual(rung, ["a"]);
  assert.equal(alarms.size, 0);
});

test("an alarm that is moved or cleared no longer rings at its old time", () => {
  const { alarms, rung } = createRung();
  alarms.set("a", 1000);
  alarms.set("b", 1000);
  alarms.set("a", 3000);
  alarms.clear("b");
  alarms.tick(2000);
  assert.deepEqual(rung, []);
  alarms.tick(3000);
  assert.deepEqual(rung, ["a"]);
});

test("what is set for the past rings at the next tick", () => {
  const { alarms, rung } = createRung();
  alarms.tick(10_000);
  alarms.set("a", 5);
  alarms.tick(10_000 + TICK_MS);
  assert.deepEqual(rung, ["a"]);
});

test("after a jump ahead everything due rings in order; after a jump back what is set anew rings in time", () => {
  const { alarms, rung } = createRung();
  alarms.tick(0);
  alarms.set("late", 90_000);
  alarms.set("soon", 100);
  alarms.tick(86_400_000);
  assert.deepEqual(rung, ["soon", "late"]);
  alarms.tick(1000);
  alarms.set("again", 2000);
  alarms.tick(2000);
  assert.deepEqual(rung, ["soon", "late", "again"]);
});

test("an alarm may set another, or clear one that is due with it", () => {
  const rung: string[] = [];
  const alarms = createAlarms<string>(
    (item) => {
      rung.push(item);
      if (item === "a") alarms.clear("b");
      if (item === "c") alarms.set("d", 0);
    },
    () => {},
  );
  for (const item of ["a", "b", "c"]) alarms.set(item, 100);
  alarms.tick(100);
  assert.deepEqual(rung, ["a", "c"]);
  alarms.tick(100 + TICK_MS);
  assert.deepEqual(rung, ["a", "c", "d"]);
});

function createRung() {
  const rung: string[] = [];
  return {
    rung,
    alarms: createAlarms<string>(
      (item) => rung.push(item),
      () => {},
    ),
  };
}
