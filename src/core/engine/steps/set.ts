import type { Json } from "../../base/json.ts";
import { member } from "../../base/json.ts";
import type { SetSpec } from "../../language/definition.ts";
import type { Decision } from "../decision.ts";
import { complete } from "../ends.ts";
import type { StepState } from "../execution.ts";

/** Gives workflow variables new values; each sees those that stand before it. */
export function beginSet(decision: Decision, step: StepState, spec: SetSpec): void {
  const variables: Record<string, Json> = {};
  for (const { name, value } of spec.variables) {
    const context = { ...Object.fromEntries(decision.execution.variables), ...variables };
    variables[name] = value.constant !== undefined ? value.constant : decision.evaluate(value, step, { context });
    decision.checkPayload(step, member(variables, name) ?? null, "output");
  }
  complete(decision, step, variables, { data: { variables }, attempt: step.attempt + 1 });
}
