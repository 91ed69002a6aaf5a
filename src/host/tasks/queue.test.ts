import assert from "node:assert/strict";
import { test } from "node:test";
import type { EngineTask } from "../../core/engine/reactions.ts";
import type { Entry } from "./entry.ts";
import { createQueue, hasLabels } from "./queue.ts";
import { START, taskOf } from "./rig.test.ts";

const ANY = { functions: null, labels: {} };

test("the highest priority goes first, then the oldest", () => {
  check(
    [
      { name: "b", priority: 5, createdAt: START + 2 },
      { name: "a", priority: 5, createdAt: START + 1 },
      { name: "c", priority: 2, createdAt: START },
      { name: "d", priority: 9, createdAt: START + 3 },
    ],
    ["d", "a", "b", "c"],
  );
});

test("workflows of one priority take turns, however much one of them has", () => {
  check(
    [
      { name: "a1", workflow: "a" },
      { name: "a2", workflow: "a" },
      { name: "a3", workflow: "a" },
      { name: "b1", workflow: "b", createdAt: START + 1 },
      { name: "c1", workflow: "c", createdAt: START + 2 },
    ],
    ["a1", "b1", "c1", "a2", "a3"],
  );
});

test("functions of one priority take turns", () => {
  check(
    [
      { name: "a1", function: "a" },
      { name: "a2", function: "a" },
      { name: "b1", function: "b" },
    ],
    ["a1", "b1", "a2"],
  );
});

test("a low priority that has waited long gets every fourth turn, and not before", () => {
  const high = (i: number) => ({ name: `h${i}`, priority: 9, createdAt: START + 30_000 + i });
  const tasks = [{ name: "low", priority: 0 }, high(1), high(2), high(3), high(4)];
  check(tasks, ["h1", "h2", "h3", "low", "h4"], START + 40_000);
  check(tasks, ["h1", "h2", "h3", "h4", "low"], START + 20_000);
});

test("one that comes back after a lost lease stands where its age puts it", () => {
  const queue = createQueue();
  const first = entryOf({ name: "first", createdAt: START });
  queue.add(first);
  queue.add(entryOf({ name: "second", createdAt: START + 1 }));
  queue.take(ANY, START);
  first.deliveries = 1;
  queue.add(first);
  assert.equal(queue.take(ANY, START), first);
});

test("what is removed is not handed out, and nothing is left of it", () => {
  const queue = createQueue();
  const entries = Array.from({ length: 10 }, (_, i) => entryOf({ name: `t${i}`, workflow: `w${i % 3}` }));
  entries.forEach(queue.add);
  for (const entry of entries.filter((_, i) => i !== 4)) assert.equal(queue.remove(entry), true);
  assert.equal(queue.remove(entryOf({ name: "stranger" })), false);
  assert.equal(queue.length, 1);
  assert.equal(queue.take(ANY, START), entries[4]);
  assert.equal(queue.take(ANY, START), null);
});

test("a task needs all of its labels, whatever else an instance has", () => {
  assert.equal(hasLabels({ zone: "eu", gpu: true }, { gpu: true }), true);
  assert.equal(hasLabels({ zone: "eu" }, { gpu: true }), false);
  assert.equal(hasLabels({ gpu: "true" }, { gpu: true }), false);
  assert.equal(hasLabels({}, { constructor: "x" }), false);
});

test("a backlog of a hundred thousand is taken in turn without slowing down", () => {
  const queue = createQueue();
  for (let i = 0; i < 100_000; i++)
    queue.add(entryOf({ name: `t${i}`, workflow: `w${i % 1000}`, createdAt: START + i }));
  let count = 0;
  while (queue.take(ANY, START + 200_000) !== null) count += 1;
  assert.equal(count, 100_000);
});

interface Sketch {
  readonly name: string;
  readonly priority?: number;
  readonly workflow?: string;
  readonly function?: string;
  readonly createdAt?: number;
}

function check(sketches: readonly Sketch[], expected: readonly string[], now: number = START): void {
  const queue = createQueue();
  for (const sketch of sketches) queue.add(entryOf(sketch));
  const order = sketches.map(() => queue.take(ANY, now)?.task.executionId);
  assert.deepEqual(order, expected);
}

function entryOf({ name, ...change }: Sketch): Entry {
  const task: EngineTask = { ...taskOf(name), ...change };
  return {
    task,
    workspace: "w",
    isReoffer: false,
    isLimited: false,
    queuedAt: START,
    deliveries: 0,
    losses: 0,
    takenAt: null,
    lastInstance: null,
    place: { kind: "waiting" },
  };
}
