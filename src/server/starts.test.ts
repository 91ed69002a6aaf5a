import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../core/base/json.ts";
import { HELLO, ORDER, openRig, WAITING } from "./rig.test.ts";

const EXECUTE = "/api/v1/workflows/hello/execute";

test("a start is accepted, and says where to look", async () => {
  await using rig = await openRig();
  const { id } = await rig.register(ORDER);
  const started = await rig.post("/api/v1/workflows/order/execute", { input: { amount: 5 } });
  assert.equal(started.status, 202);
  const {
    execution_id: executionId,
    created_at: createdAt,
    tracking_url: tracking,
    stream_url: stream,
    ...rest
  } = started.body;
  assert.deepEqual(rest, {
    workflow_id: id,
    workflow_name: "order",
    version: "1.0.0",
    status: "running",
    estimated_completion: null,
    progress: { completed: 0, total: 2 },
  });
  assert.match(String(createdAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(tracking, `${rig.dashboardUrl}/executions/${executionId}`);
  assert.equal(stream, `${rig.url}/api/v1/executions/${executionId}/stream`);
  assert.equal(started.headers.get("location"), `/api/v1/executions/${executionId}`);
});

test("a start that waits answers with the output, or with the error", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  await rig.register(ORDER);
  const done = await rig.post(`${EXECUTE}?wait=5s`, { input: { name: "Ada" } });
  assert.equal(done.status, 200);
  assert.deepEqual(
    [done.body.status, done.body.output, done.body.progress],
    ["completed", { greeting: "Hello, Dr Ada!" }, { completed: 1, total: 1 }],
  );
  const waiting = rig.post("/api/v1/workflows/order/execute", { input: {} }, { prefer: "wait=10" });
  const [task] = await rig.poll("payments");
  await rig.post("/api/v1/tasks/results", {
    results: [{ task_id: task?.id ?? null, status: "failed", error: { code: "DECLINED", message: "No." } }],
  });
  const failed = await waiting;
  assert.equal(failed.status, 200);
  assert.equal(failed.headers.get("preference-applied"), "wait=10");
  assert.deepEqual(
    [failed.body.status, (failed.body.error as JsonObject).code, failed.body.progress],
    ["failed", "DECLINED", { completed: 0, total: 2 }],
  );
  assert.ok(!Object.hasOwn(failed.body, "output"));
});

test("a start that waits in vain is still accepted", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const started = await rig.post("/api/v1/workflows/order/execute?wait=10ms", { input: {} });
  assert.deepEqual([started.status, started.body.status], [202, "running"]);
});

test("options.async: false waits as well", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const done = await rig.post(EXECUTE, { input: { name: "Ada" }, options: { async: false } });
  assert.deepEqual([done.status, done.body.status], [200, "completed"]);
});

test("input that breaks the schema is refused with every place", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const refused = await rig.post(EXECUTE, { input: { name: 1, title: 2 } });
  assert.deepEqual([refused.status, refused.body.code], [422, "VALIDATION_FAILED"]);
  assert.deepEqual((refused.body.errors as JsonObject[]).map(({ pointer }) => pointer).toSorted(), [
    "/input/name",
    "/input/title",
  ]);
});

test("one key is one execution", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const key = { "idempotency-key": "order-4711" };
  const first = await rig.post(EXECUTE, { input: { name: "Ada" } }, key);
  assert.equal(first.status, 202);
  const again = await rig.post(EXECUTE, { input: { name: "Ada" } }, key);
  assert.equal(again.status, 200);
  assert.equal(again.body.execution_id, first.body.execution_id);
  assert.deepEqual([again.body.status, again.body.output], ["completed", { greeting: "Hello, Dr Ada!" }]);
  assert.equal(again.headers.get("idempotency-replayed"), "true");
  const other = await rig.post(EXECUTE, { input: { name: "Bob" } }, key);
  assert.deepEqual([other.status, other.body.code], [409, "IDEMPOTENCY_CONFLICT"]);
});

test("an id may be chosen, and works like a key; both at once do not go together", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const body = { input: { name: "Ada" }, options: { execution_id: "my-own_1" } };
  assert.equal((await rig.post(EXECUTE, body)).body.execution_id, "my-own_1");
  assert.equal((await rig.post(EXECUTE, body)).status, 200);
  const both = await rig.post(EXECUTE, body, { "idempotency-key": "k" });
  assert.deepEqual([both.status, both.body.code], [400, "BAD_REQUEST"]);
  const wrong = await rig.post(EXECUTE, { input: { name: "Ada" }, options: { execution_id: "a.b" } });
  assert.equal(wrong.status, 400);
});

test("priority, version, time-out and metadata are taken over", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  await rig.register(ORDER.replace("1.0.0", "2.0.0").replace("function: ship", "function: deliver"));
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const started = await rig.post(
    "/api/v1/workflows/order/execute",
    { input: {}, metadata: { source: "web" }, options: { priority: "high", version: "1.0.0", timeout: "1h" } },
    { traceparent },
  );
  assert.equal(started.body.version, "1.0.0");
  const shown = await rig.get(`/api/v1/executions/${started.body.execution_id}`);
  assert.deepEqual(shown.body.metadata, { source: "web", traceparent });
  const [task] = await rig.poll("payments");
  assert.equal(task?.traceparent, traceparent);
  assert.ok(typeof task?.deadline === "string");
  const listed = await rig.get("/api/v1/executions");
  assert.equal((listed.body.items as JsonObject[])[0]?.priority, 7);
});

