/** A JSON value as rows of a tree: only what is open has rows, so a value may be as large as it likes. */

import { isObject, type Json } from "../../../src/core/base/json.ts";

export interface JsonRow {
  /** As an expression would say it: `$.orders[3].name`. */
  readonly path: string;
  readonly depth: number;
  /** Null for the value as a whole. */
  readonly name: string | null;
  readonly value: Json;
  /** How many members it has; null for what has none. */
  readonly size: number | null;
  readonly isOpen: boolean;
}

export const ROOT_PATH = "$";

export function rowsOf(value: Json, open: ReadonlySet<string>): readonly JsonRow[] {
  const rows: JsonRow[] = [];
  const add = (of: Json, path: string, depth: number, name: string | null) => {
    const size = sizeOf(of);
    const isOpen = size !== null && size > 0 && open.has(path);
    rows.push({ path, depth, name, value: of, size, isOpen });
    if (!isOpen) return;
    for (const [key, member] of membersOf(of)) add(member, childPath(path, of, key), depth + 1, key);
  };
  add(value, ROOT_PATH, 0, null);
  return rows;
}

/** Everything open down to `depth`, as long as the rows are few. */
export function openDownTo(value: Json, depthMax: number, rowsMax: number): ReadonlySet<string> {
  const open = new Set<string>();
  let rows = 1;
  let level: (readonly [Json, string])[] = [[value, ROOT_PATH]];
  for (let depth = 0; depth < depthMax && level.length > 0; depth += 1) {
    const next: (readonly [Json, string])[] = [];
    for (const [of, path] of level) {
      const size = sizeOf(of);
      if (size === null || size === 0) continue;
      if (rows + size > rowsMax && depth > 0) continue;
      rows += size;
      open.add(path);
      if (size > rowsMax) continue;
      for (const [key, member] of membersOf(of)) next.push([member, childPath(path, of, key)]);
    }
    level = next;
  }
  return open;
}

/** The paths of what has `text` in its name or its own value, with all that must be open to see them. */
export function find(
  value: Json,
  text: string,
  foundMax: number,
): { readonly paths: readonly string[]; readonly open: ReadonlySet<string> } {
  const paths: string[] = [];
  const open = new Set<string>();
  const wanted = text.toLowerCase();
  const look = (of: Json, path: string, name: string | null): boolean => {
    if (paths.length >= foundMax) return false;
    const isLeaf = sizeOf(of) === null;
    const fits =
      (name?.toLowerCase().includes(wanted) ?? false) || (isLeaf && String(of).toLowerCase().includes(wanted));
    if (fits) paths.push(path);
    let hasInside = false;
    if (!isLeaf) {
      for (const [key, member] of membersOf(of)) {
        if (look(member, childPath(path, of, key), key)) hasInside = true;
        if (paths.length >= foundMax) break;
      }
    }
    if (hasInside) open.add(path);
    return fits || hasInside;
  };
  look(value, ROOT_PATH, null);
  return { paths, open };
}

function sizeOf(value: Json): number | null {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : null;
}

function* membersOf(value: Json): Iterable<readonly [string, Json]> {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) yield [String(i), item];
  else if (isObject(value)) yield* Object.entries(value);
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function childPath(path: string, of: Json, key: string): string {
  if (Array.isArray(of)) return `${path}[${key}]`;
  return PLAIN_NAME.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
