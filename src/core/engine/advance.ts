/**
 * Runs an execution forward until nothing more can happen without the outside, or the decision is full.
 *
 *     agenda ──► look at a scope:      cancel what must go ─► begin or skip what is ready ─► end it when nothing is left
 *            └─► look at a container:  start its next branch or iteration, or end it
 *
 * Looking where there is nothing to do does nothing, so a look may be repeated.
 */

import { isLongerThan } from "../base/json.ts";
import { boundPassed, warnNearBound } from "./bounds.ts";
import { type Decision, errorFrom } from "./decision.ts";
import { cancel, endFallback } from "./ends.ts";
import type { StepError } from "./error.ts";
import type { ErrorStage } from "./events.ts";
import { type Execution, isOpen, type ScopeState, type StepState } from "./execution.ts";
import { executionOutput, lastOutput } from "./output.ts";
import { errorOf } from "./scopes.ts";
import { begin } from "./steps/begin.ts";
import { endChoiceScope, lookAtChoice } from "./steps/choice.ts";
import { endIteration, lookAtLoop } from "./steps/loop.ts";
import { endBranch, lookAtParallel } from "./steps/parallel.ts";
import { endTryScope } from "./steps/try.ts";
import { toJson } from "./views.ts";

export function advance(decision: Decision): void {
  const { execution } = decision;
  while (execution.status === "running" && !decision.isFull) {
    const error = boundPassed(decision);
    if (error !== null) return decision.record("ExecutionFailed", { error });
    warnNearBound(decision);
    const look = execution.agenda.take();
    if (look === null) return;
    if (look.kind === "scope") lookAtScope(decision, look.scope);
    else lookAtStep(decision, look.step);
  }
}

function lookAtStep(decision: Decision, step: StepState): void {
  if (step.fallback !== null) return;
  // What winds up further out comes first: it ends this step too, and in its own way.
  if (step.closing?.kind !== "cancel" && (mustBeTold(decision, step) || isDoomed(decision, step.scope))) return;
  const { spec } = decision.stepOf(step);
  switch (spec.kind) {
    case "parallel":
      return lookAtParallel(decision, step, spec);
    case "loop":
      return lookAtLoop(decision, step, spec);
    case "condition":
    case "switch":
      return lookAtChoice(decision, step);
    default:
      // The other containers are looked at through their scopes.
      return;
  }
}

function lookAtScope(decision: Decision, scope: ScopeState): void {
  const { agenda } = decision.execution;
  for (;;) {
    if (scope.status === "ended" || decision.execution.status !== "running") return;
    // What winds up further out comes first; it is on the agenda too, and comes back to this scope.
    if (isDoomed(decision, scope)) return;
    if (decision.isFull) return agenda.addScope(scope);
    if (sweep(decision, scope)) continue;
    const ready = scope.ready.shift();
    if (ready !== undefined) {
      settle(decision, scope, ready);
      continue;
    }
    if (scope.open > 0) return;
    const left = skippable(decision, scope);
    if (left !== null) {
      decision.recordStep("StepSkipped", left, { reason: "not_reached" });
      continue;
    }
    if (isOvertaken(decision, scope)) return;
    return endScope(decision, scope);
  }
}

/** Cancels one step that must not begin or go on; false if there is none (left). */
function sweep(decision: Decision, scope: ScopeState): boolean {
  if (scope.status === "running") return false;
  const step = scope.steps.find((each) => mustGo(decision, scope, each));
  if (step === undefined) return false;
  const reason = decision.execution.ending?.kind === "cancel" ? decision.execution.ending.reason : "scope";
  cancel(decision, step, reason);
  return true;
}

function mustGo(decision: Decision, scope: ScopeState, step: StepState): boolean {
  if (scope.status === "failing" && scope.spared.has(step.index)) return false;
  if (isOpen(step)) return step.closing?.kind !== "cancel";
  // A side step that nothing led to is skipped when the scope ends; everything else that has not begun is cancelled.
  const isLedTo = step.taken > 0 && step.settled !== "dead";
  return step.status === "pending" && (!decision.stepOf(step).isSide || isLedTo);
}

/** Whether a step around the scope must go that has not been told so yet. A `finally` goes on in any case. */
function isDoomed(decision: Decision, scope: ScopeState): boolean {
  for (let inner = scope; inner.owner !== null; inner = inner.owner.scope) {
    const { owner } = inner;
    if (owner.closing?.kind === "cancel") return false;
    if (owner.inner?.kind === "try" && owner.inner.finally === inner) return false;
    if (mustBeTold(decision, owner)) return true;
  }
  return false;
}

