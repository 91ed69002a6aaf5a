import { describe, expect, test } from "vitest";
import type { StepEvent } from "../../../src/core/engine/events.ts";
import { addToSegments, type Segment } from "./segments.ts";

function event(type: string, second: number, data: object, attempt = 1): StepEvent {
  const at = new Date(second * 1000).toISOString();
  return { seq: second + 1, type, at, step: "pay", path: "pay", attempt, data } as unknown as StepEvent;
}

function told(...events: readonly StepEvent[]): readonly Segment[] {
  const segments: Segment[] = [];
  for (const one of events) addToSegments(segments, one);
  return segments;
}

describe("pieces of a step's line", () => {
  test("waiting for an executor ends when the work began, as the result tells", () => {
    const segments = told(
      event("StepScheduled", 0, {}),
      event("StepCompleted", 5, { output: null, started_at: new Date(3000).toISOString() }),
    );
    expect(segments.map(({ kind, from, to, outcome }) => [kind, from, to, outcome])).toEqual([
      ["queue", 0, 3000, null],
      ["run", 3000, 5000, "completed"],
    ]);
  });

  test("a failed attempt is followed by waiting to try again", () => {
    const segments = told(
      event("StepScheduled", 0, {}),
      event("StepAttemptFailed", 1, { error: { code: "X", message: "" }, started_at: new Date(0).toISOString() }),
      event("StepScheduled", 4, {}, 2),
      event("StepFailed", 5, { error: { code: "X", message: "" }, started_at: new Date(4000).toISOString() }, 2),
    );
    expect(segments.map(({ kind, attempt, outcome }) => [kind, attempt, outcome])).toEqual([
      ["run", 1, "failed"],
      ["backoff", 1, null],
      ["run", 2, "failed"],
    ]);
  });

  test("a step that begins and ends in one event has a piece without length", () => {
    expect(told(event("StepCompleted", 2, { output: 1 }))).toEqual([
      { kind: "run", attempt: 1, from: 2000, to: 2000, outcome: "completed" },
    ]);
  });
});
