import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Rig, startRig } from "./rig.test.ts";

const CALL = "executor: shop, function: f";
const UNDO = "compensate: { executor: shop, function: undo }";

function cancel(rig: Rig): readonly string[] {
  return rig.send({ kind: "Cancel", id: "cancel", reason: "enough" });
}

function replaysEqually(rig: Rig): void {
  const { fresh, live } = rig.replayed();
  assert.deepEqual(fresh, live);
}

describe("a cancel", () => {
  it("holds while a time-out winds up what it will begin again", () => {
    const rig = startRig(`timeout: 10s
timeout_action: retry
retry_policy: { max_attempts: 3 }
steps:
  - { name: t, type: try, steps: [ { name: a, ${CALL} } ], finally: [ { name: b, ${CALL} } ] }`);
    rig.pass(10_000);
    cancel(rig);
    assert.deepEqual(rig.complete("t.b"), ["StepCompleted t.b", "StepCancelled t", "ExecutionCancelled"]);
    replaysEqually(rig);
  });

  it("stops the workflow's fallback step, and undoes what completed", () => {
    const rig = startRig(`timeout: 10s
timeout_action: fallback
fallback_step: f
steps:
  - { name: a, ${CALL}, ${UNDO} }
  - { name: b, ${CALL} }
  - { name: f, ${CALL} }`);
    rig.complete("a");
    rig.pass(10_000);
    assert.equal(rig.statuses()[":fallback"], "scheduled");
    assert.deepEqual(cancel(rig).slice(0, 3), [
      "ExecutionCancelRequested",
      "StepCancelled :fallback",
      "CompensationStarted",
    ]);
    rig.complete("a:compensate");
    assert.equal(rig.execution.status, "cancelled");
    replaysEqually(rig);
  });

  it("stops the steps that handle a failure before it undoes what completed", () => {
    const rig = startRig(`error_handling: { on_failure: { steps: [ { name: e, ${CALL} } ] } }
steps:
  - { name: a, ${CALL}, ${UNDO} }
  - { name: b, ${CALL} }`);
    rig.complete("a");
    rig.fail("b");
    assert.deepEqual(cancel(rig).slice(0, 4), [
      "ExecutionCancelRequested",
      "StepCancelled error_handling.on_failure.e",
      "ErrorStepsEnded",
      "CompensationStarted",
    ]);
    rig.complete("a:compensate");
    assert.equal(rig.execution.status, "cancelled");
    assert.equal(rig.execution.openTasks, 0);
    replaysEqually(rig);
  });
});

describe("a workflow's fallback step", () => {
  const workflow = `timeout: 10s
timeout_action: fallback
fallback_step: f
steps:
  - { name: a, ${CALL}, ${UNDO} }
  - { name: b, ${CALL} }
  - { name: f, ${CALL} }`;

  it("completes the execution with its output", () => {
    const rig = startRig(workflow);
    rig.complete("a");
    rig.pass(10_000);
    rig.complete(":fallback", { late: true });
    assert.deepEqual(rig.last("ExecutionCompleted").output, { late: true });
    replaysEqually(rig);
  });

  it("that fails lets everything be undone before the execution is timed out", () => {
    const rig = startRig(workflow);
    rig.complete("a");
    rig.pass(10_000);
    rig.fail(":fallback", { code: "NO" });
    assert.equal(rig.statuses()["a:compensate"], "scheduled");
    replaysEqually(rig);
    rig.complete("a:compensate");
    const { error } = rig.last("ExecutionTimedOut");
    assert.deepEqual([error.code, error.suppressed?.map(({ code }) => code)], ["TIMEOUT", ["NO"]]);
    replaysEqually(rig);
  });

  it("may return", () => {
    const rig = startRig(`timeout: 10s
timeout_action: fallback
fallback_step: f
steps:
  - { name: b, ${CALL} }
  - { name: f, type: return, output: { early: true } }`);
    rig.pass(10_000);
    assert.deepEqual(rig.last("ExecutionCompleted").output, { early: true });
    replaysEqually(rig);
  });
});

it("a return among what undoes does not make a failed execution complete", () => {
  const rig = startRig(`steps:
  - { name: a, ${CALL}, ${UNDO} }
  - { name: b, ${CALL}, compensate: { type: return, output: { a: 1 } } }
  - { name: c, ${CALL} }`);
  rig.complete("a");
  rig.complete("b");
  rig.fail("c");
  rig.complete("a:compensate");
  assert.equal(rig.execution.status, "failed");
  replaysEqually(rig);
});

describe("a pause", () => {
  const spec = `steps:
  - { name: a, ${CALL}, ${UNDO} }
  - { name: b, ${CALL} }
error_handling:
  - { condition: "steps.b.status == 'failed'", action: { type: return_error, code: NO, message: no } }`;

  it("holds back what an error rule ends: it winds up at the resume", () => {
    const rig = startRig(spec);
    rig.complete("a");
    rig.send({ kind: "Pause", id: "p", freezeTimers: false });
    assert.deepEqual(rig.fail("b"), ["RuleFired b", "StepFailed b", "ErrorRaised"]);
    assert.equal(rig.execution.status, "paused");
    assert.deepEqual(rig.send({ kind: "Resume", id: "r" }), [
      "ExecutionResumed",
      "CompensationStarted",
      "StepCompensating a",
      "StepScheduled a:compensate",
    ]);
    replaysEqually(rig);
  });

  it("does not hold back a cancel", () => {
    const rig = startRig(spec);
    rig.complete("a");
    rig.send({ kind: "Pause", id: "p", freezeTimers: false });
    cancel(rig);
    assert.equal(rig.execution.status, "running");
    replaysEqually(rig);
  });
});
