import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { reactionsOf } from "./reactions.ts";
import { refusalOf } from "./refuse.ts";
import { type Rig, type RigOptions, startRig } from "./rig.test.ts";

/** Every history that a test makes must replay to the state it left. */
const rigs: Rig[] = [];

function start(spec: string, options: RigOptions = {}): Rig {
  const rig = startRig(spec, options);
  rigs.push(rig);
  return rig;
}

afterEach(() => {
  for (const rig of rigs.splice(0)) {
    const { fresh, live } = rig.replayed();
    assert.deepEqual(fresh, live);
    assert.deepEqual(
      rig.history.map(({ seq }) => seq),
      rig.history.map((_, i) => i + 1),
    );
  }
});

const TASK = "executor: e, function: f";

describe("tasks", () => {
  test("a step is scheduled with its input and completes with its mapped output", () => {
    const rig = start(
      `
steps:
  - { name: a, ${TASK}, input: { x: $.input.n, y: "n is \${input.n}" }, output: { z: $.response.deep.z } }
output: { got: $.a.z }`,
      { input: { n: 7 } },
    );
    assert.deepEqual(rig.last("StepScheduled").input, { x: 7, y: "n is 7" });
    assert.deepEqual(rig.complete("a", { deep: { z: 1 } }), ["StepCompleted a", "ExecutionCompleted"]);
    assert.deepEqual(rig.last("ExecutionCompleted").output, { got: 1 });
  });

  test("an executor that answers twice is heard once", () => {
    const rig = start(`steps: [ { name: a, ${TASK} }, { name: b, ${TASK} } ]`);
    rig.complete("a");
    assert.deepEqual(rig.complete("a"), []);
    assert.deepEqual(rig.fail("a"), []);
    assert.equal(rig.execution.status, "running");
  });

  test("an answer for an attempt that is over changes nothing", () => {
    const rig = start(`steps: [ { name: a, ${TASK}, retry: { max_attempts: 2, jitter: false } } ]`);
    rig.fail("a");
    rig.pass(1000);
    const late = {
      kind: "CompleteTask",
      path: "a",
      attempt: 1,
      output: {},
      http: null,
      startedAt: null,
      instance: null,
    } as const;
    assert.deepEqual(rig.send(late), []);
    assert.deepEqual(rig.complete("a"), ["StepCompleted a", "ExecutionCompleted"]);
  });

  test("any other result than an object goes under value", () => {
    const rig = start(`steps: [ { name: a, ${TASK} } ]`);
    rig.complete("a", [1, 2]);
    assert.deepEqual(rig.last("ExecutionCompleted").output, { value: [1, 2] });
  });

  test("an output mapping that cannot be evaluated fails the step", () => {
    const rig = start(`steps: [ { name: a, ${TASK}, output: { x: $.response.n / 0 } } ]`);
    rig.complete("a", { n: 1 });
    assert.equal(rig.last("ExecutionFailed").error.code, "EXPRESSION_ERROR");
  });

  test("too large an output fails the step and names it", () => {
    const rig = start(`steps: [ { name: a, ${TASK} } ]`, { limits: { payloadBytesMax: 100 } });
    rig.complete("a", { text: "x".repeat(200) });
    const { error } = rig.last("ExecutionFailed");
    assert.equal(error.code, "PAYLOAD_TOO_LARGE");
    assert.match(error.message, /"a".*100 bytes/);
  });
});

describe("retries", () => {
  const policy = (fields: string) =>
    `steps: [ { name: a, ${TASK}, retry: { max_attempts: 4, jitter: false, ${fields} } } ]`;
  const delays = (spec: string): readonly number[] => {
    const rig = start(spec);
    const gaps: number[] = [];
    while (rig.fail("a").some((event) => event.startsWith("StepAttemptFailed"))) {
      const due = Date.parse(rig.last("StepAttemptFailed").retry_at);
      gaps.push(due - rig.execution.lastAt);
      assert.deepEqual(rig.pass(due - rig.execution.lastAt - 1), [], "not a millisecond early");
      rig.pass(1);
    }
    return gaps;
  };

  test("fixed, linear and exponential delays", () => {
    assert.deepEqual(delays(policy("backoff: fixed, initial_delay: 2s")), [2000, 2000, 2000]);
    assert.deepEqual(delays(policy("backoff: linear, initial_delay: 2s")), [2000, 4000, 6000]);
    assert.deepEqual(delays(policy("backoff: exponential, initial_delay: 2s, multiplier: 3")), [2000, 6000, 18_000]);
    assert.deepEqual(delays(policy("backoff: exponential, initial_delay: 2s, max_delay: 5s")), [2000, 4000, 5000]);
  });

  test("jitter stays between half of the delay and the whole", () => {
    for (let i = 0; i < 20; i++) {
      const rig = start(`steps: [ { name: a${i}, ${TASK}, retry: { max_attempts: 2, initial_delay: 10s } } ]`);
      rig.fail(`a${i}`);
      const gap = Date.parse(rig.last("StepAttemptFailed").retry_at) - rig.execution.lastAt;
      assert(gap >= 5000 && gap <= 10_000, String(gap));
    }
  });

  test("what an executor asks for is honoured", () => {
    const rig = start(policy("initial_delay: 1s"));
    rig.fail("a", { retry_after: 30 });
    assert.equal(Date.parse(rig.last("StepAttemptFailed").retry_at) - rig.execution.lastAt, 30_000);
  });

  test("an error marked so is not retried, nor are the platform's own that repeat", () => {
    for (const error of [
      { retryable: false },
      { code: "VALIDATION_FAILED" },
      { code: "HTTP_404" },
      { code: "SCRIPT_ERROR" },
    ]) {
      const rig = start(policy("initial_delay: 1s"));
      assert.deepEqual(rig.fail("a", error), ["StepFailed a", "ExecutionFailed"]);
    }
    for (const code of ["TIMEOUT", "HTTP_429", "HTTP_503", "CONNECTION_FAILED", "EXECUTOR_UNAVAILABLE", "MY_OWN"]) {
      assert.deepEqual(start(policy("initial_delay: 1s")).fail("a", { code }), ["StepAttemptFailed a"]);
    }
  });

  test("retry_on replaces the list, by code, class and condition", () => {
    const spec = policy(`initial_delay: 1s, retry_on: [HTTP_4xx, MINE, "error.message == 'again'"]`);
    assert.deepEqual(start(spec).fail("a", { code: "HTTP_404" }), ["StepAttemptFailed a"]);
    assert.deepEqual(start(spec).fail("a", { code: "MINE" }), ["StepAttemptFailed a"]);
    assert.deepEqual(start(spec).fail("a", { message: "again" }), ["StepAttemptFailed a"]);
    assert.deepEqual(start(spec).fail("a", { code: "TIMEOUT" }), ["StepFailed a", "ExecutionFailed"]);
  });

  test("the workflow's policy is for steps that call out, not for local ones", () => {
    const rig = start(`
retry_policy: { max_attempts: 2 }
steps: [ { name: v, type: fail, code: NO }, { name: a, ${TASK} } ]`);
    assert.equal(rig.execution.status, "failed");
  });

  test("attempts do not outlive the total time", () => {
    const rig = start(
      `steps: [ { name: a, ${TASK}, total_timeout: 5s, retry: { max_attempts: 9, backoff: fixed, initial_delay: 3s, jitter: false } } ]`,
    );
    rig.fail("a");
    rig.pass(3000);
    assert.deepEqual(rig.fail("a"), ["StepFailed a", "ExecutionFailed"]);
  });

  test("the total time ends an attempt that goes on", () => {
    const rig = start(`steps: [ { name: a, ${TASK}, total_timeout: 5s, retry: { max_attempts: 9 } } ]`);
    assert.deepEqual(rig.pass(5000), ["StepFailed a", "ExecutionFailed"]);
    assert.equal(rig.last("ExecutionFailed").error.code, "TIMEOUT");
  });

  test("a container is retried as a whole by a policy of its own", () => {
    const rig = start(`
steps:
  - name: both
    type: parallel
    retry: { max_attempts: 2, backoff: fixed, initial_delay: 1s, jitter: false }
    branches: [ { name: x, steps: [ { name: a, ${TASK} } ] }, { name: y, steps: [ { name: b, ${TASK} } ] } ]`);
    rig.complete("both.x.a");
    assert.deepEqual(rig.fail("both.y.b"), ["StepFailed both.y.b", "BranchEnded both.y", "StepAttemptFailed both"]);
    rig.pass(1000);
    assert.equal(rig.execution.steps.get("both.x.a")?.attempt, 2, "no task id comes twice");
    rig.complete("both.x.a");
    rig.complete("both.y.b");
    assert.equal(rig.execution.status, "completed");
    assert.equal(rig.execution.steps.get("both")?.attempt, 2);
  });
});

