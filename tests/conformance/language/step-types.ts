/** What each type of step does. */

import assert from "node:assert/strict";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { type Diagnosis, type Going, type Other, outputOf, type Run, tryRun } from "./cases.ts";
import { fails, gives, held, type Task } from "./executor.ts";

const ok = (name: string, more = ""): string => `{ name: ${name}, executor: me, function: ok${more} }`;
const echo = (name: string, input: string): string =>
  `{ name: ${name}, executor: me, function: echo, input: ${input} }`;
const hold = (name: string, more = ""): string => `{ name: ${name}, executor: me, function: hold${more} }`;

/** Which tasks are out and unanswered, sorted, once there are as many as expected and no more come. */
async function out(going: Going, done: readonly string[], ...expected: readonly string[]): Promise<void> {
  for (const path of expected) await going.task(path);
  await going.view();
  const open = going.tasks.map(({ path }) => path).filter((path) => !done.includes(path));
  assert.deepEqual(open.sort(), [...expected].sort());
}

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
  {
    says: "condition runs then or else",
    yaml: `
      - { name: yes, type: condition, condition: input.n > 1, then: [ ${ok("a")} ], else: [ ${ok("b")} ] }
      - { name: no, type: condition, condition: input.n > 9, then: [ ${ok("c")} ], else: [ ${ok("d")} ] }
      - { name: null, type: set, variables: { x: 1 } }`.replace("name: null", "name: nothing"),
    input: { n: 5 },
    calls: "yes.a no.d",
    steps: "yes completed; yes.a completed; no completed; no.d completed; nothing completed",
  },
  {
    says: "switch runs the first case that fits, or default",
    yaml: `
      - { name: s, type: switch, cases: [ { when: input.n > 9, steps: [ ${ok("a")} ] }, { when: input.n > 3, steps: [ ${ok("b")} ] }, { when: input.n > 1, steps: [ ${ok("c")} ] } ], default: [ ${ok("d")} ] }
      - { name: e, type: switch, cases: [ { when: input.n > 9, steps: [ ${ok("f")} ] } ], default: [ ${ok("g")} ] }
      - { name: h, type: switch, cases: [ { condition: input.n > 9, steps: [ ${ok("i")} ] } ] }`,
    input: { n: 5 },
    calls: "s.b e.g",
    steps: "s completed; s.b completed; e completed; e.g completed; h completed",
  },
];

const THREE = (fields: string): string =>
  `- { name: p, type: parallel, ${fields}, branches: [ { name: x, steps: [ ${hold("a")} ] }, { name: y, steps: [ ${hold("b")} ] }, { name: z, steps: [ ${hold("c")} ] } ] }`;
const PATHS = ["p.x.a", "p.y.b", "p.z.c"] as const;

