import type { FailSpec } from "../../language/definition.ts";
import { type Decision, StepFailure } from "../decision.ts";
import { textOf } from "../ends.ts";
import type { StepState } from "../execution.ts";

/** Ends its scope as failed, with a code and message of the author's. */
export function beginFail(decision: Decision, step: StepState, spec: FailSpec): void {
  const details = spec.details === null ? undefined : decision.evaluate(spec.details, step);
  throw new StepFailure({
    code: spec.code === null ? "WORKFLOW_ERROR" : textOf(decision.evaluate(spec.code, step)),
    message:
      spec.message === null
        ? `Step "${decision.stepOf(step).name}" ended its scope as failed.`
        : textOf(decision.evaluate(spec.message, step)),
    ...(details === undefined ? {} : { details }),
  });
}
