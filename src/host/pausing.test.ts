/** Pauses of a whole tree: parents, children, grandchildren, and those that begin at the same moment. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import { ORDER, openWorld, refused, START, WORKSPACE, type World, workflow } from "./world.test.ts";

function calling(name: string, child: string): string {
  return workflow(name, `    - { name: sub, type: workflow, workflow: ${child} }\n`);
}

const TOP = calling("top", "middle");
const MIDDLE = calling("middle", "order");
const BOTH = workflow(
  "both",
  `    - { name: sub, type: workflow, workflow: order, wait: false }
    - { name: w, type: wait, duration: 1h }
`,
);
const QUICK = workflow("quick", "    - { name: a, executor: shop, function: f, queue_timeout: 10s }\n");

let count = 0;

function place(executionId: string) {
  count += 1;
  return { workspace: WORKSPACE, executionId, commandId: `c${count}` };
}

async function pause(world: World, id: string, freezeTimers = false): Promise<void> {
  assert.equal(refused(await world.now(world.host.pause({ ...place(id), freezeTimers }))), "ok");
  await world.settle();
}

async function resume(world: World, id: string): Promise<void> {
  assert.equal(refused(await world.now(world.host.resume(place(id)))), "ok");
  await world.settle();
}

async function statuses(world: World, ...ids: readonly string[]): Promise<readonly string[]> {
  return Promise.all(ids.map(async (id) => (await world.row(id)).status));
}

test("a pause reaches grandchildren, holds their tasks back, and all go on together", async () => {
  const world = await openWorld({ workflows: [TOP, MIDDLE, ORDER] });
  const id = await world.started("top");
  await world.settle();
  const tree = [id, `${id}.1`, `${id}.1.1`];
  assert.deepEqual(await statuses(world, ...tree), ["running", "running", "running"]);
  await pause(world, id);
  assert.deepEqual(await statuses(world, ...tree), ["paused", "paused", "paused"]);
  assert.equal(await world.work(), 0, "no task is handed out");
  await resume(world, id);
  assert.deepEqual(await statuses(world, ...tree), ["running", "running", "running"]);
  await world.work();
  await world.work();
  await world.settle();
  assert.deepEqual(await statuses(world, ...tree), ["completed", "completed", "completed"]);
  await world.close();
});

test("a child that is on its way when its parent is paused is paused as soon as it begins", async () => {
  // The definition of the child has to be read first, which takes as long as this says.
  const hold = Promise.withResolvers<void>();
  let isHeld = false;
  const world = await openWorld({
    workflows: [MIDDLE, ORDER],
    definitions: (definitions) => ({
      ...definitions,
      cached: (place) => (isHeld && place.workflow === "order" ? null : definitions.cached(place)),
      compiled: async (place) => {
        if (isHeld && place.workflow === "order") await hold.promise;
        return definitions.compiled(place);
      },
    }),
  });
  isHeld = true;
  const id = await world.started("middle");
  await world.settle();
  await pause(world, id);
  isHeld = false;
  hold.resolve();
  await world.settle();
  assert.deepEqual(await statuses(world, id, `${id}.1`), ["paused", "paused"]);
  assert.deepEqual((await world.types(`${id}.1`)).slice(0, 2), ["ExecutionStarted", "StepScheduled"]);
  assert.equal(await world.work(), 0);
  await resume(world, id);
  assert.deepEqual(await statuses(world, id, `${id}.1`), ["running", "running"]);
  await world.close();
});

test("a crash between the pause of a parent and that of its child loses neither", async () => {
  const store = openMemoryStore();
  let writes = 0;
  let isBroken = false;
  const first = await openWorld({
    workflows: [MIDDLE, ORDER],
    store,
    intercept: (name, call) => {
      // The commit of the parent's pause is the last that succeeds.
      if (name !== "append" || !isBroken) return call();
      writes += 1;
      return writes === 1 ? call() : new Promise(() => {});
    },
  });
  const id = await first.started("middle");
  await first.settle();
  isBroken = true;
  void first.host.pause({ ...place(id), freezeTimers: false });
  await first.settle();
  const second = await openWorld({ workflows: [MIDDLE, ORDER], store, at: START + 1000 });
  await second.pass(2000);
  assert.deepEqual(await statuses(second, id, `${id}.1`), ["paused", "paused"]);
  await second.close();
});

test("a child that nobody waits for goes on", async () => {
  const world = await openWorld({ workflows: [BOTH, ORDER] });
  const id = await world.started("both");
  await world.settle();
  await pause(world, id);
  assert.deepEqual(await statuses(world, id, `${id}.1`), ["paused", "running"]);
  assert.equal(await world.work(), 1);
  await world.close();
});

test("a child that somebody has paused by itself stays paused when its parent goes on", async () => {
  const world = await openWorld({ workflows: [MIDDLE, ORDER] });
  const id = await world.started("middle");
  await world.settle();
  await pause(world, `${id}.1`);
  await pause(world, id);
  await resume(world, id);
  assert.deepEqual(await statuses(world, id, `${id}.1`), ["running", "paused"]);
  await resume(world, `${id}.1`);
  assert.deepEqual(await statuses(world, id, `${id}.1`), ["running", "running"]);
  await world.close();
});

test("the time for which a task may wait to be taken stands still with the other timers, or goes on", async () => {
  const world = await openWorld({ workflows: [QUICK] });
  const frozen = await world.started("quick");
  const running = await world.started("quick");
  await pause(world, frozen, true);
  await pause(world, running);
  await world.pass(60_000, 5000);
  assert.deepEqual(await statuses(world, frozen, running), ["paused", "paused"]);
  await resume(world, frozen);
  await resume(world, running);
  await world.pass(2000);
  assert.deepEqual(await statuses(world, frozen, running), ["running", "failed"]);
  await world.pass(10_000);
  assert.deepEqual(await statuses(world, frozen), ["failed"]);
  await world.close();
});

test("what winds up cannot be paused, and says so", async () => {
  const slow = workflow(
    "slow",
    "    - { name: t, type: try, steps: [{ name: a, executor: shop, function: f }], finally: [{ name: b, executor: shop, function: f }] }\n",
  );
  const world = await openWorld({ workflows: [slow] });
  const id = await world.started("slow");
  await world.now(world.host.cancel({ ...place(id), reason: "enough" }));
  assert.equal(refused(await world.now(world.host.pause({ ...place(id), freezeTimers: false }))), "EXECUTION_CLOSING");
  await world.close();
});
