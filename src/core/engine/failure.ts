/** What follows from a failure for good: its fallback, its edge, or the end of its scope. */

import { defined } from "../base/bug.ts";
import type { Json } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { Definition, FailureEdge, Fallback, Step } from "../language/definition.ts";
import { begin } from "./attempt.ts";
import type { StepError } from "./error.ts";
import { CALL_SCOPE, type Execution, ownScopes, type StepState } from "./execution.ts";
import { beginFailing, createCall, createScope, dropScope, endScope, settleEdges } from "./scopes.ts";

const NO_EDGE: FailureEdge = { kind: "none" };

export function followFailure(definition: Definition, execution: Execution, step: StepState, pathTaken: boolean): void {
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

interface StartOfFallback {
  readonly error: StepError;
  readonly rule?: number;
  readonly category?: string;
  readonly attempt: number;
  readonly at: Instant;
}

export function startFallback(
  definition: Definition,
  execution: Execution,
  step: StepState,
  start: StartOfFallback,
): void {
  const { error, attempt, at } = start;
  const fallback = fallbackOf(definition, step, start);
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

function fallbackOf(definition: Definition, step: StepState, { rule, category }: StartOfFallback): Fallback | null {
  if (category !== undefined) return definition.errorCategories.find((each) => each.name === category)?.handler ?? null;
  if (rule === undefined) return (definition.steps[step.index] as Step).fallback;
  const action = definition.errorRules[rule]?.action;
  return action?.kind === "fallback" ? { kind: "step", step: action.step } : null;
}
