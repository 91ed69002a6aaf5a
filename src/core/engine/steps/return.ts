import type { ReturnSpec } from "../../language/definition.ts";
import type { Decision } from "../decision.ts";
import { attemptOf } from "../ends.ts";
import type { StepState } from "../execution.ts";
import { executionOutput } from "../output.ts";

/** Completes the execution from any depth. What runs is cancelled; `finally` blocks still run. */
export function beginReturn(decision: Decision, step: StepState, spec: ReturnSpec): void {
  const output = spec.output === null ? executionOutput(decision) : decision.evaluate(spec.output, step);
  decision.checkPayload(step, output, "output");
  decision.recordStep("StepCompleted", step, { output, returns: { output } }, attemptOf(step));
}
