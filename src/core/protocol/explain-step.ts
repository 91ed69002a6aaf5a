/** What one step waits for, in words and as data. */

import { equals, type Json, type JsonObject, member } from "../base/json.ts";
import { quote } from "../base/text.ts";
import { type Instant, toRfc3339 } from "../base/time.ts";
import type { BreakerPhase } from "../engine/circuit.ts";
import type { StepError } from "../engine/error.ts";
import { type ChildInner, type EventInner, isAsking, type StepState, type TaskInner } from "../engine/execution.ts";
import { policyFor } from "../engine/retry.ts";
import type { SlotNeed } from "../engine/sharing.ts";
import type { Step } from "../language/definition.ts";
import type { ExecutionStatus } from "./executions.ts";
import type { WaitKind, WaitMessage } from "./explanations.ts";
import type { View } from "./view.ts";

/** What the history cannot know. */
export interface ExplainFacts {
  /** Of the row: an execution without events is queued. */
  readonly status: ExecutionStatus;
  readonly createdAt: Instant;
  /** Why the platform put it aside; null: it did not. */
  readonly quarantine: string | null;
  /** Tasks that somebody works on, by path. */
  readonly leases: ReadonlyMap<string, LeaseFacts>;
  /** Null: nobody of that name has been heard of, and nothing waits for it. */
  executor(name: string): ExecutorFacts | null;
  /** The circuit breaker of a target; null: nothing is known of it, so that it is closed. */
  breaker(target: string): BreakerFacts | null;
  /** Since when a limit holds it back. */
  readonly queuedAt: Instant | null;
  /** Of a slot that it needs; null: nothing is known of it. */
  line(need: SlotNeed): LineFacts | null;
  /** Status of a child; null where there is none (yet). */
  childStatus(executionId: string): ExecutionStatus | null;
  /** Why nothing would move it, as the watchdog of the platform has found; null or absent: it has found nothing. */
  readonly standstill?: string | null;
}

export interface LineFacts {
  readonly held: number;
  readonly holders: readonly string[];
  readonly ahead: number | null;
  readonly until: Instant | null;
}

export interface BreakerFacts {
  readonly state: BreakerPhase;
  /** While open: when it lets calls through to see. */
  readonly until: Instant | null;
  /** Half open: how many calls are out to see, and how many may be. */
  readonly callsOut: number;
  readonly callsMax: number;
  /** Who stands in line, in all executions. */
  readonly waiting: number;
}

export interface LeaseFacts {
  readonly since: Instant;
  /** Empty where nobody said who it is. */
  readonly instance: string;
  readonly progress: number | null;
  readonly message: string | null;
}

export interface ExecutorFacts {
  readonly status: "online" | "stale" | "offline";
  readonly health: string;
  readonly instances: readonly {
    readonly isOnline: boolean;
    readonly lastSeen: Instant;
    /** Empty: all. */
    readonly functions: readonly string[];
    readonly labels: JsonObject;
  }[];
  /** Tasks that wait for it, those of this execution included. */
  readonly waiting: number;
}

interface Told {
  readonly kind: WaitKind;
  readonly since?: Instant;
  readonly until: Instant | null;
  readonly sentence: string;
  readonly details: JsonObject;
}

export function waitOf(view: View, facts: ExplainFacts, step: StepState): WaitMessage {
  const { kind, since = sinceOf(view, step), until, sentence: text, details } = tell(view, facts, step);
  return {
    kind,
    path: step.path,
    step: stepOf(view, step).name,
    since: since === null ? null : toRfc3339(since),
    until: until === null ? null : toRfc3339(until),
    sentence: text,
    details,
  };
}

