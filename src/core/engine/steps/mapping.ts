import type { Json } from "../../base/json.ts";
import type { MappingSpec } from "../../language/definition.ts";
import type { Decision } from "../decision.ts";
import { complete } from "../ends.ts";
import type { StepState } from "../execution.ts";
import { inputOf } from "./start.ts";

/** `transform` by expressions. Where the step has an `input`, that is what `input` means in its mapping. */
export function beginMapping(decision: Decision, step: StepState, spec: MappingSpec): void {
  const input: Json = inputOf(decision, step);
  const result = decision.evaluate(spec.mapping, step, { input });
  complete(decision, step, result, { data: { input }, attempt: step.attempt + 1 });
}
