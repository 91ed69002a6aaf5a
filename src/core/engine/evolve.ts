/**
 * The execution after an event. The only code that changes an `Execution`; believes every event, because whether it may
 * happen was settled by `decide`. Evaluates nothing: what an event brings is in its data.
 */

import { assert, Bug, defined, unreachable } from "../base/bug.ts";
import type { Json } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { Definition, FailureEdge, Fallback, LoopSpec, Step } from "../language/definition.ts";
import { ROOT_SCOPE } from "../language/definition.ts";
import type { StepError } from "./error.ts";
import type { ErrorStage, ExecutionEvent, HistoryEvent, StartDetail, StepEvent } from "./events.ts";
import {
  CALL_SCOPE,
  createExecution,
  type Execution,
  type Inner,
  isOpen,
  type LoopInner,
  ownScopes,
  type StepState,
  type StepStatus,
  scopesIn,
} from "./execution.ts";
import { reopen } from "./reopen.ts";
import {
  beginCancelling,
  beginFailing,
  createCall,
  createScope,
  dropScope,
  endScope,
  errorOf,
  forgetScope,
  settleEdges,
} from "./scopes.ts";
import { iterationStepsKept } from "./views.ts";

const NO_EDGE: FailureEdge = { kind: "none" };

/** How many ids of commands and events an execution knows again. */
const KNOWN_MAX = 1000;

export function evolve(definition: Definition, execution: Execution, event: HistoryEvent): void {
  assert(
    event.seq === execution.length + 1,
    `event ${event.seq} of ${execution.id} to follow event ${execution.length}`,
  );
  const at = Date.parse(event.at);
  execution.length = event.seq;
  execution.lastAt = at;
  if (event.path === null) evolveExecution(definition, execution, event, at);
  else evolveStep(definition, execution, event, at);
}

/** The execution that a whole history tells. */
export function replay(
  definition: Definition,
  identity: { id: string; workspace: string },
  events: Iterable<HistoryEvent>,
): Execution {
  const execution = createExecution(identity);
  for (const event of events) {
    evolve(definition, execution, event);
    execution.agenda.tidy();
  }
  return execution;
}