describe("time-outs", () => {
  test("a wait is over when its time has come, not before", () => {
    const rig = start("steps: [ { name: w, type: wait, duration: 5s } ]");
    assert.deepEqual(rig.pass(4999), []);
    assert.deepEqual(rig.pass(1), ["StepCompleted w", "ExecutionCompleted"]);
  });

  test("a time that is past ends a wait at once", () => {
    const rig = start(`steps: [ { name: w, type: wait, until: "2020-01-01T00:00:00Z" } ]`);
    rig.pass(0);
    assert.equal(rig.execution.status, "completed");
  });

  test("the workflow's time-out cancels what runs and ends as timed out", () => {
    const rig = start(`timeout: 10s\nsteps: [ { name: a, ${TASK} } ]`);
    assert.deepEqual(rig.pass(10_000), ["ExecutionTimeoutReached", "StepCancelled a", "ExecutionTimedOut"]);
  });

  test("a container that takes too long fails with TIMEOUT after what runs in it was cancelled", () => {
    const rig = start(
      `steps: [ { name: t, type: try, timeout: 3s, steps: [ { name: a, ${TASK} } ], finally: [ { name: c, ${TASK} } ] } ]`,
    );
    assert.deepEqual(rig.pass(3000), ["StepClosing t", "StepCancelled t.a", "FinallyStarted t", "StepScheduled t.c"]);
    assert.deepEqual(rig.complete("t.c"), ["StepCompleted t.c", "StepFailed t", "ExecutionFailed"]);
    assert.equal(rig.last("ExecutionFailed").error.code, "TIMEOUT");
  });

  test("a step whose time-out is to be ignored is skipped and the flow goes on", () => {
    const rig = start(`steps: [ { name: a, ${TASK}, timeout: 1s, timeout_action: ignore }, { name: b, ${TASK} } ]`);
    assert.deepEqual(rig.fail("a", { code: "TIMEOUT" }), ["StepSkipped a", "StepScheduled b"]);
    assert.equal(rig.statuses()["a"], "skipped (timeout)");
  });

  test("timeout_action: retry tries three times without a policy", () => {
    const rig = start(`steps: [ { name: a, ${TASK}, timeout: 1s, timeout_action: retry } ]`);
    for (const expected of ["StepAttemptFailed a", "StepAttemptFailed a", "StepFailed a"]) {
      assert.equal(rig.fail("a", { code: "TIMEOUT" })[0], expected);
      rig.pass(60_000);
    }
  });
});

