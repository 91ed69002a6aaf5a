/**
 * A scope with handlers.
 *
 *     body ──completed──────────────► finally ──► completed
 *       └──failed──► a catch that fits ──► finally ──► completed, or failed with the catch's error
 *       └──failed──► none fits ──────────► finally ──► failed with the body's error
 *
 * `finally` runs in any case, also while the step is being cancelled, and is itself not stopped by that.
 */

import type { Json } from "../../base/json.ts";
import type { TrySpec } from "../../language/definition.ts";
import { type Decision, errorFrom } from "../decision.ts";
import { complete, fail, finishClosing } from "../ends.ts";
import type { StepError } from "../error.ts";
import type { ScopeState, StepState, TryInner } from "../execution.ts";
import { lastOutput } from "../output.ts";
import { fitsCode } from "../retry.ts";
import { errorOf } from "../scopes.ts";
import { toJson } from "../views.ts";
import { recordStart } from "./start.ts";

export function beginTry(decision: Decision, step: StepState): void {
  recordStart(decision, step, { kind: "try" });
}

export function endTryScope(decision: Decision, step: StepState, spec: TrySpec, scope: ScopeState): void {
  const inner = step.inner as TryInner;
  if (scope === inner.body && scope.status === "failing" && step.closing === null) {
    const error = errorOf(scope);
    const clause = clauseFor(decision, step, spec, error);
    if (clause !== -1) return decision.recordStep("CatchStarted", step, { clause, error });
  }
  if (scope !== inner.finally && spec.finally !== null) return decision.recordStep("FinallyStarted", step, {});
  end(decision, step, inner);
}

function clauseFor(decision: Decision, step: StepState, spec: TrySpec, error: StepError): number {
  return spec.catches.findIndex(({ codes, when }) => {
    if (codes.length > 0 && !codes.some((code) => fitsCode(code, error.code))) return false;
    if (when === null) return true;
    try {
      return decision.holds(when, step, { error: toJson(error) });
    } catch (thrown) {
      // A condition that cannot be evaluated does not catch; the error it was asked about stays the one that counts.
      errorFrom(thrown);
      return false;
    }
  });
}

function end(decision: Decision, step: StepState, inner: TryInner): void {
  const result = () => ({ result: resultOf(inner), extras: {} });
  if (step.closing !== null) return finishClosing(decision, step, result);
  const error = uncaught(inner);
  const later = inner.finally !== null && inner.finally.error !== null ? errorOf(inner.finally) : null;
  if (error !== null)
    return fail(
      decision,
      step,
      later === null ? error : { ...error, suppressed: [...(error.suppressed ?? []), later] },
    );
  if (later !== null) return fail(decision, step, later);
  complete(decision, step, resultOf(inner));
}

/** The error that the step fails with: the body's where nothing caught it, else the catch's own with the body's as cause. */
function uncaught({ body, catch: handler }: TryInner): StepError | null {
  if (body.error === null) return null;
  if (handler === null) return errorOf(body);
  if (handler.error === null) return null;
  const error = errorOf(handler);
  return error.cause === undefined ? { ...error, cause: errorOf(body) } : error;
}

function resultOf(inner: TryInner): Json {
  return lastOutput([inner.body, inner.catch, inner.finally].filter((scope) => scope !== null));
}
