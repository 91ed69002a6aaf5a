/** What is over is removed when its time has come, and nothing else. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import {
  type Intercept,
  ORDER,
  openWorld,
  refused,
  SHORT,
  until,
  WORKSPACE,
  type World,
  workflow,
} from "./world.test.ts";

const HOUR_MS = 3_600_000;
const FAILING = workflow("failing", "    - { name: a, type: fail, code: BROKEN, message: No way }\n");
const PARENT = workflow("parent", "    - { name: c, type: workflow, workflow: short }\n");
const LEAVER = workflow("leaver", "    - { name: c, type: workflow, workflow: order, wait: false }\n");
const RETENTION = { completedMs: HOUR_MS, failedMs: 2 * HOUR_MS, deadLettersMs: null };
const ALL = [SHORT, ORDER, FAILING, PARENT, LEAVER];

async function isThere(world: World, executionId: string): Promise<boolean> {
  return (await world.now(world.host.read({ workspace: WORKSPACE, executionId }))) !== null;
}

/** What waits for an executor is parked, and comes with one of the next polls. */
async function worked(world: World, tasks: number): Promise<void> {
  let left = tasks;
  await until(
    () => left === 0,
    async () => {
      left -= await world.work();
      await world.pass(1000);
    },
  );
}

async function pass(world: World, ms: number): Promise<void> {
  await world.pass(ms, 30_000);
}

test("without a setting everything is kept, and the store is not even asked", async () => {
  const calls: string[] = [];
  const intercept: Intercept = (name, call) => {
    calls.push(name);
    return call();
  };
  const world = await openWorld({ workflows: ALL, intercept });
  const id = await world.started("short");
  await pass(world, 48 * HOUR_MS);
  assert.ok(await isThere(world, id));
  assert.ok(!calls.includes("findOver"));
  await world.close();
});

test("completed executions go after their time, those that did not complete after theirs", async () => {
  const world = await openWorld({ workflows: ALL, limits: { retention: RETENTION } });
  const done = await world.started("short");
  const cancelled = await world.started("order");
  await world.settle();
  await world.now(
    world.host.cancel({ workspace: WORKSPACE, executionId: cancelled, commandId: "c", reason: "changed my mind" }),
  );
  const running = await world.started("order");
  await pass(world, HOUR_MS - 60_000);
  assert.ok(await isThere(world, done));
  await pass(world, 3 * 60_000);
  assert.ok(!(await isThere(world, done)));
  assert.ok(await isThere(world, cancelled));
  await pass(world, HOUR_MS);
  assert.ok(!(await isThere(world, cancelled)));
  assert.ok(await isThere(world, running));
  await worked(world, 2);
  assert.equal((await world.row(running)).status, "completed", "what runs goes on");
  assert.deepEqual(world.reports, []);
  await world.close();
});

test("dead letters stay until they are dropped, or as long as a setting says", async () => {
  const world = await openWorld({ workflows: ALL, limits: { retention: RETENTION } });
  const [kept, dropped] = [await world.started("failing"), await world.started("failing")];
  await world.settle();
  await pass(world, 5 * HOUR_MS);
  assert.ok(await isThere(world, dropped));
  await world.now(world.host.letters.drop({ workspace: WORKSPACE, id: dropped, by: "me" }));
  await pass(world, 3 * 60_000);
  assert.ok(!(await isThere(world, dropped)));
  assert.ok(await isThere(world, kept));
  await world.close();

  const strict = await openWorld({
    workflows: ALL,
    limits: { retention: { ...RETENTION, deadLettersMs: 3 * HOUR_MS } },
  });
  const letter = await strict.started("failing");
  await pass(strict, 3 * HOUR_MS - 60_000);
  assert.ok(await isThere(strict, letter));
  await pass(strict, 3 * 60_000);
  assert.ok(!(await isThere(strict, letter)));
  await strict.close();
});

test("children go with their parents, and parents wait for their children", async () => {
  const world = await openWorld({ workflows: ALL, limits: { retention: RETENTION } });
  const [parent, leaver] = [await world.started("parent"), await world.started("leaver")];
  await world.settle();
  assert.ok(await isThere(world, `${parent}.1`));
  await pass(world, HOUR_MS + 3 * 60_000);
  assert.ok(!(await isThere(world, parent)));
  assert.ok(!(await isThere(world, `${parent}.1`)));
  assert.ok(await isThere(world, leaver), "its child runs");
  await worked(world, 2);
  await pass(world, HOUR_MS + 3 * 60_000);
  assert.ok(!(await isThere(world, leaver)));
  assert.ok(!(await isThere(world, `${leaver}.1`)));
  await world.close();
});

