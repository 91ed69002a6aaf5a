import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { decide } from "./decide.ts";
import { ENGINE_LIMITS } from "./decision.ts";
import { replay } from "./evolve.ts";
import { type Reaction, reactionsOf } from "./reactions.ts";
import { type Rig, START, startRig } from "./rig.test.ts";

const LIMITED = `
concurrency: { limit: 2, key: $.input.tenant }
timeout: 60s
steps:
  - { name: a, type: function, executor: x, function: f }
`;

describe("an execution that needs a slot", () => {
  test("is queued, begins nothing, and asks for a slot of its key", () => {
    const rig = startRig(LIMITED, { input: { tenant: "t7" } });
    assert.equal(rig.execution.status, "queued");
    assert.deepEqual(rig.statuses(), { a: "pending" });
    assert.deepEqual(sends(rig), [
      {
        kind: "SendShared",
        place: { kind: "slots", key: "test/t7" },
        command: { kind: "Acquire", executionId: "e", turn: 2, limit: 2, onLimit: "queue", priority: 5, since: START },
      },
    ]);
    same(rig);
  });

  test("begins once it is admitted, and only then its time-out counts", () => {
    const rig = startRig(LIMITED, { input: { tenant: "t7" } });
    assert.deepEqual(rig.pass(3_600_000), []);
    assert.deepEqual(admit(rig, "test/t7"), ["SlotGranted", "ExecutionAdmitted", "StepScheduled a"]);
    assert.equal(rig.execution.startedAt, START + 3_600_000);
    assert.deepEqual(rig.pass(59_000), []);
    assert.deepEqual(rig.pass(1000), ["ExecutionTimeoutReached", "StepCancelled a", "ExecutionTimedOut"]);
    same(rig);
  });

  test("takes no slot of another key, and none twice", () => {
    const rig = startRig(LIMITED, { input: { tenant: "t7" } });
    assert.deepEqual(admit(rig, "test/other"), []);
    admit(rig, "test/t7");
    assert.deepEqual(admit(rig, "test/t7"), []);
  });

  test("gives its slot back when it ends, whichever way", () => {
    for (const end of ["complete", "fail", "cancel", "terminate", "cancel while queued"] as const) {
      const rig = startRig(LIMITED, { input: { tenant: "t7" } });
      if (end !== "cancel while queued") admit(rig, "test/t7");
      if (end === "complete") rig.complete("a");
      else if (end === "fail") rig.fail("a");
      else if (end === "terminate") rig.send({ kind: "Terminate", id: "t", reason: "now" });
      else rig.send({ kind: "Cancel", id: "c", reason: "enough" });
      assert.ok(rig.execution.hasEnded, end);
      assert.deepEqual(sends(rig).at(-1)?.command, { kind: "Release", executionId: "e" }, end);
      same(rig);
    }
  });

  test("is dropped where there is no slot and its workflow does not wait for one", () => {
    const rig = startRig(LIMITED, { input: { tenant: "t7" } });
    assert.deepEqual(rig.send({ kind: "Drop", key: "test/t7", turn: 2, limit: 2 }), ["ExecutionCancelled"]);
    assert.match(rig.last("ExecutionCancelled").reason, /^Dropped: 2 executions run under "test\/t7" already/);
  });

  test("waits for a slot again when it is retried", () => {
    const rig = startRig(LIMITED, { input: { tenant: "t7" } });
    admit(rig, "test/t7");
    rig.fail("a");
    assert.deepEqual(rig.send({ kind: "Retry", id: "again" }), ["ExecutionReopened", "ExecutionQueued"]);
    assert.equal(rig.execution.status, "queued");
    assert.deepEqual(admit(rig, "test/t7"), ["SlotGranted", "ExecutionAdmitted", "StepScheduled a"]);
    same(rig);
  });

  test("stays paused when it is admitted during a pause, and begins at the resume", () => {
    const rig = startRig(LIMITED, { input: { tenant: "t7" } });
    rig.send({ kind: "Pause", id: "p", freezeTimers: false });
    assert.deepEqual(admit(rig, "test/t7"), ["SlotGranted", "ExecutionAdmitted"]);
    assert.equal(rig.execution.status, "paused");
    assert.deepEqual(rig.send({ kind: "Resume", id: "r" }), ["ExecutionResumed", "StepScheduled a"]);
  });

  test("is queued again after a pause that ends before it is admitted", () => {
    const rig = startRig(LIMITED, { input: { tenant: "t7" } });
    rig.send({ kind: "Pause", id: "p", freezeTimers: false });
    rig.send({ kind: "Resume", id: "r" });
    assert.equal(rig.execution.status, "queued");
  });
});

