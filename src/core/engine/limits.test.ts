import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startRig } from "./rig.test.ts";

const CALL = "executor: shop, function: f";
const LIMITS = { executionTimeoutMs: 60_000 };

describe("the platform's limit for the time of an execution", () => {
  it("ends one that has no time-out of its own", () => {
    const rig = startRig(`steps: [ { name: a, ${CALL} } ]`, { limits: LIMITS });
    assert.deepEqual(rig.pass(59_999), []);
    assert.deepEqual(rig.pass(1), ["ExecutionTimeoutReached", "StepCancelled a", "ExecutionTimedOut"]);
    assert.match(rig.last("ExecutionTimedOut").error.message, /limit of 1m \(limits\.execution_timeout\)/);
  });

  it("does not strike where the workflow's own time-out is sooner, and says whose it was", () => {
    const rig = startRig(`timeout: 10s\nsteps: [ { name: a, ${CALL} } ]`, { limits: LIMITS });
    rig.pass(10_000);
    assert.match(rig.last("ExecutionTimedOut").error.message, /within 10s/);
  });

  it("bounds the tasks of the execution", () => {
    const rig = startRig(`timeout: 2h\nsteps: [ { name: a, ${CALL} } ]`, { limits: LIMITS });
    assert.equal(rig.execution.limitDue, rig.execution.startedAt + 60_000);
    assert.equal(rig.execution.wakeAt, rig.execution.limitDue);
  });

  for (const action of ["ignore", "retry", "fallback"]) {
    it(`is not escaped by a time-out with the action ${action}`, () => {
      const rig = startRig(
        `timeout: 40s
timeout_action: ${action}
fallback_step: b
retry_policy: { max_attempts: 9 }
steps:
  - { name: a, ${CALL} }
  - { name: b, ${CALL} }`,
        { limits: LIMITS },
      );
      rig.pass(40_000);
      assert.equal(rig.last("ExecutionTimeoutReached").action, action);
      rig.pass(19_999);
      assert.equal(rig.execution.hasEnded, false);
      rig.pass(1);
      assert.equal(rig.execution.status, "timed_out");
      assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
    });
  }

  it("does not count while the execution winds up, and begins anew with a further run", () => {
    const rig = startRig(
      `steps:
  - { name: a, ${CALL}, compensate: { ${CALL} } }
  - { name: b, ${CALL} }`,
      { limits: LIMITS },
    );
    rig.complete("a");
    rig.fail("b");
    rig.pass(100_000);
    assert.equal(rig.execution.hasEnded, false);
    rig.complete("a:compensate");
    assert.equal(rig.execution.status, "failed");
    rig.send({ kind: "Retry", id: "again" });
    rig.pass(59_999);
    assert.equal(rig.execution.hasEnded, false);
    rig.pass(1);
    assert.equal(rig.execution.status, "timed_out");
  });

  it("stands still in a pause that freezes the timers", () => {
    const rig = startRig(`steps: [ { name: a, ${CALL} } ]`, { limits: LIMITS });
    rig.pass(20_000);
    rig.send({ kind: "Pause", id: "p", freezeTimers: true });
    rig.pass(500_000);
    rig.send({ kind: "Resume", id: "r" });
    rig.pass(39_999);
    assert.equal(rig.execution.hasEnded, false);
    rig.pass(1);
    assert.equal(rig.execution.status, "timed_out");
    assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
  });
});
