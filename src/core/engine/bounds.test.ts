import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { decide } from "./decide.ts";
import { ENGINE_LIMITS } from "./decision.ts";
import { refusalOf } from "./refuse.ts";
import { type Rig, START, startRig } from "./rig.test.ts";
import { createEmptyScope, suppress } from "./scopes.ts";

const TASK = "type: function, executor: shop, function: pay";

const COUNTING = `
steps:
  - { name: first, ${TASK} }
  - name: each
    type: loop
    times: 1000
    steps: [ { name: note, type: set, variables: { last: $.index } } ]`;

/** Completes `first` as a host would that has counted bytes, or measured what is alive. */
function goOn({ definition, execution }: Rig, known: { historyBytes?: number; isStateFull?: boolean }) {
  const command = { kind: "CompleteTask", path: "first", attempt: 1, output: {}, http: null, startedAt: null } as const;
  const context = { now: START, environment: new Map<string, string>(), limits: ENGINE_LIMITS, ...known };
  return decide(definition, execution, { ...command, instance: null }, context);
}

function errorOf(events: ReturnType<typeof goOn>) {
  const last = events.at(-1);
  assert.equal(last?.type, "ExecutionFailed");
  return last.data.error;
}

describe("a history that comes to its limit", () => {
  test("is warned of once, at four fifths of its events", () => {
    const rig = startRig(COUNTING, { limits: { historyEventsMax: 1000 } });
    rig.complete("first");
    const warnings = rig.history.filter(({ type }) => type === "WarningRecorded");
    assert.deepEqual(
      warnings.map(({ seq, data }) => [seq, (data as { code: string }).code]),
      [[801, "HISTORY_NEAR_LIMIT"]],
    );
    assert.equal(rig.last("ExecutionFailed").error.code, "HISTORY_LIMIT");
    assert.match(rig.last("ExecutionFailed").error.message, /at most 1000 events.*limits\.history_events/);
    assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
  });

  test("ends it by its bytes as well, and says which limit it is", () => {
    const limit = ENGINE_LIMITS.historyBytesMax;
    const error = errorOf(goOn(startRig(COUNTING), { historyBytes: limit }));
    assert.equal(error.code, "HISTORY_LIMIT");
    assert.match(error.message, new RegExp(`at most ${limit} bytes.*limits\\.history_bytes`));
    const events = goOn(startRig(COUNTING), { historyBytes: Math.ceil(limit * 0.8) });
    assert.equal(events.filter(({ type }) => type === "WarningRecorded").length, 1);
    assert.notEqual(events.at(-1)?.type, "ExecutionFailed");
  });

  test("ends it with what is alive, where that is too much", () => {
    const error = errorOf(goOn(startRig(COUNTING), { isStateFull: true }));
    assert.equal(error.code, "PAYLOAD_TOO_LARGE");
    assert.match(error.message, /limits\.state/);
  });
});

describe("what one decision may become", () => {
  test("is bounded by its bytes, so that its events fit into one text", () => {
    const rig = startRig(
      `
steps:
  - { name: first, ${TASK} }
  - name: each
    type: loop
    times: 100
    steps: [ { name: note, type: set, variables: { last: $.input.much } } ]`,
      { input: { much: "x".repeat(500_000) } },
    );
    const events = goOn(rig, {});
    assert.ok(events.length < 60, `${events.length} events were decided at a stretch`);
    assert.equal(rig.execution.hasWork, true);
    rig.send({ kind: "Continue" });
    assert.equal(rig.execution.status, "completed");
  });
});

describe("what gathers in an execution", () => {
  test("signals that nobody takes are bounded by their bytes", () => {
    const rig = startRig(`steps: [ { name: a, ${TASK} } ]`);
    const data = "x".repeat(8_000_000);
    for (let n = 0; n < 2; n++) rig.signal("much", data, `s${n}`);
    const next = { kind: "Signal", id: "one more", name: "much", data } as const;
    assert.equal(refusalOf(rig.execution, next)?.code, "SIGNALS_FULL");
    assert.equal(refusalOf(rig.execution, { ...next, data: "little" }), null);
  });

  test("of the failures beside the first a hundred are kept", () => {
    const scope = createEmptyScope({ index: 0, prefix: "", owner: null });
    for (let n = 0; n < 150; n++) suppress(scope, { code: "BROKEN", message: `Failure ${n}.` });
    assert.equal(scope.suppressed.length, 100);
    assert.equal(scope.suppressed.at(-1)?.message, "Failure 99.");
  });

  test("an output of the execution is no longer than other payloads", () => {
    const rig = startRig(`steps: [ { name: a, ${TASK} } ]\noutput: { b: $.a.much, c: $.a.much }`, {
      limits: { payloadBytesMax: 1000 },
    });
    rig.complete("a", { much: "x".repeat(900) });
    assert.equal(rig.last("ExecutionFailed").error.code, "PAYLOAD_TOO_LARGE");
  });
});
