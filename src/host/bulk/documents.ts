/**
 * Operations on many executions as documents. Each has up to three:
 *
 *     bulks       the operation with its progress, newest first by id
 *     bulk_open   one for each that is not over, whatever its workspace: what a start of the platform goes on with
 *     bulk_keys   under which key it was asked for
 *
 * Progress is written by compare-and-set: of two processes that work on one, each sees what the other has done.
 */

import { isObject, type Json } from "../../core/base/json.ts";
import type { Document, Documents, DocumentWrite } from "../../ports/store.ts";
import type { Bulk, BulkPlace } from "./bulk.ts";

/** Of all workspaces; no workspace has this name. */
const EVERYWHERE = "*";

export interface StoredBulk {
  readonly bulk: Bulk;
  readonly revision: number;
}

export interface StoredKey {
  readonly id: string;
  readonly bodyHash: string;
  readonly at: number;
  readonly revision: number;
}

export async function readBulk(documents: Documents, { workspace, id }: BulkPlace): Promise<StoredBulk | null> {
  if (!BULK_ID.test(id)) return null;
  const document = await documents.get({ collection: "bulks", workspace, id: turned(id) });
  return document === null ? null : toStored(document);
}

/** Newest first, from the one after `cursor` on. */
export async function listBulks(
  documents: Documents,
  query: { workspace: string; limit: number; afterId: string | null },
): Promise<readonly Bulk[]> {
  const { workspace, limit, afterId } = query;
  const found = await documents.list({
    collection: "bulks",
    workspace,
    limit,
    ...(afterId === null ? {} : { afterId: turned(afterId) }),
  });
  return found.map((document) => toStored(document).bulk);
}

/** Where every operation that is not over can be found. */
export async function listOpen(documents: Documents, limit: number): Promise<readonly BulkPlace[]> {
  const found = await documents.list({ collection: "bulk_open", workspace: EVERYWHERE, limit });
  return found.flatMap(({ id, body }) =>
    isObject(body) && typeof body["workspace"] === "string" ? [{ workspace: body["workspace"], id: turned(id) }] : [],
  );
}

export async function readKey(documents: Documents, workspace: string, key: string): Promise<StoredKey | null> {
  const document = await documents.get({ collection: "bulk_keys", workspace, id: key });
  if (document === null) return null;
  const { id, bodyHash, at } = document.body as unknown as StoredKey;
  return { id, bodyHash, at, revision: document.revision };
}

/** False if something of it is there already. */
export async function addBulk(
  documents: Documents,
  bulk: Bulk,
  key: { readonly id: string; readonly bodyHash: string; readonly expected: number | null } | null,
): Promise<boolean> {
  const { workspace, id, createdAt } = bulk;
  const writes: DocumentWrite[] = [
    writeOf(bulk, null),
    {
      collection: "bulk_open",
      workspace: EVERYWHERE,
      id: turned(id),
      expected: null,
      body: { workspace },
      group: null,
    },
  ];
  if (key !== null) {
    const body = { id, bodyHash: key.bodyHash, at: createdAt };
    writes.push({ collection: "bulk_keys", workspace, id: key.id, expected: key.expected, body, group: null });
  }
  return (await documents.put(writes)) !== null;
}

/** The new revision; null if somebody else has written it. */
export async function writeProgress(documents: Documents, bulk: Bulk, expected: number): Promise<number | null> {
  const writes = [writeOf(bulk, expected)];
  if (bulk.finishedAt !== null) {
    const id = turned(bulk.id);
    const open = await documents.get({ collection: "bulk_open", workspace: EVERYWHERE, id });
    if (open !== null) {
      const { collection, workspace, revision } = open;
      writes.push({ collection, workspace, id, expected: revision, body: null, group: null });
    }
  }
  return (await documents.put(writes))?.[0] ?? null;
}

/** Those that were begun before a time, as far as they are over. */
export async function dropOlder(
  documents: Documents,
  query: { workspace: string; beforeId: string; limit: number },
): Promise<void> {
  const { workspace, beforeId, limit } = query;
  const found = await documents.list({ collection: "bulks", workspace, limit, afterId: turned(beforeId) });
  const writes: DocumentWrite[] = [];
  for (const document of found) {
    const { bulk, revision } = toStored(document);
    if (bulk.finishedAt === null) continue;
    writes.push({ ...writeOf(bulk, revision), body: null });
    const key = bulk.idempotencyKey === null ? null : await readKey(documents, workspace, bulk.idempotencyKey);
    if (key?.id !== bulk.id || bulk.idempotencyKey === null) continue;
    const id = bulk.idempotencyKey;
    writes.push({ collection: "bulk_keys", workspace, id, expected: key.revision, body: null, group: null });
  }
  if (writes.length > 0) await documents.put(writes);
}

/** As the platform makes them: digits of the time first. */
const BULK_ID = /^[0-9a-f]{30}$/;

/** Ids sort by their time, lists by their ids: with every digit turned round the newest comes first. */
function turned(id: string): string {
  return id.replaceAll(/[0-9a-f]/g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16));
}

function writeOf(bulk: Bulk, expected: number | null): DocumentWrite {
  const { workspace, id } = bulk;
  const body = bulk as unknown as Json;
  return { collection: "bulks", workspace, id: turned(id), expected, body, group: null };
}

/** Our own JSON, written by this file alone. */
function toStored({ body, revision }: Document): StoredBulk {
  return { bulk: body as unknown as Bulk, revision };
}
