/** How free text finds an execution, the same for every store: part of its id, workflow, error message or metadata. */

import { isObject, type Json } from "../../core/base/json.ts";
import type { ExecutionRow } from "../../ports/store.ts";

/** Both sides of a comparison go through this, so that case does not matter. */
export function foldCase(text: string): string {
  return text.toWellFormed().toLowerCase();
}

/** Whether the row has `folded`, a text from `foldCase`. */
export function hasText(
  row: Pick<ExecutionRow, "id" | "workflow" | "errorMessage" | "metadata">,
  folded: string,
): boolean {
  return (
    contains(row.id, folded) ||
    contains(row.workflow, folded) ||
    (row.errorMessage !== null && contains(row.errorMessage, folded)) ||
    isInJson(row.metadata, folded)
  );
}

/** In a name, a text, a number or a boolean; the signs of JSON itself are not text. */
function isInJson(value: Json, folded: string): boolean {
  if (value === null) return false;
  if (Array.isArray(value)) return value.some((item) => isInJson(item, folded));
  if (!isObject(value)) return contains(String(value), folded);
  return Object.entries(value).some(([name, inner]) => contains(name, folded) || isInJson(inner, folded));
}

function contains(text: string, folded: string): boolean {
  return foldCase(text).includes(folded);
}
