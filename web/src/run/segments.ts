/**
 * What became of a step over time, as pieces of a line, read from its events one after the other.
 *
 *     StepScheduled ─ queue ─ started_at ─ run ─ StepAttemptFailed ─ back-off ─ StepScheduled ─ ... ─ StepCompleted
 *
 * That an executor has begun is known only once its result tells when; until then what is open waits for an executor, and
 * `openSince` of the caller (who holds the lease) says otherwise.
 */

import type { StepEvent } from "../../../src/core/engine/events.ts";

export type SegmentKind = "queue" | "run" | "backoff" | "timer" | "event" | "child" | "container";

export interface Segment {
  readonly kind: SegmentKind;
  readonly attempt: number;
  readonly from: number;
  /** Null while it goes on. */
  readonly to: number | null;
  readonly outcome: "completed" | "failed" | "cancelled" | null;
}

export const SEGMENT_WORDS: Readonly<Record<SegmentKind, string>> = {
  queue: "Waits for an executor",
  run: "Works",
  backoff: "Waits to try again",
  timer: "Waits for a time",
  event: "Waits for an event",
  child: "Child execution",
  container: "Steps inside",
};

/** Adds what the event tells to `segments`, whose last one may be open. */
export function addToSegments(segments: Segment[], event: StepEvent): void {
  const at = Date.parse(event.at);
  switch (event.type) {
    case "StepScheduled":
      close(segments, at, null);
      segments.push({ kind: "queue", attempt: event.attempt, from: at, to: null, outcome: null });
      return;
    case "CircuitAsked":
    case "CallRefused":
      close(segments, at, null);
      segments.push({ kind: "backoff", attempt: event.attempt, from: at, to: null, outcome: null });
      return;
    case "StepStarted":
      close(segments, at, null);
      segments.push({ kind: kindOf(event), attempt: event.attempt, from: at, to: null, outcome: null });
      return;
    case "StepAttemptFailed":
      end(segments, event.attempt, at, event.data.started_at, "failed");
      segments.push({ kind: "backoff", attempt: event.attempt, from: at, to: null, outcome: null });
      return;
    case "StepCompleted":
      end(segments, event.attempt, at, event.data.started_at, "completed");
      return;
    case "StepFailed":
      end(segments, event.attempt, at, event.data.started_at, "failed");
      return;
    case "StepSkipped":
    case "StepCancelled":
      if (segments.length > 0) close(segments, at, "cancelled");
      return;
    case "BranchStarted":
    case "IterationStarted":
      segments.push({ kind: "container", attempt: event.attempt, from: at, to: null, outcome: null });
      return;
    case "BranchEnded":
    case "IterationEnded":
      close(segments, at, event.data.status);
      return;
    case "FallbackStarted":
      end(segments, event.attempt, at, undefined, "failed");
      segments.push({ kind: "container", attempt: event.attempt, from: at, to: null, outcome: null });
      return;
    default:
      return;
  }
}

/** What was open when the execution ended, ended with it. */
export function closeSegments(segments: Segment[], at: number): void {
  close(segments, at, "cancelled");
}

function kindOf(event: StepEvent & { readonly type: "StepStarted" }): SegmentKind {
  switch (event.data.detail.kind) {
    case "wait":
      return "timer";
    case "wait_for_event":
      return "event";
    case "workflow":
      return "child";
    default:
      return "container";
  }
}

function close(segments: Segment[], at: number, outcome: Segment["outcome"]): void {
  const last = segments.at(-1);
  if (last === undefined || last.to !== null) return;
  segments[segments.length - 1] = { ...last, to: Math.max(at, last.from), outcome };
}

/** The end of an attempt: where it is known since when somebody worked, what came before was waiting. */
function end(
  segments: Segment[],
  attempt: number,
  at: number,
  startedAt: string | undefined,
  outcome: Segment["outcome"],
): void {
  const last = segments.at(-1);
  if (last === undefined || last.to !== null) {
    segments.push({ kind: "run", attempt, from: at, to: at, outcome });
    return;
  }
  if (last.kind !== "queue") return close(segments, at, outcome);
  const since = startedAt === undefined ? last.from : Math.min(at, Math.max(last.from, Date.parse(startedAt)));
  const run: Segment = { kind: "run", attempt, from: since, to: at, outcome };
  if (since > last.from) {
    segments[segments.length - 1] = { ...last, to: since };
    segments.push(run);
  } else {
    segments[segments.length - 1] = run;
  }
}
