/**
 * Where the time of an execution went, read off its history.
 *
 *     scheduled ──executor──► begun ──running──► failed ──retrying──► scheduled ... ──► ended
 *     started ──────────────waiting (a time, an event, a child)────────────────────────► ended
 *
 * A step that contains others has no time of its own: what is in it has. The critical path is walked from the end: whatever
 * ended last is what was waited for, then what had ended last when that began, and so on.
 */

import type { HistoryEvent, StepEvent } from "../engine/events.ts";

export const PHASES = ["executor", "running", "retrying", "waiting"] as const;
export type Phase = (typeof PHASES)[number];

/** One step from its beginning to its end, all attempts together. */
export interface StepSpan {
  readonly step: string;
  readonly path: string;
  readonly isContainer: boolean;
  readonly began: number;
  ended: number;
  attempts: number;
  retries: number;
  outcome: "completed" | "failed" | "cancelled" | "skipped" | null;
  fallback: boolean;
  /** Milliseconds. */
  readonly split: Record<Phase, number>;
  /** Codes of the errors that were met. */
  readonly errors: string[];
}

export interface CriticalPart {
  readonly step: string;
  readonly path: string;
  readonly ms: number;
}

interface Open {
  readonly span: StepSpan;
  phase: Phase;
  since: number;
}

/** Spans in the order of their beginnings. Steps that ended without having begun (skipped) are not among them. */
export class StepTimes {
  readonly spans: StepSpan[] = [];
  startedAt: number | null = null;
  endedAt: number | null = null;
  private readonly open = new Map<string, Open>();

  add(event: HistoryEvent): void {
    const at = Date.parse(event.at);
    if (event.path === null) {
      this.addExecution(event.type, at);
      return;
    }
    const open = this.open.get(event.path);
    switch (event.type) {
      case "CircuitAsked":
      case "CallRefused":
        this.enter(event, open, at, "retrying", false);
        return;
      case "StepScheduled":
        this.enter(event, open, at, "executor", false);
        return;
      case "StepStarted": {
        const { kind } = event.data.detail;
        const waits = kind === "wait" || kind === "wait_for_event" || kind === "workflow";
        this.enter(event, open, at, waits ? "waiting" : "running", !waits);
        return;
      }
      case "StepAttemptFailed":
        if (open === undefined) return;
        leave(open, at, instantOf(event.data.started_at));
        open.phase = "retrying";
        open.since = at;
        open.span.retries += 1;
        open.span.errors.push(event.data.error.code);
        return;
      case "StepCompleted":
        this.end(event, open, at, "completed", instantOf(event.data.started_at));
        return;
      case "StepFailed":
        this.end(event, open, at, "failed", instantOf(event.data.started_at));
        return;
      case "StepCancelled":
        if (open !== undefined) this.end(event, open, at, "cancelled", null);
        return;
      case "StepSkipped":
        if (open !== undefined) this.end(event, open, at, "skipped", null);
        return;
      default:
        return;
    }
  }

  /** From the beginning to the end; empty while it goes on. */
  criticalPath(): readonly CriticalPart[] {
    const { startedAt, endedAt } = this;
    if (startedAt === null || endedAt === null) return [];
    const spans = this.spans
      .filter(({ isContainer, ended, began }) => !isContainer && ended > began)
      .toSorted((a, b) => b.ended - a.ended);
    const parts: CriticalPart[] = [];
    let until = endedAt;
    for (const { step, path, began, ended } of spans) {
      if (ended > until) continue;
      parts.push({ step, path, ms: ended - began });
      until = began;
    }
    return parts.reverse();
  }

  private addExecution(type: HistoryEvent["type"], at: number): void {
    switch (type) {
      case "ExecutionStarted":
        this.startedAt = at;
        return;
      case "ExecutionAdmitted":
        // What began before it was admitted was the waiting for a slot.
        if (this.spans.length === 0) this.startedAt = at;
        return;
      case "ExecutionReopened":
        this.endedAt = null;
        return;
      case "ExecutionCompleted":
      case "ExecutionFailed":
      case "ExecutionCancelled":
      case "ExecutionTimedOut":
        for (const open of this.open.values()) close(open, at);
        this.open.clear();
        this.endedAt = at;
        return;
      default:
        return;
    }
  }

  private enter(event: StepEvent, open: Open | undefined, at: number, phase: Phase, isContainer: boolean): void {
    if (open !== undefined) {
      leave(open, at, null);
      open.phase = phase;
      open.since = at;
      open.span.attempts = Math.max(open.span.attempts, event.attempt);
      return;
    }
    const span = createSpan(event, at, isContainer);
    this.spans.push(span);
    this.open.set(event.path, { span, phase, since: at });
  }

  private end(
    event: StepEvent,
    open: Open | undefined,
    at: number,
    outcome: StepSpan["outcome"],
    startedAt: number | null,
  ): void {
    const span = open?.span ?? createSpan(event, at, false);
    if (open === undefined) this.spans.push(span);
    else {
      leave(open, at, startedAt);
      this.open.delete(event.path);
    }
    span.ended = at;
    span.outcome = outcome;
    span.attempts = Math.max(span.attempts, event.attempt);
    if (event.type === "StepCompleted") span.fallback = event.data.fallback === true;
    if (event.type === "StepFailed") span.errors.push(event.data.error.code);
  }
}

function createSpan({ step, path, attempt }: StepEvent, at: number, isContainer: boolean): StepSpan {
  return {
    step,
    path,
    isContainer,
    began: at,
    ended: at,
    attempts: attempt,
    retries: 0,
    outcome: null,
    fallback: false,
    split: { executor: 0, running: 0, retrying: 0, waiting: 0 },
    errors: [],
  };
}

/** Adds the time since the phase began; of a task the part before its work began was the waiting for an executor. */
function leave({ span, phase, since }: Open, at: number, startedAt: number | null): void {
  if (span.isContainer) return;
  const passed = Math.max(0, at - since);
  if (phase !== "executor") {
    span.split[phase] += passed;
    return;
  }
  // Who does not say when he began is taken to have begun at once.
  const waited = startedAt === null ? 0 : Math.min(passed, Math.max(0, startedAt - since));
  span.split.executor += waited;
  span.split.running += passed - waited;
}

function close(open: Open, at: number): void {
  leave(open, at, null);
  open.span.ended = at;
}

function instantOf(text: string | undefined): number | null {
  return text === undefined ? null : Date.parse(text);
}
