/** Wrong requests against the real process: each is told what was expected, where, and by a code that never changes. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ValidateAnswer } from "../../src/core/protocol/workflows.ts";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
before(async () => {
  platform = await startPlatform();
  await platform.api.register(ORDER);
});
after(() => platform[Symbol.asyncDispose]());

const ORDER = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: order, version: 1.0.0 }
spec:
  input_schema:
    type: object
    additionalProperties: false
    properties:
      id: { type: string, pattern: "^o-[0-9]+$", required: true }
      email: { type: string, format: email }
      lines: { type: array, minItems: 1, items: { type: object, required: [sku], properties: { sku: { type: string }, n: { type: integer, minimum: 1 } } } }
      priority: { enum: [low, high], default: low }
  steps:
    - { name: wait, type: wait_for_event, event: go }
`;

/** A text with errors, and for each its code and the words that it points at; empty words are the end of the text. */
const INVALID: Readonly<Record<string, readonly [string, readonly (readonly [string, string])[]]>> = {
  "syntax that breaks off": ["kind: Workflow\nspec: [\n", [["yaml-invalid", ""]]],
  "a tab that indents": ["kind: Workflow\nspec:\n\tsteps: []\n", [["yaml-invalid", "\tsteps"]]],
  "a quote that does not end": [`kind: "Workflow\n`, [["yaml-invalid", ""]]],
  "a field twice": [
    ORDER.replace("kind: Workflow\n", "kind: Workflow\nkind: Workflow \n"),
    [["key-twice", "kind: Workflow \n"]],
  ],
  "an alias of nothing": [ORDER.replace("event: go", "event: *go"), [["anchor-unknown", "*go"]]],
  "a dangerous name": [ORDER.replace("lines:", "__proto__:"), [["key-dangerous", "__proto__"]]],
  "a list in place of a document": ["- 1\n- 2\n", [["document-not-object", "- 1"]]],
  "another kind": [ORDER.replace("kind: Workflow", "kind: Wrokflow"), [["kind-unknown", "Wrokflow"]]],
  "an unknown field": [
    ORDER.replace("event: go", "evnt: go"),
    [
      ["field-missing", "{ name: wait"],
      ["field-unknown", "evnt"],
    ],
  ],
  "an unknown type": [ORDER.replace("wait_for_event", "wait_for_evnt"), [["type-unknown", "wait_for_evnt"]]],
  "a step that is not there": [ORDER.replace("go }", "go, on_success: nowhere }"), [["step-unknown", "nowhere"]]],
  "an expression that breaks off": [
    ORDER.replace("go }", `go, filter: "event.data =="}`),
    [["expression-invalid", `"}`]],
  ],
  "a duration that is none": [ORDER.replace("go }", "go, timeout: soon }"), [["duration-invalid", "soon"]]],
  "a schema that is none": [
    ORDER.replace("type: string, pattern", "type: text, pattern"),
    [["schema-invalid", "text,"]],
  ],
  "a name that is none": [ORDER.replace("name: order", "name: -order-"), [["workflow-name-invalid", "-order-"]]],
  "no steps": [ORDER.replace(/steps:\n.*\n/, "steps: []\n"), [["steps-empty", "[]"]]],
};

function placeOf(text: string, words: string): readonly [number, number] {
  const before = (words === "" ? text : text.slice(0, text.indexOf(words))).split("\n");
  return [before.length, (before.at(-1)?.length ?? 0) + 1];
}

test("a workflow with errors is refused with the place of each", { timeout: 60_000 }, async () => {
  const headers = { "content-type": "application/yaml" };
  for (const [about, [text, errors]] of Object.entries(INVALID)) {
    const places = errors.map(([code, words]) => [code, ...placeOf(text, words)]);
    const problem = await platform.api.refused(422, "DEFINITION_INVALID", "POST", "/api/v1/workflows", {
      text,
      headers,
    });
    const found = problem.errors.map(({ code, line, column }) => [code, line, column]);
    assert.deepEqual(found.toSorted(), places.toSorted(), about);
    for (const { detail } of problem.errors) assert.match(detail, /^Expected .*\./s, about);
    // The same through JSON, and from the route that only looks.
    await platform.api.refused(422, "DEFINITION_INVALID", "POST", "/api/v1/workflows", {
      body: { yaml_content: text },
    });
    const { status, body } = await platform.api.send<ValidateAnswer>("POST", "/api/v1/workflows/validate", {
      text,
      headers,
    });
    assert.deepEqual([status, body.valid, body.validation_status], [200, false, "invalid"], about);
    assert.deepEqual(
      body.diagnostics.map(({ code, line, column }) => [code, line, column]).toSorted(),
      places.toSorted(),
    );
  }
});