describe("fallbacks", () => {
  const spec = (fields: string, rest = "") => `
steps:
  - { name: a, ${TASK}, input: { n: 1 }, ${fields} }
  - { name: b, ${TASK}, input: { x: $.a.x, status: $.a.status } }
  - { name: s, ${TASK} }
${rest}`;

  test("a step takes the place of one that failed for good, with its input, and the flow goes on", () => {
    const rig = start(spec("retry: { max_attempts: 2, initial_delay: 1s }, fallback_step: s"));
    assert.deepEqual(rig.fail("a"), ["StepAttemptFailed a"]);
    rig.pass(1000);
    assert.deepEqual(rig.fail("a"), ["FallbackStarted a", "StepScheduled a:fallback"]);
    assert.deepEqual(rig.last("StepScheduled").input, { n: 1 });
    rig.complete("a:fallback", { x: 5 });
    assert.deepEqual(rig.last("StepScheduled").input, { x: 5, status: "completed" });
    rig.complete("b");
    assert.deepEqual([rig.execution.status, rig.statuses()["s"]], ["completed", "skipped (not_reached)"]);
  });

  test("a fallback that fails leaves the first error, with its own beside it", () => {
    const rig = start(spec("fallback_step: s"));
    rig.fail("a", { code: "FIRST" });
    rig.fail("a:fallback", { code: "SECOND" });
    const { error } = rig.last("ExecutionFailed");
    assert.deepEqual([error.code, error.suppressed?.[0]?.code], ["FIRST", "SECOND"]);
  });

  test("a time-out falls back at once where it says so, also where the step leads somewhere on failure", () => {
    const rig = start(
      spec(
        "retry: { max_attempts: 5 }, timeout: 1s, timeout_action: fallback, fallback_step: s, on_failure: h",
        `  - { name: h, ${TASK} }`,
      ),
    );
    assert.deepEqual(rig.fail("a", { code: "TIMEOUT" }), ["FallbackStarted a", "StepScheduled a:fallback"]);
  });

  test("another failure of a step that leads somewhere on failure goes there", () => {
    const rig = start(spec("fallback_step: s, on_failure: h", `  - { name: h, ${TASK} }`));
    assert.deepEqual(rig.fail("a").slice(0, 2), ["StepFailed a", "StepCancelled b"]);
  });

  test("default_output stands for the output", () => {
    const rig = start(spec('default_output: { x: "${error.code}" }'));
    rig.fail("a", { code: "OOPS" });
    assert.deepEqual(rig.last("StepScheduled").input, { x: "OOPS", status: "completed" });
  });

  test("inline steps run under the step's path, if their condition holds", () => {
    const inline = `fallback: { when: "error.code == 'A'", steps: [ { name: f1, ${TASK} }, { name: f2, ${TASK} } ] }`;
    const rig = start(spec(inline));
    assert.deepEqual(rig.fail("a", { code: "A" }), ["FallbackStarted a", "StepScheduled a:fallback.f1"]);
    rig.complete("a:fallback.f1");
    rig.complete("a:fallback.f2", { x: 2 });
    assert.deepEqual(rig.last("StepScheduled").input, { x: 2, status: "completed" });
    const other = start(spec(inline));
    other.fail("a", { code: "B" });
    assert.equal(other.execution.status, "failed");
  });

  test("cancelling while a fallback runs cancels it too; a retry begins with the step itself", () => {
    const rig = start(spec("fallback_step: s"));
    rig.fail("a");
    rig.send({ kind: "Cancel", id: "c", reason: "r" });
    assert.deepEqual([rig.statuses()["a"], rig.statuses()["a:fallback"]], ["cancelled", "cancelled"]);
    assert.deepEqual(rig.send({ kind: "Retry", id: "r" }), ["ExecutionReopened", "StepScheduled a"]);
    rig.fail("a");
    rig.complete("a:fallback", { x: 1 });
    rig.complete("b");
    assert.equal(rig.execution.status, "completed");
  });

  test("a container may have one as well", () => {
    const rig = start(`
steps:
  - { name: t, type: try, fallback_step: s, steps: [ { name: x, ${TASK} } ] }
  - { name: s, type: transform, mapping: { from: s } }
output: { from: $.t.from }`);
    rig.fail("t.x");
    assert.deepEqual(rig.last("ExecutionCompleted").output, { from: "s" });
  });
});

describe("compensation", () => {
  const spec = (rest: string) => `
steps:
  - { name: a, ${TASK}, input: { n: 1 }, compensate: { name: undo-a, ${TASK}, input: { id: $.a.id } } }
  - { name: b, ${TASK}, compensate: undo-b }
${rest}
  - { name: undo-b, ${TASK} }`;

  test("what completed is undone before the end, the newest first, each with its own data", () => {
    const rig = start(spec(`  - { name: c, ${TASK} }`));
    rig.complete("a", { id: "A" });
    rig.complete("b", { id: "B" });
    const events = rig.fail("c", { code: "NO" });
    assert.deepEqual(events.slice(-4), [
      "StepSkipped undo-b",
      "CompensationStarted",
      "StepCompensating b",
      "StepScheduled b:compensate",
    ]);
    assert.deepEqual(rig.complete("b:compensate"), [
      "StepCompleted b:compensate",
      "StepCompensated b",
      "StepCompensating a",
      "StepScheduled a:compensate",
    ]);
    assert.deepEqual(rig.last("StepScheduled").input, { id: "A" });
    assert.deepEqual(rig.complete("a:compensate").slice(-1), ["ExecutionFailed"]);
    assert.deepEqual(
      [rig.statuses()["a"], rig.statuses()["b"], rig.last("ExecutionFailed").error.code],
      ["compensated", "compensated", "NO"],
    );
  });

  test("one that fails after its own retries is recorded and does not stop the rest", () => {
    const rig = start(spec(`  - { name: c, ${TASK} }`));
    rig.complete("a", { id: "A" });
    rig.complete("b");
    rig.fail("c");
    rig.fail("b:compensate", { code: "STUCK" });
    assert.equal(rig.last("WarningRecorded").code, "COMPENSATION_FAILED");
    rig.complete("a:compensate");
    assert.deepEqual(
      [rig.execution.status, rig.statuses()["a"], rig.statuses()["b"]],
      ["failed", "compensated", "completed"],
    );
  });

  test("cancel and time-out undo as well; a second cancel changes nothing, terminate stops it", () => {
    const rig = start(`timeout: 1h\n${spec(`  - { name: c, ${TASK} }`).trimStart()}`);
    rig.complete("a", { id: "A" });
    rig.complete("b");
    rig.send({ kind: "Cancel", id: "1", reason: "r" });
    assert.deepEqual(rig.send({ kind: "Cancel", id: "2", reason: "r" }), []);
    assert.deepEqual(rig.pass(3_600_000), [], "the workflow's time-out no longer counts");
    assert.deepEqual(rig.send({ kind: "Terminate", id: "3", reason: "r" }), ["ExecutionCancelled"]);
  });

  test("a failure that was caught or recovered undoes nothing, nor does return", () => {
    const caught = start(
      spec(
        `  - { name: t, type: try, steps: [ { name: x, type: fail, code: X } ], catch: [ { steps: [ { name: y, type: set, variables: { v: 1 } } ] } ] }`,
      ),
    );
    caught.complete("a", { id: "A" });
    caught.complete("b");
    assert.equal(caught.execution.status, "completed");
    const returned = start(spec("  - { name: r, type: return, output: { early: true } }"));
    returned.complete("a", { id: "A" });
    returned.complete("b");
    assert.equal(returned.execution.status, "completed");
  });

  test("a loop's step is undone once for each completed iteration, with that iteration's data", () => {
    const rig = start(
      `
steps:
  - name: l
    type: loop
    iterate_over: $.input.items
    steps: [ { name: s, ${TASK}, compensate: { name: undo, ${TASK}, input: { item: $.item, out: $.s.n } } } ]
  - { name: bad, type: fail, code: NO }`,
      { input: { items: ["x", "y"] } },
    );
    rig.complete("l[0].s", { n: 0 });
    rig.complete("l[1].s", { n: 1 });
    assert.deepEqual(rig.last("StepScheduled").input, { item: "y", out: 1 });
    rig.complete("l[1].s:compensate");
    assert.deepEqual(rig.last("StepScheduled").input, { item: "x", out: 0 });
    rig.complete("l[0].s:compensate");
    assert.equal(rig.execution.status, "failed");
  });

  test("what a fallback completed is not undone", () => {
    const rig = start(`
steps:
  - { name: a, ${TASK}, default_output: { x: 1 }, compensate: { name: undo, ${TASK} } }
  - { name: bad, type: fail, code: NO }`);
    assert.deepEqual(rig.fail("a").slice(-1), ["ExecutionFailed"]);
  });

  test("a retry of the execution begins with what failed and what was undone", () => {
    const rig = start(spec(`  - { name: c, ${TASK} }`));
    rig.complete("a", { id: "A" });
    rig.complete("b");
    rig.fail("c");
    rig.complete("b:compensate");
    rig.complete("a:compensate");
    assert.deepEqual(rig.send({ kind: "Retry", id: "r" }), ["ExecutionReopened", "StepScheduled a"]);
    assert.equal(rig.execution.steps.get("a")?.attempt, 2);
    rig.complete("a", { id: "A" });
    rig.complete("b");
    rig.fail("c");
    assert.equal(rig.execution.steps.get("b:compensate")?.attempt, 2);
  });
});

