/**
 * The thread that writes: the only one, so that an fsync stops nobody but the writes behind it.
 *
 * A call is answered after its COMMIT has returned, and with `synchronous = full` a COMMIT returns when the log is on disk.
 * A failed COMMIT is rolled back and rejected; the caller decides what that means.
 */

import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { workerData } from "node:worker_threads";

import { assert, defined } from "../../../core/base/bug.ts";
import type { AppendAnswer } from "../../../ports/store.ts";
import { serve } from "./channel.ts";
import { BUSY_TIMEOUT_MS, createCheckpoints } from "./checkpoint.ts";
import { decodeBatches } from "./codec.ts";
import { createDocumentWriter, type StoredDocumentWrite } from "./documents.ts";
import { createExecutionWriter } from "./executions.ts";
import { isCorrupt, isFull } from "./failure.ts";
import { openLock } from "./lock.ts";
import { migrate } from "./migrations.ts";
import { createRoom } from "./room.ts";
import { createRowWriter } from "./rows.ts";
import { DATABASE_FILE } from "./schema.ts";
import { checkFiles, markStore, unsound } from "./soundness.ts";

export type WriterCalls = {
  readonly shards: () => number;
  readonly acquire: (shard: number) => number;
  readonly append: (encoded: ArrayBuffer) => AppendAnswer;
  readonly putDocuments: (writes: readonly StoredDocumentWrite[]) => readonly number[] | null;
  /** Answers whether there may be more: each call drops a bounded number, so that appends come between. */
  readonly dropEvents: (before: number) => boolean;
  readonly dropKeys: (before: number) => boolean;
  readonly check: () => void;
  readonly close: () => void;
};

export interface WriterData {
  readonly directory: string;
  /** For a new store; one that exists keeps its number. */
  readonly shards: number;
  readonly bytesMax: number | null;
}

const DROPPED_MAX = 2_000;

const CACHE_KIB = 32_768;

serve<WriterCalls>(() => openWriter(workerData as WriterData), "unknown");

function openWriter(data: WriterData): WriterCalls {
  const lock = openLock(data.directory);
  try {
    checkFiles(data.directory);
    return openLocked(data, lock);
  } catch (error) {
    lock.close();
    throw isCorrupt(error) ? unsound(join(data.directory, DATABASE_FILE), messageOf(error)) : error;
  }
}

function openLocked({ directory, shards, bytesMax }: WriterData, lock: DatabaseSync): WriterCalls {
  const db = openDatabase(directory, bytesMax);
  migrate(db);
  const epochs = loadEpochs(db, shards);
  markStore(directory);

  const room = createRoom(directory);
  const checkpoints = createCheckpoints(db);
  const executions = createExecutionWriter(db);
  const writeRows = createRowWriter(db);
  const documents = createDocumentWriter(db);
  const updateEpoch = db.prepare("update shard set epoch = ? where shard = ?");
  const deleteEvents = db.prepare(
    `delete from kept_event where position in (select position from kept_event where at < ? limit ${DROPPED_MAX})`,
  );
  const deleteKeys = db.prepare(
    `delete from idempotency_key where (workspace, key) in
     (select workspace, key from idempotency_key where created_at < ? limit ${DROPPED_MAX})`,
  );

  /** All that `work` writes, or nothing: where it throws, and where it answers null. */
  function transact<T>(work: () => T): T {
    // Left open only where a rollback has failed.
    if (db.isTransaction) db.exec("rollback");
    db.exec("begin immediate");
    try {
      const answer = work();
      if (answer === null) abandon();
      else db.exec("commit");
      checkpoints.wrote();
      return answer;
    } catch (error) {
      abandon();
      if (isFull(error)) room.ranOut();
      throw error;
    }
  }

  function abandon(): void {
    executions.forget();
    try {
      // SQLite has rolled back by itself after some errors.
      if (db.isTransaction) db.exec("rollback");
    } catch {
      // What went wrong before is what the caller should hear; the next transaction tries this again.
    }
  }

  return {
    shards: () => epochs.length,

    acquire(shard) {
      const epoch = defined(epochs[shard], `shard ${shard} to be one of ${epochs.length}`) + 1;
      room.demand();
      transact(() => updateEpoch.run(epoch, shard));
      epochs[shard] = epoch;
      return epoch;
    },

    append(encoded) {
      room.demand();
      const { batches, takeBytes } = decodeBatches(encoded);
      const refused = new Set<number>();
      transact(() => {
        for (const batch of batches) {
          const isCurrent = batch.epoch > 0 && batch.epoch === epochs[batch.shard];
          if (!isCurrent) refused.add(batch.shard);
          if (isCurrent) for (const removal of batch.remove ?? []) executions.remove(batch.shard, removal);
          for (const write of batch.executions) {
            const bytes = takeBytes(write.events?.bytes ?? 0);
            const state = takeBytes(write.snapshot?.bytes ?? 0);
            if (isCurrent) executions.write(batch.shard, write, bytes, state);
          }
          if (isCurrent) writeRows(batch);
        }
        executions.finish();
      });
      return { refused: [...refused] };
    },

    putDocuments(writes) {
      room.demand();
      return transact(() => documents.put(writes));
    },

    dropEvents: (before) => transact(() => deleteEvents.run(before).changes === DROPPED_MAX),
    dropKeys: (before) => transact(() => deleteKeys.run(before).changes === DROPPED_MAX),

    check: () => room.demand(),

    close() {
      checkpoints.stop();
      // The last connection brings the log into the file and removes it.
      db.close();
      lock.close();
    },
  };
}

function openDatabase(directory: string, bytesMax: number | null): DatabaseSync {
  const file = join(directory, DATABASE_FILE);
  // Made here and not by SQLite, for its permissions: the log beside it gets the same.
  closeSync(openSync(file, "a", 0o600));
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  const mode = db.prepare("pragma journal_mode = wal").get()?.["journal_mode"];
  assert(mode === "wal", "SQLite to keep a write-ahead log");
  db.exec("pragma synchronous = full");
  db.exec("pragma wal_autocheckpoint = 0");
  db.exec("pragma temp_store = memory");
  db.exec(`pragma cache_size = -${CACHE_KIB}`);
  if (bytesMax !== null) {
    const pageBytes = Number(db.prepare("pragma page_size").get()?.["page_size"]);
    db.exec(`pragma max_page_count = ${Math.max(1, Math.floor(bytesMax / pageBytes))}`);
  }
  return db;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `SQLite reports: ${error.message}` : String(error);
}

/** The number of shards was settled when the store was made: ids carry their shard. */
function loadEpochs(db: DatabaseSync, shardsOfNew: number): number[] {
  // Nothing is written where all is there: on a full disk the store should open, for its reads.
  if (db.prepare("select 1 from setting where name = 'shards'").get() === undefined) {
    db.exec("begin immediate");
    db.prepare("insert into setting values ('shards', ?)").run(shardsOfNew);
    const insertShard = db.prepare("insert into shard values (?, 0)");
    for (let shard = 0; shard < shardsOfNew; shard++) insertShard.run(shard);
    db.exec("commit");
  }
  return db
    .prepare("select epoch from shard order by shard")
    .all()
    .map((row) => Number(row["epoch"]));
}
