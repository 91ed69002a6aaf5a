/** The outputs that are put together from several steps: a container's, and that of the whole execution. */

import { isObject, type Json, type JsonObject, member } from "../base/json.ts";
import type { Decision } from "./decision.ts";
import type { ScopeState, StepState } from "./execution.ts";
import { scopesIn } from "./execution.ts";

/** The output of the step that completed last in these scopes; `{}` if none did. */
export function lastOutput(scopes: readonly ScopeState[]): Json {
  return newest(scopes.flatMap((scope) => scope.steps))?.output ?? {};
}

/**
 * By `spec.output`; without it each property of the output schema from the newest step output that has it; without a
 * schema the output of the main step that completed last. Throws where the mapping cannot be evaluated.
 */
export function executionOutput(decision: Decision): Json {
  const { definition, execution } = decision;
  const { root } = execution;
  if (root === null) return {};
  if (definition.output !== null) return decision.evaluate(definition.output, root);
  const names = definition.outputSchema?.propertyNames ?? null;
  if (names !== null) return byName(root, names);
  return newest(root.steps.filter((step) => !decision.stepOf(step).isSide))?.output ?? {};
}

function byName(root: ScopeState, names: readonly string[]): JsonObject {
  const newestFirst = completedIn(root).sort((a, b) => b.endSeq - a.endSeq);
  const output: Record<string, Json> = {};
  for (const name of names) {
    for (const step of newestFirst) {
      const value = isObject(step.output) ? member(step.output, name) : undefined;
      if (value === undefined) continue;
      output[name] = value;
      break;
    }
  }
  return output;
}

function completedIn(scope: ScopeState): StepState[] {
  const scopes = [scope, ...(scope.failurePath === null ? [] : [scope.failurePath])];
  return scopes.flatMap((each) =>
    each.steps.flatMap((step) => [
      ...(step.status === "completed" ? [step] : []),
      ...scopesIn(step).flatMap(completedIn),
    ]),
  );
}

function newest(steps: readonly StepState[]): StepState | null {
  let last: StepState | null = null;
  for (const step of steps) {
    if (step.status === "completed" && (last === null || step.endSeq > last.endSeq)) last = step;
  }
  return last;
}
