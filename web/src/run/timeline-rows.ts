/**
 * The rows of the timeline: the tree of places as far as it is open. Iterations of a loop with many are folded at first, and
 * told by how many there are of each state.
 */

import type { StepStatusWord } from "../../../src/core/protocol/executions.ts";
import { isIteration, lastPart } from "./paths.ts";
import type { Place, RunModel } from "./run-model.ts";

export interface TimelineRow {
  readonly place: Place;
  readonly path: string;
  readonly label: string;
  readonly depth: number;
  readonly canFold: boolean;
  readonly isOpen: boolean;
}

const ITERATIONS_OPEN_MAX = 5;

/** `flipped` are the rows that somebody has opened or folded against how they stand at first. */
export function rowsOf(model: RunModel, flipped: ReadonlySet<string>, seq: number): readonly TimelineRow[] {
  const rows: TimelineRow[] = [];
  const add = (place: Place, depth: number) => {
    if (place.firstSeq > seq) return;
    const canFold = place.children.length > 0;
    const isOpen = canFold && isOpenAtFirst(place) !== flipped.has(place.path);
    rows.push({ place, path: place.path, label: lastPart(place.path), depth, canFold, isOpen });
    if (isOpen) for (const child of place.children) add(child, depth + 1);
  };
  for (const place of model.roots) add(place, 0);
  return rows;
}

function isOpenAtFirst({ children }: Place): boolean {
  const [first] = children;
  return first === undefined || !isIteration(first.path) || children.length <= ITERATIONS_OPEN_MAX;
}

/** Of each state how many of the places directly inside are in it. */
export function histogramOf(
  model: RunModel,
  place: Place,
  seq: number,
): readonly (readonly [StepStatusWord, number])[] {
  const counts = new Map<StepStatusWord, number>();
  for (const child of place.children) {
    if (child.firstSeq > seq) continue;
    const status = statusOf(model, child, seq);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return [...counts];
}

/** A branch or an iteration has no state of its own: its line says how it stands. */
export function statusOf(model: RunModel, place: Place, seq: number): StepStatusWord {
  const step = model.stepAt(place.path, seq);
  if (step !== null) return step.status;
  const last = place.segments.at(-1);
  const at = Date.parse(model.eventAt(seq)?.at ?? "");
  if (last === undefined) return "running";
  if (last.to === null || last.to > at) return last.kind === "queue" ? "scheduled" : "running";
  return last.outcome === "failed" ? "failed" : last.outcome === "cancelled" ? "cancelled" : "completed";
}
