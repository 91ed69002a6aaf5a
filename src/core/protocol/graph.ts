/** A definition as a drawing needs it: its steps, what joins them, and the lists that they stand in. */

import type { Definition, Step } from "../language/definition.ts";
import type { Graph, GraphEdge } from "./workflows.ts";

export function toGraph(definition: Definition): Graph {
  const nameOf = (index: number): string => definition.steps[index]?.name ?? "";
  return {
    name: definition.name,
    version: definition.version,
    nodes: definition.steps.map(({ name, type, scope, isSide, when, join }) => ({
      name,
      type,
      scope,
      is_side: isSide,
      has_condition: when !== null,
      join,
    })),
    edges: definition.steps.flatMap((step) => edgesFrom(step, nameOf)),
    scopes: definition.scopes.map(({ kind, name, owner, steps }) => ({
      kind,
      name,
      owner: owner === null ? null : nameOf(owner),
      steps: steps.map(nameOf),
    })),
  };
}

function edgesFrom(step: Step, nameOf: (index: number) => string): readonly GraphEdge[] {
  const edges: GraphEdge[] = [];
  const add = (to: number, kind: GraphEdge["kind"], recovers: boolean | null) => {
    edges.push({ from: step.name, to: nameOf(to), kind, recovers });
  };
  for (const target of step.success) add(target, "success", null);
  if (step.failure.kind === "step") add(step.failure.step, "failure", step.failure.recovers);
  if (step.fallback?.kind === "step") add(step.fallback.step, "fallback", null);
  if (step.compensate !== null) add(step.compensate, "compensate", null);
  return edges;
}
