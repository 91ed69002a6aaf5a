/** Fallbacks, which take the place of steps that have failed for good. */

import type { Run } from "./cases.ts";
import { fails, gives, held, type Reply } from "./executor.ts";
import { ok } from "./shorthand.ts";

const call = (fields: string): string => `- { name: a, executor: me, function: f, ${fields} }`;
const NOW = "initial_delay: 1ms";

const F = (reply: Reply = fails("E1")): { readonly f: Reply } => ({ f: reply });

export const runs: readonly Run[] = [
  {
    says: "where a step has an inline path, that is taken instead",
    yaml: call("default_output: { x: 1 }, on_failure: { steps: [ { name: h, executor: me, function: ok } ] }"),
    answers: { f: fails("E1") },
    status: "failed",
    calls: "a a:on_failure.h",
  },

  {
    says: "a fallback step that completes stands for the step",
    yaml: `${call("fallback_step: g, input: { x: 1 }, output: { mapped: $.result.y }")}\n- { name: b, executor: me, function: echo, input: { y: $.a.y, s: $.a.status } }\n- { name: g, executor: me, function: echo, input: { y: 2 } }`,
    answers: F(),
    outputs: { a: { y: 2 }, b: { y: 2, s: "completed" } },
    calls: "a a:fallback b",
  },
  {
    says: "a fallback without input gets the failed step's",
    yaml: `${call("fallback_step: g, input: { x: 1 }")}\n- ${ok("b")}\n- { name: g, executor: me, function: echo }`,
    answers: F(),
    outputs: { a: { x: 1 } },
  },
  {
    says: "a fallback that fails leaves the step its own first error, with its own in suppressed",
    yaml: `${call("fallback_step: g")}\n- ${ok("b")}\n- { name: g, executor: me, function: fail_G }`,
    answers: F(),
    status: "failed",
    error: { code: "E1", step: "a", suppressed: [{ code: "G" }] as never },
    calls: "a a:fallback",
  },
  {
    says: "a fallback comes after the last attempt",
    yaml: `${call(`retry: { max_attempts: 2, ${NOW} }, fallback_step: g`)}\n- ${ok("b")}\n- ${ok("g")}`,
    answers: F(),
    calls: "a a a:fallback b",
  },
  {
    says: "a fallback step has retries of its own",
    yaml: `${call("fallback_step: g")}\n- ${ok("b")}\n- { name: g, executor: me, function: g, retry: { max_attempts: 2, ${NOW} } }`,
    answers: { ...F(), g: [fails("E2"), gives({ x: 2 })] },
    outputs: { a: { x: 2 } },
  },
  {
    says: "where a step has a failure edge, that is taken instead",
    yaml: `${call("fallback_step: g, on_failure: h")}\n- ${ok("b")}\n- ${ok("h")}\n- ${ok("g")}`,
    answers: F(),
    status: "failed",
    calls: "a h",
  },
  {
    says: "several steps may name one fallback, and each call is a run of its own",
    yaml: `${call("fallback_step: g, input: { n: 1 }")}\n- { name: c, executor: me, function: f, fallback_step: g, input: { n: 2 } }\n- { name: g, executor: me, function: echo }`,
    answers: F(),
    outputs: { a: { n: 1 }, c: { n: 2 } },
    calls: "a a:fallback c c:fallback",
  },
  {
    says: "edges of a called step are not followed",
    yaml: `${call("fallback_step: g")}\n- ${ok("b")}\n- ${ok("g", ", on_success: x")}\n- ${ok("x")}`,
    answers: F(),
    calls: "a a:fallback b",
  },
  {
    says: "inline steps give the output of the last that ran",
    yaml: call(
      "fallback: { when: error.code == 'E1', steps: [ { name: g, executor: me, function: echo, input: { x: 1 } }, { name: k, executor: me, function: echo, input: { x: 2, was: $.g.x } }, { name: n, executor: me, function: ok, when: input.no } ] }",
    ),
    answers: F(),
    outputs: { a: { x: 2, was: 1 } },
    calls: "a a:fallback.g a:fallback.k",
  },
  {
    says: "inline steps whose condition does not hold are no fallback",
    yaml: call("fallback: { when: error.code == 'OTHER', steps: [ { name: g, executor: me, function: ok } ] }"),
    answers: F(),
    status: "failed",
    error: "E1",
    calls: "a",
  },
  {
    says: "default_output stands for the step's output",
    yaml: `${call("default_output: { x: 1 }")}\n- { name: b, executor: me, function: echo, input: { x: $.a.x } }`,
    answers: F(),
    outputs: { a: { x: 1 }, b: { x: 1 } },
    steps: "a completed fallback; b completed",
  },
  {
    says: "a container may have a fallback",
    yaml: `- { name: c, type: condition, condition: "true", then: [ { name: a, executor: me, function: f } ], default_output: { x: 1 } }`,
    answers: F(),
    steps: "c completed fallback; c.a failed E1",
  },
  {
    says: "in a loop each iteration has its own",
    yaml: `- { name: l, type: loop, times: 2, steps: [ { name: a, executor: me, function: f, fallback_step: g, input: { i: $.index } }, { name: b, executor: me, function: echo, input: { i: $.a.i } }, { name: g, executor: me, function: echo } ] }`,
    answers: F(),
    outputs: { "l[0].b": { i: 0 }, "l[1].b": { i: 1 } },
    calls: "l[0].a l[0].a:fallback l[0].b l[1].a l[1].a:fallback l[1].b",
  },
  {
    says: "when a step ends, retry comes before fallback and fallback before edges",
    yaml: `${call(`retry: { max_attempts: 2, ${NOW} }, timeout: 40ms, timeout_action: retry, default_output: { x: 1 }`)}\n- ${ok("b")}`,
    answers: F(held),
    calls: "a a b",
    steps: "a completed fallback; b completed",
  },
];
