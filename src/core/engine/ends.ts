/**
 * How a step ends. After a failure, in this order: another attempt, (fallback and error rules have their place here), the
 * failure edge. Each function records exactly one end, or the end of an attempt.
 */

import { isObject, type Json } from "../base/json.ts";
import { createRandom } from "../base/random.ts";
import { toRfc3339 } from "../base/time.ts";
import type { ErrorCategory, FailureEdge } from "../language/definition.ts";
import { categoryOf, handlerOf, policyOf, withCategory } from "./categories.ts";
import { type Decision, errorFrom, StepFailure } from "./decision.ts";
import type { StepError } from "./error.ts";
import type { ManualEnd, StepEventData } from "./events.ts";
import { CALL_SCOPE, type ScopeState, type StepState } from "./execution.ts";
import { lastOutput } from "./output.ts";
import { delayMs, isRetried } from "./retry.ts";
import type { Extras } from "./roots.ts";
import { askRules } from "./rules.ts";
import { errorOf } from "./scopes.ts";
import { toJson } from "./views.ts";

type Completed = StepEventData["StepCompleted"];
/** Who answered, and when it began: recorded with the end of an attempt. */
export type Answered = { readonly started_at?: string; readonly instance?: string };

/**
 * Completes the step with `result`, from which its output mapping picks. `extras` are further names for the mapping.
 * A mapping that fails, or an output that is too large, fails the step instead.
 */
export function complete(
  decision: Decision,
  step: StepState,
  result: Json,
  options: { extras?: Extras; data?: Omit<Completed, "output">; attempt?: number } = {},
): void {
  let output: Json;
  try {
    output = outputOf(decision, step, result, options.extras ?? {});
    decision.checkPayload(step, output, "output");
  } catch (thrown) {
    return fail(decision, step, errorFrom(thrown), {
      ...options.data,
      ...(options.attempt === undefined ? {} : { attempt: options.attempt }),
    });
  }
  recordCompleted(decision, step, { ...options.data, output }, options.attempt ?? attemptOf(step));
}

/** The end as completed, with what the error rules make of it. */
function recordCompleted(decision: Decision, step: StepState, data: Completed, attempt: number): void {
  const { ends } = askRules(decision, step, { status: "completed", output: data.output, error: null }, attempt);
  decision.recordStep("StepCompleted", step, ends === null ? data : { ...data, stops: true }, attempt);
  if (ends !== null) decision.record("ErrorRaised", ends);
}

function outputOf(decision: Decision, step: StepState, result: Json, extras: Extras): Json {
  const mapping = decision.stepOf(step).output;
  const picked = mapping === null ? result : decision.evaluate(mapping, step, { response: result, result, ...extras });
  return isObject(picked) ? picked : { value: picked };
}

/** The attempt that is going on; a step that fails or ends before it began is in its next one. */
export function attemptOf(step: StepState): number {
  return step.status === "pending" ? step.attempt + 1 : step.attempt;
}

export function fail(
  decision: Decision,
  step: StepState,
  met: StepError,
  options: Answered & { input?: Json; attempt?: number } = {},
): void {
  const definition = decision.stepOf(step);
  const attempt = options.attempt ?? attemptOf(step);
  const category = categoryOf(decision.definition, definition, met);
  const named = withCategory(met, category);
  const error: StepError = met.step === undefined ? { ...named, step: definition.name, attempt } : named;
  const answered: Answered = {
    ...(options.started_at === undefined ? {} : { started_at: options.started_at }),
    ...(options.instance === undefined ? {} : { instance: options.instance }),
  };

  // A time-out of something inside is that step's affair: the action is for the step's own.
  const isTimeout = error.code === "TIMEOUT" && met.step === undefined;
  if (isTimeout && definition.timeoutAction === "ignore") {
    return decision.recordStep("StepSkipped", step, { reason: "timeout" }, attempt);
  }
  const fallsBackAtOnce = isTimeout && definition.timeoutAction === "fallback";
  const retryAt = fallsBackAtOnce ? null : nextAttempt(decision, step, error, attempt, category);
  if (retryAt !== null && isRefused(step, error)) {
    return decision.recordStep("CallRefused", step, { error, retry_at: toRfc3339(retryAt) }, attempt);
  }
  if (retryAt !== null) {
    return decision.recordStep(
      "StepAttemptFailed",
      step,
      { error, retry_at: toRfc3339(retryAt), ...answered },
      attempt,
    );
  }
  if (fallsBack(decision, step, error, isTimeout)) return fallBack(decision, step, error, attempt);
  failForGood(decision, step, error, attempt, {
    ...answered,
    ...(options.input === undefined ? {} : { input: options.input }),
  });
  if (isTimeout && definition.timeoutAction === "cancel_and_cleanup" && decision.execution.ending === null) {
    decision.record("ExecutionTimeoutReached", { action: "cancel_and_cleanup", error });
  }
}

