/** Time-outs, retries and fallbacks of steps, and the time-out of the whole. */

import assert from "node:assert/strict";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { type Diagnosis, type Going, outputOf, type Run } from "./cases.ts";
import { fails, gives, held, type Reply } from "./executor.ts";

const call = (fields: string): string => `- { name: a, executor: me, function: f, ${fields} }`;
const ok = (name: string, more = ""): string => `{ name: ${name}, executor: me, function: ok${more} }`;
const NOW = "initial_delay: 1ms";

/** How long each failed attempt waits for the next, in milliseconds, as the history tells. */
async function delays(going: Going): Promise<readonly number[]> {
  const failed = (await going.history()).filter(({ type }) => type === "StepAttemptFailed");
  return failed.map(({ at, data }) => Date.parse(String(data["retry_at"])) - Date.parse(at));
}

/** That the next attempts come when they are due, and never before. */
async function neverEarly(going: Going): Promise<void> {
  const history = await going.history();
  for (const { path, attempt, data } of history.filter(({ type }) => type === "StepAttemptFailed")) {
    const next = history.find(
      (one) => one.path === path && one.attempt === (attempt ?? 0) + 1 && one.type === "StepScheduled",
    );
    assert.ok(next === undefined || next.at >= String(data["retry_at"]), `${path} ${attempt} was early.`);
  }
}

const waits = (policy: string, ...expected: readonly number[]): Run => ({
  says: `${policy} waits ${expected.join(", ")} ms`,
  yaml: call(`retry: { max_attempts: ${expected.length + 1}, jitter: false, ${policy} }`),
  answers: { f: fails("E1") },
  status: "failed",
  error: { code: "E1", attempt: expected.length + 1 },
  check: async (going) => {
    assert.deepEqual(await delays(going), expected);
    await neverEarly(going);
  },
});

/** The first delay of a policy, without waiting for it. */
const firstDelay = (says: string, policy: string, least: number, most: number): Run => ({
  says,
  yaml: call(`retry: { max_attempts: 3${policy} }`),
  answers: { f: fails("E1") },
  status: "running",
  drive: async (going) => {
    while ((await delays(going)).length === 0) await going.view();
  },
  check: async (going) => {
    const [delay = 0] = await delays(going);
    assert.ok(delay >= least && delay <= most, `${delay} ms`);
  },
});

const RETRIED = [
  "TIMEOUT",
  "CONNECTION_FAILED",
  "EXECUTOR_UNAVAILABLE",
  "HTTP_408",
  "HTTP_425",
  "HTTP_429",
  "HTTP_500",
  "HTTP_503",
  "HTTP_599",
  "MY_OWN",
];
const NOT_RETRIED = [
  "VALIDATION_FAILED",
  "EXPRESSION_ERROR",
  "SCRIPT_ERROR",
  "PAYLOAD_TOO_LARGE",
  "ITERATION_LIMIT",
  "CANCELLED",
  "HTTP_400",
  "HTTP_404",
  "HTTP_422",
  "CIRCUIT_OPEN",
  "WORKFLOW_ERROR",
  "HISTORY_LIMIT",
  "INTERNAL",
  "HTTP_301",
];

