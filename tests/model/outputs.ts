/** What steps and executions give, as far as the language settles it; undefined is what it leaves open. */

import type { Json } from "../../src/core/base/json.ts";
import type { Run, StepRun } from "./state.ts";
import type { Workflow } from "./workflow.ts";

/** The mapped output, else that of the last main step to end. Left open: when that one has none. */
export function executionOutput(run: Run, workflow: Workflow): Json | undefined {
  if (workflow.showsStatuses) return Object.fromEntries(run.root.steps.map((step) => [step.step.name, step.status]));
  const last = lastToEnd(run.root.steps.filter((step) => !run.root.graph.isSide[step.index]));
  return last?.status === "completed" ? last.output : undefined;
}

/** A container gives the output of the last step that ran in it. Left open: what a `finally` step counts. */
export function outputOf(owner: StepRun): Json | undefined {
  const { action } = owner.step;
  if (action.type === "loop") return { count: owner.children.length };
  if (action.type === "parallel" || owner.children.some((scope) => scope.kind === "finally")) return undefined;
  const ran = owner.children
    .flatMap((scope) => scope.steps)
    .filter((step) => step.status === "completed" || step.status === "failed");
  return ran.length === 0 ? {} : lastToEnd(ran)?.output;
}

function lastToEnd(steps: readonly StepRun[]): StepRun | undefined {
  return steps.toSorted((a, b) => b.ended - a.ended)[0];
}
