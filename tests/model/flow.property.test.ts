/**
 * Thousands of workflows by chance, each run on the engine and compared with what the model says must become of it.
 *
 *     FLOW_RUNS=10000 FLOW_SEED=7 node --test tests/model/flow.property.test.ts
 *
 * A failure prints the seed, the smallest workflow that still shows it, and the moves.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defined } from "../../src/core/base/bug.ts";
import { createRandom } from "../../src/core/base/random.ts";
import type { Definition } from "../../src/core/language/definition.ts";
import { loadWorkflow } from "../../src/core/language/load.ts";
import { drive } from "./driver.ts";
import { workflows } from "./generate.ts";
import type { Move } from "./predict.ts";
import type { Workflow } from "./workflow.ts";
import { toYaml } from "./yaml.ts";

/** So many take a few seconds, and half a minute on a busy machine. */
const RUNS = Number(process.env["FLOW_RUNS"] ?? 400);
const SEED = Number(process.env["FLOW_SEED"] ?? 20_260_101);
const STARTED_AT = Date.UTC(2026, 0, 1);

test("the engine does with any workflow what the rules say", () => {
  fc.assert(fc.property(workflows(), fc.nat(999), checkRun), { seed: SEED, numRuns: RUNS });
});

function checkRun(workflow: Workflow, schedule: number): void {
  const { moves, mismatch } = drive(load(workflow), workflow, createRandom(`schedule ${schedule}`), STARTED_AT);
  if (mismatch !== null) throw new Error(describe(workflow, moves, mismatch));
}

function load(workflow: Workflow): Definition {
  const { definition, diagnostics } = loadWorkflow(toYaml(workflow));
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === "error");
  assert.deepEqual(errors, [], "A generated workflow is valid.");
  return defined(definition, "a valid workflow to have a definition");
}

function describe(workflow: Workflow, moves: readonly Move[], mismatch: string): string {
  const lines = moves.map((move) => {
    const details = [move.kind, "path" in move ? move.path : "", "code" in move ? move.code : ""].filter(Boolean);
    return `${details.join(" ")}   # waits for ${move.outstanding.join(", ")}`;
  });
  return [toYaml(workflow), ...lines, mismatch].join("\n");
}
