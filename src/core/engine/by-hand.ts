/**
 * Steps that somebody ends in the place of those who should: skipped, or completed with an output that is given.
 *
 *     open step, or one whose turn has not come ──► ends at once
 *     step in which something goes on           ──► that is cancelled first (`StepClosing`), then it ends
 *
 * Whose turn has not come holds its edges until it comes, so that what is behind does not overtake what is before. What is
 * being cancelled anyway is past helping.
 */

import { nearest, quote } from "../base/text.ts";
import type { CompleteStep, SkipStep } from "./commands.ts";
import type { Decision } from "./decision.ts";
import { endByHand, windsUp } from "./ends.ts";
import type { ManualEnd } from "./events.ts";
import { type Execution, isOpen, type ScopeState, type StepState } from "./execution.ts";
import type { EngineRefusal } from "./refuse.ts";

export function endStepByHand(decision: Decision, command: SkipStep | CompleteStep): void {
  const { execution } = decision;
  const step = execution.steps.get(command.path);
  if (step === undefined || execution.known.has(command.id)) return;
  const manual = { by: command.by, reason: command.reason, command_id: command.id };
  const end: ManualEnd =
    command.kind === "SkipStep" ? { kind: "skip", manual } : { kind: "give", output: command.output, manual };
  if (windsUp(step)) decision.recordStep("StepClosing", step, { then: end });
  else endByHand(decision, step, end);
}

/** Why the step at `path` cannot be ended by hand; null if it can. The execution goes on. */
export function byHandRefusal(execution: Execution, path: string): EngineRefusal | null {
  const step = execution.steps.get(path);
  if (step === undefined) return isInEndedIteration(execution, path) ? stepEnded(path) : stepUnknown(execution, path);
  if (!isOpen(step) && step.status !== "pending") return stepEnded(path, step.status);
  if (!isBeingCancelled(step)) return null;
  if (execution.ending !== null) {
    return {
      code: "EXECUTION_CLOSING",
      message: `Expected execution ${execution.id} to go on, but it winds up, and step ${quote(path)} with it.`,
    };
  }
  return {
    code: "STEP_CLOSING",
    message: `Expected step ${quote(path)} to go on, but it is being wound up already. Look at it again in a moment.`,
  };
}

/** Whether the step, or something around it, only waits for what is in it to end. A `finally` and an undoing go on. */
function isBeingCancelled(step: StepState): boolean {
  if (step.closing !== null) return true;
  if (step.scope.status === "failing" && !step.scope.spared.has(step.index)) return true;
  for (let scope: ScopeState = step.scope; ; ) {
    if (scope.status === "cancelling" || scope.status === "ended") return true;
    const { owner } = scope;
    if (owner === null || scope.role === "compensate") return false;
    if (owner.inner?.kind === "try" && owner.inner.finally === scope) return false;
    if (owner.closing !== null) return true;
    scope = owner.scope;
  }
}

/** Of iterations that completed nothing is kept but that they did. */
function isInEndedIteration({ steps }: Execution, path: string): boolean {
  for (let end = path.indexOf("]."); end !== -1; end = path.indexOf("].", end + 1)) {
    const start = path.lastIndexOf("[", end);
    const inner = steps.get(path.slice(0, start))?.inner;
    const index = Number(path.slice(start + 1, end));
    if (inner?.kind === "loop" && index < inner.started && !inner.running.has(index)) return true;
  }
  return false;
}

function stepEnded(path: string, status = "over"): EngineRefusal {
  return { code: "STEP_ENDED", message: `Expected step ${quote(path)} not to have ended, but it is ${status}.` };
}

function stepUnknown({ id, steps }: Execution, path: string): EngineRefusal {
  const near = nearest(path, steps.keys());
  return {
    code: "STEP_UNKNOWN",
    message: `Expected a step at ${quote(path)} of execution ${id}, but there is none, or the list that it stands in has not begun.${near === null ? "" : ` Did you mean ${quote(near)}?`}`,
  };
}
