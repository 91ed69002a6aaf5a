/**
 * What the host must do once an event is committed. A crash between the commit and the reaction repeats the reaction:
 * each carries ids that make a repeat harmless.
 */

import { defined, unreachable } from "../base/bug.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { Definition, Step } from "../language/definition.ts";
import { type AskCircuit, type BreakerSettings, type CircuitReport, type ReportCall, settingsOf } from "./circuit.ts";
import type { Command, EndChild } from "./commands.ts";
import type { EmittedEvent, ExecutionEvent, FilledPlace, HistoryEvent, StepEvent } from "./events.ts";
import { type Execution, isAsking, isOpen, type StepState } from "./execution.ts";
import type { SharedPlace, SlotNeed, SlotsMessage } from "./sharing.ts";
import { timeoutOf } from "./timeouts.ts";

export type Reaction =
  | { readonly kind: "OfferTask"; readonly task: EngineTask }
  /** The attempt is over or cancelled: forget the task, and tell who works on it. */
  | { readonly kind: "WithdrawTask"; readonly taskId: string; readonly reason: "cancelled" | "ended" }
  /** To the child or parent: both live in this shard. For a child that does not exist yet `start` says what to start. */
  | { readonly kind: "StartChild"; readonly start: ChildStart }
  | { readonly kind: "SendCommand"; readonly executionId: string; readonly command: Command }
  /** To a record that executions share. */
  | {
      readonly kind: "SendShared";
      readonly place: SharedPlace;
      readonly command: SlotsMessage | AskCircuit | ReportCall;
    }
  | { readonly kind: "PublishEvent"; readonly event: EmittedEvent }
  /** From now on events of this name (and key) wake the execution. `correlation` null: any event of the name. */
  | { readonly kind: "AddWait"; readonly path: string; readonly event: string; readonly correlation: string | null }
  | { readonly kind: "RemoveWait"; readonly path: string };

/** One attempt of a step, on its way to an executor. */
export interface EngineTask {
  /** `{execution}/{path}/{attempt}` */
  readonly id: string;
  readonly executionId: string;
  readonly workflow: string;
  readonly version: string;
  readonly step: string;
  readonly path: string;
  readonly executor: string;
  readonly function: string;
  readonly attempt: number;
  /** All attempts that the policy allows, counted like `attempt`. */
  readonly attemptsMax: number;
  readonly input: Json;
  readonly secrets: readonly FilledPlace[];
  readonly metadata: JsonObject;
  readonly labels: JsonObject;
  readonly priority: number;
  /** One attempt, from the moment an executor takes it; null: no limit. */
  readonly timeoutMs: number | null;
  /** From `createdAt` until an executor takes it; null: no limit. */
  readonly queueTimeoutMs: number | null;
  readonly heartbeatTimeoutMs: number | null;
  /** When the step or the whole execution is given up at the latest; null: never. */
  readonly deadline: Instant | null;
  /** The circuit breaker that hears of each lost lease; null: the step has none. */
  readonly circuit: { readonly target: string; readonly settings: BreakerSettings } | null;
  readonly createdAt: Instant;
}

export interface ChildStart {
  readonly executionId: string;
  readonly workflow: string;
  /** Null: the active version at the moment of the start. */
  readonly version: string | null;
  readonly input: Json;
  readonly metadata: JsonObject;
  readonly priority: number;
  readonly parent: {
    readonly execution_id: string;
    readonly path: string;
    readonly depth: number;
    readonly waits: boolean;
    readonly covers?: readonly string[];
  };
}

/** What follows from a committed event. `execution` may already be further on. */
export function reactionsOf(definition: Definition, execution: Execution, event: HistoryEvent): readonly Reaction[] {
  return event.path === null
    ? reactionsOfExecution(definition, execution, event)
    : reactionsOfStep(definition, execution, event);
}

/** Everything unfinished, for an execution that was loaded again. */
export function openReactions(definition: Definition, execution: Execution): readonly Reaction[] {
  if (execution.hasEnded) return [];
  const reactions: Reaction[] = [];
  for (const step of execution.steps.values()) {
    const { inner } = step;
    if (step.status === "scheduled") reactions.push({ kind: "OfferTask", task: taskOf(definition, execution, step) });
    if (step.status !== "waiting" || inner === null) continue;
    if (inner.kind === "event")
      reactions.push({ kind: "AddWait", path: step.path, event: inner.event, correlation: inner.correlation });
    if (inner.kind === "child") {
      reactions.push({ kind: "StartChild", start: childStart(definition, execution, step, inner, step.input ?? null) });
      if (step.closing !== null)
        reactions.push(cancelChild(execution, inner.executionId, `${step.path}/closing`, "parent"));
    }
  }
  return reactions;
}

