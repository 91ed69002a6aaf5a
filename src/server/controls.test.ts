import assert from "node:assert/strict";
import { test } from "node:test";
import { HELLO, ORDER, openRig, WAITING } from "./rig.test.ts";

test("cancel and terminate end an execution; a second time changes nothing", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  for (const command of ["cancel", "terminate"]) {
    const id = await rig.start("order");
    const answer = await rig.post(`/api/v1/executions/${id}/${command}`, { reason: "ordered twice" });
    assert.equal(answer.status, 202);
    assert.equal(answer.body.execution_id, id);
    const results = await rig.get(`/api/v1/executions/${id}/results?wait=5s`);
    assert.equal(results.body.status, "cancelled");
    assert.deepEqual(results.body.error, {
      code: "CANCELLED",
      message: "ordered twice",
      details: { terminated: command === "terminate" },
    });
    const again = await rig.post(`/api/v1/executions/${id}/${command}`);
    assert.deepEqual([again.status, again.body.status], [202, "cancelled"], "It is as the caller wants it.");
  }
});

test("what has completed cannot be cancelled any more", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const id = await rig.start("hello", { input: { name: "Ada" } });
  for (const command of ["cancel", "terminate", "pause", "resume"]) {
    const refused = await rig.post(`/api/v1/executions/${id}/${command}`);
    assert.deepEqual([refused.status, refused.body.code], [409, "EXECUTION_ENDED"], command);
  }
});

test("a paused execution begins nothing until it is resumed", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const id = await rig.start("order");
  const paused = await rig.post(`/api/v1/executions/${id}/pause`, { timers: "freeze", id: "p-1" });
  assert.deepEqual([paused.status, paused.body.status, paused.body.command_id], [202, "paused", "p-1"]);
  assert.deepEqual(await rig.poll("payments", { wait_ms: 0 }), []);
  const resumed = await rig.post(`/api/v1/executions/${id}/resume`, undefined, { "idempotency-key": "r-1" });
  assert.deepEqual([resumed.status, resumed.body.status, resumed.body.command_id], [202, "running", "r-1"]);
  assert.equal((await rig.poll("payments")).length, 1);
});

test("a failed execution is retried, one that goes on or has completed is not", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const id = await rig.start("order");
  assert.equal((await rig.post(`/api/v1/executions/${id}/retry`)).body.code, "EXECUTION_NOT_ENDED");
  const [task] = await rig.poll("payments");
  const error = { code: "DECLINED", message: "No." };
  await rig.post("/api/v1/tasks/results", { results: [{ task_id: task?.id ?? null, status: "failed", error }] });
  const retried = await rig.post(`/api/v1/executions/${id}/retry`);
  assert.deepEqual([retried.status, retried.body.status], [202, "running"]);
  for (const output of [{ receipt: "r" }, {}]) {
    const [next] = await rig.poll("payments");
    await rig.complete(next ?? {}, output);
  }
  const completed = await rig.post(`/api/v1/executions/${id}/retry`);
  assert.deepEqual([completed.status, completed.body.code], [409, "EXECUTION_COMPLETED"]);
});

test("a signal wakes the wait of its name", async () => {
  await using rig = await openRig();
  await rig.register(WAITING);
  const id = await rig.start("waiting", { input: { order: "7" } });
  const sent = await rig.post(`/api/v1/executions/${id}/signals/payment`, { data: { amount: 3 }, id: "s-1" });
  assert.deepEqual([sent.status, sent.body.command_id], [202, "s-1"]);
  const results = await rig.get(`/api/v1/executions/${id}/results?wait=5s`);
  assert.deepEqual(results.body.output, { amount: 3 });
  assert.equal((await rig.post(`/api/v1/executions/${id}/signals/payment`)).body.code, "EXECUTION_ENDED");
});

test("controls of what is not there are refused", async () => {
  await using rig = await openRig();
  for (const command of ["cancel", "terminate", "pause", "resume", "retry", "rerun", "signals/go"]) {
    const refused = await rig.post(`/api/v1/executions/nobody/${command}`, {});
    assert.deepEqual([refused.status, refused.body.code], [404, "EXECUTION_NOT_FOUND"], command);
  }
  const wrong = await rig.post("/api/v1/executions/nobody/cancel", { raeson: "x" });
  assert.deepEqual([wrong.status, wrong.body.code], [400, "BAD_REQUEST"]);
});