describe("while an execution only waits", () => {
  const waiting = (hold: string) => `
concurrency: { limit: 1, hold: ${hold} }
steps:
  - { name: a, type: wait, duration: 10s }
  - { name: b, type: workflow, workflow: other }
  - { name: c, type: function, executor: x, function: f }
`;
  const ended = (rig: Rig) =>
    rig.send({ kind: "EndChild", path: "b", executionId: "e.1", status: "completed", output: {}, error: null });

  test("it keeps its slot, and children run under it, unless it says otherwise", () => {
    const rig = startRig(waiting("tree"));
    assert.deepEqual(admit(rig, "test"), ["SlotGranted", "ExecutionAdmitted", "StepStarted a"]);
    assert.deepEqual(rig.pass(10_000), ["StepCompleted a", "StepStarted b"]);
    const child = all(rig).find((reaction) => reaction.kind === "StartChild");
    assert.deepEqual(child?.kind === "StartChild" ? child.start.parent.covers : null, ["test"]);
    assert.deepEqual(ended(rig), ["StepCompleted b", "StepScheduled c"]);
  });

  test("with hold: running it gives the slot back, and goes on only with a new one", () => {
    const rig = startRig(waiting("running"));
    assert.deepEqual(admit(rig, "test"), ["SlotGranted", "ExecutionAdmitted", "StepStarted a", "SlotsReleased"]);
    assert.equal(rig.execution.status, "running");
    assert.deepEqual(rig.pass(10_000), ["ExecutionQueued"]);
    assert.deepEqual(admit(rig, "test"), [
      "SlotGranted",
      "ExecutionAdmitted",
      "StepCompleted a",
      "StepStarted b",
      "SlotsReleased",
    ]);
    assert.deepEqual(ended(rig), ["StepCompleted b", "ExecutionQueued"]);
    assert.deepEqual(admit(rig, "test"), ["SlotGranted", "ExecutionAdmitted", "StepScheduled c"]);
    same(rig);
  });

  test("with hold: waiting it gives the slot back for children only", () => {
    const rig = startRig(waiting("waiting"));
    assert.deepEqual(admit(rig, "test"), ["SlotGranted", "ExecutionAdmitted", "StepStarted a"]);
    assert.deepEqual(rig.pass(10_000), ["StepCompleted a", "StepStarted b", "SlotsReleased"]);
    assert.deepEqual(ended(rig), ["StepCompleted b", "ExecutionQueued"]);
    same(rig);
  });

  test("it is cancelled without waiting for a slot", () => {
    const rig = startRig(waiting("running"));
    admit(rig, "test");
    assert.deepEqual(rig.send({ kind: "Cancel", id: "c", reason: "enough" }), [
      "ExecutionCancelRequested",
      "StepCancelled a",
      "StepCancelled b",
      "StepCancelled c",
      "ExecutionCancelled",
    ]);
  });
});

describe("an execution that has given its slot back", () => {
  const resting = (steps: string) => `
concurrency: { limit: 1, hold: running }
steps:
${steps}`;

  test("begins nothing at the end of a pause during which its time came", () => {
    const rig = startRig(
      resting(
        `  - { name: a, type: function, executor: x, function: f, retry: { max_attempts: 2, initial_delay: 10s } }`,
      ),
    );
    admit(rig, "test");
    assert.deepEqual(rig.fail("a").slice(-1), ["SlotsReleased"]);
    rig.send({ kind: "Pause", id: "p", freezeTimers: false });
    assert.deepEqual(rig.pass(60_000), []);
    assert.deepEqual(rig.send({ kind: "Resume", id: "r" }), ["ExecutionResumed", "ExecutionQueued"]);
    assert.deepEqual(admit(rig, "test"), ["SlotGranted", "ExecutionAdmitted", "StepScheduled a"]);
    same(rig);
  });

  test("takes a signal at once, and goes on with it once it has a new one", () => {
    const rig = startRig(
      resting(`  - { name: a, type: wait_for_event, event: go }
  - { name: b, type: function, executor: x, function: f, input: { said: "$.steps.a.output.said" } }`),
    );
    admit(rig, "test");
    assert.deepEqual(rig.signal("go", { said: "yes" }), ["SignalReceived", "StepCompleted a", "ExecutionQueued"]);
    assert.deepEqual(rig.signal("go", { said: "more" }), ["SignalReceived"]);
    assert.deepEqual(admit(rig, "test").slice(-1), ["StepScheduled b"]);
    same(rig);
  });

  test("acts upon the time-out of its workflow only with a new one, for winding up is work", () => {
    const rig = startRig(`timeout: 5s${resting("  - { name: a, type: wait, duration: 1h }")}`);
    admit(rig, "test");
    assert.deepEqual(rig.pass(5000), ["ExecutionQueued"]);
    assert.deepEqual(admit(rig, "test").slice(-1), ["ExecutionTimedOut"]);
    same(rig);
  });

  test("does not queue because it was loaded again", () => {
    const rig = startRig(resting("  - { name: a, type: wait, duration: 1h }"));
    admit(rig, "test");
    const { definition, history } = rig;
    const execution = replay(definition, { id: "e", workspace: "default" }, history);
    const context = { now: START, environment: new Map<string, string>(), limits: ENGINE_LIMITS };
    assert.deepEqual(decide(definition, execution, { kind: "Continue" }, context), []);
    assert.equal(execution.status, "running");
  });
});