const retries: readonly Run[] = [
  {
    says: "without any policy a step is tried once",
    yaml: `- { name: a, executor: me, function: f }`,
    answers: { f: fails("E1") },
    status: "failed",
    calls: "a",
  },
  {
    says: "max_attempts counts all attempts",
    yaml: call(`retry: { max_attempts: 3, ${NOW} }`),
    answers: { f: [fails("E1"), fails("E2"), gives({ x: 1 })] },
    calls: "a a a",
    outputs: { a: { x: 1 } },
    check: (_, view) => assert.equal(view.steps[0]?.attempts, 3),
  },
  {
    says: "max_attempts 1 is no retry",
    yaml: call("retry: { max_attempts: 1 }"),
    answers: { f: fails("E1") },
    status: "failed",
    calls: "a",
  },
  {
    says: "the last error is the step's",
    yaml: call(`retry: { max_attempts: 2, ${NOW} }`),
    answers: { f: [fails("E1"), fails("E2")] },
    status: "failed",
    error: { code: "E2", attempt: 2 },
  },
  waits("backoff: fixed, initial_delay: 40ms", 40, 40, 40),
  waits("backoff: linear, initial_delay: 30ms", 30, 60, 90),
  waits("backoff: exponential, initial_delay: 20ms, multiplier: 3", 20, 60, 180),
  waits("initial_delay: 20ms", 20, 40, 80),
  waits("backoff: exponential, initial_delay: 20ms, max_delay: 50ms", 20, 40, 50, 50),
  waits("backoff: linear, initial_delay: 20ms, max_delay: 50ms", 20, 40, 50),
  waits("backoff: fixed, initial_delay: 80ms, max_delay: 50ms", 50),
  firstDelay("the first delay is 1 s by default, drawn between its half and its whole", "", 500, 1000),
  firstDelay("without jitter the default is exactly 1 s", ", jitter: false", 1000, 1000),
  firstDelay("no delay is over 60 s by default", ", jitter: false, initial_delay: 1h", 60_000, 60_000),
  firstDelay("max_delay may be more", ", jitter: false, initial_delay: 1h, max_delay: 2h", 3_600_000, 3_600_000),
  {
    says: "jitter draws evenly between half of the delay and the whole",
    yaml: `- { name: l, type: loop, times: 60, parallel: true, steps: [ { name: a, executor: me, function: f, retry: { max_attempts: 2, backoff: fixed, initial_delay: 1h } } ] }`.replace(
      "1h",
      "1h, max_delay: 2h",
    ),
    answers: { f: fails("E1") },
    status: "running",
    drive: async (going) => {
      while ((await delays(going)).length < 60) await going.view();
    },
    check: async (going) => {
      const drawn = (await delays(going)).map((delay) => delay / 3_600_000);
      assert.ok(
        drawn.every((share) => share >= 0.5 && share <= 1),
        String(drawn),
      );
      assert.equal(new Set(drawn).size, 60);
      // Of 60 even draws between 0.5 and 1 the mean is within 0.1 of 0.75 but for one run in many millions.
      const mean = drawn.reduce((all, one) => all + one, 0) / 60;
      assert.ok(mean > 0.65 && mean < 0.85, String(mean));
    },
  },
  {
    says: "the policy of the workflow holds for steps that call out, and for no others",
    yaml: `
      retry_policy: { max_attempts: 2, initial_delay: 1ms }
      steps:
        - { name: fn, executor: me, function: fn, on_failure: web }
        - { name: web, type: http, url: WEB/failing/503/policy }
        - { name: own, executor: me, function: own, retry: { max_attempts: 3, initial_delay: 1ms } }
        - { name: box, type: condition, condition: "true", then: [ { name: in, executor: me, function: in, retry: { max_attempts: 1 } } ] , on_failure: child }
        - { name: child, type: workflow, workflow: re-child, on_failure: script }
        - { name: script, type: transform, script: "function transform() { throw new Error('x') }", on_failure: end }
        - { name: end, type: set, variables: { x: 1 } }`
      .replaceAll("in, ", "inside, ")
      .replaceAll("function: inside", "function: inside"),
    also: { "re-child": "- { name: c, executor: me, function: c, retry: { max_attempts: 1 } }" },
    answers: { fn: fails("E1"), own: [fails("E1"), fails("E1"), gives({})], inside: fails("E1"), c: fails("E1") },
    calls: "fn fn own own own box.inside c",
    check: (_, view) => {
      const attempts = Object.fromEntries(view.steps.map((step) => [step.path, step.attempts]));
      assert.partialDeepStrictEqual(attempts, { fn: 2, web: 2, own: 3, box: 1, child: 1, script: 1 });
    },
  },
  ...RETRIED.map(
    (code): Run => ({
      says: `${code} is tried again`,
      yaml: call(`retry: { max_attempts: 2, ${NOW} }`),
      answers: { f: [fails(code), gives({})] },
      calls: "a a",
    }),
  ),
  ...NOT_RETRIED.map(
    (code): Run => ({
      says: `${code} is not tried again`,
      yaml: call(`retry: { max_attempts: 2, ${NOW} }`),
      answers: { f: fails(code) },
      status: "failed",
      error: { code, attempt: 1 },
      calls: "a",
    }),
  ),
  {
    says: "an error that says so is not tried again",
    yaml: call(`retry: { max_attempts: 2, ${NOW} }`),
    answers: { f: fails("E1", { retryable: false }) },
    status: "failed",
    calls: "a",
  },
  {
    says: "retry_on replaces the list",
    yaml: call(
      `retry: { max_attempts: 9, ${NOW}, retry_on: [ E1, VALIDATION_FAILED, HTTP_4xx, "error.message == 'again'" ] }`,
    ),
    answers: {
      f: [
        fails("E1"),
        fails("VALIDATION_FAILED"),
        fails("HTTP_404"),
        fails("E9", { message: "again" }),
        fails("TIMEOUT"),
      ],
    },
    status: "failed",
    error: { code: "TIMEOUT", attempt: 5 },
  },
  {
    says: "retry_on: HTTP_5xx is no other code",
    yaml: call(`retry: { max_attempts: 9, ${NOW}, retry_on: [ HTTP_5xx ] }`),
    answers: { f: [fails("HTTP_500"), fails("HTTP_599"), fails("E1")] },
    status: "failed",
    error: { code: "E1", attempt: 3 },
  },
  {
    says: "retry_after of an executor is waited for",
    yaml: call(`retry: { max_attempts: 2, ${NOW} }`),
    answers: { f: [fails("E1", { retry_after: 0.3 }), gives({})] },
    check: async (going) => {
      assert.ok(((await delays(going))[0] ?? 0) >= 300);
      await neverEarly(going);
    },
  },
  {
    says: "Retry-After of an answer is waited for",
    yaml: `- { name: a, type: http, url: WEB/failing/429/after, retry: { max_attempts: 2, ${NOW} } }`,
    check: async (going) => assert.ok(((await delays(going))[0] ?? 0) >= 1000),
  },
];