test("an execution that a key stands for is kept as long as the key; a chosen id is free again", async () => {
  const world = await openWorld({ workflows: ALL, limits: { retention: RETENTION } });
  const keyed = await world.started("short", { idempotencyKey: "k" });
  const chosen = await world.started("short", { executionId: "chosen", input: 1 });
  await pass(world, 3 * HOUR_MS);
  const again = await world.start("short", { idempotencyKey: "k" });
  assert.ok(again.ok && !again.isNew && again.row.id === keyed);
  assert.ok(!(await isThere(world, chosen)));
  const anew = await world.start("short", { executionId: "chosen", input: 2 });
  assert.ok(anew.ok && anew.isNew);
  await pass(world, 22 * HOUR_MS);
  assert.ok(!(await isThere(world, keyed)));
  await world.close();
});

test("what is asked of an execution while it is removed waits, and finds it gone", async () => {
  const removing = Promise.withResolvers<void>();
  let isHeld = false;
  const intercept: Intercept = async (name, call, [batches]) => {
    const removes = (batches as readonly { readonly remove?: unknown }[] | undefined)?.some?.(
      ({ remove }) => remove !== undefined,
    );
    if (name === "append" && removes === true) {
      isHeld = true;
      await removing.promise;
    }
    return call();
  };
  const world = await openWorld({ workflows: ALL, limits: { retention: RETENTION }, intercept });
  const id = await world.started("failing", { executionId: "chosen" });
  await world.settle();
  await world.now(world.host.letters.drop({ workspace: WORKSPACE, id, by: "me" }));
  for (let n = 0; n < 300 && !isHeld; n++) await pass(world, 30_000);
  assert.ok(isHeld);
  const place = { workspace: WORKSPACE, executionId: id };
  const asked = [
    world.host.retry({ ...place, commandId: "r" }),
    world.host.signal({ ...place, commandId: "s", name: "go", data: null }),
    world.host.letters.drop({ workspace: WORKSPACE, id, by: "me" }),
  ];
  await world.settle();
  removing.resolve();
  const codes = [];
  for (const each of asked) codes.push(refused(await world.now(each)));
  assert.deepEqual(codes, ["EXECUTION_NOT_FOUND", "EXECUTION_NOT_FOUND", "DEAD_LETTER_NOT_FOUND"]);
  assert.ok(!(await isThere(world, id)));
  assert.equal(world.inMemory(), 0);
  await world.close();
});

test("a removal that fails is made up for by the next search", async () => {
  let fails = true;
  const intercept: Intercept = async (name, call, [batches]) => {
    const isRemoval = name === "append" && JSON.stringify(batches).includes('"remove"');
    if (!isRemoval || !fails) return call();
    fails = false;
    throw new Error("The line broke.");
  };
  const world = await openWorld({ workflows: ALL, limits: { retention: RETENTION }, intercept });
  const id = await world.started("short");
  await pass(world, HOUR_MS + 10 * 60_000);
  assert.ok(!fails);
  assert.ok(!(await isThere(world, id)));
  await world.close();
});

test("many are removed a bounded number at a time", async () => {
  const store = openMemoryStore();
  const sizes: number[] = [];
  const intercept: Intercept = (name, call, [batches]) => {
    const removed =
      name !== "append"
        ? []
        : (batches as readonly { readonly remove?: readonly { executionIds: readonly string[] }[] }[]);
    const size = removed.flatMap(({ remove = [] }) => remove).flatMap(({ executionIds }) => executionIds).length;
    if (size > 0) sizes.push(size);
    return call();
  };
  const world = await openWorld({ store, workflows: ALL, limits: { retention: RETENTION }, intercept });
  for (let n = 0; n < 250; n++) await world.started("short");
  await pass(world, HOUR_MS + 10 * 60_000);
  assert.equal((await store.measure()).executions, 0);
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    250,
  );
  assert.ok(Math.max(...sizes) <= 100, `Expected small commits, but met ${sizes.join(", ")}.`);
  await world.close();
});
