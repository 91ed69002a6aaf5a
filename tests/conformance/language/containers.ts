/** Steps that contain others: condition, switch, parallel and try, and the steps that end their scope. */

import assert from "node:assert/strict";
import { type Diagnosis, type Going, outputOf, type Run } from "./cases.ts";
import { fails, gives } from "./executor.ts";
import { echo, hold, ok } from "./shorthand.ts";

const choices: readonly Run[] = [
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

/** Which tasks are out and unanswered, sorted, once there are as many as expected and no more come. */
async function out(going: Going, done: readonly string[], ...expected: readonly string[]): Promise<void> {
  for (const path of expected) await going.task(path);
  await going.view();
  const open = going.tasks.map(({ path }) => path).filter((path) => !done.includes(path));
  assert.deepEqual(open.sort(), [...expected].sort());
}

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

export const runs: readonly Run[] = [...choices, ...parallels, ...tries, ...ends];

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
