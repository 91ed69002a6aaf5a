/** Steps that call out or work with data: functions, HTTP, scripts, validate and set. */

import assert from "node:assert/strict";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { outputOf, type Run } from "./cases.ts";
import { gives, held } from "./executor.ts";
import { echo } from "./shorthand.ts";

const functions: readonly Run[] = [
  {
    says: "a function is called by its executor and name, with what one needs to know",
    yaml: `- { name: a, executor: me, function: doIt, input: { x: 1 }, retry: { max_attempts: 3 } }`,
    start: { metadata: { who: "Ada" } },
    answers: { doIt: (task) => (task.attempt === 1 ? gives({ task: { ...task } as unknown as JsonObject }) : held) },
    check: (going, view) =>
      assert.partialDeepStrictEqual(outputOf(view, "a")["task"], {
        id: `${going.id}/a/1`,
        workflow: going.name,
        version: "1.0.0",
        execution_id: going.id,
        step: "a",
        path: "a",
        executor: "me",
        function: "doIt",
        attempt: 1,
        max_attempts: 3,
        delivery: 1,
        input: { x: 1 },
        metadata: { who: "Ada" },
      }),
  },
];

const http: readonly Run[] = [
  {
    says: "an http step is a POST with a body or an input, else a GET",
    yaml: `
      - { name: body, type: http, url: WEB/echo/x, body: { n: $.input.n } }
      - { name: given, type: http, url: WEB/echo/x, input: { n: $.input.n } }
      - { name: neither, type: http, url: WEB/echo/x }
      - { name: both, type: http, url: WEB/echo/x, input: { n: 1 }, body: { n: 2 } }`,
    input: { n: 5 },
    check: (_, view) => {
      assert.partialDeepStrictEqual(outputOf(view, "body"), { method: "POST", body: '{"n":5}' });
      assert.partialDeepStrictEqual(outputOf(view, "given"), { method: "POST", body: '{"n":5}' });
      assert.partialDeepStrictEqual(outputOf(view, "neither"), { method: "GET", body: "" });
      assert.partialDeepStrictEqual(outputOf(view, "both"), { method: "POST", body: '{"n":2}' });
      assert.match(String((outputOf(view, "body")["headers"] as JsonObject)["content-type"]), /application\/json/);
    },
  },
  {
    says: "the input is the query of a GET or DELETE, and the body of anything else",
    yaml: `
      - { name: get, type: http, url: WEB/echo/x, method: GET, input: { q: $.input.n, t: a b } }
      - { name: delete, type: http, url: WEB/echo/x, method: DELETE, input: { q: 1 } }
      - { name: put, type: http, url: WEB/echo/x, method: PUT, input: { q: 1 } }
      - { name: patch, type: http, url: WEB/echo/x, method: patch, input: { q: 1 } }
      - { name: query, type: http, url: "WEB/echo/x?a=1", query: { b: 2 } }`,
    input: { n: 5 },
    check: (_, view) => {
      assert.partialDeepStrictEqual(outputOf(view, "get"), { method: "GET", query: { q: "5", t: "a b" }, body: "" });
      assert.partialDeepStrictEqual(outputOf(view, "delete"), { method: "DELETE", query: { q: "1" }, body: "" });
      assert.partialDeepStrictEqual(outputOf(view, "put"), { method: "PUT", query: {}, body: '{"q":1}' });
      assert.partialDeepStrictEqual(outputOf(view, "patch"), { method: "PATCH", body: '{"q":1}' });
      assert.partialDeepStrictEqual(outputOf(view, "query"), { query: { a: "1", b: "2" } });
    },
  },
  {
    says: "each request carries an Idempotency-Key, the same for all attempts and for no other step",
    yaml: `
      - { name: a, type: http, url: WEB/failing/503/key-a, retry: { max_attempts: 2, initial_delay: 1ms }, output: { key: $.response.headers.idempotency-key, nth: $.response.nth, first: $.response.first } }
      - { name: b, type: http, url: WEB/echo/x, output: { key: $.response.headers.idempotency-key } }
      - { name: own, type: http, url: WEB/echo/x, idempotency_key: "k-\${input.n}", output: { key: $.response.headers.idempotency-key } }`,
    input: { n: 5 },
    check: (_, view) => {
      const { key, nth, first } = outputOf(view, "a");
      assert.equal(nth, 2);
      assert.ok(typeof key === "string" && key !== "");
      assert.equal((first as JsonObject)["idempotency-key"], key);
      assert.notEqual(outputOf(view, "b")["key"], key);
      assert.equal(outputOf(view, "own")["key"], "k-5");
    },
  },
  {
    says: "auth becomes a header, and a service brings headers of its own",
    yaml: `
      - { name: basic, type: http, url: WEB/echo/x, auth: { type: basic, username: ada, password: pw } }
      - { name: bearer, type: http, service: ledger, endpoint: /echo/x, auth: { type: bearer, token: "\${secrets.KEY}" }, output: { path: $.response.path, from: $.response.headers.x-service, is: "$.response.headers.authorization == 'Bearer s3cr3t'" } }`,
    outputs: { bearer: { path: "/ledger/echo/x", from: "ledger", is: true } },
    check: (_, view) =>
      assert.partialDeepStrictEqual(outputOf(view, "basic")["headers"], { authorization: "Basic YWRhOnB3" }),
  },
  {
    says: "a status that is not expected is an error of that name, one that is expected is not",
    yaml: `
      - { name: fine, type: http, url: WEB/status/404, expect_status: 404, output: { s: $.http.status } }
      - { name: list, type: http, url: WEB/status/503, expect_status: [ 200, 503 ], output: { s: $.http.status } }
      - { name: created, type: http, url: WEB/status/201, output: { s: $.http.status } }
      - { name: picky, type: http, url: WEB/echo/x, expect_status: 201, on_failure: bad }
      - { name: bad, type: http, url: WEB/status/404 }`,
    status: "failed",
    error: { code: "HTTP_404", step: "bad" },
    outputs: { fine: { s: 404 }, list: { s: 503 }, created: { s: 201 } },
    steps: "fine completed; list completed; created completed; picky failed HTTP_200; bad failed HTTP_404",
  },
  {
    says: "an answer that is no JSON is text",
    yaml: `- { name: a, type: http, url: WEB/text, output: { t: $.response } }`,
    outputs: { a: { t: "plain" } },
  },
  {
    says: "private addresses are barred unless they are allowed",
    yaml: `- { name: a, type: http, url: "http://10.1.2.3/x", on_failure: b }\n- { name: b, type: http, url: "http://169.254.169.254/latest", on_failure: c }\n- { name: c, type: http, url: "http://[::1]:1/x" }`,
    status: "failed",
    steps: "a failed CONNECTION_FAILED; b failed CONNECTION_FAILED; c failed CONNECTION_FAILED",
  },
  {
    says: "nobody listening is CONNECTION_FAILED",
    yaml: `- { name: a, type: http, url: "http://127.0.0.1:1/x", retry: { max_attempts: 2, initial_delay: 1ms } }`,
    status: "failed",
    error: { code: "CONNECTION_FAILED", attempt: 2 },
  },
];

