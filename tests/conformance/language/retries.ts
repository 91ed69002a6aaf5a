/** Retries: how often, how long after, and after which failures. */

import assert from "node:assert/strict";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { type Diagnosis, type Going, outputOf, type Run } from "./cases.ts";
import { fails, gives } from "./executor.ts";

const call = (fields: string): string => `- { name: a, executor: me, function: f, ${fields} }`;
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

const errors: readonly Run[] = [
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

export const runs: readonly Run[] = [...retries, ...errors];

export const diagnoses: readonly Diagnosis[] = [
  {
    says: "a backoff is one of three",
    yaml: call("retry: { max_attempts: 2, backoff: exponentialy }"),
    finds: [["error field-choice", "exponential"]],
  },
  { says: "a policy tries at least once", yaml: call("retry: { max_attempts: 0 }"), finds: ["error field-range"] },
];