const parallels: readonly Run[] = [
  {
    says: "a branch in which nothing runs has completed",
    yaml: `- { name: p, type: parallel, join: all, branches: [ { name: x, steps: [ ${ok("a", ', when: "false"')} ] }, { name: y, steps: [ ${ok("b")} ] } ], output: { x: $.branches.x.status } }`,
    outputs: { p: { x: "completed" } },
  },
  {
    says: "a branch may be one step in short form, of any type",
    yaml: `- { name: p, type: parallel, branches: [ ${echo("x", "{ v: 1 }")}, { name: y, type: set, variables: { v: 2 } } ], output: { v: $.branches.x.v, w: $.branches.x.steps.x.output.v } }`,
    outputs: { p: { v: 1, w: 1 } },
  },
  {
    says: "a parallel step is tried again as a whole by a retry of its own",
    yaml: `- { name: p, type: parallel, retry: { max_attempts: 2, initial_delay: 1ms }, branches: [ { name: x, steps: [ ${ok("a")} ] }, { name: y, steps: [ { name: b, executor: me, function: b, depends_on: [] } ] } ] }`,
    answers: { b: [fails("E1"), gives({})] },
    check: (_, view) => assert.equal(view.steps.find(({ path }) => path === "p")?.attempts, 2),
  },

  {
    says: "branches run side by side",
    yaml: THREE("join: all"),
    drive: async (going) => {
      await out(going, [], ...PATHS);
      for (const path of PATHS) await going.complete(path);
    },
    steps: "p completed; p.x.a completed; p.y.b completed; p.z.c completed",
  },
  {
    says: "the first failed branch fails the step and cancels the others",
    yaml: THREE("description: default"),
    drive: async (going) => {
      await out(going, [], ...PATHS);
      await going.complete("p.x.a");
      await going.fail("p.y.b", "E1");
    },
    status: "failed",
    error: { code: "E1", step: "b" },
    steps: "p failed E1; p.x.a completed; p.y.b failed E1; p.z.c cancelled",
  },
  {
    says: "without fail_fast all run to their end, the step completes, and the execution shows a warning",
    yaml: THREE("fail_fast: false"),
    drive: async (going) => {
      await out(going, [], ...PATHS);
      await going.fail("p.x.a", "E1");
      await going.fail("p.y.b", "E2");
      await going.complete("p.z.c", { v: 1 });
    },
    steps: "p completed; p.x.a failed E1; p.y.b failed E2; p.z.c completed",
    check: (_, view) => {
      assert.ok(view.warnings.length > 0);
      assert.partialDeepStrictEqual(outputOf(view, "p")["branches"], {
        x: { status: "failed", error: { code: "E1" } },
        z: { status: "completed", v: 1 },
      });
    },
  },
  {
    says: "without fail_fast the step fails if all have failed",
    yaml: THREE("fail_fast: false"),
    drive: async (going) => {
      for (const path of PATHS) await going.fail(path, "E1");
    },
    status: "failed",
    steps: "p failed E1; p.x.a failed E1; p.y.b failed E1; p.z.c failed E1",
  },
  {
    says: "join any completes with the first branch and cancels the rest",
    yaml: THREE("join: any"),
    drive: async (going) => {
      await out(going, [], ...PATHS);
      await going.fail("p.x.a", "E1");
      await going.complete("p.z.c");
    },
    steps: "p completed; p.x.a failed E1; p.y.b cancelled; p.z.c completed",
  },
  {
    says: "join 2 completes with two branches",
    yaml: THREE("join: 2"),
    drive: async (going) => {
      await out(going, [], ...PATHS);
      await going.complete("p.x.a");
      assert.equal((await going.view()).steps.find(({ path }) => path === "p")?.status, "running");
      await going.complete("p.z.c");
    },
    steps: "p completed; p.x.a completed; p.y.b cancelled; p.z.c completed",
  },
  {
    says: "join 2 fails once it cannot be reached",
    yaml: THREE("join: 2"),
    drive: async (going) => {
      await out(going, [], ...PATHS);
      await going.fail("p.x.a", "E1");
      assert.equal((await going.view()).status, "running");
      await going.fail("p.y.b", "E2");
    },
    status: "failed",
    steps: "p failed E1; p.x.a failed E1; p.y.b failed E2; p.z.c cancelled",
  },
  {
    says: "join any fails when all have failed",
    yaml: THREE("join: any"),
    drive: async (going) => {
      for (const path of PATHS) await going.fail(path, "E1");
    },
    status: "failed",
    error: "E1",
  },
  {
    says: "max_concurrency holds branches back",
    yaml: THREE("max_concurrency: 2"),
    drive: async (going) => {
      await out(going, [], "p.x.a", "p.y.b");
      await going.complete("p.y.b");
      await out(going, ["p.x.a", "p.y.b"], "p.z.c");
      await going.complete("p.x.a");
      await going.complete("p.z.c");
    },
  },
  {
    says: "the join of a parallel step is about its branches alone",
    yaml: `
      - ${ok("one", ", on_failure: p")}
      - ${ok("two", ", depends_on: []")}
      - { name: p, type: parallel, join: any, depends_on: [ one, two ], branches: [ { name: x, steps: [ ${ok("a")} ] }, { name: y, steps: [ ${ok("b")} ] } ] }`.replace(
      ", on_failure: p",
      "",
    ),
    calls: "one,two p.x.a,p.y.b",
  },
];

