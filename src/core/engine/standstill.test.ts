/** Whatever waits for something that can happen is not stuck; whatever waits for nothing is. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { startRig } from "./rig.test.ts";
import { findStandstill } from "./standstill.ts";

const TASK = "executor: x, function: f";

const MOVED: Readonly<Record<string, string>> = {
  "a task": `steps: [{ name: a, ${TASK} }]`,
  "a pause": "steps: [{ name: a, type: wait, duration: 5s }]",
  "an event": "steps: [{ name: a, type: wait_for_event, event: e }]",
  "a child": "steps: [{ name: a, type: workflow, workflow: w }]",
  "tasks in branches": `steps: [{ name: a, type: parallel, branches: [{ name: l, steps: [{ name: b, ${TASK} }] }, { name: r, steps: [{ name: c, ${TASK} }] }] }]`,
  "a task in a loop": `steps: [{ name: a, type: loop, times: 3, steps: [{ name: b, ${TASK} }] }]`,
  "a task of a time-out that has begun": `timeout: 1h\nsteps: [{ name: a, ${TASK} }]`,
};

for (const [what, spec] of Object.entries(MOVED)) {
  test(`what waits for ${what} is not stuck`, () => {
    assert.equal(findStandstill(startRig(spec).execution), null);
  });
}

test("what waits for its next attempt, undoes, or cleans up is not stuck", () => {
  const retrying = startRig(`steps: [{ name: a, ${TASK}, retry: { max_attempts: 3, initial_delay: 10s } }]`);
  retrying.fail("a", { retryable: true });
  assert.equal(findStandstill(retrying.execution), null);
  const undoing = startRig(`
steps:
  - { name: a, ${TASK}, compensate: undo }
  - { name: b, ${TASK} }
  - { name: undo, ${TASK} }
`);
  undoing.complete("a");
  undoing.fail("b", { retryable: false });
  assert.equal(undoing.execution.compensation !== null, true);
  assert.equal(findStandstill(undoing.execution), null);
  const cleaning = startRig(
    `steps: [{ name: t, type: try, steps: [{ name: a, ${TASK} }], finally: [{ name: b, ${TASK} }] }]`,
  );
  cleaning.send({ kind: "Cancel", id: "c", reason: "enough" });
  assert.equal(findStandstill(cleaning.execution), null);
});

test("what is paused or over is not looked at", () => {
  const rig = startRig("steps: [{ name: a, type: wait, duration: 5s }]");
  rig.send({ kind: "Pause", id: "p", freezeTimers: false });
  rig.execution.timers.clear();
  assert.equal(findStandstill(rig.execution), null);
  rig.send({ kind: "Terminate", id: "t", reason: "enough" });
  assert.equal(findStandstill(rig.execution), null);
});

test("a timer that is forgotten is missed, and told with its step", () => {
  const rig = startRig(
    "timeout: 1h\nsteps: [{ name: a, type: wait, duration: 5s }, { name: b, type: wait, duration: 9s, depends_on: [] }]",
  );
  const due = rig.execution.timers.next();
  rig.execution.timers.clear();
  assert.deepEqual(findStandstill(rig.execution), { kind: "timer", path: "a", due });
});

test("a container in which nothing goes on is stuck", () => {
  const rig = startRig(`steps: [{ name: a, type: loop, times: 2, steps: [{ name: b, ${TASK} }] }]`);
  const inner = [...rig.execution.steps.values()].find(({ status }) => status === "scheduled");
  assert.ok(inner !== undefined);
  // As a bug would leave it: the step is over, and nobody has looked at its scope.
  inner.status = "completed";
  assert.deepEqual(findStandstill(rig.execution), { kind: "step", path: "a" });
});

test("an attempt that waits for no time is stuck", () => {
  const rig = startRig(`steps: [{ name: a, ${TASK}, retry: { max_attempts: 3, initial_delay: 10s } }]`);
  rig.fail("a", { retryable: true });
  const step = rig.execution.steps.get("a");
  assert.ok(step !== undefined);
  step.wake = null;
  assert.deepEqual(findStandstill(rig.execution), { kind: "step", path: "a" });
});

test("an execution that runs with nothing begun is stuck", () => {
  const rig = startRig(`steps: [{ name: a, ${TASK} }]`);
  const step = rig.execution.steps.get("a");
  assert.ok(step !== undefined);
  step.status = "completed";
  assert.deepEqual(findStandstill(rig.execution), { kind: "execution" });
});
