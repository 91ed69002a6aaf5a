import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reactionsOf } from "./reactions.ts";
import { refusalOf } from "./refuse.ts";
import { type Rig, startRig } from "./rig.test.ts";

const CALL = "executor: shop, function: f";

function skip(rig: Rig, path: string, id = `skip-${path}`): readonly string[] {
  return rig.send({ kind: "SkipStep", id, path, reason: "not needed", by: "ada" });
}

function give(rig: Rig, path: string, output: { readonly [name: string]: string | number } = {}): readonly string[] {
  return rig.send({ kind: "CompleteStep", id: `give-${path}`, path, output, reason: "done by phone", by: "ada" });
}

function codeOf(rig: Rig, path: string): string | null {
  const command = { kind: "SkipStep", id: "ask", path, reason: "", by: "ada" } as const;
  return refusalOf(rig.execution, command)?.code ?? null;
}

function replaysEqually(rig: Rig): void {
  const { fresh, live } = rig.replayed();
  assert.deepEqual(fresh, live);
}

describe("a step that is ended by hand", () => {
  it("is skipped while its task is out, and what is behind it begins", () => {
    const rig = startRig(`steps:\n  - { name: a, ${CALL} }\n  - { name: b, ${CALL} }`);
    assert.deepEqual(skip(rig, "a"), ["StepSkipped a", "StepScheduled b"]);
    assert.deepEqual(rig.last("StepSkipped"), {
      reason: "manual",
      manual: { by: "ada", reason: "not needed", command_id: "skip-a" },
    });
    assert.equal(rig.statuses()["a"], "skipped (manual)");
    assert.deepEqual(rig.complete("a"), []);
    replaysEqually(rig);
  });

  it("tells the executor that its task is not wanted any more", () => {
    const rig = startRig(`steps:\n  - { name: a, ${CALL} }\n  - { name: b, ${CALL} }`);
    give(rig, "a");
    const event = rig.history.find(({ type }) => type === "StepCompleted");
    assert.ok(event !== undefined);
    assert.deepEqual(reactionsOf(rig.definition, rig.execution, event), [
      { kind: "WithdrawTask", taskId: "e/a/1", reason: "cancelled" },
    ]);
  });

  it("completes with the output as it is given, and is undone like any other", () => {
    const rig = startRig(`steps:
  - { name: a, ${CALL}, output: { total: $.response.sum }, compensate: { executor: shop, function: undo } }
  - { name: b, ${CALL}, input: { n: $.a.n } }`);
    assert.deepEqual(give(rig, "a", { n: 7 }), ["StepCompleted a", "StepScheduled b"]);
    assert.deepEqual(rig.last("StepScheduled").input, { n: 7 });
    rig.fail("b");
    assert.equal(rig.statuses()["a:compensate"], "scheduled");
    replaysEqually(rig);
  });

  it("takes a command once, whatever has happened since", () => {
    const rig = startRig(`steps:\n  - { name: a, ${CALL} }\n  - { name: b, ${CALL} }`);
    skip(rig, "a");
    assert.deepEqual(skip(rig, "a"), []);
    assert.deepEqual(rig.send({ kind: "SkipStep", id: "skip-a", path: "b", reason: "", by: "ada" }), []);
    rig.complete("b");
    assert.deepEqual(skip(rig, "a"), []);
  });

  it("may wait for its next attempt, for a time, or for an event", () => {
    const rig = startRig(`steps:
  - { name: a, ${CALL}, retry: { max_attempts: 3 }, depends_on: [] }
  - { name: b, type: wait, duration: 1h, depends_on: [] }
  - { name: c, type: wait_for_event, event: go, depends_on: [] }`);
    rig.fail("a");
    assert.equal(rig.statuses()["a"], "waiting");
    skip(rig, "a");
    give(rig, "b");
    assert.deepEqual(skip(rig, "c"), ["StepSkipped c", "ExecutionCompleted"]);
    assert.equal(rig.execution.eventWaits.size, 0);
    replaysEqually(rig);
  });

  it("has what goes on in it cancelled first", () => {
    const rig = startRig(`steps:
  - name: t
    type: try
    steps: [ { name: a, ${CALL} } ]
    finally: [ { name: f, ${CALL} } ]
  - { name: z, ${CALL} }`);
    assert.deepEqual(give(rig, "t", { n: 1 }), [
      "StepClosing t",
      "StepCancelled t.a",
      "FinallyStarted t",
      "StepScheduled t.f",
    ]);
    assert.equal(codeOf(rig, "t"), "STEP_CLOSING");
    assert.deepEqual(rig.complete("t.f"), ["StepCompleted t.f", "StepCompleted t", "StepScheduled z"]);
    assert.deepEqual(rig.last("StepCompleted").output, { n: 1 });
    replaysEqually(rig);
  });

  it("may be a branch's, an iteration's, a loop, or a fallback", () => {
    const rig = startRig(`steps:
  - { name: each, type: loop, times: 2, steps: [ { name: a, ${CALL} } ] }
  - { name: both, type: parallel, branches: [ { name: left, steps: [ { name: b, ${CALL} } ] } ] }
  - { name: c, ${CALL}, fallback_step: s }
  - { name: long, type: loop, times: 9, steps: [ { name: d, ${CALL} } ] }
  - { name: s, ${CALL} }`);
    skip(rig, "each[0].a");
    assert.equal(codeOf(rig, "each[0].a"), "STEP_ENDED");
    give(rig, "each[1].a");
    skip(rig, "both.left.b");
    rig.fail("c");
    assert.deepEqual(give(rig, "c:fallback", { n: 3 }).slice(0, 2), ["StepCompleted c:fallback", "StepCompleted c"]);
    assert.deepEqual(rig.last("StepCompleted").output, { n: 3 });
    skip(rig, "long");
    assert.equal(rig.execution.status, "completed");
    replaysEqually(rig);
  });

  it("has the child cancelled that it waits for, and ends when that has ended", () => {
    const rig = startRig(`steps:\n  - { name: w, type: workflow, workflow: other }\n  - { name: z, ${CALL} }`);
    assert.deepEqual(skip(rig, "w"), ["StepClosing w"]);
    const end = { kind: "EndChild", path: "w", executionId: "e.1", status: "cancelled", output: null, error: null };
    assert.deepEqual(rig.send(end as Parameters<Rig["send"]>[0]), ["StepSkipped w", "StepScheduled z"]);
    replaysEqually(rig);
  });

  it("lets nothing behind it begin before its turn would have come", () => {
    const rig = startRig(`steps:\n  - { name: a, ${CALL} }\n  - { name: b, ${CALL} }\n  - { name: c, ${CALL} }`);
    assert.deepEqual(skip(rig, "b"), ["StepSkipped b"]);
    assert.deepEqual(rig.complete("a"), ["StepCompleted a", "StepScheduled c"]);
    replaysEqually(rig);
  });

  it("does not begin a path that nothing leads to", () => {
    const rig = startRig(`steps:
  - { name: a, ${CALL}, on_failure: h }
  - { name: b, ${CALL} }
  - { name: h, ${CALL}, on_success: i }
  - { name: i, ${CALL} }`);
    assert.deepEqual(skip(rig, "h"), ["StepSkipped h"]);
    assert.deepEqual(rig.complete("a"), ["StepCompleted a", "StepSkipped i", "StepScheduled b"]);
    assert.deepEqual(rig.complete("b"), ["StepCompleted b", "ExecutionCompleted"]);
    replaysEqually(rig);
  });

  it("keeps its place over a retry", () => {
    const rig = startRig(`steps:\n  - { name: a, ${CALL} }\n  - { name: b, ${CALL} }\n  - { name: c, ${CALL} }`);
    skip(rig, "b");
    rig.fail("a");
    rig.send({ kind: "Retry", id: "retry" });
    assert.deepEqual(rig.complete("a"), ["StepCompleted a", "StepScheduled c"]);
    rig.fail("c");
    rig.send({ kind: "Retry", id: "again" });
    rig.complete("c");
    assert.equal(rig.execution.status, "completed");
    replaysEqually(rig);
  });

  it("is recorded during a pause, and followed after it", () => {
    const rig = startRig(`steps:\n  - { name: a, ${CALL} }\n  - { name: b, ${CALL} }`);
    rig.send({ kind: "Pause", id: "pause", freezeTimers: false });
    assert.deepEqual(skip(rig, "a"), ["StepSkipped a"]);
    assert.deepEqual(rig.send({ kind: "Resume", id: "resume" }), ["ExecutionResumed", "StepScheduled b"]);
    replaysEqually(rig);
  });

  it("may be what undoes another", () => {
    const rig = startRig(`steps:
  - { name: a, ${CALL}, compensate: { executor: shop, function: undo } }
  - { name: b, ${CALL} }`);
    rig.complete("a");
    rig.fail("b");
    assert.equal(codeOf(rig, "b"), "STEP_ENDED");
    assert.deepEqual(skip(rig, "a:compensate"), ["StepSkipped a:compensate", "StepCompensated a", "ExecutionFailed"]);
    assert.equal(codeOf(rig, "a"), "EXECUTION_ENDED");
    replaysEqually(rig);
  });

  it("is refused where there is none, or where it is being cancelled", () => {
    const rig = startRig(`steps:
  - { name: charge, ${CALL} }
  - { name: t, type: try, depends_on: [], steps: [ { name: a, ${CALL} } ], finally: [ { name: f, ${CALL} } ] }`);
    assert.equal(codeOf(rig, "chrage"), "STEP_UNKNOWN");
    assert.match(
      refusalOf(rig.execution, { kind: "SkipStep", id: "x", path: "chrage", reason: "", by: "ada" })?.message ?? "",
      /Did you mean "charge"/,
    );
    rig.send({ kind: "Cancel", id: "cancel", reason: "enough" });
    assert.equal(codeOf(rig, "t"), "EXECUTION_CLOSING");
    assert.equal(codeOf(rig, "t.f"), null);
    skip(rig, "t.f");
    assert.equal(rig.execution.status, "cancelled");
  });
});

