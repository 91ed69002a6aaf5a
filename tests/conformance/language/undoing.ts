/** What happens before an execution ends as anything but completed: compensation, error rules, the workflow's time-out. */

import assert from "node:assert/strict";
import type { Diagnosis, Going, Run } from "./cases.ts";
import { fails, gives, held } from "./executor.ts";

const ok = (name: string, more = ""): string => `{ name: ${name}, executor: me, function: ok${more} }`;
const undo = (name: string, more = ""): string =>
  `{ name: ${name}, executor: me, function: echo, input: { made: ${name} }, compensate: { executor: me, function: undo, input: { made: $.${name}.made } }${more} }`;
const FAIL = "{ name: bad, executor: me, function: fail_E1 }";

const undone = (going: Going): readonly unknown[] =>
  going.tasks.filter((task) => task.function === "undo").map(({ input }) => input);

const compensation: readonly Run[] = [
  {
    says: "completed steps are undone, the newest first, and are compensated then",
    yaml: `- ${undo("a")}\n- ${undo("b")}\n- ${ok("c")}\n- ${FAIL}\n- ${undo("never")}`,
    status: "failed",
    error: { code: "E1", step: "bad" },
    calls: "a b c bad b:compensate a:compensate",
    check: (going, view) => {
      assert.deepEqual(undone(going), [{ made: "b" }, { made: "a" }]);
      const states = Object.fromEntries(view.steps.map((step) => [step.path, step.status]));
      assert.partialDeepStrictEqual(states, { a: "compensated", b: "compensated", c: "completed", never: "cancelled" });
    },
  },
  {
    says: "the order is that of their ends, in whatever scope they are",
    yaml: `
      - { name: p, type: parallel, branches: [ { name: x, steps: [ { name: a, executor: me, function: hold, compensate: { executor: me, function: undo, input: { made: a } } } ] }, { name: y, steps: [ { name: b, executor: me, function: hold, compensate: { executor: me, function: undo, input: { made: b } } } ] } ] }
      - ${FAIL}`,
    drive: async (going) => {
      await going.complete("p.y.b");
      await going.complete("p.x.a");
    },
    status: "failed",
    check: (going) => assert.deepEqual(undone(going), [{ made: "a" }, { made: "b" }]),
  },
  {
    says: "a step of a loop is undone once for each completed iteration, with that iteration's data",
    yaml: `- { name: l, type: loop, iterate_over: $.input.list, steps: [ { name: a, executor: me, function: a, input: { i: $.item }, compensate: { executor: me, function: undo, input: { i: $.item, n: $.index } } } ] }`,
    input: { list: ["x", "y", "z"] },
    answers: { a: [gives({}), gives({}), fails("E1")] },
    status: "failed",
    calls: "l[0].a l[1].a l[2].a l[1].a:compensate l[0].a:compensate",
    check: (going) =>
      assert.deepEqual(undone(going), [
        { i: "y", n: 1 },
        { i: "x", n: 0 },
      ]),
  },
  {
    says: "it runs after failure paths and finally, and before the end",
    yaml: `
      - ${undo("a")}
      - { name: t, type: try, steps: [ { name: b, executor: me, function: fail_E1 } ], finally: [ ${ok("f")} ], on_failure: { steps: [ ${ok("h")} ] } }`,
    status: "failed",
    calls: "a t.b t.f t:on_failure.h a:compensate",
    check: async (going) => {
      const types = (await going.history()).map(({ type }) => type);
      assert.equal(types.at(-1), "ExecutionFailed");
    },
  },
  {
    says: "a failure that was caught undoes nothing",
    yaml: `- ${undo("a")}\n- { name: t, type: try, steps: [ ${undo("b")}, ${FAIL} ], catch: [ { steps: [ ${ok("c")} ] } ] }`,
    calls: "a t.b t.bad t.c",
  },
  {
    says: "a failure that was recovered undoes nothing",
    yaml: `- ${undo("a")}\n- { name: b, executor: me, function: fail_E1, on_failure: c }\n- ${ok("c")}`,
    calls: "a b c",
  },
  { says: "return undoes nothing", yaml: `- ${undo("a")}\n- { name: r, type: return }`, calls: "a" },
  {
    says: "cancelling undoes too, with the phase compensating; a second cancel changes nothing",
    yaml: `- ${undo("a").replace("function: undo", "function: hold")}\n- { name: b, executor: me, function: hold }`,
    drive: async (going) => {
      await going.task("b");
      await going.post("cancel");
      await going.task("a:compensate");
      const view = await going.view();
      assert.deepEqual([view.status, view["phase"]], ["running", "compensating"]);
      await going.post("cancel");
      assert.equal((await going.view()).status, "running");
      await going.complete("a:compensate");
    },
    status: "cancelled",
    calls: "a b a:compensate",
  },
  {
    says: "terminating stops it",
    yaml: `- ${undo("a").replace("function: undo", "function: hold")}\n- { name: b, executor: me, function: hold }`,
    drive: async (going) => {
      await going.task("b");
      await going.post("cancel");
      await going.task("a:compensate");
      await going.post("terminate");
    },
    status: "cancelled",
  },
  {
    says: "a time-out of the workflow undoes too, and no longer counts",
    yaml: `timeout: 600ms\nsteps:\n  - ${undo("a").replace("function: undo", "function: hold")}\n  - { name: b, executor: me, function: hold }`,
    drive: async (going) => {
      await going.task("a:compensate");
      await new Promise((resolve) => setTimeout(resolve, 700));
      await going.complete("a:compensate");
    },
    status: "timed_out",
    calls: "a b a:compensate",
  },
  {
    says: "failures are recorded and do not stop the rest; each has its own retries",
    yaml: `
      - ${undo("a")}
      - { name: b, executor: me, function: ok, compensate: { executor: me, function: fail_U, retry: { max_attempts: 2, initial_delay: 1ms } } }
      - ${FAIL}`,
    status: "failed",
    error: "E1",
    calls: "a b bad b:compensate b:compensate a:compensate",
  },
  {
    says: "compensate may name a step",
    yaml: `- { name: a, executor: me, function: echo, input: { x: 1 }, compensate: u }\n- ${FAIL}\n- { name: u, executor: me, function: undo, input: { x: $.a.x } }`,
    status: "failed",
    calls: "a bad a:compensate",
    check: (going) => assert.deepEqual(undone(going), [{ x: 1 }]),
  },
  {
    says: "what a fallback completed is not undone",
    yaml: `- { name: a, executor: me, function: fail_A, default_output: { x: 1 }, compensate: { executor: me, function: undo } }\n- ${FAIL}`,
    status: "failed",
    calls: "a bad",
  },
  {
    says: "a completed child is undone by the compensate of its step only",
    also: { "un-child": `- ${undo("inside")}` },
    yaml: `- { name: w, type: workflow, workflow: un-child, compensate: { executor: me, function: undo, input: { made: w } } }\n- ${FAIL}`,
    status: "failed",
    check: (going) => assert.deepEqual(undone(going), [{ made: "w" }]),
  },
  {
    says: "a cancelled child undoes itself, and the parent ends after it",
    also: { "un-cancelled": `- ${undo("inside")}\n- { name: held, executor: me, function: hold }` },
    yaml: `- { name: w, type: workflow, workflow: un-cancelled }`,
    drive: async (going) => {
      await going.task("held");
      await going.post("cancel");
    },
    status: "cancelled",
    check: (going) => assert.deepEqual(undone(going), [{ made: "inside" }]),
  },
];