describe("error rules", () => {
  const spec = (rules: string, rest = "") => `
steps:
  - { name: a, ${TASK}, output: { ok: $.response.ok, why: $.response.why } }
  - { name: b, ${TASK} }
${rest}
error_handling:
${rules}`;

  test("return_error ends the execution with code, message and evaluated details; what completed is undone", () => {
    const rule = `  - { condition: "$.a.ok == false", action: { type: return_error, message: No good, details: $.a.why } }`;
    const rig = start(spec(rule));
    assert.deepEqual(rig.complete("a", { ok: false, why: "too young" }), [
      "RuleFired a",
      "StepCompleted a",
      "ErrorRaised",
      "StepCancelled b",
      "ExecutionFailed",
    ]);
    const { error } = rig.last("ExecutionFailed");
    assert.deepEqual([error.code, error.message, error.details], ["WORKFLOW_ERROR", "No good", "too young"]);
    const fine = start(spec(rule));
    fine.complete("a", { ok: true });
    fine.complete("b");
    assert.equal(fine.execution.status, "completed");
  });

  test("a rule that ends the execution wins over on_failure", () => {
    const rig = start(`
steps:
  - { name: a, ${TASK}, on_failure: h }
  - { name: b, ${TASK} }
  - { name: h, ${TASK} }
error_handling:
  - { condition: "$.a.status == 'failed'", action: { type: return_error, code: MINE } }`);
    const events = rig.fail("a", { code: "X" });
    assert.deepEqual(
      [events.slice(-1), rig.last("ExecutionFailed").error.code, rig.statuses()["h"]],
      [["ExecutionFailed"], "MINE", "skipped (not_reached)"],
    );
    assert.equal(rig.last("ExecutionFailed").error.cause?.code, "X");
  });

  test("compensate undoes, then runs the rule's steps, then ends with the step's error", () => {
    const rig = start(`
steps:
  - { name: a, ${TASK}, compensate: undo }
  - { name: b, ${TASK} }
  - { name: undo, ${TASK} }
error_handling:
  - condition: "$.b.status == 'failed'"
    action: { type: compensate, steps: [ { name: cleanup, service: user-service, method: cleanup } ] }`);
    rig.complete("a");
    assert.deepEqual(rig.fail("b", { code: "X" }).slice(-2), ["StepCompensating a", "StepScheduled a:compensate"]);
    assert.deepEqual(rig.complete("a:compensate").slice(-2), ["ErrorStepsStarted", "StepScheduled rules[0].cleanup"]);
    rig.complete("rules[0].cleanup");
    assert.deepEqual([rig.execution.status, rig.last("ExecutionFailed").error.code], ["failed", "X"]);
  });

  test("fallback lets another step stand in, continue takes the success edges, notify is recorded", () => {
    const standIn = start(
      spec(
        `  - { condition: "error.code == 'X'", action: { type: fallback, step: s } }`,
        `  - { name: s, type: transform, mapping: { ok: 1 } }`,
      ),
    );
    assert.deepEqual(standIn.fail("a", { code: "X" }).slice(0, 3), [
      "RuleFired a",
      "FallbackStarted a",
      "StepCompleted a:fallback",
    ]);
    standIn.complete("b");
    assert.equal(standIn.execution.status, "completed");
    const goOn = start(spec(`  - { condition: "$.a.status == 'failed'", action: { type: continue } }`));
    assert.deepEqual(goOn.fail("a"), ["RuleFired a", "StepFailed a", "StepScheduled b"]);
    goOn.complete("b");
    assert.equal(goOn.execution.status, "completed");
    const told = start(
      spec(
        `  - { condition: "$.a.status == 'failed'", action: { type: notify, channel: ops, message: "\${error.code} at \${execution.id}" } }`,
      ),
    );
    told.fail("a", { code: "X" });
    assert.deepEqual(told.last("RuleFired").notice, { channel: "ops", message: "X at e" });
  });

  test("a rule fires once", () => {
    const rig = start(spec(`  - { condition: "true", action: { type: notify, message: hello } }`));
    rig.complete("a");
    assert.deepEqual(rig.complete("b"), ["StepCompleted b", "ExecutionCompleted"]);
  });

  test("the object form runs its steps once the workflow has failed, and its compensation after the steps' own", () => {
    const rig = start(`
steps:
  - { name: a, ${TASK}, compensate: { name: undo, ${TASK} } }
  - { name: b, ${TASK} }
error_handling:
  on_failure: { steps: [ { name: tell, ${TASK} } ] }
  compensation: [ { name: tidy, ${TASK} } ]`);
    rig.complete("a");
    assert.deepEqual(rig.fail("b").slice(-2), ["ErrorStepsStarted", "StepScheduled error_handling.on_failure.tell"]);
    assert.deepEqual(rig.complete("error_handling.on_failure.tell").slice(-1), ["StepScheduled a:compensate"]);
    assert.deepEqual(rig.complete("a:compensate").slice(-1), ["StepScheduled error_handling.compensation.tidy"]);
    rig.fail("error_handling.compensation.tidy", { code: "TIDY" });
    const { error } = rig.last("ExecutionFailed");
    assert.deepEqual([error.code, error.suppressed?.[0]?.code], ["BROKEN", "TIDY"]);
  });
});