/**
 * For a time-out that asks for it, for an open circuit breaker, and for every other failure of a step that leads nowhere
 * on failure. A step whose fallback has failed does not begin it again.
 */
function fallsBack(decision: Decision, step: StepState, error: StepError, isTimeout: boolean): boolean {
  const { fallback, timeoutAction } = decision.stepOf(step);
  if (fallback === null || step.fallback !== null || step.scope.status === "cancelling") return false;
  const isAsked = (isTimeout && timeoutAction === "fallback") || error.code === "CIRCUIT_OPEN";
  if (!isAsked && failureEdge(decision, step).kind !== "none") return false;
  if (fallback.kind !== "inline" || fallback.when === null) return true;
  try {
    return decision.holds(fallback.when, step, { error: toJson(error) });
  } catch (thrown) {
    // A condition that cannot be evaluated asks for nothing; the step fails with the error it had.
    errorFrom(thrown);
    return false;
  }
}

/** No attempt has begun; an executor that answers with this code has made one. */
function isRefused(step: StepState, { code }: StepError): boolean {
  return code === "CIRCUIT_OPEN" && step.status !== "scheduled";
}

function fallBack(decision: Decision, step: StepState, error: StepError, attempt: number): void {
  const { fallback } = decision.stepOf(step);
  decision.recordStep("FallbackStarted", step, { error }, attempt);
  if (fallback?.kind !== "output") return;
  try {
    const output = decision.evaluate(fallback.output, step, { error: toJson(error) });
    decision.checkPayload(step, output, "output");
    recordCompleted(decision, step, { output: isObject(output) ? output : { value: output }, fallback: true }, attempt);
  } catch (thrown) {
    failForGood(decision, step, withSuppressed(error, errorFrom(thrown)), attempt, {});
  }
}

/** The fallback has ended: its output stands for the step's, or the step fails with its own first error. */
export function endFallback(decision: Decision, step: StepState, scope: ScopeState): void {
  const { closing, attempt } = step;
  if (closing?.kind === "cancel") return decision.recordStep("StepCancelled", step, { reason: closing.reason });
  if (closing?.kind === "skip" || closing?.kind === "give") return endByHand(decision, step, closing);
  const error = step.error ?? { code: "INTERNAL", message: `Step "${step.path}" fell back without an error.` };
  if (closing?.kind === "fail") return failForGood(decision, step, withSuppressed(error, closing.error), attempt, {});
  if (scope.status === "failing")
    return failForGood(decision, step, withSuppressed(error, errorOf(scope)), attempt, {});
  recordCompleted(decision, step, { output: lastOutput([scope]), fallback: true }, attempt);
}

function withSuppressed(error: StepError, later: StepError): StepError {
  return { ...error, suppressed: [...(error.suppressed ?? []), later] };
}

/** When the next attempt begins; null if there is none. */
function nextAttempt(
  decision: Decision,
  step: StepState,
  error: StepError,
  attempt: number,
  category: ErrorCategory | null,
): number | null {
  const { execution } = decision;
  const definition = decision.stepOf(step);
  const policy = policyOf(definition, error, category);
  const attempts = attempt - step.attemptBase;
  if (policy === null || attempts >= policy.attemptsMax) return null;
  if (step.scope.status === "cancelling") return null;
  try {
    const extras = { error: toJson(error) };
    const isAsked = category?.strategy === "retry" && error.retryable !== false;
    if (!isAsked && !isRetried(policy, error, (rule) => decision.holds(rule.condition, step, extras))) return null;
  } catch (thrown) {
    errorFrom(thrown);
    return null;
  }
  const random = createRandom(`${execution.id}/${execution.length}`);
  const retryAt = decision.now + delayMs(policy, Math.max(1, attempts), error, random);
  // An attempt that could begin only after everything is given up would do nobody good.
  return step.totalDeadline !== null && retryAt >= step.totalDeadline ? null : retryAt;
}

