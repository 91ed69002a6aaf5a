/** Input that means harm: everything is refused with a clear problem, at once, and the server goes on. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import type { JsonObject } from "../core/base/json.ts";
import { HELLO, openRig, type Rig } from "./rig.test.ts";

const JSON_TYPE = { "content-type": "application/json" };
const EVALUATE = "/api/v1/expressions/evaluate";

let rig: Rig;
before(async () => {
  rig = await openRig();
  await rig.register(HELLO);
});
after(async () => {
  assert.deepEqual(rig.reports, [], "Nothing of this was a surprise.");
  assert.equal((await rig.get("/health")).status, 200);
  await rig[Symbol.asyncDispose]();
});

/** Sends bytes as they are, and answers what comes back until the connection ends. */
function raw(request: string | readonly string[], end = false): Promise<string> {
  const { hostname, port } = new URL(rig.url);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: hostname, port: Number(port) });
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  socket.on("close", () => resolve(text));
  socket.on("error", (error: NodeJS.ErrnoException) =>
    error.code === "ECONNRESET" || error.code === "EPIPE" ? resolve(text) : reject(error),
  );
  for (const part of [request].flat()) socket.write(part);
  if (end) socket.end();
  return promise;
}

function problemOf(answer: string): JsonObject {
  return JSON.parse(answer.slice(answer.indexOf("{"))) as JsonObject;
}