const loops: readonly Run[] = [
  {
    says: "times may be an expression, and has to give a number of times",
    yaml: `- { name: l, type: loop, times: $.input.n, steps: [ ${ok("a")} ] }\n- { name: m, type: loop, times: $.input.text, steps: [ ${ok("b")} ] }`,
    input: { n: 2, text: "x" },
    status: "failed",
    error: { code: "EXPRESSION_ERROR", step: "m" },
    outputs: { l: { count: 2 } },
  },

  ...["iterate_over: $.input.list", "times: 3"].map(
    (over): Run => ({
      says: `${over} of more than max_iterations is an ITERATION_LIMIT too`,
      yaml: `- { name: l, type: loop, ${over}, max_iterations: 2, steps: [ ${ok("a")} ] }`,
      input: { list: [1, 2, 3] },
      status: "failed",
      error: { code: "ITERATION_LIMIT", step: "l" },
    }),
  ),
  {
    says: "paths tell branches and iterations at any depth",
    yaml: `- { name: p, type: parallel, branches: [ { name: x, steps: [ { name: l, type: loop, times: 2, steps: [ { name: m, type: loop, times: 1, steps: [ ${ok("a")} ] } ] } ] } ] }`,
    calls: "p.x.l[0].m[0].a p.x.l[1].m[0].a",
  },
  {
    says: "an output mapping of a loop sees failed iterations",
    yaml: `- { name: l, type: loop, times: 2, fail_fast: false, steps: [ { name: a, executor: me, function: a } ], output: { states: "$.iterations[*].status", codes: "$.iterations[?@.status == 'failed'].error.code" } }`,
    answers: { "l[0].a": fails("E1") },
    outputs: { l: { states: ["failed", "completed"], codes: ["E1"] } },
  },

  {
    says: "a loop runs its body for each item, one after the other",
    yaml: `- { name: l, type: loop, iterate_over: $.input.list, steps: [ ${echo("a", "{ i: $.item, n: $.index }")}, ${echo("b", "{ i: $.a.i }")} ] }`,
    input: { list: ["x", "y"] },
    calls: "l[0].a l[0].b l[1].a l[1].b",
    outputs: { "l[0].a": { i: "x", n: 0 }, "l[1].b": { i: "y" } },
  },
  {
    says: "variables have other names if given",
    yaml: `- { name: l, type: loop, iterate_over: $.input.list, item_variable: line, index_variable: place, steps: [ ${echo("a", "{ i: $.line, n: $.place }")} ] }`,
    input: { list: ["x"] },
    outputs: { "l[0].a": { i: "x", n: 0 } },
  },
  ...["text", { a: 1 }, 5, null].map(
    (list): Run => ({
      says: `iterate_over ${JSON.stringify(list)} is an EXPRESSION_ERROR`,
      yaml: `- { name: l, type: loop, iterate_over: $.input.list, steps: [ ${ok("a")} ] }`,
      input: { list },
      status: "failed",
      error: { code: "EXPRESSION_ERROR", step: "l" },
      calls: "",
    }),
  ),
  {
    says: "iterate_over is read once",
    yaml: `
      - { name: s, type: set, variables: { list: [ 1, 2 ] } }
      - { name: l, type: loop, iterate_over: $.context.list, steps: [ { name: more, type: set, variables: { list: [ 1, 2, 3, 4 ] } } ] }`,
    outputs: { l: { count: 2 } },
  },
  {
    says: "times runs the body so many times",
    yaml: `- { name: l, type: loop, times: 3, steps: [ ${echo("a", "{ n: $.index }")} ] }\n- { name: none, type: loop, times: 0, steps: [ ${ok("b")} ] }`,
    calls: "l[0].a l[1].a l[2].a",
    outputs: { l: { count: 3 }, none: { count: 0 } },
  },
  {
    says: "while is read before each iteration",
    yaml: `
      - { name: s, type: set, variables: { n: 0 } }
      - { name: l, type: loop, while: context.n < 3, steps: [ { name: more, type: set, variables: { n: $.context.n + 1 } }, ${echo("a", "{ n: $.context.n, i: $.index }")} ] }
      - { name: none, type: loop, while: context.n < 3, steps: [ ${ok("b")} ] }`,
    calls: "l[0].a l[1].a l[2].a",
    outputs: { l: { count: 3 }, none: { count: 0 }, "l[2].a": { n: 3, i: 2 } },
  },
  {
    says: "more than max_iterations is an ITERATION_LIMIT, which is not tried again",
    yaml: `- { name: l, type: loop, while: "true", max_iterations: 5, retry: { max_attempts: 2, initial_delay: 1ms }, steps: [ ${ok("a")} ] }`,
    status: "failed",
    error: { code: "ITERATION_LIMIT", step: "l" },
    calls: "l[0].a l[1].a l[2].a l[3].a l[4].a",
  },
  {
    says: "parallel: true runs all iterations at once",
    yaml: `- { name: l, type: loop, iterate_over: $.input.list, parallel: true, steps: [ ${hold("a")} ] }`,
    input: { list: [1, 2, 3, 4] },
    drive: async (going) => {
      const paths = [0, 1, 2, 3].map((i) => `l[${i}].a`);
      await out(going, [], ...paths);
      for (const path of paths.reverse()) await going.complete(path);
    },
    outputs: { l: { count: 4 } },
  },
  {
    says: "batch_size bounds them, and the next begins as soon as one ends",
    yaml: `- { name: l, type: loop, iterate_over: $.input.list, parallel: true, batch_size: 2, steps: [ ${hold("a")} ] }`,
    input: { list: [1, 2, 3] },
    drive: async (going) => {
      await out(going, [], "l[0].a", "l[1].a");
      await going.complete("l[1].a");
      await out(going, ["l[0].a", "l[1].a"], "l[2].a");
      await going.complete("l[2].a");
      await going.complete("l[0].a");
    },
    outputs: { l: { count: 3 } },
  },
  {
    says: "chunk_size gives each iteration an array of so many items",
    yaml: `- { name: l, type: loop, iterate_over: $.input.list, chunk_size: 2, steps: [ ${echo("a", "{ items: $.item, n: $.index }")} ] }`,
    input: { list: [1, 2, 3, 4, 5] },
    outputs: {
      "l[0].a": { items: [1, 2], n: 0 },
      "l[1].a": { items: [3, 4], n: 1 },
      "l[2].a": { items: [5], n: 2 },
      l: { count: 3 },
    },
  },
  {
    says: "the first failed iteration fails the loop and cancels the others",
    yaml: `- { name: l, type: loop, times: 3, parallel: true, steps: [ ${hold("a")}, ${ok("b")} ] }`,
    drive: async (going) => {
      await out(going, [], "l[0].a", "l[1].a", "l[2].a");
      await going.fail("l[1].a", "E1");
    },
    status: "failed",
    error: { code: "E1", step: "a" },
    calls: "l[0].a,l[1].a,l[2].a",
  },
  {
    says: "one after the other, a failed iteration keeps the next from beginning",
    yaml: `- { name: l, type: loop, times: 3, steps: [ { name: a, executor: me, function: a } ] }`,
    answers: { "l[1].a": fails("E1") },
    status: "failed",
    calls: "l[0].a l[1].a",
  },
  {
    says: "without fail_fast all iterations run, the loop completes, and the execution shows a warning",
    yaml: `- { name: l, type: loop, times: 3, fail_fast: false, steps: [ { name: a, executor: me, function: a } ] }`,
    answers: { "l[1].a": fails("E1") },
    calls: "l[0].a l[1].a l[2].a",
    outputs: { l: { count: 3 } },
    check: (_, view) => assert.ok(view.warnings.length > 0),
  },
  {
    says: "without fail_fast the loop fails if all iterations have failed",
    yaml: `- { name: l, type: loop, times: 2, fail_fast: false, steps: [ { name: a, executor: me, function: fail_E1 } ] }`,
    status: "failed",
    error: "E1",
    calls: "l[0].a l[1].a",
  },
];