function evolveExecution(definition: Definition, execution: Execution, event: ExecutionEvent, at: Instant): void {
  switch (event.type) {
    case "ExecutionStarted": {
      const { input, metadata, priority, parent, origin, version, due } = event.data;
      Object.assign(execution, { input, metadata, priority, parent, origin, version });
      execution.status = "running";
      execution.startedAt = at;
      execution.root = createScope(definition, execution, { index: ROOT_SCOPE, prefix: "", owner: null });
      setDue(execution, due);
      return;
    }
    case "ExecutionReopened":
      remember(execution, event.data.command_id);
      reopen(definition, execution, at);
      setDue(execution, event.data.due);
      return;
    case "ExecutionPaused":
      remember(execution, event.data.command_id);
      execution.status = "paused";
      execution.paused = { at, freezeTimers: event.data.freeze_timers };
      return;
    case "ExecutionResumed":
      remember(execution, event.data.command_id);
      execution.status = "running";
      execution.paused = null;
      if (event.data.frozen_ms > 0) moveTimers(execution, event.data.frozen_ms);
      return;
    case "ExecutionCancelRequested":
      remember(execution, event.data.command_id);
      windUp(execution, { kind: "cancel", reason: event.data.reason });
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
      execution.compensation = { steps: execution.undoable.toReversed(), place: 0, running: null };
      lookAtEnd(execution);
      return;
    case "SignalReceived":
      remember(execution, event.data.command_id);
      execution.signals.push({ seq: event.seq, name: event.data.name, data: event.data.data });
      return;
    case "WarningRecorded":
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

function setDue(execution: Execution, due: string | null): void {
  execution.due = due === null ? null : Date.parse(due);
  addExecutionTimer(execution);
}

function addExecutionTimer(execution: Execution): void {
  const { due } = execution;
  if (due === null) return;
  execution.timers.add({
    due,
    order: execution.length,
    kind: "execution",
    step: null,
    counts: () => execution.due === due && execution.ending === null,
  });
}

/** A pause that froze the timers moves all of them. */
function moveTimers(execution: Execution, byMs: number): void {
  execution.timers.clear();
  if (execution.due !== null) execution.due += byMs;
  addExecutionTimer(execution);
  for (const step of execution.steps.values()) {
    if (!isOpen(step)) continue;
    if (step.deadline !== null) setDeadline(execution, step, step.deadline + byMs);
    if (step.totalDeadline !== null) setTotalDeadline(execution, step, step.totalDeadline + byMs);
    if (step.wake !== null) setWake(execution, step, step.wake + byMs);
  }
}

function windUp(execution: Execution, ending: NonNullable<Execution["ending"]>): void {
  execution.ending = ending;
  if (execution.status === "paused") {
    // Winding up is not held back by a pause: who cancels wants the end.
    execution.status = "running";
    execution.paused = null;
  }
  if (execution.root !== null) beginCancelling(execution, execution.root);
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
  const { errorSteps, root } = execution;
  errorSteps.stage = stage;
  errorSteps.place = place;
  if (stage === "rule") {
    const { rule, step } = ruleStep(definition, execution, place);
    const path = `rules[${rule}].${(definition.steps[step] as Step).name}`;
    errorSteps.running = createCall(execution, { role: "error", step, owner: null, path });
    return;
  }
  const index = stage === "on_failure" ? definition.failureSteps : definition.compensationSteps;
  errorSteps.running = createScope(definition, execution, {
    index: defined(index, `steps for ${stage} to be defined`),
    prefix: `error_handling.${stage}.`,
    owner: null,
    role: "error",
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
  if (end.error !== undefined) root?.suppressed.push(end.error);
  lookAtEnd(execution);
}

/** The outermost list is over but for what comes after it. */
function lookAtEnd(execution: Execution): void {
  if (execution.root !== null) execution.agenda.addScope(execution.root);
}

function end(execution: Execution, status: Execution["status"]): void {
  execution.status = status;
  execution.due = null;
  execution.paused = null;
  execution.timers.clear();
  execution.agenda.compact();
  if (execution.root !== null) endScope(execution.root);
}

function evolveStep(definition: Definition, execution: Execution, event: StepEvent, at: Instant): void {
  switch (event.type) {
    case "StepScheduled": {
      const step = stateOf(execution, event.path);
      const { data } = event;
      begin(step, "scheduled", event.attempt, at);
      if (data.input !== undefined) step.input = data.input;
      step.startedAt ??= at;
      step.inner = {
        kind: "task",
        executor: data.executor,
        function: data.function,
        secrets: data.secrets ?? taskSecrets(step.inner),
        scheduledAt: at,
      };
      if (data.total_due !== undefined) setTotalDeadline(execution, step, Date.parse(data.total_due));
      execution.openTasks += 1;
      return;
    }
    case "StepStarted": {
      const step = stateOf(execution, event.path);
      const { detail, due, total_due: totalDue, input } = event.data;
      begin(step, isContainer(detail) ? "running" : "waiting", event.attempt, at);
      step.input = input;
      step.startedAt ??= at;
      if (due !== undefined) setDeadline(execution, step, Date.parse(due));
      if (totalDue !== undefined) setTotalDeadline(execution, step, Date.parse(totalDue));
      step.inner = innerOf(definition, execution, step, detail);
      return;
    }
    case "StepCompleted": {
      const step = stateOf(execution, event.path);
      const { data } = event;
      finish(execution, step, "completed", event.attempt, at);
      if (data.input !== undefined) step.input = data.input;
      step.output = data.output;
      for (const [name, value] of Object.entries(data.variables ?? {})) execution.variables.set(name, value);
      if (data.took?.kind === "signal") takeSignal(execution, data.took.seq);
      if (data.took?.kind === "event") remember(execution, data.took.id);
      if (step.inner?.kind === "loop") forgetBroken(execution, step.inner);
      if (isUndoable(definition, step, data.fallback === true)) execution.undoable.push(step);
      settleEdges(definition, execution, step, data.stops === true ? "none" : "success");
      if (data.returns !== undefined) windUp(execution, { kind: "return", output: data.returns.output, error: null });
      return;
    }
    case "StepAttemptFailed": {
      const step = stateOf(execution, event.path);
      forgetAttempt(execution, step);
      begin(step, "waiting", event.attempt, at);
      step.error = event.data.error;
      setWake(execution, step, Date.parse(event.data.retry_at));
      return;
    }
    case "StepFailed": {
      const step = stateOf(execution, event.path);
      const { data } = event;
      finish(execution, step, "failed", event.attempt, at);
      if (data.input !== undefined) step.input = data.input;
      step.error = data.error;
      if (data.stops === true) settleEdges(definition, execution, step, "none");
      else if (data.continues === true) settleEdges(definition, execution, step, "success");
      else followFailure(definition, execution, step, data.path_taken === true);
      return;
    }
    case "StepSkipped": {
      const step = stateOf(execution, event.path);
      finish(execution, step, "skipped", event.attempt, at);
      step.reason = event.data.reason;
      settleEdges(definition, execution, step, event.data.reason === "not_reached" ? "none" : "success");
      return;
    }
    case "StepClosing": {
      const step = stateOf(execution, event.path);
      close(execution, step, event.data.then);
      return;
    }
    case "StepCancelled": {
      const step = stateOf(execution, event.path);
      keepFinallyError(execution, step);
      finish(execution, step, "cancelled", event.attempt, at);
      settleEdges(definition, execution, step, "none");
      return;
    }
    case "BranchStarted": {
      const step = stateOf(execution, event.path.slice(0, event.path.lastIndexOf(".")));
      const { spec } = definition.steps[step.index] as Step;
      const inner = innerAs(step, "parallel");
      assert(spec.kind === "parallel", `step "${step.path}" to be parallel`);
      const place = spec.branches.findIndex((branch) => definition.scopes[branch]?.name === event.data.branch);
      inner.branches[place] = createScope(definition, execution, {
        index: defined(spec.branches[place], `branch "${event.data.branch}" to be defined`),
        prefix: `${event.path}.`,
        owner: step,
      });
      inner.running += 1;
      return;
    }
    case "BranchEnded": {
      const step = stateOf(execution, event.path.slice(0, event.path.lastIndexOf(".")));
      const inner = innerAs(step, "parallel");
      const scope = inner.branches.find((branch) => branch?.prefix === `${event.path}.`);
      endScope(defined(scope, `branch ${event.path} to have begun`));
      inner.running -= 1;
      if (event.data.status === "completed") inner.completed += 1;
      if (event.data.status === "failed") {
        inner.failed += 1;
        inner.firstError ??= event.data.error ?? null;
      }
      execution.agenda.addStep(step);
      return;
    }
    case "IterationStarted": {
      const step = stateOf(execution, event.path.slice(0, event.path.lastIndexOf("[")));
      const { spec } = definition.steps[step.index] as Step;
      const inner = innerAs(step, "loop");
      assert(spec.kind === "loop", `step "${step.path}" to be a loop`);
      const { index } = event.data;
      inner.started = Math.max(inner.started, index + 1);
      inner.running.set(
        index,
        createScope(definition, execution, {
          index: spec.body,
          prefix: `${event.path}.`,
          owner: step,
          names: loopNames(spec, inner, index),
          iteration: index,
        }),
      );
      return;
    }
    case "IterationEnded": {
      const step = stateOf(execution, event.path.slice(0, event.path.lastIndexOf("[")));
      endIteration(definition, execution, step, event.data);
      execution.agenda.addStep(step);
      return;
    }
    case "CatchStarted": {
      const step = stateOf(execution, event.path);
      const inner = innerAs(step, "try");
      const { spec } = definition.steps[step.index] as Step;
      assert(spec.kind === "try", `step "${step.path}" to be a try`);
      const clause = defined(spec.catches[event.data.clause], `catch ${event.data.clause} of "${step.path}"`);
      endScope(inner.body);
      inner.phase = "catch";
      const names = new Map<string, Json>([["error", event.data.error as unknown as Json]]);
      if (clause.as !== null) names.set(clause.as, event.data.error as unknown as Json);
      inner.catch = createScope(definition, execution, {
        index: clause.scope,
        prefix: `${step.path}.`,
        owner: step,
        names,
      });
      return;
    }
    case "FinallyStarted": {
      const step = stateOf(execution, event.path);
      const inner = innerAs(step, "try");
      const { spec } = definition.steps[step.index] as Step;
      assert(spec.kind === "try" && spec.finally !== null, `step "${step.path}" to have a finally`);
      endScope(inner.body);
      if (inner.catch !== null) endScope(inner.catch);
      inner.phase = "finally";
      inner.finally = createScope(definition, execution, { index: spec.finally, prefix: `${step.path}.`, owner: step });
      return;
    }
    case "RuleFired":
      execution.firedRules.add(event.data.rule);
      return;
    case "StepCompensating": {
      const { step, compensation } = undoneStep(execution, event.data.place);
      const { compensate } = definition.steps[step.index] as Step;
      const undo = defined(compensate, `step "${step.path}" to have a compensation`);
      compensation.running = createCall(execution, { role: "compensate", step: undo, owner: step });
      return;
    }
    case "StepCompensated": {
      const { step, compensation } = undoneStep(execution, event.data.place);
      if (event.data.status === "completed") step.status = "compensated";
      if (compensation.running !== null) endScope(compensation.running);
      compensation.running = null;
      compensation.place += 1;
      lookAtEnd(execution);
      return;
    }
    case "FallbackStarted": {
      const step = stateOf(execution, event.path);
      startFallback(definition, execution, step, { ...event.data, attempt: event.attempt, at });
      return;
    }
    case "FailurePathEnded": {
      const { scope } = stateOf(execution, event.path);
      endScope(defined(scope.failurePath, `a failure path of "${event.path}" to run`));
      scope.open -= 1;
      if (event.data.status === "failed" && event.data.error !== undefined) scope.suppressed.push(event.data.error);
      execution.agenda.addScope(scope);
      return;
    }
    default:
      return unreachable(event);
  }
}

/** What a fallback completed, and what was called itself, is not undone. */
function isUndoable(definition: Definition, step: StepState, isByFallback: boolean): boolean {
  const { compensate } = definition.steps[step.index] as Step;
  return compensate !== null && !isByFallback && step.scope.role === null;
}

function undoneStep(execution: Execution, place: number) {
  const compensation = defined(execution.compensation, `${execution.id} to be undone`);
  return { compensation, step: defined(compensation.steps[place], `a step at place ${place} to undo`) };
}

function stateOf(execution: Execution, path: string): StepState {
  return defined(execution.steps.get(path), `step at "${path}" of ${execution.id} to be there`);
}

function innerAs<K extends Inner["kind"]>(step: StepState, kind: K): Extract<Inner, { kind: K }> {
  if (step.inner?.kind !== kind) throw new Bug(`Expected ${kind} in "${step.path}", but met ${step.inner?.kind}.`);
  return step.inner as Extract<Inner, { kind: K }>;
}

function isContainer(detail: StartDetail): boolean {
  return detail.kind === "choice" || detail.kind === "parallel" || detail.kind === "loop" || detail.kind === "try";
}

function taskSecrets(inner: Inner | null) {
  return inner?.kind === "task" ? inner.secrets : [];
}

function begin(step: StepState, status: StepStatus, attempt: number, at: Instant): void {
  if (!isOpen(step)) step.scope.open += 1;
  step.status = status;
  step.attempt = attempt;
  step.wake = null;
  step.startedAt ??= at;
}

/** The step has ended; what was inside it is kept for those who read it later. */
function finish(execution: Execution, step: StepState, status: StepStatus, attempt: number, at: Instant): void {
  if (isOpen(step)) step.scope.open -= 1;
  else step.startedAt ??= status === "skipped" || status === "cancelled" ? null : at;
  if (step.status === "scheduled") execution.openTasks -= 1;
  execution.eventWaits.delete(step);
  for (const scope of scopesIn(step)) endScope(scope);
  step.status = status;
  step.attempt = attempt;
  step.finishedAt = at;
  step.endSeq = execution.length;
  step.closing = null;
  step.deadline = null;
  step.totalDeadline = null;
  step.wake = null;
  if (status === "completed") step.error = null;
  execution.agenda.addScope(step.scope);
}

/** What an attempt leaves behind is let go of: the next one begins anew. A task's input and secrets stay the same. */
function forgetAttempt(execution: Execution, step: StepState): void {
  if (step.status === "scheduled") execution.openTasks -= 1;
  execution.eventWaits.delete(step);
  for (const scope of scopesIn(step)) dropScope(execution, scope);
  if (step.inner?.kind !== "task") step.inner = null;
  step.closing = null;
  step.deadline = null;
}

function setDeadline(execution: Execution, step: StepState, due: Instant): void {
  step.deadline = due;
  execution.timers.add({
    due,
    order: execution.length,
    kind: "deadline",
    step,
    counts: () => step.deadline === due && step.closing === null,
  });
}

function setTotalDeadline(execution: Execution, step: StepState, due: Instant): void {
  step.totalDeadline = due;
  execution.timers.add({
    due,
    order: execution.length,
    kind: "deadline",
    step,
    counts: () => step.totalDeadline === due && step.closing === null,
  });
}

function setWake(execution: Execution, step: StepState, due: Instant): void {
  step.wake = due;
  execution.timers.add({ due, order: execution.length, kind: "wake", step, counts: () => step.wake === due });
}

function innerOf(definition: Definition, execution: Execution, step: StepState, detail: StartDetail): Inner {
  const prefix = `${step.path}.`;
  switch (detail.kind) {
    case "choice":
      if (detail.chosen === null) execution.agenda.addStep(step);
      return {
        kind: "choice",
        scope:
          detail.chosen === null
            ? null
            : createScope(definition, execution, { index: detail.chosen, prefix, owner: step }),
      };
    case "parallel": {
      const { spec } = definition.steps[step.index] as Step;
      assert(spec.kind === "parallel", `step "${step.path}" to be parallel`);
      execution.agenda.addStep(step);
      return {
        kind: "parallel",
        branches: spec.branches.map(() => null),
        running: 0,
        completed: 0,
        failed: 0,
        firstError: null,
      };
    }
    case "loop":
      execution.agenda.addStep(step);
      return {
        kind: "loop",
        items: detail.items ?? null,
        count: detail.items?.length ?? detail.count ?? null,
        started: 0,
        running: new Map(),
        completed: 0,
        failed: 0,
        cancelled: 0,
        firstError: null,
        kept: new Map(),
        broken: new Map(),
      };
    case "try": {
      const { spec } = definition.steps[step.index] as Step;
      assert(spec.kind === "try", `step "${step.path}" to be a try`);
      const body = createScope(definition, execution, { index: spec.body, prefix, owner: step });
      return { kind: "try", phase: "body", body, catch: null, finally: null };
    }
    case "workflow":
      execution.childrenCount += 1;
      return { kind: "child", executionId: detail.execution_id, workflow: detail.workflow, version: detail.version };
    case "wait":
      setWake(execution, step, Date.parse(detail.until));
      return { kind: "wait" };
    case "wait_for_event":
      execution.eventWaits.add(step);
      return { kind: "event", event: detail.event, correlation: detail.correlation };
    default:
      return unreachable(detail);
  }
}

function loopNames(spec: LoopSpec, inner: LoopInner, index: number): ReadonlyMap<string, Json> {
  const item = inner.items === null ? index : (inner.items[index] as Json);
  return new Map<string, Json>([
    [spec.itemVariable, item],
    [spec.indexVariable, index],
  ]);
}

function endIteration(
  definition: Definition,
  execution: Execution,
  step: StepState,
  end: Extract<StepEvent, { type: "IterationEnded" }>["data"],
): void {
  const inner = innerAs(step, "loop");
  const { spec } = definition.steps[step.index] as Step;
  assert(spec.kind === "loop", `step "${step.path}" to be a loop`);
  const scope = defined(inner.running.get(end.index), `iteration ${end.index} of "${step.path}" to run`);
  endScope(scope);
  inner.running.delete(end.index);
  if (spec.keeps !== "nothing") {
    inner.kept.set(end.index, {
      index: end.index,
      status: end.status,
      error: end.error ?? null,
      steps: iterationStepsKept(definition, scope, spec.keeps),
    });
  }
  if (end.status === "completed") {
    inner.completed += 1;
    forgetScope(execution, scope);
    return;
  }
  if (end.status === "failed") {
    inner.failed += 1;
    inner.firstError ??= end.error ?? null;
  } else {
    inner.cancelled += 1;
  }
  inner.broken.set(end.index, scope);
}

/** A loop that completed in spite of failed iterations: nobody will go on in them. */
function forgetBroken(execution: Execution, inner: LoopInner): void {
  for (const scope of inner.broken.values()) forgetScope(execution, scope);
  inner.broken.clear();
}

function startFallback(
  definition: Definition,
  execution: Execution,
  step: StepState,
  start: { readonly error: StepError; readonly rule?: number; readonly attempt: number; readonly at: Instant },
): void {
  const { error, attempt, at } = start;
  const fallback = fallbackOf(definition, step, start.rule);
  for (const scope of ownScopes(step)) endScope(scope);
  if (step.status === "scheduled") execution.openTasks -= 1;
  execution.eventWaits.delete(step);
  begin(step, "running", attempt, at);
  step.error = error;
  step.closing = null;
  step.deadline = null;
  step.totalDeadline = null;
  const names = new Map<string, Json>([["error", error as unknown as Json]]);
  if (fallback?.kind === "step")
    step.fallback = createCall(execution, { role: "fallback", step: fallback.step, owner: step, names });
  if (fallback?.kind === "inline") {
    step.fallback = createScope(definition, execution, {
      index: fallback.scope,
      prefix: `${step.path}:fallback.`,
      owner: step,
      role: "fallback",
      names,
    });
  }
}

function fallbackOf(definition: Definition, step: StepState, rule: number | undefined): Fallback | null {
  if (rule === undefined) return (definition.steps[step.index] as Step).fallback;
  const action = definition.errorRules[rule]?.action;
  return action?.kind === "fallback" ? { kind: "step", step: action.step } : null;
}

function followFailure(definition: Definition, execution: Execution, step: StepState, pathTaken: boolean): void {
  const failure: FailureEdge =
    step.scope.index === CALL_SCOPE ? NO_EDGE : (definition.steps[step.index] as Step).failure;
  const error = defined(step.error, `the failed step "${step.path}" to have an error`);
  if (failure.kind === "step") {
    if (!failure.recovers) beginFailing(execution, step.scope, error, failure.path);
    settleEdges(definition, execution, step, "failure");
    return;
  }
  beginFailing(execution, step.scope, error, []);
  settleEdges(definition, execution, step, "none");
  if (failure.kind === "inline" && pathTaken) {
    const { scope } = step;
    if (scope.failurePath !== null) dropScope(execution, scope.failurePath);
    else scope.open += 1;
    scope.failurePath = createScope(definition, execution, {
      index: failure.scope,
      prefix: `${step.path}:on_failure.`,
      owner: step,
      names: new Map<string, Json>([["error", error as unknown as Json]]),
    });
  }
}

function close(execution: Execution, step: StepState, then: NonNullable<StepState["closing"]>): void {
  step.closing = then;
  for (const scope of scopesIn(step)) {
    // A `finally` that runs is not stopped by what stops its step: cleaning up is what it is for.
    const isFinally = step.inner?.kind === "try" && step.inner.finally === scope;
    if (scope.status === "ended") continue;
    if (isFinally) execution.agenda.addScope(scope);
    else beginCancelling(execution, scope);
  }
  execution.agenda.addStep(step);
}

/** A `finally` that failed while its step was being cancelled must not vanish. */
function keepFinallyError(execution: Execution, step: StepState): void {
  const scope = step.inner?.kind === "try" ? step.inner.finally : null;
  if (scope === null || scope.error === null) return;
  const error = errorOf(scope);
  if (execution.ending?.kind === "return") execution.ending.error ??= error;
  else if (step.scope.error !== null) step.scope.suppressed.push(error);
}

function takeSignal(execution: Execution, seq: number): void {
  const place = execution.signals.findIndex((signal) => signal.seq === seq);
  if (place !== -1) execution.signals.splice(place, 1);
}

function remember(execution: Execution, id: string): void {
  execution.known.add(id);
  if (execution.known.size > KNOWN_MAX) {
    for (const oldest of execution.known) {
      execution.known.delete(oldest);
      break;
    }
  }
}
