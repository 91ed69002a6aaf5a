import type { Json, JsonObject } from "../../base/json.ts";
import type { ValidateSpec } from "../../language/definition.ts";
import { type Decision, StepFailure } from "../decision.ts";
import { complete } from "../ends.ts";
import type { StepState } from "../execution.ts";
import { inputOf } from "./start.ts";

/** Checks the step's input. Gives `{valid, errors}`, or fails with every violation in its details. */
export function beginValidate(decision: Decision, step: StepState, spec: ValidateSpec): void {
  const input = inputOf(decision, step);
  const errors: readonly JsonObject[] = [
    ...(spec.schema?.check(input) ?? []).map(({ pointer, message }) => ({ pointer, message })),
    ...spec.rules
      .filter(({ condition }) => !decision.holds(condition, step, { input }))
      .map(({ name, message }) => ({ rule: name, message })),
  ];
  if (errors.length > 0 && spec.onInvalid === "fail") {
    const first = errors[0] as { readonly message: string };
    throw new StepFailure({
      code: "VALIDATION_FAILED",
      message: errors.length === 1 ? first.message : `${first.message} And ${errors.length - 1} more.`,
      details: { errors } as Json,
    });
  }
  complete(decision, step, { valid: errors.length === 0, errors } as Json, {
    data: { input },
    attempt: step.attempt + 1,
  });
}