describe("the workflow's time-out", () => {
  test("may begin the unfinished steps again, as often as the policy has attempts", () => {
    const rig = start(
      `timeout: 10s\ntimeout_action: retry\nretry_policy: { max_attempts: 1 }\nsteps: [ { name: a, ${TASK} }, { name: b, ${TASK} } ]`,
    );
    rig.complete("a");
    assert.deepEqual(rig.pass(10_000), [
      "ExecutionTimeoutReached",
      "StepCancelled b",
      "ExecutionRestarted",
      "StepScheduled b",
    ]);
    assert.equal(rig.execution.steps.get("b")?.attempt, 2);
    assert.deepEqual(rig.pass(10_000).slice(-1), ["ExecutionTimedOut"]);
  });

  test("may run the fallback step, whose output is the execution's", () => {
    const rig = start(
      `timeout: 10s\ntimeout_action: fallback\nfallback_step: f\nsteps: [ { name: a, ${TASK} }, { name: f, ${TASK} } ]`,
    );
    assert.deepEqual(rig.pass(10_000).slice(-2), ["ExecutionFallbackStarted", "StepScheduled :fallback"]);
    rig.complete(":fallback", { late: true });
    assert.deepEqual(rig.last("ExecutionCompleted").output, { late: true });
  });

  test("may be no more than a warning", () => {
    const rig = start(`timeout: 10s\ntimeout_action: ignore\nsteps: [ { name: a, ${TASK} } ]`);
    assert.deepEqual(rig.pass(10_000), ["ExecutionTimeoutReached", "WarningRecorded"]);
    rig.complete("a");
    assert.equal(rig.execution.status, "completed");
  });
});

describe("containers", () => {
  test("a condition runs one side, and its output is that of the last step in it", () => {
    const spec = `
steps:
  - name: c
    type: condition
    condition: input.yes
    then: [ { name: t, type: transform, mapping: { side: then } } ]
    else: [ { name: e, type: transform, mapping: { side: else } } ]
output: { side: $.c.side, t: $.t.status, e: $.e.status }`;
    assert.deepEqual(start(spec, { input: { yes: true } }).last("ExecutionCompleted").output, {
      side: "then",
      t: "completed",
      e: null,
    });
    assert.deepEqual(start(spec, { input: { yes: false } }).last("ExecutionCompleted").output, {
      side: "else",
      t: null,
      e: "completed",
    });
  });

  test("a condition that is neither true nor false fails the step", () => {
    const rig = start(
      `steps: [ { name: c, type: condition, condition: input.n, then: [ { name: t, type: set, variables: { x: 1 } } ] } ]`,
      { input: { n: 1 } },
    );
    assert.equal(rig.last("ExecutionFailed").error.code, "EXPRESSION_ERROR");
  });

  test("a switch takes the first case that fits, else the default, else nothing", () => {
    const spec = (rest: string) => `
steps:
  - name: s
    type: switch
    cases:
      - { when: input.n > 10, steps: [ { name: big, type: transform, mapping: { is: big } } ] }
      - { when: input.n > 5, steps: [ { name: middle, type: transform, mapping: { is: middle } } ] }
${rest}
output: { is: $.s.is }`;
    const withDefault = spec("    default: [ { name: small, type: transform, mapping: { is: small } } ]");
    const is = (text: string, n: number) => start(text, { input: { n } }).last("ExecutionCompleted").output;
    assert.deepEqual(
      [is(withDefault, 20), is(withDefault, 7), is(withDefault, 1)],
      [{ is: "big" }, { is: "middle" }, { is: "small" }],
    );
    assert.deepEqual(is(spec(""), 1), { is: null });
  });

  test("branches merge the outputs of their steps in the order of their ends", () => {
    const rig = start(`
steps:
  - name: p
    type: parallel
    branches: [ { name: x, steps: [ { name: a, ${TASK} }, { name: b, ${TASK} } ] } ]
    output: { n: $.branches.x.n, only: $.branches.x.only, status: $.branches.x.status, a: $.branches.x.steps.a.output.n }`);
    rig.complete("p.x.a", { n: 1, only: true });
    rig.complete("p.x.b", { n: 2 });
    assert.deepEqual(rig.last("ExecutionCompleted").output, { n: 2, only: true, status: "completed", a: 1 });
  });

  const three = (fields: string) => `
steps:
  - name: p
    type: parallel
    ${fields}
    branches: [ { name: x, steps: [ { name: a, ${TASK} } ] }, { name: y, steps: [ { name: b, ${TASK} } ] }, { name: z, steps: [ { name: c, ${TASK} } ] } ]`;

  test("the first failed branch cancels the others", () => {
    const rig = start(three(""));
    rig.fail("p.y.b");
    assert.equal(rig.execution.status, "failed");
    assert.equal(rig.statuses()["p.x.a"], "cancelled");
    assert.equal(rig.last("ExecutionFailed").error.step, "b");
  });

  test("without fail_fast all run, and failures are a warning unless all failed", () => {
    const rig = start(three("fail_fast: false"));
    rig.fail("p.x.a");
    rig.complete("p.y.b");
    rig.fail("p.z.c");
    assert.equal(rig.execution.status, "completed");
    assert.equal(rig.last("WarningRecorded").code, "BRANCHES_FAILED");
    const lost = start(three("fail_fast: false"));
    for (const path of ["p.x.a", "p.y.b", "p.z.c"]) lost.fail(path);
    assert.equal(lost.execution.status, "failed");
  });

  test("join any and N complete as soon as that many have, or fail once that cannot be", () => {
    const any = start(three("join: any"));
    any.fail("p.x.a");
    any.complete("p.y.b");
    assert.deepEqual([any.execution.status, any.statuses()["p.z.c"]], ["completed", "cancelled"]);
    const two = start(three("join: 2"));
    two.fail("p.x.a");
    assert.equal(two.execution.status, "running");
    two.fail("p.y.b");
    assert.deepEqual([two.execution.status, two.statuses()["p.z.c"]], ["failed", "cancelled"]);
  });

  test("max_concurrency lets the next branch begin when one ends", () => {
    const rig = start(three("max_concurrency: 1"));
    assert.equal(rig.execution.openTasks, 1);
    assert.deepEqual(rig.complete("p.x.a").slice(-2), ["BranchStarted p.y", "StepScheduled p.y.b"]);
  });
});

