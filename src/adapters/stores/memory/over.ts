/** Executions that were over long ago: found with all that they have started, and removed with all that is kept of them. */

import type { ExecutionRow, KeyRow, Over, OverQuery, Removal, Tree } from "../../../ports/store.ts";

type Position = Pick<ExecutionRow, "createdAt" | "id">;

const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "timed_out"]);

export function findOver(
  rows: ReadonlyMap<string, ExecutionRow>,
  query: OverQuery,
): { readonly trees: readonly Tree[]; readonly nextCursor: string | null } {
  const { statuses, deadLetters, limit, cursor } = query;
  const after = cursor === undefined ? null : (JSON.parse(cursor) as Position);
  const childrenOf = Map.groupBy(rows.values(), ({ parentId }) => parentId);
  const asked = [...rows.values()]
    .filter(({ status, deadLetter }) => statuses.includes(status) && deadLetter === deadLetters)
    .filter(({ parentId }) => parentId === null || !rows.has(parentId))
    .filter((row) => after === null || compare(row, after) > 0)
    .toSorted(compare);
  const page = asked.slice(0, limit);
  const last = page.at(-1);
  const trees = page.map((row) => treeOf(row, childrenOf)).filter((tree) => tree.every((row) => isOver(row, query)));
  return {
    trees: trees.map((tree) => tree.map(({ id }) => id)),
    nextCursor:
      last === undefined || page.length < limit ? null : JSON.stringify({ createdAt: last.createdAt, id: last.id }),
  };
}

/** Whether all of them may go. */
export function isRemovable(
  rows: ReadonlyMap<string, ExecutionRow>,
  keys: Iterable<KeyRow>,
  removal: Removal,
): boolean {
  const ids = new Set(removal.executionIds);
  for (const id of ids) {
    const row = rows.get(id);
    if (row !== undefined && !isOver(row, removal)) return false;
  }
  for (const key of keys) {
    const isOfChosenId = key.key === `/${key.executionId}`;
    if (ids.has(key.executionId) && !isOfChosenId && key.createdAt >= removal.keysSince) return false;
  }
  return true;
}

function isOver(row: ExecutionRow, { endedBefore, lettersBefore }: Over): boolean {
  const before = row.deadLetter ? lettersBefore : endedBefore;
  if (row.finishedAt === null || before === null || row.quarantine !== null) return false;
  return ENDED.has(row.status) && row.finishedAt < before;
}

/** Children before their parents. */
function treeOf(
  row: ExecutionRow,
  childrenOf: ReadonlyMap<string | null, readonly ExecutionRow[]>,
): readonly ExecutionRow[] {
  return [...(childrenOf.get(row.id) ?? []).flatMap((child) => treeOf(child, childrenOf)), row];
}

function compare(a: Position, b: Position): number {
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
