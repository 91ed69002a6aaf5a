import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import { ORDER, openWorld, SHORT, WORKSPACE, workflow } from "./world.test.ts";

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
