import type { Json } from "../../base/json.ts";
import type { EmitSpec } from "../../language/definition.ts";
import { ExpressionError } from "../../language/expressions/evaluation.ts";
import type { Decision } from "../decision.ts";
import { complete, textOf } from "../ends.ts";
import type { StepState } from "../execution.ts";
import { inputOf } from "./start.ts";

/** Publishes an event to the other executions of the workspace. Its data is `data`, else the step's input, else nothing. */
export function beginEmit(decision: Decision, step: StepState, spec: EmitSpec): void {
  const name = textOf(decision.evaluate(spec.event, step));
  const data = dataOf(decision, step, spec);
  decision.checkPayload(step, data, "input");
  const key = spec.correlationKey === null ? null : decision.evaluate(spec.correlationKey, step);
  const id = `${decision.execution.id}/${decision.execution.length + 1}`;
  const emitted = { id, name, data, correlation_key: correlationText(key, "correlation_key") };
  complete(
    decision,
    step,
    { event_id: id, event: name },
    { data: { input: data, emitted }, attempt: step.attempt + 1 },
  );
}

function dataOf(decision: Decision, step: StepState, spec: EmitSpec): Json {
  if (spec.data !== null) return decision.evaluate(spec.data, step);
  return decision.stepOf(step).input === null ? null : inputOf(decision, step);
}

/** Keys are compared as text: the number 7 and the text "7" are one key. */
export function correlationText(value: Json, field: string): string | null {
  if (value === null) return null;
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new ExpressionError(
    `Expected ${field} to give a string or a number, but it gave ${JSON.stringify(value).slice(0, 60)}.`,
    0,
  );
}