/** A `finally` goes on in any case; but what it belongs to must not end otherwise than what is around it says. */
function isOvertaken(decision: Decision, { owner }: ScopeState): boolean {
  if (owner === null || owner.closing?.kind === "cancel") return false;
  return mustBeTold(decision, owner) || isDoomed(decision, owner.scope);
}

/** Whether its scope winds up and the step has still to hear of it. */
function mustBeTold(decision: Decision, step: StepState): boolean {
  return step.scope.status !== "running" && mustGo(decision, step.scope, step);
}

function settle(decision: Decision, scope: ScopeState, step: StepState): void {
  if (step.status !== "pending") return;
  if (step.settled === "dead") return decision.recordStep("StepSkipped", step, { reason: "not_reached" });
  if (scope.status === "running" || scope.spared.has(step.index)) begin(decision, step);
}

/** Of the steps that nothing led to, one that waits for no other of them: skipping it may still let another begin. */
function skippable(decision: Decision, scope: ScopeState): StepState | null {
  if (!scope.steps.some(isPending)) return null;
  const pending = scope.steps.filter(isPending);
  const indexes = new Set(pending.map((step) => step.index));
  return (
    pending.find((step) => decision.stepOf(step).incoming.every(({ from }) => !indexes.has(from))) ?? pending[0] ?? null
  );
}

function isPending({ status }: StepState): boolean {
  return status === "pending";
}

/** Nothing in the scope runs, waits or can begin. */
function endScope(decision: Decision, scope: ScopeState): void {
  const { owner } = scope;
  if (scope.role === "compensate") return endCompensation(decision, scope);
  if (scope.role === "error") return endErrorSteps(decision, scope);
  if (owner === null) return endExecution(decision, decision.execution.root ?? scope);
  if (owner.scope.failurePath === scope) {
    const failed = scope.status === "failing";
    return decision.recordStep("FailurePathEnded", owner, {
      status: failed ? "failed" : scope.status === "cancelling" ? "cancelled" : "completed",
      ...(failed ? { error: errorOf(scope) } : {}),
    });
  }
  if (owner.fallback === scope) return endFallback(decision, owner, scope);
  const { spec } = decision.stepOf(owner);
  switch (spec.kind) {
    case "condition":
    case "switch":
      return endChoiceScope(decision, owner, scope);
    case "parallel":
      return endBranch(decision, owner, scope);
    case "loop":
      return endIteration(decision, owner, scope);
    case "try":
      return endTryScope(decision, owner, spec, scope);
  }
}

/**
 * The outermost list is over. What completed is undone before an execution ends as anything but completed; a time-out may
 * ask for another try or for the workflow's fallback step.
 */
function endExecution(decision: Decision, root: ScopeState): void {
  const { execution } = decision;
  const { ending, fallback } = execution;
  if (execution.errorSteps.running !== null || (fallback !== null && !isOver(fallback))) return;
  if (ending?.kind === "restart")
    return decision.record("ExecutionRestarted", { due: decision.dueAt(decision.execution.runTimeoutMs) });
  if (ending?.kind === "fallback") {
    if (fallback === null) return decision.record("ExecutionFallbackStarted", { error: ending.error });
    if (fallback.status === "running") return completeExecution(decision, () => lastOutput([fallback]));
  }
  if (ending === null && root.status !== "failing") return completeExecution(decision, () => executionOutput(decision));
  if (ending?.kind === "return" && ending.error === null) return completeExecution(decision, () => ending.output);
  const hasFailed = ending === null || ending.kind === "return" || ending.kind === "error";
  if (hasFailed && ending?.kind !== "error" && runErrorSteps(decision, "on_failure")) return;
  if (compensate(decision)) return;
  if (hasFailed && runErrorSteps(decision, "compensation")) return;
  if (ending?.kind === "error" && runErrorSteps(decision, "rule")) return;
  switch (ending?.kind) {
    case "cancel":
      return decision.record("ExecutionCancelled", {
        reason: ending.reason,
        terminated: false,
        ...(ending.compensates ? { compensated: true as const } : {}),
      });
    case "timeout":
      return decision.record("ExecutionTimedOut", { error: ending.error });
    case "fallback":
      return decision.record("ExecutionTimedOut", { error: timeoutOf(ending.error, fallback) });
    default:
      return decision.record("ExecutionFailed", { error: failureOf(ending, root) });
  }
}

/** A called step has nothing behind it: the call is over with its step. */
function isOver(call: ScopeState): boolean {
  return call.steps.every((step) => step.status !== "pending" && !isOpen(step));
}

/** The workflow's fallback step has failed: the execution is timed out after all. */
function timeoutOf(error: StepError, fallback: ScopeState | null): StepError {
  return fallback === null || fallback.error === null ? error : { ...error, suppressed: [errorOf(fallback)] };
}

