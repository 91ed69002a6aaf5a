/** What the compiler makes of a workflow's edges, compared with the model's: a mistake there is found before anything runs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defined } from "../../src/core/base/bug.ts";
import type { Definition } from "../../src/core/language/definition.ts";
import { loadWorkflow } from "../../src/core/language/load.ts";
import { workflows } from "./generate.ts";
import { reachableFrom, recovers, toGraph } from "./graph.ts";
import { allSteps, listsOf, type Step, type Workflow } from "./workflow.ts";
import { toYaml } from "./yaml.ts";

const RUNS = Number(process.env["FLOW_RUNS"] ?? 200);
const SEED = Number(process.env["FLOW_SEED"] ?? 20_260_101);

test("the compiler gives every step the edges that the rules give it", () => {
  fc.assert(fc.property(workflows(), checkEdges), { seed: SEED, numRuns: RUNS });
});

function checkEdges(workflow: Workflow): void {
  const text = toYaml(workflow);
  const { definition } = loadWorkflow(text);
  const lists = [workflow.steps, ...allSteps(workflow.steps).flatMap(listsOf)];
  const expected = Object.fromEntries(lists.flatMap(expectedEdges).toSorted(byName));
  const found = Object.fromEntries(foundEdges(defined(definition, "a valid workflow")).toSorted(byName));
  assert.deepEqual(found, expected, text);
}

interface Edges {
  readonly isSide: boolean;
  /** As `success a` or `failure a`. */
  readonly incoming: readonly string[];
  readonly success: readonly string[];
  readonly recovers: boolean | null;
  readonly path: readonly string[];
}

function expectedEdges(steps: readonly Step[]): readonly (readonly [string, Edges])[] {
  const graph = toGraph(steps);
  const name = (i: number) => defined(steps[i], "a step of the list").name;
  return steps.map((step, i) => {
    const failure = graph.edges.find((edge) => edge.from === i && edge.on === "failure");
    const edges = {
      isSide: graph.isSide[i] === true,
      incoming: graph.edges.filter((edge) => edge.to === i).map((edge) => `${edge.on} ${name(edge.from)}`),
      success: graph.edges.filter((edge) => edge.from === i && edge.on === "success").map((edge) => name(edge.to)),
      recovers: failure === undefined ? null : recovers(graph, failure.to),
      path: failure === undefined ? [] : [...reachableFrom(graph, failure.to)].map(name),
    };
    return [step.name, sorted(edges)];
  });
}

function foundEdges(definition: Definition): readonly (readonly [string, Edges])[] {
  const name = (index: number) => defined(definition.steps[index], "a step of the definition").name;
  return definition.steps.map((step) => {
    const edges = {
      isSide: step.isSide,
      incoming: step.incoming.map((edge) => `${edge.on} ${name(edge.from)}`),
      success: step.success.map(name),
      recovers: step.failure.kind === "step" ? step.failure.recovers : null,
      path: step.failure.kind === "step" ? step.failure.path.map(name) : [],
    };
    return [step.name, sorted(edges)];
  });
}

function sorted(edges: Edges): Edges {
  return {
    ...edges,
    incoming: edges.incoming.toSorted(),
    success: edges.success.toSorted(),
    path: edges.path.toSorted(),
  };
}

function byName([a]: readonly [string, Edges], [b]: readonly [string, Edges]): number {
  return a < b ? -1 : 1;
}
