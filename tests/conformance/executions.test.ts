/** What executions promise: how they are started, shown, steered and kept. */

import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import type { Json, JsonObject } from "../../src/core/base/json.ts";
import {
  answer,
  begin,
  ended,
  history,
  job,
  lacking,
  poll,
  problem,
  RFC3339,
  read,
  register,
  started,
  startService,
  stepOf,
  take,
  within,
  workflow,
} from "./service.ts";

const service = await startService();
after(() => service[Symbol.asyncDispose]());

const EVENT = (name: string, event = name): JsonObject => ({ name, type: "wait_for_event", event });
const SET: JsonObject = { name: "note", type: "set", variables: { noted: true } };
const FAIL: JsonObject = { name: "stop", type: "fail", code: "NO", message: "It was meant to." };

const post = (id: string, what: string, body: JsonObject = {}, headers: Record<string, string> = {}) =>
  service.post(`/executions/${id}/${what}`, body, headers);

const typesOf = async (id: string): Promise<readonly Json[]> =>
  (await history(service, id)).map((event) => event["type"] ?? null);

suite("starts", { concurrency: 4 }, () => {
  test("a start is answered at once, with all that one needs to follow it", async () => {
    await register(service, workflow("told", [EVENT("go"), SET]));
    const { status, body, headers } = await service.post("/workflows/told/execute", { input: { a: 1 } });
    assert.equal(status, 202);
    const names =
      "execution_id workflow_id workflow_name status created_at estimated_completion progress tracking_url stream_url";
    assert.deepEqual(lacking(body, names), []);
    assert.deepEqual(lacking(body, "output error"), ["output", "error"]);
    assert.deepEqual(
      [body["workflow_name"], body["status"], body["estimated_completion"], body["progress"]],
      ["told", "running", null, { completed: 0, total: 2 }],
    );
    assert.match(String(body["created_at"]), RFC3339);
    assert.equal(headers.get("location"), `/api/v1/executions/${body["execution_id"]}`);
    const stream = await fetch(String(body["stream_url"]));
    assert.match(stream.headers.get("content-type") ?? "", /^text\/event-stream/);
    await stream.body?.cancel();
    assert.match(String(body["tracking_url"]), new RegExp(`^http://.+${body["execution_id"]}`));
    const { id } = (await service.get("/workflows/told")).body;
    assert.equal(body["workflow_id"], id);
    const byId = await service.post(`/workflows/${id}/execute`, {});
    assert.equal(byId.body["workflow_name"], "told", "a workflow is named by its id as well");
  });

  test("nothing needs to be sent with a start", async () => {
    await register(service, workflow("bare", [SET]));
    const { status, body } = await service.call("POST", "/workflows/bare/execute");
    assert.equal(status, 202);
    assert.deepEqual((await ended(service, String(body["execution_id"])))["input"], {});
  });

  test("a start that waits answers 200 with the output or the error of the end, and 202 without an end", async () => {
    await register(service, workflow("good", [SET], { output: { a: "$.input.a" } }));
    await register(service, workflow("bad", [FAIL]));
    await register(service, workflow("slow", [EVENT("go")]));
    const good = await service.post("/workflows/good/execute?wait=30s", { input: { a: 7 } });
    assert.deepEqual(
      [good.status, good.body["status"], good.body["output"], lacking(good.body, "error")],
      [200, "completed", { a: 7 }, ["error"]],
    );
    const bad = await service.post("/workflows/bad/execute?wait=30", {});
    assert.deepEqual([bad.status, bad.body["status"]], [200, "failed"]);
    assert.equal((bad.body["error"] as JsonObject)["code"], "NO");
    const slow = await service.post("/workflows/slow/execute?wait=0.05s", {});
    assert.deepEqual([slow.status, lacking(slow.body, "output error")], [202, ["output", "error"]]);
    const preferred = await service.post("/workflows/good/execute", {}, { prefer: "wait=30" });
    assert.equal(preferred.status, 200);
    const asked = await service.post("/workflows/good/execute", { options: { async: false } });
    assert.equal(asked.status, 200);
    assert.deepEqual(problem(await service.post("/workflows/good/execute?wait=61s", {})), [
      400,
      "BAD_REQUEST",
      "query/wait",
    ]);
  });

  test("one key is one execution, whoever sends it and how often", async () => {
    await register(service, workflow("keyed", [SET, EVENT("go")]));
    const other = workflow("keyed-too", [EVENT("go")]);
    await register(service, other);
    const send = (body: JsonObject, key = "k", name = "keyed") =>
      service.post(`/workflows/${name}/execute`, body, { "idempotency-key": key });
    const same = { input: { a: 1, b: [2] }, options: { priority: "high" } };
    const all = await Promise.all(Array.from({ length: 8 }, () => send(same)));
    const [first] = all;
    assert.deepEqual(new Set(all.map(({ body }) => body["execution_id"])).size, 1);
    assert.deepEqual(all.map(({ status }) => status).toSorted(), [200, 200, 200, 200, 200, 200, 200, 202]);
    const reordered = await send({ options: { priority: "high" }, input: { b: [2], a: 1 } });
    assert.equal(reordered.status, 200, "the same content, written otherwise");
    assert.deepEqual(reordered.body["progress"], { completed: 1, total: 2 }, "answered as it is now");
    for (const body of [
      { ...same, input: { a: 2, b: [2] } },
      { input: same.input },
      { ...same, options: { priority: "high", version: "1.0.0" } },
    ]) {
      assert.deepEqual(problem(await send(body)).slice(0, 2), [409, "IDEMPOTENCY_CONFLICT"]);
    }
    assert.notEqual((await send(same, "other")).body["execution_id"], first?.body["execution_id"]);
    assert.notEqual((await send(same, "k", "keyed-too")).status, 409, "a key belongs to its workflow");
    const id = String(first?.body["execution_id"]);
    await post(id, "terminate");
    const late = await send(same);
    assert.deepEqual([late.status, late.body["status"]], [200, "cancelled"]);
  });

  test("a key is about what was asked: not about its trace, nor about what is the active version meanwhile", async () => {
    await register(service, workflow("asked", [EVENT("go")], { input_schema: { required: ["a"] } }));
    const send = (body: JsonObject, headers: Record<string, string> = {}) =>
      service.post("/workflows/asked/execute", body, { "idempotency-key": "k", ...headers });
    const start = { input: { a: 1 }, metadata: { m: 1 } };
    assert.equal((await send({ input: {} })).status, 422, "what was refused has used no key");
    const trace = (n: number) => ({ traceparent: `00-${String(n).repeat(32)}-${"2".repeat(16)}-01` });
    const first = await send(start, trace(1));
    assert.equal(first.status, 202);
    await register(service, workflow("asked", [SET], {}, { version: "2.0.0" }));
    const again = await send(start, trace(3));
    assert.deepEqual([again.status, again.body["execution_id"]], [200, first.body["execution_id"]], again.text);
  });

  test("a start of another workflow does not get an id that is taken; too much input is refused", async () => {
    await register(service, workflow("id-one", [SET]));
    await register(service, workflow("id-two", [SET]));
    const start = { options: { execution_id: "taken-1" } };
    assert.equal((await service.post("/workflows/id-one/execute", start)).status, 202);
    const other = await service.post("/workflows/id-two/execute", start);
    assert.deepEqual(problem(other).slice(0, 2), [409, "IDEMPOTENCY_CONFLICT"]);
    const large = await service.post("/workflows/id-one/execute", { input: { text: "x".repeat(1024 * 1024) } });
    assert.deepEqual(problem(large).slice(0, 2), [413, "PAYLOAD_TOO_LARGE"]);
    assert.match(String(large.body["detail"]), /1 ?MiB|1,?048,?576/);
    const many = await service.post("/workflows/id-one/execute/batch", { executions: Array(1001).fill({}) });
    assert.equal(many.status, 400);
  });

  test("an id of one's own is a key as well; both at once are refused", async () => {
    await register(service, workflow("named", [EVENT("go")]));
    const send = (body: JsonObject, headers: Record<string, string> = {}) =>
      service.post("/workflows/named/execute", body, headers);
    const start = { input: { a: 1 }, options: { execution_id: "Order_2024-1" } };
    const first = await send(start);
    assert.deepEqual([first.status, first.body["execution_id"]], [202, "Order_2024-1"]);
    assert.equal((await send(start)).status, 200);
    assert.deepEqual(problem(await send({ ...start, input: { a: 2 } })).slice(0, 2), [409, "IDEMPOTENCY_CONFLICT"]);
    assert.equal((await send(start, { "idempotency-key": "k" })).status, 400);
    for (const bad of ["", "a b", "x".repeat(129), "a/b"]) {
      const refused = await send({ options: { execution_id: bad } });
      assert.deepEqual(problem(refused), [400, "BAD_REQUEST", "/options/execution_id"], bad);
    }
    assert.equal((await send({ options: { execution_id: "x".repeat(128) } })).status, 202);
  });

  test("input is checked, with every path that fails, and defaults are filled in", async () => {
    const input_schema = {
      type: "object",
      required: ["email", "age"],
      properties: {
        email: { type: "string", format: "email" },
        age: { type: "integer", minimum: 18 },
        plan: { default: "free" },
      },
    };
    await register(service, workflow("checked", [SET], { input_schema }));
    const refused = await service.post("/workflows/checked/execute", { input: { email: "x", age: 3 } });
    assert.deepEqual(problem(refused), [422, "VALIDATION_FAILED", "/input/email", "/input/age"]);
    const { body } = await service.post("/workflows/checked/execute", { input: { email: "a@b.eu", age: 18 } });
    assert.deepEqual((await ended(service, String(body["execution_id"])))["input"], {
      email: "a@b.eu",
      age: 18,
      plan: "free",
    });
  });

  test("options: version, priority, time-out; what nobody knows is refused", async () => {
    await register(service, workflow("opted", [SET], { output: { v: "$.workflow.version" } }));
    await register(service, workflow("opted", [SET], { output: { v: "$.workflow.version" } }, { version: "2.0.0" }));
    const run = (options: JsonObject) => service.post("/workflows/opted/execute?wait=9s", { options });
    assert.deepEqual((await run({})).body["output"], { v: "2.0.0" });
    assert.deepEqual((await run({ version: "1.0.0" })).body["output"], { v: "1.0.0" });
    assert.deepEqual(problem(await run({ version: "9.9.9" })).slice(0, 2), [404, "VERSION_NOT_FOUND"]);
    const priorities: readonly (readonly [Json, number])[] = [
      ["low", 2],
      ["normal", 5],
      ["high", 7],
      ["critical", 9],
      [0, 0],
      [9, 9],
    ];
    for (const [priority, number] of priorities) {
      const { body } = await run({ priority });
      const [begun] = await history(service, String(body["execution_id"]));
      assert.equal(within(begun, "data", "priority"), number);
    }
    assert.equal((await run({ priority: 10 })).status, 400);
    assert.equal((await run({ priority: "urgent" })).status, 400);
    const unknown = await service.post("/workflows/opted/execute", { inputs: {} });
    assert.deepEqual(problem(unknown), [400, "BAD_REQUEST", "/inputs"]);
    assert.match(String(unknown.body["detail"]), /"input"/, "the name that was meant is offered");
    assert.deepEqual(problem(await run({ pririty: 1 })), [400, "BAD_REQUEST", "/options/pririty"]);
    assert.deepEqual(problem(await service.post("/workflows/nobody/execute", {})).slice(0, 2), [
      404,
      "WORKFLOW_NOT_FOUND",
    ]);
    const timed = await begin(service, "opted-slow", [EVENT("go")], { options: { timeout: "50ms" } });
    assert.equal((await ended(service, timed))["status"], "timed_out");
  });

  test("a batch takes what it can and refuses the rest, each in its place", async () => {
    await register(service, workflow("many", [SET], { input_schema: { required: ["n"] } }));
    const { status, body } = await service.post("/workflows/many/execute/batch", {
      executions: [
        { input: { n: 1 }, idempotency_key: "one" },
        { input: {} },
        { input: { n: 1 }, idempotency_key: "one" },
        { input: { n: 2 }, idempotency_key: "one" },
        { input: { n: 3 }, options: { execution_id: "third" } },
      ],
    });
    assert.equal(status, 202);
    const all = body["executions"] as JsonObject[];
    assert.deepEqual(
      all.map((one) => one["outcome"]),
      ["accepted", "refused", "known", "refused", "accepted"],
    );
    assert.deepEqual([all[1]?.["code"], all[3]?.["code"]], ["VALIDATION_FAILED", "IDEMPOTENCY_CONFLICT"]);
    assert.equal(all[2]?.["execution_id"], all[0]?.["execution_id"]);
    assert.equal(all[4]?.["execution_id"], "third");
    assert.deepEqual([body["accepted"], body["refused"]], [3, 2]);
  });

  test("the end is estimated by the median of earlier runs, once there are five", async () => {
    await register(service, workflow("guessed", [SET]));
    for (let n = 0; n < 5; n++) {
      const { body } = await service.post("/workflows/guessed/execute", {});
      // The fifth may have ended before its start is answered.
      if (n < 4) assert.equal(body["estimated_completion"], null);
      await ended(service, String(body["execution_id"]));
    }
    const { body } = await service.post("/workflows/guessed/execute", {});
    assert.match(String(body["estimated_completion"]), RFC3339);
    assert.ok(String(body["estimated_completion"]) >= String(body["created_at"]));
  });
});

