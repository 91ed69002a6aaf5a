/** Where steps lead: edges, side steps, joins, failures that are recovered or final, and the end of a scope. */

import assert from "node:assert/strict";
import { called, type Diagnosis, type Run } from "./cases.ts";
import { fails, gives, held } from "./executor.ts";
import { steps } from "./shorthand.ts";

export const runs: readonly Run[] = [
  // Success edges.
  { says: "a main step leads to the next one of its list", yaml: steps("a", "b", "c"), calls: "a b c" },
  {
    says: "on_success says where a step leads instead",
    yaml: steps("a on_success: c", "b when: input.no, depends_on: []", "c"),
    calls: "a c",
  },
  {
    says: "on_success may be a list",
    yaml: steps("a on_success: [ b, c ]", "b on_success: d", "c on_success: d", "d"),
    calls: "a b,c d",
  },
  { says: "on_success: [] leads nowhere", yaml: steps("a on_success: []", "b depends_on: []"), calls: "a,b" },
  {
    says: "a step does not lead to a next one that has depends_on",
    yaml: steps("a?", "b depends_on: []", "c"),
    drive: async (going) => {
      await going.task("c");
      called(going, "a", "b", "c");
      await going.complete("a");
    },
  },
  {
    says: "depends_on gives a step exactly those edges",
    yaml: steps("a on_success: []", "b depends_on: []", "c depends_on: [ a, b ]"),
    calls: "a,b c",
  },
  { says: "depends_on may be one name", yaml: steps("a", "b depends_on: a"), calls: "a b" },
  {
    says: "depends_on: [] starts a step at once",
    yaml: steps("a?", "b? depends_on: []"),
    drive: async (going) => {
      await going.task("b");
      await going.complete("b");
      await going.complete("a");
    },
  },
  {
    says: "the next main step is looked for behind side steps",
    yaml: steps("a on_failure: h", "b", "h", "c"),
    calls: "a b c",
    steps: "a completed; b completed; h skipped not_reached; c completed",
  },

  // Failure edges.
  {
    says: "a failure edge is dead when the step completes",
    yaml: steps("a on_failure: h", "b", "h"),
    steps: "a completed; b completed; h skipped not_reached",
  },
  {
    says: "a failure edge is dead when the step is skipped",
    yaml: steps("a when: input.no, on_failure: h", "b", "h"),
    steps: "a skipped condition; b completed; h skipped not_reached",
  },
  {
    says: "when a step fails its failure edge is taken, and its success edges are dead",
    yaml: steps("a! on_success: c, on_failure: b", "b on_success: d", "c on_success: d", "d"),
    calls: "a b d",
    steps: "a failed A; b completed; c skipped not_reached; d completed",
  },
  {
    says: "the edges of a cancelled step are dead",
    yaml: steps("a? on_failure: x", "b? depends_on: [], on_failure: h", "x", "h"),
    drive: async (going) => {
      await going.task("b");
      await going.fail("a", "E1");
    },
    status: "failed",
    steps: "a failed E1; b cancelled; h skipped not_reached; x completed",
  },

  // Side steps.
  {
    says: "a step that only a failure edge names is a side step",
    yaml: steps("a on_failure: h", "b", "h", "c on_failure: k", "d", "k"),
    calls: "a b c d",
  },
  {
    says: "the target of a fallback is a side step",
    yaml: steps("a fallback_step: f", "b", "f"),
    calls: "a b",
    steps: "a completed; b completed; f skipped not_reached",
  },
  { says: "the target of a compensation is a side step", yaml: steps("a compensate: u", "b", "u"), calls: "a b" },
  {
    says: "the target of the workflow's fallback is a side step",
    yaml: `timeout: 1h\ntimeout_action: fallback\nfallback_step: f\n${`steps:\n${steps("a", "b", "f")}`}`,
    calls: "a b",
  },
  {
    says: "a step of an error rule is a side step",
    yaml: `steps:\n${steps("a", "b", "r")}\nerror_handling: [ { condition: "false", action: { type: compensate, steps: [ { name: r } ] } } ]`,
    calls: "a b",
  },
  {
    says: "a step that only side steps name is one too, where the step before it is one",
    yaml: steps("a! on_failure: h", "b", "h on_success: h2", "h2 on_success: h3", "h3"),
    status: "failed",
    error: "A",
    calls: "a h h2 h3",
    steps: "a failed A; b cancelled; h completed; h2 completed; h3 completed",
  },
  {
    says: "a step that side steps name is a main step where the step before it is one",
    yaml: steps("a! on_failure: h", "b", "c", "h on_success: c"),
    calls: "a h c",
    steps: "a failed A; b skipped not_reached; h completed; c completed",
  },
  {
    says: "no implicit edge enters or leaves a side step",
    yaml: steps("a! on_failure: h", "b", "h", "c"),
    status: "failed",
    calls: "a h",
    steps: "a failed A; h completed; b cancelled; c cancelled",
  },
  {
    says: "a step named by a failure edge and by the success edge of a main step is a main step",
    yaml: steps("a! on_success: b, on_failure: c", "b on_success: c", "c"),
    calls: "a c",
    steps: "a failed A; b skipped not_reached; c completed",
  },
  {
    says: "a step named by a failure edge and by depends_on of a main step is none",
    yaml: steps("a! on_failure: h", "b depends_on: [ a ]", "h"),
    status: "failed",
    calls: "a h",
  },
  {
    says: "a failure edge to the very next step means to go on anyway",
    yaml: steps("a! on_failure: b", "b", "c"),
    calls: "a b c",
    steps: "a failed A; b completed; c completed",
  },
  { says: "to go on anyway holds on success too", yaml: steps("a on_failure: b", "b", "c"), calls: "a b c" },

  // Entries.
  {
    says: "all entries start at once",
    yaml: steps("a? on_success: c", "b? on_success: c", "c"),
    drive: async (going) => {
      await going.task("a");
      await going.complete("b");
      await going.complete("a");
    },
    calls: "a,b c",
  },

  // Joins.
  {
    says: "settled runs when one edge is taken and all are settled",
    yaml: steps("a! on_success: c, on_failure: m", "m on_success: []", "b on_success: c, depends_on: []", "c"),
    calls: "a,b c,m",
  },
  {
    says: "settled waits for all of its edges",
    yaml: steps("a on_success: c", "b? on_success: c, depends_on: []", "c"),
    drive: async (going) => {
      await going.until("completed", "a");
      called(going, "a", "b");
      await going.complete("b");
    },
    calls: "a,b c",
  },
  {
    says: "a step whose edges are all dead is skipped, and so is what follows",
    yaml: steps("a! on_success: b, on_failure: m", "m on_success: []", "b", "c"),
    calls: "a m",
    steps: "a failed A; m completed; b skipped not_reached; c skipped not_reached",
  },
  {
    says: "all with one dead edge is skipped, and its own edges are dead",
    yaml: steps(
      "a! on_failure: m",
      "m on_success: []",
      "b depends_on: []",
      "c depends_on: [ a, b ]",
      "d depends_on: [ c ]",
    ),
    steps: "a failed A; m completed; b completed; c skipped not_reached; d skipped not_reached",
  },
  {
    says: "join: all can be asked for without depends_on",
    yaml: steps(
      "a! on_success: c, on_failure: m",
      "m on_success: []",
      "b on_success: [ c, m2 ], depends_on: []",
      "m2 on_success: []",
      "c join: all",
    ),
    steps: "a failed A; m completed; b completed; m2 completed; c skipped not_reached",
    status: "completed",
  },
  {
    says: "join: settled can be asked for with depends_on",
    yaml: steps("a! on_failure: m", "m on_success: []", "b depends_on: []", "c depends_on: [ a, b ], join: settled"),
    calls: "a,b c,m",
  },
  {
    says: "any runs at the first taken edge, once, and nothing is cancelled",
    yaml: steps("a? on_success: c", "b on_success: c, depends_on: []", "c join: any"),
    drive: async (going) => {
      await going.until("completed", "c");
      await going.complete("a");
    },
    calls: "a,b c",
    steps: "a completed; b completed; c completed",
  },
  {
    says: "any with dead edges alone is skipped",
    yaml: steps("a! on_success: c, on_failure: m", "m on_success: []", "c join: any"),
    steps: "a failed A; c skipped not_reached; m completed",
  },
  {
    says: "a step runs at most once",
    yaml: steps("a on_success: [ b, c, d ]", "b on_success: d", "c on_success: d", "d join: any"),
    calls: "a b,c,d",
  },

  // Conditions.
  {
    says: "a step whose condition is false is skipped, and its success edges are taken",
    yaml: steps("a when: input.no", "b"),
    calls: "b",
    steps: "a skipped condition; b completed",
  },

  // Recovered and final.
  {
    says: "a failure whose handler leads to a main step is recovered, and what runs beside goes on",
    yaml: steps("a! on_failure: h", "b", "c? depends_on: []", "h on_success: b"),
    drive: async (going) => {
      await going.task("b");
      await going.complete("c");
    },
    calls: "a,c h b",
    steps: "a failed A; b completed; c completed; h completed",
  },
  {
    says: "a failure whose handler is a main step is recovered",
    yaml: steps("a! on_failure: c", "b", "c"),
    status: "failed",
    calls: "a c",
    error: "A",
  },
  {
    says: "a handler may lead to a main step over several others",
    yaml: steps("a! on_failure: h", "b", "c", "h on_success: h2", "h2 on_success: h3", "h3 on_success: c"),
    calls: "a h h2 h3 c",
    steps: "a failed A; b skipped not_reached; c completed; h completed; h2 completed; h3 completed",
  },
  {
    says: "a handler may lead to a main step by its failure edge",
    yaml: steps("a! on_success: b, on_failure: h", "b", "h on_failure: b"),
    calls: "a h",
    steps: "a failed A; b skipped not_reached; h completed",
  },
  {
    says: "a failure whose handler leads nowhere is final: the rest is cancelled, the path runs, the scope fails with the first error",
    yaml: steps("a? on_failure: h", "b", "c? depends_on: []", "h on_success: h2", "h2"),
    drive: async (going) => {
      await going.task("c");
      await going.fail("a", "E1");
    },
    status: "failed",
    error: { code: "E1", step: "a" },
    calls: "a,c h h2",
    steps: "a failed E1; b cancelled; c cancelled; h completed; h2 completed",
  },
  {
    says: "a second failure on that path is kept in suppressed",
    yaml: steps("a! on_failure: h", "b", "h! on_success: h2", "h2"),
    status: "failed",
    error: { code: "A", suppressed: [{ code: "H" }] as never },
    calls: "a h",
  },
  {
    says: "an inline path is always final",
    yaml: steps(
      "a! on_failure: { steps: [ { name: h, executor: me, function: ok }, { name: h2, executor: me, function: ok } ] }",
      "b",
      "c? depends_on: []",
    ),
    drive: () => Promise.resolve(),
    status: "failed",
    error: "A",
    steps: "a failed A; a:on_failure.h completed; a:on_failure.h2 completed; b cancelled; c cancelled",
  },
  {
    says: "an inline path with a condition that does not hold is not taken",
    yaml: steps("a! on_failure: { when: error.code == 'OTHER', steps: [ { name: h, executor: me, function: ok } ] }"),
    status: "failed",
    error: "A",
    calls: "a",
  },
  {
    says: "a second step that fails while the path of the first runs changes nothing",
    yaml: steps("a? on_failure: h", "b? depends_on: [], on_failure: k", "h?", "k"),
    drive: async (going) => {
      await going.task("b");
      await going.fail("a", "E1");
      await going.task("h");
      assert.equal(await going.world.executor.answer(await going.task("b"), fails("E2")), "stale");
      await going.complete("h");
    },
    status: "failed",
    error: "E1",
    steps: "a failed E1; b cancelled; h completed; k skipped not_reached",
  },

  // Unhandled.
  {
    says: "without a failure edge the running steps and those not begun are cancelled",
    yaml: steps("a?", "b", "c? depends_on: []", "d depends_on: [ c ]"),
    drive: async (going) => {
      await going.task("c");
      await going.fail("a", "E1");
    },
    status: "failed",
    error: "E1",
    steps: "a failed E1; b cancelled; c cancelled; d cancelled",
  },

  // Scopes within steps.
  {
    says: "a failed scope fails its step with the same error, and the failure edge of that step is taken",
    yaml: `
      - { name: c, type: condition, condition: "true", then: [ { name: a, executor: me, function: fail_A }, { name: never, executor: me, function: ok } ], on_failure: d }
      - { name: d, executor: me, function: echo, input: { code: $.c.error.code, step: $.c.error.step } }`,
    outputs: { d: { code: "A", step: "a" } },
    steps: "c failed A; c.a failed A; c.never cancelled; d completed",
  },
  {
    says: "a container is retried by a retry of its own",
    yaml: `- { name: c, type: condition, condition: "true", retry: { max_attempts: 2, initial_delay: 1ms }, then: [ { name: a, executor: me, function: a }, { name: b, executor: me, function: ok } ] }`,
    answers: { a: [fails("E1"), gives({})] },
    calls: "c.a c.a c.b",
  },
  {
    says: "a try looks at its catch first",
    yaml: `
      - { name: t, type: try, steps: [ { name: a, executor: me, function: fail_A } ], catch: [ { steps: [ { name: k, executor: me, function: ok } ] } ], on_failure: h }
      - { name: b, executor: me, function: ok }
      - { name: h, executor: me, function: ok }`,
    calls: "t.a t.k b",
  },
  {
    says: "within a scope the same rules hold",
    yaml: `
      - name: c
        type: condition
        condition: "true"
        then: ${JSON.stringify([
          { name: "a", executor: "me", function: "fail_A", on_failure: "h" },
          { name: "b", executor: "me", function: "ok" },
          { name: "h", executor: "me", function: "ok" },
        ])}
      - { name: d, executor: me, function: ok }`,
    status: "failed",
    error: "A",
    calls: "c.a c.h",
    steps: "c failed A; c.a failed A; c.b cancelled; c.h completed; d cancelled",
  },

  // Return and fail.
  {
    says: "return completes the execution: what runs is cancelled, finally runs",
    yaml: `
      - { name: out, executor: me, function: hold }
      - name: t
        type: try
        depends_on: []
        steps: [ { name: r, type: return, output: { done: yes } } ]
        finally: [ { name: f, executor: me, function: ok } ]
      - { name: after, executor: me, function: ok }`,
    answers: { out: held },
    output: { done: "yes" },
    steps: "out cancelled; t cancelled; t.r completed; t.f completed; after cancelled",
  },
  {
    says: "a return in a handler completes the execution too",
    yaml: steps("a! on_failure: h", "b", "h").replace(
      "- { name: h, executor: me, function: ok }",
      "- { name: h, type: return, output: { saved: true } }",
    ),
    output: { saved: true },
    steps: "a failed A; b cancelled; h completed",
  },
  {
    says: "fail fails its scope and can be caught",
    yaml: `
      - { name: t, type: try, steps: [ { name: f, type: fail, code: MINE }, { name: never, executor: me, function: ok } ], catch: [ { codes: [ MINE ], steps: [ { name: k, executor: me, function: ok } ] } ] }
      - { name: b, executor: me, function: ok }`,
    calls: "t.k b",
    steps: "t completed; t.f failed MINE; t.never cancelled; t.k completed; b completed",
  },
];

export const diagnoses: readonly Diagnosis[] = [
  {
    says: "an on_success that also names a step with depends_on is an error",
    yaml: steps("a on_success: b", "b depends_on: [ a ]"),
    finds: ["error edge-twice"],
  },
  {
    says: "an on_failure that also names a step with depends_on is an error",
    yaml: steps("a on_failure: b", "c", "b depends_on: [ a ]"),
    finds: ["error edge-twice"],
  },
  {
    says: "a side step before a main step gets a warning",
    yaml: steps("a on_failure: h", "b", "h", "c"),
    finds: ["warning side-step-early"],
  },
  { says: "a side step at the end gets none", yaml: steps("a on_failure: h", "b", "h"), finds: [] },
  {
    says: "an entry that nothing leads to gets a warning",
    yaml: steps("a on_success: c", "b", "c"),
    finds: [["warning step-unled", "b"]],
  },
  {
    says: "an entry that says depends_on: [] gets none",
    yaml: steps("a on_success: c", "b depends_on: []", "c"),
    finds: [],
  },
  {
    says: "a called step with edges of its own gets a warning",
    yaml: steps("a fallback_step: f", "b", "f on_success: b"),
    finds: ["warning called-edges"],
  },
];
