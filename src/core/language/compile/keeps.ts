/**
 * What of its finished iterations a loop has to keep, so that a loop of a hundred thousand costs no more memory than what
 * somebody reads of it.
 *
 *     $.all.iterations[*].steps.reserve.output   keeps reserve
 *     $.all.iterations[*].status                 keeps number, status and error, no step
 *     $.all.iterations                           keeps all steps
 */

import type { LoopSpec } from "../definition.ts";
import type { OutlineStep } from "../outline.ts";
import type { Lookup } from "./lookup.ts";

export function keepsOf(loop: OutlineStep, lookup: Lookup): LoopSpec["keeps"] {
  const names = new Set<string>();
  const paths = readsOfIterations(loop, lookup);
  if (paths.length === 0) return "nothing";
  for (const path of paths) {
    const kept = keptBy(path);
    if (kept === "all") return "all";
    if (kept !== null) names.add(kept);
  }
  return [...names].sort();
}

/** What follows `iterations` wherever the definition reads those of this loop. */
function readsOfIterations(loop: OutlineStep, lookup: Lookup): readonly (readonly string[])[] {
  return lookup.readings.flatMap((reading) => {
    const isOwn = reading.step === loop && reading.fields[0] === "output";
    return reading.references.flatMap(({ root, path }) => {
      if (isOwn && root === "iterations") return [path];
      return membersOf(loop.name, root, path).flatMap(iterationsIn);
    });
  });
}

/** The members that a reference takes of the step `name`: directly, below `steps`, or in the iterations of a loop around it. */
function membersOf(name: string, root: string, path: readonly string[]): readonly (readonly string[])[] {
  if (root === name) return [path];
  const found: (readonly string[])[] = [];
  if (root === "steps" && (path[0] === name || path[0] === "*" || path[0] === "**")) found.push(path.slice(1));
  for (let i = 0; i + 1 < path.length; i++) {
    if (path[i] === "steps" && path[i + 1] === name) found.push(path.slice(i + 2));
  }
  return found;
}

function iterationsIn(members: readonly string[]): readonly (readonly string[])[] {
  const [first, ...rest] = members;
  if (first === "iterations") return [rest];
  // `output.iterations` is how the mapping of a loop may hand them on; a computed member may be `iterations`.
  if (first === "*" || first === "**") return [["**"]];
  return [];
}

/** A step's name; null where only facts about the iterations are read. */
function keptBy(path: readonly string[]): string | null {
  const [which, member, step] = path;
  if (which === "length" || ["index", "status", "error"].includes(member ?? "")) return null;
  if (which === undefined || which === "**" || member === undefined || member === "*" || member === "**") return "all";
  if (member !== "steps") return null;
  return step === undefined || step === "*" || step === "**" ? "all" : step;
}
