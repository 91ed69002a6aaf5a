/** What events about a step, branch or iteration mean. */

import { Bug, defined, unreachable } from "../base/bug.ts";
import type { Json } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { Definition, Step } from "../language/definition.ts";
import { begin, finish, forgetAttempt } from "./attempt.ts";
import { setDeadline, setTotalDeadline, setWake } from "./dues.ts";
import type { StartDetail, StepEvent } from "./events.ts";
import { CALL_SCOPE, type Execution, type Inner, type StepState, scopesIn } from "./execution.ts";
import { followFailure, startFallback } from "./failure.ts";
import { endIteration, forgetBroken, innerAs, innerOf, loopNames, specAs } from "./inner.ts";
import { beginCancelling, createCall, createScope, endScope, errorOf, settleEdges, suppress } from "./scopes.ts";
import { lookAtEnd, remember, windUp } from "./wind-up.ts";

export function evolveStep(definition: Definition, execution: Execution, event: StepEvent, at: Instant): void {
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
        circuit:
          data.circuit === undefined
            ? null
            : { target: data.circuit.target, standing: data.circuit.permit === true ? "permit" : "none" },
      };
      if (data.total_due !== undefined) setTotalDeadline(execution, step, Date.parse(data.total_due));
      execution.openTasks += 1;
      return;
    }
    case "CircuitAsked": {
      const step = stateOf(execution, event.path);
      const { data } = event;
      // The attempt that asks has not begun: the number stays that of the one before.
      begin(step, "waiting", step.attempt, at);
      if (data.input !== undefined) step.input = data.input;
      step.inner = {
        kind: "task",
        executor: data.executor,
        function: data.function,
        secrets: data.secrets ?? taskSecrets(step.inner),
        scheduledAt: at,
        circuit: { target: data.circuit.target, standing: data.circuit.mode },
      };
      if (data.total_due !== undefined) setTotalDeadline(execution, step, Date.parse(data.total_due));
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
      const isEarly = data.manual !== undefined && endEarly(step);
      if (data.manual !== undefined) remember(execution, data.manual.command_id);
      finish(execution, step, "completed", event.attempt, at);
      if (data.input !== undefined) step.input = data.input;
      step.output = data.output;
      for (const [name, value] of Object.entries(data.variables ?? {})) execution.variables.set(name, value);
      if (data.took?.kind === "signal") takeSignal(execution, data.took.seq);
      if (data.took?.kind === "event") remember(execution, data.took.id);
      if (step.inner?.kind === "loop") forgetBroken(execution, step.inner);
      if (isUndoable(definition, step, data.fallback === true)) execution.undoable.push(step);
      if (!isEarly) settleEdges(definition, execution, step, data.stops === true ? "none" : "success");
      // While it winds up, how the execution ends is settled: a return in a `finally` says nothing any more.
      if (data.returns !== undefined && execution.ending === null && execution.compensation === null)
        windUp(execution, { kind: "return", output: data.returns.output, error: null });
      return;
    }
    case "CallRefused":
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
      const { reason, manual } = event.data;
      const isEarly = manual !== undefined && endEarly(step);
      if (manual !== undefined) remember(execution, manual.command_id);
      finish(execution, step, "skipped", event.attempt, at);
      step.reason = reason;
      if (!isEarly) settleEdges(definition, execution, step, reason === "not_reached" ? "none" : "success");
      return;
    }
    case "StepClosing": {
      const step = stateOf(execution, event.path);
      const { then } = event.data;
      if (then.kind === "skip" || then.kind === "give") remember(execution, then.manual.command_id);
      close(execution, step, then);
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
      const spec = specAs(definition, step, "parallel");
      const inner = innerAs(step, "parallel");
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
      const spec = specAs(definition, step, "loop");
      const inner = innerAs(step, "loop");
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
      const spec = specAs(definition, step, "try");
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
      const body = defined(specAs(definition, step, "try").finally, `step "${step.path}" to have a finally`);
      endScope(inner.body);
      if (inner.catch !== null) endScope(inner.catch);
      inner.phase = "finally";
      inner.finally = createScope(definition, execution, { index: body, prefix: `${step.path}.`, owner: step });
      return;
    }
    case "RuleFired":
      execution.firedRules.add(event.data.rule);
      return;
    case "StepCompensating": {
      const { step, compensation } = undoneStep(execution, event.data.place);
      const { compensate } = definition.steps[step.index] as Step;
      const undo = defined(compensate, `step "${step.path}" to have a compensation`);
      compensation.running.set(
        event.data.place,
        createCall(execution, { role: "compensate", step: undo, owner: step }),
      );
      compensation.next = event.data.place + 1;
      // Where all are undone at once, the next one may begin.
      lookAtEnd(execution);
      return;
    }
    case "StepCompensated": {
      const { step, compensation } = undoneStep(execution, event.data.place);
      if (event.data.status === "completed") step.status = "compensated";
      const call = compensation.running.get(event.data.place);
      if (call !== undefined) endScope(call);
      compensation.running.delete(event.data.place);
      compensation.ended += 1;
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
      if (event.data.status === "failed" && event.data.error !== undefined) suppress(scope, event.data.error);
      execution.agenda.addScope(scope);
      return;
    }
    default:
      return unreachable(event);
  }
}

/** Ended by hand before its turn: whether what is behind it may begin is only known when its turn comes. */
function endEarly(step: StepState): boolean {
  if (step.status !== "pending" || step.settled !== null || step.scope.index === CALL_SCOPE) return false;
  step.holdsEdges = true;
  return true;
}

function stateOf(execution: Execution, path: string): StepState {
  return execution.steps.get(path) ?? failPlace(execution, path);
}

function failPlace({ id }: Execution, path: string): never {
  throw new Bug(`Expected a step at "${path}" of ${id}, but there is none.`);
}

function isContainer(detail: StartDetail): boolean {
  return detail.kind === "choice" || detail.kind === "parallel" || detail.kind === "loop" || detail.kind === "try";
}

function taskSecrets(inner: Inner | null) {
  return inner?.kind === "task" ? inner.secrets : [];
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
  // Where the scope itself fails, this only adds to its failure; else it is what goes wrong on the way out of a return.
  if (step.scope.status === "failing") suppress(step.scope, error);
  else if (execution.ending?.kind === "return") execution.ending.error ??= error;
  else if (step.scope.error !== null) suppress(step.scope, error);
}

function takeSignal(execution: Execution, seq: number): void {
  const place = execution.signals.findIndex((signal) => signal.seq === seq);
  if (place !== -1) execution.signals.splice(place, 1);
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
