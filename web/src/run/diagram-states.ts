/**
 * What the diagram says of each drawn step at a moment. A step inside a loop is drawn once and has happened many times: it shows
 * what most needs to be seen of them.
 */

import type { StepMessage, StepStatusWord } from "../../../src/core/protocol/executions.ts";
import type { StepState } from "../graph/marks.ts";
import type { Leases } from "./leases.ts";
import type { RunModel } from "./run-model.ts";

const WEIGHT: Readonly<Record<StepStatusWord, number>> = {
  pending: 0,
  skipped: 1,
  completed: 2,
  compensated: 3,
  cancelled: 4,
  scheduled: 5,
  waiting: 6,
  failed: 7,
  running: 8,
};

export function diagramStates(model: RunModel, seq: number, leases: Leases): ReadonlyMap<string, StepState> {
  const states = new Map<string, StepState>();
  for (const step of model.stepsAt(seq)) {
    const status = step.status === "scheduled" && leases.has(step.path) ? "running" : step.status;
    const before = states.get(step.name);
    if (before !== undefined && WEIGHT[before.status] >= WEIGHT[status]) continue;
    states.set(step.name, {
      status,
      attempts: step.attempts,
      iterations: iterationsOf(step),
      progress: leases.get(step.path)?.progress ?? null,
    });
  }
  return states;
}

function iterationsOf({ iterations }: StepMessage): string | null {
  if (iterations === undefined) return null;
  const ended = iterations.completed + iterations.failed + iterations.cancelled;
  return iterations.total === null ? `${ended} done` : `${ended} of ${iterations.total}`;
}

/** The place that a drawn step stands for: the last at which it has begun. */
export function placeOfStep(model: RunModel, seq: number, name: string): string {
  let found = name;
  for (const { path, name: other } of model.stepsAt(seq)) if (other === name) found = path;
  return found;
}
