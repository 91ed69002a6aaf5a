/** Events of the workspace, before and after the waits that they fit. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Json } from "../core/base/json.ts";
import { StoreError } from "../ports/store.ts";
import { openWorld, refused, WORKSPACE, type World, workflow } from "./world.test.ts";

const LISTEN = workflow(
  "listen",
  `    - { name: hear, type: wait_for_event, event: paid, correlation: $.input.order }
  output: { heard: $.steps.hear.output }
`,
);

const LISTEN_TWICE = workflow(
  "twice",
  `    - { name: first, type: wait_for_event, event: paid, correlation: $.input.order }
    - { name: second, type: wait_for_event, event: paid, correlation: $.input.order }
`,
);

const LISTEN_ANY = workflow(
  "any",
  `    - { name: hear, type: wait_for_event, event: paid }
`,
);

const EMIT = workflow(
  "emit",
  `    - { name: tell, type: emit, event: paid, data: { by: emit }, correlation_key: $.input.order }
`,
);

let count = 0;

async function publish(world: World, correlationKey: string | null, data: Json = { by: "api" }, id = `e${count++}`) {
  const outcome = await world.now(world.host.publish({ workspace: WORKSPACE, id, name: "paid", data, correlationKey }));
  assert.equal(refused(outcome), "ok");
  await world.settle();
}

async function outboxOf(world: World): Promise<number> {
  let length = 0;
  for (let shard = 0; shard < world.store.shards; shard++) length += (await world.store.readOutbox(shard)).length;
  return length;
}

test("an event wakes every wait that it fits, in whatever shard, and leaves nothing in the outbox", async () => {
  const world = await openWorld({ workflows: [LISTEN, LISTEN_ANY] });
  const fits = await Promise.all(Array.from({ length: 10 }, () => world.started("listen", { input: { order: "o1" } })));
  const any = await world.started("any");
  const other = await world.started("listen", { input: { order: "o2" } });
  await publish(world, "o1");
  for (const id of [...fits, any]) assert.equal((await world.row(id)).status, "completed");
  assert.equal((await world.row(other)).status, "running");
  const last = (await world.history(fits[0] ?? "")).at(-1);
  assert.deepEqual(last?.type === "ExecutionCompleted" && last.data.output, { heard: { by: "api" } });
  assert.equal(await outboxOf(world), 0);
  await world.close();
});

test("an event with a key is kept for waits that begin later, one without is not", async () => {
  const world = await openWorld({ workflows: [LISTEN, LISTEN_ANY] });
  await publish(world, "o1");
  await publish(world, null);
  const later = await world.started("listen", { input: { order: "o1" } });
  const any = await world.started("any");
  await world.settle();
  assert.equal((await world.row(later)).status, "completed");
  assert.equal((await world.row(any)).status, "running");
  await world.pass(3_601_000);
  const tooLate = await world.started("listen", { input: { order: "o1" } });
  await world.settle();
  assert.equal((await world.row(tooLate)).status, "running");
  await world.close();
});

test("an execution takes an event once, and the next wait takes the next", async () => {
  const world = await openWorld({ workflows: [LISTEN_TWICE] });
  const id = await world.started("twice", { input: { order: "o1" } });
  await publish(world, "o1", {}, "same");
  await publish(world, "o1", {}, "same");
  assert.equal((await world.row(id)).status, "running");
  await publish(world, "o1", {}, "another");
  assert.equal((await world.row(id)).status, "completed");
  await world.close();
});

test("an event that a workflow emits is heard by others", async () => {
  const world = await openWorld({ workflows: [LISTEN, EMIT] });
  const before = await world.started("listen", { input: { order: "o1" } });
  const emitter = await world.started("emit", { input: { order: "o1" } });
  const after = await world.started("listen", { input: { order: "o1" } });
  await world.settle();
  for (const id of [emitter, before, after]) assert.equal((await world.row(id)).status, "completed");
  assert.equal(await outboxOf(world), 0);
  await world.close();
});

test("a parked wait is woken by its event", async () => {
  const world = await openWorld({ workflows: [LISTEN] });
  const id = await world.started("listen", { input: { order: "o1" } });
  await world.pass(6000);
  assert.equal(world.inMemory(), 0);
  await publish(world, "o1");
  assert.equal((await world.row(id)).status, "completed");
  await world.close();
});

test("no workspace hears the events of another", async () => {
  const world = await openWorld({ workflows: [LISTEN] });
  const id = await world.started("listen", { input: { order: "o1" } });
  await world.now(world.host.publish({ workspace: "other", id: "e", name: "paid", data: {}, correlationKey: "o1" }));
  await world.settle();
  assert.equal((await world.row(id)).status, "running");
  await world.close();
});

test("an event whose waits cannot be looked up for a while reaches them later", async () => {
  let isBroken = false;
  const world = await openWorld({
    workflows: [LISTEN],
    intercept: async (name, call) => {
      if (isBroken && (name === "findWaits" || name === "findEvents"))
        throw new StoreError("gone", "The disk is away.");
      return call();
    },
  });
  const before = await world.started("listen", { input: { order: "o1" } });
  isBroken = true;
  await publish(world, "o1");
  const after = await world.started("listen", { input: { order: "o1" } });
  await world.pass(2000);
  assert.equal((await world.row(before)).status, "running");
  isBroken = false;
  await world.pass(1000);
  for (const id of [before, after]) assert.equal((await world.row(id)).status, "completed");
  assert.equal(await outboxOf(world), 0);
  await world.close();
});
