/** Which status codes of HTTP are fine: `200`, `"2xx"`, `"200-299"`, or a list of these. */

import type { Json } from "../../base/json.ts";
import type { StatusRange } from "../definition.ts";

/** Null where something in it is no status. */
export function toStatusRanges(source: Json): readonly StatusRange[] | null {
  const ranges: StatusRange[] = [];
  for (const each of Array.isArray(source) ? (source as readonly Json[]) : [source]) {
    const range = toRange(each);
    if (range === null) return null;
    ranges.push(range);
  }
  return ranges;
}

function toRange(source: Json): StatusRange | null {
  if (typeof source !== "number" && typeof source !== "string") return null;
  const text = String(source).trim();
  const [, from, to = from] = /^([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?$/.exec(text) ?? [];
  if (from !== undefined && to !== undefined && from <= to) return { from: Number(from), to: Number(to) };
  const [, hundreds] = /^([1-5])xx$/i.exec(text) ?? [];
  return hundreds === undefined ? null : { from: Number(hundreds) * 100, to: Number(hundreds) * 100 + 99 };
}