describe("loops", () => {
  test("one at a time, with item and index", () => {
    const rig = start(
      `
steps:
  - { name: l, type: loop, iterate_over: $.input.items, steps: [ { name: s, ${TASK}, input: { i: $.index, v: $.item } } ] }`,
      { input: { items: ["a", "b"] } },
    );
    assert.deepEqual(rig.last("StepScheduled").input, { i: 0, v: "a" });
    rig.complete("l[0].s");
    assert.deepEqual(rig.last("StepScheduled").input, { i: 1, v: "b" });
    rig.complete("l[1].s");
    assert.deepEqual(rig.last("ExecutionCompleted").output, { count: 2 });
  });

  test("several at a time, the next as soon as one ends; chunks are arrays", () => {
    const rig = start(
      `
steps:
  - { name: l, type: loop, iterate_over: $.input.items, parallel: true, batch_size: 2, chunk_size: 2, steps: [ { name: s, ${TASK} } ] }`,
      { input: { items: [1, 2, 3, 4, 5] } },
    );
    assert.deepEqual(rig.execution.steps.get("l[0].s")?.input, [1, 2]);
    assert.equal(rig.execution.openTasks, 2);
    rig.complete("l[1].s");
    assert.deepEqual(rig.execution.steps.get("l[2].s")?.input, [5]);
  });

  test("what a later step reads through iterations is kept, and nothing else", () => {
    const rig = start(`
steps:
  - { name: l, type: loop, times: 3, steps: [ { name: s, type: transform, mapping: { n: $.item } }, { name: t, type: transform, mapping: { big: yes } } ] }
output: { ns: "$.l.iterations[*].steps.s.output.n", statuses: "$.l.iterations[*].status" }`);
    assert.deepEqual(rig.last("ExecutionCompleted").output, {
      ns: [0, 1, 2],
      statuses: ["completed", "completed", "completed"],
    });
  });

  test("while is read before each iteration, and has a limit", () => {
    const spec = (limit: string) => `
steps:
  - { name: zero, type: set, variables: { n: 0 } }
  - { name: l, type: loop, while: context.n < 3, ${limit} steps: [ { name: s, type: set, variables: { n: $.context.n + 1 } } ] }
output: { n: $.context.n, count: $.l.count }`;
    assert.deepEqual(start(spec("")).last("ExecutionCompleted").output, { n: 3, count: 3 });
    assert.equal(start(spec("max_iterations: 2,")).last("ExecutionFailed").error.code, "ITERATION_LIMIT");
  });

  test("anything but an array is an error", () => {
    const rig = start(`steps: [ { name: l, type: loop, iterate_over: $.input.x, steps: [ { name: s, ${TASK} } ] } ]`, {
      input: { x: "abc" },
    });
    assert.equal(rig.last("ExecutionFailed").error.code, "EXPRESSION_ERROR");
  });

  test("no items is no iterations", () => {
    const rig = start(`steps: [ { name: l, type: loop, iterate_over: $.input.x, steps: [ { name: s, ${TASK} } ] } ]`, {
      input: { x: [] },
    });
    assert.deepEqual(rig.last("ExecutionCompleted").output, { count: 0 });
  });

  test("failures without fail_fast are counted and warned of", () => {
    const rig = start(
      `
steps:
  - name: l
    type: loop
    iterate_over: $.input.x
    fail_fast: false
    steps: [ { name: s, type: condition, condition: item == 2, then: [ { name: no, type: fail, code: NO } ] } ]
output: { codes: "$.l.iterations[*].error.code" }`,
      { input: { x: [1, 2, 3] } },
    );
    assert.deepEqual(rig.last("ExecutionCompleted").output, { codes: ["NO"] });
    assert.equal(rig.last("WarningRecorded").code, "ITERATIONS_FAILED");
  });
});

describe("winding up from several places at once", () => {
  test("a step's own time-out and that of the workflow, due in one wake-up, leave nothing hanging", () => {
    const rig = start(`
timeout: 25s
steps:
  - name: careful
    type: try
    timeout: 15s
    steps: [ { name: nap, type: wait, duration: 12s } ]
    finally: [ { name: release, ${TASK} } ]`);
    assert.deepEqual(rig.pass(60_000).slice(-2), ["FinallyStarted careful", "StepScheduled careful.release"]);
    assert.deepEqual(rig.complete("careful.release").slice(-2), ["StepCancelled careful", "ExecutionTimedOut"]);
  });

  test("a join that is reached further out cancels what was closing further in, with all that runs in it", () => {
    const rig = start(`
steps:
  - name: p
    type: parallel
    join: any
    branches:
      - name: b1
        steps:
          - name: q
            type: parallel
            join: any
            branches:
              - { name: c1, steps: [ { name: x, ${TASK} } ] }
              - { name: c2, steps: [ { name: y, ${TASK}, when: input.no, on_success: [] }, { name: z, type: set, variables: { any: 1 }, depends_on: [] } ] }
          - { name: w, ${TASK}, when: input.no }
      - { name: b2, steps: [ { name: u, type: condition, condition: input.no, then: [ { name: k, ${TASK} } ] } ] }`);
    assert.deepEqual(
      [rig.execution.status, rig.statuses()["p.b1.q"], rig.statuses()["p.b1.q.c1.x"]],
      ["completed", "cancelled", "cancelled"],
    );
  });
});

describe("try", () => {
  const spec = (body: string) => `
steps:
  - name: t
    type: try
    steps: [ ${body} ]
    catch:
      - { codes: [A], steps: [ { name: ca, type: transform, mapping: { caught: "$.error.code" } } ] }
      - { when: "error.message == 'b'", as: problem, steps: [ { name: cb, type: transform, mapping: { caught: $.problem.message } } ] }
    finally: [ { name: f, ${TASK} } ]
output: { caught: "$.ca.caught ?? $.cb.caught" }`;

  test("catches by code and by condition, and then cleans up", () => {
    for (const [error, caught] of [
      ["code: A", "A"],
      ["code: X, message: b", "b"],
    ] as const) {
      const rig = start(spec(`{ name: x, type: fail, ${error} }`));
      rig.complete("t.f");
      assert.deepEqual(rig.last("ExecutionCompleted").output, { caught });
    }
  });

  test("what nobody catches fails the step after finally", () => {
    const rig = start(spec("{ name: x, type: fail, code: X }"));
    assert.equal(rig.execution.status, "running");
    rig.complete("t.f");
    assert.equal(rig.last("ExecutionFailed").error.code, "X");
  });

  test("a failed finally does not hide the first error", () => {
    const rig = start(spec("{ name: x, type: fail, code: X }"));
    rig.fail("t.f", { code: "Y" });
    const { error } = rig.last("ExecutionFailed");
    assert.deepEqual([error.code, error.suppressed?.[0]?.code], ["X", "Y"]);
  });

  test("cancel runs finally", () => {
    const rig = start(spec(`{ name: x, ${TASK} }`));
    const events = rig.send({ kind: "Cancel", id: "c", reason: "enough" });
    assert.deepEqual(events.slice(-2), ["FinallyStarted t", "StepScheduled t.f"]);
    assert.deepEqual(rig.send({ kind: "Cancel", id: "c2", reason: "enough" }), []);
    assert.deepEqual(rig.complete("t.f"), ["StepCompleted t.f", "StepCancelled t", "ExecutionCancelled"]);
  });

  test("terminate runs nothing more", () => {
    const rig = start(spec(`{ name: x, ${TASK} }`));
    assert.deepEqual(rig.send({ kind: "Terminate", id: "c", reason: "now" }), ["ExecutionCancelled"]);
    assert.deepEqual(rig.complete("t.x"), []);
  });
});

