import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../core/base/json.ts";
import { ORDER, openRig } from "./rig.test.ts";

test("a task says everything that its executor needs to know", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const id = await rig.start("order", { input: { amount: 5 }, metadata: { source: "web" } });
  const [task] = await rig.poll("payments", { lease_ms: 60_000 });
  const { created_at: createdAt, ...rest } = task ?? {};
  assert.ok(!Number.isNaN(Date.parse(String(createdAt))));
  assert.deepEqual(rest, {
    id: `${id}/charge/1`,
    workspace: "default",
    workflow: "order",
    version: "1.0.0",
    execution_id: id,
    step: "charge",
    path: "charge",
    executor: "payments",
    function: "charge",
    attempt: 1,
    max_attempts: 1,
    delivery: 1,
    input: { amount: 5 },
    metadata: { source: "web" },
    timeout_ms: null,
    lease_ms: 60_000,
    deadline: null,
    traceparent: null,
  });
});

test("a poll waits for a task, and answers none when its time is over", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  assert.deepEqual((await rig.post("/api/v1/tasks/poll", { executor: "payments", instance: "i" })).body, { tasks: [] });
  const waiting = rig.poll("payments", { wait_ms: 30_000 });
  await rig.start("order");
  assert.equal((await waiting).length, 1);
  assert.deepEqual(await rig.poll("payments", { wait_ms: 5 }), []);
});

test("only the functions that are asked for come, and not more than are asked for", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  for (let i = 0; i < 3; i++) await rig.start("order");
  assert.deepEqual(await rig.poll("payments", { functions: ["ship"], wait_ms: 0 }), []);
  assert.equal((await rig.poll("payments", { functions: ["charge"], max_tasks: 2 })).length, 2);
});

test("a result counts once", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  await rig.start("order");
  const [task] = await rig.poll("payments");
  const result = {
    task_id: task?.id ?? null,
    execution_id: task?.execution_id ?? null,
    step: "charge",
    attempt: 1,
    status: "completed",
    output: { receipt: "r" },
    executor: "payments",
    instance: "test-1",
    started_at: "2026-01-01T00:00:00Z",
    finished_at: "2026-01-01T00:00:01Z",
  };
  const answer = await rig.post("/api/v1/tasks/results", {
    results: [result, { task_id: "nobody/x/1", status: "completed" }],
  });
  assert.deepEqual(answer.body, {
    results: [
      { task_id: task?.id, outcome: "accepted" },
      { task_id: "nobody/x/1", outcome: "unknown" },
    ],
  });
  const again = await rig.post("/api/v1/tasks/results", { results: [result] });
  assert.deepEqual(again.body, { results: [{ task_id: task?.id, outcome: "duplicate" }] });
});

test("a result that lacks something is refused before any is taken", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  await rig.start("order");
  const [task] = await rig.poll("payments");
  const id = task?.id ?? null;
  for (const [wrong, pointer] of [
    [{ task_id: id, status: "failed" }, "/results/1/error"],
    [{ task_id: id, status: "failed", error: { code: "X" } }, "/results/1/error/message"],
    [{ task_id: id }, "/results/1/status"],
    [{ task_id: id, status: "done" }, "/results/1/status"],
    [{ task_id: id, status: "completed", ouput: {} }, "/results/1/ouput"],
    [{ task_id: id, status: "completed", started_at: "now" }, "/results/1/started_at"],
  ] as const) {
    const refused = await rig.post("/api/v1/tasks/results", { results: [{ task_id: id, status: "completed" }, wrong] });
    assert.equal(refused.status, 400);
    assert.deepEqual(
      (refused.body.errors as JsonObject[]).map((error) => error.pointer),
      [pointer],
    );
  }
  assert.equal(
    (await rig.post("/api/v1/tasks/results", { results: [{ task_id: id, status: "completed" }] })).status,
    200,
  );
});

