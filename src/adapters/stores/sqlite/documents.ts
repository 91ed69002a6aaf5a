/** Documents: written by the one thread, read by the other. Bodies cross as JSON text. */

import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";

import type { DocumentPlace, DocumentQuery, DocumentWrite } from "../../../ports/store.ts";
import { foldCase } from "../search.ts";
import type { StoredDocument } from "./codec.ts";
import type { Statements } from "./statements.ts";

export interface StoredDocumentWrite extends Omit<DocumentWrite, "body"> {
  readonly body: string | null;
}

export interface DocumentWriter {
  /** Inside a transaction of the caller, who rolls back where the answer is null: some may have been written. */
  put(writes: readonly StoredDocumentWrite[]): readonly number[] | null;
}

export function createDocumentWriter(db: DatabaseSync): DocumentWriter {
  const place = "collection = ? and workspace = ? and id = ?";
  const select = db.prepare(`select revision from document where ${place}`);
  const insert = db.prepare(
    `insert into document (collection, workspace, id, revision, body, "group") values (?, ?, ?, 1, ?, ?)`,
  );
  const update = db.prepare(`update document set revision = ?, body = ?, "group" = ? where ${place}`);
  const remove = db.prepare(`delete from document where ${place}`);

  function isExpected({ collection, workspace, id, expected }: StoredDocumentWrite): boolean {
    return (select.get(collection, workspace, id)?.["revision"] ?? null) === expected;
  }

  function write({ collection, workspace, id, expected, body, group }: StoredDocumentWrite): number {
    if (body === null) {
      remove.run(collection, workspace, id);
      return 0;
    }
    if (expected === null) {
      insert.run(collection, workspace, id, body, group);
      return 1;
    }
    update.run(expected + 1, body, group, collection, workspace, id);
    return expected + 1;
  }

  return {
    put(writes) {
      const revisions: number[] = [];
      for (const each of writes) {
        if (!isExpected(each)) return null;
        revisions.push(write(each));
      }
      return revisions;
    },
  };
}

/** How many ids are looked through before others get their turn on the thread. */
const SLICE = 1_000;

const COLUMNS = `collection, workspace, id, revision, body, "group"`;

type Columns = readonly [
  collection: string,
  workspace: string,
  id: string,
  revision: number,
  body: string,
  group: string | null,
];

export function getDocument(
  statements: Statements,
  { collection, workspace, id }: DocumentPlace,
): StoredDocument | null {
  const sql = `select ${COLUMNS} from document where collection = ? and workspace = ? and id = ?`;
  const found = statements(sql).get(collection, workspace, id);
  return found === undefined ? null : toStoredDocument(found as unknown as Columns);
}

/** Ids that contain a text are found by looking at all of them, in slices; the rest is a walk along an index. */
export async function listDocuments(statements: Statements, query: DocumentQuery): Promise<readonly StoredDocument[]> {
  const { idContains, limit } = query;
  if (idContains === undefined)
    return toDocuments(statements, nextKeys(statements, query, query.afterId ?? null, limit));
  const part = foldCase(idContains);
  const keys: Found[] = [];
  let afterId = query.afterId ?? null;
  for (;;) {
    const slice = nextKeys(statements, query, afterId, SLICE);
    keys.push(...slice.filter(([id]) => foldCase(id).includes(part)));
    const last = slice.at(-1);
    if (keys.length >= limit || slice.length < SLICE || last === undefined) break;
    [afterId] = last;
    await nextTurn();
  }
  return toDocuments(statements, keys.slice(0, limit));
}

type Found = readonly [id: string, key: number];

function nextKeys(
  statements: Statements,
  query: DocumentQuery,
  afterId: string | null,
  limit: number,
): readonly Found[] {
  const { collection, workspace, group } = query;
  const sql = `select id, key from document where collection = ? and workspace = ?
    ${group === undefined ? "" : `and "group" = ?`} ${afterId === null ? "" : "and id > ?"} order by id limit ?`;
  const parameters = [
    collection,
    workspace,
    ...(group === undefined ? [] : [group]),
    ...(afterId === null ? [] : [afterId]),
  ];
  return statements(sql).all(...parameters, limit) as unknown as readonly Found[];
}

function toDocuments(statements: Statements, found: readonly Found[]): readonly StoredDocument[] {
  const select = statements(`select ${COLUMNS} from document where key = ?`);
  return found.flatMap(([, key]) => {
    const columns = select.get(key);
    // It may have been deleted since its id was seen.
    return columns === undefined ? [] : [toStoredDocument(columns as unknown as Columns)];
  });
}

function toStoredDocument([collection, workspace, id, revision, body, group]: Columns): StoredDocument {
  return { collection, workspace, id, revision, body, group };
}