describe("events and signals", () => {
  const wait = (fields = "") =>
    `steps: [ { name: w, type: wait_for_event, event: go, ${fields} }, { name: b, ${TASK}, input: { x: $.w.x } } ]`;

  test("a signal ends the wait, its data is the output", () => {
    const rig = start(wait());
    assert.deepEqual(rig.signal("go", { x: 1 }), ["SignalReceived", "StepCompleted w", "StepScheduled b"]);
    assert.deepEqual(rig.last("StepScheduled").input, { x: 1 });
  });

  test("a signal that comes before its wait is kept", () => {
    const rig = start(`steps: [ { name: a, ${TASK} }, { name: w, type: wait_for_event, event: go } ]`);
    assert.deepEqual(rig.signal("go", { n: 1 }), ["SignalReceived"]);
    rig.signal("go", { n: 2 });
    rig.complete("a");
    assert.deepEqual(rig.last("ExecutionCompleted").output, { n: 1 });
    assert.equal(rig.execution.signals.length, 1);
  });

  test("a signal with a known id changes nothing", () => {
    const rig = start(wait("filter: event.data.x == 2"));
    rig.signal("go", { x: 1 }, "one");
    assert.deepEqual(rig.signal("go", { x: 2 }, "one"), []);
    assert.deepEqual(rig.signal("go", { x: 2 }, "two")[1], "StepCompleted w");
  });

  test("an event of the workspace fits by name and key, and is taken once", () => {
    const rig = start(wait("correlation: $.input.order"), { input: { order: 7 } });
    const event = { id: "ev-1", name: "go", data: { x: 1 }, correlationKey: "8" };
    assert.deepEqual(rig.send({ kind: "DeliverEvent", event }), []);
    assert.deepEqual(
      rig.send({ kind: "DeliverEvent", event: { ...event, correlationKey: "7" } })[0],
      "StepCompleted w",
    );
    assert.deepEqual(rig.send({ kind: "DeliverEvent", event: { ...event, correlationKey: "7" } }), []);
  });

  test("a wait has its time-out", () => {
    const rig = start(wait("timeout: 1m"));
    rig.pass(60_000);
    assert.equal(rig.last("ExecutionFailed").error.code, "TIMEOUT");
  });

  test("emit records the event that it publishes", () => {
    const rig = start(
      `steps: [ { name: e, type: emit, event: order-paid, data: { id: $.input.id }, correlation_key: $.input.id } ]`,
      { input: { id: 5 } },
    );
    const event = rig.history.find(({ type }) => type === "StepCompleted");
    assert(event?.type === "StepCompleted");
    assert.deepEqual(event.data.emitted, { id: "e/2", name: "order-paid", data: { id: 5 }, correlation_key: "5" });
    assert.deepEqual(
      reactionsOf(rig.definition, rig.execution, event).map(({ kind }) => kind),
      ["PublishEvent"],
    );
  });

  test("more than ten thousand kept signals are refused", () => {
    const rig = start(wait("filter: false"));
    for (let i = 0; i < 10_000; i++) rig.signal("go", null, `s${i}`);
    assert.equal(refusalOf(rig.execution, { kind: "Signal", id: "new", name: "go", data: null })?.code, "SIGNALS_FULL");
    assert.deepEqual(rig.signal("go", null, "new"), []);
  });
});

describe("children", () => {
  const spec = (fields = "") => `steps: [ { name: c, type: workflow, workflow: other, ${fields} } ]`;

  test("a child that is waited for gives its output", () => {
    const rig = start(spec("input: { n: 1 }"));
    const event = rig.history.find(({ type }) => type === "StepStarted");
    assert(event !== undefined);
    assert.deepEqual(reactionsOf(rig.definition, rig.execution, event)[0], {
      kind: "StartChild",
      start: {
        executionId: "e.1",
        workflow: "other",
        version: null,
        input: { n: 1 },
        metadata: {},
        priority: 5,
        parent: { execution_id: "e", path: "c", depth: 1, waits: true },
      },
    });
    rig.send({ kind: "EndChild", path: "c", executionId: "e.1", status: "completed", output: { x: 1 }, error: null });
    assert.deepEqual(rig.last("ExecutionCompleted").output, { x: 1 });
  });

  test("a child that is not waited for gives its id", () => {
    const rig = start(spec("wait: false"));
    assert.deepEqual(rig.last("ExecutionCompleted").output, { execution_id: "e.1" });
  });

  test("a failed child fails the step with its code and error; a retry starts a new one", () => {
    const rig = start(spec("retry: { max_attempts: 2, initial_delay: 1s }"));
    const end = (executionId: string) =>
      rig.send({
        kind: "EndChild",
        path: "c",
        executionId,
        status: "failed",
        output: null,
        error: { code: "DEEP", message: "m" },
      });
    assert.deepEqual(end("e.1"), ["StepAttemptFailed c"]);
    rig.pass(1000);
    assert.deepEqual(end("e.1"), []);
    end("e.2");
    const { error } = rig.last("ExecutionFailed");
    assert.deepEqual([error.code, error.cause?.code], ["DEEP", "DEEP"]);
  });

  test("cancelling the parent cancels the child, and the parent ends after it", () => {
    const rig = start(spec());
    assert.deepEqual(rig.send({ kind: "Cancel", id: "x", reason: "r" }), ["ExecutionCancelRequested", "StepClosing c"]);
    const closing = rig.history.at(-1);
    assert(closing !== undefined);
    const [reaction] = reactionsOf(rig.definition, rig.execution, closing);
    assert(reaction?.kind === "SendCommand" && reaction.executionId === "e.1" && reaction.command.kind === "Cancel");
    assert.deepEqual(
      rig.send({ kind: "EndChild", path: "c", executionId: "e.1", status: "cancelled", output: null, error: null }),
      ["StepCancelled c", "ExecutionCancelled"],
    );
  });

  test("nesting has an end", () => {
    assert.equal(start(spec(), { parentDepth: 19 }).execution.status, "running");
    assert.equal(start(spec(), { parentDepth: 20 }).last("ExecutionFailed").error.code, "WORKFLOW_ERROR");
  });
});