describe("undoing by hand", () => {
  const UNDO = "compensate: { executor: shop, function: undo }";
  const compensate = (rig: Rig) => rig.send({ kind: "Compensate", id: "undo", reason: "sold twice", by: "ada" });

  it("undoes what completed, newest first, and cancels", () => {
    const rig = startRig(`steps:
  - { name: each, type: loop, times: 2, steps: [ { name: a, ${CALL}, ${UNDO} } ] }
  - { name: b, ${CALL}, ${UNDO} }`);
    for (const path of ["each[0].a", "each[1].a", "b"]) rig.complete(path);
    assert.equal(rig.execution.status, "completed");
    assert.deepEqual(compensate(rig), [
      "ExecutionReopened",
      "CompensationStarted",
      "StepCompensating b",
      "StepScheduled b:compensate",
    ]);
    rig.complete("b:compensate");
    rig.complete("each[1].a:compensate");
    assert.deepEqual(rig.complete("each[0].a:compensate").slice(-1), ["ExecutionCancelled"]);
    assert.deepEqual(rig.last("ExecutionCancelled"), { reason: "sold twice", terminated: false, compensated: true });
    replaysEqually(rig);
    assert.equal(
      refusalOf(rig.execution, { kind: "Compensate", id: "more", reason: "", by: "ada" })?.code,
      "NOTHING_TO_COMPENSATE",
    );
  });

  it("leaves over what was terminated, and tries again what could not be undone", () => {
    const rig = startRig(`steps:
  - { name: a, ${CALL}, ${UNDO} }
  - name: both
    type: parallel
    branches:
      - { name: left, steps: [ { name: t, type: try, steps: [ { name: x, ${CALL} } ], finally: [ { name: f, ${CALL} } ] } ] }
      - { name: right, steps: [ { name: y, type: wait_for_event, event: go } ] }
  - { name: z, ${CALL} }`);
    rig.complete("a");
    rig.send({ kind: "Terminate", id: "stop", reason: "enough" });
    assert.deepEqual(compensate(rig), [
      "ExecutionReopened",
      "StepCancelled z",
      "CompensationStarted",
      "StepCompensating a",
      "StepScheduled a:compensate",
    ]);
    assert.equal(rig.execution.openTasks, 1);
    assert.equal(rig.execution.eventWaits.size, 0);
    rig.fail("a:compensate");
    assert.equal(rig.execution.status, "cancelled");
    replaysEqually(rig);
    rig.send({ kind: "Compensate", id: "again", reason: "sold twice", by: "ada" });
    rig.complete("a:compensate");
    assert.equal(rig.statuses()["a"], "compensated");
    rig.send({ kind: "Retry", id: "retry" });
    rig.complete("a");
    assert.deepEqual(rig.statuses()["both.left.t.x"], "scheduled");
    assert.deepEqual(rig.statuses()["both.right.y"], "waiting");
    replaysEqually(rig);
  });

  it("is refused while the execution goes on, and where there is nothing to undo", () => {
    const rig = startRig(`steps:\n  - { name: a, ${CALL} }`);
    const code = () => refusalOf(rig.execution, { kind: "Compensate", id: "c", reason: "", by: "ada" })?.code;
    assert.equal(code(), "EXECUTION_NOT_ENDED");
    rig.complete("a");
    assert.equal(code(), "NOTHING_TO_COMPENSATE");
  });
});

