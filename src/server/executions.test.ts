import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../core/base/json.ts";
import { HELLO, ORDER, openRig, WAITING } from "./rig.test.ts";

function items(body: JsonObject): readonly JsonObject[] {
  return body.items as readonly JsonObject[];
}

test("an execution shows its steps as they go", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const id = await rig.start("order", { input: { amount: 5 } });
  const steps = async () =>
    ((await rig.get(`/api/v1/executions/${id}`)).body.steps as JsonObject[]).map(({ path, status }) => [path, status]);
  assert.deepEqual(await steps(), [
    ["charge", "scheduled"],
    ["ship", "pending"],
  ]);
  const [charge] = await rig.poll("payments");
  assert.deepEqual(await steps(), [
    ["charge", "running"],
    ["ship", "pending"],
  ]);
  await rig.complete(charge ?? {}, { receipt: "r-1" });
  assert.deepEqual(await steps(), [
    ["charge", "completed"],
    ["ship", "scheduled"],
  ]);
  const [ship] = await rig.poll("payments");
  await rig.complete(ship ?? {}, {});
  const shown = (await rig.get(`/api/v1/executions/${id}`)).body;
  assert.deepEqual(
    [shown.status, shown.output, shown.progress],
    ["completed", { receipt: "r-1" }, { completed: 2, total: 2 }],
  );
});

test("results wait for the end if asked to", async () => {
  await using rig = await openRig();
  await rig.register(WAITING);
  const id = await rig.start("waiting", { input: { order: "7" } });
  const before = await rig.get(`/api/v1/executions/${id}/results`);
  assert.deepEqual(
    [before.status, before.body.status, before.body.output, before.body.error],
    [200, "running", null, null],
  );
  const waiting = rig.get(`/api/v1/executions/${id}/results?wait=10s`);
  await rig.post("/api/v1/events", { name: "payment", correlation_key: "7", data: { amount: 12 } });
  const after = await waiting;
  assert.deepEqual([after.body.status, after.body.output], ["completed", { amount: 12 }]);
  assert.equal((await rig.get(`/api/v1/executions/${id}/results?wait=5m`)).status, 400);
  assert.equal((await rig.get("/api/v1/executions/nobody/results")).body.code, "EXECUTION_NOT_FOUND");
});

test("a history is read in pages, gapless and in order, as it is stored", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const id = (await rig.post("/api/v1/workflows/hello/execute?wait=5s", { input: { name: "Ada" } })).body.execution_id;
  const whole = (await rig.get(`/api/v1/executions/${id}/history`)).body;
  const events = whole.events as JsonObject[];
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, i) => i + 1),
  );
  assert.deepEqual(
    events.map(({ type }) => type),
    ["ExecutionStarted", "StepCompleted", "ExecutionCompleted"],
  );
  assert.equal(whole.next_cursor, null);
  const paged: JsonObject[] = [];
  for (let path: string | null = `/api/v1/executions/${id}/history?limit=1`; path !== null; ) {
    const answer = await rig.get(path);
    paged.push(...(answer.body.events as JsonObject[]));
    path =
      answer.body.next_cursor === null
        ? null
        : `/api/v1/executions/${id}/history?limit=1&cursor=${answer.body.next_cursor}`;
  }
  assert.deepEqual(paged, events);
  assert.deepEqual((await rig.get(`/api/v1/executions/${id}/history?after=2`)).body.events, events.slice(2));
  assert.equal((await rig.get(`/api/v1/executions/${id}/history?cursor=x`)).status, 400);
  assert.equal((await rig.get(`/api/v1/executions/${id}/history?limit=1001`)).status, 400);
  assert.equal((await rig.get("/api/v1/executions/nobody/history")).status, 404);
});

test("logs tell the history, and what executors say right now", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const id = await rig.start("order");
  const [task] = await rig.poll("payments");
  await rig.post("/api/v1/tasks/heartbeats", {
    heartbeats: [{ task_id: task?.id ?? null, progress: 0.5, message: "halfway" }],
  });
  const lines = items((await rig.get(`/api/v1/executions/${id}/logs`)).body);
  assert.deepEqual(
    lines.map(({ level }) => level),
    ["info", "info", "info"],
  );
  assert.equal(lines[0]?.message, "Started order 1.0.0.");
  assert.match(String(lines[2]?.message), /charge: halfway \(50 %\), says test-1/);
  assert.deepEqual([lines[2]?.seq, lines[2]?.step], [null, "charge"]);
});

test("executions are found by what is known of them", async () => {
  await using rig = await openRig();
  const { id: workflowId } = await rig.register(HELLO);
  await rig.register(ORDER);
  const done = await rig.post("/api/v1/workflows/hello/execute?wait=5s", {
    input: { name: "Ada" },
    metadata: { customer: "c-1", level: 7 },
  });
  const open = await rig.start("order", { metadata: { customer: "7" } });
  const find = async (query: string) =>
    items((await rig.get(`/api/v1/executions?${query}`)).body).map(({ execution_id: id }) => id);
  const hello = [done.body.execution_id];
  assert.deepEqual(await find(""), [open, ...hello], "The newest first.");
  assert.deepEqual(await find("order=oldest"), [...hello, open]);
  assert.deepEqual(await find("status=completed"), hello);
  assert.deepEqual(await find("status=failed,running"), [open]);
  assert.deepEqual(await find("status=failed&status=completed"), hello);
  assert.deepEqual(await find("workflow=hello"), hello);
  assert.deepEqual(await find(`workflow=${workflowId}`), hello);
  assert.deepEqual(await find("workflow=hello&version=2.0.0"), []);
  assert.deepEqual(await find("metadata.customer=c-1"), hello);
  assert.deepEqual(await find("metadata.level=7"), hello);
  assert.deepEqual(await find("metadata.customer=%227%22"), [open]);
  assert.deepEqual(await find("text=C-1"), hello);
  assert.deepEqual(await find("created_after=2020-01-01T00:00:00Z&created_before=2021-01-01T00:00:00Z"), []);
  assert.deepEqual(await find("quarantined=true"), []);
});

test("lists of executions lead from page to page", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push(await rig.start("order"));
  const found: unknown[] = [];
  for (let path: string | undefined = "/api/v1/executions?limit=2&status=running"; path !== undefined; ) {
    const answer = await rig.get(path);
    found.push(...items(answer.body).map(({ execution_id: id }) => id));
    path = /<([^>]+)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
  }
  assert.deepEqual(found, ids.toReversed());
});

test("a filter that nobody knows is refused: everything would be a wrong answer to it", async () => {
  await using rig = await openRig();
  for (const [query, pointer] of [
    ["statuss=failed", "query/statuss"],
    ["status=fialed", "query/status"],
    ["limit=0", "query/limit"],
    ["limit=1001", "query/limit"],
    ["limit=ten", "query/limit"],
    ["created_after=yesterday", "query/created_after"],
    ["cursor=nonsense", "query/cursor"],
    ["order=up", "query/order"],
  ]) {
    const refused = await rig.get(`/api/v1/executions?${query}`);
    assert.deepEqual([refused.status, (refused.body.errors as JsonObject[])[0]?.pointer], [400, pointer], refused.text);
  }
});

test("what is not there is a problem that says so", async () => {
  await using rig = await openRig();
  for (const part of ["", "/history", "/logs", "/stream", "/results"]) {
    const answer = await rig.get(`/api/v1/executions/nobody${part}`);
    assert.deepEqual([answer.status, answer.body.code], [404, "EXECUTION_NOT_FOUND"], part);
  }
});
