/**
 * Error categories: the first one of the workflow that fits a failure says what is done about it.
 *
 *     failure ──► category ─┬─ retry             tried again, also where its code alone would not be
 *                           ├─ fail_immediately  not tried again, whatever the policy says
 *                           └─ handler           failed for good and without a fallback, others stand in for the step
 */

import {
  CALLING_TYPES,
  type Definition,
  type ErrorCategory,
  type RetryPolicy,
  type Step,
} from "../language/definition.ts";
import type { StepError } from "./error.ts";
import type { Execution, StepState } from "./execution.ts";
import { fitsCode, policyFor } from "./retry.ts";

/** What a pattern looks at of a message: patterns take time that grows with the text. */
const MESSAGE_LENGTH_MAX = 2000;

/**
 * A failure that comes from inside a container was put into its category there. It may still forbid that the container is
 * tried again, or ask for it.
 */
export function categoryOf(definition: Definition, step: Step, met: StepError): ErrorCategory | null {
  const { errorCategories } = definition;
  if (errorCategories.length === 0) return null;
  if (met.step !== undefined && step.spec.kind !== "workflow") {
    return errorCategories.find(({ name }) => name === met.category) ?? null;
  }
  return errorCategories.find((category) => fits(category, met)) ?? null;
}

function fits({ patterns }: ErrorCategory, { code, message }: StepError): boolean {
  const shown = message.slice(0, MESSAGE_LENGTH_MAX);
  return patterns.some((pattern) =>
    pattern.kind === "code" ? fitsCode(pattern.code, code.toUpperCase()) : pattern.regex.test(shown),
  );
}

/** What an executor or a child calls a category is none of this workflow. */
export function withCategory(met: StepError, category: ErrorCategory | null): StepError {
  if (category !== null) return { ...met, category: category.name };
  if (met.category === undefined) return met;
  const { category: _, ...rest } = met;
  return rest;
}

/** The policy by which the step is tried again after this error. Containers and local steps have none but their own. */
export function policyOf(step: Step, error: StepError, category: ErrorCategory | null): RetryPolicy | null {
  if (category?.strategy === "fail_immediately") return null;
  if (category?.strategy !== "retry" || step.isRetryOwn) return policyFor(step, error);
  return CALLING_TYPES.has(step.type) ? category.retry : null;
}

/** Who stands in for a step that has failed for good; nobody inside of what stands in itself, undoes, or handles errors. */
export function handlerOf(
  definition: Definition,
  execution: Execution,
  step: StepState,
  error: StepError,
): ErrorCategory | null {
  const category = definition.errorCategories.find(({ name }) => name === error.category);
  if (category?.strategy !== "handler" || step.fallback !== null) return null;
  if (step.scope.status === "cancelling" || execution.ending !== null || isInCall(step)) return null;
  const { name, spec } = definition.steps[step.index] as Step;
  return error.step === name || spec.kind === "workflow" ? category : null;
}

function isInCall(step: StepState): boolean {
  for (let inner: StepState | null = step; inner !== null; inner = inner.scope.owner) {
    if (inner.scope.role !== null) return true;
  }
  return false;
}
