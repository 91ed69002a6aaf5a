/** Where expressions are read in a workflow, and what their roots are. */

import assert from "node:assert/strict";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { outputOf, type Run } from "./cases.ts";
import { gives } from "./executor.ts";
import { shown } from "./shorthand.ts";

export const runs: readonly Run[] = [
  {
    says: "error is read on the whole path of a named handler, and in a fallback",
    yaml: `
      - { name: a, executor: me, function: fail_E1, on_failure: h }
      - { name: b, executor: me, function: fail_E2, fallback_step: f }
      - { name: c, executor: me, function: ok }
      - { name: h, executor: me, function: echo, input: { code: $.error.code, message: $.error.message }, on_success: h2 }
      - { name: h2, executor: me, function: echo, input: { code: $.error.code, step: "\${error.step}" }, on_success: b }
      - { name: f, executor: me, function: echo, input: { code: $.error.code } }`,
    outputs: {
      h: { code: "E1", message: "E1 was meant to happen." },
      h2: { code: "E1", step: "a" },
      b: { code: "E2" },
    },
  },
  {
    says: "an expression that goes wrong in the output of the workflow fails the execution",
    yaml: `
      steps: [ { name: a, executor: me, function: ok } ]
      output: { x: "$.input.n + 'a'" }`,
    input: { n: 1 },
    status: "failed",
    error: "EXPRESSION_ERROR",
  },
  {
    says: "an expression that goes wrong in an output mapping fails the step, which can be handled",
    yaml: `
      - { name: a, executor: me, function: ok, output: { x: "$.input.n + 'a'" }, on_failure: b }
      - { name: b, executor: me, function: echo, input: { code: $.a.error.code } }`,
    input: { n: 1 },
    outputs: { b: { code: "EXPRESSION_ERROR" } },
  },
  {
    says: "a condition that goes wrong fails the step, which can be handled",
    yaml: `
      - { name: a, executor: me, function: ok, when: input.n, on_failure: b }
      - { name: b, executor: me, function: echo, input: { code: $.a.error.code } }`,
    input: { n: 1 },
    outputs: { b: { code: "EXPRESSION_ERROR" } },
  },
  {
    says: "a variable that is set in one branch is read in all that comes later",
    yaml: `
      - { name: p, type: parallel, branches: [ { name: x, steps: [ { name: s, type: set, variables: { v: 1 } } ] } ] }
      - { name: l, type: loop, times: 2, steps: [ { name: more, type: set, variables: { v: $.context.v + 1 } } ] }
      - { name: show, executor: me, function: echo, input: { v: $.context.v, none: $.context.none } }`,
    outputs: { show: { v: 3, none: null } },
  },
  {
    says: "a named condition may name another, and is read where it is used",
    yaml: `
      conditions: [ { name: big, expression: input.n > 3 }, { name: ready, expression: "conditions.big && context.go == true" } ]
      steps:
        - { name: a, executor: me, function: ok, when: conditions.ready }
        - { name: s, type: set, variables: { go: true } }
        - { name: b, executor: me, function: ok, when: $.conditions.ready }`,
    input: { n: 4 },
    calls: "b",
  },

  {
    says: "a text in a mapping that starts with $. or $[ is wholly an expression",
    yaml: shown(`
      a: $.input.email
      b: "$.input.tier == 'premium'"
      c: $['input'].email
      d: $.input.n + 1
      e: "input.email"
      f: "cost: $.input.n"
      g: "len(input.email)"`),
    input: { email: "e@x", tier: "premium", n: 4 },
    outputs: {
      show: { a: "e@x", b: true, c: "e@x", d: 5, e: "input.email", f: "cost: $.input.n", g: "len(input.email)" },
    },
  },
  {
    says: "a text that is $ is an expression too",
    yaml: shown(`{ all: $ }`),
    input: { x: 1 },
    check: (_, view) => {
      assert.partialDeepStrictEqual(outputOf(view, "show"), { all: { input: { x: 1 } } });
    },
  },
  {
    says: "templates stand inside texts, and one that is the whole text keeps its type",
    yaml: shown(`
      path: "/customers/\${input.id}/validate"
      whole: "\${input.n}"
      list: "\${input.list}"
      dollar: "\${$.input.id}"
      two: "\${input.id}-\${input.n + 1}"
      spaced: " \${input.n}"
      nested: "\${ {a: {b: input.n}}.a.b }"
      brace: "\${'}'}!"
      none: "\${input.absent}"`),
    input: { id: "c1", n: 4, list: [1, { a: 2 }] },
    outputs: {
      show: {
        path: "/customers/c1/validate",
        whole: 4,
        list: [1, { a: 2 }],
        dollar: "c1",
        two: "c1-5",
        spaced: " 4",
        nested: 4,
        brace: "}!",
        none: null,
      },
    },
  },
  {
    says: "mappings are read at any depth of values and never in keys",
    yaml: shown(`
      deep: { list: [ { x: $.input.n }, "\${input.n}", $.input.n ] }
      "\${input.n}": key
      "$.input.n": key`),
    input: { n: 7 },
    outputs: { show: { deep: { list: [{ x: 7 }, 7, 7] }, "${input.n}": "key", "$.input.n": "key" } },
  },
  {
    says: "$$ at the start and $${ anywhere stand for $ and ${",
    yaml: shown(`
      a: "$$.input.n"
      b: "$\${input.n}"
      c: "cost $\${input.n} and \${input.n}"
      d: "$$"
      e: "a $$ b"
      f: "5$"
      g: "$5"
      h: "$$5"`),
    input: { n: 7 },
    outputs: {
      show: {
        a: "$.input.n",
        b: "${input.n}",
        c: "cost ${input.n} and 7",
        d: "$",
        e: "a $$ b",
        f: "5$",
        g: "$5",
        h: "$5",
      },
    },
  },
  {
    says: "what an evaluation gives is data and is never evaluated again",
    yaml: `
      - { name: one, executor: me, function: echo, input: { a: $.input.evil, b: "\${input.evil}", c: "x\${input.other}" } }
      - { name: two, executor: me, function: echo, input: { again: $.one.a, more: "\${one.c}" } }
      - { name: keep, type: set, variables: { kept: $.two.again } }
      - { name: three, executor: me, function: echo, input: { kept: $.context.kept } }`,
    input: { evil: "$.input.secret", other: "${input.secret}", secret: "no" },
    outputs: {
      one: { a: "$.input.secret", b: "$.input.secret", c: "x${input.secret}" },
      two: { again: "$.input.secret", more: "x${input.secret}" },
      three: { kept: "$.input.secret" },
    },
  },
  {
    says: "outputs, variables, data, payloads, messages and details are read",
    yaml: `
      - { name: call, executor: me, function: echo, input: { n: 1 }, output: { n: "$.result.n + $.input.n", t: "t\${response.n}" } }
      - { name: vars, type: set, variables: { v: $.input.n, list: [ "\${input.n}" ] } }
      - { name: tell, type: emit, event: told-NAME, data: { n: $.input.n } }
      - { name: end, type: fail, code: ENDED, message: "n is \${input.n}", details: { n: $.input.n } }`,
    input: { n: 5 },
    status: "failed",
    error: { code: "ENDED", message: "n is 5", details: { n: 5 } },
    outputs: { call: { n: 6, t: "t1" } },
  },
  {
    says: "url, endpoint, headers, query and body are read",
    yaml: `
      - { name: by-url, type: http, url: "WEB/echo/\${input.id}", headers: { x-id: $.input.id }, query: { q: $.input.n }, body: { n: $.input.n } }
      - { name: by-service, type: http, service: ledger, endpoint: "/echo/\${input.id}", method: GET }`,
    input: { id: "c1", n: 5 },
    check: (_, view) => {
      assert.partialDeepStrictEqual(outputOf(view, "by-url"), {
        path: "/echo/c1",
        query: { q: "5" },
        headers: { "x-id": "c1" },
        body: '{"n":5}',
      });
      assert.partialDeepStrictEqual(outputOf(view, "by-service"), {
        path: "/ledger/echo/c1",
        headers: { "x-service": "ledger" },
      });
    },
  },
  {
    says: "default_output is read",
    yaml: `
      - { name: a, executor: me, function: fail_E, default_output: { n: $.input.n, t: "is \${input.n}" } }`,
    input: { n: 5 },
    outputs: { a: { n: 5, t: "is 5" } },
  },
  {
    says: "a template in a script belongs to the script",
    yaml: `
      - name: js
        type: transform
        language: javascript
        script: "function transform(input) { return { t: \`n is \${input.n}\` }; }"
      - { name: jn, type: transform, language: jsonata, expression: '{ "t": "\${input.n}", "d": $.n }' }`,
    input: { n: 5 },
    outputs: { js: { t: "n is 5" }, jn: { t: "${input.n}", d: 5 } },
  },
  {
    says: "schemas, names and descriptions are not read",
    yaml: `
      steps:
        - name: check
          description: "$.nowhere.at.all"
          type: validate
          schema: { type: object, properties: { n: { const: "\${input.n}" } } }
          on_invalid: continue`,
    input: { n: "${input.n}" },
    check: (_, view) => assert.partialDeepStrictEqual(view.steps[0]?.output, { valid: true }),
  },
  {
    says: "conditions take true and false, and null counts as false",
    yaml: `
      - { name: a, executor: me, function: ok, when: $.input.yes }
      - { name: b, executor: me, function: ok, when: input.no }
      - { name: c, executor: me, function: ok, when: input.absent }
      - { name: d, executor: me, function: ok, when: "input.n > 1" }`,
    input: { yes: true, no: false, n: 2 },
    steps: "a completed; b skipped condition; c skipped condition; d completed",
  },
  {
    says: "a condition over anything else is an EXPRESSION_ERROR that says the type",
    yaml: `- { name: a, executor: me, function: ok, when: input.n }`,
    input: { n: 2 },
    status: "failed",
    steps: "a failed EXPRESSION_ERROR",
    check: (_, view) => assert.match(String(view.error?.["message"]), /number/),
  },
  {
    says: "input, metadata, execution, workflow, env and conditions are roots",
    yaml: `
      apiVersion: workflow.magic-flow.io/v2
      kind: Workflow
      metadata: { name: NAME, version: v1.2.3, labels: { tier: gold }, tags: [t1], owner: me@x }
      spec:
        conditions: [ { name: is-big, expression: "input.n > 3" } ]
        steps:
          - name: show
            executor: me
            function: echo
            input:
              n: $.input.n
              meta: $.metadata.source
              id: $.execution.id
              began: $.execution.started_at
              took: "\${execution.duration >= 0}"
              wf: [ $.workflow.name, $.workflow.version, $.workflow.labels.tier, "\${workflow.tags[0]}", $.workflow.owner ]
              env: $.env.ALLOWED
              big: $.conditions.is-big
          - { name: on-condition, executor: me, function: ok, when: "!conditions.is-big" }`,
    input: { n: 4 },
    start: { metadata: { source: "web" } },
    check: (going, view) => {
      const { began, ...shown } = outputOf(view, "show");
      assert.deepEqual(shown, {
        n: 4,
        meta: "web",
        id: going.id,
        took: true,
        wf: [going.name, "1.2.3", "gold", "t1", "me@x"],
        env: "seen",
        big: true,
      });
      assert.equal(began, view["started_at"]);
      assert.equal(view.steps[1]?.reason, "condition");
    },
  },
  {
    says: "a name that the configuration does not allow cannot be read from the environment",
    yaml: shown(`{ hidden: $.env.HIDDEN, path: $.env.PATH }`),
    outputs: { show: { hidden: null, path: null } },
  },
  {
    says: "a step is a root with the fields of its output, its status and its error",
    yaml: `
      - { name: one-a, executor: me, function: echo, input: { x: 1 } }
      - { name: bad, executor: me, function: fail_E1, on_failure: show }
      - name: show
        executor: me
        function: echo
        input:
          x: $.one-a.x
          again: "\${one-a.x}"
          status: $.one-a.status
          failed: $.bad.status
          code: $.bad.error.code
          bracket: $['one-a'].x
          full: [ $.steps.one-a.output.x, $.steps.one-a.status, $.steps.bad.error.code, $.steps.one-a.attempts ]
          times: "\${steps.one-a.started_at <= steps.one-a.finished_at}"
          none: $.steps.one-a.error`,
    outputs: {
      show: {
        x: 1,
        again: 1,
        status: "completed",
        failed: "failed",
        code: "E1",
        bracket: 1,
        full: [1, "completed", "E1", 1],
        times: true,
        none: null,
      },
    },
  },
  {
    says: "status, error and attempts of a step are its own, its output's are under steps",
    yaml: `
      - { name: a, executor: me, function: give }
      - { name: show, executor: me, function: echo, input: { s: $.a.status, e: $.a.error, t: $.a.attempts, o: $.steps.a.output.status, b: $.steps.a.output.branches } }`,
    answers: { give: gives({ status: "mine", error: "mine", attempts: "mine", branches: "mine" }) },
    outputs: { show: { s: "completed", e: null, t: 1, o: "mine", b: "mine" } },
  },
  {
    says: "set variables are read as context, loop variables in the loop",
    yaml: `
      - { name: s, type: set, variables: { v: $.input.n } }
      - name: l
        type: loop
        iterate_over: $.input.list
        steps:
          - { name: b, executor: me, function: echo, input: { i: $.item, n: $.index, v: $.context.v } }`,
    input: { n: 9, list: ["x", "y"] },
    outputs: { "l[0].b": { i: "x", n: 0, v: 9 }, "l[1].b": { i: "y", n: 1, v: 9 } },
  },
  {
    says: "a loop variable that equals an outer one hides it",
    yaml: `
      - name: outer
        type: loop
        iterate_over: $.input.list
        steps:
          - name: inner
            type: loop
            iterate_over: $.item
            steps:
              - { name: b, executor: me, function: echo, input: { i: $.item, n: $.index } }
          - { name: c, executor: me, function: echo, input: { i: $.item } }`,
    input: { list: [[1, 2]] },
    outputs: {
      "outer[0].inner[0].b": { i: 1, n: 0 },
      "outer[0].inner[1].b": { i: 2, n: 1 },
      "outer[0].c": { i: [1, 2] },
    },
  },
  {
    says: "branches and iterations are read in the output of their own step, and later by its name",
    yaml: `
      - name: p
        type: parallel
        branches:
          - { name: left, steps: [ { name: a, executor: me, function: echo, input: { x: 1 } } ] }
          - { name: right, steps: [ { name: b, executor: me, function: echo, input: { y: 2 } } ] }
        output: { x: $.branches.left.x, all: "\${branches.right.steps.b.output.y}" }
      - name: l
        type: loop
        times: 2
        steps: [ { name: c, executor: me, function: echo, input: { i: $.index } } ]
        output: { is: "$.iterations[*].steps.c.output.i" }
      - name: show
        executor: me
        function: echo
        input: { y: $.p.branches.right.y, st: $.p.branches.left.status, x: $.p.x, is: $.l.is, first: "$.l.iterations[0].steps.c.output.i" }`,
    outputs: { p: { x: 1, all: 2 }, l: { is: [0, 1] }, show: { y: 2, st: "completed", x: 1, is: [0, 1], first: 0 } },
  },
  {
    says: "error is read in handlers",
    yaml: `
      - name: t
        type: try
        steps: [ { name: a, executor: me, function: fail_E1 } ]
        catch:
          - when: error.code == 'E1'
            steps: [ { name: h, executor: me, function: echo, input: { code: $.error.code, step: $.error.step } } ]
      - { name: b, executor: me, function: fail_E2, on_failure: { steps: [ { name: k, executor: me, function: echo, input: { code: $.error.code } } ] } }`,
    status: "failed",
    outputs: { "t.h": { code: "E1", step: "a" }, "b:on_failure.k": { code: "E2" } },
  },
  {
    says: "response, result and http are read in the output of an http step",
    yaml: `
      - { name: a, type: http, url: WEB/echo/x, expect_status: 200, output: { p: $.response.path, q: $.result.path, s: $.http.status, h: $.http.headers.x-answer } }`,
    outputs: { a: { p: "/echo/x", q: "/echo/x", s: 200, h: "yes" } },
  },
  {
    says: "event is read in the output of a wait for one",
    yaml: `- { name: w, type: wait_for_event, event: go, output: { n: $.event.data.n, whole: $.result.n } }`,
    drive: async (going) => {
      await going.until("waiting", "w");
      await going.post("signals/go", { data: { n: 3 } });
    },
    outputs: { w: { n: 3, whole: 3 } },
  },
  {
    says: "now, uuid and random are drawn once and recorded",
    yaml: `
      - { name: a, type: set, variables: { u: "\${uuid()}", r: "\${random()}", n: "\${now()}" } }
      - { name: b, executor: me, function: echo, input: $.context }
      - { name: c, executor: me, function: echo, input: $.context }`,
    check: (_, view) => {
      assert.deepEqual(outputOf(view, "b"), outputOf(view, "c"));
      assert.match(String(outputOf(view, "b")["u"]), /^[0-9a-f-]{36}$/);
    },
  },
  {
    says: "steps of then, else, cases, branches and try can be read after their container, null if they did not run",
    yaml: `
      - { name: c, type: condition, condition: input.yes, then: [ { name: yes, executor: me, function: echo, input: { v: 1 } } ], else: [ { name: no, executor: me, function: echo, input: { v: 2 } } ] }
      - { name: s, type: switch, cases: [ { when: input.yes, steps: [ { name: first, executor: me, function: echo, input: { v: 3 } } ] } ], default: [ { name: other, executor: me, function: ok } ] }
      - { name: p, type: parallel, branches: [ { name: left, steps: [ { name: inside, executor: me, function: echo, input: { v: 4 } } ] } ] }
      - { name: t, type: try, steps: [ { name: tried, executor: me, function: echo, input: { v: 5 } } ], catch: [ { steps: [ { name: caught, executor: me, function: ok } ] } ], finally: [ { name: last, executor: me, function: echo, input: { v: 6 } } ] }
      - { name: show, executor: me, function: echo, input: { yes: $.yes.v, no: $.no.v, first: $.first.v, other: $.other, inside: $.inside.v, tried: $.tried.v, caught: $.caught.v, last: $.last.v } }`,
    input: { yes: true },
    check: (_, view) => {
      const { other, ...output } = outputOf(view, "show");
      assert.deepEqual(output, { yes: 1, no: null, first: 3, inside: 4, tried: 5, caught: null, last: 6 });
      assert.ok(other === null || (other as JsonObject)["status"] !== "completed");
    },
  },
  {
    says: "a secret is filled in just before the call, and history keeps a placeholder",
    yaml: `- { name: a, type: http, url: WEB/echo/x, headers: { authorization: "Bearer \${secrets.KEY}" }, output: { got: "$.response.headers.authorization == 'Bearer s3cr3t'" } }`,
    outputs: { a: { got: true } },
    check: async (going) => {
      const history = JSON.stringify(await going.history());
      assert.ok(!history.includes("s3cr3t"), history);
    },
  },
  {
    says: "text from data is never scanned for secrets",
    yaml: `- { name: a, type: http, url: WEB/echo/x, headers: { authorization: "\${secrets.KEY}", x-told: $.input.told }, output: { told: $.response.headers.x-told } }`,
    input: { told: "${secrets.KEY}" },
    outputs: { a: { told: "${secrets.KEY}" } },
  },
];
