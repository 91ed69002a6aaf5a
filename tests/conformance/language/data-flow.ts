/** How data gets into steps, out of them, through containers, and into the output of the execution. */

import assert from "node:assert/strict";
import { type Diagnosis, type Other, outputOf, type Run, register } from "./cases.ts";
import { gives } from "./executor.ts";

const item = (fields: string): string => `{ executor: me, function: echo, ${fields} }`;

export const runs: readonly Run[] = [
  {
    says: "texts are YAML 1.2: yes and no are texts, and zeros in front change nothing",
    yaml: `
      - name: a
        executor: me
        function: echo
        input: { a: yes, b: no, c: on, d: 012, e: 0x1F, f: 0o17, g: 2026-01-01, h: ~, i: 1e3, j: "1", k: null, l: .5, m: 12:30, n: True, o: !!str 5 }`,
    outputs: {
      a: {
        a: "yes",
        b: "no",
        c: "on",
        d: 12,
        e: 31,
        f: 15,
        g: "2026-01-01",
        h: null,
        i: 1000,
        j: "1",
        k: null,
        l: 0.5,
        m: "12:30",
        n: true,
        o: "5",
      },
    },
  },
  {
    says: "anchors and merge keys are resolved",
    yaml: `
      x-base: &base { one: 1, two: 2 }
      steps:
        - { name: a, executor: me, function: echo, input: { <<: *base, two: 3, all: *base } }`,
    outputs: { a: { one: 1, two: 3, all: { one: 1, two: 2 } } },
  },
  {
    says: "a start without an input gives {}",
    yaml: "- { name: a, executor: me, function: echo }",
    outputs: { a: {} },
  },

  {
    says: "the output of a skipped or failed step is null",
    yaml: `
      - { name: a, executor: me, function: ok, when: "false" }
      - { name: b, executor: me, function: fail_E1, on_failure: show }
      - { name: show, executor: me, function: echo, input: { a: $.a.x, b: $.b.x, as: $.a.status, bs: $.b.status, ao: $.steps.a.output } }`,
    outputs: { show: { a: null, b: null, as: "skipped", bs: "failed", ao: null } },
  },

  {
    says: "without input a function, transform, validate and workflow step gets the workflow's input",
    also: { "df-child": "- { name: seen, executor: me, function: echo, input: $.input }" },
    yaml: `
      - { name: f, executor: me, function: echo }
      - { name: j, type: transform, language: jsonata, expression: "$" }
      - { name: js, type: transform, script: "function transform(input) { return input; }" }
      - { name: m, type: transform, mapping: { got: $.input.n } }
      - { name: v, type: validate, schema: { type: object, properties: { n: { const: 5 } }, required: [ n ] } }
      - { name: w, type: workflow, workflow: df-child }`,
    input: { n: 5 },
    outputs: { f: { n: 5 }, j: { n: 5 }, js: { n: 5 }, m: { got: 5 }, w: { n: 5 } },
    check: (_, view) => assert.equal(outputOf(view, "v")["valid"], true),
  },
  {
    says: "without input they get the current item in a loop, at any depth of its body",
    also: { "df-item": "- { name: seen, executor: me, function: echo, input: $.input }" },
    yaml: `
      - name: l
        type: loop
        iterate_over: $.input.list
        item_variable: one
        steps:
          - { name: f, executor: me, function: echo }
          - { name: j, type: transform, language: jsonata, expression: "$" }
          - { name: v, type: validate, schema: { type: object, properties: { n: { const: 7 } }, required: [ n ] } }
          - { name: w, type: workflow, workflow: df-item }
          - { name: c, type: condition, condition: "true", then: [ { name: deep, executor: me, function: echo } ] }`,
    input: { list: [{ n: 7 }] },
    outputs: { "l[0].f": { n: 7 }, "l[0].j": { n: 7 }, "l[0].w": { n: 7 }, "l[0].c.deep": { n: 7 } },
  },
  {
    says: "an http step without input or body sends nothing",
    yaml: `- { name: a, type: http, url: WEB/echo/x }`,
    input: { n: 5 },
    check: (_, view) => assert.partialDeepStrictEqual(outputOf(view, "a"), { method: "GET", body: "", query: {} }),
  },
  {
    says: "an input of its own replaces all of it",
    yaml: `- { name: f, executor: me, function: echo, input: { m: $.input.n } }`,
    input: { n: 5, other: 1 },
    outputs: { f: { m: 5 } },
  },
  {
    says: "an input may be any value",
    yaml: `
      - { name: a, executor: me, function: echo, input: [ $.input.n, 2 ] }
      - { name: b, executor: me, function: echo, input: $.input.n }
      - { name: c, executor: me, function: echo, input: "n\${input.n}" }
      - { name: d, executor: me, function: echo, input: {} }`,
    input: { n: 5 },
    outputs: { a: { value: [5, 2] }, b: { value: 5 }, c: { value: "n5" }, d: {} },
  },
  {
    says: "an object is the output as it is, any other value stands under value",
    yaml: `
      - { name: o, executor: me, function: o }
      - { name: n, executor: me, function: n }
      - { name: l, executor: me, function: l }
      - { name: s, executor: me, function: s }
      - { name: z, executor: me, function: z }
      - { name: j, type: transform, language: jsonata, expression: "1 + 1" }
      - { name: show, executor: me, function: echo, input: { n: $.n.value, l: "$.l.value[1]" } }`,
    answers: { o: gives({ a: 1 }), n: gives(4), l: gives([1, 2]), s: gives("t"), z: gives(null) },
    outputs: {
      o: { a: 1 },
      n: { value: 4 },
      l: { value: [1, 2] },
      s: { value: "t" },
      z: { value: null },
      j: { value: 2 },
      show: { n: 4, l: 2 },
    },
  },
  {
    says: "output picks fields of the result",
    yaml: `
      - { name: a, executor: me, function: echo, input: { x: { y: 1 }, z: 2 }, output: { only: $.result.x.y, sum: "$.response.z + $.input.n", me: "\${result.z}!" } }
      - { name: s, executor: me, function: n, output: { n: $.result } }`,
    input: { n: 5 },
    answers: { n: gives(4) },
    outputs: { a: { only: 1, sum: 7, me: "2!" }, s: { n: 4 } },
  },
  {
    says: "condition, switch and try give the output of the last step that ran in them",
    yaml: `
      - { name: c, type: condition, condition: "true", then: [ ${item("name: c1, input: { v: 1 }")}, ${item("name: c2, input: { v: 2 }")}, ${item('name: c3, when: "false", input: { v: 3 }')} ] }
      - { name: s, type: switch, cases: [ { when: "false", steps: [ ${item("name: s1, input: { v: 1 }")} ] }, { when: "true", steps: [ ${item("name: s2, input: { v: 2 }")} ] } ] }
      - { name: d, type: switch, cases: [ { when: "false", steps: [ ${item("name: d1, input: { v: 1 }")} ] } ], default: [ ${item("name: d2, input: { v: 9 }")} ] }
      - { name: t, type: try, steps: [ ${item("name: t1, input: { v: 1 }")}, ${item("name: t2, input: { v: 2 }")} ] }
      - { name: k, type: try, steps: [ { name: k1, executor: me, function: fail_E } ], catch: [ { steps: [ ${item("name: k2, input: { v: 4 }")} ] } ] }
      - { name: n, type: condition, condition: "true", then: [ { name: inner, type: condition, condition: "true", then: [ ${item("name: n1, input: { v: 5 }")} ] } ] }`,
    outputs: { c: { v: 2 }, s: { v: 2 }, d: { v: 9 }, t: { v: 2 }, k: { v: 4 }, n: { v: 5 } },
  },
  {
    says: "they give {} where nothing ran in them",
    yaml: `
      - { name: c, type: condition, condition: "false", then: [ ${item("name: c1, input: { v: 1 }")} ] }
      - { name: s, type: switch, cases: [ { when: "false", steps: [ ${item("name: s1, input: { v: 1 }")} ] } ] }
      - { name: t, type: try, steps: [ ${item('name: t1, when: "false", input: { v: 1 }')} ] }`,
    outputs: { c: {}, s: {}, t: {} },
  },
  {
    says: "a parallel step gives its branches, each with status, error, steps and what its steps gave",
    yaml: `
      - name: p
        type: parallel
        fail_fast: false
        branches:
          - { name: good, steps: [ ${item("name: a, input: { x: 1, y: 1 }")}, ${item("name: b, input: { y: 2 }")} ] }
          - { name: bad, steps: [ { name: c, executor: me, function: fail_E } ] }`,
    check: (_, view) => {
      assert.deepEqual(Object.keys(outputOf(view, "p")), ["branches"]);
      assert.partialDeepStrictEqual(outputOf(view, "p")["branches"], {
        good: {
          status: "completed",
          error: null,
          x: 1,
          y: 2,
          steps: { a: { output: { x: 1, y: 1 }, status: "completed" }, b: { output: { y: 2 } } },
        },
        bad: { status: "failed", error: { code: "E" }, steps: { c: { status: "failed" } } },
      });
    },
  },
  {
    says: "fields of a branch are merged in the order in which its steps ended",
    yaml: `
      - name: p
        type: parallel
        branches:
          - { name: one, steps: [ { name: a, executor: me, function: hold }, { name: b, executor: me, function: hold, depends_on: [] } ] }
        output: { v: $.branches.one.v }`,
    drive: async (going) => {
      await going.complete("p.one.b", { v: "b" });
      await going.complete("p.one.a", { v: "a" });
    },
    outputs: { p: { v: "a" } },
  },
  {
    says: "a loop gives its count",
    yaml: `
      - { name: l, type: loop, times: 3, steps: [ ${item("name: a, input: { x: 1 }")} ] }
      - { name: none, type: loop, iterate_over: "$.input.none ?? []", steps: [ ${item("name: b, input: { x: 1 }")} ] }`,
    outputs: { l: { count: 3 }, none: { count: 0 } },
  },
  {
    says: "iterations have index, status, error and steps",
    yaml: `
      - name: l
        type: loop
        times: 2
        fail_fast: false
        steps: [ { name: a, executor: me, function: a } ]
        output: { all: $.iterations }`,
    answers: { "l[0].a": gives({ x: 1 }), "l[1].a": { error: { code: "E", message: "no" } } },
    check: (_, view) =>
      assert.partialDeepStrictEqual(outputOf(view, "l")["all"], [
        { index: 0, status: "completed", error: null, steps: { a: { output: { x: 1 } } } },
        { index: 1, status: "failed", error: { code: "E" }, steps: { a: { status: "failed" } } },
      ]),
  },
  {
    says: "what a later step reads through iterations is kept",
    yaml: `
      - { name: l, type: loop, times: 3, steps: [ ${item("name: a, input: { x: $.index, y: 1 }")} ] }
      - { name: show, executor: me, function: echo, input: { xs: "$.l.iterations[*].steps.a.output.x", last: "$.l.iterations[-1].steps.a.output.x", n: "\${len(l.iterations)}" } }`,
    outputs: { show: { xs: [0, 1, 2], last: 2, n: 3 } },
  },
  {
    says: "the output of the workflow builds the execution's",
    yaml: `
      steps: [ ${item("name: a, input: { x: 1 }")} ]
      output: { x: $.a.x, n: $.input.n, list: [ $.a.x, "\${a.x}" ], id: $.workflow.name }`,
    input: { n: 5 },
    check: (going, view) => assert.deepEqual(view.output, { x: 1, n: 5, list: [1, 1], id: going.name }),
  },
  {
    says: "without it each property of the output schema is taken from the newest step output that has it",
    yaml: `
      output_schema: { type: object, properties: { x: {}, y: {}, z: {}, absent: {} } }
      steps:
        - ${item("name: a, input: { x: 1, y: 1 }")}
        - ${item("name: b, input: { y: 2, more: 3 }")}
        - { name: p, type: condition, condition: "true", then: [ ${item("name: c, input: { z: 3 }")} ] }
        - ${item("name: d, input: { other: 4 }")}`,
    output: { x: 1, y: 2, z: 3 },
  },
  {
    says: "without a schema the output is that of the last main step to end",
    yaml: `
      - { name: a, executor: me, function: hold }
      - { name: b, executor: me, function: hold, depends_on: [] }`,
    drive: async (going) => {
      await going.complete("b", { v: "b" });
      await going.complete("a", { v: "a" });
    },
    output: { v: "a" },
  },
  {
    says: "the newest output is that of the step that ended last",
    yaml: `
      output_schema: { type: object, properties: { v: {} } }
      steps:
        - { name: a, executor: me, function: hold }
        - { name: b, executor: me, function: hold, depends_on: [] }`,
    drive: async (going) => {
      await going.complete("b", { v: "b" });
      await going.complete("a", { v: "a" });
    },
    output: { v: "a" },
  },
  {
    says: "an expression that goes wrong in a mapping fails the step with EXPRESSION_ERROR",
    yaml: `- { name: a, executor: me, function: echo, input: { x: "$.input.n + 'a'" }, retry: { max_attempts: 3, initial_delay: 1ms } }`,
    input: { n: 5 },
    status: "failed",
    error: { code: "EXPRESSION_ERROR", step: "a" },
    calls: "",
  },
  {
    says: "a result that is too large fails the step with an error that names it and says the limit",
    yaml: `- { name: big-one, executor: me, function: big, on_failure: { steps: [ ${item("name: h, input: { code: $.error.code }")} ] } }`,
    answers: { big: gives({ text: "x".repeat(1_100_000) }) },
    status: "failed",
    error: { code: "PAYLOAD_TOO_LARGE", step: "big-one" },
    outputs: { "big-one:on_failure.h": { code: "PAYLOAD_TOO_LARGE" } },
    check: (_, view) => assert.match(String(view.error?.["message"]), /(1 ?MiB|1048576|1,048,576|1024 KiB)/),
  },
  {
    says: "an input that is too large fails the step",
    yaml: `
      - { name: a, executor: me, function: half }
      - { name: b, executor: me, function: echo, input: { one: $.a.text, two: $.a.text } }`,
    answers: { half: gives({ text: "x".repeat(600_000) }) },
    status: "failed",
    error: { code: "PAYLOAD_TOO_LARGE", step: "b" },
    calls: "a",
  },
];

export const diagnoses: readonly Diagnosis[] = [];

export const others: readonly Other[] = [
  {
    says: "a start that is too large is refused",
    async holds(world, name) {
      await register(world, name, "- { name: a, executor: me, function: ok }", "the workflow");
      const { status } = await world.platform.request("POST", `/workflows/${name}/execute`, {
        input: { text: "x".repeat(1_200_000) },
      });
      assert.ok(status === 413 || status === 422, String(status));
    },
  },
];
