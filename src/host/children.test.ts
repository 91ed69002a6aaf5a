/** Executions that start others, and what becomes of the messages between them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import { type ShardBatch, StoreError } from "../ports/store.ts";
import { type Intercept, ORDER, openWorld, refused, SHORT, START, WORKSPACE, workflow } from "./world.test.ts";

const PARENT = workflow(
  "parent",
  `    - { name: sub, type: workflow, workflow: $.input.child, input: { amount: $.input.amount } }
`,
);

const FIRE_AND_FORGET = workflow(
  "forget",
  `    - { name: sub, type: workflow, workflow: order, wait: false }
`,
);

const FAN = workflow(
  "fan",
  `    - name: each
      type: loop
      times: 300
      parallel: true
      steps:
        - { name: sub, type: workflow, workflow: short }
`,
);

const STRICT = workflow(
  "strict",
  `    - { name: note, type: set, variables: { noted: true } }
`,
  `  input_schema: { type: object, required: [amount], properties: { amount: { type: number } } }
`,
);

test("a child runs in its parent's shard, and the parent goes on when it ends", async () => {
  const world = await openWorld({ workflows: [PARENT, ORDER] });
  const id = await world.started("parent", { input: { child: "order", amount: 3 } });
  const child = await world.row(`${id}.1`);
  assert.deepEqual([child.parentId, child.shard], [id, (await world.row(id)).shard]);
  await world.work();
  await world.work();
  assert.equal((await world.row(`${id}.1`)).status, "completed");
  assert.equal((await world.row(id)).status, "completed");
  assert.equal(world.inMemory(), 0);
  await world.close();
});

test("parent and child that are decided in one batch need no row in the outbox", async () => {
  const batches: ShardBatch[] = [];
  const world = await openWorld({
    workflows: [PARENT, SHORT],
    intercept: (name, call, args) => {
      if (name === "append") batches.push(...(args[0] as readonly ShardBatch[]));
      return call();
    },
  });
  // Compiled once, the child's definition is in memory.
  await world.started("short");
  batches.length = 0;
  const id = await world.started("parent", { input: { child: "short", amount: 3 } });
  await world.settle();
  assert.equal((await world.row(id)).status, "completed");
  assert.equal(batches.length, 1);
  assert.deepEqual(batches[0]?.addOutbox, []);
  await world.close();
});

test("hundreds of children of one step all end", async () => {
  const world = await openWorld({ workflows: [FAN, SHORT] });
  const id = await world.started("fan");
  await world.settle();
  await world.settle();
  assert.equal((await world.row(id)).status, "completed");
  assert.equal((await world.now(world.host.count({ workspace: WORKSPACE, workflow: "short" })))["completed"], 300);
  assert.equal(world.inMemory(), 0);
  for (let shard = 0; shard < world.store.shards; shard++) assert.deepEqual(await world.store.readOutbox(shard), []);
  await world.close();
});

test("a child without workflow, or with input that does not fit, fails its parent's step", async () => {
  const world = await openWorld({ workflows: [PARENT, STRICT] });
  const unknown = await world.started("parent", { input: { child: "nobody", amount: 3 } });
  const unfit = await world.started("parent", { input: { child: "strict", amount: "three" } });
  await world.settle();
  const failures = [];
  for (const id of [unknown, unfit]) {
    assert.equal((await world.row(id)).status, "failed");
    const failed = (await world.history(id)).find((event) => event.type === "StepFailed");
    assert.ok(failed?.type === "StepFailed");
    failures.push([failed.data.error.code, failed.data.error.message]);
  }
  assert.deepEqual(
    failures.map(([code]) => code),
    ["WORKFLOW_ERROR", "VALIDATION_FAILED"],
  );
  assert.match(String(failures[0]?.[1]), /nobody/);
  assert.match(String(failures[1]?.[1]), /amount/);
  await world.close();
});

test("a child that nobody waits for lives on", async () => {
  const world = await openWorld({ workflows: [FIRE_AND_FORGET, ORDER] });
  const id = await world.started("forget");
  await world.settle();
  assert.equal((await world.row(id)).status, "completed");
  assert.equal((await world.row(`${id}.1`)).status, "running");
  await world.work();
  await world.work();
  assert.equal((await world.row(`${id}.1`)).status, "completed");
  await world.close();
});

test("cancelling a parent cancels its child, and it ends after it", async () => {
  const world = await openWorld({ workflows: [PARENT, ORDER] });
  const executionId = await world.started("parent", { input: { child: "order", amount: 3 } });
  await world.now(world.host.cancel({ workspace: WORKSPACE, executionId, commandId: "c", reason: "enough" }));
  await world.settle();
  assert.equal((await world.row(`${executionId}.1`)).status, "cancelled");
  assert.equal((await world.row(executionId)).status, "cancelled");
  assert.equal(await world.work(), 0);
  await world.close();
});

test("a pause reaches the child as well", async () => {
  const world = await openWorld({ workflows: [PARENT, ORDER] });
  const executionId = await world.started("parent", { input: { child: "order", amount: 3 } });
  const place = { workspace: WORKSPACE, executionId };
  await world.now(world.host.pause({ ...place, commandId: "p", freezeTimers: false }));
  await world.settle();
  assert.equal((await world.row(`${executionId}.1`)).status, "paused");
  assert.equal(await world.work(), 0, "tasks of what is paused are not handed out");
  await world.now(world.host.resume({ ...place, commandId: "r" }));
  await world.settle();
  assert.equal(await world.work(), 1);
  assert.equal(await world.work(), 1);
  assert.equal((await world.row(executionId)).status, "completed");
  await world.close();
});

test("a parked parent hears of the end of its child, across a restart too", async () => {
  const store = openMemoryStore();
  const first = await openWorld({ store, workflows: [PARENT, ORDER] });
  const id = await first.started("parent", { input: { child: "order", amount: 3 } });
  await first.pass(60_000);
  assert.equal(first.inMemory(), 0);
  await first.close();
  const second = await openWorld({ store, at: START + 100_000 });
  await second.work();
  await second.pass(300);
  await second.work();
  await second.work();
  await second.settle();
  assert.equal((await second.row(id)).status, "completed");
  await second.close();
});

/** A world in which a child's workflow is not known before it is let be known. */
async function withSlowDefinitions(intercept: Intercept = (_name, call) => call()) {
  const released = Promise.withResolvers<void>();
  const world = await openWorld({
    workflows: [PARENT, ORDER],
    intercept,
    definitions: (definitions) => ({
      ...definitions,
      cached: (request) => (request.workflow === "order" ? null : definitions.cached(request)),
      compiled: async (request) => {
        if (request.workflow === "order") await released.promise;
        return definitions.compiled(request);
      },
    }),
  });
  return { world, release: released.resolve, fail: released.reject };
}

