/** The API as its callers meet it: workflows, events, expressions, problems, limits, and the document that describes it. */

import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { after, suite, test } from "node:test";
import { parse } from "yaml";
import type { Json, JsonObject } from "../../src/core/base/json.ts";
import {
  type Answer,
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

const SET: JsonObject = { name: "note", type: "set", variables: { noted: true } };
const WAIT = (event: string, more: JsonObject = {}): JsonObject => ({
  name: event,
  type: "wait_for_event",
  event,
  ...more,
});

/** What would take for ever takes longer than this, even beside other work. */
const SOON_MS = 5000;

const YAML = { "content-type": "application/yaml" };

function post(
  name: string,
  { version = "1.0.0", n = 1 }: { version?: string | null; n?: number } = {},
): Promise<Answer> {
  const document = workflow(name, [{ ...SET, variables: { n } }], {}, version === null ? {} : { version });
  const { metadata, ...rest } = document;
  const bare = { ...rest, metadata: version === null ? { name } : (metadata ?? null) };
  return service.post("/workflows", { yaml_content: JSON.stringify(bare) });
}

suite("workflows", { concurrency: 4 }, () => {
  test("registering answers what it has become; the same again changes nothing, other content is refused", async () => {
    const first = await post("firm");
    assert.equal(first.status, 201);
    const names = "id name version status validation_status diagnostics endpoints";
    assert.deepEqual(lacking(first.body, names), []);
    assert.deepEqual(
      [first.body["name"], first.body["version"], first.body["status"], first.body["validation_status"]],
      ["firm", "1.0.0", "active", "valid"],
    );
    const endpoints = first.body["endpoints"] as JsonObject;
    assert.equal((await service.get(String(endpoints["self"]))).body["id"], first.body["id"]);
    assert.equal((await service.post(String(endpoints["execute"]), {})).status, 202);
    const again = await post("firm");
    assert.deepEqual([again.status, again.body["id"]], [200, first.body["id"]]);
    const other = await post("firm", { n: 2 });
    assert.deepEqual(problem(other), [409, "VERSION_EXISTS"]);
    assert.match(String(other.body["detail"]), /1\.0\.1/, "it names the next free one");
    assert.equal((await service.get("/workflows/firm/versions")).body["items"]?.["length" as never], 1);
  });

  test("a version that is left out is 1.0.0, then the next patch; content equal to the newest changes nothing", async () => {
    assert.equal((await post("loose", { version: null })).body["version"], "1.0.0");
    assert.equal((await post("loose", { version: null, n: 2 })).body["version"], "1.0.1");
    const same = await post("loose", { version: null, n: 2 });
    assert.deepEqual([same.status, same.body["version"]], [200, "1.0.1"]);
    assert.equal(
      (await post("loose", { version: "v2.0.0", n: 2 })).body["version"],
      "2.0.0",
      "a leading v is accepted",
    );
  });

  test("the same content is the same canonical form, however it is written", async () => {
    const canonical = `
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: spelled, version: 1.0.0 }
spec:
  steps:
    - name: pay
      type: function
      executor: bank
      function: charge
      when: input.sum > 0
      timeout: 90s
      retry: { max_attempts: 3, backoff: exponential, initial_delay: 2s }
`;
    const spelled = `
kind: Workflow          # another order, other words
apiVersion: magicflow.io/v2
metadata: { version: v1.0.0, name: spelled }
spec:
  steps:
    - { name: pay, service: bank, method: charge, condition: input.sum > 0, config: { timeout: 1m30s },
        retry_config: { max_attempts: 3, backoff_strategy: exponential, initial_backoff: 2 } }
`;
    const put = (text: string) => service.call("POST", "/workflows", text, YAML);
    assert.equal((await put(canonical)).status, 201);
    const again = await put(spelled);
    assert.equal(again.status, 200, again.text);
  });

  test("a context in the same text gives the schemas, and one that belongs to nobody is an error", async () => {
    const text = (context: string) => `
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: schooled }
spec: { steps: [{ name: a, type: set, variables: { x: 1 } }] }
---
apiVersion: workflow.magic-flow.io/v2
kind: WorkflowContext
metadata: { name: ${context} }
spec: { ${context === "schooled-context" ? "" : "workflow: nobody,"} input_schema: { required: [sum] } }
`;
    assert.equal((await service.call("POST", "/workflows", text("schooled-context"), YAML)).status, 201);
    const { body } = await service.get("/workflows/schooled/schema");
    assert.deepEqual(body["input_schema"], { required: ["sum"] });
    assert.equal(body["output_schema"], null);
    assert.deepEqual(problem(await service.post("/workflows/schooled/execute", {})).slice(0, 2), [
      422,
      "VALIDATION_FAILED",
    ]);
    assert.deepEqual(problem(await service.call("POST", "/workflows", text("other"), YAML)).slice(0, 2), [
      422,
      "DEFINITION_INVALID",
    ]);
  });

  test("all mistakes of a text are told, each with its place; checking registers nothing", async () => {
    const text = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: wrong }
spec:
  steps:
    - { name: one, type: set, variables: { a: "$.inptu." } }
    - { name: one, type: sett }
    - { name: two, type: set, variables: {}, on_success: thre }
    - { name: three, type: set, variables: {}, timeoutt: 3s }
`;
    const refused = await service.call("POST", "/workflows", text, YAML);
    assert.deepEqual([refused.status, refused.body["code"]], [422, "DEFINITION_INVALID"]);
    const errors = refused.body["errors"] as JsonObject[];
    assert.deepEqual(
      [6, 7, 8, 9].filter((line) => errors.every((error) => error["line"] !== line)),
      [],
    );
    for (const error of errors) assert.ok(Number(error["column"]) >= 1 && String(error["detail"]).length > 0);
    assert.match(refused.text, /three/, "the step that was meant is offered");
    const checked = await service.call("POST", "/workflows/validate", text, YAML);
    assert.deepEqual([checked.status, checked.body["valid"]], [200, false]);
    assert.deepEqual(lacking(within(checked.body, "diagnostics", 0), "code severity message line column path"), []);
    assert.equal((await service.get("/workflows/wrong")).status, 404);
    const fine = await service.post("/workflows/validate", { yaml_content: JSON.stringify(workflow("fine", [SET])) });
    assert.deepEqual([fine.body["valid"], fine.body["diagnostics"]], [true, []]);
    const dry = await service.post("/workflows?dry_run=true", { yaml_content: JSON.stringify(workflow("dry", [SET])) });
    assert.equal(dry.status, 200);
    assert.equal((await service.get("/workflows/dry")).status, 404);
  });

  test("PUT registers a new version of the workflow of its path; definitions have an ETag and honour If-Match", async () => {
    await post("tagged");
    const etag = (await service.get("/workflows/tagged")).headers.get("etag") ?? "";
    assert.match(etag, /^"/);
    const put = (version: string, headers: Record<string, string> = {}, name = "tagged") =>
      service.call(
        "PUT",
        `/workflows/${name}`,
        { yaml_content: JSON.stringify(workflow("tagged", [SET], {}, { version })) },
        headers,
      );
    assert.equal((await put("1.1.0", { "if-match": etag })).status, 201);
    assert.deepEqual(problem(await put("1.2.0", { "if-match": etag })).slice(0, 2), [412, "REVISION_CONFLICT"]);
    assert.equal((await put("1.2.0")).status, 201, "it is honoured, not required");
    assert.equal((await put("1.3.0", {}, "firm-not")).status, 400);
    const now = await service.get("/workflows/tagged");
    const unchanged = await service.get("/workflows/tagged", { "if-none-match": now.headers.get("etag") ?? "" });
    assert.equal(unchanged.status, 304);
    const more = await service.post("/workflows/tagged/versions", {
      yaml_content: JSON.stringify(workflow("tagged", [SET], {}, { version: "2.0.0" })),
    });
    assert.equal(more.status, 201);
    const remove = (match: string) => service.call("DELETE", "/workflows/tagged", undefined, { "if-match": match });
    assert.equal((await remove(etag)).status, 412);
    assert.equal((await remove("*")).status, 204);
    assert.equal((await service.get("/workflows/tagged")).body["status"], "archived");
    assert.deepEqual(problem(await service.post("/workflows/tagged/execute", {})).slice(0, 2), [
      409,
      "WORKFLOW_ARCHIVED",
    ]);
  });

  test("versions are listed and read; the text comes back as it was sent", async () => {
    for (const version of ["1.0.0", "1.1.0", "1.2.0"]) await post("listed", { version });
    const { body } = await service.get("/workflows/listed/versions?limit=2");
    assert.deepEqual(
      (body["items"] as JsonObject[]).map((one) => [one["version"], one["is_active"]]),
      [
        ["1.2.0", true],
        ["1.1.0", false],
      ],
    );
    const rest = await service.get(`/workflows/listed/versions?cursor=${body["next_cursor"]}`);
    assert.deepEqual([within(rest.body, "items", 0, "version"), rest.body["next_cursor"]], ["1.0.0", null]);
    assert.equal((await service.get("/workflows/listed/versions?cursor=x")).status, 400);
    const old = (await service.get("/workflows/listed/versions/1.0.0")).body;
    assert.equal(old["version"], "1.0.0");
    assert.equal(parse(String(old["yaml_content"]))["metadata"]["version"], "1.0.0");
    assert.match(String(old["created_at"]), RFC3339);
    const missing = await service.get("/workflows/listed/versions/9.9.9");
    assert.deepEqual(problem(missing).slice(0, 2), [404, "VERSION_NOT_FOUND"]);
    const byId = await service.get(`/workflows/${old["id"]}/versions/1.0.0`);
    assert.equal(byId.body["hash"], old["hash"]);
    assert.equal((await service.get("/workflows/listed/graph")).body["version"], "1.2.0");
  });

  test("fields that nobody knows are refused wherever something is written", async () => {
    for (const [method, path, body] of [
      ["POST", "/workflows", { yaml_content: "", yaml: "" }],
      ["PUT", "/workflows/x", { yaml_content: "", force: true }],
      ["POST", "/workflows/x/execute/batch", { executions: [], atomic: true }],
      ["POST", "/workflows/x/execute/batch", { executions: [{ inputs: 1 }] }],
      ["POST", "/tasks/results", { results: [], more: 1 }],
      ["POST", "/expressions/evaluate", { expression: "1", roots: {} }],
    ] as const) {
      const refused = await service.call(method, path, body as unknown as Json);
      assert.deepEqual(problem(refused).slice(0, 2), [400, "BAD_REQUEST"], `${method} ${path}`);
    }
    assert.equal((await service.get("/workflows?page=2")).status, 400);
  });

  test("workflows are listed in pages", async () => {
    for (const name of ["page-a", "page-b", "page-c"]) await post(name);
    const names: Json[] = [];
    let cursor = "";
    do {
      const { body } = await service.get(`/workflows?text=page-&limit=2${cursor}`);
      names.push(...(body["items"] as JsonObject[]).map((item) => item["name"] ?? null));
      cursor = body["next_cursor"] === null ? "" : `&cursor=${body["next_cursor"]}`;
    } while (cursor !== "");
    assert.deepEqual(names, ["page-a", "page-b", "page-c"]);
    assert.equal((await service.get("/workflows?limit=1001")).status, 400);
  });

  test("a hostile text is refused, fast", async () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghij".replace(/./g, (name) => {
      const before = String.fromCharCode(name.charCodeAt(0) - 1);
      return `${name}: &${name} [${`*${before},`.repeat(9)}]\n`;
    })}`;
    for (const text of [
      bomb,
      `${"[".repeat(5000)}${"]".repeat(5000)}`,
      "__proto__: { polluted: true }\nkind: Workflow",
      "!!js/function 'x'",
      "a: 1\0",
      `${"x".repeat(1024 * 1024)}: 1`,
    ]) {
      const begun = performance.now();
      const { status } = await service.call("POST", "/workflows", text, YAML);
      assert.ok(status === 422 || status === 413, `${status} for ${text.slice(0, 30)}`);
      assert.ok(performance.now() - begun < SOON_MS);
    }
  });
});

