/** An attempt of a step begins and is over, and what it leaves behind is let go of. */

import type { Instant } from "../base/time.ts";
import { setTotalDeadline } from "./dues.ts";
import { type Execution, isOpen, type StepState, type StepStatus, scopesIn } from "./execution.ts";
import { dropScope, endScope, keepAttemptsOfIterations } from "./scopes.ts";

export function begin(step: StepState, status: StepStatus, attempt: number, at: Instant): void {
  if (!isOpen(step)) step.scope.open += 1;
  step.status = status;
  step.attempt = attempt;
  step.wake = null;
  step.startedAt ??= at;
}

/** The step has ended; what was inside it is kept for those who read it later. */
export function finish(execution: Execution, step: StepState, status: StepStatus, attempt: number, at: Instant): void {
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
export function forgetAttempt(execution: Execution, step: StepState): void {
  if (step.status === "scheduled") execution.openTasks -= 1;
  execution.eventWaits.delete(step);
  for (const scope of scopesIn(step)) dropScope(execution, scope);
  keepAttemptsOfIterations(execution.attempts, step, step.path);
  if (step.inner?.kind !== "task") step.inner = null;
  else if (step.inner.circuit !== null) step.inner.circuit = { ...step.inner.circuit, standing: "none" };
  // While the step wound up its timers did not count; the time for all attempts goes on.
  if (step.closing !== null && step.totalDeadline !== null) setTotalDeadline(execution, step, step.totalDeadline);
  step.closing = null;
  step.deadline = null;
}
