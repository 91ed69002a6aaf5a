import assert from "node:assert/strict";
import { test } from "node:test";

import { startRig } from "./rig.test.ts";

const TASK = "type: function, executor: payments, function: charge";

const handled = (category: string, steps = `- { name: a, ${TASK} }`) => `
steps:
  ${steps}
  - { name: b, ${TASK} }
  - { name: stand-in, type: transform, mapping: { n: 2 } }
error_handling:
  error_categories:
    - ${category}
    - { name: rest, patterns: [".*"], strategy: fail_immediately }`;

test("retry tries again what its code alone would not be tried again for, three times unless something else is said", () => {
  const rig = startRig(handled("{ name: flaky, patterns: [VALIDATION_FAILED], strategy: retry }"));
  assert.deepEqual(rig.fail("a", { code: "VALIDATION_FAILED" }), ["StepAttemptFailed a"]);
  assert.equal(rig.last("StepAttemptFailed").error.category, "flaky");
  rig.pass(60_000);
  assert.deepEqual(rig.fail("a", { code: "VALIDATION_FAILED" }), ["StepAttemptFailed a"]);
  rig.pass(60_000);
  assert.equal(rig.fail("a", { code: "VALIDATION_FAILED" }).at(-1), "ExecutionFailed");
  assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
});

test("the category's own policy is for steps without one, and what is marked as not retryable stays so", () => {
  const category = "{ name: flaky, patterns: [BUSY], strategy: retry, max_attempts: 2, backoff: fixed, jitter: false }";
  const rig = startRig(handled(category));
  rig.fail("a", { code: "BUSY" });
  rig.pass(1000);
  assert.equal(rig.fail("a", { code: "BUSY" }).at(-1), "ExecutionFailed");
  const own = startRig(handled(category, `- { name: a, ${TASK}, retry: { max_attempts: 4, retry_on: [ELSE] } }`));
  for (let n = 1; n < 4; n++) {
    assert.deepEqual(own.fail("a", { code: "BUSY" }), ["StepAttemptFailed a"]);
    own.pass(60_000);
  }
  assert.equal(own.fail("a", { code: "BUSY" }).at(-1), "ExecutionFailed");
  const marked = startRig(handled(category));
  assert.equal(marked.fail("a", { code: "BUSY", retryable: false }).at(-1), "ExecutionFailed");
});

test("the first category that fits decides, by code or by a pattern over the message; fail_immediately overrules the policy", () => {
  const rig = startRig(
    handled(
      '{ name: gone, patterns: [HTTP_4xx, "card .* stolen"], strategy: fail_immediately }',
      `- { name: a, ${TASK}, retry: 5 }`,
    ),
  );
  assert.equal(rig.fail("a", { code: "DECLINED", message: "The card 7 was stolen." }).at(-1), "ExecutionFailed");
  assert.equal(rig.last("ExecutionFailed").error.category, "gone");
});

test("a handler stands in for a step that has failed for good, before its failure edge", () => {
  const category = "{ name: odd, patterns: [ODD], strategy: handler, handler: stand-in }";
  const rig = startRig(handled(category, `- { name: a, ${TASK}, on_failure: stand-in }`));
  assert.deepEqual(rig.fail("a", { code: "ODD" }), [
    "FallbackStarted a",
    "StepCompleted a:fallback",
    "StepCompleted a",
    "StepSkipped stand-in",
    "StepScheduled b",
  ]);
  assert.deepEqual(rig.execution.steps.get("a")?.output, { n: 2 });
  assert.equal(rig.last("FallbackStarted").category, "odd");
  rig.complete("b");
  assert.equal(rig.execution.status, "completed");
  assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
});

test("a step that has a fallback of its own uses that; one whose handler fails keeps its first error", () => {
  const category = "{ name: odd, patterns: [ODD], strategy: handler, handler: { steps: [{ name: h, type: fail }] } }";
  const own = startRig(handled(category, `- { name: a, ${TASK}, default_output: { n: 1 } }`));
  own.fail("a", { code: "ODD" });
  assert.deepEqual(own.execution.steps.get("a")?.output, { n: 1 });
  const rig = startRig(handled(category));
  assert.equal(rig.fail("a", { code: "ODD" }).at(-1), "ExecutionFailed");
  const { code, suppressed } = rig.last("ExecutionFailed").error;
  assert.deepEqual([code, suppressed?.map((each) => each.code)], ["ODD", ["WORKFLOW_ERROR"]]);
});

test("a container is not handled for what failed inside, nor tried again without a policy of its own", () => {
  const category = "{ name: flaky, patterns: [BUSY], strategy: retry, max_attempts: 2 }";
  const rig = startRig(handled(category, `- { name: all, type: try, steps: [{ name: a, ${TASK} }] }`));
  rig.fail("all.a", { code: "BUSY" });
  rig.pass(60_000);
  const events = rig.fail("all.a", { code: "BUSY" });
  assert.deepEqual([events.at(-1), rig.last("ExecutionFailed").error.category], ["ExecutionFailed", "flaky"]);
});
