import assert from "node:assert/strict";
import { test } from "node:test";
import { isObject, type JsonObject } from "../base/json.ts";
import { toOpenApi } from "./openapi.ts";
import { PROBLEMS } from "./problems.ts";
import { closeCodeOf, ExecutorFrame, StreamHello, streamTasks } from "./task-stream.ts";
import { PollRequest, ResultsRequest } from "./tasks.ts";

/** The schema as JSON, as everybody outside sees it. */
function schemaOf(message: object): JsonObject {
  return JSON.parse(JSON.stringify(message)) as JsonObject;
}

function membersOf(message: object): JsonObject {
  const { properties } = schemaOf(message);
  assert.ok(isObject(properties));
  return properties;
}

test("what an executor sends is closed, and everything in a frame may be left out", () => {
  assert.equal(schemaOf(ExecutorFrame).additionalProperties, false);
  assert.deepEqual(schemaOf(ExecutorFrame).required ?? [], []);
  assert.equal(schemaOf(StreamHello).additionalProperties, false);
  assert.deepEqual(schemaOf(StreamHello).required, ["executor", "instance", "credits"]);
});

test("a stream takes the same results, names and leases as calls do", () => {
  assert.deepEqual(
    (membersOf(ExecutorFrame).results as JsonObject).items,
    (membersOf(ResultsRequest).results as JsonObject).items,
  );
  const [hello, poll] = [membersOf(StreamHello), membersOf(PollRequest)];
  for (const name of ["executor", "functions", "labels"]) assert.deepEqual(hello[name], poll[name], name);
  for (const bound of ["minimum", "maximum"])
    assert.equal((hello.lease_ms as JsonObject)[bound], (poll.lease_ms as JsonObject)[bound]);
});

test("the API document has the route with its upgrade, and the schemas of both sides' frames", () => {
  const document = toOpenApi({ version: "1.2.3", serverUrl: "/" });
  const { get } = (document.paths as Record<string, { get: { responses: JsonObject } }>)[streamTasks.path] ?? {};
  assert.ok(get !== undefined && Object.hasOwn(get.responses, "101") && Object.hasOwn(get.responses, "426"));
  const { schemas } = document.components as { schemas: JsonObject };
  assert.ok(Object.hasOwn(schemas, "ExecutorFrame") && Object.hasOwn(schemas, "PlatformFrame"));
});

test("every problem has a code that a WebSocket may be closed with", () => {
  for (const { status } of Object.values(PROBLEMS)) {
    const code = closeCodeOf(status);
    assert.ok(code >= 4000 && code <= 4999, String(code));
  }
});