describe("pause, resume and retry of an execution", () => {
  test("while paused results are recorded and nothing begins", () => {
    const rig = start(`steps: [ { name: a, ${TASK} }, { name: b, ${TASK} } ]`);
    rig.send({ kind: "Pause", id: "p", freezeTimers: false });
    assert.deepEqual(rig.complete("a"), ["StepCompleted a"]);
    assert.deepEqual(rig.send({ kind: "Resume", id: "r" }), ["ExecutionResumed", "StepScheduled b"]);
    assert.deepEqual(rig.send({ kind: "Pause", id: "p", freezeTimers: false }), []);
  });

  test("timers go on during a pause and act at its end", () => {
    const rig = start("steps: [ { name: w, type: wait, duration: 5s } ]");
    rig.send({ kind: "Pause", id: "p", freezeTimers: false });
    assert.equal(rig.execution.wakeAt, null);
    assert.deepEqual(rig.pass(10_000), []);
    assert.deepEqual(rig.send({ kind: "Resume", id: "r" }), [
      "ExecutionResumed",
      "StepCompleted w",
      "ExecutionCompleted",
    ]);
  });

  test("frozen timers move by the length of the pause", () => {
    const rig = start("timeout: 1h\nsteps: [ { name: w, type: wait, duration: 5s } ]");
    rig.pass(1000);
    rig.send({ kind: "Pause", id: "p", freezeTimers: true });
    rig.pass(60_000);
    rig.send({ kind: "Resume", id: "r" });
    assert.deepEqual(rig.pass(3999), []);
    assert.deepEqual(rig.pass(1)[0], "StepCompleted w");
  });

  test("retry goes on with what failed and keeps what completed", () => {
    const rig = start(`
steps:
  - { name: a, ${TASK} }
  - { name: l, type: loop, times: 2, parallel: true, steps: [ { name: s, ${TASK} }, { name: t, ${TASK} } ] }
  - { name: z, ${TASK} }`);
    rig.complete("a");
    rig.complete("l[0].s");
    rig.complete("l[1].s");
    rig.complete("l[1].t");
    rig.fail("l[0].t");
    assert.equal(rig.execution.status, "failed");
    assert.deepEqual(rig.send({ kind: "Retry", id: "again" }), ["ExecutionReopened", "StepScheduled l[0].t"]);
    assert.equal(rig.execution.steps.get("l[0].t")?.attempt, 2);
    assert.deepEqual(rig.send({ kind: "Retry", id: "again" }), []);
    rig.complete("l[0].t");
    rig.complete("z");
    assert.equal(rig.execution.status, "completed");
    assert.equal(refusalOf(rig.execution, { kind: "Retry", id: "more" })?.code, "EXECUTION_COMPLETED");
  });

  test("after a cancel, retry begins the cancelled steps again", () => {
    const rig = start(`steps: [ { name: a, ${TASK} }, { name: w, type: wait_for_event, event: go } ]`);
    rig.complete("a");
    rig.send({ kind: "Cancel", id: "c", reason: "r" });
    assert.equal(rig.statuses()["w"], "cancelled");
    rig.send({ kind: "Retry", id: "again" });
    rig.signal("go");
    assert.equal(rig.execution.status, "completed");
  });
});

describe("the end of an execution", () => {
  test("without a mapping each property of the schema comes from the newest output that has it", () => {
    const rig = start(`
output_schema: { type: object, properties: { x: { type: number }, y: { type: number } } }
steps: [ { name: a, type: transform, mapping: { x: 1, y: 1 } }, { name: b, type: transform, mapping: { x: 2 } } ]`);
    assert.deepEqual(rig.last("ExecutionCompleted").output, { x: 2, y: 1 });
  });

  test("an output that breaks its schema is a warning, or a failure if that is wanted", () => {
    const spec = (fail: string) => `
output_schema: { type: object, properties: { x: { type: string } } ${fail} }
steps: [ { name: a, type: transform, mapping: { x: 1 } } ]`;
    const rig = start(spec(""));
    assert.deepEqual([rig.execution.status, rig.last("WarningRecorded").code], ["completed", "OUTPUT_INVALID"]);
  });

  test("return ends it from any depth, and finally runs", () => {
    const rig = start(`
steps:
  - name: t
    type: try
    steps: [ { name: c, type: condition, condition: "true", then: [ { name: r, type: return, output: { early: true } }, { name: never, ${TASK} } ] } ]
    finally: [ { name: f, ${TASK} } ]
  - { name: b, ${TASK} }`);
    rig.complete("t.f");
    assert.deepEqual(rig.last("ExecutionCompleted").output, { early: true });
    assert.deepEqual([rig.statuses()["t.c"], rig.statuses()["b"]], ["cancelled", "cancelled"]);
  });

  test("a history has a limit", () => {
    const rig = start(
      "steps: [ { name: l, type: loop, times: 1000, steps: [ { name: s, type: set, variables: { x: 1 } } ] } ]",
      { limits: { historyEventsMax: 500 } },
    );
    assert.equal(rig.last("ExecutionFailed").error.code, "HISTORY_LIMIT");
  });
});

describe("expressions in an execution", () => {
  test("chance and ids are drawn the same when a decision is made again", () => {
    const spec =
      "steps: [ { name: a, type: transform, mapping: { id: $.x ?? 1, u: '${uuid()}', r: '${random()}', t: '${now()}' } } ]".replace(
        "$.x ?? 1",
        "1",
      );
    const [one, two] = [start(spec), start(spec)];
    assert.deepEqual(one.last("ExecutionCompleted").output, two.last("ExecutionCompleted").output);
  });

  test("roots give what they promise", () => {
    const rig = start(
      `
conditions: [ { name: rich, expression: input.n > 5 } ]
steps:
  - { name: s, type: set, variables: { a: 1, b: $.context.a + 1 } }
  - name: m
    type: transform
    mapping: { b: $.context.b, rich: $.conditions.rich, name: $.workflow.name, id: $.execution.id, home: $.env.HOME_PAGE, none: $.env.OTHER, status: $.s.status, record: $.steps.s.output.a, later: $.steps.z.status }
  - { name: z, type: set, variables: { c: 1 } }
output: { m: $.steps.m.output }`,
      { input: { n: 7 }, environment: new Map([["HOME_PAGE", "x"]]) },
    );
    assert.deepEqual(rig.last("ExecutionCompleted").output, {
      m: {
        b: 2,
        rich: true,
        name: "test",
        id: "e",
        home: "x",
        none: null,
        status: "completed",
        record: 1,
        later: "pending",
      },
    });
  });
});
