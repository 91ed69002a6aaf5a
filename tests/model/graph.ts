/**
 * The edges of one list of steps, and which of its steps are side steps (rules 1 to 3). Written for reading, not for
 * speed: every question walks the whole list.
 */

import type { Step } from "./workflow.ts";

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly on: "success" | "failure";
}

export interface Graph {
  readonly isSide: readonly boolean[];
  readonly edges: readonly Edge[];
}

export function toGraph(steps: readonly Step[]): Graph {
  const isSide = findSideSteps(steps);
  return { isSide, edges: [...explicitEdges(steps), ...implicitEdges(steps, isSide)] };
}

/** Everything that can be reached from `start` along edges of either kind, `start` included. */
export function reachableFrom(graph: Graph, start: number): ReadonlySet<number> {
  const reached = new Set([start]);
  for (const from of reached) for (const edge of graph.edges) if (edge.from === from) reached.add(edge.to);
  return reached;
}

/** Rule 8: whether the flow goes on in this list after a failure that leads to step `handler`. */
export function recovers(graph: Graph, handler: number): boolean {
  return [...reachableFrom(graph, handler)].some((index) => graph.isSide[index] === false);
}

export function hasCycle(graph: Graph): boolean {
  return graph.edges.some((edge) => reachableFrom(graph, edge.to).has(edge.from));
}

function findSideSteps(steps: readonly Step[]): readonly boolean[] {
  // Rule 3, the exception: who names the very next step in `on_failure` wants to go on anyway; it stays a main step.
  const isGoOn = steps.map((step, i) => failureTarget(steps[i - 1]) === step.name);
  const isHandler = steps.map((step, i) => steps.some((other, j) => j !== i - 1 && failureTarget(other) === step.name));
  // Rule 3, first half. Whoever is asked for here counts as main if nobody uses it as a handler.
  const isSide = steps.map((step, i) => {
    const isNamedByMain = steps.some(
      (other, j) => !isHandler[j] && (other.onSuccess?.includes(step.name) || other.dependsOn?.includes(step.name)),
    );
    return isHandler[i] === true && !isGoOn[i] && !isNamedByMain;
  });
  // Rule 3, second half: once, from top to bottom.
  steps.forEach((step, i) => {
    const namers = [
      ...explicitEdges(steps).flatMap((edge) => (edge.to === i ? [edge.from] : [])),
      ...steps.flatMap((other, j) => (other.dependsOn?.includes(step.name) ? [j] : [])),
    ];
    const isNamedBySideOnly = namers.length > 0 && namers.every((j) => isSide[j]);
    if (i > 0 && isSide[i - 1] && isNamedBySideOnly) isSide[i] = true;
  });
  return isSide;
}

function explicitEdges(steps: readonly Step[]): readonly Edge[] {
  const place = (name: string) => steps.findIndex((step) => step.name === name);
  return steps.flatMap((step, i): readonly Edge[] => {
    const failure = failureTarget(step);
    return [
      ...(step.onSuccess ?? []).map((name): Edge => ({ from: i, to: place(name), on: "success" })),
      ...(step.dependsOn ?? []).map((name): Edge => ({ from: place(name), to: i, on: "success" })),
      ...(failure === null ? [] : [{ from: i, to: place(failure), on: "failure" } as const]),
    ];
  });
}

/** Rule 1: a main step that does not say where it leads leads to the next main step, unless that one names its own origins. */
function implicitEdges(steps: readonly Step[], isSide: readonly boolean[]): readonly Edge[] {
  return steps.flatMap((step, from): readonly Edge[] => {
    const to = isSide.indexOf(false, from + 1);
    if (isSide[from] || step.onSuccess !== null || to === -1 || steps[to]?.dependsOn !== null) return [];
    return [{ from, to, on: "success" }];
  });
}

/** The step of the same list to which a failure leads. */
export function failureTarget(step: Step | undefined): string | null {
  return step?.onFailure && "step" in step.onFailure ? step.onFailure.step : null;
}
