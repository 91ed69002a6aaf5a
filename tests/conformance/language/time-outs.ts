/** Time-outs of steps and of the whole. */

import assert from "node:assert/strict";
import type { Diagnosis, Run } from "./cases.ts";
import { fails, gives, held } from "./executor.ts";
import { ok } from "./shorthand.ts";

const call = (fields: string): string => `- { name: a, executor: me, function: f, ${fields} }`;
const NOW = "initial_delay: 1ms";

export const runs: readonly Run[] = [
  {
    says: "a time-out is a failure with the code TIMEOUT",
    yaml: call("timeout: 60ms"),
    answers: { f: held },
    status: "failed",
    error: { code: "TIMEOUT", step: "a", attempt: 1 },
    steps: "a failed TIMEOUT",
  },
  {
    says: "a time-out is tried again by the step's policy",
    yaml: call(`timeout: 600ms, retry: { max_attempts: 2, ${NOW} }`),
    answers: { f: [held, gives({ x: 1 })] },
    outputs: { a: { x: 1 } },
    calls: "a a",
  },
  {
    says: "after a time-out the failure edge applies",
    yaml: `${call("timeout: 60ms, on_failure: h")}\n- ${ok("b")}\n- ${ok("h", ", on_success: b")}`,
    answers: { f: held },
    steps: "a failed TIMEOUT; b completed; h completed",
  },
  {
    says: "after a time-out catch applies",
    yaml: `- { name: t, type: try, steps: [ { name: a, executor: me, function: f, timeout: 60ms } ], catch: [ { codes: [ TIMEOUT ], steps: [ ${ok("k")} ] } ] }`,
    answers: { f: held },
    calls: "t.a t.k",
  },
  {
    says: "after a time-out the fallback applies",
    yaml: call("timeout: 60ms, default_output: { x: 1 }"),
    answers: { f: held },
    steps: "a completed fallback",
    outputs: { a: { x: 1 } },
  },
  {
    says: "timeout_action retry is three attempts where no policy is given",
    yaml: call("timeout: 30ms, timeout_action: retry"),
    answers: { f: held },
    status: "failed",
    error: { code: "TIMEOUT", attempt: 3 },
    calls: "a a a",
  },
  {
    says: "timeout_action retry keeps a policy that is given",
    yaml: call(`timeout: 30ms, timeout_action: retry, retry: { max_attempts: 2, ${NOW} }`),
    answers: { f: held },
    status: "failed",
    calls: "a a",
  },
  {
    says: "timeout_action retry does not try other failures again",
    yaml: call("timeout: 5s, timeout_action: retry"),
    answers: { f: fails("E1") },
    status: "failed",
    calls: "a",
  },
  {
    says: "timeout_action fallback is taken at once, without another attempt",
    yaml: call(`timeout: 60ms, timeout_action: fallback, retry: { max_attempts: 5, ${NOW} }, default_output: { x: 1 }`),
    answers: { f: held },
    steps: "a completed fallback",
    calls: "a",
  },
  {
    says: "timeout_action fallback is taken before a failure edge",
    yaml: `${call("timeout: 60ms, timeout_action: fallback, fallback_step: g, on_failure: h")}\n- ${ok("b")}\n- ${ok("h")}\n- { name: g, executor: me, function: echo, input: { x: 1 } }`,
    answers: { f: held },
    calls: "a a:fallback b",
  },
  {
    says: "timeout_action ignore skips the step, and its success edges are taken",
    yaml: `${call("timeout: 60ms, timeout_action: ignore, on_failure: h")}\n- ${ok("b")}\n- ${ok("h")}`,
    answers: { f: held },
    steps: "a skipped timeout; b completed; h skipped not_reached",
  },
  {
    says: "timeout_action ignore is about time-outs alone",
    yaml: `${call("timeout: 5s, timeout_action: ignore")}\n- ${ok("b")}`,
    answers: { f: fails("E1") },
    status: "failed",
    error: "E1",
  },
  {
    says: "timeout_action cancel_and_cleanup ends the execution as timed_out",
    yaml: `- { name: t, type: try, steps: [ { name: a, executor: me, function: f, timeout: 60ms, timeout_action: cancel_and_cleanup } ], catch: [ { steps: [ ${ok("k")} ] } ], finally: [ ${ok("last")} ] }\n- ${ok("b")}`,
    answers: { f: held },
    status: "timed_out",
    calls: "t.a t.last",
  },
  {
    says: "a late result is stale",
    yaml: `${call("timeout: 60ms, timeout_action: ignore")}\n- { name: b, executor: me, function: hold }`,
    answers: { f: held },
    drive: async (going) => {
      await going.task("b");
      assert.equal(await going.world.executor.answer(await going.task("a"), gives({})), "stale");
      await going.complete("b");
    },
  },
  {
    says: "the time of a function begins when an executor takes it",
    yaml: `- { name: a, executor: nobody, function: f, timeout: 50ms }\n- { name: w, type: wait, duration: 300ms, depends_on: [] }`,
    drive: (going) => going.until("completed", "w"),
    status: "running",
    check: (_, view) => assert.equal(view.steps.find(({ path }) => path === "a")?.status, "scheduled"),
  },
  {
    says: "queue_timeout is EXECUTOR_UNAVAILABLE, which is tried again",
    yaml: `- { name: a, executor: nobody, function: f, queue_timeout: 60ms, retry: { max_attempts: 2, ${NOW} } }`,
    status: "failed",
    error: { code: "EXECUTOR_UNAVAILABLE", attempt: 2 },
  },
  {
    says: "queue_timeout does not count once the task is taken",
    yaml: call("queue_timeout: 1s"),
    answers: { f: held },
    drive: async (going) => {
      await going.task("a");
      await new Promise((resolve) => setTimeout(resolve, 1200));
      await going.complete("a");
    },
  },
  {
    says: "total_timeout is of all attempts and delays",
    yaml: call("total_timeout: 1s, retry: { max_attempts: 1000, backoff: fixed, initial_delay: 100ms, jitter: false }"),
    answers: { f: fails("E1") },
    status: "failed",
    check: (going, view) => {
      assert.ok(going.tasks.length > 1 && going.tasks.length <= 11, String(going.tasks.length));
      assert.ok((view.duration ?? 0) < 5);
    },
  },
  {
    says: "total_timeout ends an attempt that goes on",
    yaml: call("total_timeout: 80ms"),
    answers: { f: held },
    status: "failed",
    error: { code: "TIMEOUT" },
  },
  {
    says: "heartbeat_timeout is the longest silence",
    yaml: call("heartbeat_timeout: 80ms"),
    answers: { f: held },
    status: "failed",
    error: { code: "TIMEOUT" },
  },
  {
    says: "heartbeats keep a task alive",
    yaml: call("heartbeat_timeout: 1500ms"),
    answers: { f: held },
    drive: async (going) => {
      const { id } = await going.task("a");
      for (let i = 0; i < 8; i++) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        await going.world.platform.request("POST", "/tasks/heartbeats", {
          heartbeats: [{ task_id: id, progress: i / 8 }],
        });
      }
      await going.complete("a");
    },
  },
  {
    says: "on a container the time-out is that of the whole step, and what runs in it is cancelled",
    yaml: `- { name: c, type: condition, condition: "true", timeout: 1s, then: [ ${ok("a")}, { name: b, executor: me, function: hold, timeout: 1h } ], on_failure: n }\n- ${ok("n")}`,
    steps: "c failed TIMEOUT; c.a completed; c.b cancelled; n completed",
  },
  {
    says: "so it is on parallel, loop and try",
    yaml: `
      - { name: p, type: parallel, timeout: 60ms, branches: [ { name: x, steps: [ { name: w1, type: wait, duration: 1h } ] } ], on_failure: l }
      - { name: l, type: loop, times: 2, timeout: 60ms, steps: [ { name: w2, type: wait, duration: 1h } ], on_failure: t }
      - { name: t, type: try, timeout: 60ms, steps: [ { name: w3, type: wait, duration: 1h } ], finally: [ ${ok("f")} ], on_failure: n }
      - ${ok("n")}`,
    check: (_, view) => {
      const codes = Object.fromEntries(view.steps.map((step) => [step.path, step.error?.["code"] ?? step.status]));
      assert.partialDeepStrictEqual(codes, {
        p: "TIMEOUT",
        l: "TIMEOUT",
        t: "TIMEOUT",
        n: "completed",
        "p.x.w1": "cancelled",
        "t.w3": "cancelled",
      });
    },
  },
  {
    says: "so it is on waits and children",
    yaml: `
      - { name: w, type: wait, duration: 1h, timeout: 60ms, on_failure: c }
      - { name: c, type: workflow, workflow: re-slow, timeout: 60ms, on_failure: n }
      - ${ok("n")}`,
    also: { "re-slow": "- { name: s, type: wait, duration: 1h }" },
    steps: "w failed TIMEOUT; c failed TIMEOUT; n completed",
  },
  {
    says: "the time-out of a container is one failure: it is not tried again unless it says so",
    yaml: `retry_policy: { max_attempts: 3, initial_delay: 1ms }\nsteps: [ { name: c, type: condition, condition: "true", timeout: 60ms, then: [ { name: w, type: wait, duration: 1h } ] } ]`,
    status: "failed",
    check: (_, view) => assert.equal(view.steps.find(({ path }) => path === "c")?.attempts, 1),
  },
  {
    says: "an inner time-out never outlives an outer one",
    yaml: `- { name: c, type: condition, condition: "true", timeout: 100ms, then: [ { name: a, executor: me, function: hold, timeout: 1h, retry: { max_attempts: 9 } } ] }`,
    status: "failed",
    error: "TIMEOUT",
    steps: "c failed TIMEOUT; c.a cancelled",
  },
  {
    says: "an http request that takes too long is a TIMEOUT",
    yaml: `- { name: a, type: http, url: WEB/silent/x, timeout: 100ms }`,
    status: "failed",
    error: { code: "TIMEOUT" },
  },
  {
    says: "a script that takes longer than its step may is a TIMEOUT",
    yaml: `- { name: a, type: transform, timeout: 100ms, script: "function transform() { for (;;) {} }" }`,
    status: "failed",
    error: { code: "TIMEOUT" },
  },
  {
    says: "the time-out of the workflow ends it as timed_out, after finally",
    yaml: `timeout: 1s\nsteps:\n  - { name: t, type: try, steps: [ { name: a, executor: me, function: hold } ], catch: [ { steps: [ ${ok("k")} ] } ], finally: [ ${ok("last")} ] }`,
    status: "timed_out",
    calls: "t.a t.last",
    check: (_, view) => assert.ok((view.duration ?? 0) >= 1),
  },
  {
    says: "timeout_action ignore of the workflow is a warning",
    yaml: `timeout: 60ms\ntimeout_action: ignore\nsteps:\n  - { name: w, type: wait, duration: 200ms }\n  - ${ok("b")}`,
    steps: "w completed; b completed",
    check: (_, view) => assert.equal(view.warnings.length, 1),
  },
  {
    says: "a start may have a time-out of its own",
    yaml: `- { name: w, type: wait, duration: 1h }`,
    start: { options: { timeout: "100ms" } },
    status: "timed_out",
  },
];

export const diagnoses: readonly Diagnosis[] = [
  {
    says: "timeout_action fallback without a fallback is told",
    yaml: call("timeout: 1s, timeout_action: fallback"),
    finds: ["warning fallback-expected"],
  },
  {
    says: "timeout_action fallback of a workflow names its fallback_step",
    yaml: `timeout: 1s\ntimeout_action: fallback\nsteps: [ ${ok("a")} ]`,
    finds: ["error fallback-missing"],
  },
];