const tries: readonly Run[] = [
  {
    says: "the first catch that fits runs, and the try has completed",
    yaml: `
      - name: t
        type: try
        steps: [ { name: a, executor: me, function: fail_E2 }, ${ok("never")} ]
        catch:
          - { codes: [ E1 ], steps: [ ${ok("one")} ] }
          - { codes: [ E2, E3 ], when: input.no, steps: [ ${ok("two")} ] }
          - { codes: [ E2, E3 ], as: problem, steps: [ ${echo("three", "{ code: $.problem.code, same: $.error.code }")} ] }
          - { steps: [ ${ok("four")} ] }
        finally: [ ${ok("last")} ]
      - ${ok("next")}`,
    calls: "t.a t.three t.last next",
    outputs: { "t.three": { code: "E2", same: "E2" } },
  },
  {
    says: "where no catch fits the try fails with the error, after finally",
    yaml: `
      - { name: t, type: try, steps: [ { name: a, executor: me, function: fail_E2 } ], catch: [ { codes: [ E1 ], steps: [ ${ok("one")} ] } ], finally: [ ${ok("last")} ] }
      - ${ok("next")}`,
    status: "failed",
    error: { code: "E2", step: "a" },
    calls: "t.a t.last",
    steps: "t failed E2; t.a failed E2; t.last completed; next cancelled",
  },
  {
    says: "finally runs after success too",
    yaml: `- { name: t, type: try, steps: [ ${ok("a")} ], catch: [ { steps: [ ${ok("one")} ] } ], finally: [ ${ok("last")} ] }`,
    calls: "t.a t.last",
  },
  {
    says: "a handler that fails fails the try with the first error, after finally",
    yaml: `- { name: t, type: try, steps: [ { name: a, executor: me, function: fail_E1 } ], catch: [ { steps: [ { name: h, executor: me, function: fail_E2 } ] } ], finally: [ ${ok("last")} ] }`,
    status: "failed",
    calls: "t.a t.h t.last",
  },
  {
    says: "a finally that fails after success fails the try",
    yaml: `- { name: t, type: try, steps: [ ${ok("a")} ], finally: [ { name: f, executor: me, function: fail_E3 } ] }`,
    status: "failed",
    error: "E3",
  },
  {
    says: "codes may be whole classes of HTTP errors",
    yaml: `
      - { name: t, type: try, steps: [ { name: a, type: http, url: WEB/status/404 } ], catch: [ { codes: [ HTTP_5xx ], steps: [ ${ok("five")} ] }, { codes: [ HTTP_4xx ], steps: [ ${ok("four")} ] } ] }`,
    calls: "t.four",
  },
  {
    says: "finally runs when the execution is cancelled, and catch does not",
    yaml: `- { name: t, type: try, steps: [ ${hold("a")} ], catch: [ { steps: [ ${ok("h")} ] } ], finally: [ ${ok("last")} ] }`,
    drive: async (going) => {
      await going.task("t.a");
      await going.post("cancel");
    },
    status: "cancelled",
    calls: "t.a t.last",
  },
  {
    says: "what runs beside a failure in a try is cancelled before its catch",
    yaml: `- { name: t, type: try, steps: [ ${hold("a")}, ${hold("b", ", depends_on: []")} ], catch: [ { steps: [ ${ok("h")} ] } ] }`,
    drive: async (going) => {
      await out(going, [], "t.a", "t.b");
      await going.fail("t.a", "E1");
    },
    steps: "t completed; t.a failed E1; t.b cancelled; t.h completed",
  },
];

