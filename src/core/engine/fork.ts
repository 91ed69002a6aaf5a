/**
 * An execution that begins with the history of another one.
 *
 *     events of the origin ──replay──► execution as it was then ──ExecutionForked──► the same under an identity of its own
 *
 * What had ended stays. What was open then (tasks, waits, children, pauses between attempts) belongs to the origin: here its
 * turn has just come, so it begins again by the usual events, and all that the world hears of is of this execution.
 * Containers go on with what is in them, and get their whole time anew.
 */

import type { Instant } from "../base/time.ts";
import type { Definition, Step } from "../language/definition.ts";
import { setDeadline, setTotalDeadline } from "./dues.ts";
import type { ExecutionEventData, HistoryEvent } from "./events.ts";
import { type Execution, isOpen, type StepState } from "./execution.ts";
import { startOver } from "./reopen.ts";
import { markReady } from "./scopes.ts";

export function fork(
  definition: Definition,
  execution: Execution,
  { origin, input, step_input: given }: ExecutionEventData["ExecutionForked"],
  at: Instant,
): void {
  execution.status = "running";
  execution.startedAt = at;
  execution.origin = origin;
  execution.parent = null;
  execution.paused = null;
  // What is held is held by the origin; it waits for slots of its own like any other execution.
  forgetSlots(execution);
  if (input !== undefined) execution.input = input;
  if (given !== undefined) execution.stepInputs.set(given.path, given.input);
  execution.timers.clear();
  for (const step of [...execution.steps.values()].filter(isOpen)) {
    if (goesOn(step)) renewTimes(definition, execution, step, at);
    else beginAgain(execution, step);
  }
}

/** A new run holds none of the slots of the last one. A quiet time is over once and for all. */
export function forgetSlots(execution: Execution): void {
  if (execution.slots === null) return;
  const needs = execution.slots.needs.filter(({ kind }) => kind === "slots");
  execution.slots =
    needs.length === 0
      ? null
      : { ...execution.slots, needs, held: 0, isQueued: false, begins: false, timeoutMs: undefined };
}

/** Why an execution as it is now cannot be the beginning of another; null if it can. */
export function forkRefusal(execution: Execution): string | null {
  if (execution.status === "new") return "it had not begun";
  if (execution.hasEnded) return "the execution had ended";
  if (execution.compensation !== null) return "the execution was being undone";
  return execution.ending === null ? null : "the execution was winding up";
}

/**
 * Whether what `event` says is only complete with the next one: a fork between the two would lose what the second says.
 * `execution` is that after the event.
 */
export function belongsToNext(execution: Execution, event: HistoryEvent, next: HistoryEvent): boolean {
  switch (event.type) {
    case "RuleFired":
      return true;
    case "StepCompleted":
      return event.data.stops === true;
    case "StepFailed":
      return event.data.stops === true || (next.type === "ExecutionTimeoutReached" && isOfStep(next));
    case "FallbackStarted":
      // An output that was given in the text takes the place of the step's at once.
      return execution.steps.get(event.path)?.fallback === null;
    default:
      return false;
  }
}

function isOfStep(event: Extract<HistoryEvent, { type: "ExecutionTimeoutReached" }>): boolean {
  return event.data.error.step !== undefined;
}

function goesOn({ status, inner, fallback }: StepState): boolean {
  return status === "running" && (inner !== null || fallback !== null);
}

function renewTimes(definition: Definition, execution: Execution, step: StepState, at: Instant): void {
  const { timeoutMs, totalTimeoutMs } = definition.steps[step.index] as Step;
  if (step.closing !== null || step.fallback !== null) return;
  if (timeoutMs !== null) setDeadline(execution, step, at + timeoutMs);
  if (totalTimeoutMs !== null) setTotalDeadline(execution, step, at + totalTimeoutMs);
}

function beginAgain(execution: Execution, step: StepState): void {
  startOver(execution, step);
  step.scope.open -= 1;
  markReady(step.scope, step, "run");
  execution.agenda.addScope(step.scope);
}
