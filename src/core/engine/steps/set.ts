import type { Json } from "../../base/json.ts";
import { member } from "../../base/json.ts";
import type { SetSpec } from "../../language/definition.ts";
import type { Decision } from "../decision.ts";
import { complete } from "../ends.ts";
import type { StepState } from "../execution.ts";

/** Gives workflow variables new values; each sees those that stand before it. */
export function beginSet(decision: Decision, step: StepState, spec: SetSpec): void {
  const variables: Record<string, Json> = {};
  for (const [place, { name, value }] of spec.variables.entries()) {
    // The first sees those of the execution as they are.
    const extras = place === 0 || value.constant !== undefined ? undefined : { context: together(decision, variables) };
    variables[name] = decision.evaluate(value, step, extras);
    decision.checkPayload(step, member(variables, name) ?? null, "output");
  }
  complete(decision, step, variables, { data: { variables }, attempt: step.attempt + 1 });
}

function together({ execution }: Decision, variables: Readonly<Record<string, Json>>): Json {
  return { ...Object.fromEntries(execution.variables), ...variables };
}
