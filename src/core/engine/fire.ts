/** Timers that are due: pauses that are over, attempts that begin again, time-outs. */

import { formatDuration } from "../base/duration.ts";
import type { Decision } from "./decision.ts";
import { complete, fail } from "./ends.ts";
import type { StepError } from "./error.ts";
import type { StepState } from "./execution.ts";
import { beginAttempt } from "./steps/begin.ts";
import type { Timer } from "./timers.ts";

/** Fires what is due, soonest first. What is left when the decision is full comes up at the next wake-up. */
export function fire(decision: Decision): void {
  const { execution } = decision;
  while (execution.status === "running" && !decision.isFull) {
    const timer = execution.timers.peekDue(decision.now);
    if (timer === null) return;
    fireOne(decision, timer);
  }
}

function fireOne(decision: Decision, { kind, step }: Timer): void {
  if (kind === "limit") return expireLimit(decision);
  if (kind === "execution" || step === null) return expireExecution(decision);
  if (kind === "deadline") return expireStep(decision, step);
  if (step.inner?.kind === "wait") return complete(decision, step, {});
  beginAttempt(decision, step);
}

function expireExecution(decision: Decision): void {
  const { runTimeoutMs } = decision.execution;
  const limit = runTimeoutMs === null ? "its time-out" : formatDuration(runTimeoutMs);
  const error: StepError = {
    code: "TIMEOUT",
    message: `Expected the execution to end within ${limit}, but it did not.`,
  };
  const action = timeoutAction(decision);
  decision.record("ExecutionTimeoutReached", { action, error });
  if (action === "ignore")
    decision.record("WarningRecorded", { code: "TIMEOUT", message: error.message, details: null });
}

/** Whatever the workflow would do about its own time-out: what the platform allows nobody exceeds. */
function expireLimit(decision: Decision): void {
  const { executionTimeoutMs } = decision.limits;
  const limit = executionTimeoutMs === null ? "" : ` of ${formatDuration(executionTimeoutMs)}`;
  const message = `Expected the execution to end within the platform's limit${limit} (limits.execution_timeout), but it did not.`;
  decision.record("ExecutionTimeoutReached", { action: "cancel_and_cleanup", error: { code: "TIMEOUT", message } });
}

function timeoutAction({ definition, execution }: Decision): "cancel_and_cleanup" | "ignore" | "retry" | "fallback" {
  const { timeoutAction: action, timeoutRetriesMax, fallbackStep } = definition;
  if (action === "ignore") return action;
  if (action === "fallback" && fallbackStep !== null) return action;
  return action === "retry" && execution.restarts < timeoutRetriesMax ? action : "cancel_and_cleanup";
}

function expireStep(decision: Decision, step: StepState): void {
  const { name, timeoutMs, totalTimeoutMs } = decision.stepOf(step);
  const isTotal = step.totalDeadline !== null && step.totalDeadline <= decision.now;
  const limit = formatDuration((isTotal ? totalTimeoutMs : timeoutMs) ?? 0);
  const message = `Expected step "${name}" to end within ${limit}${isTotal ? " over all attempts" : ""}, but it did not.`;
  const cause = step.error === null ? {} : { cause: step.error };
  const error: StepError = { code: "TIMEOUT", message, ...cause };
  const windsUp = step.status === "running" || (step.inner?.kind === "child" && step.status === "waiting");
  if (windsUp) decision.recordStep("StepClosing", step, { then: { kind: "fail", error } });
  else fail(decision, step, error);
}
