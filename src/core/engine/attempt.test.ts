import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Rig, startRig } from "./rig.test.ts";

const CALL = "executor: shop, function: f";
const AGAIN = "retry: { max_attempts: 3, backoff: fixed, initial_delay: 1s, jitter: false }";

/** Every attempt that was given to an executor, as its task is called. */
function tasks(rig: Rig): readonly string[] {
  return rig.history.flatMap((event) => (event.type === "StepScheduled" ? [`${event.path}/${event.attempt}`] : []));
}

describe("the numbers of attempts", () => {
  it("go on counting in iterations that had completed before their loop began anew", () => {
    const rig = startRig(`steps:
  - { name: l, type: loop, times: 2, ${AGAIN}, steps: [ { name: a, ${CALL} } ] }`);
    for (let run = 0; run < 2; run++) {
      rig.complete("l[0].a");
      rig.fail("l[1].a");
      rig.pass(1000);
    }
    rig.complete("l[0].a");
    rig.complete("l[1].a");
    assert.deepEqual(tasks(rig), ["l[0].a/1", "l[1].a/1", "l[0].a/2", "l[1].a/2", "l[0].a/3", "l[1].a/3"]);
    assert.equal(rig.execution.status, "completed");
    assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
  });

  it("go on counting in loops of iterations, and begin at 1 in iterations that are new", () => {
    const rig = startRig(`steps:
  - name: l
    type: loop
    times: 2
    steps:
      - { name: m, type: loop, times: 2, ${AGAIN}, steps: [ { name: a, ${CALL} } ] }`);
    rig.complete("l[0].m[0].a");
    rig.fail("l[0].m[1].a");
    rig.pass(1000);
    rig.complete("l[0].m[0].a");
    rig.complete("l[0].m[1].a");
    rig.complete("l[1].m[0].a");
    rig.complete("l[1].m[1].a");
    assert.deepEqual(tasks(rig), [
      "l[0].m[0].a/1",
      "l[0].m[1].a/1",
      "l[0].m[0].a/2",
      "l[0].m[1].a/2",
      "l[1].m[0].a/1",
      "l[1].m[1].a/1",
    ]);
    assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
  });

  it("are let go of with what is over", () => {
    const rig = startRig(`steps:
  - name: l
    type: loop
    times: 50
    steps:
      - { name: t, type: try, ${AGAIN}, steps: [ { name: a, ${CALL} } ] }`);
    for (let i = 0; i < 50; i++) {
      rig.fail(`l[${i}].t.a`);
      rig.pass(1000);
      rig.complete(`l[${i}].t.a`);
    }
    assert.equal(rig.execution.status, "completed");
    assert.equal(rig.execution.attempts.size, 0);
  });
});
