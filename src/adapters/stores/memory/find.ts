/** Lists of executions: every row is looked at, which is as fast as a simulation needs it. */

import { equals, type Json, member } from "../../../core/base/json.ts";
import type { ExecutionQuery, ExecutionRow } from "../../../ports/store.ts";
import { formatCursor, type Position, parseCursor } from "../cursor.ts";
import { foldCase, hasText } from "../search.ts";

export function findRows(
  rows: Iterable<ExecutionRow>,
  query: ExecutionQuery,
): { readonly rows: readonly ExecutionRow[]; readonly nextCursor: string | null } {
  const oldestFirst = query.oldestFirst ?? false;
  const sign = oldestFirst ? 1 : -1;
  const after = parseCursor(query);
  const text = query.text === undefined ? null : foldCase(query.text);
  const found = [...rows]
    .filter((row) => isAsked(row, query) && (text === null || hasText(row, text)))
    .filter((row) => after === null || sign * comparePositions(row, after) > 0)
    .toSorted((a, b) => sign * comparePositions(a, b));
  const page = found.slice(0, query.limit);
  const last = page.at(-1);
  return {
    rows: page,
    nextCursor: last === undefined || found.length <= query.limit ? null : formatCursor(last, oldestFirst),
  };
}

function comparePositions(a: Position, b: Position): number {
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

function isAsked(row: ExecutionRow, query: ExecutionQuery): boolean {
  return (
    row.workspace === query.workspace &&
    (query.workflow === undefined || row.workflow === query.workflow) &&
    (query.version === undefined || row.version === query.version) &&
    (query.statuses === undefined || query.statuses.includes(row.status)) &&
    (query.tag === undefined || row.tags.includes(query.tag)) &&
    (query.parentId === undefined || row.parentId === query.parentId) &&
    (query.errorCode === undefined || row.errorCode === query.errorCode) &&
    (query.createdFrom === undefined || row.createdAt >= query.createdFrom) &&
    (query.createdBefore === undefined || row.createdAt < query.createdBefore) &&
    (query.quarantined === undefined || (row.quarantine !== null) === query.quarantined) &&
    (query.deadLetter === undefined || row.deadLetter === query.deadLetter) &&
    Object.entries(query.metadata ?? {}).every(([name, value]) => hasAttribute(row, name, value))
  );
}

function hasAttribute(row: ExecutionRow, name: string, value: Json): boolean {
  const stored = member(row.metadata, name);
  return stored !== undefined && equals(stored, value);
}
