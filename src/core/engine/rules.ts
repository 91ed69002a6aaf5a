/**
 * Error rules: looked at when a step has ended for good, after its fallback and before its edges. Each fires at most once.
 * The first one that ends the execution wins; the others may tell somebody, let another step stand in, or let the flow go on.
 */

import type { Json } from "../base/json.ts";
import type { ErrorRule } from "../language/definition.ts";
import { type Decision, errorFrom } from "./decision.ts";
import type { StepError } from "./error.ts";
import type { StepState } from "./execution.ts";
import { toJson } from "./views.ts";

/** What the rules say about the end of a step. */
export interface Verdict {
  /** The execution ends as failed with this error. */
  readonly ends: { readonly rule: number; readonly error: StepError } | null;
  /** The step of this rule stands in for the one that failed. */
  readonly fallback: number | null;
  /** The failed step's success edges are taken. */
  readonly continues: boolean;
}

export const NO_VERDICT: Verdict = { ends: null, fallback: null, continues: false };

/** `end` is how the step is about to end: the conditions see it as if it had. */
export function askRules(
  decision: Decision,
  step: StepState,
  end: { readonly status: "completed" | "failed"; readonly output: Json; readonly error: StepError | null },
  attempt: number,
): Verdict {
  const { definition, execution } = decision;
  const isAsked = definition.errorRules.length > 0 && execution.ending === null && execution.compensation === null;
  if (!isAsked || step.scope.role !== null) return NO_VERDICT;
  const ended: StepState = { ...step, ...end };
  let verdict = NO_VERDICT;
  for (const [rule, { condition, action }] of definition.errorRules.entries()) {
    if (execution.firedRules.has(rule) || !holds(decision, step, ended, condition)) continue;
    if (action.kind === "fallback" && (end.status !== "failed" || step.fallback !== null)) continue;
    if (action.kind === "continue" && end.status !== "failed") continue;
    const notice = action.kind === "notify" ? { notice: noticeOf(decision, step, ended, action.notice) } : {};
    decision.recordStep("RuleFired", step, { rule, action: action.kind, ...notice }, attempt);
    switch (action.kind) {
      case "return_error":
      case "compensate":
        return { ...NO_VERDICT, ends: { rule, error: errorOfRule(decision, step, ended, action) } };
      case "fallback":
        verdict = { ...verdict, fallback: verdict.fallback ?? rule };
        break;
      case "continue":
        verdict = { ...verdict, continues: true };
        break;
      case "notify":
        break;
    }
  }
  return verdict;
}

/** A condition that cannot be evaluated does not hold: rules speak of steps that may not have run. */
function holds(decision: Decision, step: StepState, ended: StepState, condition: ErrorRule["condition"]): boolean {
  try {
    return decision.holds(condition, step, { error: toJson(ended.error) }, ended);
  } catch (thrown) {
    errorFrom(thrown);
    return false;
  }
}

function errorOfRule(
  decision: Decision,
  step: StepState,
  ended: StepState,
  action: Extract<ErrorRule["action"], { kind: "return_error" | "compensate" }>,
): StepError {
  const extras = { error: toJson(ended.error) };
  const read = (value: Parameters<Decision["evaluate"]>[0] | null) =>
    value === null ? null : decision.evaluate(value, step, extras, ended);
  const name = decision.stepOf(step).name;
  try {
    const message = read(action.message);
    if (action.kind === "compensate") {
      const error = ended.error ?? {
        code: "WORKFLOW_ERROR",
        message: `An error rule ended the execution after step "${name}".`,
        step: name,
      };
      return message === null ? error : { ...error, message: textOf(message) };
    }
    const code = read(action.code);
    const details = read(action.details);
    return {
      code: code === null ? "WORKFLOW_ERROR" : textOf(code),
      message: message === null ? `An error rule ended the execution after step "${name}".` : textOf(message),
      ...(details === null ? {} : { details }),
      step: name,
      ...(ended.error === null ? {} : { cause: ended.error }),
    };
  } catch (thrown) {
    return errorFrom(thrown);
  }
}

function noticeOf(
  decision: Decision,
  step: StepState,
  ended: StepState,
  fields: Readonly<Record<string, Parameters<Decision["evaluate"]>[0]>>,
): Readonly<Record<string, Json>> {
  const notice: Record<string, Json> = {};
  for (const [name, value] of Object.entries(fields)) {
    try {
      notice[name] = decision.evaluate(value, step, { error: toJson(ended.error) }, ended);
    } catch (thrown) {
      // Better a notice that says what is wrong with it than none.
      notice[name] = errorFrom(thrown).message;
    }
  }
  return notice;
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
