import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "../engine/events.ts";
import { findingsOf } from "./findings.ts";
import { StepTimes } from "./step-times.ts";
import { StepGathering } from "./workflow-figures.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

let seq = 0;
function event(type: string, seconds: number, path: string | null, data: object = {}, attempt = 1): HistoryEvent {
  seq += 1;
  return {
    seq,
    type,
    at: at(seconds),
    step: path,
    path,
    attempt: path === null ? null : attempt,
    data,
  } as HistoryEvent;
}

/** Ten seconds: `charge` waits 8 s for an executor and runs 1 s; `ship` runs the last second. */
function waitingOrder(): StepTimes {
  const times = new StepTimes();
  times.add(event("ExecutionStarted", 0, null));
  times.add(event("StepScheduled", 0, "charge"));
  times.add(event("StepScheduled", 0, "note"));
  times.add(event("StepCompleted", 2, "note", { started_at: at(0) }));
  times.add(event("StepCompleted", 9, "charge", { started_at: at(8) }));
  times.add(event("StepScheduled", 9, "ship"));
  times.add(event("StepCompleted", 10, "ship", { started_at: at(9) }));
  times.add(event("ExecutionCompleted", 10, null));
  return times;
}

test("time before the work began was the waiting for an executor", () => {
  const [charge] = waitingOrder().spans;
  assert.deepEqual(charge?.split, { executor: 8000, running: 1000, retrying: 0, waiting: 0 });
});

test("the critical path holds what was waited for, and nothing that ran beside it", () => {
  assert.deepEqual(
    waitingOrder()
      .criticalPath()
      .map(({ step, ms }) => [step, ms]),
    [
      ["charge", 9000],
      ["ship", 1000],
    ],
  );
});

test("back-off between attempts is told apart from work", () => {
  const times = new StepTimes();
  times.add(event("ExecutionStarted", 0, null));
  times.add(event("StepScheduled", 0, "pay"));
  times.add(event("StepAttemptFailed", 1, "pay", { error: { code: "BUSY" }, started_at: at(0) }));
  times.add(event("StepScheduled", 6, "pay", {}, 2));
  times.add(event("StepCompleted", 7, "pay", { started_at: at(6) }, 2));
  times.add(event("ExecutionCompleted", 7, null));
  const [pay] = times.spans;
  assert.deepEqual(pay?.split, { executor: 0, running: 2000, retrying: 5000, waiting: 0 });
  assert.deepEqual([pay?.retries, pay?.attempts, pay?.errors], [1, 2, ["BUSY"]]);
});

test("waiting for a time is no work, and a container has no time of its own", () => {
  const times = new StepTimes();
  times.add(event("ExecutionStarted", 0, null));
  times.add(event("StepStarted", 0, "each", { detail: { kind: "loop" } }));
  times.add(event("StepStarted", 0, "each[0].nap", { detail: { kind: "wait", until: at(4) } }));
  times.add(event("StepCompleted", 4, "each[0].nap"));
  times.add(event("StepCompleted", 4, "each"));
  times.add(event("ExecutionCompleted", 4, null));
  assert.deepEqual(
    times.spans.map(({ path, isContainer, split }) => [path, isContainer, split.waiting]),
    [
      ["each", true, 0],
      ["each[0].nap", false, 4000],
    ],
  );
});

test("a step that mostly waits for an executor is told of, with what to do", () => {
  const gathering = new StepGathering();
  for (let i = 0; i < 6; i++) gathering.add(waitingOrder());
  const figures = gathering.figures([
    { name: "charge", type: "function" },
    { name: "ship", type: "function" },
    { name: "never", type: "function" },
  ]);
  assert.equal(figures[0]?.critical_share, 0.9);
  assert.equal(figures[2]?.runs, 0);
  assert.deepEqual(
    findingsOf(figures).map(({ message }) => message),
    ["`charge` waits 89 % of its time for an executor: add instances or raise concurrency."],
  );
  assert.deepEqual(
    gathering.criticalPath().map(({ step, share }) => [step, share]),
    [
      ["charge", 0.9],
      ["ship", 0.1],
    ],
  );
});

test("few runs say nothing", () => {
  const gathering = new StepGathering();
  gathering.add(waitingOrder());
  assert.deepEqual(findingsOf(gathering.figures([{ name: "charge", type: "function" }])), []);
});
