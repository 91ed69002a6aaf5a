/** Pauses: who has asked for one, what it holds back, and what it does not. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { reactionsOf } from "./reactions.ts";
import { refusalOf } from "./refuse.ts";
import { type Rig, startRig } from "./rig.test.ts";

const TASK = "executor: x, function: f";

function pause(rig: Rig, id: string, more: { freezeTimers?: boolean; by?: "parent" } = {}): readonly string[] {
  return rig.send({ kind: "Pause", id, freezeTimers: false, ...more });
}

function resume(rig: Rig, id: string, by?: "parent"): readonly string[] {
  return rig.send({ kind: "Resume", id, ...(by === undefined ? {} : { by }) });
}

/** What the last event makes the host send to other executions. */
function sent(rig: Rig): readonly object[] {
  const event = rig.history.at(-1);
  if (event === undefined) return [];
  return reactionsOf(rig.definition, rig.execution, event).flatMap((reaction) =>
    reaction.kind === "SendCommand" ? [reaction.command] : [],
  );
}

test("children that are waited for are paused and resumed in their parent's name", () => {
  const rig = startRig("steps: [{ name: a, type: workflow, workflow: w }]");
  pause(rig, "p", { freezeTimers: true });
  assert.deepEqual(sent(rig), [{ kind: "Pause", id: "e/3", freezeTimers: true, by: "parent" }]);
  resume(rig, "r");
  assert.deepEqual(sent(rig), [{ kind: "Resume", id: "e/4", by: "parent" }]);
});

test("what is paused with its parent goes on with it", () => {
  const rig = startRig(`steps: [{ name: a, ${TASK} }]`);
  assert.deepEqual(pause(rig, "parent/3", { by: "parent" }), ["ExecutionPaused"]);
  assert.deepEqual(resume(rig, "parent/4", "parent"), ["ExecutionResumed"]);
});

test("what somebody has paused for its own sake does not go on with its parent", () => {
  const rig = startRig(`steps: [{ name: a, ${TASK} }]`);
  pause(rig, "p");
  assert.deepEqual(pause(rig, "parent/3", { by: "parent" }), []);
  assert.deepEqual(resume(rig, "parent/4", "parent"), []);
  assert.equal(rig.execution.status, "paused");
  assert.deepEqual(resume(rig, "r"), ["ExecutionResumed"]);
});

test("whoever pauses what is paused with its parent takes the pause over", () => {
  const rig = startRig("steps: [{ name: w, type: wait, duration: 10s }]");
  pause(rig, "parent/3", { by: "parent" });
  rig.pass(1000);
  assert.deepEqual(pause(rig, "p", { freezeTimers: true }), ["ExecutionPaused"]);
  assert.deepEqual(pause(rig, "again"), []);
  rig.pass(60_000);
  assert.deepEqual(resume(rig, "parent/4", "parent"), []);
  resume(rig, "r");
  assert.equal(rig.last("ExecutionResumed").frozen_ms, 60_000, "its timers stood still from the second pause on");
  assert.deepEqual(rig.pass(8999), []);
  assert.deepEqual(rig.pass(1), ["StepCompleted w", "ExecutionCompleted"]);
});

test("whoever resumes a child lets it go on, though its parent is paused", () => {
  const rig = startRig(`steps: [{ name: a, ${TASK} }]`);
  pause(rig, "parent/3", { by: "parent" });
  assert.deepEqual(resume(rig, "r"), ["ExecutionResumed"]);
  assert.deepEqual(resume(rig, "parent/4", "parent"), []);
});

test("signals are heard during a pause: a wait that has begun takes its own, others are kept", () => {
  const rig = startRig(`
steps:
  - { name: first, type: wait_for_event, event: go }
  - { name: second, type: wait_for_event, event: on }
`);
  pause(rig, "p");
  assert.deepEqual(rig.signal("on"), ["SignalReceived"]);
  assert.deepEqual(rig.signal("go"), ["SignalReceived", "StepCompleted first"]);
  assert.equal(rig.execution.status, "paused");
  assert.deepEqual(resume(rig, "r"), [
    "ExecutionResumed",
    "StepStarted second",
    "StepCompleted second",
    "ExecutionCompleted",
  ]);
});

test("a frozen pause does not count for how long a task may wait to be taken", () => {
  const rig = startRig(`steps: [{ name: a, ${TASK}, queue_timeout: 10s }]`);
  const before = rig.execution.steps.get("a")?.inner;
  const scheduledAt = before?.kind === "task" ? before.scheduledAt : 0;
  pause(rig, "p", { freezeTimers: true });
  rig.pass(60_000);
  resume(rig, "r");
  const after = rig.execution.steps.get("a")?.inner;
  assert.equal(after?.kind === "task" ? after.scheduledAt - scheduledAt : 0, 60_000);
  assert.deepEqual(rig.replayed().live, rig.replayed().fresh);
});

test("what only winds up is not held back, and whoever asks for it hears so", () => {
  const rig = startRig(`
steps:
  - name: t
    type: try
    steps: [{ name: a, ${TASK} }]
    finally: [{ name: b, ${TASK} }]
`);
  rig.send({ kind: "Cancel", id: "c", reason: "enough" });
  const refusal = refusalOf(rig.execution, { kind: "Pause", id: "p", freezeTimers: false });
  assert.equal(refusal?.code, "EXECUTION_CLOSING");
  assert.deepEqual(pause(rig, "p"), []);
});

test("a pause that was answered is answered again, whatever has become of the execution", () => {
  const rig = startRig(
    `steps: [{ name: t, type: try, steps: [{ name: a, ${TASK} }], finally: [{ name: b, ${TASK} }] }]`,
  );
  pause(rig, "p");
  rig.send({ kind: "Cancel", id: "c", reason: "enough" });
  assert.equal(refusalOf(rig.execution, { kind: "Pause", id: "p", freezeTimers: false }), null);
});

test("an execution whose time is over and that begins again is held back like any", () => {
  const rig = startRig(`
timeout: 10s
timeout_action: retry
steps:
  - name: t
    type: try
    steps: [{ name: a, ${TASK} }]
    finally: [{ name: b, ${TASK} }]
`);
  rig.pass(10_000);
  assert.equal(rig.execution.ending?.kind, "restart");
  assert.deepEqual(pause(rig, "p"), ["ExecutionPaused"]);
  assert.deepEqual(rig.complete("t.b"), ["StepCompleted t.b"], "recorded, and nothing follows");
  const after = resume(rig, "r");
  assert.equal(after[0], "ExecutionResumed");
  assert.ok(after.includes("ExecutionRestarted"), after.join(", "));
});

test("a workflow's fallback step is held back like any", () => {
  const rig = startRig(`
timeout: 10s
timeout_action: fallback
fallback_step: instead
steps:
  - { name: a, ${TASK} }
  - { name: instead, ${TASK} }
`);
  rig.pass(10_000);
  assert.equal(rig.execution.ending?.kind, "fallback");
  assert.deepEqual(pause(rig, "p"), ["ExecutionPaused"]);
  const path = [...rig.execution.steps.values()].find(({ status }) => status === "scheduled")?.path ?? "";
  assert.equal(rig.complete(path, { ok: true }).length, 1);
  assert.equal(resume(rig, "r").at(-1), "ExecutionCompleted");
});
