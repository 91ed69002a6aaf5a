/** Finds the executions of an operation, page by page: oldest first, and none that began after it was asked for. */

import type { ExecutionRow, Store } from "../../ports/store.ts";
import type { Bulk, Selection } from "./bulk.ts";

export type SelectionStore = Pick<Store, "findExecutions" | "readExecution">;

/** What of an operation says which executions it means. */
export type Chosen = Pick<Bulk, "workspace" | "selection" | "createdAt">;

/** `next` null: there are no more. A page may be shorter than its limit, even empty, with more behind it. */
export async function findPage(
  store: SelectionStore,
  chosen: Chosen,
  page: { readonly cursor: string | null; readonly limit: number },
): Promise<{ readonly rows: readonly ExecutionRow[]; readonly next: { readonly cursor: string } | null }> {
  const { workspace, selection, createdAt } = chosen;
  const { cursor, limit } = page;
  if (selection.kind === "ids") return findNamed(store, workspace, selection, page);
  const { filter } = selection;
  // Those of the same millisecond are meant as well.
  const createdBefore = Math.min(filter.createdBefore ?? Number.POSITIVE_INFINITY, createdAt + 1);
  const { rows, nextCursor } = await store.findExecutions({
    ...filter,
    workspace,
    createdBefore,
    oldestFirst: true,
    limit,
    ...(cursor === null ? {} : { cursor }),
  });
  return { rows, next: nextCursor === null ? null : { cursor: nextCursor } };
}

async function findNamed(
  store: SelectionStore,
  workspace: string,
  { ids }: Extract<Selection, { kind: "ids" }>,
  { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
) {
  const from = cursor === null ? 0 : Number(cursor);
  const found = await Promise.all(ids.slice(from, from + limit).map((id) => store.readExecution(id)));
  const rows = found.filter((row) => row?.workspace === workspace).filter((row) => row !== null);
  return { rows, next: from + limit < ids.length ? { cursor: String(from + limit) } : null };
}

/** The ids of the next page to act on. Those that are named are tried even where there is no such execution. */
export async function nextPage(
  store: SelectionStore,
  bulk: Bulk,
  page: { readonly cursor: string | null; readonly limit: number },
): Promise<{ readonly ids: readonly string[]; readonly next: { readonly cursor: string } | null }> {
  const { selection, action } = bulk;
  if (selection.kind === "ids") {
    const from = page.cursor === null ? 0 : Number(page.cursor);
    const until = from + page.limit;
    const next = until < selection.ids.length ? { cursor: String(until) } : null;
    return { ids: selection.ids.slice(from, until), next };
  }
  const { rows, next } = await findPage(store, bulk, page);
  // What was begun again a moment ago fits the filter too, and must not be begun again for ever.
  const isOwn = (row: ExecutionRow) =>
    action.operation === "rerun" && row.originId !== null && row.createdAt >= bulk.createdAt;
  return { ids: rows.filter((row) => !isOwn(row)).map(({ id }) => id), next };
}