const transforms: readonly Run[] = [
  {
    says: "a transform speaks JSONata, JavaScript and expressions",
    yaml: `
      - { name: jsonata, type: transform, language: jsonata, expression: '{ "sum": $sum(items.price), "names": items.name }' }
      - name: javascript
        type: transform
        language: javascript
        script: |
          function transform(input) {
            const sum = input.items.reduce((all, { price }) => all + price, 0);
            return { sum, names: input.items.map((item) => item.name.toUpperCase()) };
          }
      - { name: expression, type: transform, language: expression, expression: "sum(input.items[*].price)" }
      - { name: mapping, type: transform, mapping: { sum: "$.input.items[0].price + $.input.items[1].price", text: "\${len(input.items)} items" } }`,
    input: {
      items: [
        { name: "a", price: 1 },
        { name: "b", price: 2 },
      ],
    },
    outputs: {
      jsonata: { sum: 3, names: ["a", "b"] },
      javascript: { sum: 3, names: ["A", "B"] },
      expression: { value: 3 },
      mapping: { sum: 3, text: "2 items" },
    },
  },
  ...(
    [
      ["throws", "function transform() { throw new Error('no such thing'); }", /no such thing/],
      ["does not parse", "function transform( {", /./],
      ["has no function transform", "const x = 1;", /transform/],
      ["never ends", "function transform() { for (;;) {} }", /./],
      ["takes all memory", "function transform() { const all = []; for (;;) all.push(new Array(1e6).fill(1)); }", /./],
      ["calls itself for ever", "function transform(input) { return transform(input); }", /./],
      ["reaches for the network", "function transform() { return fetch('http://127.0.0.1:1'); }", /fetch/],
      ["reaches for the process", "function transform() { return process.env; }", /process/],
      ["reaches for modules", "function transform() { return require('fs'); }", /require/],
    ] as const
  ).map(
    ([how, script, says]): Run => ({
      says: `a script that ${how} is a SCRIPT_ERROR, and is not tried again`,
      yaml: `- { name: a, type: transform, language: javascript, script: "${script}", retry: { max_attempts: 3, initial_delay: 1ms } }`,
      input: {},
      status: "failed",
      error: { code: "SCRIPT_ERROR", attempt: 1 },
      check: (_, view) => assert.match(String(view.error?.["message"]), says),
    }),
  ),
  {
    says: "a JSONata expression that goes wrong is a SCRIPT_ERROR",
    yaml: `- { name: a, type: transform, language: jsonata, expression: "1 + 'a'" }`,
    status: "failed",
    error: "SCRIPT_ERROR",
  },
  {
    says: "nothing of one script stands in the way of the next",
    yaml: `
      - { name: a, type: transform, script: "Object.prototype.evil = 1; globalThis.seen = 1; Array.prototype.map = null; function transform() { return { done: true }; }" }
      - { name: b, type: transform, script: "function transform(input) { return { evil: ({}).evil ?? null, seen: globalThis.seen ?? null, list: [1].map((x) => x + 1) }; }" }`,
    outputs: { b: { evil: null, seen: null, list: [2] } },
  },
];

