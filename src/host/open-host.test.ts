import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import { ORDER, openWorld, refused, SHORT, startOf, WORKSPACE, workflow } from "./world.test.ts";

const FAILING = workflow("failing", '    - { name: stop, type: fail, code: "NO", message: "No." }\n');

test("a workflow runs from its start to its end", async () => {
  const world = await openWorld({ workflows: [ORDER] });
  const id = await world.started("order");
  assert.equal((await world.row(id)).status, "running");
  assert.equal(await world.work(() => ({ ok: 1 })), 1);
  assert.equal(await world.work(() => ({ ok: 2 })), 1);
  assert.equal((await world.row(id)).status, "completed");
  assert.deepEqual(await world.types(id), [
    "ExecutionStarted",
    "StepScheduled",
    "StepCompleted",
    "StepScheduled",
    "StepCompleted",
    "ExecutionCompleted",
  ]);
  assert.equal(world.inMemory(), 0);
  await world.close();
});

test("an execution that ends at once leaves nothing in memory", async () => {
  const world = await openWorld({ workflows: [SHORT] });
  const id = await world.started("short");
  const row = await world.row(id);
  assert.equal(row.status, "completed");
  assert.equal(row.workspace, WORKSPACE);
  assert.equal(world.inMemory(), 0);
  await world.close();
});

const LONG = workflow(
  "long",
  `    - name: each
      type: loop
      times: 3000
      steps:
        - { name: note, type: set, variables: { noted: true } }
`,
);

test("a decision too long for one turn goes on in further ones, and lets others in between", async () => {
  let writes = 0;
  const world = await openWorld({
    workflows: [LONG, SHORT],
    intercept: (name, call) => {
      if (name === "append") writes += 1;
      return call();
    },
  });
  const id = await world.started("long");
  assert.equal((await world.row(id)).status, "running");
  const short = await world.started("short");
  const [first, second] = [await world.row(id), await world.row(short)];
  assert.deepEqual([first.status, second.status], ["running", "completed"]);
  await world.settle();
  assert.equal((await world.row(id)).status, "completed");
  assert.ok((await world.history(id)).length > 6000);
  assert.ok(writes > 6, `it was written in ${writes} parts only`);
  await world.close();
});

test("a long decision that a crash cuts in two goes on after the restart", async () => {
  const store = openMemoryStore();
  let writes = 0;
  const first = await openWorld({
    store,
    workflows: [LONG],
    intercept: (name, call) => {
      if (name === "append") writes += 1;
      return writes > 3 ? new Promise(() => {}) : call();
    },
  });
  const id = await first.started("long");
  await first.settle();
  const second = await openWorld({ store });
  await second.settle();
  assert.equal((await second.row(id)).status, "completed");
  assert.ok((await second.history(id)).length > 6000);
  await second.close();
});

test("a remote executor cannot answer for the platform, not even while the board has not seen the task", async () => {
  const call = workflow("call", "    - { name: ask, type: http, config: { url: 'http://localhost/' } }\n");
  const world = await openWorld({ workflows: [call, ORDER] });
  const [asking, ordering] = [await world.started("call"), await world.started("order")];
  await world.settle();
  for (const id of [asking, ordering]) world.board.drop(id);
  const results = [`${asking}/ask/1`, `${ordering}/reserve/1`].map((taskId) => ({
    taskId,
    status: "completed" as const,
    output: null,
    error: null,
    instance: null,
    startedAt: null,
  }));
  const outcomes = await world.now(world.host.executors.finish({ workspace: WORKSPACE, results }));
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome),
    ["unknown", "accepted"],
  );
  await world.close();
});

test("what is decided upon a row that is on its way to the store is answered once both are there", async () => {
  let held: (() => void)[] | null = null;
  const world = await openWorld({
    workflows: [ORDER, FAILING],
    intercept: async (name, call) => {
      if (name === "append" && held !== null) await new Promise<void>((resolve) => held?.push(resolve));
      return await call();
    },
  });
  const id = await world.started("failing");
  const waiting: (() => void)[] = [];
  held = waiting;
  // A write in flight, behind which the next one is collected.
  const other = world.host.start(startOf("order"));
  await world.settle();
  const place = { workspace: WORKSPACE, executionId: id };
  const dropped = world.host.letters.drop({ workspace: WORKSPACE, id, by: "somebody" });
  await world.settle();
  let isAnswered = false;
  const retried = world.host.retry({ ...place, commandId: "again" }).then((outcome) => {
    isAnswered = true;
    return outcome;
  });
  await world.settle();
  assert.equal(isAnswered, false);
  held = null;
  for (const release of waiting) release();
  assert.equal(refused(await world.now(retried)), "ok");
  assert.ok((await world.types(id)).includes("ExecutionReopened"));
  await world.now(other);
  await world.now(dropped);
  await world.close();
});
