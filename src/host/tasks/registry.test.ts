import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry, type InstanceName } from "./registry.ts";

const POLL = { functions: ["send"], labels: {} };

test("an executor is as well as the worst of what its online instances report", () => {
  const { registry, pass } = createTimed();
  registry.report(nameOf("a"), statusOf("a", "healthy"));
  registry.see(nameOf("silent"), POLL);
  assert.equal(registry.list("w", new Map())[0]?.health, "healthy");
  registry.report(nameOf("b"), {
    ...statusOf("b", "healthy"),
    checks: [{ name: "db", status: "unhealthy", function: "send", message: null }],
  });
  assert.equal(registry.list("w", new Map())[0]?.health, "unhealthy");
  pass(61_000);
  registry.touch(nameOf("a"));
  assert.equal(registry.list("w", new Map())[0]?.health, "healthy", "one that has gone does not count");
});

test("what an instance reported stays when it polls, and its labels count with those of the poll", () => {
  const { registry } = createTimed();
  registry.report(nameOf("a"), { ...statusOf("a", "degraded"), labels: { zone: "eu", gpu: true } });
  assert.deepEqual(registry.see(nameOf("a"), { functions: null, labels: { gpu: false } }), { zone: "eu", gpu: false });
  assert.equal(registry.list("w", new Map())[0]?.health, "degraded");
});

test("an instance that nobody has heard of for an hour is forgotten, unless it holds a task", () => {
  const { registry, pass, leased } = createTimed();
  registry.see(nameOf("a"), POLL);
  registry.see(nameOf("b"), POLL);
  leased.add("b");
  pass(3_700_000);
  assert.deepEqual(
    registry.list("w", new Map())[0]?.instances.map(({ instance }) => instance),
    ["b"],
  );
  leased.clear();
  assert.deepEqual(registry.list("w", new Map()), []);
});

test("who invents instances pushes out those of his own workspace only", () => {
  const { registry, pass } = createTimed();
  registry.see({ ...nameOf("mine"), workspace: "other" }, POLL);
  registry.see(nameOf("first"), POLL);
  pass(1);
  for (let i = 0; i < 10_000; i++) registry.see(nameOf(`i${i}`), POLL);
  assert.equal(registry.list("w", new Map())[0]?.instances.length, 10_000);
  assert.equal(registry.forget(nameOf("first")), false);
  assert.equal(registry.list("other", new Map()).length, 1);
});

function createTimed() {
  let now = 0;
  const leased = new Set<string>();
  const registry = createRegistry({ now: () => now, leased: ({ instance }) => (leased.has(instance) ? 1 : 0) });
  return { registry, leased, pass: (ms: number) => (now += ms) };
}

function nameOf(instance: string): InstanceName {
  return { workspace: "w", executor: "mail", instance };
}

function statusOf(instance: string, health: "healthy" | "degraded") {
  return {
    executor: "mail",
    instance,
    functions: ["send"],
    concurrency: 1,
    running: 0,
    health,
    checks: [],
    version: "1",
    labels: {},
  } as const;
}
