import assert from "node:assert/strict";
import { test } from "node:test";

import { ORDER, openWorld, SHORT, WORKSPACE } from "./world.test.ts";

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