test("what does not fit is refused, with what was meant", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const cases: readonly [unknown, string, RegExp][] = [
    [{ inputt: {} }, "/inputt", /Did you mean "input"/],
    [{ options: { priorty: 1 } }, "/options/priorty", /Did you mean "priority"/],
    [{ options: { priority: 10 } }, "/options/priority", /9 or less/],
    [{ options: { priority: "urgent" } }, "/options/priority", /low/],
    [{ options: { timeout: "soon" } }, "/options/timeout", /duration/],
    [{ metadata: [] }, "/metadata", /an object, but met an array/],
    [[], "", /an object, but met an array/],
  ];
  for (const [body, pointer, detail] of cases) {
    const refused = await rig.post(EXECUTE, body);
    assert.deepEqual([refused.status, refused.body.code], [400, "BAD_REQUEST"], refused.text);
    const [error] = refused.body.errors as JsonObject[];
    assert.equal(error?.pointer, pointer);
    assert.match(String(error?.detail), detail);
  }
  for (const path of [`${EXECUTE}?wait=2m`, `${EXECUTE}?wait=soon`, `${EXECUTE}?wiat=1s`]) {
    assert.equal((await rig.post(path, { input: { name: "Ada" } })).status, 400, path);
  }
  assert.equal((await rig.post("/api/v1/workflows/nobody/execute", {})).body.code, "WORKFLOW_NOT_FOUND");
  assert.equal((await rig.post(EXECUTE, { input: {}, options: { version: "9.0.0" } })).body.code, "VERSION_NOT_FOUND");
  assert.equal((await rig.post(EXECUTE, { input: { name: "A" } }, { "idempotency-key": "x".repeat(300) })).status, 400);
});

test("a start without a body has an empty input", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const started = await rig.post("/api/v1/workflows/order/execute");
  assert.equal(started.status, 202);
  assert.deepEqual((await rig.get(`/api/v1/executions/${started.body.execution_id}`)).body.input, {});
});

test("a batch is answered in its order, each start by itself", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const answer = await rig.post(`${EXECUTE}/batch`, {
    executions: [
      { input: { name: "Ada" }, idempotency_key: "a" },
      { input: {} },
      { input: { name: "Bob" } },
      { input: { name: "Ada" }, idempotency_key: "a" },
    ],
  });
  assert.equal(answer.status, 202);
  assert.deepEqual([answer.body.accepted, answer.body.refused], [3, 1]);
  const [first, refused, , known] = answer.body.executions as JsonObject[];
  assert.equal(refused?.code, "VALIDATION_FAILED");
  assert.equal(known?.outcome, "known");
  assert.equal(known?.execution_id, first?.execution_id);
  assert.equal((await rig.post(`${EXECUTE}/batch`, { executions: [] })).status, 400);
  assert.equal((await rig.post("/api/v1/workflows/nobody/execute/batch", { executions: [{}] })).status, 404);
});

test("a batch that is sent twice under one key is the same starts", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const body = {
    executions: [{ input: { name: "Ada" } }, { input: { name: "Bob" }, options: { execution_id: "bob" } }],
  };
  const send = async () =>
    (await rig.post(`${EXECUTE}/batch`, body, { "idempotency-key": "k" })).body.executions as JsonObject[];
  const first = await send();
  const again = await send();
  assert.deepEqual(
    again.map(({ outcome }) => outcome),
    ["known", "known"],
  );
  assert.deepEqual(
    again.map(({ execution_id: id }) => id),
    first.map(({ execution_id: id }) => id),
  );
});

test("the end is estimated once five executions have completed", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const body = { input: { name: "Ada" } };
  const run = () => rig.post(`${EXECUTE}?wait=5s`, body);
  for (let i = 0; i < 4; i++) assert.equal((await run()).body.estimated_completion, null);
  await run();
  const sixth = await rig.post(EXECUTE, body);
  assert.ok(Date.parse(String(sixth.body.estimated_completion)) >= Date.parse(String(sixth.body.created_at)));
});

test("a rerun is a new execution that names its origin", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const first = await rig.post(`${EXECUTE}?wait=5s`, { input: { name: "Ada" } });
  const rerun = await rig.post(`/api/v1/executions/${first.body.execution_id}/rerun`, { input: { name: "Bob" } });
  assert.equal(rerun.status, 202);
  const shown = await rig.get(`/api/v1/executions/${rerun.body.execution_id}`);
  assert.deepEqual(shown.body.origin, { kind: "rerun", execution_id: first.body.execution_id });
  assert.deepEqual(shown.body.output, { greeting: "Hello, Dr Bob!" });
  assert.equal((await rig.post("/api/v1/executions/nobody/rerun", {})).body.code, "EXECUTION_NOT_FOUND");
});

test("a reader who waits is answered when the server stops", async () => {
  await using rig = await openRig();
  await rig.register(WAITING);
  const waiting = rig.post("/api/v1/workflows/waiting/execute?wait=30s", { input: { order: "7" } });
  // The start is there once it can be found.
  while (((await rig.get("/api/v1/executions")).body.items as unknown[]).length === 0);
  await rig.server.close();
  assert.equal((await waiting).status, 202);
});
