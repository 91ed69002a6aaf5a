import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startRig } from "./rig.test.ts";
import { type Timer, Timers } from "./timers.ts";

const CALL = "executor: shop, function: f";

describe("timers", () => {
  it("do not keep what does not count any more until it would have been due", () => {
    const timers = new Timers();
    const isOver = new Set<number>();
    for (let due = 10_000; due > 0; due--) {
      const timer: Timer = { due, order: 10_000 - due, kind: "wake", step: null, counts: () => !isOver.has(due) };
      timers.add(timer);
      if (due % 100 !== 0) isOver.add(due);
    }
    assert.ok(timers.size <= 256, `${timers.size} are kept`);
    const met: number[] = [];
    for (let next = timers.next(); next !== null; next = timers.next()) {
      met.push(next);
      isOver.add(next);
    }
    assert.deepEqual(
      met,
      Array.from({ length: 100 }, (_, i) => (i + 1) * 100),
    );
  });

  it("of a loop's finished iterations are let go of", () => {
    const rig = startRig(`steps:
  - name: each
    type: loop
    times: 2000
    steps: [ { name: t, type: try, timeout: 7d, steps: [ { name: s, type: set, variables: { a: 1 } } ] } ]
  - { name: z, ${CALL} }`);
    assert.ok(rig.execution.timers.size <= 128, `${rig.execution.timers.size} are kept`);
  });

  it("of a pause that freezes them move only what was set before it by the whole pause", () => {
    const rig = startRig(`steps:
  - { name: a, ${CALL}, retry: { max_attempts: 2, backoff: fixed, initial_delay: 10s, jitter: false } }`);
    rig.send({ kind: "Pause", id: "pause", freezeTimers: true });
    rig.pass(60_000);
    rig.fail("a");
    rig.pass(4000);
    rig.send({ kind: "Resume", id: "resume" });
    assert.equal((rig.execution.wakeAt ?? 0) - rig.execution.lastAt, 10_000);
    assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
  });

  it("for all attempts of a step still count after an attempt of it has wound up", () => {
    const rig = startRig(`steps:
  - name: t
    type: try
    timeout: 10s
    total_timeout: 65s
    retry: { max_attempts: 9, backoff: fixed, initial_delay: 20s, jitter: false }
    steps: [ { name: a, ${CALL} } ]
    finally: [ { name: b, ${CALL} } ]`);
    for (const attempt of [1, 2]) {
      assert.equal(rig.execution.steps.get("t")?.attempt, attempt);
      rig.pass(10_000);
      rig.complete("t.b");
      rig.pass(20_000);
    }
    assert.equal(rig.execution.steps.get("t")?.attempt, 3);
    rig.pass(5000);
    rig.complete("t.b");
    assert.equal(rig.last("ExecutionFailed").error.message.includes("over all attempts"), true);
  });
});

describe("what an executor asks for", () => {
  for (const asked of [1e300, Number.MAX_VALUE]) {
    it(`waits a year at most, not ${asked} seconds`, () => {
      const rig = startRig(`steps:\n  - { name: a, ${CALL}, retry: { max_attempts: 2 } }`);
      assert.deepEqual(rig.fail("a", { retry_after: asked }), ["StepAttemptFailed a"]);
      assert.equal((rig.execution.wakeAt ?? 0) - rig.execution.lastAt, 365 * 86_400_000);
    });
  }
});

describe("chance", () => {
  it("is another for each evaluation of a step", () => {
    const rig = startRig(
      `steps:\n  - { name: s, type: set, variables: { a: "\${uuid()}", b: "\${uuid()}", c: "\${uuid()}" } }`,
    );
    assert.equal(new Set(rig.execution.variables.values()).size, 3);
  });
});
