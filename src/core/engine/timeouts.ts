import type { Definition, Step } from "../language/definition.ts";
import type { StepState } from "./execution.ts";

/** While what completed is undone the workflow's time-out no longer counts: each compensation has one of its own. */
const COMPENSATION_TIMEOUT_MS = 300_000;

/** The time of one attempt; null where it may take for ever. */
export function timeoutOf(definition: Definition, step: StepState): number | null {
  const { timeoutMs } = definition.steps[step.index] as Step;
  return timeoutMs ?? (step.scope.role === "compensate" ? COMPENSATION_TIMEOUT_MS : null);
}
