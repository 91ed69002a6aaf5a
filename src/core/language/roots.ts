/** The names with which an expression can begin, and where each of them means something. */

import type { OutlineStep } from "./outline.ts";
import { field, text } from "./parse/node.ts";

/** Roots that can be read everywhere. */
export const COMMON_ROOTS: readonly string[] = [
  "input",
  "steps",
  "execution",
  "metadata",
  "workflow",
  "conditions",
  "context",
  "env",
];

/** Roots of the output mapping of a step, with the types that have them; null stands for all types. */
export const OUTPUT_ROOTS: ReadonlyMap<string, readonly string[] | null> = new Map([
  ["response", null],
  ["result", null],
  ["http", ["http"]],
  ["form", ["human_task"]],
  ["event", ["wait_for_event"]],
  ["branches", ["parallel"]],
  ["iterations", ["loop"]],
]);

/** No step, branch, condition or loop variable is called like this. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  ...COMMON_ROOTS,
  ...OUTPUT_ROOTS.keys(),
  "secrets",
  "error",
  "true",
  "false",
  "null",
  "in",
  "not",
  // What JavaScript calls an object's prototype; a record of steps by name must not have it.
  "__proto__",
]);

/** What a step says of itself beside the fields of its output. */
export const STEP_MEMBERS: readonly string[] = ["status", "error", "attempts", "branches", "iterations"];

/** The variables that a loop gives to its body. */
export function loopVariables(loop: OutlineStep): { readonly item: string; readonly index: string } {
  const item = text(field(loop.node, "item_variable")) ?? "item";
  return { item, index: text(field(loop.node, "index_variable")) ?? "index" };
}