const EXECUTION =
  "execution_id workflow_id workflow_name version status phase input output error warnings metadata created_at started_at finished_at duration progress parent origin steps";
const STEP = "name path type status reason attempts started_at finished_at duration output error fallback";

suite("what is shown", { concurrency: 4 }, () => {
  test("an execution and its steps have all their fields, whatever became of them", async () => {
    const id = await begin(
      service,
      "shown",
      [
        job("shown", "leased"),
        job("shown", "offered", { depends_on: [] }),
        { ...EVENT("asked"), depends_on: [] },
        { ...SET, name: "left", depends_on: [], when: "input.no" },
        { ...FAIL, name: "broken", depends_on: [], on_failure: "mend" },
        { ...SET, name: "mend" },
        job("shown", "later", { depends_on: ["leased"] }),
      ],
      { input: { a: 1 }, metadata: { source: "web" } },
    );
    await take(service, "shown", { functions: ["leased"] });
    const execution = await read(service, id);
    assert.deepEqual(lacking(execution, EXECUTION), []);
    const { created_at, started_at, steps, workflow_id, history, ...rest } = execution;
    assert.ok(Number(within(history, "events")) >= 4 && Number(within(history, "bytes")) > 100);
    assert.match(String(created_at), RFC3339);
    assert.match(String(started_at), RFC3339);
    assert.ok(String(workflow_id).length > 0);
    assert.deepEqual(rest, {
      execution_id: id,
      workflow_name: "shown",
      version: "1.0.0",
      status: "running",
      phase: null,
      input: { a: 1 },
      output: null,
      error: null,
      warnings: [],
      metadata: { source: "web" },
      finished_at: null,
      duration: null,
      progress: { completed: 2, total: 7 },
      parent: null,
      origin: null,
    });
    assert.deepEqual(
      (steps as JsonObject[]).map((step) => lacking(step, STEP)),
      (steps as JsonObject[]).map(() => []),
    );
    assert.deepEqual(
      (steps as JsonObject[]).map((step) => [step["name"], step["status"], step["reason"], step["attempts"]]),
      [
        ["leased", "running", null, 1],
        ["offered", "scheduled", null, 1],
        ["asked", "waiting", null, 1],
        ["left", "skipped", "condition", 0],
        ["broken", "failed", null, 1],
        ["mend", "completed", null, 1],
        ["later", "pending", null, 0],
      ],
    );
    assert.deepEqual(stepOf(execution, "later"), {
      name: "later",
      path: "later",
      type: "function",
      status: "pending",
      reason: null,
      attempts: 0,
      started_at: null,
      finished_at: null,
      duration: null,
      output: null,
      error: null,
      fallback: false,
    });
    await post(id, "terminate");
  });

  test("steps stand in the order of their first event, then what is pending in the order of the text", async () => {
    const id = await begin(service, "ordered", [
      { name: "nap", type: "wait", duration: "1ms" },
      { ...SET, name: "second" },
      { ...SET, name: "first", depends_on: [] },
      { name: "choose", type: "condition", condition: "input.a", then: [SET], depends_on: ["hold"] },
      { ...EVENT("hold"), depends_on: ["second"] },
    ]);
    const paths = async () => ((await read(service, id))["steps"] as JsonObject[]).map((step) => step["path"]);
    await until(async () => (await paths())[3] === "hold");
    assert.deepEqual(await paths(), ["nap", "first", "second", "hold", "choose"]);
    await post(id, "signals/hold");
    const done = await ended(service, id);
    assert.equal(stepOf(done, "choose")["status"], "completed");
    assert.equal(done["status"], "completed");
  });

  test("of a loop the running, the failed and the last 100 iterations are shown, and the rest is counted", async () => {
    const steps = [{ name: "one", type: "fail", code: "ODD", message: "x", when: "item == 2" }];
    const iterate_over = "$.input.items";
    const items = Array.from({ length: 150 }, (_, n) => n);
    const id = await begin(service, "looped", [{ name: "all", type: "loop", iterate_over, fail_fast: false, steps }], {
      input: { items },
    });
    const execution = await ended(service, id);
    const shown = (execution["steps"] as JsonObject[]).filter((step) => step["name"] === "one");
    assert.deepEqual(shown.map((step) => step["path"]).slice(0, 3), ["all[2].one", "all[50].one", "all[51].one"]);
    assert.equal(shown.length, 101);
    const counts = { total: 150, running: 0, completed: 149, failed: 1, cancelled: 0, hidden: 49 };
    assert.deepEqual(stepOf(execution, "all")["iterations"], counts);
    assert.equal((execution["warnings"] as Json[]).length, 1, "what failed and did not count is a warning");
  });

  test("an error says where, at which attempt and why; progress and duration are those of the end", async () => {
    const retry = { max_attempts: 2, initial_delay: "5ms" };
    const id = await begin(service, "erred", [SET, job("erred", "pay", { retry })]);
    for (const details of [{ n: 1 }, { n: 2 }]) {
      const task = await take(service, "erred");
      await answer(service, task.id, { error: { code: "DECLINED", message: "no funds", details } });
    }
    const execution = await ended(service, id);
    const error = { code: "DECLINED", message: "no funds", details: { n: 2 }, step: "pay", attempt: 2 };
    assert.deepEqual(
      [execution["status"], execution["error"], execution["progress"]],
      ["failed", error, { completed: 1, total: 2 }],
    );
    assert.deepEqual(stepOf(execution, "pay")["error"], error);
    const [begun, over] = [Date.parse(String(execution["started_at"])), Date.parse(String(execution["finished_at"]))];
    assert.equal(execution["duration"], (over - begun) / 1000);
    const results = (await service.get(`/executions/${id}/results`)).body;
    assert.deepEqual([results["status"], results["output"], results["error"]], ["failed", null, error]);
  });

  test("a history is numbered without gaps, in pages, and its types are in the past tense", async () => {
    const id = await begin(service, "told-of", [SET, { ...SET, name: "again" }]);
    await ended(service, id);
    const all = await history(service, id);
    assert.deepEqual(
      all.map(({ seq }) => seq),
      all.map((_, n) => n + 1),
    );
    for (const event of all) {
      assert.deepEqual(lacking(event, "seq type at step path attempt data"), []);
      assert.match(String(event["at"]), RFC3339);
      assert.match(String(event["type"]), /^[A-Z][A-Za-z]+(ed|Out)$/);
    }
    assert.deepEqual([all[0]?.["type"], all.at(-1)?.["type"]], ["ExecutionStarted", "ExecutionCompleted"]);
    const paged: Json[] = [];
    let cursor = "";
    do {
      const { body } = await service.get(`/executions/${id}/history?limit=3${cursor}`);
      assert.ok((body["events"] as Json[]).length <= 3);
      paged.push(...(body["events"] as Json[]));
      cursor = body["next_cursor"] === null ? "" : `&cursor=${body["next_cursor"]}`;
    } while (cursor !== "");
    assert.deepEqual(paged, all);
    const logs = await service.get(`/executions/${id}/logs?limit=2`);
    assert.equal((logs.body["items"] as Json[]).length, 2);
    assert.notEqual(logs.body["next_cursor"], null);
  });

  test("a stream has ids, goes on after the one last seen, and ends with the execution", async () => {
    const id = await begin(service, "streamed", [EVENT("go"), SET]);
    const address = `${service.url}/api/v1/executions/${id}/stream`;
    const live = (await fetch(address)).text();
    await post(id, "signals/go");
    const all = eventsOf(await live);
    const recorded = await history(service, id);
    assert.deepEqual(
      all.map((event) => [event.id, event.event, JSON.parse(event.data)]),
      recorded.map((event) => [String(event["seq"]), event["type"], event]),
    );
    const rest = await (await fetch(address, { headers: { "last-event-id": "3" } })).text();
    assert.deepEqual(eventsOf(rest), all.slice(3));
    const over = await fetch(address, { headers: { "last-event-id": String(all.length) } });
    assert.equal(over.status, 204, "nothing is left, and nothing will come");
  });

  test("lists are filtered, ordered and paged by cursors that neither skip nor repeat", async () => {
    await register(service, workflow("listed", [SET], {}, { tags: ["night-run"] }));
    await register(service, workflow("listed", [FAIL], {}, { version: "2.0.0" }));
    const ids: string[] = [];
    for (const version of ["1.0.0", "1.0.0", "1.0.0", "2.0.0", "2.0.0"]) {
      const { body } = await service.post("/workflows/listed/execute?wait=9s", {
        options: { version },
        metadata: { order: `no-${ids.length}` },
      });
      ids.unshift(String(body["execution_id"]));
    }
    const list = async (query: string) => {
      const { status, body, text } = await service.get(`/executions?workflow=listed&${query}`);
      assert.equal(status, 200, text);
      return body;
    };
    const found = async (query: string) =>
      ((await list(query))["items"] as JsonObject[]).map((one) => ids.indexOf(String(one["execution_id"])));
    assert.deepEqual(await found(""), [0, 1, 2, 3, 4], "the newest first");
    assert.deepEqual(await found("status=failed"), [0, 1]);
    assert.deepEqual(await found("status=failed&status=completed"), [0, 1, 2, 3, 4]);
    assert.deepEqual(await found("status=running"), []);
    assert.deepEqual(await found("version=1.0.0"), [2, 3, 4]);
    assert.deepEqual(await found("tag=night-run"), [2, 3, 4]);
    assert.deepEqual(await found("text=no-3"), [1]);
    assert.deepEqual(await found("metadata.order=no-3"), [1]);
    assert.deepEqual(await found("order=oldest"), [4, 3, 2, 1, 0]);
    const [third] = ((await list("limit=3"))["items"] as JsonObject[]).slice(2);
    const at = encodeURIComponent(String(third?.["created_at"]));
    assert.ok((await found(`created_after=${at}`)).includes(0));
    assert.ok(!(await found(`created_before=${at}`)).includes(0));
    const paged: JsonObject[] = [];
    let cursor: Json = "";
    while (cursor !== null) {
      const page = await list(`limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
      // What is begun meanwhile comes before the first page and moves nothing.
      if (cursor === "") await service.post("/workflows/listed/execute?wait=9s", {});
      paged.push(...(page["items"] as JsonObject[]));
      cursor = page["next_cursor"] ?? null;
    }
    assert.deepEqual(
      paged.map((one) => one["execution_id"]),
      ids,
    );
    for (let n = paged.length; n < 60; n++) await service.post("/workflows/listed/execute", {});
    assert.equal(((await service.get("/executions")).body["items"] as Json[]).length, 50, "where nobody says");
    for (const [query, pointer] of [
      ["limit=1001", "query/limit"],
      ["limit=0", "query/limit"],
      ["status=done", "query/status"],
      ["cursor=nonsense", "query/cursor"],
      ["state=failed", "query/state"],
    ] as const) {
      assert.deepEqual(problem(await service.get(`/executions?${query}`)), [400, "BAD_REQUEST", pointer]);
    }
  });
});

suite("steering", { concurrency: 4 }, () => {
  test("a cancel tells who works, runs what must be tidied, and ends as cancelled", async () => {
    const tidy = [job("tidied", "tidy")];
    const id = await begin(service, "tidied", [
      { name: "guarded", type: "try", steps: [job("tidied", "work")], finally: tidy },
      job("tidied", "never"),
    ]);
    const task = await take(service, "tidied");
    const cancelled = await post(id, "cancel", { reason: "not wanted" });
    assert.equal(cancelled.status, 202);
    assert.deepEqual(lacking(cancelled.body, "execution_id status"), []);
    const beat = await service.post("/tasks/heartbeats", { heartbeats: [{ task_id: task.id }] });
    assert.equal((beat.body["heartbeats"] as JsonObject[])[0]?.["cancel"], true);
    assert.equal(await answer(service, task.id), "stale");
    const tidying = await take(service, "tidied");
    assert.equal(tidying["function"], "tidy");
    assert.equal((await post(id, "cancel")).status, 202, "a second one changes nothing");
    await answer(service, tidying.id);
    const execution = await ended(service, id);
    assert.equal(execution["status"], "cancelled");
    assert.equal(stepOf(execution, "guarded.work")["status"], "cancelled");
    assert.equal(stepOf(execution, "never")["status"], "cancelled");
    assert.deepEqual((await post(id, "cancel")).body["status"], "cancelled", "that is what was wanted");
    assert.equal(
      (await typesOf(id)).filter((type) => /^Execution(Cancelled|Completed|Failed)$/.test(String(type))).length,
      1,
    );
  });

  test("a termination ends it now: nothing more runs", async () => {
    const tidy = [job("ended", "tidy")];
    const id = await begin(service, "ended", [
      { name: "guarded", type: "try", steps: [job("ended", "work")], finally: tidy },
    ]);
    const task = await take(service, "ended");
    const answered = await post(id, "terminate");
    assert.deepEqual([answered.status, answered.body["status"]], [202, "cancelled"]);
    assert.equal(await answer(service, task.id), "stale");
    assert.deepEqual(await poll(service, "ended", { wait_ms: 0 }), []);
    const last = (await history(service, id)).at(-1);
    assert.deepEqual([last?.["type"], within(last, "data", "terminated")], ["ExecutionCancelled", true]);
    const over = await begin(service, "ended-well", [SET]);
    await ended(service, over);
    for (const what of ["terminate", "cancel"]) {
      assert.deepEqual(problem(await post(over, what)).slice(0, 2), [409, "EXECUTION_ENDED"]);
    }
  });

  test("while it is paused results are recorded and nothing new begins", async () => {
    const id = await begin(service, "paused", [job("paused", "a"), job("paused", "b")]);
    const task = await take(service, "paused");
    assert.equal((await post(id, "pause", { id: "p" })).body["status"], "paused");
    assert.equal(await answer(service, task.id, { output: { x: 1 } }), "accepted");
    const paused = await read(service, id);
    assert.deepEqual(
      [paused["status"], stepOf(paused, "a")["status"], stepOf(paused, "b")["status"]],
      ["paused", "completed", "pending"],
    );
    assert.deepEqual(await poll(service, "paused", { wait_ms: 0 }), []);
    assert.equal((await post(id, "resume")).body["status"], "running");
    assert.equal((await post(id, "pause", { id: "p" })).status, 202);
    assert.equal((await read(service, id))["status"], "running", "the command with this id has had its effect");
    await answer(service, (await take(service, "paused")).id);
    assert.equal((await ended(service, id))["status"], "completed");
    assert.deepEqual(problem(await post(id, "pause")).slice(0, 2), [409, "EXECUTION_ENDED"]);
    assert.deepEqual(problem(await post(id, "resume")).slice(0, 2), [409, "EXECUTION_ENDED"]);
  });

  test("a paused execution can be cancelled, retried from there and signalled", async () => {
    const id = await begin(service, "paused-cancelled", [EVENT("go"), job("paused-cancelled", "a")]);
    await post(id, "pause");
    assert.equal((await post(id, "signals/go", { data: { n: 1 } })).status, 202);
    assert.equal((await read(service, id))["status"], "paused");
    await post(id, "cancel");
    assert.equal((await ended(service, id))["status"], "cancelled");
    await post(id, "retry");
    const task = await take(service, "paused-cancelled");
    await answer(service, task.id);
    const execution = await ended(service, id);
    assert.deepEqual([execution["status"], stepOf(execution, "go")["output"]], ["completed", { n: 1 }]);
  });

  test("children that are waited for pause with their parent", async () => {
    await register(service, workflow("paused-child", [job("paused-child", "work"), job("paused-child", "more")]));
    const id = await begin(service, "paused-parent", [
      { name: "sub", type: "workflow", workflow: "paused-child" },
      { name: "alone", type: "workflow", workflow: "paused-child", wait: false, depends_on: [] },
    ]);
    const tasks = [await take(service, "paused-child"), await take(service, "paused-child")];
    const children = new Map<Json | undefined, string>();
    for (const { execution_id } of tasks) {
      const child = await read(service, execution_id);
      assert.equal(within(child, "parent", "execution_id"), id);
      children.set(within(child, "parent", "path"), execution_id);
    }
    await post(id, "pause");
    const statusOf = async (path: string) => (await read(service, String(children.get(path))))["status"];
    await until(async () => (await statusOf("sub")) === "paused");
    assert.equal(await statusOf("alone"), "running", "nobody waits for it");
    await post(id, "resume");
    await until(async () => (await statusOf("sub")) === "running");
    await post(id, "terminate");
  });

  test("timers go on during a pause and act at the resume; frozen ones go on where they stood", async () => {
    const nap = (name: string) => begin(service, name, [{ name: "nap", type: "wait", duration: "600ms" }]);
    const [running, frozen] = [await nap("timers-run"), await nap("timers-frozen")];
    await post(running, "pause");
    await post(frozen, "pause", { timers: "freeze" });
    await ended(service, await begin(service, "timers-meanwhile", [{ name: "nap", type: "wait", duration: "700ms" }]));
    const [a, b] = [await read(service, running), await read(service, frozen)];
    assert.deepEqual([a["status"], b["status"]], ["paused", "paused"]);
    assert.equal(stepOf(a, "nap")["status"], "waiting", "it acts at the resume");
    const resumed = Date.now();
    await Promise.all([post(running, "resume"), post(frozen, "resume")]);
    const [ran, froze] = [await ended(service, running), await ended(service, frozen)];
    assert.ok(Date.parse(String(ran["finished_at"])) - resumed < 400, "it was due already");
    assert.ok(Date.parse(String(froze["finished_at"])) - resumed >= 400, "most of its time was left");
    assert.equal((await post(frozen, "pause", { timers: "stop" })).status, 400);
  });

  test("a signal that comes before its wait is kept, the oldest is taken first, and one id counts once", async () => {
    const id = await begin(service, "signalled", [
      job("signalled", "first"),
      EVENT("one", "go"),
      EVENT("two", "go"),
      EVENT("three", "other"),
    ]);
    for (const [name, body] of [
      ["go", { data: { n: 1 }, id: "s-1" }],
      ["go", { data: { n: 1 }, id: "s-1" }],
      ["go", { data: { n: 2 } }],
    ] as const) {
      assert.equal((await post(id, `signals/${name}`, body)).status, 202);
    }
    await post(id, "signals/other", { data: 3 }, { "idempotency-key": "s-3" });
    await post(id, "signals/other", { data: 3 }, { "idempotency-key": "s-3" });
    await answer(service, (await take(service, "signalled")).id);
    const execution = await ended(service, id);
    assert.deepEqual(
      ["one", "two", "three"].map((name) => stepOf(execution, name)["output"]),
      [{ n: 1 }, { n: 2 }, { value: 3 }],
    );
    assert.equal((await typesOf(id)).filter((type) => type === "SignalReceived").length, 3);
    assert.deepEqual(problem(await post(id, "signals/go")).slice(0, 2), [409, "EXECUTION_ENDED"]);
    assert.deepEqual(problem(await post("nobody", "signals/go")).slice(0, 2), [404, "EXECUTION_NOT_FOUND"]);
  });

  test("a retry begins what failed again, keeps what completed, and goes on counting attempts", async () => {
    const id = await begin(service, "retried", [
      job("retried", "a"),
      job("retried", "b", { retry: { max_attempts: 2, initial_delay: "5ms" } }),
    ]);
    const run = async (result: JsonObject) => {
      const task = await take(service, "retried");
      await answer(service, task.id, result);
      return [task["path"], task.attempt, task["max_attempts"]];
    };
    const bad = { error: { code: "BAD", message: "no" } };
    assert.deepEqual(problem(await post(id, "retry")).slice(0, 2), [409, "EXECUTION_NOT_ENDED"]);
    assert.deepEqual(await run({ output: { kept: true } }), ["a", 1, 1]);
    assert.deepEqual(await run(bad), ["b", 1, 2]);
    assert.deepEqual(await run(bad), ["b", 2, 2]);
    assert.equal((await ended(service, id))["status"], "failed");
    const again = await post(id, "retry", { id: "r-1" });
    assert.deepEqual([again.status, again.body["status"]], [202, "running"]);
    assert.deepEqual(await run(bad), ["b", 3, 4]);
    assert.deepEqual(await run({}), ["b", 4, 4]);
    const execution = await ended(service, id);
    assert.deepEqual([execution["status"], execution["error"]], ["completed", null]);
    assert.deepEqual(stepOf(execution, "a")["output"], { kept: true });
    assert.deepEqual([stepOf(execution, "b")["attempts"], stepOf(execution, "b")["error"]], [4, null]);
    const bounds = (await typesOf(id)).filter((type) => String(type).startsWith("Execution"));
    assert.deepEqual(
      bounds,
      ["ExecutionStarted", "ExecutionFailed", "ExecutionReopened", "ExecutionCompleted"],
      "each run has one beginning and one end",
    );
    assert.deepEqual(problem(await post(id, "retry")).slice(0, 2), [409, "EXECUTION_COMPLETED"]);
  });

  test("a retry with an id that was used changes nothing; cancelled and timed out executions can be retried", async () => {
    const id = await begin(service, "retried-twice", [job("retried-twice", "a")], { spec: { timeout: "60ms" } });
    assert.equal((await ended(service, id))["status"], "timed_out");
    await post(id, "retry", { id: "r-1" });
    assert.equal((await ended(service, id))["status"], "timed_out");
    assert.equal((await post(id, "retry", { id: "r-1" })).status, 202);
    assert.equal((await read(service, id))["status"], "timed_out");
    assert.equal((await typesOf(id)).filter((type) => type === "ExecutionReopened").length, 1);
    const other = await begin(service, "retried-cancelled", [EVENT("go")]);
    await post(other, "cancel");
    assert.equal((await ended(service, other))["status"], "cancelled");
    await post(other, "retry");
    await post(other, "signals/go");
    assert.equal((await ended(service, other))["status"], "completed");
  });

  test("a rerun is a new execution that names its origin, with the same or other input", async () => {
    await register(service, workflow("again", [SET], { output: { a: "$.input.a" } }));
    const { body } = await service.post("/workflows/again/execute?wait=9s", { input: { a: 1 }, metadata: { m: 1 } });
    const id = String(body["execution_id"]);
    const same = await post(id, "rerun");
    assert.equal(same.status, 202);
    const copy = await ended(service, String(same.body["execution_id"]));
    assert.notEqual(copy["execution_id"], id);
    assert.deepEqual([copy["output"], (copy["origin"] as JsonObject)["execution_id"]], [{ a: 1 }, id]);
    const key = { "idempotency-key": "again" };
    const twice = [await post(id, "rerun", {}, key), await post(id, "rerun", {}, key)];
    assert.deepEqual([twice[0]?.status, twice[1]?.status], [202, 200]);
    assert.equal(twice[0]?.body["execution_id"], twice[1]?.body["execution_id"]);
    const none = await post(id, "rerun", { input: null });
    assert.equal((await ended(service, String(none.body["execution_id"])))["input"], null, "null is an input too");
    const edited = await post(id, "rerun", { input: { a: 2 } });
    assert.deepEqual((await ended(service, String(edited.body["execution_id"])))["output"], { a: 2 });
  });

  test("steering what is not there is a 404, and fields that nobody knows are refused", async () => {
    for (const what of ["cancel", "terminate", "pause", "resume", "retry", "rerun", "signals/go"]) {
      assert.deepEqual(problem(await post("nobody", what)).slice(0, 2), [404, "EXECUTION_NOT_FOUND"], what);
      assert.deepEqual(problem(await post("nobody", what, { forse: true })), [400, "BAD_REQUEST", "/forse"], what);
    }
    for (const what of ["", "/results", "/history", "/logs", "/stream"]) {
      const missing = await service.get(`/executions/nobody${what}`);
      assert.deepEqual(problem(missing).slice(0, 2), [404, "EXECUTION_NOT_FOUND"], what);
    }
  });
});

suite("time", { concurrency: 8 }, () => {
  test("a timer never fires early", async () => {
    await register(service, workflow("napped", [{ name: "nap", type: "wait", duration: "150ms" }]));
    const ids = await Promise.all(Array.from({ length: 20 }, () => started(service, "napped")));
    for (const id of ids) {
      const events = await ended(service, id).then(() => history(service, id));
      const at = (type: string) => Date.parse(String(events.find((event) => event["type"] === type)?.["at"]));
      assert.ok(at("StepCompleted") - at("StepStarted") >= 150);
    }
  });

  test("a workflow's time-out cancels what runs and ends it as timed out", async () => {
    const id = await begin(service, "timed", [job("timed", "work")], { spec: { timeout: "80ms" } });
    const task = await take(service, "timed");
    assert.notEqual(task["deadline"], null);
    const execution = await ended(service, id);
    assert.equal(execution["status"], "timed_out");
    assert.equal((execution["error"] as JsonObject)["code"], "TIMEOUT");
    assert.equal(await answer(service, task.id), "stale");
  });

  test("a step's time-out is a failure with code TIMEOUT that its policy retries; ignoring it skips the step", async () => {
    const retry = { max_attempts: 2, initial_delay: "5ms" };
    const id = await begin(service, "step-timed", [job("step-timed", "work", { timeout: "60ms", retry })]);
    const first = await take(service, "step-timed");
    assert.equal(first["timeout_ms"], 60);
    const second = await take(service, "step-timed");
    assert.deepEqual([first.attempt, second.attempt, second.delivery], [1, 2, 1]);
    const execution = await ended(service, id);
    assert.deepEqual([execution["status"], (execution["error"] as JsonObject)["code"]], ["failed", "TIMEOUT"]);
    assert.equal(stepOf(execution, "work")["status"], "failed");
    const ignored = await begin(service, "step-ignored", [
      { ...EVENT("go"), timeout: "30ms", timeout_action: "ignore" },
      SET,
    ]);
    const after = await ended(service, ignored);
    assert.deepEqual(
      [after["status"], stepOf(after, "go")["status"], stepOf(after, "go")["reason"]],
      ["completed", "skipped", "timeout"],
    );
  });

  test("delays between attempts follow the policy, and what an executor asks for", async () => {
    const policies: readonly (readonly [JsonObject, readonly number[]])[] = [
      [{ backoff: "fixed", initial_delay: "20ms" }, [20, 20, 20]],
      [{ backoff: "linear", initial_delay: "20ms" }, [20, 40, 60]],
      [{ backoff: "exponential", initial_delay: "20ms", multiplier: 3, max_delay: "100ms" }, [20, 60, 100]],
    ];
    for (const [policy, delays] of policies) {
      const name = `delayed-${policy["backoff"]}`;
      const retry = { max_attempts: 4, jitter: false, ...policy };
      const id = await begin(service, name, [job(name, "work", { retry })]);
      for (let n = 0; n < 4; n++) {
        const { id: task } = await take(service, name);
        await answer(service, task, { error: { code: "BUSY", message: "later" } });
      }
      await ended(service, id);
      const failures = (await history(service, id)).filter((event) => event["type"] === "StepAttemptFailed");
      assert.deepEqual(
        failures.map(({ at, data }) => Date.parse(String((data as JsonObject)["retry_at"])) - Date.parse(String(at))),
        delays,
      );
    }
    const id = await begin(service, "delayed-asked", [
      job("delayed-asked", "work", { retry: { max_attempts: 2, initial_delay: "5ms" } }),
    ]);
    const { id: task } = await take(service, "delayed-asked");
    await answer(service, task, { error: { code: "BUSY", message: "later", retry_after: 0.3 } });
    const second = await take(service, "delayed-asked");
    const [, , failure] = await history(service, id);
    assert.ok(Date.parse(String(second["created_at"])) - Date.parse(String(failure?.["at"])) >= 300);
    await answer(service, second.id);
  });

  test("what an executor marks as hopeless is not tried again, nor is a code outside of the policy's list", async () => {
    const retry = { max_attempts: 3, initial_delay: "5ms" };
    const once = async (name: string, more: JsonObject, error: JsonObject) => {
      const id = await begin(service, name, [job(name, "work", { retry: { ...retry, ...more } })]);
      await answer(service, (await take(service, name)).id, { error: { message: "no", ...error } });
      return stepOf(await ended(service, id), "work")["attempts"];
    };
    assert.equal(await once("hopeless", {}, { code: "BAD", retryable: false }), 1);
    assert.equal(await once("unlisted", { retry_on: ["BUSY"] }, { code: "BAD" }), 1);
    assert.equal(await once("invalid", {}, { code: "VALIDATION_FAILED" }), 1);
  });

  test("a wait for results ends with the execution, or with its own time", async () => {
    const id = await begin(service, "awaited", [EVENT("go")], { spec: { output: { x: 1 } } });
    const open = await service.get(`/executions/${id}/results?wait=0.05s`);
    assert.deepEqual([open.status, open.body["status"], open.body["finished_at"]], [200, "running", null]);
    const waiting = service.get(`/executions/${id}/results?wait=30s`);
    await post(id, "signals/go");
    assert.deepEqual((await waiting).body["output"], { x: 1 });
    const tooLong = await service.get(`/executions/${id}/results?wait=2m`);
    assert.deepEqual(problem(tooLong), [400, "BAD_REQUEST", "query/wait"]);
  });
});

suite("time-outs and what they lead to", { concurrency: 8 }, () => {
  const TASK_TIMED = { timeout: "40ms" };

  test("an attempt's time counts from when an executor takes it, and never outlives what is around it", async () => {
    const id = await begin(service, "taken-late", [job("taken-late", "work", { timeout: "2s" })], {
      spec: { timeout: "10m" },
    });
    await ended(service, await begin(service, "meanwhile", [{ name: "nap", type: "wait", duration: "300ms" }]));
    const task = await take(service, "taken-late");
    const left = Date.parse(String(task["deadline"])) - Date.parse(String(task["created_at"]));
    assert.ok(left >= 2300, "it begins when the task is taken");
    await answer(service, task.id);
    assert.equal((await ended(service, id))["status"], "completed");
    const steps = [job("bounded", "work", { timeout: "1h" })];
    await begin(service, "bounded", [{ name: "outer", type: "try", timeout: "30m", catch: [], steps }], {
      spec: { timeout: "20m" },
    });
    const bounded = await take(service, "bounded");
    const bound = Date.parse(String(bounded["deadline"])) - Date.parse(String(bounded["created_at"]));
    assert.ok(bound <= 20 * 60_000, "the workflow ends sooner than the step would");
    await answer(service, bounded.id);
  });

  test("of a step: retry tries three times where no policy is given, fallback takes over at once", async () => {
    const retried = await begin(service, "timeout-retry", [
      job("timeout-retry", "work", { ...TASK_TIMED, timeout_action: "retry" }),
    ]);
    for (const attempt of [1, 2, 3]) {
      const task = await take(service, "timeout-retry", { lease_ms: 600_000 });
      assert.deepEqual([task.attempt, task["max_attempts"]], [attempt, 3]);
      if (attempt === 3) await answer(service, task.id);
    }
    assert.equal((await ended(service, retried))["status"], "completed");
    const fallen = await begin(service, "timeout-fallback", [
      job("timeout-fallback", "work", {
        ...TASK_TIMED,
        timeout_action: "fallback",
        retry: { max_attempts: 5 },
        default_output: { instead: true },
      }),
    ]);
    await take(service, "timeout-fallback");
    const execution = await ended(service, fallen);
    const { status, output, fallback, attempts } = stepOf(execution, "work");
    assert.deepEqual([status, output, fallback, attempts], ["completed", { instead: true }, true, 1]);
  });

  test("of a step: cancel_and_cleanup ends the whole execution as timed out", async () => {
    const id = await begin(service, "timeout-cleanup", [
      { ...EVENT("other"), depends_on: [] },
      job("timeout-cleanup", "work", { ...TASK_TIMED, timeout_action: "cancel_and_cleanup", depends_on: [] }),
    ]);
    const task = await take(service, "timeout-cleanup");
    const execution = await ended(service, id);
    assert.deepEqual([execution["status"], stepOf(execution, "other")["status"]], ["timed_out", "cancelled"]);
    assert.equal(await answer(service, task.id), "stale");
  });

  test("of the workflow: ignored it is a warning, a fallback step completes it, a retry begins again what is not done", async () => {
    const spec = { timeout: "80ms" };
    const ignoring = await begin(service, "over-ignored", [EVENT("go")], {
      spec: { ...spec, timeout_action: "ignore" },
    });
    await until(async () => ((await read(service, ignoring))["warnings"] as Json[]).length === 1);
    await post(ignoring, "signals/go");
    assert.equal((await ended(service, ignoring))["status"], "completed");
    const fallen = await begin(
      service,
      "over-fallback",
      [EVENT("go"), { ...SET, name: "instead", variables: { n: 1 } }],
      {
        spec: { ...spec, timeout_action: "fallback", fallback_step: "instead" },
      },
    );
    const after = await ended(service, fallen);
    assert.deepEqual([after["status"], stepOf(after, "go")["status"]], ["completed", "cancelled"]);
    assert.deepEqual(after["output"], { n: 1 });
    const again = await begin(service, "over-retried", [SET, job("over-retried", "work")], {
      spec: { timeout: "300ms", timeout_action: "retry", retry_policy: { max_attempts: 3, initial_delay: "1ms" } },
    });
    assert.equal((await take(service, "over-retried")).attempt, 1);
    const second = await take(service, "over-retried");
    assert.equal(second.attempt, 2, "begun again, and counting on");
    await answer(service, second.id);
    const done = await ended(service, again);
    assert.deepEqual([done["status"], stepOf(done, "note")["attempts"]], ["completed", 1]);
  });

  test("a delay with jitter is between half of it and the whole", async () => {
    const retry = { max_attempts: 9, initial_delay: "60ms", backoff: "fixed" };
    const id = await begin(service, "jittered", [job("jittered", "work", { retry })]);
    for (let n = 0; n < 9; n++) {
      await answer(service, (await take(service, "jittered")).id, { error: { code: "BUSY", message: "later" } });
    }
    await ended(service, id);
    const delays = (await history(service, id))
      .filter((event) => event["type"] === "StepAttemptFailed")
      .map((event) => Date.parse(String(within(event, "data", "retry_at"))) - Date.parse(String(event["at"])));
    assert.equal(delays.length, 8);
    assert.ok(
      delays.every((delay) => delay >= 30 && delay <= 60),
      `${delays}`,
    );
    assert.ok(new Set(delays).size > 1, `${delays}`);
  });
});

suite("children", { concurrency: 8 }, () => {
  const CHILD = (workflow: string, more: JsonObject = {}): JsonObject => ({
    name: "sub",
    type: "workflow",
    workflow,
    ...more,
  });
  const childOf = async (id: string, path = "sub"): Promise<string> => {
    const event = (await history(service, id)).findLast((one) => one["path"] === path && one["type"] === "StepStarted");
    return String(within(event, "data", "detail", "execution_id"));
  };

  test("a child gets its input, names its parent, and its output is the step's; the version is that of its start", async () => {
    await register(service, workflow("kid", [SET], { output: { n: "$.input.n", v: "$.workflow.version" } }));
    await register(service, workflow("kid", [SET], { output: { v: "two" } }, { version: "2.0.0" }));
    const id = await begin(
      service,
      "parenting",
      [CHILD("kid", { version: "1.0.0", input: { n: "$.input.n" } }), { ...CHILD("kid"), name: "newest" }],
      { input: { n: 3 }, metadata: { trail: 1 } },
    );
    const execution = await ended(service, id);
    assert.deepEqual(stepOf(execution, "sub")["output"], { n: 3, v: "1.0.0" });
    assert.deepEqual(stepOf(execution, "newest")["output"], { v: "two" });
    const child = await read(service, await childOf(id));
    assert.deepEqual([within(child, "parent", "execution_id"), within(child, "parent", "path")], [id, "sub"]);
    assert.equal(child["version"], "1.0.0");
    const listed = await service.get(`/executions?parent_id=${id}`);
    assert.equal((listed.body["items"] as Json[]).length, 2);
  });

  test("one that does not complete fails the step with its code and its error as cause; a retry starts another", async () => {
    await register(service, workflow("kid-failing", [FAIL]));
    await register(service, workflow("kid-late", [EVENT("go")], { timeout: "40ms" }));
    const failing = await begin(service, "of-failing", [
      CHILD("kid-failing", { retry: { max_attempts: 2, initial_delay: "5ms" } }),
    ]);
    const execution = await ended(service, failing);
    const { error, attempts } = stepOf(execution, "sub");
    assert.deepEqual([within(error, "code"), within(error, "cause", "message"), attempts], ["NO", FAIL["message"], 2]);
    const children = (await service.get(`/executions?parent_id=${failing}`)).body["items"] as Json[];
    assert.equal(children.length, 2);
    const late = await ended(service, await begin(service, "of-late", [CHILD("kid-late")]));
    assert.equal(within(late["error"], "code"), "TIMEOUT");
    await register(service, workflow("kid-cancelled", [EVENT("go")]));
    const waiting = await begin(service, "of-cancelled", [CHILD("kid-cancelled")]);
    await post(await childOf(waiting), "cancel");
    assert.equal(within((await ended(service, waiting))["error"], "code"), "CANCELLED");
  });

  test("a parent that is cancelled ends after its children have", async () => {
    const tidy = [job("kid-tidy", "tidy")];
    await register(
      service,
      workflow("kid-tidy", [{ name: "guarded", type: "try", steps: [EVENT("go")], finally: tidy }]),
    );
    const id = await begin(service, "of-tidy", [CHILD("kid-tidy")]);
    const child = await childOf(id);
    await until(async () => (await service.get(`/executions/${child}`)).status === 200);
    await post(id, "cancel");
    const task = await take(service, "kid-tidy");
    assert.equal((await read(service, id))["finished_at"], null, "the child is still tidying up");
    await answer(service, task.id);
    assert.equal((await ended(service, id))["status"], "cancelled");
    const over = await read(service, child);
    assert.equal(over["status"], "cancelled");
    assert.ok(String(over["finished_at"]) <= String((await read(service, id))["finished_at"]));
    const ending = await begin(service, "of-tidy", [CHILD("kid-tidy")]);
    const doomed = await childOf(ending);
    await until(async () => (await service.get(`/executions/${doomed}`)).status === 200);
    await post(ending, "terminate");
    assert.equal((await ended(service, doomed))["status"], "cancelled");
    assert.deepEqual(await poll(service, "kid-tidy", { wait_ms: 0 }), [], "and nothing of it runs");
  });

  test("one that nobody waits for lives on; they go no deeper than twenty", async () => {
    await register(service, workflow("kid-free", [EVENT("go")], { output: { done: true } }));
    const id = await begin(service, "of-free", [CHILD("kid-free", { wait: false })]);
    const execution = await ended(service, id);
    const child = String(within(stepOf(execution, "sub")["output"], "execution_id"));
    await until(async () => (await service.get(`/executions/${child}`)).status === 200);
    assert.equal((await read(service, child))["status"], "running");
    await post(child, "signals/go");
    assert.deepEqual((await ended(service, child))["output"], { done: true });
    await register(service, workflow("kid-endless", [CHILD("kid-endless")]));
    const deep = await ended(service, await started(service, "kid-endless"));
    assert.equal(deep["status"], "failed");
    const all = (await service.get("/executions?workflow=kid-endless&limit=100")).body["items"] as Json[];
    assert.ok(all.length === 20 || all.length === 21, `${all.length} levels`);
  });
});

test("an execution keeps the version it began with", async () => {
  const id = await begin(service, "kept", [EVENT("go")], { spec: { output: { v: "one" } } });
  await register(service, workflow("kept", [EVENT("go")], { output: { v: "two" } }, { version: "2.0.0" }));
  assert.equal((await service.call("DELETE", "/workflows/kept")).status, 204);
  assert.deepEqual(problem(await service.post("/workflows/kept/execute", {})).slice(0, 2), [409, "WORKFLOW_ARCHIVED"]);
  await post(id, "signals/go");
  const execution = await ended(service, id);
  assert.deepEqual(
    [execution["status"], execution["version"], execution["output"]],
    ["completed", "1.0.0", { v: "one" }],
  );
});

/** Looks again and again: for what follows from an answer a moment later. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const limit = Date.now() + 10_000; Date.now() < limit; ) if (await holds()) return;
  assert.fail("Expected it to hold by now, but it does not.");
}

interface StreamEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

function eventsOf(text: string): readonly StreamEvent[] {
  const blocks = text.split("\n\n").filter((block) => /^data:/m.test(block));
  const field = (block: string, name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1] ?? "";
  return blocks.map((block) => ({ id: field(block, "id"), event: field(block, "event"), data: field(block, "data") }));
}