function tell(view: View, facts: ExplainFacts, step: StepState): Told {
  const { inner } = step;
  if (step.status === "scheduled" && inner?.kind === "task") {
    const lease = facts.leases.get(step.path);
    return lease === undefined ? tellExecutor(view, facts, step, inner) : tellRunning(step, inner, lease);
  }
  if (inner?.kind === "task" && inner.circuit !== null && isAsking(step))
    return tellCircuit(facts, step, inner.circuit.target);
  if (inner?.kind === "event") return tellEvent(view, step, inner);
  if (inner?.kind === "child") return tellChild(facts, step, inner);
  return inner?.kind === "wait" ? tellTimer(step) : tellRetry(view, step);
}

function tellRunning(step: StepState, inner: TaskInner, { since, instance, progress, message }: LeaseFacts): Told {
  const who = instance === "" ? `executor ${quote(inner.executor)}` : `${quote(instance)} of ${quote(inner.executor)}`;
  const doer = inner.executor.startsWith("@") ? "the platform" : who;
  const share = progress === null ? "" : ` (${Math.round(progress * 100)} %)`;
  const says = message === null ? "" : `, which says ${quote(message)}`;
  return {
    kind: "running",
    since,
    until: step.totalDeadline,
    sentence: `Step ${quote(step.path)} is worked on by ${doer} since ${toRfc3339(since)}${share}${says}.`,
    details: { ...taskFacts(step, inner), instance: instance === "" ? null : instance, progress, message },
  };
}

function tellExecutor(view: View, facts: ExplainFacts, step: StepState, inner: TaskInner): Told {
  const { queueTimeoutMs, labels } = stepOf(view, step);
  const record = facts.executor(inner.executor);
  const online = (record?.instances ?? []).filter(({ isOnline }) => isOnline);
  const takers = online.filter(
    (instance) =>
      (instance.functions.length === 0 || instance.functions.includes(inner.function)) &&
      Object.entries(labels).every(([name, value]) => equals(member(instance.labels, name) ?? null, value)),
  );
  const others = Math.max(0, (record?.waiting ?? 0) - 1);
  const seen = (record?.instances ?? []).map(({ lastSeen }) => lastSeen);
  const lastSeen = seen.length === 0 ? null : toRfc3339(Math.max(...seen));
  const since = toRfc3339(inner.scheduledAt);
  const name = `executor ${quote(inner.executor)}`;
  const start = `Step ${quote(step.path)} waits for `;
  const isBuiltin = inner.executor.startsWith("@");
  const text = (): string => {
    if (view.execution.paused !== null) return `${start}the end of the pause: its task is held back since ${since}.`;
    if (isBuiltin) return `${start}its turn since ${since}: the platform performs ${quote(inner.executor)} itself.`;
    if (online.length === 0) {
      const before = lastSeen === null ? "nobody of that name has polled" : `the last poll was at ${lastSeen}`;
      return `${start}${name} since ${since}: no instance of it polls (${before}).`;
    }
    const there = online.length === 1 ? "1 instance is" : `${online.length} instances are`;
    if (takers.length === 0) {
      const wants = `function ${quote(inner.function)}${Object.keys(labels).length === 0 ? "" : " and the labels of the step"}`;
      return `${start}${name} since ${since}: ${there} online, but none has ${wants}.`;
    }
    const queue = others === 1 ? "1 other task waits" : `${others} other tasks wait`;
    return `${start}${name} since ${since}: ${there} online, and ${queue} for it.`;
  };
  return {
    kind: "executor",
    since: inner.scheduledAt,
    until: soonest(queueTimeoutMs === null ? null : inner.scheduledAt + queueTimeoutMs, step.totalDeadline),
    sentence: text(),
    details: {
      ...taskFacts(step, inner),
      executor_status: isBuiltin ? "builtin" : (record?.status ?? "unknown"),
      executor_health: record?.health ?? "unknown",
      instances_online: online.length,
      instances_fitting: takers.length,
      tasks_waiting: record?.waiting ?? 0,
      last_seen: lastSeen,
    },
  };
}

