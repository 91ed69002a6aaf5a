/** What events about the execution as a whole mean. */

import { defined, unreachable } from "../base/bug.ts";
import { bytesOf, type Json } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import { type Definition, ROOT_SCOPE, type Step } from "../language/definition.ts";
import { NEAR_LIMIT } from "./bounds.ts";
import { moveTimers, setDue, setLimitDue } from "./dues.ts";
import type { StepError } from "./error.ts";
import type { ErrorStage, ExecutionEvent } from "./events.ts";
import type { Execution, Paused } from "./execution.ts";
import { forgetSlots, fork } from "./fork.ts";
import { reopen, reopenToUndo } from "./reopen.ts";
import { createCall, createScope, endScope, suppress } from "./scopes.ts";
import { lookAtEnd, remember, windUp } from "./wind-up.ts";

export function evolveExecution(
  definition: Definition,
  execution: Execution,
  event: ExecutionEvent,
  at: Instant,
): void {
  switch (event.type) {
    case "ExecutionStarted": {
      const { input, metadata, priority, parent, origin, version, due } = event.data;
      Object.assign(execution, { input, metadata, priority, parent, origin, version });
      execution.status = "running";
      execution.startedAt = at;
      execution.root = createScope(definition, execution, { index: ROOT_SCOPE, prefix: "", owner: null });
      execution.runTimeoutMs = due === null ? null : Date.parse(due) - at;
      setDue(execution, due);
      setLimitDue(execution, event.data.limit_due);
      return;
    }
    case "ExecutionQueued": {
      const { slots, begins, timeout_ms: timeoutMs } = event.data;
      execution.slots = { needs: slots, held: 0, isQueued: true, turn: event.seq, begins, timeoutMs };
      if (timeoutMs !== undefined) execution.runTimeoutMs = timeoutMs;
      if (execution.paused === null) execution.status = "queued";
      return;
    }
    case "InputReplaced": {
      const { command_id: id, input, metadata, priority, slots } = event.data;
      remember(execution, id);
      Object.assign(execution, { input, metadata, priority });
      if (execution.slots !== null && slots !== undefined) execution.slots = { ...execution.slots, needs: slots };
      return;
    }
    case "SlotGranted":
      if (execution.slots !== null) execution.slots.held += 1;
      return;
    case "ExecutionAdmitted": {
      const { due } = event.data;
      if (execution.slots !== null) {
        if (execution.slots.begins) execution.startedAt = at;
        execution.slots.isQueued = false;
      }
      if (execution.paused === null) execution.status = "running";
      if (due !== undefined) setDue(execution, due);
      setLimitDue(execution, event.data.limit_due);
      return;
    }
    case "SlotsReleased":
      if (execution.slots !== null) execution.slots.held = 0;
      return;
    case "ExecutionReopened":
      remember(execution, event.data.command_id);
      forgetSlots(execution);
      if (event.data.compensates === undefined) reopen(definition, execution, at);
      else reopenToUndo(execution, event.data.compensates.reason);
      setDue(execution, event.data.due);
      setLimitDue(execution, event.data.limit_due);
      return;
    case "ExecutionForked":
      remember(execution, event.data.command_id);
      fork(definition, execution, event.data, at);
      if (event.data.due !== null) execution.runTimeoutMs = Date.parse(event.data.due) - at;
      setDue(execution, event.data.due);
      setLimitDue(execution, event.data.limit_due);
      return;
    case "ExecutionPaused":
      remember(execution, event.data.command_id);
      execution.status = "paused";
      execution.paused = pause(execution.paused, event.data, at);
      return;
    case "ExecutionResumed":
      remember(execution, event.data.command_id);
      execution.status = execution.slots?.isQueued === true && execution.ending === null ? "queued" : "running";
      execution.paused = null;
      if (event.data.frozen_ms > 0) moveTimers(execution, event.data.frozen_ms);
      return;
    case "ExecutionCancelRequested":
      remember(execution, event.data.command_id);
      windUp(execution, { kind: "cancel", reason: event.data.reason, compensates: false });
      return;
    case "ExecutionTimeoutReached":
      execution.due = null;
      timeOut(execution, event.data.action, event.data.error);
      return;
    case "ExecutionRestarted":
      execution.restarts += 1;
      reopen(definition, execution, at);
      setDue(execution, event.data.due);
      return;
    case "ExecutionFallbackStarted":
      if (definition.fallbackStep !== null) {
        const names = new Map<string, Json>([["error", event.data.error as unknown as Json]]);
        execution.fallback = createCall(execution, {
          role: "fallback",
          step: definition.fallbackStep,
          owner: null,
          names,
        });
      }
      return;
    case "ErrorRaised":
      windUp(execution, { kind: "error", ...event.data });
      return;
    case "ErrorStepsStarted":
      startErrorSteps(definition, execution, event.data.stage, event.data.place);
      return;
    case "ErrorStepsEnded":
      endErrorSteps(definition, execution, event.data);
      return;
    case "CompensationStarted":
      // From here on only the compensations' own time-outs count.
      execution.due = null;
      execution.limitDue = null;
      execution.compensation = { steps: execution.undoable.toReversed(), next: 0, running: new Map(), ended: 0 };
      lookAtEnd(execution);
      return;
    case "SignalReceived":
      remember(execution, event.data.command_id);
      execution.signals.push({
        seq: event.seq,
        name: event.data.name,
        data: event.data.data,
        bytes: bytesOf(event.data.data),
      });
      return;
    case "WarningRecorded":
      if (event.data.code === NEAR_LIMIT) execution.isNearLimit = true;
      return;
    case "ExecutionCompleted":
      return end(execution, "completed");
    case "ExecutionFailed":
      return end(execution, "failed");
    case "ExecutionCancelled":
      return end(execution, "cancelled");
    case "ExecutionTimedOut":
      return end(execution, "timed_out");
    default:
      return unreachable(event);
  }
}

