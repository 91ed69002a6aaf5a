/** What is allowed and most likely not meant. All warnings. */

import type { Outline } from "../outline.ts";
import type { Node } from "../parse/node.ts";
import { field } from "../parse/node.ts";
import type { Reading } from "../parts.ts";
import type { Report } from "../report.ts";
import { COMMON_ROOTS, loopVariables, OUTPUT_ROOTS, STEP_MEMBERS } from "../roots.ts";

export function checkSlips(outline: Outline, readings: readonly Reading[], report: Report): void {
  const roots = new Set([...COMMON_ROOTS, ...OUTPUT_ROOTS.keys(), "error", "secrets", ...outline.stepByName.keys()]);
  for (const step of outline.steps.filter((each) => each.type === "loop")) {
    const { item, index } = loopVariables(step);
    roots.add(item).add(index);
  }
  for (const reading of readings) {
    for (const node of textsIn(reading.node)) checkDollar(node, reading, roots, report);
  }
  checkOutputNames(outline, report);
}

function* textsIn(node: Node): Generator<Node & { readonly kind: "scalar" }> {
  if (node.kind === "scalar") yield node;
  else if (node.kind === "list") for (const item of node.items) yield* textsIn(item);
  else for (const { value } of node.entries.values()) yield* textsIn(value);
}

/** `$input.email` is text, but surely a path with a forgotten dot. */
function checkDollar(
  node: Node & { readonly kind: "scalar" },
  reading: Reading,
  roots: ReadonlySet<string>,
  report: Report,
): void {
  if (typeof node.value !== "string") return;
  const name = /^\$([A-Za-z_][A-Za-z0-9_-]*)/.exec(node.value)?.[1];
  if (name === undefined || !roots.has(name)) return;
  const facts = { text: node.value, meant: `$.${node.value.slice(1)}` };
  report.add("dollar-text", facts, node.place, reading.step?.name);
}

/** `$.NAME.status` is the status of the step, whatever its output says. */
function checkOutputNames(outline: Outline, report: Report): void {
  for (const step of outline.steps) {
    const output = step.type === "return" ? undefined : field(step.node, "output");
    if (output?.kind !== "map") continue;
    for (const name of STEP_MEMBERS) {
      const entry = output.entries.get(name);
      if (entry !== undefined) report.add("output-hidden", { field: name, step: step.name }, entry.key, step.name);
    }
  }
}