function tellCircuit(facts: ExplainFacts, step: StepState, target: string): Told {
  const breaker = facts.breaker(target);
  const state = breaker?.state ?? "closed";
  const until = breaker?.until ?? null;
  const { callsOut = 0, callsMax = 0, waiting = 0 } = breaker ?? {};
  const which = (): string => {
    switch (state) {
      case "open":
        return `which is open${until === null ? "" : ` until ${toRfc3339(until)}`}`;
      case "half_open":
        return `which is half open, with ${callsOut} of ${callsMax} ${callsMax === 1 ? "call" : "calls"} out to see`;
      case "closed":
        return "which is closed: its call is about to begin";
    }
  };
  return {
    kind: "circuit",
    until: soonest(until, step.totalDeadline),
    sentence: `Step ${quote(step.path)} waits for the circuit breaker of ${quote(target)}, ${which()}.`,
    details: {
      target,
      state,
      until: until === null ? null : toRfc3339(until),
      calls_out: callsOut,
      calls_max: callsMax,
      waiting,
      attempt: step.attempt + 1,
    },
  };
}

function taskFacts(step: StepState, { executor, function: name }: TaskInner): JsonObject {
  return { executor, function: name, attempt: step.attempt };
}

function tellRetry(view: View, step: StepState): Told {
  const { error, attempt, attemptBase, wake } = step;
  const next = attempt - attemptBase + 1;
  const most = error === null ? null : (policyFor(stepOf(view, step), error)?.attemptsMax ?? null);
  const at = wake === null ? "now" : `at ${toRfc3339(wake)}`;
  const which = `attempt ${next}${most === null ? "" : ` of ${most}`}`;
  return {
    kind: "retry",
    until: wake,
    sentence: `Step ${quote(step.path)} begins ${which} ${at}${because(error)}`,
    details: { attempt: next, attempts_max: most, error: error as unknown as Json },
  };
}

function tellTimer(step: StepState): Told {
  const until = step.wake === null ? "" : ` until ${toRfc3339(step.wake)}`;
  return { kind: "timer", until: step.wake, sentence: `Step ${quote(step.path)} waits${until}.`, details: {} };
}

function tellEvent(view: View, step: StepState, { event, correlation }: EventInner): Told {
  const since = sinceOf(view, step);
  const key = correlation === null ? "" : ` with key ${quote(correlation)}`;
  const from = since === null ? "" : ` since ${toRfc3339(since)}`;
  const given = step.deadline === null ? "" : `, until ${toRfc3339(step.deadline)} at the latest`;
  return {
    kind: "event",
    until: soonest(step.deadline, step.totalDeadline),
    sentence: `Step ${quote(step.path)} waits for signal or event ${quote(event)}${key}${from}${given}.`,
    details: { event, correlation_key: correlation },
  };
}

function tellChild(facts: ExplainFacts, step: StepState, { executionId, workflow }: ChildInner): Told {
  const status = facts.childStatus(executionId);
  const state = status === null ? "has not begun" : `is ${status.replace("_", " ")}`;
  // It was asked to stop; until it has, it is still waited for.
  const isStopping = step.closing !== null;
  const what = `execution ${quote(executionId)} of ${quote(workflow)}${isStopping ? " to stop" : ""}`;
  return {
    kind: "child",
    until: soonest(step.deadline, step.totalDeadline),
    sentence: `Step ${quote(step.path)} waits for ${what}, which ${state}.`,
    details: { execution_id: executionId, workflow, status, stopping: isStopping },
  };
}

function sinceOf(view: View, step: StepState): Instant | null {
  return view.records.get(step.path)?.since ?? step.startedAt;
}

function stepOf({ definition }: View, { index }: StepState): Step {
  return definition.steps[index] as Step;
}

function soonest(a: Instant | null, b: Instant | null): Instant | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}

export function because(error: StepError | null): string {
  return error === null ? "." : `: ${error.code}: ${sentence(error.message)}`;
}

/** Messages come with and without a full stop. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