test("a child that is not begun yet is still begun when its parent is paused and goes on meanwhile", async () => {
  const { world, release } = await withSlowDefinitions();
  const id = await world.started("parent", { input: { child: "order" } });
  const place = { workspace: WORKSPACE, executionId: id };
  await world.now(world.host.pause({ ...place, commandId: "p", freezeTimers: false }));
  await world.now(world.host.resume({ ...place, commandId: "r" }));
  await world.now(world.host.pause({ ...place, commandId: "p2", freezeTimers: false }));
  release();
  await world.settle();
  assert.equal((await world.row(`${id}.1`)).status, "paused", "what was sent to it before it began has reached it");
  await world.now(world.host.resume({ ...place, commandId: "r2" }));
  await world.work();
  await world.work();
  assert.equal((await world.row(id)).status, "completed");
  for (let shard = 0; shard < world.store.shards; shard++) assert.deepEqual(await world.store.readOutbox(shard), []);
  await world.close();
});

test("who asks for a child before it is begun waits for it", async () => {
  const { world, release } = await withSlowDefinitions();
  const id = await world.started("parent", { input: { child: "order" } });
  const cancel = world.host.cancel({ workspace: WORKSPACE, executionId: `${id}.1`, commandId: "c", reason: "no" });
  await world.settle();
  release();
  assert.ok((await world.now(cancel)).ok);
  assert.equal((await world.row(`${id}.1`)).status, "cancelled");
  assert.equal((await world.row(id)).status, "failed");
  assert.equal(world.inMemory(), 0);
  await world.close();
});

test("a child whose id was asked for by chance is begun all the same", async () => {
  const store = openMemoryStore();
  const gate = { isShut: false, open: (): void => {} };
  const world = await openWorld({
    store,
    workflows: [PARENT, ORDER],
    intercept: async (name, call, args) => {
      if (gate.isShut && name === "readExecution" && String(args[0]).endsWith(".1")) {
        await new Promise<void>((resolve) => {
          gate.open = resolve;
        });
      }
      return call();
    },
  });
  gate.isShut = true;
  const request = { workspace: WORKSPACE, executionId: "mine.1", commandId: "c" };
  const early = world.host.resume(request);
  await world.settle();
  const id = await world.started("parent", { executionId: "mine", input: { child: "order" } });
  gate.isShut = false;
  gate.open();
  await world.now(early);
  await world.settle();
  assert.equal((await world.row(`${id}.1`)).status, "running");
  await world.work();
  await world.work();
  assert.equal((await world.row(id)).status, "completed");
  await world.close();
});

test("a child whose parent's step was never committed is not begun, whatever was asked for it meanwhile", async () => {
  const isLost = { next: false };
  const { world, fail } = await withSlowDefinitions(async (name, call) => {
    if (name !== "append" || !isLost.next) return call();
    isLost.next = false;
    throw new StoreError("unknown", "The connection was lost.");
  });
  isLost.next = true;
  assert.equal(refused(await world.start("parent", { executionId: "mine", input: { child: "order" } })), "UNAVAILABLE");
  fail(new StoreError("gone", "The store is away."));
  await world.pass(3000);
  assert.equal(await world.store.readExecution("mine.1"), null);
  assert.equal(world.inMemory(), 0);
  await world.close();
});