function failForGood(
  decision: Decision,
  step: StepState,
  error: StepError,
  attempt: number,
  data: Answered & { input?: Json },
): void {
  const { failureMessage } = decision.stepOf(step);
  const failure = failureEdge(decision, step);
  const extras = { error: toJson(error) };
  let shown = error;
  let pathTaken = false;
  try {
    if (failureMessage !== null) shown = { ...error, message: textOf(decision.evaluate(failureMessage, step, extras)) };
    if (failure.kind === "inline") pathTaken = failure.when === null || decision.holds(failure.when, step, extras);
  } catch (thrown) {
    shown = { ...shown, suppressed: [...(shown.suppressed ?? []), errorFrom(thrown)] };
  }
  const { ends, fallback, continues } = askRules(
    decision,
    step,
    { status: "failed", output: null, error: shown },
    attempt,
  );
  if (ends === null && fallback !== null) {
    return decision.recordStep("FallbackStarted", step, { error: shown, rule: fallback }, attempt);
  }
  const handler = ends === null ? handlerOf(decision.definition, decision.execution, step, shown) : null;
  if (handler !== null) {
    return decision.recordStep("FallbackStarted", step, { error: shown, category: handler.name }, attempt);
  }
  const follows = ends !== null ? { stops: true as const } : continues ? { continues: true as const } : {};
  const path = failure.kind === "inline" ? { path_taken: pathTaken && ends === null && !continues } : {};
  decision.recordStep("StepFailed", step, { error: shown, ...data, ...path, ...follows }, attempt);
  if (ends !== null) decision.record("ErrorRaised", ends);
}

/** The edges of a step that was called are not followed. */
function failureEdge(decision: Decision, step: StepState): FailureEdge {
  return step.scope.index === CALL_SCOPE ? { kind: "none" } : decision.stepOf(step).failure;
}

export function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Records the end that somebody has given the step. Neither its output mapping nor the error rules are asked. */
export function endByHand(decision: Decision, step: StepState, end: ManualEnd): void {
  const { manual } = end;
  if (end.kind === "skip") return decision.recordStep("StepSkipped", step, { reason: "manual", manual });
  const output = isObject(end.output) ? end.output : { value: end.output };
  decision.recordStep("StepCompleted", step, { output, manual }, attemptOf(step));
}

/** Cancels whatever the step is doing. Where something in it has to end first, the step only begins to wind up. */
export function cancel(decision: Decision, step: StepState, reason: string): void {
  if (step.closing?.kind === "cancel") return;
  if (windsUp(step)) decision.recordStep("StepClosing", step, { then: { kind: "cancel", reason } });
  else decision.recordStep("StepCancelled", step, { reason });
}

/** Whether something in it has to end before it can. */
export function windsUp({ inner, status }: StepState): boolean {
  return status === "running" || (status === "waiting" && inner?.kind === "child");
}

/** Everything in a step that was winding up has ended: now it ends as was said. */
export function finishClosing(
  decision: Decision,
  step: StepState,
  result: () => { result: Json; extras: Extras },
): void {
  const { closing } = step;
  switch (closing?.kind) {
    case "complete": {
      const { result: value, extras } = result();
      return complete(decision, step, value, { extras });
    }
    case "fail":
      return fail(decision, step, closing.error);
    case "cancel":
      return decision.recordStep("StepCancelled", step, { reason: closing.reason });
    case "skip":
    case "give":
      return endByHand(decision, step, closing);
    case undefined:
      throw new StepFailure({ code: "INTERNAL", message: `Expected step "${step.path}" to wind up.` });
  }
}