const children: readonly Run[] = [
  {
    says: "a child is given its own defaults, and an input that breaks its schema fails the step",
    also: {
      "st-schema": `input_schema: { type: object, required: [ n ], properties: { n: { type: integer }, d: { default: 7 } } }\nsteps: [ ${echo("c", "{ got: $.input }")} ]`,
    },
    yaml: `
      - { name: good, type: workflow, workflow: st-schema, input: { n: 1 } }
      - { name: bad, type: workflow, workflow: st-schema, input: { n: text } }`,
    status: "failed",
    error: { code: "VALIDATION_FAILED", step: "bad" },
    outputs: { good: { got: { n: 1, d: 7 } } },
  },
  {
    says: "a child runs the version that is named, else the active one",
    also: { "st-versions": `- ${ok("c")}` },
    yaml: `
      - { name: none, type: workflow, workflow: st-versions, version: 9.9.9, on_failure: fine }
      - { name: fine, type: workflow, workflow: st-versions, version: v1.0.0 }`,
    check: (_, view) => assert.deepEqual(view.steps.map(({ status }) => status).slice(0, 2), ["failed", "completed"]),
  },

  {
    says: "a child gets its input, and its output is the step's",
    also: { "st-child": `steps: [ ${echo("c", "{ got: $.input }")} ]\noutput: { back: $.c.got.x }` },
    yaml: `- { name: w, type: workflow, workflow: st-child, input: { x: $.input.n } }`,
    input: { n: 5 },
    outputs: { w: { back: 5 } },
  },
  {
    says: "a child that fails fails the step with its code and its error as cause",
    also: { "st-failing": `- { name: c, executor: me, function: fail_CHILD }` },
    yaml: `- { name: w, type: workflow, workflow: st-failing }`,
    status: "failed",
    error: { code: "CHILD", step: "w", cause: { code: "CHILD", step: "c" } },
  },
  {
    says: "a child that times out fails the step with TIMEOUT, one that is cancelled with CANCELLED",
    also: {
      "st-slow": `timeout: 100ms\nsteps: [ { name: c, type: wait, duration: 1h } ]`,
      "st-waits": `- ${hold("c")}`,
    },
    yaml: `
      - { name: slow, type: workflow, workflow: st-slow, on_failure: waits }
      - { name: waits, type: workflow, workflow: st-waits }`,
    drive: async (going) => {
      const task = await going.task("c");
      await going.world.platform.request("POST", `/executions/${task.execution_id}/cancel`, {});
    },
    status: "failed",
    steps: "slow failed TIMEOUT; waits failed CANCELLED",
  },
  {
    says: "a retry starts a new child",
    also: { "st-again": `- { name: c, executor: me, function: c }` },
    yaml: `- { name: w, type: workflow, workflow: st-again, retry: { max_attempts: 2, initial_delay: 1ms } }`,
    answers: { c: [fails("E1"), gives({ x: 1 })] },
    outputs: { w: { x: 1 } },
    check: (going) => assert.equal(new Set(going.tasks.map((task: Task) => task.execution_id)).size, 2),
  },
  {
    says: "wait: false gives the child's id at once, and the child lives on",
    also: { "st-free": `- ${hold("c")}` },
    yaml: `- { name: w, type: workflow, workflow: st-free, wait: false }`,
    drive: (going) => going.task("c"),
    check: async (going, view) => {
      const task = await going.task("c");
      assert.deepEqual(outputOf(view, "w"), { execution_id: task.execution_id });
      await going.complete("c");
      const child = await going.world.platform.request("GET", `/executions/${task.execution_id}`);
      assert.equal(child.body["status"], "completed");
    },
  },
  ...(["cancel", "terminate"] as const).map(
    (command): Run => ({
      says: `${command} of the parent ends its waited-for children first`,
      also: { [`st-${command}`]: `- ${hold("c")}` },
      yaml: `- { name: w, type: workflow, workflow: st-${command} }`,
      drive: async (going) => {
        await going.task("c");
        await going.post(command);
      },
      status: "cancelled",
      check: async (going) => {
        const task = await going.task("c");
        const child = await going.world.platform.request("GET", `/executions/${task.execution_id}`);
        assert.equal(child.body["status"], "cancelled");
      },
    }),
  ),
  {
    says: "a parent that fails ends after its waited-for children, which are cancelled",
    also: { "st-beside": `- ${hold("c")}` },
    yaml: `- { name: w, type: workflow, workflow: st-beside }\n- ${hold("a", ", depends_on: []")}`,
    drive: async (going) => {
      await going.task("c");
      await going.fail("a", "E1");
    },
    status: "failed",
    error: "E1",
    steps: "w cancelled; a failed E1",
    check: async (going) => {
      const task = await going.task("c");
      const child = await going.world.platform.request("GET", `/executions/${task.execution_id}`);
      assert.equal(child.body["status"], "cancelled");
    },
  },
  {
    says: "a workflow that starts itself ends at a depth of 20",
    yaml: `- { name: w, type: workflow, workflow: NAME, input: { n: "\${(input.n ?? 0) + 1}" } }`,
    status: "failed",
  },
  {
    says: "a child that does not exist is an error",
    yaml: `- { name: w, type: workflow, workflow: st-nowhere }`,
    status: "failed",
    error: { step: "w" },
  },
];