const data: readonly Run[] = [
  {
    says: "validate fails with VALIDATION_FAILED",
    yaml: `- { name: a, type: validate, schema: { type: object, required: [ email ] }, retry: { max_attempts: 3, initial_delay: 1ms } }`,
    input: {},
    status: "failed",
    error: { code: "VALIDATION_FAILED", attempt: 1 },
  },
  {
    says: "validate with on_invalid continue completes and says so",
    yaml: `
      - { name: a, type: validate, on_invalid: continue, schema: { type: object, required: [ email ], properties: { n: { type: string } } } }
      - { name: b, type: validate, on_invalid: continue, schema: { type: object } }
      - { name: c, type: validate, on_invalid: continue, input: { x: $.input.n }, rules: [ "input.x > 3", { name: small, condition: input.x < 5, message: It is too large. } ] }`,
    input: { n: 5 },
    check: (_, view) => {
      assert.equal(outputOf(view, "a")["valid"], false);
      assert.equal((outputOf(view, "a")["errors"] as JsonObject[]).length, 2);
      assert.deepEqual(outputOf(view, "b"), { valid: true, errors: [] });
      assert.equal(outputOf(view, "c")["valid"], false);
      assert.match(JSON.stringify(outputOf(view, "c")["errors"]), /It is too large/);
    },
  },
  {
    says: "set sets variables, and what is set again is replaced",
    yaml: `
      - { name: a, type: set, variables: { x: $.input.n, y: { z: [ $.input.n ] }, keep: 1 } }
      - { name: b, type: set, variables: { x: $.context.x + 1 } }
      - ${echo("show", "$.context")}`,
    input: { n: 5 },
    outputs: { show: { x: 6, y: { z: [5] }, keep: 1 } },
  },
];

export const runs: readonly Run[] = [...functions, ...http, ...transforms, ...data];
