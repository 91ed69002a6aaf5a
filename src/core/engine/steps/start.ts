/** What the beginnings of steps have in common: recording the start with its deadlines, and working out the input. */

import type { Json } from "../../base/json.ts";
import { toRfc3339 } from "../../base/time.ts";
import type { Decision } from "../decision.ts";
import type { StartDetail } from "../events.ts";
import { CALL_SCOPE, type ScopeState, type StepState } from "../execution.ts";
import { timeoutOf } from "../timeouts.ts";

/** Records that a step began which does not end at once, with its deadlines. */
export function recordStart(decision: Decision, step: StepState, detail: StartDetail, input?: Json): void {
  const { totalTimeoutMs } = decision.stepOf(step);
  const timeoutMs = timeoutOf(decision.definition, step);
  decision.recordStep(
    "StepStarted",
    step,
    {
      ...(input === undefined ? {} : { input }),
      ...(timeoutMs === null ? {} : { due: toRfc3339(decision.now + timeoutMs) }),
      ...(totalTimeoutMs === null || step.totalDeadline !== null
        ? {}
        : { total_due: toRfc3339(decision.now + totalTimeoutMs) }),
      detail,
    },
    step.attempt + 1,
  );
}

/**
 * What was given by hand, the step's own input, or the default of the types that have one: the workflow's input, in a
 * loop body the item.
 * Throws where it cannot be evaluated or is too large.
 */
export function inputOf(decision: Decision, step: StepState): Json {
  const { input } = decision.stepOf(step);
  const given = decision.execution.stepInputs.get(step.path);
  if (given !== undefined) return given;
  const value = input === null ? defaultInput(decision, step) : decision.evaluate(input, step);
  if (input !== null) decision.checkPayload(step, value, "input");
  return value;
}

/** Whether the step has an input of its own, in the text or given by hand. */
export function hasInput(decision: Decision, step: StepState): boolean {
  return decision.stepOf(step).input !== null || decision.execution.stepInputs.has(step.path);
}

function defaultInput(decision: Decision, { scope }: StepState): Json {
  // A called step works on what the step was given that it is called for.
  if (scope.index === CALL_SCOPE && scope.owner?.input !== undefined) return scope.owner.input;
  for (let outer: ScopeState | null = scope; outer !== null; outer = outer.parent) {
    if (outer.iteration === null || outer.owner === null) continue;
    const { spec } = decision.stepOf(outer.owner);
    if (spec.kind === "loop") return outer.names?.get(spec.itemVariable) ?? null;
  }
  return decision.execution.input;
}