const waits: readonly Run[] = [
  {
    says: "a wait pauses for its duration, never for less",
    yaml: `- { name: w, type: wait, duration: 150ms }\n- { name: past, type: wait, until: "2020-01-01T00:00:00Z" }\n- { name: soon, type: wait, until: "\${date_add(now(), '100ms')}" }`,
    check: (_, view) => assert.ok((view.duration ?? 0) >= 0.25, String(view.duration)),
  },
  {
    says: "a signal ends a wait for it, and its data is the output",
    yaml: `- { name: w, type: wait_for_event, event: go }`,
    drive: async (going) => {
      await going.until("waiting", "w");
      const { status } = await going.post("signals/go", { data: { x: 1 } });
      assert.equal(status, 202);
    },
    outputs: { w: { x: 1 } },
  },
  {
    says: "signals are kept, oldest first, and another name is another signal",
    yaml: `
      - ${hold("a")}
      - { name: w1, type: wait_for_event, event: go }
      - { name: w2, type: wait_for_event, event: go }`,
    drive: async (going) => {
      await going.task("a");
      await going.post("signals/other", { data: { x: 0 } });
      await going.post("signals/go", { data: { x: 1 } });
      await going.post("signals/go", { data: { x: 2 } });
      await going.complete("a");
    },
    outputs: { w1: { x: 1 }, w2: { x: 2 } },
  },
  {
    says: "a filter is a condition over the event",
    yaml: `- { name: w, type: wait_for_event, event: paid, filter: event.data.amount >= input.amount }`,
    input: { amount: 10 },
    drive: async (going) => {
      await going.until("waiting", "w");
      await going.post("signals/paid", { data: { amount: 5 } });
      await going.post("signals/paid", { data: { amount: 15 } });
    },
    outputs: { w: { amount: 15 } },
  },
  {
    says: "a wait that takes too long is a TIMEOUT",
    yaml: `- { name: w, type: wait_for_event, event: never, timeout: 50ms, on_failure: n }\n- ${ok("n")}`,
    steps: "w failed TIMEOUT; n completed",
  },
  {
    says: "an event wakes the waits whose correlation equals its key, and no others",
    yaml: `
      - { name: one, type: wait_for_event, event: paid-NAME, correlation: $.input.id }
      - { name: other, type: wait_for_event, event: paid-NAME, correlation: other, depends_on: [], timeout: 1500ms, on_failure: { steps: [ ${ok("late")} ] } }`,
    input: { id: 17 },
    drive: async (going) => {
      await going.until("waiting", "one");
      const { status } = await going.world.platform.request("POST", "/events", {
        event: `paid-${going.name}`,
        correlation_key: "17",
        data: { x: 1 },
      });
      assert.ok(status < 300);
    },
    status: "failed",
    outputs: { one: { x: 1 } },
    steps: "one completed; other failed TIMEOUT; other:on_failure.late completed",
  },
  {
    says: "without a correlation any event of that name will do, also a CloudEvent",
    yaml: `- { name: w, type: wait_for_event, event: any-NAME }\n- { name: v, type: wait_for_event, event: ce-NAME, correlation: s1 }\n- { name: u, type: wait_for_event, event: ce-NAME, correlation: k2 }`,
    drive: async (going) => {
      await going.until("waiting", "w");
      await going.world.platform.request("POST", "/events", {
        event: `any-${going.name}`,
        correlation_key: "k",
        data: { x: 1 },
      });
      const event = { specversion: "1.0", id: "e1", source: "/me", type: `ce-${going.name}` };
      await going.until("waiting", "v");
      await going.world.platform.request("POST", "/events", [
        { ...event, subject: "s1", data: { x: 2 } },
        { ...event, id: "e2", subject: "s1", correlationkey: "k2", data: { x: 3 } },
      ] as unknown as JsonObject);
    },
    outputs: { w: { x: 1 }, v: { x: 2 }, u: { x: 3 } },
  },
  {
    says: "an event wakes every wait that fits, each once",
    yaml: `
      - { name: a, type: wait_for_event, event: all-NAME, correlation: k }
      - { name: b, type: wait_for_event, event: all-NAME, correlation: k, depends_on: [] }`,
    drive: async (going) => {
      await going.until("waiting", "a");
      await going.until("waiting", "b");
      await going.world.platform.request("POST", "/events", {
        event: `all-${going.name}`,
        correlation_key: "k",
        data: { x: 1 },
      });
    },
    outputs: { a: { x: 1 }, b: { x: 1 } },
  },
  {
    says: "an event with a key is kept for a wait that begins later, and an execution takes it once",
    yaml: `
      - ${hold("a")}
      - { name: first, type: wait_for_event, event: kept-NAME, correlation: k }
      - { name: second, type: wait_for_event, event: kept-NAME, correlation: k, timeout: 100ms, on_failure: n }
      - ${ok("n")}`,
    drive: async (going) => {
      await going.task("a");
      await going.world.platform.request("POST", "/events", {
        event: `kept-${going.name}`,
        correlation_key: "k",
        data: { x: 1 },
      });
      await going.complete("a");
    },
    steps: "a completed; first completed; second failed TIMEOUT; n completed",
  },
  {
    says: "emit publishes an event, to waits of this execution and to later ones by key",
    yaml: `
      - { name: e, type: emit, event: told-NAME, correlation_key: $.input.id, data: { n: $.input.n } }
      - { name: w, type: wait_for_event, event: told-NAME, correlation: $.input.id }`,
    input: { id: "k9", n: 5 },
    outputs: { w: { n: 5 } },
  },
  {
    says: "emit wakes a wait that is there already",
    yaml: `
      - { name: w, type: wait_for_event, event: self-NAME }
      - ${hold("a", ", depends_on: []")}
      - { name: e, type: emit, event: self-NAME, data: { x: 1 }, depends_on: [ a ] }`,
    drive: async (going) => {
      await going.until("waiting", "w");
      await going.complete("a");
    },
    outputs: { w: { x: 1 } },
  },
  {
    says: "a correlation is read when the wait begins",
    yaml: `
      - { name: s, type: set, variables: { key: first } }
      - { name: w, type: wait_for_event, event: early-NAME, correlation: $.context.key }
      - ${hold("a", ", depends_on: [ s ]")}
      - { name: s2, type: set, variables: { key: second }, depends_on: [ a ] }`,
    drive: async (going) => {
      await going.until("waiting", "w");
      await going.complete("a");
      await going.until("completed", "s2");
      await going.world.platform.request("POST", "/events", {
        event: `early-${going.name}`,
        correlation_key: "first",
        data: { x: 1 },
      });
    },
    outputs: { w: { x: 1 } },
  },
  {
    says: "a correlation that is neither text nor number is an error",
    yaml: `- { name: w, type: wait_for_event, event: x, correlation: $.input }`,
    input: { a: 1 },
    status: "failed",
    error: "EXPRESSION_ERROR",
  },
];