/** Who pauses what is paused already changes neither its beginning nor since when timers stand still. */
function pause(
  before: Execution["paused"],
  { freeze_timers: freezes, by }: { readonly freeze_timers: boolean; readonly by?: "parent" },
  at: Instant,
): Paused {
  return { at: before?.at ?? at, frozenAt: before?.frozenAt ?? (freezes ? at : null), by: by ?? "request" };
}

function timeOut(
  execution: Execution,
  action: "cancel_and_cleanup" | "ignore" | "retry" | "fallback",
  error: StepError,
): void {
  switch (action) {
    case "cancel_and_cleanup":
      return windUp(execution, { kind: "timeout", error });
    case "retry":
      return windUp(execution, { kind: "restart", error });
    case "fallback":
      return windUp(execution, { kind: "fallback", error });
    case "ignore":
      return;
  }
}

function startErrorSteps(definition: Definition, execution: Execution, stage: ErrorStage, place: number): void {
  const { errorSteps, root, ending } = execution;
  errorSteps.stage = stage;
  errorSteps.place = place;
  const error = ending?.kind === "error" ? ending.error : (root?.error ?? null);
  const names = new Map<string, Json>([["error", error as unknown as Json]]);
  if (stage === "rule") {
    const { rule, step } = ruleStep(definition, execution, place);
    const path = `rules[${rule}].${(definition.steps[step] as Step).name}`;
    errorSteps.running = createCall(execution, { role: "error", step, owner: null, path, names });
    return;
  }
  const index = stage === "on_failure" ? definition.failureSteps : definition.compensationSteps;
  errorSteps.running = createScope(definition, execution, {
    index: defined(index, `steps for ${stage} to be defined`),
    prefix: `error_handling.${stage}.`,
    owner: null,
    role: "error",
    names,
    ...(root === null ? {} : { parent: root }),
  });
}

/** The step at `place` of the rule that has ended the execution. */
function ruleStep(definition: Definition, { ending, id }: Execution, place: number) {
  const rule = ending?.kind === "error" ? ending.rule : -1;
  const action = definition.errorRules[rule]?.action;
  const step = action?.kind === "compensate" ? action.steps[place] : undefined;
  return { rule, step: defined(step, `step ${place} of the rule that ended ${id}`) };
}

function endErrorSteps(
  definition: Definition,
  execution: Execution,
  end: { readonly stage: ErrorStage; readonly place: number; readonly error?: StepError },
): void {
  const { errorSteps, root, ending } = execution;
  if (errorSteps.running !== null) endScope(errorSteps.running);
  errorSteps.running = null;
  errorSteps.place = end.place + 1;
  const action = ending?.kind === "error" ? definition.errorRules[ending.rule]?.action : undefined;
  const count = end.stage === "rule" && action?.kind === "compensate" ? action.steps.length : 1;
  if (errorSteps.place >= count) {
    errorSteps.over = [...errorSteps.over, end.stage];
    errorSteps.stage = null;
    errorSteps.place = 0;
  }
  // What goes wrong now must not hide what went wrong first.
  if (end.error !== undefined && root !== null) suppress(root, end.error);
  lookAtEnd(execution);
}

export function end(execution: Execution, status: Execution["status"]): void {
  execution.status = status;
  execution.due = null;
  execution.limitDue = null;
  execution.paused = null;
  execution.timers.clear();
  execution.agenda.compact();
  if (execution.root !== null) endScope(execution.root);
}
