/**
 * Finds executions that were over long ago. Nothing but this asks for them by their end, so there is no index by it, which
 * every end would have to pay for: the walk goes along the index of statuses from the oldest on, a stretch at a time, and
 * looks at the rows that it meets.
 */

import type { OverQuery, RowStatus, Tree } from "../../../ports/store.ts";
import { inSnapshot, type Statements } from "./statements.ts";

/** Where the next stretch begins. */
interface Place {
  readonly workspace: string;
  readonly status: RowStatus | "";
  readonly createdAt: number;
  readonly id: string;
}

const BEGINNING: Place = { workspace: "", status: "", createdAt: Number.MIN_SAFE_INTEGER, id: "" };

export function findOver(
  statements: Statements,
  query: OverQuery,
): { readonly trees: readonly Tree[]; readonly nextCursor: string | null } {
  const before = query.deadLetters ? query.lettersBefore : query.endedBefore;
  if (before === null) return { trees: [], nextCursor: null };
  const begin = query.cursor === undefined ? BEGINNING : (JSON.parse(query.cursor) as Place);
  return inSnapshot(statements, () => {
    const trees: Tree[] = [];
    let left = query.limit;
    for (const [workspace, status] of groupsFrom(statements, query.statuses, begin)) {
      const isBegun = workspace === begin.workspace && status === begin.status;
      const place = isBegun ? begin : { ...BEGINNING, workspace, status };
      const met = walk(statements, query, place, before, left);
      for (const [, id, isRoot, isParent] of met) {
        const tree = isRoot === 0 ? null : isParent === 0 ? [id] : treeOf(statements, query, workspace, id);
        if (tree !== null) trees.push(tree);
      }
      left -= met.length;
      const last = met.at(-1);
      if (left > 0 || last === undefined) continue;
      const next: Place = { workspace, status, createdAt: last[0], id: last[1] };
      return { trees, nextCursor: JSON.stringify(next) };
    }
    return { trees, nextCursor: null };
  });
}

type Group = readonly [workspace: string, status: RowStatus];

function groupsFrom(statements: Statements, statuses: readonly RowStatus[], begin: Place): readonly Group[] {
  const sql = `select workspace, status from workspace_count
    where count > 0 and status in (select value from json_each(?)) and (workspace, status) >= (?, ?)
    order by workspace, status`;
  const found = statements(sql).all(JSON.stringify(statuses), begin.workspace, begin.status);
  return found as unknown as readonly Group[];
}

type Met = readonly [createdAt: number, id: string, isRoot: 0 | 1, isParent: 0 | 1];

/** Nothing has ended before it was created: where those begin that were created too late, the walk is over. */
function walk(
  statements: Statements,
  { deadLetters }: OverQuery,
  { workspace, status, createdAt, id }: Place,
  before: number,
  limit: number,
): readonly Met[] {
  const sql = `with met as (
      select key from execution indexed by execution_by_status
      where workspace = ? and status = ? and (created_at, id) > (?, ?) and created_at < ?
      order by created_at, id limit ?
    )
    select e.created_at, e.id,
      e.dead_letter = ? and e.quarantine is null and coalesce(e.finished_at < ?, 0)
        and (e.parent_id is null or not exists (select 1 from execution p where p.id = e.parent_id)),
      exists (select 1 from execution c indexed by execution_by_parent
        where c.workspace = e.workspace and c.parent_id = e.id)
    from met cross join execution e on e.key = met.key order by e.created_at, e.id`;
  const found = statements(sql).all(workspace, status, createdAt, id, before, limit, deadLetters ? 1 : 0, before);
  return found as unknown as readonly Met[];
}

/** Null where something that it has started is not over. */
function treeOf(
  statements: Statements,
  { endedBefore, lettersBefore }: OverQuery,
  workspace: string,
  rootId: string,
): Tree | null {
  const sql = `with recursive tree (id, level) as (
      values (?, 0)
      union all
      select c.id, level + 1 from tree cross join execution c indexed by execution_by_parent
      where c.workspace = ? and c.parent_id = tree.id
    )
    select tree.id, e.quarantine is null and e.status in ('completed', 'failed', 'cancelled', 'timed_out')
      and coalesce(e.finished_at < iif(e.dead_letter = 1, ?, ?), 0)
    from tree cross join execution e on e.id = tree.id order by level desc`;
  const found = statements(sql).all(rootId, workspace, lettersBefore, endedBefore);
  const members = found as unknown as readonly (readonly [id: string, isOver: 0 | 1])[];
  return members.every(([, isOver]) => isOver === 1) ? members.map(([id]) => id) : null;
}