function reactionsOfExecution(
  definition: Definition,
  execution: Execution,
  event: ExecutionEvent,
): readonly Reaction[] {
  switch (event.type) {
    case "ExecutionPaused":
      return openChildren(execution).map((executionId) => ({
        kind: "SendCommand",
        executionId,
        command: {
          kind: "Pause",
          id: `${execution.id}/${event.seq}`,
          freezeTimers: event.data.freeze_timers,
          by: "parent",
        },
      }));
    case "ExecutionResumed":
      return openChildren(execution).map((executionId) => ({
        kind: "SendCommand",
        executionId,
        command: { kind: "Resume", id: `${execution.id}/${event.seq}`, by: "parent" },
      }));
    case "ExecutionQueued": {
      const [first] = event.data.slots;
      return first === undefined ? [] : [acquire(execution, first, event.at)];
    }
    case "SlotGranted":
      return event.data.next === null ? [] : [acquire(execution, event.data.next, event.at)];
    case "SlotsReleased":
      return event.data.slots.map((need) => release(execution, need));
    case "ExecutionCompleted":
      return [
        ...releaseAll(execution),
        ...toParent(execution, { status: "completed", output: event.data.output, error: null }),
      ];
    case "ExecutionFailed":
      return [
        ...releaseAll(execution),
        ...abandoned(definition, execution, event.seq),
        ...toParent(execution, { status: "failed", output: null, error: event.data.error }),
      ];
    case "ExecutionCancelled":
      return [
        ...releaseAll(execution),
        ...abandoned(definition, execution, event.seq),
        ...toParent(execution, { status: "cancelled", output: null, error: null }),
      ];
    case "ExecutionTimedOut":
      return [
        ...releaseAll(execution),
        ...toParent(execution, { status: "timed_out", output: null, error: event.data.error }),
      ];
    case "ExecutionForked": {
      const { command_id: id, origin, terminates_origin: terminatesOrigin } = event.data;
      if (terminatesOrigin !== true) return [];
      const command: Command = { kind: "Terminate", id, reason: `It goes on as execution ${execution.id}.` };
      return [{ kind: "SendCommand", executionId: origin.execution_id, command }];
    }
    case "ExecutionStarted":
    case "ExecutionAdmitted":
    case "InputReplaced":
    case "ExecutionReopened":
    case "ExecutionCancelRequested":
    case "ExecutionTimeoutReached":
    case "ExecutionRestarted":
    case "ExecutionFallbackStarted":
    case "CompensationStarted":
    case "ErrorRaised":
    case "ErrorStepsStarted":
    case "ErrorStepsEnded":
    case "SignalReceived":
    case "WarningRecorded":
      return [];
    default:
      return unreachable(event);
  }
}

function reactionsOfStep(definition: Definition, execution: Execution, event: StepEvent): readonly Reaction[] {
  switch (event.type) {
    case "StepScheduled": {
      const step = execution.steps.get(event.path);
      const stillStands = step !== undefined && step.status === "scheduled" && step.attempt === event.attempt;
      return stillStands ? [{ kind: "OfferTask", task: taskOf(definition, execution, step) }] : [];
    }
    case "CircuitAsked":
      return askCircuit(definition, execution, event);
    case "StepStarted": {
      const { detail } = event.data;
      if (detail.kind === "workflow") {
        // The step itself may be gone: who does not wait for a child may have ended its iteration in the same decision.
        const index = defined(definition.stepByName.get(event.step), `step "${event.step}" to be defined`);
        const child = { executionId: detail.execution_id, workflow: detail.workflow, version: detail.version };
        const place = { index, path: event.path };
        return [
          { kind: "StartChild", start: childStart(definition, execution, place, child, event.data.input ?? null) },
        ];
      }
      if (detail.kind === "wait_for_event") {
        return [{ kind: "AddWait", path: event.path, event: detail.event, correlation: detail.correlation }];
      }
      return [];
    }
    case "StepClosing": {
      const inner = execution.steps.get(event.path)?.inner;
      return inner?.kind === "child" ? [cancelChild(execution, inner.executionId, String(event.seq), "parent")] : [];
    }
    case "StepCompleted":
      return [
        ...attemptIsOver(definition, execution, event),
        ...(event.data.emitted === undefined ? [] : [{ kind: "PublishEvent", event: event.data.emitted } as const]),
      ];
    case "StepAttemptFailed":
    case "StepFailed":
    case "StepSkipped":
    case "StepCancelled":
      return attemptIsOver(definition, execution, event);
    case "CallRefused":
    case "BranchStarted":
    case "BranchEnded":
    case "IterationStarted":
    case "IterationEnded":
    case "CatchStarted":
    case "FinallyStarted":
    case "FailurePathEnded":
    case "StepCompensating":
    case "RuleFired":
    case "StepCompensated":
      return [];
    case "FallbackStarted":
      return attemptIsOver(definition, execution, event);
    default:
      return unreachable(event);
  }
}