function failureOf(ending: Execution["ending"], root: ScopeState): StepError {
  const raised = ending?.kind === "error" || ending?.kind === "return" ? ending.error : null;
  if (raised === null) return errorOf(root);
  return root.suppressed.length === 0
    ? raised
    : { ...raised, suppressed: [...(raised.suppressed ?? []), ...root.suppressed] };
}

/** Begins the next of these steps, or waits for them; false once there is nothing (left) to run. */
function runErrorSteps(decision: Decision, stage: ErrorStage): boolean {
  const { definition, execution } = decision;
  const { over, running, place } = execution.errorSteps;
  if (over.includes(stage)) return false;
  if (running !== null) return true;
  if (!hasErrorSteps(definition, execution, stage)) return false;
  decision.record("ErrorStepsStarted", { stage, place: execution.errorSteps.stage === stage ? place : 0 });
  return true;
}

function hasErrorSteps(definition: Decision["definition"], { ending }: Execution, stage: ErrorStage): boolean {
  switch (stage) {
    case "on_failure":
      return definition.failureSteps !== null;
    case "compensation":
      return definition.compensationSteps !== null;
    case "rule": {
      const action = ending?.kind === "error" ? definition.errorRules[ending.rule]?.action : undefined;
      return action?.kind === "compensate" && action.steps.length > 0;
    }
  }
}

function endErrorSteps(decision: Decision, scope: ScopeState): void {
  const { stage, place } = decision.execution.errorSteps;
  if (stage === null) return;
  const failed = scope.status === "failing";
  const status = failed ? "failed" : scope.status === "cancelling" ? "cancelled" : "completed";
  decision.record("ErrorStepsEnded", { stage, place, status, ...(failed ? { error: errorOf(scope) } : {}) });
}

/** Begins to undo what completed, or goes on with it; false once nothing is left. */
function compensate(decision: Decision): boolean {
  const { definition, execution } = decision;
  if (execution.compensation === null) {
    if (execution.undoable.length === 0) return false;
    decision.record("CompensationStarted", { count: execution.undoable.length });
    return true;
  }
  const { steps, next, running } = execution.compensation;
  const step = steps[next];
  if (step === undefined) return running.size > 0;
  const mayBegin = running.size === 0 || definition.compensationOrder === "parallel";
  if (mayBegin && !isBeingUndone(execution, step)) decision.recordStep("StepCompensating", step, { place: next });
  return true;
}

/** A step of a loop that began anew may have completed twice: both are undone, one after the other. */
function isBeingUndone(execution: Execution, { path }: StepState): boolean {
  const call = execution.steps.get(`${path}:compensate`)?.scope;
  return call !== undefined && call.status !== "ended" && call.role === "compensate";
}

function endCompensation(decision: Decision, scope: ScopeState): void {
  const { owner } = scope;
  const running = [...(decision.execution.compensation?.running ?? [])];
  const place = running.find(([, call]) => call === scope)?.[0];
  if (owner === null || place === undefined) return;
  if (scope.status !== "failing") return decision.recordStep("StepCompensated", owner, { place, status: "completed" });
  const error = errorOf(scope);
  decision.recordStep("StepCompensated", owner, { place, status: "failed", error });
  decision.record("WarningRecorded", {
    code: "COMPENSATION_FAILED",
    message: `Step "${owner.path}" could not be undone: ${error.message}`,
    details: toJson(error),
  });
}

function completeExecution(decision: Decision, makeOutput: () => ReturnType<typeof executionOutput>): void {
  const { outputSchema, failOnOutputViolation } = decision.definition;
  let output: ReturnType<typeof executionOutput>;
  try {
    output = makeOutput();
  } catch (thrown) {
    return decision.record("ExecutionFailed", { error: errorFrom(thrown) });
  }
  const limit = decision.limits.payloadBytesMax;
  if (isLongerThan(output, limit)) {
    const message = `Expected the output of the execution to be at most ${limit} bytes of JSON, but it is longer. Pass a reference to the data, or raise limits.payload.`;
    return decision.record("ExecutionFailed", { error: { code: "PAYLOAD_TOO_LARGE", message } });
  }
  const violations = outputSchema?.check(output) ?? [];
  if (violations.length > 0) {
    const details = violations.map(({ pointer, message }) => ({ pointer, message }));
    const message = `Expected the output to fit its schema, but ${violations.length === 1 ? "one value does" : `${violations.length} values do`} not.`;
    const error: StepError = { code: "VALIDATION_FAILED", message, details };
    if (failOnOutputViolation) return decision.record("ExecutionFailed", { error });
    decision.record("WarningRecorded", { code: "OUTPUT_INVALID", message, details });
  }
  decision.record("ExecutionCompleted", { output });
}
