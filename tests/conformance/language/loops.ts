/** Loops in every form. */

import assert from "node:assert/strict";
import type { Going, Run } from "./cases.ts";
import { fails } from "./executor.ts";
import { echo, hold, ok } from "./shorthand.ts";

/** Which tasks are out and unanswered, sorted, once there are as many as expected and no more come. */
async function out(going: Going, done: readonly string[], ...expected: readonly string[]): Promise<void> {
  for (const path of expected) await going.task(path);
  await going.view();
  const open = going.tasks.map(({ path }) => path).filter((path) => !done.includes(path));
  assert.deepEqual(open.sort(), [...expected].sort());
}

export const runs: readonly Run[] = [
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