test("heartbeats say whether to go on", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const id = await rig.start("order");
  const [task] = await rig.poll("payments");
  const beat = async () =>
    (await rig.post("/api/v1/tasks/heartbeats", { heartbeats: [{ task_id: task?.id ?? null, progress: 0.2 }] })).body;
  assert.deepEqual(await beat(), { heartbeats: [{ task_id: task?.id, outcome: "accepted", cancel: false }] });
  await rig.post(`/api/v1/executions/${id}/cancel`);
  const { heartbeats } = await beat();
  assert.equal((heartbeats as JsonObject[])[0]?.cancel, true);
});

test("polls that do not fit are refused; nobody outside takes the platform's own tasks", async () => {
  await using rig = await openRig();
  for (const [body, pointer] of [
    [{ instance: "i" }, "/executor"],
    [{ executor: "e" }, "/instance"],
    [{ executor: "@http", instance: "i" }, "/executor"],
    [{ executor: "e", instance: "i", wait_ms: 60_001 }, "/wait_ms"],
    [{ executor: "e", instance: "i", lease_ms: 600_001 }, "/lease_ms"],
    [{ executor: "e", instance: "i", max_tasks: 0 }, "/max_tasks"],
    [{ executor: "e", instance: "i", maxtasks: 1 }, "/maxtasks"],
  ] as const) {
    const refused = await rig.post("/api/v1/tasks/poll", body);
    assert.deepEqual([refused.status, (refused.body.errors as JsonObject[])[0]?.pointer], [400, pointer], refused.text);
  }
});

test("an instance registers, reports, is seen and leaves", async () => {
  await using rig = await openRig();
  const place = "/api/v1/executors/payments/instances/p-1";
  const status = {
    functions: ["charge"],
    concurrency: 4,
    running: 1,
    health: "degraded",
    checks: [{ name: "bank", status: "degraded", function: "charge", message: "slow" }],
    version: "1.2.3",
    labels: { zone: "a" },
  };
  const reported = await rig.send("PUT", place, JSON.stringify(status), { "content-type": "application/json" });
  assert.equal(reported.status, 200);
  const { last_seen: lastSeen, ...rest } = reported.body;
  assert.ok(!Number.isNaN(Date.parse(String(lastSeen))));
  assert.deepEqual(rest, { executor: "payments", instance: "p-1", ...status, leased: 0 });
  assert.deepEqual((await rig.get(place)).body.checks, status.checks);
  const one = await rig.get("/api/v1/executors/payments");
  assert.deepEqual([one.body.name, one.body.status, one.body.health], ["payments", "online", "degraded"]);
  assert.deepEqual(
    ((await rig.get("/api/v1/executors")).body.items as JsonObject[]).map(({ name }) => name),
    ["payments"],
  );
  const health = (await rig.get("/health/workflow")).body;
  assert.equal(health.status, "degraded");
  const [executor] = health.executors as readonly [JsonObject];
  assert.deepEqual((executor.functions as JsonObject[])[0], {
    name: "charge",
    status: "degraded",
    message: "slow",
  });
  const other = await rig.send("PUT", place, JSON.stringify({ ...status, instance: "p-2" }), {
    "content-type": "application/json",
  });
  assert.equal(other.status, 400);
  assert.equal((await rig.send("DELETE", place)).status, 204);
  assert.equal((await rig.get(place)).body.code, "EXECUTOR_NOT_FOUND");
  assert.equal((await rig.send("DELETE", place)).status, 404);
  assert.equal((await rig.get("/api/v1/executors/nobody")).status, 404);
});

test("a poll that waits ends when the server stops", async () => {
  await using rig = await openRig();
  const waiting = rig.poll("payments", { wait_ms: 60_000 });
  while (rig.host.executors.read({ workspace: "default", name: "payments" }) === null) await new Promise(setImmediate);
  await rig.server.close();
  assert.deepEqual(await waiting, []);
});
