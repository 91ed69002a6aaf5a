/**
 * Re-opening: failed and cancelled steps begin again, completed ones stay. A container that did not complete goes on in
 * the branches and iterations that did not; a `try` goes back to its body, or to its `finally` if only that failed.
 */

import type { Instant } from "../base/time.ts";
import type { Definition, Step } from "../language/definition.ts";
import { setDeadline } from "./dues.ts";
import type { Execution, ScopeState, StepState } from "./execution.ts";
import { isOpen, ownScopes, scopesIn } from "./execution.ts";
import { dropScope, endScope, isEntry, keepAttemptsOfIterations, markReady, settleEdges } from "./scopes.ts";

export function reopen(definition: Definition, execution: Execution, at: Instant): void {
  forgetEnd(execution);
  execution.firedRules.clear();
  if (execution.root !== null) reopenScope(definition, execution, execution.root, at);
}

/** Nothing begins again: what completed is undone, and with that the execution is cancelled. */
export function reopenToUndo(execution: Execution, reason: string): void {
  forgetEnd(execution);
  execution.ending = { kind: "cancel", reason, compensates: true };
  const { root } = execution;
  if (root === null) return;
  endAll(execution, root);
  root.status = "cancelling";
  root.outcome = null;
  execution.agenda.addScope(root);
}

function forgetEnd(execution: Execution): void {
  dropCalls(execution);
  execution.status = "running";
  execution.ending = null;
  execution.compensation = null;
  execution.fallback = null;
  execution.errorSteps = { over: [], stage: null, place: 0, running: null };
  // What was undone begins again; what was not stays undoable.
  const undoable = execution.undoable.filter((step) => step.status === "completed");
  execution.undoable.splice(0, execution.undoable.length, ...undoable);
}

/** What was open when the last run was terminated is over. */
function endAll(execution: Execution, scope: ScopeState): void {
  for (const step of scope.steps) {
    for (const inner of scopesIn(step)) endAll(execution, inner);
    if (!isOpen(step)) continue;
    if (step.status === "scheduled") execution.openTasks -= 1;
    execution.eventWaits.delete(step);
    step.status = "cancelled";
    step.finishedAt = execution.lastAt;
    step.closing = null;
    step.deadline = null;
    step.totalDeadline = null;
    step.wake = null;
  }
  if (scope.failurePath !== null) endAll(execution, scope.failurePath);
  if (scope.status !== "ended") scope.status = "cancelling";
  endScope(scope);
  scope.open = 0;
}

/** What was called when the last run was terminated belongs to that run. */
function dropCalls(execution: Execution): void {
  const { compensation, fallback, errorSteps } = execution;
  for (const call of [...(compensation?.running.values() ?? []), fallback, errorSteps.running]) {
    if (call !== null) dropScope(execution, call);
  }
}

function reopenScope(definition: Definition, execution: Execution, scope: ScopeState, at: Instant): void {
  scope.status = "running";
  scope.outcome = null;
  scope.error = null;
  scope.suppressed = [];
  scope.spared = new Set();
  scope.open = 0;
  scope.ready = [];
  if (scope.failurePath !== null) dropScope(execution, scope.failurePath);
  scope.failurePath = null;

  for (const step of scope.steps) {
    step.taken = 0;
    step.dead = 0;
    step.settled = null;
    if (stays(step)) continue;
    if (isUnfinishedContainer(step)) goOn(definition, execution, step, at);
    else startOver(execution, step);
  }
  // What was ended by hand before its turn is told by the steps before it when that comes.
  for (const step of scope.steps.filter((each) => stays(each) && !each.holdsEdges)) {
    settleEdges(definition, execution, step, "success");
  }
  for (const step of scope.steps) {
    if (step.status !== "pending" || step.settled !== null) continue;
    if (isEntry(definition.steps[step.index] as Step)) markReady(scope, step, "run");
  }
  execution.agenda.addScope(scope);
}

function stays(step: StepState): boolean {
  if (step.status === "completed") return !ownScopes(step).some(isPartlyUndone);
  return step.status === "skipped" && step.reason !== "not_reached";
}

/** What completed in here and was undone has to be done again, though the container itself had completed. */
function isPartlyUndone(scope: ScopeState): boolean {
  return scope.steps.some((step) => step.status === "compensated" || ownScopes(step).some(isPartlyUndone));
}

function isUnfinishedContainer(step: StepState): boolean {
  return step.status !== "skipped" && step.status !== "compensated" && ownScopes(step).length > 0;
}

export function startOver(execution: Execution, step: StepState): void {
  for (const scope of scopesIn(step)) dropScope(execution, scope);
  keepAttemptsOfIterations(execution.attempts, step, step.path);
  if (step.status === "scheduled") execution.openTasks -= 1;
  execution.eventWaits.delete(step);
  step.status = "pending";
  step.holdsEdges = false;
  step.reason = null;
  step.attemptBase = step.attempt;
  step.startedAt = null;
  step.finishedAt = null;
  step.endSeq = 0;
  step.input = undefined;
  step.error = null;
  step.closing = null;
  step.deadline = null;
  step.totalDeadline = null;
  step.wake = null;
  step.inner = null;
  step.fallback = null;
}

function goOn(definition: Definition, execution: Execution, step: StepState, at: Instant): void {
  const { timeoutMs } = definition.steps[step.index] as Step;
  const hadCompleted = step.status === "completed";
  if (step.fallback !== null) dropScope(execution, step.fallback);
  step.fallback = null;
  step.status = "running";
  step.attemptBase = step.attempt - 1;
  step.finishedAt = null;
  step.error = null;
  step.closing = null;
  step.totalDeadline = null;
  step.scope.open += 1;
  if (timeoutMs !== null) {
    setDeadline(execution, step, at + timeoutMs);
  }
  const { inner } = step;
  switch (inner?.kind) {
    case "choice":
      if (inner.scope !== null) reopenScope(definition, execution, inner.scope, at);
      break;
    case "parallel":
      // Where the run was terminated, branches and iterations are found as they were.
      inner.running = 0;
      for (const branch of inner.branches) {
        if (branch === null) continue;
        // Of a step that had completed, branches that did not are no loss.
        const isSettled = hadCompleted || branch.outcome === "completed";
        if (isSettled && !isPartlyUndone(branch)) continue;
        inner.running += 1;
        if (branch.outcome === "failed") inner.failed -= 1;
        if (branch.outcome === "completed") inner.completed -= 1;
        reopenScope(definition, execution, branch, at);
      }
      inner.firstError = null;
      break;
    case "loop":
      for (const [index, scope] of [...inner.running, ...inner.broken]) {
        inner.running.set(index, scope);
        inner.kept.delete(index);
        reopenScope(definition, execution, scope, at);
      }
      inner.broken.clear();
      inner.failed = 0;
      inner.cancelled = 0;
      inner.firstError = null;
      break;
    case "try":
      if (inner.body.outcome !== "completed" || isPartlyUndone(inner.body)) {
        for (const scope of [inner.catch, inner.finally]) if (scope !== null) dropScope(execution, scope);
        inner.catch = null;
        inner.finally = null;
        inner.phase = "body";
        reopenScope(definition, execution, inner.body, at);
      } else if (inner.finally !== null) {
        reopenScope(definition, execution, inner.finally, at);
      }
      break;
  }
  execution.agenda.addStep(step);
}
