import assert from "node:assert/strict";
import { test } from "node:test";
import { Bug } from "../core/base/bug.ts";
import type { JsonObject } from "../core/base/json.ts";
import type { Host } from "../host/host.ts";
import { StoreError } from "../ports/store.ts";
import { HELLO, ORDER, openRig } from "./rig.test.ts";

test("what the host refuses says when to come back", async () => {
  let outcome: Awaited<ReturnType<Host["start"]>> = {
    ok: false,
    refusal: { code: "OVERLOADED", message: "Too many.", retryAfter: 2.2 },
  };
  await using rig = await openRig({ change: (host) => ({ ...host, start: async () => outcome }) });
  const overloaded = await rig.post("/api/v1/workflows/x/execute", {});
  assert.deepEqual(
    [overloaded.status, overloaded.body.code, overloaded.headers.get("retry-after")],
    [429, "OVERLOADED", "3"],
  );
  outcome = { ok: false, refusal: { code: "UNAVAILABLE", message: "Not now." } };
  const unavailable = await rig.post("/api/v1/workflows/x/execute", {});
  assert.deepEqual([unavailable.status, unavailable.headers.get("retry-after")], [503, "1"]);
});

test("a storage that fails is told, without its secrets; a bug is only owned up to, and reported", async () => {
  let error: Error = new StoreError("gone", "connect ECONNREFUSED postgres://user:password@db");
  await using rig = await openRig({
    change: (host) => ({
      ...host,
      read: async () => {
        throw error;
      },
    }),
  });
  const gone = await rig.get("/api/v1/executions/x");
  assert.deepEqual([gone.status, gone.body.code], [503, "UNAVAILABLE"]);
  assert.doesNotMatch(gone.text, /password/);
  assert.deepEqual(rig.reports, []);
  error = new StoreError("full", "ENOSPC");
  assert.match(String((await rig.get("/api/v1/executions/x")).body.detail), /full/);
  error = new Bug("secret details");
  const bug = await rig.get("/api/v1/executions/x");
  assert.deepEqual([bug.status, bug.body.code], [500, "INTERNAL"]);
  assert.doesNotMatch(bug.text, /secret details/);
  assert.match(rig.reports.join(), /GET \/api\/v1\/executions\/\{execution_id\} \([^)]+\): Bug: secret details/);
});

test("a problem leads to its own explanation", async () => {
  await using rig = await openRig();
  const problem = await rig.get("/api/v1/workflows/nobody?x=1");
  assert.deepEqual(Object.keys(problem.body), [
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "code",
    "errors",
    "request_id",
  ]);
  const missing = (await rig.get("/api/v1/workflows/nobody")).body;
  assert.equal(missing.type, "/api/docs/problems#WORKFLOW_NOT_FOUND");
  assert.equal(missing.instance, "/api/v1/workflows/nobody");
  const page = await rig.get(String(missing.type));
  assert.match(page.text, /id="WORKFLOW_NOT_FOUND"/);
});

test("an execution whose definition is gone is shown as far as it can be", async () => {
  await using rig = await openRig({
    change: (host) => ({
      ...host,
      definitions: {
        ...host.definitions,
        compiled: async (request) =>
          request.version === null
            ? host.definitions.compiled(request)
            : { ok: false, refusal: { code: "DEFINITION_INVALID", message: "It no longer compiles." } },
      },
    }),
  });
  await rig.register(HELLO);
  const id = await rig.start("hello", { input: { name: "Ada" } });
  const shown = await rig.get(`/api/v1/executions/${id}`);
  assert.deepEqual([shown.status, shown.body.status, shown.body.steps], [200, "completed", []]);
  assert.equal((await rig.get(`/api/v1/executions/${id}/history`)).status, 200);
});

test("stopping lets what is under way finish, and takes nothing new", async () => {
  const entered = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  await using rig = await openRig({
    change: (host) => ({
      ...host,
      start: async (request) => {
        entered.resolve();
        await goOn.promise;
        return host.start(request);
      },
    }),
  });
  await rig.register(ORDER);
  const starting = rig.post("/api/v1/workflows/order/execute", {});
  await entered.promise;
  const closed = rig.server.close();
  await assert.rejects(fetch(`${rig.url}/health`), "Nobody listens any more.");
  goOn.resolve();
  assert.equal((await starting).status, 202);
  await closed;
});

test("both ports serve the same", async () => {
  await using rig = await openRig();
  assert.notEqual(rig.url, rig.dashboardUrl);
  const answer = (await (await fetch(`${rig.dashboardUrl}/ready`)).json()) as JsonObject;
  assert.equal(answer.status, "ok");
});

test("a port that is taken is an error at the start, and leaves none open", async () => {
  await using rig = await openRig();
  const port = Number(new URL(rig.url).port);
  await assert.rejects(openRig({ config: { port } }), /EADDRINUSE/);
  await assert.rejects(openRig({ config: { dashboardPort: port } }), /EADDRINUSE/);
});
