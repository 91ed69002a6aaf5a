import { describe, expect, test } from "vitest";
import type { HistoryEvent } from "../../../src/core/engine/events.ts";
import { loadWorkflow } from "../../../src/core/language/load.ts";
import { failedPath } from "./failed-step.ts";
import { lastPart, parentOf } from "./paths.ts";
import { RunModel } from "./run-model.ts";
import { histogramOf, rowsOf } from "./timeline-rows.ts";

const { workflow } = loadWorkflow(`
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: w, version: 1.0.0}
spec:
  steps:
    - {name: first, type: function, executor: e, function: f}
    - name: each
      type: loop
      times: 6
      depends_on: [first]
      steps:
        - {name: one, type: function, executor: e, function: f}
`);
const definition = workflow?.definition ?? null;

let seq = 0;
function event(type: string, path: string | null, data: object): HistoryEvent {
  seq += 1;
  const step = path === null ? null : lastPart(path);
  const attempt = path === null ? null : 1;
  return { seq, type, at: new Date(seq * 1000).toISOString(), step, path, attempt, data } as unknown as HistoryEvent;
}

const START = {
  workflow: "w",
  version: "1.0.0",
  hash: "",
  input: { a: 1 },
  metadata: {},
  priority: 5,
  due: null,
  parent: null,
  origin: null,
};

function started(): RunModel {
  seq = 0;
  const model = new RunModel(definition, "x");
  model.add(event("ExecutionStarted", null, START));
  model.add(event("StepScheduled", "first", { executor: "e", function: "f", input: { n: 1 } }));
  return model;
}

describe("an execution at every moment", () => {
  test("a step is what it was at each event, in whichever order one asks", () => {
    const model = started();
    model.add(event("StepCompleted", "first", { output: { done: true } }));
    expect(model.failure).toBe(null);
    expect(model.stepAt("first", 3)?.output).toEqual({ done: true });
    expect(model.stepAt("first", 2)?.status).toBe("scheduled");
    expect(model.stepAt("first", 1)).toBe(null);
    expect(model.inputAt("first", 2)).toEqual({ seq: 2, input: { n: 1 } });
    expect(model.headAt(3)?.progress).toEqual({ completed: 1, total: 2 });
  });

  test("what was open when the execution ended is cancelled from then on, and was open before", () => {
    const model = started();
    model.add(event("ExecutionCancelled", null, { reason: "enough", terminated: true }));
    expect(model.stepAt("first", 2)?.status).toBe("scheduled");
    expect(model.stepAt("first", 3)?.status).toBe("cancelled");
    expect(model.headAt(3)?.status).toBe("cancelled");
    expect(model.places.get("first")?.segments.at(-1)?.to).toBe(3000);
  });

  test("an event that comes twice counts once", () => {
    const model = started();
    const again = model.events[1];
    if (again !== undefined) model.add(again);
    expect(model.lastSeq).toBe(2);
  });

  test("many iterations are one row that tells how they stand", () => {
    const model = started();
    model.add(event("StepCompleted", "first", { output: {} }));
    model.add(event("StepStarted", "each", { detail: { kind: "loop", count: 6 } }));
    for (let i = 0; i < 6; i += 1) {
      model.add(event("IterationStarted", `each[${i}]`, { index: i }));
      model.add(event("StepScheduled", `each[${i}].one`, { executor: "e", function: "f", input: {} }));
      model.add(event("StepCompleted", `each[${i}].one`, { output: i }));
      if (i < 5) model.add(event("IterationEnded", `each[${i}]`, { index: i, status: "completed" }));
    }
    expect(model.failure).toBe(null);
    expect(rowsOf(model, new Set(), model.lastSeq).map(({ path }) => path)).toEqual(["first", "each"]);
    expect(rowsOf(model, new Set(["each"]), model.lastSeq)).toHaveLength(14);
    const each = model.places.get("each");
    expect(each && histogramOf(model, each, model.lastSeq)).toEqual([
      ["completed", 5],
      ["running", 1],
    ]);
  });

  test("without a definition there are times and data, but no states", () => {
    seq = 0;
    const model = new RunModel(null, "x");
    model.add(event("ExecutionStarted", null, START));
    model.add(event("StepScheduled", "first", { executor: "e", function: "f", input: 1 }));
    model.add(event("StepFailed", "first", { error: { code: "NO", message: "no" } }));
    model.add(event("ExecutionFailed", null, { error: { code: "NO", message: "no" } }));
    expect(model.hasStates).toBe(false);
    expect(model.headAt(4)?.status).toBe("failed");
    expect(failedPath(model, 4)).toBe("first");
  });

  test("fifty thousand events are gone through in any direction without folding again", () => {
    const model = started();
    model.add(event("StepCompleted", "first", { output: {} }));
    model.add(event("StepStarted", "each", { detail: { kind: "loop" } }));
    for (let i = 0; model.lastSeq < 50_000; i += 1) {
      model.add(event("IterationStarted", `each[${i}]`, { index: i }));
      model.add(event("StepScheduled", `each[${i}].one`, { executor: "e", function: "f", input: {} }));
      model.add(event("StepCompleted", `each[${i}].one`, { output: i }));
      model.add(event("IterationEnded", `each[${i}]`, { index: i, status: "completed" }));
    }
    expect(model.failure).toBe(null);
    expect(model.stepAt("each[0].one", model.lastSeq)?.status).toBe("completed");
    expect(model.stepAt("each[12000].one", 48_006)?.status).toBe("scheduled");
    expect(model.stepsAt(9)).toHaveLength(3);
  });
});

test("paths stand in one another", () => {
  expect(parentOf("orders[3].reserve")).toBe("orders[3]");
  expect(parentOf("orders[3]")).toBe("orders");
  expect(parentOf("pay:fallback")).toBe("pay");
  expect(parentOf("pay")).toBe(null);
});