type CircuitAsked = Extract<StepEvent, { type: "CircuitAsked" }>;

/** Also where the step is gone meanwhile: then the breaker hears of that too. */
function askCircuit(definition: Definition, execution: Execution, event: CircuitAsked): readonly Reaction[] {
  const { circuitBreaker } = stepNamed(definition, event.step);
  if (circuitBreaker === null) return [];
  const { target, mode } = event.data.circuit;
  const command: AskCircuit = {
    kind: "AskCircuit",
    target,
    taskId: taskId(execution, event.path, event.attempt),
    executionId: execution.id,
    path: event.path,
    attempt: event.attempt,
    mode,
    settings: settingsOf(circuitBreaker),
  };
  return [{ kind: "SendShared", place: { kind: "breaker", key: target }, command }];
}

function reportCall(
  definition: Definition,
  execution: Execution,
  place: { readonly step: string; readonly path: string },
  report: CircuitReport | undefined,
): readonly Reaction[] {
  const { circuitBreaker } = stepNamed(definition, place.step);
  if (report === undefined || circuitBreaker === null) return [];
  const { target, attempt, outcome } = report;
  const command: ReportCall = {
    kind: "ReportCall",
    taskId: taskId(execution, place.path, attempt),
    outcome,
    settings: settingsOf(circuitBreaker),
  };
  return [{ kind: "SendShared", place: { kind: "breaker", key: target }, command }];
}

function stepNamed(definition: Definition, name: string): Step {
  const index = defined(definition.stepByName.get(name), `step "${name}" to be defined`);
  return definition.steps[index] as Step;
}

type AttemptEnd = Extract<
  StepEvent,
  {
    type: "StepCompleted" | "StepAttemptFailed" | "StepFailed" | "StepSkipped" | "StepCancelled" | "FallbackStarted";
  }
>;

function attemptIsOver(definition: Definition, execution: Execution, event: AttemptEnd): readonly Reaction[] {
  const reported = reportCall(definition, execution, event, event.data.circuit);
  return [...withdrawn(definition, execution, event), ...reported];
}

function withdrawn(definition: Definition, execution: Execution, event: AttemptEnd): readonly Reaction[] {
  if (event.attempt === 0) return [];
  const index = defined(definition.stepByName.get(event.step), `step "${event.step}" to be defined`);
  switch ((definition.steps[index] as Step).spec.kind) {
    case "function":
    case "http":
    case "script":
    case "external": {
      const isAnswered =
        (event.type === "StepCompleted" && event.data.manual === undefined) ||
        event.type === "StepAttemptFailed" ||
        event.type === "StepFailed";
      return [
        {
          kind: "WithdrawTask",
          taskId: taskId(execution, event.path, event.attempt),
          reason: isAnswered ? "ended" : "cancelled",
        },
      ];
    }
    case "wait_for_event":
      return [{ kind: "RemoveWait", path: event.path }];
    default:
      return [];
  }
}

function acquire(execution: Execution, need: SlotNeed, at: string): Reaction {
  const { kind, key, limit, on_limit: onLimit } = need;
  const { id: executionId, priority, slots } = execution;
  const turn = slots?.turn ?? 0;
  const command = { kind: "Acquire", executionId, turn, limit, onLimit, priority, since: Date.parse(at) } as const;
  return { kind: "SendShared", place: { kind, key }, command };
}

function release(execution: Execution, { kind, key }: SlotNeed): Reaction {
  return { kind: "SendShared", place: { kind, key }, command: { kind: "Release", executionId: execution.id } };
}

/** What it holds, and its place in a line. */
function releaseAll(execution: Execution): readonly Reaction[] {
  const { slots } = execution;
  if (slots === null || (slots.held === 0 && !slots.isQueued)) return [];
  return slots.needs.map((need) => release(execution, need));
}

/** An execution that ends at once, without winding up, leaves things behind that somebody must hear of. */
function abandoned(definition: Definition, execution: Execution, seq: number): readonly Reaction[] {
  const reactions: Reaction[] = [];
  for (const step of execution.steps.values()) {
    if (!isOpen(step)) continue;
    if (step.status === "scheduled") {
      reactions.push({ kind: "WithdrawTask", taskId: taskId(execution, step.path, step.attempt), reason: "cancelled" });
    }
    reactions.push(...leaveCircuit(definition, execution, step));
    if (step.inner?.kind === "event") reactions.push({ kind: "RemoveWait", path: step.path });
  }
  for (const executionId of openChildren(execution)) {
    reactions.push({
      kind: "SendCommand",
      executionId,
      command: { kind: "Terminate", id: `${execution.id}/${seq}`, reason: "The parent execution ended." },
    });
  }
  return reactions;
}

