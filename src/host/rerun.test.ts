/** Repairs over the host: forks of executions in any state, steps ended by hand, what completed undone by hand. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Json } from "../core/base/json.ts";
import type { RerunRequest } from "./host.ts";
import { openWorld, refused, WORKSPACE, type World, workflow } from "./world.test.ts";

const CHAIN = workflow(
  "chain",
  `    - { name: a, executor: shop, function: a, compensate: { executor: shop, function: undo } }
    - { name: tell, type: emit, event: told, correlation_key: k }
    - { name: b, executor: shop, function: b, input: { n: $.a.n, order: $.input.order } }
    - { name: c, executor: shop, function: c }
`,
);

const PARENT = workflow(
  "parent",
  `    - { name: child, type: workflow, workflow: chain }
    - { name: heard, type: wait_for_event, event: told, correlation: k }
`,
);

const at = (executionId: string) => ({ workspace: WORKSPACE, executionId });

async function rerun(world: World, executionId: string, more: Partial<RerunRequest>) {
  const request = { ...at(executionId), commandId: "again", input: undefined, version: null, ...more };
  return await world.now(world.host.rerun(request));
}

async function forked(world: World, executionId: string, more: Partial<RerunRequest>): Promise<string> {
  const outcome = await rerun(world, executionId, more);
  if (!outcome.ok) assert.fail(outcome.refusal.message);
  await world.settle();
  return outcome.row.id;
}

/** Inputs of the tasks that wait, by their ids; all of them are answered. */
async function tasks(world: World, answer: Json = { n: 1 }): Promise<Readonly<Record<string, Json>>> {
  const seen: Record<string, Json> = {};
  const polled = await world.now(
    world.host.executors.poll({
      workspace: WORKSPACE,
      executor: "shop",
      instance: "i1",
      functions: null,
      tasksMax: 100,
      waitMs: 0,
      leaseMs: 30_000,
      held: [],
      labels: {},
      signal: new AbortController().signal,
    }),
  );
  for (const { task } of polled) seen[task.id] = task.input;
  const results = polled.map(({ task }) => ({
    taskId: task.id,
    status: "completed" as const,
    output: answer,
    error: null,
    instance: "i1",
    startedAt: null,
  }));
  if (results.length > 0) await world.now(world.host.executors.finish({ workspace: WORKSPACE, results }));
  await world.settle();
  return seen;
}

test("a rerun from a step copies what was before it and does the rest under its own name", async () => {
  const world = await openWorld({ workflows: [CHAIN] });
  const id = await world.started("chain", { input: { order: 7 }, metadata: { customer: "c" } });
  for (let n = 0; n < 3; n++) await tasks(world);
  assert.equal((await world.row(id)).status, "completed");
  await world.pass(60_000);

  const again = await forked(world, id, { from: { step: "b" }, input: { order: 8 } });
  const [old, history] = [await world.history(id), await world.history(again)];
  const place = history.findIndex(({ type }) => type === "ExecutionForked");
  assert.deepEqual(history.slice(0, place), old.slice(0, place));
  const row = await world.row(again);
  assert.equal(row.originId, id);
  assert.equal(row.createdAt, Date.parse(history[place]?.at ?? ""));
  assert.equal(row.startedAt, row.createdAt);
  assert.ok(row.createdAt > (await world.row(id)).createdAt);
  assert.deepEqual(row.metadata, { customer: "c" });
  assert.deepEqual(await tasks(world), { [`${again}/b/1`]: { n: 1, order: 8 } });
  assert.deepEqual(Object.keys(await tasks(world)), [`${again}/c/1`]);
  assert.equal((await world.row(again)).status, "completed");
  await world.close();
});