const rules: readonly Run[] = [
  {
    says: "return_error ends the execution with its code, message and evaluated details, and what completed is undone",
    yaml: `
      steps:
        - ${undo("a")}
        - { name: b, executor: me, function: echo, input: { valid: false, errors: [ x ] } }
        - ${ok("c")}
      error_handling:
        - { condition: $.b.valid == false, action: { type: return_error, code: REFUSED, message: "Not valid: \${b.errors[0]}", details: $.b.errors } }`,
    status: "failed",
    error: { code: "REFUSED", message: "Not valid: x", details: ["x"] },
    calls: "a b a:compensate",
  },
  {
    says: "without a code it is a WORKFLOW_ERROR, and the rule wins over on_failure",
    yaml: `
      steps: [ { name: a, executor: me, function: fail_E1, on_failure: b }, ${ok("b")} ]
      error_handling: [ { condition: error.code == 'E1', action: { type: return_error, message: No } } ]`,
    status: "failed",
    error: { code: "WORKFLOW_ERROR", message: "No" },
    calls: "a",
  },
  {
    says: "rules are looked at after the fallback",
    yaml: `
      steps: [ { name: a, executor: me, function: fail_E1, default_output: {} }, ${ok("b")} ]
      error_handling: [ { condition: "$.a.status == 'failed'", action: { type: return_error, message: No } } ]`,
    calls: "a b",
  },
  {
    says: "compensate runs the listed steps and ends with the step's error",
    yaml: `
      steps: [ ${undo("a")}, { name: b, executor: me, function: fail_E1 }, ${ok("c")}, ${ok("known")} ]
      error_handling: [ { condition: "$.b.status == 'failed'", action: { type: compensate, steps: [ { name: clean, service: me, method: ok }, { name: known } ] } } ]`,
    status: "failed",
    error: "E1",
    calls: "a b a:compensate rules[0].clean rules[0].known",
  },
  {
    says: "continue takes the success edges of the step",
    yaml: `
      steps: [ { name: a, executor: me, function: fail_E1 }, ${ok("b")} ]
      error_handling: [ { condition: error.code == 'E1', action: { type: continue } } ]`,
    calls: "a b",
  },
  {
    says: "fallback calls the step that it names for the one that ended",
    yaml: `
      steps: [ { name: a, executor: me, function: fail_E1 }, { name: b, executor: me, function: echo, input: { x: $.a.x } }, { name: f, executor: me, function: echo, input: { x: 1 } } ]
      error_handling: [ { condition: error.code == 'E1', action: { type: fallback, step: f } } ]`,
    calls: "a a:fallback b",
    outputs: { b: { x: 1 } },
  },
  {
    says: "a rule fires once",
    yaml: `
      steps: [ { name: a, executor: me, function: fail_E1 }, { name: b, executor: me, function: fail_E1 }, ${ok("c")} ]
      error_handling: [ { condition: error.code == 'E1', action: { type: continue } } ]`,
    status: "failed",
    calls: "a b",
  },
  {
    says: "notify records and changes nothing",
    yaml: `
      steps: [ ${ok("a")}, ${ok("b")} ]
      error_handling: [ { condition: "$.a.status == 'completed'", action: { type: notify, message: "a is done" } } ]`,
    calls: "a b",
  },
  {
    says: "the object form runs on_failure once before compensation, and its own compensation after",
    yaml: `
      steps: [ ${undo("a")}, { name: b, executor: me, function: fail_E1 } ]
      error_handling:
        on_failure: { steps: [ { name: told, executor: me, function: echo, input: { code: $.error.code } } ] }
        compensation: [ ${ok("swept")} ]`,
    status: "failed",
    error: "E1",
    check: (going) => {
      const functions = going.tasks.map((task) => task.step);
      assert.deepEqual(functions.slice(0, 3), ["a", "b", "told"]);
      assert.deepEqual(going.tasks.map((task) => task.function).slice(3), ["undo", "ok"]);
      assert.deepEqual(going.tasks[2]?.input, { code: "E1" });
    },
  },
];