describe("JSON", () => {
  const cases: readonly [string, string, RegExp][] = [
    [
      "nested 100,000 deep",
      `{"expression":"1","context":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      /nested at most 200/,
    ],
    ["nested deep and never closed", "[".repeat(1_000_000), /nested at most 200/],
    ["cut off", '{"expression": "1', /ends too early/],
    ["with a comma too many", '{"expression": "1",}', /breaks at/],
    ["with a name that changes prototypes", '{"expression": "$.a", "context": {"__proto__": {"a": 1}}}', /__proto__/],
    ["with such a name in disguise", '{"expression": "$.a", "context": {"\\u005f_proto__": {"a": 1}}}', /__proto__/],
    ["with a number beyond numbers", '{"expression": "$", "context": 1e400}', /too large/],
    ["with a number of four hundred digits", `{"expression": "$", "context": ${"9".repeat(400)}}`, /too large/],
    ["that is not UTF-8", "\xff\xfe", /UTF-8/],
    ["that is empty but for blanks", "  \n", /empty/],
    ["with NaN", '{"expression": NaN}', /breaks at/],
  ];
  for (const [name, text, detail] of cases) {
    test(`${name} is refused`, async () => {
      const answer = await rig.send("POST", EVALUATE, Buffer.from(text, "latin1"), JSON_TYPE);
      assert.deepEqual([answer.status, answer.body.code], [400, "BAD_REQUEST"], answer.text);
      assert.match(String(answer.body.detail), detail);
    });
  }

  test("says where it breaks", async () => {
    const answer = await rig.send("POST", EVALUATE, '{\n  "expression": oops\n}', JSON_TYPE);
    const [error] = answer.body.errors as JsonObject[];
    assert.deepEqual([error?.line, error?.column], [2, 17]);
  });

  test("that is odd but harmless is taken as it is", async () => {
    const evaluate = async (context: string) =>
      (await rig.send("POST", EVALUATE, `{"expression": "$", "context": ${context}}`, JSON_TYPE)).body.value;
    assert.deepEqual(await evaluate('{"constructor": {"prototype": 1}, "toString": 2}'), {
      constructor: { prototype: 1 },
      toString: 2,
    });
    assert.deepEqual(await evaluate('{"a": 1, "a": 2}'), { a: 2 });
    assert.equal(await evaluate('"\\ud800"'), "\ud800");
    assert.equal(await evaluate('"__proto__"'), "__proto__");
    assert.equal(await evaluate("1e300"), 1e300);
    assert.deepEqual(await evaluate('"[[[[\\"["'), '[[[["[');
    const withMark = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('{"expression": "1"}')]);
    assert.equal((await rig.send("POST", EVALUATE, withMark, JSON_TYPE)).body.value, 1);
  });

  test("of millions of mistakes is told the first one", async () => {
    const answer = await rig.send(
      "POST",
      "/api/v1/tasks/results",
      `{"results": [${"0,".repeat(2_000_000)}0]}`,
      JSON_TYPE,
    );
    assert.equal(answer.status, 400);
    assert.equal((answer.body.errors as unknown[]).length, 1);
  });
});

describe("bodies", () => {
  test("of 50 MB are refused without being kept", async () => {
    const before = process.memoryUsage().rss;
    const chunk = Buffer.alloc(1024 * 1024, "x");
    async function* chunks() {
      for (let i = 0; i < 50; i++) yield chunk;
    }
    for (const headers of [JSON_TYPE, { ...JSON_TYPE, "content-length": String(50 * chunk.length) }]) {
      const response = await fetch(`${rig.url}/api/v1/workflows/hello/execute`, {
        method: "POST",
        headers,
        body: ReadableStream.from(chunks()),
        duplex: "half",
      } as RequestInit);
      assert.equal(response.status, 413);
      const problem = (await response.json()) as JsonObject;
      assert.equal(problem.code, "PAYLOAD_TOO_LARGE");
      assert.match(String(problem.detail), /at most \d+ bytes/);
    }
    assert.ok(process.memoryUsage().rss - before < 150 * 1024 * 1024);
  });

  test("of other types are refused", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/json\ta",
      "application/json, text/plain",
      "json",
      "application/json; charset=latin1",
      "multipart/form-data; boundary=x",
    ]) {
      const answer = await rig
        .send("POST", EVALUATE, '{"expression": "1"}', { "content-type": type })
        .catch(() => null);
      // What cannot even stand in a header never leaves the client.
      if (answer !== null) assert.deepEqual([answer.status, answer.body.code], [415, "UNSUPPORTED_MEDIA_TYPE"], type);
    }
    const tab = `POST ${EVALUATE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\ta\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`;
    assert.match(await raw(tab), /^HTTP\/1\.1 415 /);
    const none = `POST ${EVALUATE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`;
    assert.match(await raw(none), /^HTTP\/1\.1 415 /);
    for (const type of ["application/json; charset=utf-8", 'application/json; charset="UTF-8"', "Application/JSON"]) {
      assert.equal(
        (await rig.send("POST", EVALUATE, '{"expression": "1"}', { "content-type": type })).status,
        200,
        type,
      );
    }
  });

  test("that are compressed are refused", async () => {
    const answer = await rig.send("POST", EVALUATE, "x", { ...JSON_TYPE, "content-encoding": "gzip" });
    assert.equal(answer.status, 415);
  });

  test("that break off leave nothing behind", async () => {
    const answer = await raw(
      `POST ${EVALUATE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"expr`,
      true,
    );
    assert.ok(answer === "" || answer.startsWith("HTTP/1.1 400"));
  });

  test("may not smuggle another request", async () => {
    const both = `POST ${EVALUATE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const answer = await raw(both);
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.doesNotMatch(answer, /"status":"ok"/);
  });
});

describe("YAML", () => {
  test("that would blow up is refused, fast", async () => {
    const levels = Array.from({ length: 20 }, (_, i) =>
      `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}*a${i - 1}]`.replaceAll("*a-1", "x"),
    );
    for (const text of [
      `x:\n  ${levels.join("\n  ")}`,
      "a: ".repeat(2000),
      "[".repeat(100_000),
      "!!js/function 'x'",
      "? [1]\n: 2",
      "\u0000",
      `a: "${"x".repeat(2 * 1024 * 1024)}"`,
    ]) {
      const began = process.cpuUsage();
      const answer = await rig.send("POST", "/api/v1/workflows", text, { "content-type": "application/yaml" });
      assert.deepEqual([answer.status, answer.body.code], [422, "DEFINITION_INVALID"], text.slice(0, 30));
      // Time of the processor: a busy machine makes nobody guilty.
      const { user, system } = process.cpuUsage(began);
      assert.ok(user + system < 2_000_000, text.slice(0, 30));
    }
  });
});

describe("addresses", () => {
  test("that lead nowhere are a problem, with a hint", async () => {
    const answer = await rig.get("/api/v1/workflow");
    assert.deepEqual([answer.status, answer.body.code], [404, "ROUTE_NOT_FOUND"]);
    assert.match(String(answer.body.detail), /\/api\/v1\/workflows\?/);
    assert.equal(answer.body.instance, "/api/v1/workflow");
  });

  test("take the methods that they take, and name them", async () => {
    const answer = await rig.send("DELETE", "/api/v1/executions/1");
    assert.deepEqual(
      [answer.status, answer.body.code, answer.headers.get("allow")],
      [405, "METHOD_NOT_ALLOWED", "GET, HEAD"],
    );
    assert.equal((await rig.send("PATCH", "/api/v1/workflows/hello")).headers.get("allow"), "GET, PUT, DELETE, HEAD");
    assert.equal((await rig.send("OPTIONS", "/api/v1/workflows")).status, 405);
    const head = await rig.send("HEAD", "/api/v1/workflows/hello");
    assert.deepEqual([head.status, head.text], [200, ""]);
  });

  test("that are mutated do not reach a route", async () => {
    for (const path of [
      "/api/v1/workflows/",
      "/api/v1/../v1/workflows/x/../../..//health",
      "/API/V1/workflows",
      "/api/v1/workflows/hello;x",
      "/api//v1/workflows",
      "/api/v1/workflows%2f",
      "/api/v1/workflows/hello/configs",
      "/api/v1/tasks/poll/health",
      "//evil.example/health",
    ]) {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 4\d\d /, path);
    }
  });

  test("with names of any kind are looked up and not found", async () => {
    for (const name of [
      "..%2f..%2fetc%2fpasswd",
      "__proto__",
      "constructor",
      "%00",
      "'; DROP TABLE x; --",
      "a".repeat(200),
      "\u{1F600}",
    ]) {
      const answer = await rig.get(`/api/v1/workflows/${name.includes("%") ? name : encodeURIComponent(name)}`);
      assert.deepEqual([answer.status, answer.body.code], [404, "WORKFLOW_NOT_FOUND"], name);
      const execution = await rig.get(`/api/v1/executions/${name.includes("%") ? name : encodeURIComponent(name)}`);
      assert.deepEqual([execution.status, execution.body.code], [404, "EXECUTION_NOT_FOUND"], name);
    }
    assert.equal((await rig.get("/api/v1/workflows/%ff")).status, 400);
    assert.equal((await rig.get("/api/v1/workflows/%zz")).status, 400);
    assert.equal((await rig.get(`/api/v1/workflows/${"a".repeat(3000)}`)).status, 414);
  });
});

describe("headers", () => {
  test("that are too large are refused", async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `X-${i}: y`).join("\r\n");
    const answer = await raw(`GET /health HTTP/1.1\r\nHost: localhost\r\n${many}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 431 /);
    assert.equal(problemOf(answer).code, "HEADERS_TOO_LARGE");
  });

  test("that name no host, or several, are refused", async () => {
    for (const host of ["", "Host:\r\n", "Host: evil.example\r\nHost: localhost\r\n"]) {
      assert.match(await raw(`GET /health HTTP/1.1\r\n${host}Connection: close\r\n\r\n`), /^HTTP\/1\.1 4(?:00|21) /);
    }
  });

  test("that are no headers are refused", async () => {
    const answer = await raw("GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\nb\r\n : c\r\n\r\n");
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.match(await raw("\u0016\u0003\u0001\u0002\u0000"), /^HTTP\/1\.1 400 /);
  });

  test("come back only as they can be trusted", async () => {
    assert.equal(
      (await rig.get("/health", { "x-request-id": "my-id_1.2:3" })).headers.get("x-request-id"),
      "my-id_1.2:3",
    );
    const made = (await rig.get("/health", { "x-request-id": "<script>" })).headers.get("x-request-id") ?? "";
    assert.match(made, /^[0-9a-f]{30}-\d+$/);
    const problem = await rig.get("/nowhere", { "x-request-id": "abc" });
    assert.equal(problem.body.request_id, "abc");
    const traceparent = await rig.post(
      "/api/v1/workflows/hello/execute?wait=5s",
      { input: { name: "Ada" } },
      { traceparent: "nonsense" },
    );
    assert.deepEqual((await rig.get(`/api/v1/executions/${traceparent.body.execution_id}`)).body.metadata, {});
  });

  test("keep browsers from guessing, framing and keeping", async () => {
    const { headers } = await rig.get("/api/v1/workflows");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("x-frame-options"), "DENY");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("access-control-allow-origin"), null);
  });
});