test("what was copied is not done again: no event is published, no child started", async () => {
  const world = await openWorld({ workflows: [CHAIN, PARENT] });
  const id = await world.started("parent");
  await world.settle();
  for (let n = 0; n < 3; n++) await tasks(world);
  await world.settle();
  assert.equal((await world.row(id)).status, "completed");
  const counted = () => world.now(world.host.count({ workspace: WORKSPACE, workflow: "chain" }));
  const before = await counted();
  const again = await forked(world, id, { from: { step: "heard" } });
  assert.deepEqual(await counted(), before);
  // The event is kept, and heard once more by the wait that began anew.
  assert.equal((await world.row(again)).status, "completed");

  const child = `${id}.1`;
  const second = await forked(world, child, { from: { step: "c" }, commandId: "child" });
  assert.equal((await world.row(second)).parentId, null);
  await tasks(world);
  assert.equal((await world.row(second)).status, "completed");
  await world.close();
});

test("children that had not ended are begun anew, as children of the new execution", async () => {
  const world = await openWorld({ workflows: [CHAIN, PARENT] });
  const id = await world.started("parent");
  await world.settle();
  const length = (await world.history(id)).length;
  const again = await forked(world, id, { from: { event: length }, terminatesOrigin: true });
  assert.equal((await world.row(id)).status, "cancelled");
  assert.equal((await world.row(`${id}.1`)).status, "cancelled");
  assert.equal((await world.row(`${again}.2`)).parentId, again);
  for (let n = 0; n < 3; n++) await tasks(world);
  assert.equal((await world.row(again)).status, "completed");
  assert.equal((await world.history(id)).at(-1)?.type, "ExecutionCancelled");
  await world.close();
});

test("asked twice with one id it is one execution, and another place is a conflict", async () => {
  const world = await openWorld({ workflows: [CHAIN] });
  const id = await world.started("chain");
  await tasks(world);
  const first = await forked(world, id, { from: { step: "b" } });
  assert.equal(await forked(world, id, { from: { step: "b" } }), first);
  assert.equal(refused(await rerun(world, id, { from: { step: "a" } })), "IDEMPOTENCY_CONFLICT");
  assert.equal(refused(await rerun(world, id, {})), "IDEMPOTENCY_CONFLICT");
  await world.close();
});

test("places that are not there, or from which nothing could go on, are refused", async () => {
  const world = await openWorld({ workflows: [CHAIN] });
  const id = await world.started("chain");
  await tasks(world);
  const code = async (more: Partial<RerunRequest>) => refused(await rerun(world, id, { commandId: "x", ...more }));
  assert.equal(await code({ from: { step: "bb" } }), "STEP_UNKNOWN");
  assert.equal(await code({ from: { step: "c" } }), "RERUN_PLACE_UNFIT");
  assert.equal(await code({ from: { event: 99 } }), "EVENT_UNKNOWN");
  assert.equal(await code({ from: { step: "b" }, version: "2.0.0" }), "BAD_REQUEST");
  assert.equal(await code({ stepInput: 1 }), "BAD_REQUEST");
  assert.equal(await code({ from: { event: 2 }, stepInput: 1 }), "BAD_REQUEST");
  assert.equal(await code({ from: { step: "tell" }, stepInput: 1 }), "BAD_REQUEST");
  assert.equal(refused(await rerun(world, "nobody", { from: { step: "b" } })), "EXECUTION_NOT_FOUND");
  await world.now(world.host.terminate({ ...at(id), commandId: "stop", reason: "" }));
  const { length } = await world.history(id);
  assert.equal(await code({ from: { event: length } }), "RERUN_PLACE_UNFIT");
  await world.close();
});

test("a rerun of a rerun from a step has the input that it was given", async () => {
  const world = await openWorld({ workflows: [CHAIN] });
  const id = await world.started("chain", { input: { order: 1 } });
  await tasks(world);
  const second = await forked(world, id, { from: { step: "b" }, input: { order: 2 } });
  const third = await forked(world, second, { from: { step: "b" }, stepInput: { own: true } });
  const fourth = await forked(world, third, {});
  const seen = await tasks(world);
  assert.deepEqual(seen[`${third}/b/1`], { own: true });
  await tasks(world);
  assert.deepEqual((await world.history(fourth))[0]?.data, {
    ...(await world.history(id))[0]?.data,
    input: { order: 2 },
    origin: { kind: "rerun", execution_id: third },
  });
  await world.close();
});

