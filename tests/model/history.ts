/** What a history tells, read without the engine: what is waited for, and how each step ended. */

import type { HistoryEvent } from "../../src/core/engine/events.ts";
import type { StepOutcome } from "./predict.ts";

/** In the words of `Move.outstanding`. */
export function outstandingIn(history: readonly HistoryEvent[]): readonly string[] {
  const waiting = new Map<string, string>();
  for (const event of history) {
    if (event.path === null) continue;
    const kind = awaitedAfter(event);
    if (kind === null) waiting.delete(event.path);
    else if (kind !== "unchanged") waiting.set(event.path, kind);
  }
  return [...waiting].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([path, kind]) => `${kind} ${path}`);
}

function awaitedAfter(event: HistoryEvent): "task" | "timer" | "signal" | "unchanged" | null {
  switch (event.type) {
    case "StepScheduled":
      return "task";
    case "StepAttemptFailed":
      return "timer";
    case "StepStarted":
      if (event.data.detail.kind === "wait") return "timer";
      return event.data.detail.kind === "wait_for_event" ? "signal" : null;
    case "StepCompleted":
    case "StepFailed":
    case "StepSkipped":
    case "StepCancelled":
      return null;
    default:
      return "unchanged";
  }
}

/** How each step ended; what an earlier attempt of a container left behind is forgotten. */
export function outcomesIn(history: readonly HistoryEvent[]): ReadonlyMap<string, StepOutcome> {
  const outcomes = new Map<string, StepOutcome>();
  for (const event of history) {
    switch (event.type) {
      case "StepStarted":
        for (const path of outcomes.keys()) if (isInside(path, event.path)) outcomes.delete(path);
        break;
      case "StepCompleted":
        outcomes.set(event.path, { status: "completed", reason: null, code: null });
        break;
      case "StepFailed":
        outcomes.set(event.path, { status: "failed", reason: null, code: event.data.error.code });
        break;
      case "StepSkipped":
        outcomes.set(event.path, { status: "skipped", reason: toReason(event.data.reason), code: null });
        break;
      case "StepCancelled":
        outcomes.set(event.path, { status: "cancelled", reason: null, code: null });
        break;
    }
  }
  return outcomes;
}

/** Every ending of a step, so that none is told twice within one attempt of what it stands in. */
export function endingsIn(history: readonly HistoryEvent[]): ReadonlyMap<string, number> {
  const endings = new Map<string, number>();
  for (const event of history) {
    if (event.type === "StepStarted") {
      for (const path of endings.keys()) if (isInside(path, event.path)) endings.delete(path);
    }
    if (
      event.type === "StepCompleted" ||
      event.type === "StepFailed" ||
      event.type === "StepSkipped" ||
      event.type === "StepCancelled"
    ) {
      endings.set(event.path, (endings.get(event.path) ?? 0) + 1);
    }
  }
  return endings;
}

function isInside(path: string, container: string): boolean {
  return path.startsWith(`${container}.`) || path.startsWith(`${container}[`);
}

function toReason(reason: string): StepOutcome["reason"] {
  return reason === "condition" || reason === "not_reached" ? reason : null;
}