/** Texts that are made to keep the parser busy, and the code by which they are refused. */
const HOSTILE: Readonly<Record<string, readonly [string, string]>> = {
  "a billion laughs": [
    `a: &a [x]\n${[..."bcdefghij"].map((name, i) => `${name}: &${name} [${`*${"abcdefghij"[i]},`.repeat(10)}]`).join("\n")}\n`,
    "anchors-too-many",
  ],
  "a circle of anchors": ["spec: &a { steps: *a }\n", "anchor-cycle"],
  "two megabytes": [`${ORDER}# ${"x".repeat(2 * 1024 * 1024)}\n`, "text-too-large"],
  "a deep nest": [`spec: ${"[".repeat(5000)}${"]".repeat(5000)}\n`, "nesting-too-deep"],
  "a deep nest by indentation": [
    Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:\n`).join(""),
    "nesting-too-deep",
  ],
  "a tag that would run code": ["spec: !!js/function 'x'\n", "tag-unknown"],
  "a thousand documents": ["---\nkind: Workflow\n".repeat(5000), "documents-too-many"],
};

test("a workflow made to do harm is refused at once", { timeout: 60_000 }, async () => {
  for (const [about, [text, code]] of Object.entries(HOSTILE)) {
    const begun = performance.now();
    const { body } = await platform.api.send<ValidateAnswer>("POST", "/api/v1/workflows/validate", {
      body: { yaml_content: text },
    });
    assert.ok(
      body.diagnostics.some((one) => one.code === code && one.line >= 1),
      `${about}: ${JSON.stringify(body).slice(0, 500)}`,
    );
    assert.ok(performance.now() - begun < 3000, about);
    await platform.api.refused(422, "DEFINITION_INVALID", "POST", "/api/v1/workflows", {
      body: { yaml_content: text },
    });
  }
  const bytes = new Uint8Array([0x61, 0x3a, 0xff, 0xfe]);
  const headers = { "content-type": "application/yaml" };
  await platform.api.refused(400, "BAD_REQUEST", "POST", "/api/v1/workflows", { text: bytes, headers });
});

test("input that breaks its schema is refused with every place", { timeout: 30_000 }, async () => {
  const execute = "/api/v1/workflows/order/execute";
  const refuse = async (input: unknown) => {
    const { errors, detail } = await platform.api.refused(422, "VALIDATION_FAILED", "POST", execute, {
      body: { input },
    });
    assert.match(detail, /"order"/);
    return errors.map(({ pointer }) => pointer).sort();
  };
  assert.deepEqual(await refuse({}), ["/input/id"]);
  assert.deepEqual(await refuse(null), ["/input"]);
  assert.deepEqual(await refuse([1]), ["/input"]);
  assert.deepEqual(
    await refuse({
      id: "x-1",
      email: "nobody",
      lines: [{ sku: 7 }, { n: 1.5 }, { sku: "s", n: 0 }],
      priority: "none",
      more: 1,
    }),
    [
      "/input/email",
      "/input/id",
      "/input/lines/0/sku",
      "/input/lines/1/n",
      "/input/lines/1/sku",
      "/input/lines/2/n",
      "/input/more",
      "/input/priority",
    ],
  );
  assert.deepEqual(await refuse({ id: "o-1", lines: [] }), ["/input/lines"]);
  const { execution_id } = await platform.api.start("order", { id: "o-1" });
  assert.deepEqual((await platform.api.read(execution_id)).input, { id: "o-1", priority: "low" });
});

test("what is not there is a 404 that says what was looked for", { timeout: 30_000 }, async () => {
  const { api } = platform;
  const workflow = "/api/v1/workflows/nowhere";
  for (const path of ["", "/graph", "/schema", "/versions", "/versions/1.0.0"]) {
    const { detail } = await api.refused(404, "WORKFLOW_NOT_FOUND", "GET", workflow + path);
    assert.match(detail, /"nowhere"/, path);
  }
  await api.refused(404, "WORKFLOW_NOT_FOUND", "DELETE", workflow);
  await api.refused(404, "WORKFLOW_NOT_FOUND", "POST", `${workflow}/execute`, { body: {} });
  await api.refused(404, "WORKFLOW_NOT_FOUND", "POST", `${workflow}/execute/batch`, { body: { executions: [{}] } });
  await api.refused(404, "VERSION_NOT_FOUND", "GET", "/api/v1/workflows/order/versions/9.0.0");
  await api.refused(404, "VERSION_NOT_FOUND", "POST", "/api/v1/workflows/order/execute", {
    body: { input: { id: "o-1" }, options: { version: "9.0.0" } },
  });
  const execution = "/api/v1/executions/nowhere";
  for (const path of ["", "/results", "/history", "/logs", "/stream"]) {
    const { detail } = await api.refused(404, "EXECUTION_NOT_FOUND", "GET", execution + path);
    assert.match(detail, /"nowhere"/, path);
  }
  for (const path of ["cancel", "terminate", "pause", "resume", "retry", "rerun", "signals/go"]) {
    await api.refused(404, "EXECUTION_NOT_FOUND", "POST", `${execution}/${path}`, { body: {} });
  }
  await api.refused(404, "EXECUTOR_NOT_FOUND", "GET", "/api/v1/executors/nowhere");
  await api.refused(404, "EXECUTOR_NOT_FOUND", "GET", "/api/v1/executors/nowhere/instances/1");
  assert.deepEqual(await api.finish([{ task_id: "nowhere/step/1", status: "completed" }]), [
    { task_id: "nowhere/step/1", outcome: "unknown" },
  ]);
  const heartbeat = await api.post("/api/v1/tasks/heartbeats", { heartbeats: [{ task_id: "nowhere/step/1" }] });
  assert.equal((heartbeat.body["heartbeats"] as { outcome: string }[])[0]?.outcome, "unknown");
  assert.match(
    (await api.refused(404, "ROUTE_NOT_FOUND", "GET", "/api/v1/workflow")).detail,
    /Did you mean \/api\/v1\/workflows\?/,
  );
  await api.refused(404, "ROUTE_NOT_FOUND", "GET", "/api/v1/../../etc/passwd");
  const method = await api.send("DELETE", "/api/v1/executions");
  assert.deepEqual([method.status, method.body["code"]], [405, "METHOD_NOT_ALLOWED"]);
  assert.match(method.headers.get("allow") ?? "", /\bGET\b/);
});

test("a request that is not well formed is told where", { timeout: 30_000 }, async () => {
  const { api } = platform;
  const execute = "/api/v1/workflows/order/execute";
  const json = { "content-type": "application/json" };
  const bad = async (path: string, body: unknown, pointer: string, method = "POST") => {
    const { errors, detail } = await api.refused(400, "BAD_REQUEST", method, path, body === undefined ? {} : { body });
    assert.ok(
      errors.some((error) => error.pointer === pointer),
      `${path}: ${JSON.stringify(errors)}`,
    );
    assert.match(detail, /Expected/);
  };
  await bad(execute, { inputs: {} }, "/inputs");
  await bad(execute, { options: { priority: "urgent" } }, "/options/priority");
  await bad(execute, { options: { priority: 10 } }, "/options/priority");
  await bad(execute, { options: { timeout: "soon" } }, "/options/timeout");
  await bad(execute, { options: { execution_id: "not an id" } }, "/options/execution_id");
  await bad(execute, { metadata: [] }, "/metadata");
  await bad(execute, [], "");
  await bad(`${execute}?wait=2m`, {}, "query/wait");
  await bad(`${execute}?wiat=2s`, {}, "query/wiat");
  await bad(`${execute}/batch`, { executions: [] }, "/executions");
  await bad(`${execute}/batch`, { executions: [{}, { options: { timeout: -1 } }] }, "/executions/1/options/timeout");
  await bad("/api/v1/executions?status=sleeping", undefined, "query/status", "GET");
  await bad("/api/v1/executions?limit=1001", undefined, "query/limit", "GET");
  await bad("/api/v1/executions?limit=0", undefined, "query/limit", "GET");
  await bad("/api/v1/executions?cursor=nonsense", undefined, "query/cursor", "GET");
  await bad("/api/v1/executions?created_after=yesterday", undefined, "query/created_after", "GET");
  await bad("/api/v1/tasks/poll", { executor: "x" }, "/instance");
  await bad("/api/v1/tasks/poll", { executor: "@http", instance: "i" }, "/executor");
  await bad("/api/v1/tasks/poll", { executor: "x", instance: "i", wait_ms: 60_001 }, "/wait_ms");
  await bad("/api/v1/tasks/results", { results: [{ task_id: "t", status: "failed" }] }, "/results/0/error");
  await bad("/api/v1/tasks/results", { results: [{ task_id: "t", status: "done" }] }, "/results/0/status");
  await bad("/api/v1/events", { data: 1 }, "/name");

  const broken = await api.refused(400, "BAD_REQUEST", "POST", execute, {
    text: `{\n  "input": {,}\n}`,
    headers: json,
  });
  assert.deepEqual([broken.errors[0]?.line, broken.errors[0]?.column], [2, 13]);
  await api.refused(400, "BAD_REQUEST", "POST", execute, { text: `{"input": {}`, headers: json });
  await api.refused(400, "BAD_REQUEST", "POST", execute, { text: new Uint8Array([0x22, 0xff, 0x22]), headers: json });
  await api.refused(415, "UNSUPPORTED_MEDIA_TYPE", "POST", execute, {
    text: "input=1",
    headers: { "content-type": "text/plain" },
  });
  await api.refused(415, "UNSUPPORTED_MEDIA_TYPE", "POST", execute, {
    text: "{}",
    headers: { ...json, "content-encoding": "gzip" },
  });
  await api.refused(400, "BAD_REQUEST", "POST", execute, {
    body: { options: { execution_id: "o-1" } },
    headers: { "idempotency-key": "k-1" },
  });
  await api.refused(400, "BAD_REQUEST", "POST", execute, { body: {}, headers: { "idempotency-key": "k".repeat(256) } });
});