test("a fork waits for a slot of its own, and gets that of the origin that it replaces", async () => {
  const narrow = workflow(
    "narrow",
    `    - { name: a, executor: shop, function: a }
    - { name: b, executor: shop, function: b }
`,
    "  concurrency: { limit: 1 }\n  timeout: 10m\n",
  );
  const world = await openWorld({ workflows: [narrow] });
  const id = await world.started("narrow");
  await world.settle();
  await tasks(world);
  const second = await forked(world, id, { from: { step: "b" } });
  assert.equal((await world.row(second)).status, "queued");
  const third = await forked(world, id, { from: { step: "b" }, commandId: "reset", terminatesOrigin: true });
  await world.settle();
  assert.equal((await world.row(id)).status, "cancelled");
  assert.deepEqual([(await world.row(second)).status, (await world.row(third)).status], ["running", "queued"]);
  assert.deepEqual(Object.keys(await tasks(world)), [`${second}/b/1`]);
  await world.settle();
  assert.deepEqual(Object.keys(await tasks(world)), [`${third}/b/1`]);
  assert.equal((await world.row(third)).status, "completed");
  await world.close();
});

test("a fork is made again from the store after a restart, and while the origin is paused or asleep", async () => {
  const world = await openWorld({ workflows: [CHAIN] });
  const id = await world.started("chain");
  await tasks(world);
  await world.now(world.host.pause({ ...at(id), commandId: "p", freezeTimers: false }));
  await world.pass(120_000, 5000);
  const again = await forked(world, id, { from: { step: "b" } });
  await world.close();
  const next = await openWorld({ store: world.store, at: world.clock.now() + 1000 });
  await next.pass(2000);
  assert.deepEqual(Object.keys(await tasks(next)), [`${again}/b/1`]);
  await tasks(next);
  assert.equal((await next.row(again)).status, "completed");
  assert.equal((await next.row(id)).status, "paused");
  await next.close();
});

test("a step that is skipped or completed by hand answers its executor as stale", async () => {
  const world = await openWorld({ workflows: [CHAIN] });
  const id = await world.started("chain");
  const step = (path: string, commandId: string) => ({ ...at(id), path, commandId, reason: "r", by: "ada" });
  assert.ok((await world.now(world.host.completeStep({ ...step("a", "1"), output: { n: 5 } }))).ok);
  assert.deepEqual(await tasks(world), { [`${id}/b/1`]: { n: 5, order: null } });
  assert.ok((await world.now(world.host.skipStep(step("c", "2")))).ok);
  assert.equal((await world.row(id)).status, "completed");
  assert.ok((await world.now(world.host.skipStep(step("c", "2")))).ok);
  assert.equal(refused(await world.now(world.host.skipStep(step("c", "3")))), "EXECUTION_ENDED");
  const results = [
    { taskId: `${id}/c/1`, status: "completed", output: {}, error: null, instance: "i", startedAt: null },
  ];
  const outcomes = await world.now(
    world.host.executors.finish({
      workspace: WORKSPACE,
      results: results as Parameters<World["host"]["executors"]["finish"]>[0]["results"],
    }),
  );
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome),
    ["stale"],
  );
  assert.equal(
    refused(await world.now(world.host.skipStep({ ...step("c", "4"), workspace: "other" }))),
    "EXECUTION_NOT_FOUND",
  );

  const undo = { ...at(id), commandId: "5", reason: "sold twice", by: "ada" };
  assert.ok((await world.now(world.host.compensate(undo))).ok);
  assert.deepEqual(Object.keys(await tasks(world)), [`${id}/a:compensate/1`]);
  assert.equal((await world.row(id)).status, "cancelled");
  assert.ok((await world.now(world.host.compensate(undo))).ok);
  assert.equal(refused(await world.now(world.host.compensate({ ...undo, commandId: "6" }))), "NOTHING_TO_COMPENSATE");
  await world.close();
});
