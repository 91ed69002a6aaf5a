/** Values as text: what a template puts into its string, and what functions that make text of values give. */

import type { Json, JsonObject } from "../../base/json.ts";
import { failValueDepth, spendBytes, spendOperations, VALUE_DEPTH_MAX } from "./budget.ts";
import type { EvaluationContext } from "./evaluation.ts";

/** A string as it is, a number or boolean as JSON writes it, null as nothing, arrays and objects as JSON. */
export function toText(context: EvaluationContext, value: Json, offset: number): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  return typeof value === "object" ? toJsonText(context, value, offset) : String(value);
}

/** JSON text. The price is paid before the text is made: a small value may hold a large one a hundred times. */
export function toJsonText(context: EvaluationContext, value: Json, offset: number): string {
  spendSize(context, value, offset, 0);
  return JSON.stringify(value);
}

function spendSize(context: EvaluationContext, value: Json, offset: number, depth: number): void {
  if (typeof value === "string") {
    spendOperations(context, 1 + (value.length >> 6), offset);
    spendBytes(context, value.length + 2, offset);
    return;
  }
  spendOperations(context, 1, offset);
  if (typeof value !== "object" || value === null) {
    spendBytes(context, 4, offset);
    return;
  }
  if (depth > VALUE_DEPTH_MAX) failValueDepth(offset);
  if (Array.isArray(value)) {
    spendBytes(context, value.length + 2, offset);
    for (const item of value) spendSize(context, item, offset, depth + 1);
    return;
  }
  for (const [name, item] of Object.entries(value as JsonObject)) {
    spendBytes(context, name.length + 4, offset);
    spendSize(context, item, offset, depth + 1);
  }
}
