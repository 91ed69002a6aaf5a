/** What the generator makes has to be worth running: each thing that the rules speak of must come up. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRandom } from "../../src/core/base/random.ts";
import { workflows } from "./generate.ts";
import { hasCycle, recovers, toGraph } from "./graph.ts";
import { predict } from "./predict.ts";
import { allSteps, listsOf, type Step, type Workflow } from "./workflow.ts";

const SAMPLE = 400;
const SEED = 1;
/** So many workflows of the sample must show each thing, or a change to the generator has lost it. */
const ENOUGH = 4;

const FEATURES: Readonly<Record<string, (workflow: Workflow) => boolean>> = {
  "side steps": (workflow) => allLists(workflow).some((steps) => toGraph(steps).isSide.includes(true)),
  "chains of side steps": (workflow) => allLists(workflow).some(hasSideChain),
  "recovered failures": (workflow) => handlers(workflow).includes(true),
  "final failures": (workflow) => handlers(workflow).includes(false),
  "inline failure paths": has((step) => step.onFailure !== null && "steps" in step.onFailure),
  "join settled": has((step) => step.join === "settled"),
  "join all": has((step) => step.join === "all"),
  "join any": has((step) => step.join === "any"),
  "steps that start at once": has((step) => step.dependsOn?.length === 0),
  "steps with several origins": has((step) => (step.dependsOn?.length ?? 0) > 1),
  "steps that lead to several": has((step) => (step.onSuccess?.length ?? 0) > 1),
  "steps that lead nowhere": has((step) => step.onSuccess?.length === 0),
  "retried containers": has((step) => step.retry !== null && step.action.type !== "function"),
  "while loops": has((step) => step.action.type === "loop" && step.action.over.kind === "while"),
  chunks: has(
    (step) => step.action.type === "loop" && step.action.over.kind === "each" && step.action.over.chunkSize === 2,
  ),
  finally: has((step) => step.action.type === "try" && step.action.finally !== null),
  "returns in containers": (workflow) =>
    workflow.steps
      .flatMap(listsOf)
      .flatMap(allSteps)
      .some((step) => step.action.type === "return"),
  "many steps": (workflow) => allSteps(workflow.steps).length >= 30,
  "completed executions": (workflow) => outcome(workflow).status === "completed",
  "failed executions": (workflow) => outcome(workflow).status === "failed",
  "cancelled executions": (workflow) => outcome(workflow).status === "cancelled",
  "second failures": (workflow) => outcome(workflow).suppressed.length > 0,
  "exhausted loops": (workflow) =>
    [...outcome(workflow).steps.values()].some((step) => step.code === "ITERATION_LIMIT"),
};

test("every generated list is free of cycles, and every name is used once", () => {
  for (const workflow of sample()) {
    const names = allSteps(workflow.steps).map((step) => step.name);
    assert.equal(new Set(names).size, names.length);
    assert.equal(
      allLists(workflow).some((steps) => hasCycle(toGraph(steps))),
      false,
    );
  }
});

for (const [feature, isIn] of Object.entries(FEATURES)) {
  test(`generated workflows have ${feature}`, () => {
    const count = sample().filter(isIn).length;
    assert.ok(count >= ENOUGH, `Expected at least ${ENOUGH} of ${SAMPLE}, but ${count} do.`);
  });
}

let drawn: readonly Workflow[] | null = null;

function sample(): readonly Workflow[] {
  drawn ??= fc.sample(workflows(), { numRuns: SAMPLE, seed: SEED });
  return drawn;
}

function outcome(workflow: Workflow): ReturnType<typeof predict> {
  return predict(workflow, createRandom("outcome"), 0);
}

function has(isWanted: (step: Step) => boolean): (workflow: Workflow) => boolean {
  return (workflow) => allSteps(workflow.steps).some(isWanted);
}

function allLists(workflow: Workflow): readonly (readonly Step[])[] {
  return [workflow.steps, ...allSteps(workflow.steps).flatMap(listsOf)];
}

/** For each `on_failure` that names a step: whether it recovers. */
function handlers(workflow: Workflow): readonly boolean[] {
  return allLists(workflow).flatMap((steps) => {
    const graph = toGraph(steps);
    return graph.edges.filter((edge) => edge.on === "failure").map((edge) => recovers(graph, edge.to));
  });
}

function hasSideChain(steps: readonly Step[]): boolean {
  const graph = toGraph(steps);
  return graph.edges.some((edge) => graph.isSide[edge.from] && graph.isSide[edge.to]);
}