const ends: readonly Run[] = [
  {
    says: "a return in a handler of a try completes the execution, after finally",
    yaml: `
      - { name: t, type: try, steps: [ { name: a, executor: me, function: fail_E1 } ], catch: [ { steps: [ { name: r, type: return, output: { code: $.error.code } } ] } ], finally: [ ${ok("f")} ] }
      - ${ok("never")}`,
    output: { code: "E1" },
    calls: "t.a t.f",
  },

  {
    says: "fail ends its scope with its code, or WORKFLOW_ERROR",
    yaml: `
      - { name: t, type: try, steps: [ { name: f, type: fail, code: MINE, message: "n is \${input.n}" }, ${ok("never")} ], catch: [ { steps: [ ${echo("h", "{ code: $.error.code, message: $.error.message }")} ] } ] }
      - { name: g, type: fail }`,
    input: { n: 5 },
    status: "failed",
    error: "WORKFLOW_ERROR",
    outputs: { "t.h": { code: "MINE", message: "n is 5" } },
    calls: "t.h",
  },
  {
    says: "return completes the execution from any depth",
    yaml: `
      steps:
        - ${hold("a")}
        - { name: l, type: loop, times: 3, depends_on: [], steps: [ { name: c, type: condition, condition: index == 1, then: [ { name: r, type: return, output: { at: $.index } } ] } ] }
        - ${ok("b")}
      output: { not: this }`,
    output: { at: 1 },
    check: (_, view) => assert.equal(view.steps.find(({ path }) => path === "a")?.status, "cancelled"),
  },
];