describe("undoing all at once", () => {
  const UNDO =
    "compensate: { executor: shop, function: undo, retry: { max_attempts: 2, initial_delay: 1s, jitter: false } }";

  it("begins every undoing, lets each have its own attempts, and ends after the last", () => {
    const rig = startRig(`compensation: { order: parallel }
steps:
  - { name: a, ${CALL}, ${UNDO} }
  - { name: b, ${CALL}, ${UNDO} }
  - { name: c, ${CALL}, ${UNDO} }
  - { name: d, ${CALL} }`);
    for (const path of ["a", "b", "c"]) rig.complete(path);
    const begun = rig.fail("d").filter((line) => line.startsWith("StepCompensating"));
    assert.deepEqual(begun, ["StepCompensating c", "StepCompensating b", "StepCompensating a"]);
    replaysEqually(rig);
    rig.fail("b:compensate");
    rig.complete("a:compensate");
    assert.deepEqual(rig.complete("c:compensate"), ["StepCompleted c:compensate", "StepCompensated c"]);
    rig.pass(1000);
    assert.deepEqual(rig.fail("b:compensate"), [
      "StepFailed b:compensate",
      "StepCompensated b",
      "WarningRecorded",
      "ExecutionFailed",
    ]);
    assert.deepEqual(
      [rig.statuses()["a"], rig.statuses()["b"], rig.statuses()["c"]],
      ["compensated", "completed", "compensated"],
    );
    replaysEqually(rig);
  });

  it("stops with all of them when it is terminated, and a retry lets go of them", () => {
    const rig = startRig(`compensation: { order: parallel }
steps:
  - { name: a, ${CALL}, ${UNDO} }
  - { name: b, ${CALL}, ${UNDO} }
  - { name: d, ${CALL} }`);
    for (const path of ["a", "b"]) rig.complete(path);
    rig.fail("d");
    rig.complete("a:compensate");
    rig.send({ kind: "Terminate", id: "stop", reason: "enough" });
    rig.send({ kind: "Retry", id: "retry" });
    assert.equal(rig.execution.openTasks, 2);
    assert.equal(rig.statuses()["a"], "scheduled");
    assert.equal(rig.statuses()["b"], "completed");
    assert.equal(rig.statuses()["d"], "scheduled");
    replaysEqually(rig);
  });
});