suite("events", { concurrency: 4 }, () => {
  const outputOf = async (id: string, name: string) => stepOf(await ended(service, id), name)["output"];

  test("an event wakes every wait that it fits, each once: by name, by key, and by filter", async () => {
    await register(service, workflow("paid", [WAIT("paid", { correlation: "$.input.order" })]));
    await register(service, workflow("any-paid", [WAIT("paid")]));
    await register(service, workflow("big-paid", [WAIT("paid", { filter: "event.data.sum > 10" })]));
    const [one, same, other, number] = [
      await started(service, "paid", { input: { order: "o-1" } }),
      await started(service, "paid", { input: { order: "o-1" } }),
      await started(service, "paid", { input: { order: "o-2" } }),
      await started(service, "paid", { input: { order: 7 } }),
    ];
    const [any, big] = [await started(service, "any-paid"), await started(service, "big-paid")];
    const sent = await service.post("/events", { name: "paid", correlation_key: "o-1", data: { sum: 5 } });
    assert.equal(sent.status, 202);
    for (const id of [one, same]) assert.deepEqual(await outputOf(id, "paid"), { sum: 5 });
    assert.deepEqual(await outputOf(any, "paid"), { sum: 5 });
    for (const id of [other, big, number]) assert.equal((await read(service, id))["status"], "running");
    await service.post("/events", [
      { name: "paid", correlation_key: "o-2", data: { sum: 20 } },
      { name: "paid", correlation_key: "7", data: { sum: 7 } },
    ]);
    assert.deepEqual(await outputOf(other, "paid"), { sum: 20 });
    assert.deepEqual(await outputOf(big, "paid"), { sum: 20 });
    assert.deepEqual(await outputOf(number, "paid"), { sum: 7 }, "a number is the same key as its text");
  });

  test("an event with a key is kept for waits that begin later; an execution takes one event at most once", async () => {
    await service.post("/events", { name: "early", correlation_key: "e-1", data: { n: 1 }, id: "early-1" });
    await service.post("/events", { name: "keyless", data: { n: 1 } });
    const key = { correlation: "e-1" };
    const id = await begin(service, "earlier", [WAIT("early", key), { ...WAIT("early", key), name: "twice" }]);
    await until(async () => stepOf(await read(service, id), "early")["status"] === "completed");
    await service.post("/events", { name: "early", correlation_key: "e-1", data: { n: 9 }, id: "early-1" });
    assert.equal((await read(service, id))["status"], "running", "the same event is no other one");
    await service.post("/events", { name: "early", correlation_key: "e-1", data: { n: 2 } });
    assert.deepEqual(await outputOf(id, "early"), { n: 1 });
    assert.deepEqual(await outputOf(id, "twice"), { n: 2 });
    const none = await begin(service, "keyless", [WAIT("keyless")]);
    assert.equal((await read(service, none))["status"], "running", "without a key nothing is kept");
  });

  test("CloudEvents come structured, batched or with their attributes in headers", async () => {
    const extension = { correlationkey: "c-1" };
    await register(service, workflow("clouded", [WAIT("io.shop.paid", { name: "paid", correlation: "$.input.key" })]));
    const ids = [];
    for (const key of ["c-1", "c-2", "c-3"]) ids.push(await started(service, "clouded", { input: { key } }));
    const event = { specversion: "1.0", source: "/shop", type: "io.shop.paid" };
    const structured = { ...event, ...extension, id: "1", subject: "not-this", data: { n: 1 }, traceid: "t" };
    const cloud = { "content-type": "application/cloudevents+json" };
    assert.equal((await service.post("/events", structured, cloud)).status, 202);
    const batch = { "content-type": "application/cloudevents-batch+json" };
    await service.post("/events", [{ ...event, id: "2", subject: "c-2", data: { n: 2 } }], batch);
    const attributes = {
      "ce-specversion": "1.0",
      "ce-id": "3",
      "ce-source": "/shop",
      "ce-type": "io.shop.paid",
      "ce-subject": "c-3",
    };
    await service.post("/events", { n: 3 }, attributes);
    const outputs = [];
    for (const id of ids) outputs.push(await outputOf(id, "paid"));
    assert.deepEqual(outputs, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    const { type: _, ...untyped } = structured;
    assert.deepEqual(problem(await service.post("/events", untyped, cloud)), [400, "BAD_REQUEST", "/type"]);
  });

  test("what an execution emits wakes others", async () => {
    const waiting = await begin(service, "hearing", [WAIT("shipped", { correlation: "s-1" })]);
    const emit = { name: "tell", type: "emit", event: "shipped", correlation_key: "s-1", data: { n: "$.input.n" } };
    await ended(service, await begin(service, "telling", [emit], { input: { n: 4 } }));
    assert.deepEqual(await outputOf(waiting, "shipped"), { n: 4 });
  });

  test("published twice under one key, events are the same ones; what is no event is refused", async () => {
    const send = () => service.post("/events", [{ name: "once" }, { name: "once" }], { "idempotency-key": "k-1" });
    const [first, second] = [await send(), await send()];
    assert.deepEqual(first.body, second.body);
    for (const [body, pointer] of [
      [{ data: 1 }, "/name"],
      [{ name: "x", datum: 1 }, "/datum"],
      [[{ name: "x" }, { data: "y" }], "/1/name"],
      [{ events: [{}] }, "/events/0/name"],
    ] as const) {
      const refused = problem(await service.post("/events", body as Json));
      assert.deepEqual(refused.slice(0, 2), [400, "BAD_REQUEST"]);
      assert.ok(refused.includes(pointer), `${refused} has ${pointer}`);
    }
  });
});

test("expressions are evaluated over a context, whatever JSON that is, or refused with the place", async () => {
  const evaluate = (expression: string, context?: Json) =>
    service.post("/expressions/evaluate", context === undefined ? { expression } : { expression, context });
  for (const [expression, context, value] of [
    ["$.input.sum * 2", { input: { sum: 4 } }, 8],
    ["$", [1, 2], [1, 2]],
    ["$[1]", [1, 2], 2],
    ["$", null, null],
    [
      "$.a[?@.b > 1].c",
      {
        a: [
          { b: 1, c: "x" },
          { b: 2, c: "y" },
        ],
      },
      ["y"],
    ],
    ["$.missing", {}, null],
    ["upper('a') + 'b'", {}, "Ab"],
    ["$.user-id == 'x' ? 1 : 2", { "user-id": "x" }, 1],
  ] as const) {
    const { status, body, text } = await evaluate(expression, context as Json);
    assert.deepEqual([status, body], [200, { value }], `${expression}: ${text}`);
  }
  for (const [expression, column] of [
    ["$.a +", 6],
    ["1 / 0", 3],
    ["len(1)", 1],
  ] as const) {
    const refused = await evaluate(expression, { a: 1 });
    assert.deepEqual(problem(refused), [422, "EXPRESSION_ERROR", "/expression"], expression);
    assert.deepEqual(
      [within(refused.body, "errors", 0, "line"), within(refused.body, "errors", 0, "column")],
      [1, column],
    );
  }
  assert.equal((await service.post("/expressions/evaluate", { context: {} })).status, 400);
});

suite("requests that are not well formed", () => {
  test("what is not there, and what is there but not in this way", async () => {
    const json = { "content-type": "application/json" };
    for (const [method, path, body, headers, expected] of [
      ["GET", "/nothing", undefined, {}, [404, "ROUTE_NOT_FOUND"]],
      ["GET", "/workflows/nobody", undefined, {}, [404, "WORKFLOW_NOT_FOUND"]],
      ["GET", "/executors/nobody", undefined, {}, [404, "EXECUTOR_NOT_FOUND"]],
      ["PATCH", "/workflows", undefined, {}, [405, "METHOD_NOT_ALLOWED"]],
      ["DELETE", "/executions", undefined, {}, [405, "METHOD_NOT_ALLOWED"]],
      ["POST", "/events", "name: x", { "content-type": "text/plain" }, [415, "UNSUPPORTED_MEDIA_TYPE"]],
      ["POST", "/events", "{}", { "content-type": "application/jsonx" }, [415, "UNSUPPORTED_MEDIA_TYPE"]],
      ["POST", "/events", "{", json, [400, "BAD_REQUEST"]],
      ["POST", "/events", '{"name":"x","data":1e400}', json, [400, "BAD_REQUEST"]],
      [
        "POST",
        "/events",
        `{"name":"x","data":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
        json,
        [400, "BAD_REQUEST"],
      ],
      ["POST", "/events", '{"name":"x","__proto__":{"a":1}}', json, [400, "BAD_REQUEST"]],
      [
        "POST",
        "/expressions/evaluate",
        JSON.stringify({ expression: "1", context: "x".repeat(3e6) }),
        json,
        [413, "PAYLOAD_TOO_LARGE"],
      ],
      ["GET", `/executions?text=${"x".repeat(100_000)}`, undefined, {}, null],
    ] as const) {
      const begun = performance.now();
      const answered = await service.call(method, path, body, headers);
      const about = `${method} ${path.slice(0, 60)} ${body?.slice(0, 60)}`;
      if (expected === null) assert.ok(answered.status === 414 || answered.status === 431, about);
      else assert.deepEqual(problem(answered).slice(0, 2), expected, about);
      if (answered.status === 405) assert.match(answered.headers.get("allow") ?? "", /GET/);
      assert.ok(performance.now() - begun < SOON_MS, about);
    }
    assert.equal(
      (await service.post("/events", { name: "x" }, { "content-type": "application/json; charset=utf-8" })).status,
      202,
    );
  });

  test("a problem says which request it is about", async () => {
    const { status, body, headers } = await service.get("/executions/nobody", { "x-request-id": "mine-1" });
    const { type, title, detail, ...rest } = body;
    assert.equal(headers.get("content-type"), "application/problem+json; charset=utf-8");
    assert.ok([type, title, detail].every((text) => typeof text === "string" && text.length > 0));
    assert.deepEqual(rest, {
      status,
      instance: "/api/v1/executions/nobody",
      code: "EXECUTION_NOT_FOUND",
      errors: [],
      request_id: "mine-1",
    });
    assert.equal(headers.get("x-request-id"), "mine-1");
    assert.equal((await fetch(service.url + String(type))).status, 200, "and leads to an explanation");
  });

  test("pages of other sites and other names do not reach it", async () => {
    const foreign = await service.post("/events", { name: "x" }, { origin: "https://evil.example" });
    assert.deepEqual(problem(foreign).slice(0, 2), [403, "ORIGIN_NOT_ALLOWED"]);
    assert.equal(foreign.headers.get("access-control-allow-origin"), null);
    // `fetch` sets the host by itself.
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${service.url}/health`, { headers: { host: "evil.example" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on("error", reject).end();
    });
    assert.equal(status, 421);
  });

  test("more signals than an execution keeps are refused until some are taken", async () => {
    const id = await begin(service, "flooded", [job("flooded", "first"), WAIT("go")]);
    await Promise.all(Array.from({ length: 10 }, () => sendMany(`/api/v1/executions/${id}/signals/go`, 1000)));
    const refused = await service.post(`/executions/${id}/signals/go`, {});
    assert.deepEqual(problem(refused).slice(0, 2), [429, "SIGNALS_FULL"]);
    assert.ok(Number(refused.headers.get("retry-after")) >= 1);
    await answer(service, (await take(service, "flooded")).id);
    assert.equal((await ended(service, id))["status"], "completed");
  });
});

test("health: alive, ready, each part by itself, and what the workflows do", async () => {
  const live = await service.get("/health");
  assert.deepEqual([live.status, live.body["status"]], [200, "ok"]);
  for (const path of ["/ready", "/health/components"]) {
    const { status, body } = await service.get(path);
    assert.equal(status, 200);
    assert.match(String(body["status"]), /^(ok|degraded)$/, "what went before may have left it busy");
    assert.deepEqual(lacking(within(body, "checks", "store"), "status latency_ms error"), []);
  }
  await poll(service, "healthy", { wait_ms: 0 });
  const { body } = await service.get("/health/workflow");
  assert.ok((body["executors"] as JsonObject[]).some((executor) => executor["name"] === "healthy"));
  assert.ok(Number(within(body, "executions", "completed")) > 0);
});

/** What is answered by changing the protocol, or by a stream that does not end: tried where streams are. */
const CHANGES_PROTOCOL: ReadonlySet<string> = new Set(["streamTasks", "editDraft", "streamWorkspace"]);

suite("the API document", () => {
  test("it is OpenAPI 3.1 in JSON and YAML, and names each operation once", async () => {
    const { document, operations } = service.contract;
    assert.match(String(document["openapi"]), /^3\.1\./);
    for (const path of ["/api/openapi.json", "/api/docs/openapi.json"]) {
      assert.deepEqual((await service.get(path)).body, document);
    }
    assert.deepEqual(parse((await service.get("/api/openapi.yaml")).text), document);
    assert.equal(new Set(operations.map(({ id }) => id)).size, operations.length);
  });

  test("its pages need nothing from elsewhere", async () => {
    for (const path of ["/", "/api/docs", "/api/docs/problems"]) {
      const { text, headers } = await service.get(path);
      assert.doesNotMatch(text, /(?:src|href)="(?:https?:)?\/\//);
      assert.doesNotMatch(headers.get("content-security-policy") ?? "unsafe", /unsafe/);
    }
    await service.get("/api/docs/style.css");
  });

  test("it holds together: schemas compile, and parameters are those of the paths", () => {
    const { document, operations, compile } = service.contract;
    for (const name of Object.keys(within(document, "components", "schemas") as JsonObject)) {
      assert.equal(typeof compile(["components", "schemas", name]), "function", name);
    }
    for (const { id, path, method, definition } of operations) {
      const parameters = (definition["parameters"] ?? []) as JsonObject[];
      const inPath = parameters.filter((parameter) => parameter["in"] === "path").map(({ name }) => `{${name}}`);
      assert.deepEqual(inPath, path.match(/\{[a-z_]+\}/g) ?? [], id);
      for (const type of Object.keys((within(definition, "requestBody", "content") ?? {}) as JsonObject)) {
        compile(["paths", path, method.toLowerCase(), "requestBody", "content", type, "schema"]);
      }
    }
  });

  test("every operation in it does what it says", async () => {
    const id = await begin(service, "whole", [job("whole", "a"), WAIT("go")]);
    const { id: task } = await take(service, "whole");
    await service.post("/tasks/heartbeats", { heartbeats: [{ task_id: task }] });
    await answer(service, task);
    for (const what of ["results", "history", "logs", "explain", "export"])
      await service.get(`/executions/${id}/${what}`);
    for (const what of ["pause", "resume", "signals/other", "cancel"]) {
      assert.equal((await service.post(`/executions/${id}/${what}`, {})).status, 202);
    }
    assert.equal((await service.get(`/executions/${id}/stream`)).status, 200);
    await service.post(`/executions/${id}/retry`, {});
    await service.post(`/executions/${id}/terminate`, {});
    await service.post(`/executions/${id}/rerun`, {});
    await service.post("/workflows/whole/execute/batch", { executions: [{}] });
    for (const path of ["/executions", "/executors", "/executors/whole", "/workflows/whole/schema", "/workflows"]) {
      assert.equal((await service.get(path)).status, 200);
    }
    await service.call("PUT", "/executors/whole/instances/i", {});
    await service.get("/executors/whole/instances/i");
    await service.call("DELETE", "/executors/whole/instances/i");
    const guarded = job("guarded", "a", { circuit_breaker: { failure_threshold: 3 } });
    await begin(service, "guarded", [guarded]);
    const breaker = `/circuit-breakers/${encodeURIComponent("guarded/a")}`;
    for (const path of ["/circuit-breakers", breaker]) assert.equal((await service.get(path)).status, 200);
    assert.equal((await service.post(`${breaker}/reset`)).status, 200);
    await repairAndSort();
    await draftAndShare();
    await lookAtFigures();
    for (const path of ["/livez", "/readyz", "/startupz", "/metrics"]) await service.get(path);
    const { answered, operations } = service.contract;
    assert.deepEqual(
      operations.map(({ id: name }) => name).filter((name) => !answered.has(name) && !CHANGES_PROTOCOL.has(name)),
      [],
    );
    assert.ok((await history(service, id)).length > 0);
  });

  /** What is edited, by whom, and what becomes of it. */
  async function draftAndShare(): Promise<void> {
    const created = await service.post("/drafts", { workflow: "whole" });
    assert.equal(created.status, 201);
    const draft = `/drafts/${created.body["id"]}`;
    assert.equal((await service.get("/drafts?workflow=whole")).status, 200);
    assert.equal((await service.get(draft)).status, 200);
    assert.equal((await service.call("PUT", draft, { title: "Whole" })).status, 200);
    assert.equal((await service.post(`${draft}/publish`, {})).status, 200);
    const shared = await service.post(`${draft}/shares`, { access: "read" });
    assert.equal(shared.status, 201);
    assert.equal((await service.get(`${draft}/shares`)).status, 200);
    assert.equal((await service.call("DELETE", `${draft}/shares/${shared.body["id"]}`)).status, 204);
    assert.equal((await service.call("DELETE", draft)).status, 204);
  }

  /** What pages are made of: figures, dashboards, views, templates. */
  async function lookAtFigures(): Promise<void> {
    const figures = ["executions?period=15m", "system", "business", "catalogue"].map(
      (name) => `/api/v1/metrics/${name}`,
    );
    for (const path of [...figures, "/workflows/whole/metrics?period=15m", "/topology", "/templates"]) {
      assert.equal((await service.get(path)).status, 200, path);
    }
    assert.equal((await service.get("/templates/ecommerce-order")).status, 200);
    const { items } = (await service.get("/api/v1/metrics/catalogue")).body as { items: readonly { name: string }[] };
    const query = { metric: items[0]?.name ?? "", period: "1h" };
    assert.equal((await service.post("/api/v1/metrics/query", { queries: [query] })).status, 200);
    for (const [path, content] of [
      ["/dashboards", { id: "mine", name: "Mine", panels: [] }],
      ["/views", { id: "mine", name: "Mine", page: "executions", search: "status=failed" }],
    ] as const) {
      assert.equal((await service.post(path, content)).status, 201);
      assert.equal((await service.get(path)).status, 200);
      assert.equal((await service.get(`${path}/mine`)).status, 200);
      assert.equal((await service.call("PUT", `${path}/mine`, content)).status, 200);
      assert.equal((await service.call("DELETE", `${path}/mine`)).status, 204);
    }
  }

  /** By hand, in bulk, and what has failed for good. */
  async function repairAndSort(): Promise<void> {
    const undo = { compensate: { executor: "mended", function: "undo" } };
    const mended = await begin(service, "mended", [job("mended", "a"), job("mended", "b", undo)]);
    await service.post(`/executions/${mended}/steps/a/skip`, { reason: "done already" });
    await service.post(`/executions/${mended}/steps/b/complete`, { output: { n: 1 } });
    await until(async () => (await service.post(`/executions/${mended}/compensate`, {})).status === 202);
    await service.post(`/executions/${mended}/quarantine/reset`, {});

    // More than one page of them, so that it can be stopped on the way.
    await service.post("/workflows/whole/execute/batch", { executions: Array.from({ length: 500 }, () => ({})) });
    const started = await service.post("/executions/bulk", { operation: "cancel", filter: { workflow: "whole" } });
    assert.equal(started.status, 202);
    const bulk = `/executions/bulk/${started.body["id"]}`;
    assert.equal((await service.post(`${bulk}/cancel`)).status, 202);
    for (const path of ["/executions/bulk", bulk]) assert.equal((await service.get(path)).status, 200);

    const failed: string[] = [];
    for (let n = 0; n < 2; n++) failed.push(await begin(service, `dead${n}`, [{ name: "no", type: "fail" }]));
    await until(async () => (await service.get(`/dead-letters/${failed[1]}`)).status === 200);
    assert.equal((await service.get("/dead-letters")).status, 200);
    await service.post(`/dead-letters/${failed[0]}/replay`, {});
    await service.post("/dead-letters/replay", { filter: { workflow: "dead1" } });
    await service.call("DELETE", `/dead-letters/${failed[1]}`);
  }
});

/** The same request again and again down one connection, without waiting for answers in between; each must be a 202. */
async function sendMany(path: string, count: number): Promise<void> {
  const { hostname, port, host } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    Array.from({ length: count }, (_, n) => {
      const connection = n === count - 1 ? "close" : "keep-alive";
      return `POST ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${connection}\r\ncontent-length: 0\r\n\r\n`;
    }).join(""),
  );
  let text = "";
  for await (const chunk of socket) text += chunk;
  assert.equal(text.match(/HTTP\/1\.1 202/g)?.length, count);
}

/** Looks again and again: for what follows from an answer a moment later. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const limit = Date.now() + 10_000; Date.now() < limit; ) if (await holds()) return;
  assert.fail("Expected it to hold by now, but it does not.");
}
