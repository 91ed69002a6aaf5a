/** `condition` and `switch`: one list of steps is chosen, or none. The output is that of the last step that ran in it. */

import type { Json } from "../../base/json.ts";
import type { ConditionSpec, ScopeIndex, SwitchSpec } from "../../language/definition.ts";
import type { Decision } from "../decision.ts";
import { complete, fail, finishClosing } from "../ends.ts";
import type { ScopeState, StepState } from "../execution.ts";
import { lastOutput } from "../output.ts";
import { errorOf } from "../scopes.ts";
import { recordStart } from "./start.ts";

export function beginCondition(decision: Decision, step: StepState, spec: ConditionSpec): void {
  const chosen = decision.holds(spec.condition, step) ? spec.then : spec.else;
  recordStart(decision, step, { kind: "choice", chosen });
}

export function beginSwitch(decision: Decision, step: StepState, spec: SwitchSpec): void {
  recordStart(decision, step, { kind: "choice", chosen: chosenCase(decision, step, spec) });
}

function chosenCase(decision: Decision, step: StepState, spec: SwitchSpec): ScopeIndex | null {
  const fitting = spec.cases.find(({ when }) => decision.holds(when, step));
  return fitting?.scope ?? spec.default;
}

/** Nothing was chosen: the step has nothing to wait for. */
export function lookAtChoice(decision: Decision, step: StepState): void {
  if (step.status === "running" && step.inner?.kind === "choice" && step.inner.scope === null) {
    if (step.closing === null) complete(decision, step, {});
    else finishClosing(decision, step, () => ({ result: {}, extras: {} }));
  }
}

export function endChoiceScope(decision: Decision, step: StepState, scope: ScopeState): void {
  if (step.closing !== null) return finishClosing(decision, step, () => ({ result: resultOf(scope), extras: {} }));
  if (scope.status === "failing") return fail(decision, step, errorOf(scope));
  complete(decision, step, resultOf(scope));
}

function resultOf(scope: ScopeState): Json {
  return lastOutput([scope]);
}
