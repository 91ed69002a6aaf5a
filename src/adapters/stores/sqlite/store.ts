/**
 * One directory, one process, nothing to install: the default store, on SQLite.
 *
 *     main thread ──one buffer for each append──► thread.ts: the only writer, COMMIT with fsync
 *                 ──reads──────────────────────► reader.ts: a connection that cannot write
 *
 * This side makes promises of messages, and JSON of texts. What a directory holds: `magicflow.db` and its log, and the
 * lock that keeps a second process out.
 */

import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { assert } from "../../../core/base/bug.ts";
import type { Json } from "../../../core/base/json.ts";
import { type Document, type FoundOutboxRow, type SharedRow, type Store, StoreError } from "../../../ports/store.ts";
import { type Calls, startThread, type Thread, threadBeside } from "./channel.ts";
import {
  encodeBatches,
  parseStored,
  type StoredDocument,
  toAttributeText,
  toExecutionRow,
  toListedRow,
} from "./codec.ts";
import { createLastingThread } from "./lasting-thread.ts";
import type { ReaderCalls, ReaderData, StoredOutboxRow, StoredSharedRow } from "./reader.ts";
import type { WriterCalls, WriterData } from "./thread.ts";

export interface SqliteStoreOptions {
  /** Made, for its owner alone, where it is not there yet. */
  readonly directory: string;
  /** For a new store, at most 256; one that exists keeps its number. */
  readonly shards?: number;
  /** Appends that would make the database larger are refused as `full`. */
  readonly bytesMax?: number;
}

/** The values of the two hex digits in an id that name its shard. */
const SHARDS_MAX = 256;

export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const directory = resolve(options.directory);
  const shards = options.shards ?? 8;
  assert(
    Number.isInteger(shards) && shards >= 1 && shards <= SHARDS_MAX,
    `shards (${shards}) to be 1 to ${SHARDS_MAX}`,
  );
  makeDirectory(directory);
  const writerData: WriterData = { directory, shards, bytesMax: options.bytesMax ?? null };
  const readerData: ReaderData = { directory };
  // Both start at once, which takes longer than all that they open.
  const writer = createLastingThread(() =>
    startThread<WriterCalls>(threadBeside(import.meta.url, "thread"), writerData, "unknown"),
  );
  const reader = createLastingThread(() =>
    startThread<ReaderCalls>(threadBeside(import.meta.url, "reader"), readerData, "gone"),
  );
  try {
    await writer.open();
    await reader.open();
    return storeOf(await writer.call("shards", []), writer, reader);
  } catch (error) {
    await reader.close();
    await writer.close();
    throw error;
  }
}

type Asked<C extends Calls> = Pick<Thread<C>, "call" | "close">;

function storeOf(shards: number, writer: Asked<WriterCalls>, reader: Asked<ReaderCalls>): Store {
  return {
    shards,

    async acquire(shard) {
      assert(shard >= 0 && shard < shards, `shard ${shard} to be one of ${shards}`);
      return writer.call("acquire", [shard]);
    },

    async append(batches) {
      const encoded = encodeBatches(batches);
      return writer.call("append", [encoded], [encoded]);
    },

    readHistory: (request) => reader.call("readHistory", [request]),

    measureHistory: (executionId) => reader.call("measureHistory", [executionId]),
    readSnapshot: (executionId) => reader.call("readSnapshot", [executionId]),

    async readExecution(executionId) {
      const stored = await reader.call("readExecution", [executionId]);
      return stored === null ? null : toExecutionRow(stored);
    },

    async findExecutions({ metadata = {}, ...query }) {
      const attributes = Object.entries(metadata).map(([name, value]) => [name, toAttributeText(value)] as const);
      const { rows, nextCursor } = await reader.call("findExecutions", [{ ...query, attributes }]);
      return { rows: rows.map(toListedRow), nextCursor };
    },

    countExecutions: (query) => reader.call("countExecutions", [query]),
    findActive: (shard) => reader.call("findActive", [shard]),
    findDue: (request) => reader.call("findDue", [request]),

    findOver: (query) => reader.call("findOver", [query]),

    async readOutbox(shard) {
      const rows = await reader.call("readOutbox", [shard]);
      return rows.map(toOutboxRow);
    },

    findKey: (request) => reader.call("findKey", [request]),
    findWaits: (request) => reader.call("findWaits", [request]),

    async findEvents(request) {
      const rows = await reader.call("findEvents", [request]);
      return rows.map((row) => ({ ...row, data: parseStored(row.data, `the kept event "${row.id}"`) }));
    },

    dropEvents: (before) => repeat(() => writer.call("dropEvents", [before])),
    dropKeys: (before) => repeat(() => writer.call("dropKeys", [before])),
    findTasks: (request) => reader.call("findTasks", [request]),

    async readShared(shard) {
      return (await reader.call("readShared", [shard])).map(toSharedRow);
    },

    async findShared(query) {
      return (await reader.call("findShared", [query])).map(toSharedRow);
    },

    documents: {
      async get(place) {
        const stored = await reader.call("getDocument", [place]);
        return stored === null ? null : toDocument(stored);
      },

      put: (writes) =>
        writer.call("putDocuments", [
          writes.map((write) => ({ ...write, body: write.body === null ? null : JSON.stringify(write.body) })),
        ]),

      list: async (query) => (await reader.call("listDocuments", [query])).map(toDocument),
    },

    measure: () => reader.call("measure", []),
    check: () => writer.call("check", []),

    async [Symbol.asyncDispose]() {
      // The writer last: whose connection is the last one brings the log into the file.
      const readerEnds = reader.close();
      await Promise.all([readerEnds, readerEnds.then(() => writer.close())]);
    },
  };
}

async function repeat(work: () => Promise<boolean>): Promise<void> {
  while (await work());
}

function toSharedRow({ body, ...place }: StoredSharedRow): SharedRow {
  return { ...place, body: parseStored(body, `the ${place.kind} record "${place.key}"`) };
}

/** What is no JSON any more is handed on as it lies: its reader puts it aside, and the other rows go on. */
function toOutboxRow({ id, shard, body }: StoredOutboxRow): FoundOutboxRow {
  try {
    return { id, shard, body: parseStored(body, `the outbox row "${id}"`) };
  } catch (error) {
    if (error instanceof StoreError) return { id, shard, body: null, unreadable: body };
    throw error;
  }
}

function toDocument(stored: StoredDocument): Document {
  return { ...stored, body: parseStored(stored.body, `the document "${stored.id}"`) as Json };
}

/** A directory entry is on disk when its parent is: without this, a power cut could take a new store with it. */
function makeDirectory(directory: string): void {
  try {
    const first = mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    const stop = dirname(first);
    for (let parent = dirname(directory); ; parent = dirname(parent)) {
      syncDirectory(parent);
      if (parent === stop) return;
    }
  } catch (cause) {
    throw new StoreError("gone", `Expected to make the data directory ${directory}, but: ${String(cause)}.`, { cause });
  }
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