describe("a slot that was granted to an earlier run", () => {
  test("is not taken by the next one, which waits for its own", () => {
    const rig = startRig(LIMITED, { input: { tenant: "t7" } });
    rig.send({ kind: "Cancel", id: "c", reason: "enough" });
    rig.send({ kind: "Retry", id: "again" });
    assert.deepEqual(rig.send({ kind: "Admit", key: "test/t7", turn: 2 }), []);
    assert.deepEqual(rig.send({ kind: "Drop", key: "test/t7", turn: 2, limit: 2 }), []);
    assert.deepEqual(admit(rig, "test/t7").slice(-1), ["StepScheduled a"]);
    same(rig);
  });
});

describe("an execution that waited for a quiet time only", () => {
  const debounced = `
debounce: { period: 5s }
steps:
  - { name: a, type: wait, duration: 10s }
`;

  test("is not queued any more after it was cancelled and retried", () => {
    const rig = startRig(debounced);
    rig.send({ kind: "Cancel", id: "c", reason: "enough" });
    assert.deepEqual(rig.send({ kind: "Retry", id: "again" }), ["ExecutionReopened", "StepStarted a"]);
    rig.send({ kind: "Pause", id: "p", freezeTimers: false });
    rig.send({ kind: "Resume", id: "r" });
    assert.equal(rig.execution.status, "running");
    assert.deepEqual(rig.pass(10_000).slice(-1), ["ExecutionCompleted"]);
    same(rig);
  });

  test("goes on in an execution that begins with its history", () => {
    const rig = startRig(debounced);
    admit(rig, "debounce/test");
    rig.send({
      kind: "ForkExecution",
      id: "f",
      origin: { kind: "event", execution_id: "e", event: 4 },
      input: undefined,
      stepInput: null,
      timeoutMs: null,
      terminatesOrigin: false,
    });
    assert.deepEqual(rig.pass(10_000), ["StepCompleted a", "ExecutionCompleted"]);
    same(rig);
  });
});

describe("a start that is put off for further starts", () => {
  const debounced = `
debounce: { period: 5s, key: $.input.id }
concurrency: { limit: 1 }
steps:
  - { name: a, type: set, variables: { id: $.input.id, n: $.input.n } }
`;

  test("waits under the keys that the last input gives", () => {
    const rig = startRig(
      `
debounce: { period: 5s }
concurrency: { limit: 1, key: $.input.tenant }
steps:
  - { name: a, type: wait, duration: 10s }
`,
      { input: { tenant: "a" } },
    );
    const slots = [
      { kind: "debounce", key: "debounce/test", limit: 1, on_limit: "queue" },
      { kind: "slots", key: "test/b", limit: 1, on_limit: "queue" },
    ] as const;
    rig.send({ kind: "ReplaceInput", id: "second", input: { tenant: "b" }, metadata: {}, priority: 5, slots });
    admit(rig, "debounce/test");
    assert.deepEqual(sends(rig).at(-1)?.place, { kind: "slots", key: "test/b" });
    same(rig);
  });

  test("begins with the input of the last, after the quiet time and then its slot", () => {
    const rig = startRig(debounced, { input: { id: "x", n: 1 } });
    const replace = {
      kind: "ReplaceInput",
      id: "second",
      input: { id: "x", n: 2 },
      metadata: {},
      priority: 5,
    } as const;
    assert.deepEqual(rig.send(replace), ["InputReplaced"]);
    assert.deepEqual(rig.send(replace), []);
    assert.deepEqual(admit(rig, "debounce/test/x"), ["SlotGranted"]);
    assert.deepEqual(sends(rig).at(-1)?.place, { kind: "slots", key: "test" });
    assert.deepEqual(admit(rig, "test").slice(0, 2), ["SlotGranted", "ExecutionAdmitted"]);
    assert.deepEqual(rig.execution.variables.get("n"), 2);
    assert.deepEqual(rig.send({ ...replace, id: "third" }), []);
    same(rig);
  });
});

function admit(rig: Rig, key: string): readonly string[] {
  return rig.send({ kind: "Admit", key, turn: rig.execution.slots?.turn ?? 0 });
}

function all(rig: Rig): readonly Reaction[] {
  return rig.history.flatMap((event) => reactionsOf(rig.definition, rig.execution, event));
}

function sends(rig: Rig): readonly Extract<Reaction, { kind: "SendShared" }>[] {
  return all(rig).filter((reaction) => reaction.kind === "SendShared");
}

function same(rig: Rig): void {
  const { fresh, live } = rig.replayed();
  assert.deepEqual(fresh, live);
}