/** Its place in the line of a circuit breaker, or what it was let through for, is of no use any more. */
function leaveCircuit(definition: Definition, execution: Execution, step: StepState): readonly Reaction[] {
  const circuit = step.inner?.kind === "task" ? step.inner.circuit : null;
  const hasPermit = step.status === "scheduled" && circuit?.standing === "permit";
  if (circuit === null || (!hasPermit && !isAsking(step))) return [];
  const attempt = hasPermit ? step.attempt : step.attempt + 1;
  const { name } = definition.steps[step.index] as Step;
  const place = { step: name, path: step.path };
  return reportCall(definition, execution, place, { target: circuit.target, attempt, outcome: "none" });
}

function openChildren(execution: Execution): readonly string[] {
  const ids: string[] = [];
  for (const step of execution.steps.values()) {
    if (step.status === "waiting" && step.inner?.kind === "child") ids.push(step.inner.executionId);
  }
  return ids;
}

function cancelChild(execution: Execution, executionId: string, place: string, reason: string): Reaction {
  return { kind: "SendCommand", executionId, command: { kind: "Cancel", id: `${execution.id}/${place}`, reason } };
}

function toParent(execution: Execution, end: Pick<EndChild, "status" | "output" | "error">): readonly Reaction[] {
  const { parent } = execution;
  if (parent === null || !parent.waits) return [];
  const command: Command = { kind: "EndChild", path: parent.path, executionId: execution.id, ...end };
  return [{ kind: "SendCommand", executionId: parent.execution_id, command }];
}

function childStart(
  definition: Definition,
  execution: Execution,
  step: Pick<StepState, "index" | "path">,
  child: { readonly executionId: string; readonly workflow: string; readonly version: string | null },
  input: Json,
): ChildStart {
  const { spec } = definition.steps[step.index] as Step;
  return {
    executionId: child.executionId,
    workflow: child.workflow,
    version: child.version,
    input,
    metadata: execution.metadata,
    priority: execution.priority,
    parent: {
      execution_id: execution.id,
      path: step.path,
      depth: (execution.parent?.depth ?? 0) + 1,
      waits: spec.kind === "workflow" && spec.wait,
      ...coversOf(definition, execution, spec.kind === "workflow" && spec.wait),
    },
  };
}

/** A child that is waited for runs under the slots that its parents hold for the whole tree: else they wait for each other. */
function coversOf(
  definition: Definition,
  { slots, parent }: Execution,
  isAwaited: boolean,
): { covers?: readonly string[] } {
  if (!isAwaited) return {};
  const own = definition.concurrency?.hold === "tree" ? (slots?.needs ?? []).map(({ key }) => key) : [];
  const covers = [...(parent?.covers ?? []), ...own];
  return covers.length === 0 ? {} : { covers };
}

export function taskId(execution: Execution, path: string, attempt: number): string {
  return `${execution.id}/${path}/${attempt}`;
}

function taskOf(definition: Definition, execution: Execution, step: StepState): EngineTask {
  const { name, retry, circuitBreaker, queueTimeoutMs, heartbeatTimeoutMs, labels } = definition.steps[
    step.index
  ] as Step;
  const inner = step.inner;
  const task = defined(inner?.kind === "task" ? inner : null, `the scheduled step "${step.path}" to have a task`);
  return {
    id: taskId(execution, step.path, step.attempt),
    executionId: execution.id,
    workflow: definition.name,
    version: definition.version,
    step: name,
    path: step.path,
    executor: task.executor,
    function: task.function,
    attempt: step.attempt,
    attemptsMax: step.attemptBase + (retry?.attemptsMax ?? 1),
    input: step.input ?? null,
    secrets: task.secrets,
    metadata: execution.metadata,
    labels,
    priority: execution.priority,
    timeoutMs: timeoutOf(definition, step),
    queueTimeoutMs,
    heartbeatTimeoutMs,
    deadline: deadlineOf(execution, step),
    circuit:
      circuitBreaker === null || task.circuit === null
        ? null
        : { target: task.circuit.target, settings: settingsOf(circuitBreaker) },
    createdAt: task.scheduledAt,
  };
}

/**
 * When the task is given up at the latest: the soonest of what bounds the step, its containers and the execution. What
 * winds up already is not bounded any more: its `finally` may take its time.
 */
function deadlineOf(execution: Execution, step: StepState): Instant | null {
  let soonest = execution.ending === null ? execution.due : null;
  const take = (due: Instant | null) => {
    if (due !== null && (soonest === null || due < soonest)) soonest = due;
  };
  if (execution.ending === null) take(execution.limitDue);
  for (let outer: StepState | null = step; outer !== null; outer = outer.scope.owner) {
    if (outer.closing !== null) continue;
    take(outer.totalDeadline);
    if (outer !== step) take(outer.deadline);
  }
  return soonest;
}