const whole: readonly Run[] = [
  {
    says: "timeout_action retry of the workflow begins the unfinished steps again, so often as the policy has attempts",
    yaml: `
      timeout: 300ms
      timeout_action: retry
      retry_policy: { max_attempts: 2, initial_delay: 1ms }
      steps: [ ${ok("a")}, { name: b, executor: me, function: b } ]`,
    answers: { b: [held, gives({ x: 1 })] },
    calls: "a b b",
    outputs: { b: { x: 1 } },
  },
  {
    says: "timeout_action fallback of the workflow cancels what runs and completes with the fallback's output",
    yaml: `
      timeout: 300ms
      timeout_action: fallback
      fallback_step: f
      steps: [ { name: t, type: try, steps: [ { name: a, executor: me, function: hold } ], finally: [ ${ok("l")} ] }, ${ok("b")}, { name: f, executor: me, function: echo, input: { saved: true } } ]`,
    output: { saved: true },
    check: (_, view) => assert.equal(view.steps.find(({ path }) => path === "t.a")?.status, "cancelled"),
  },
];

export const runs: readonly Run[] = [...compensation, ...rules, ...whole];

export const diagnoses: readonly Diagnosis[] = [
  {
    says: "a rule refers to steps that exist",
    yaml: `steps: [ ${ok("a")} ]\nerror_handling: [ { condition: "true", action: { type: compensate, steps: [ { name: nowhere } ] } }, { condition: "true", action: { type: fallback, step: nobody } } ]`,
    finds: ["error step-unknown", "error step-unknown"],
  },
];
