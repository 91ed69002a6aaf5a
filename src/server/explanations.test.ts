import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../core/base/json.ts";
import { ORDER, openRig, WAITING } from "./rig.test.ts";

const PARENT = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: parent, version: 1.0.0 }
spec:
  steps:
    - { name: paid, type: workflow, workflow: waiting, input: { order: "7" } }
`;

function firstOf(body: JsonObject): JsonObject {
  return (body.waits as readonly JsonObject[])[0] ?? {};
}

test("an execution is explained from nobody being there to its end", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const id = await rig.start("order", { input: { amount: 5 } });
  const why = async () => (await rig.get(`/api/v1/executions/${id}/explain`)).body;

  const alone = await why();
  assert.equal(alone.execution_id, id);
  assert.equal(alone.status, "running");
  assert.match(
    String(alone.sentence),
    /^Step "charge" waits for executor "payments" since .*: no instance of it polls/,
  );
  assert.equal((firstOf(alone).details as JsonObject).tasks_waiting, 1);

  const [charge] = await rig.poll("payments", { functions: ["charge"] });
  const taken = await why();
  assert.deepEqual([firstOf(taken).kind, (firstOf(taken).details as JsonObject).instance], ["running", "test-1"]);

  await rig.complete(charge ?? {}, { receipt: "r-1" });
  assert.match(String((await why()).sentence), /1 instance is online, but none has function "ship"\.$/);

  await rig.post(`/api/v1/executions/${id}/pause`);
  const paused = await why();
  assert.deepEqual([paused.status, firstOf(paused).kind], ["paused", "paused"]);
  await rig.post(`/api/v1/executions/${id}/resume`);

  const [ship] = await rig.poll("payments");
  await rig.complete(ship ?? {}, {});
  const ended = await why();
  assert.match(String(ended.sentence), /^It completed at /);
  assert.deepEqual([ended.status, ended.waits, ended.hidden], ["completed", [], 0]);
});

test("a child is explained with its own status, and by itself", async () => {
  await using rig = await openRig();
  await rig.register(WAITING);
  await rig.register(PARENT);
  const id = await rig.start("parent");
  const parent = (await rig.get(`/api/v1/executions/${id}/explain`)).body;
  assert.equal(parent.sentence, `Step "paid" waits for execution "${id}.1" of "waiting", which is running.`);
  const child = (await rig.get(`/api/v1/executions/${id}.1/explain`)).body;
  assert.match(String(child.sentence), /^Step "paid" waits for signal or event "payment" with key "7" since /);
});

test("nobody's execution is not explained", async () => {
  await using rig = await openRig();
  assert.equal((await rig.get("/api/v1/executions/nobody/explain")).body.code, "EXECUTION_NOT_FOUND");
});