const timeouts: readonly Run[] = [
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

const F = (reply: Reply = fails("E1")): { readonly f: Reply } => ({ f: reply });

const fallbacks: readonly Run[] = [
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

const others: readonly Run[] = [
  {
    says: "the error object has code, message, details, step, attempt and retryable",
    yaml: call(`retry: { max_attempts: 2, ${NOW} }`),
    answers: { f: [fails("E1"), fails("E2", { message: "No.", details: { why: [1] }, retryable: false })] },
    status: "failed",
    error: { code: "E2", message: "No.", details: { why: [1] }, step: "a", attempt: 2, retryable: false },
    check: (_, view) =>
      assert.partialDeepStrictEqual(view.steps[0]?.error as JsonObject, { code: "E2", details: { why: [1] } }),
  },
  {
    says: "attempts of a step can be read",
    yaml: `${call(`retry: { max_attempts: 3, ${NOW} }`)}\n- { name: b, executor: me, function: echo, input: { n: $.a.attempts, m: $.steps.a.attempts } }`,
    answers: { f: [fails("E1"), fails("E1"), gives({})] },
    check: (_, view) => assert.deepEqual(outputOf(view, "b"), { n: 3, m: 3 }),
  },
];

export const runs: readonly Run[] = [...retries, ...timeouts, ...fallbacks, ...others];

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
  {
    says: "a backoff is one of three",
    yaml: call("retry: { max_attempts: 2, backoff: exponentialy }"),
    finds: [["error field-choice", "exponential"]],
  },
  { says: "a policy tries at least once", yaml: call("retry: { max_attempts: 0 }"), finds: ["error field-range"] },
];