it("a retry says what it does not do again of what was undone in iterations that had completed", () => {
  const undo = "compensate: { executor: shop, function: undo }";
  const rig = startRig(`steps:
  - { name: each, type: loop, times: 2, steps: [ { name: a, ${CALL}, ${undo} } ] }
  - { name: b, ${CALL} }`);
  for (const path of ["each[0].a", "each[1].a"]) rig.complete(path);
  rig.fail("b");
  for (const path of ["each[1].a:compensate", "each[0].a:compensate"]) rig.complete(path);
  assert.deepEqual(rig.send({ kind: "Retry", id: "retry" }), [
    "ExecutionReopened",
    "WarningRecorded",
    "StepScheduled b",
  ]);
  assert.deepEqual(rig.last("WarningRecorded").details, { paths: ["each[0].a", "each[1].a"] });
  replaysEqually(rig);
});

it("a cancel holds against a return in a finally", () => {
  const rig = startRig(`steps:
  - { name: t, type: try, steps: [ { name: a, ${CALL} } ], finally: [ { name: b, ${CALL} }, { name: r, type: return, output: { n: 1 } } ] }`);
  rig.send({ kind: "Cancel", id: "cancel", reason: "enough" });
  assert.deepEqual(rig.complete("t.b").slice(-1), ["ExecutionCancelled"]);
  replaysEqually(rig);
});