export const runs: readonly Run[] = [
  ...http,
  ...transforms,
  ...data,
  ...parallels,
  ...loops,
  ...tries,
  ...children,
  ...waits,
  ...ends,
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

export const diagnoses: readonly Diagnosis[] = [
  {
    says: "a join of more branches than there are is an error",
    yaml: `- { name: p, type: parallel, join: 3, branches: [ { name: x, steps: [ ${ok("a")} ] }, { name: y, steps: [ ${ok("b")} ] } ] }`,
    finds: ["error join-unreachable"],
  },
  {
    says: "a loop says over what it goes, and only once",
    yaml: `- { name: l, type: loop, times: 2, while: "true", steps: [ ${ok("a")} ] }\n- { name: m, type: loop, steps: [ ${ok("b")} ] }`,
    finds: ["error fields-exclusive", "error fields-none"],
  },
  {
    says: "two branches have two names",
    yaml: `- { name: p, type: parallel, branches: [ { name: x, steps: [ ${ok("a")} ] }, { name: x, steps: [ ${ok("b")} ] } ] }`,
    finds: ["error name-twice"],
  },
];

export const others: readonly Other[] = [
  {
    says: "an event with a key is kept for executions that start later, one without is not",
    async holds(world, name) {
      await world.platform.request("POST", "/events", { event: `kept-${name}`, correlation_key: "k", data: { x: 1 } });
      await world.platform.request("POST", "/events", { event: `lost-${name}`, data: { x: 1 } });
      await tryRun(world, name, {
        says: "",
        yaml: `
          - { name: a, type: wait_for_event, event: kept-NAME, correlation: k }
          - { name: b, type: wait_for_event, event: lost-NAME, timeout: 100ms, on_failure: c }
          - ${ok("c")}`,
        steps: "a completed; b failed TIMEOUT; c completed",
      });
    },
  },
];
