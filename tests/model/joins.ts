/** When a step may begin, and when it no longer can (rules 4 and 5). Asked of the edges as they are, each time. */

import { incoming, type StepRun } from "./state.ts";

export function mayBegin(step: StepRun): boolean {
  if (step.status !== "pending" || step.scope.result !== "open") return false;
  if (isEntry(step)) return true;
  const edges = incoming(step);
  switch (joinOf(step)) {
    case "settled":
      return edges.open === 0 && edges.taken > 0;
    case "all":
      return edges.open + edges.dead === 0;
    case "any":
      return edges.taken > 0;
  }
}

/** Nothing can lead to it any more. */
export function isDead(step: StepRun): boolean {
  if (step.status !== "pending" || isEntry(step)) return false;
  const edges = incoming(step);
  return joinOf(step) === "all" ? edges.dead > 0 : edges.open + edges.taken === 0;
}

function isEntry(step: StepRun): boolean {
  return !step.scope.graph.isSide[step.index] && !step.scope.graph.edges.some((edge) => edge.to === step.index);
}

function joinOf(step: StepRun): "settled" | "all" | "any" {
  return step.step.join ?? (step.step.dependsOn === null ? "settled" : "all");
}
