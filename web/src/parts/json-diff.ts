/** What differs between two values, member by member: the smallest list of places that says it. */

import { isObject, type Json } from "../../../src/core/base/json.ts";
import { equalJson } from "./json.ts";

export type Difference =
  | { readonly kind: "added"; readonly path: string; readonly after: Json }
  | { readonly kind: "removed"; readonly path: string; readonly before: Json }
  | { readonly kind: "changed"; readonly path: string; readonly before: Json; readonly after: Json };

export const DIFFERENCES_MAX = 2000;

export function diffJson(before: Json, after: Json): readonly Difference[] {
  const found: Difference[] = [];
  compare(before, after, "$", found);
  return found;
}

function compare(before: Json, after: Json, path: string, found: Difference[]): void {
  if (found.length >= DIFFERENCES_MAX || before === after) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    const shared = Math.min(before.length, after.length);
    for (let i = 0; i < shared; i += 1) compare(before[i] ?? null, after[i] ?? null, `${path}[${i}]`, found);
    for (const [i, value] of before.slice(shared).entries()) add(found, "removed", `${path}[${shared + i}]`, value);
    for (const [i, value] of after.slice(shared).entries()) add(found, "added", `${path}[${shared + i}]`, value);
    return;
  }
  if (isObject(before) && isObject(after)) {
    for (const [name, value] of Object.entries(before)) {
      if (Object.hasOwn(after, name)) compare(value, after[name] ?? null, memberPath(path, name), found);
      else add(found, "removed", memberPath(path, name), value);
    }
    for (const [name, value] of Object.entries(after)) {
      if (!Object.hasOwn(before, name)) add(found, "added", memberPath(path, name), value);
    }
    return;
  }
  if (!equalJson(before, after)) found.push({ kind: "changed", path, before, after });
}

function add(found: Difference[], kind: "added" | "removed", path: string, value: Json): void {
  if (found.length >= DIFFERENCES_MAX) return;
  found.push(kind === "added" ? { kind, path, after: value } : { kind, path, before: value });
}

function memberPath(path: string, name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}
