/**
 * The thread that reads, with a connection of its own that cannot write: reads wait for no commit, go on while the disk is
 * full, and see everything whose write has been answered.
 */

import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { workerData } from "node:worker_threads";
import { crc32 } from "node:zlib";

import type { JsonObject } from "../../../core/base/json.ts";
import type {
  DocumentPlace,
  DocumentQuery,
  EventPack,
  HistorySize,
  KeyRow,
  OverQuery,
  RowStatus,
  SharedQuery,
  SharedRow,
  Snapshot,
  TaskRow,
  Tree,
  WaitRow,
} from "../../../ports/store.ts";
import { StoreError } from "../../../ports/store.ts";
import { hasText } from "../search.ts";
import { serve } from "./channel.ts";
import { BUSY_TIMEOUT_MS } from "./checkpoint.ts";
import type { StoredDocument, StoredExecution } from "./codec.ts";
import { getDocument, listDocuments } from "./documents.ts";
import { type FoundPage, findExecutions, type StoredQuery } from "./find.ts";
import { findOver } from "./over.ts";
import { DATABASE_FILE, EXECUTION_COLUMNS, IS_ACTIVE } from "./schema.ts";
import { createStatements, type Statements } from "./statements.ts";

/** The reads of the port; JSON inside rows is text still. */
export type ReaderCalls = {
  readonly readHistory: (request: { executionId: string; afterSeq: number; bytesMax: number }) => readonly EventPack[];
  readonly measureHistory: (executionId: string) => HistorySize;
  readonly readSnapshot: (executionId: string) => Snapshot | null;
  readonly readExecution: (executionId: string) => StoredExecution | null;
  readonly findExecutions: (query: StoredQuery) => Promise<FoundPage>;
  readonly countExecutions: (query: {
    workspace: string;
    workflow: string | null;
  }) => Partial<Record<RowStatus, number>>;
  readonly findActive: (shard: number) => readonly string[];
  readonly findDue: (request: { shard: number; before: number; limit: number }) => readonly Due[];
  readonly findOver: (query: OverQuery) => { readonly trees: readonly Tree[]; readonly nextCursor: string | null };
  readonly readOutbox: (shard: number) => readonly StoredOutboxRow[];
  readonly findKey: (request: { workspace: string; key: string }) => KeyRow | null;
  readonly findWaits: (request: WaitRequest) => readonly WaitRow[];
  readonly findEvents: (request: EventRequest) => readonly StoredEvent[];
  readonly findTasks: (request: TaskRequest) => readonly TaskRow[];
  readonly readShared: (shard: number) => readonly StoredSharedRow[];
  readonly findShared: (query: SharedQuery) => readonly StoredSharedRow[];
  readonly getDocument: (place: DocumentPlace) => StoredDocument | null;
  readonly listDocuments: (query: DocumentQuery) => Promise<readonly StoredDocument[]>;
  readonly measure: () => { readonly bytes: number; readonly executions: number };
  readonly close: () => void;
};

export interface ReaderData {
  readonly directory: string;
}

export interface StoredOutboxRow {
  readonly id: string;
  readonly shard: number;
  readonly body: string;
}

export interface StoredSharedRow extends Omit<SharedRow, "body"> {
  readonly body: string;
}

export interface StoredEvent {
  readonly workspace: string;
  readonly id: string;
  readonly event: string;
  readonly correlationKey: string | null;
  readonly data: string;
  readonly at: number;
}

interface Due {
  readonly id: string;
  readonly wakeAt: number;
}

interface WaitRequest {
  readonly workspace: string;
  readonly event: string;
  readonly correlationKey: string | null;
}

interface EventRequest {
  readonly workspace: string;
  readonly event: string;
  readonly correlationKey: string;
  readonly since: number;
}

interface TaskRequest {
  readonly workspace: string;
  readonly executor: string;
  readonly functions: readonly string[] | null;
  readonly limit: number;
}

const CACHE_KIB = 16_384;

const COLUMNS = EXECUTION_COLUMNS.join(", ");

serve<ReaderCalls>(() => openReader(workerData as ReaderData), "gone");

function openReader({ directory }: ReaderData): ReaderCalls {
  const file = join(directory, DATABASE_FILE);
  const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  db.exec(`pragma cache_size = -${CACHE_KIB}`);
  db.function("has_text", { deterministic: true }, hasTextInRow);
  const statements = createStatements(db);

  return {
    readHistory: (request) => readHistory(statements, request),

    measureHistory(executionId) {
      const sql = `select last_seq, bytes_until from history
        where execution = (select key from execution where id = ?) order by first_seq desc limit 1`;
      const [[events, bytes] = [0, 0]] = rowsOf<[number, number]>(statements, sql, executionId);
      return { events, bytes };
    },

    readSnapshot: (executionId) => readSnapshot(statements, executionId),

    readExecution(executionId) {
      const found = statements(`select ${COLUMNS} from execution where id = ?`).get(executionId);
      return (found as StoredExecution | undefined) ?? null;
    },

    findExecutions: (query) => findExecutions(statements, query),
    countExecutions: (query) => countExecutions(statements, query),

    findActive(shard) {
      const sql = `select id from execution indexed by execution_active where shard = ? and ${IS_ACTIVE}`;
      return rowsOf<[string]>(statements, sql, shard).map(([id]) => id);
    },

    findDue({ shard, before, limit }) {
      const sql = `select id, wake_at from execution indexed by execution_due
        where shard = ? and parked = 1 and wake_at is not null and wake_at <= ? order by wake_at, id limit ?`;
      return rowsOf<[string, number]>(statements, sql, shard, before, limit).map(([id, wakeAt]) => ({ id, wakeAt }));
    },

    findOver: (query) => findOver(statements, query),

    readOutbox(shard) {
      const sql = "select id, shard, body from outbox where shard = ? order by position";
      return rowsOf<[string, number, string]>(statements, sql, shard).map(([id, own, body]) => ({
        id,
        shard: own,
        body,
      }));
    },

    findKey({ workspace, key }) {
      const sql = "select execution_id, body_hash, created_at from idempotency_key where workspace = ? and key = ?";
      const [found] = rowsOf<[string, string, number]>(statements, sql, workspace, key);
      if (found === undefined) return null;
      const [executionId, bodyHash, createdAt] = found;
      return { workspace, key, executionId, bodyHash, createdAt };
    },

    findWaits: (request) => findWaits(statements, request),
    findEvents: (request) => findEvents(statements, request),
    findTasks: (request) => findTasks(statements, request),
    readShared(shard) {
      const sql = `select ${SHARED_COLUMNS} from shared where shard = ?`;
      return rowsOf<SharedColumns>(statements, sql, shard).map(toSharedRow);
    },

    findShared({ workspace, kind, key, after = "", limit }) {
      const columns = `select ${SHARED_COLUMNS} from shared where workspace = ? and kind = ?`;
      if (key === undefined) {
        const sql = `${columns} and member = '' and (? = '' or key > ?) order by key limit ?`;
        return rowsOf<SharedColumns>(statements, sql, workspace, kind, after, after, limit).map(toSharedRow);
      }
      const sql = `${columns} and key = ? and (? = '' or member > ?) order by member limit ?`;
      return rowsOf<SharedColumns>(statements, sql, workspace, kind, key, after, after, limit).map(toSharedRow);
    },

    getDocument: (place) => getDocument(statements, place),
    listDocuments: (query) => listDocuments(statements, query),

    measure() {
      const [[executions] = [0]] = rowsOf<[number]>(statements, "select coalesce(sum(count), 0) from workspace_count");
      return { bytes: bytesOf(file) + bytesOf(`${file}-wal`), executions };
    },

    close: () => db.close(),
  };
}

/** `select … where has_text(…)`: no SQL function knows the case of all letters, and texts may hold NUL. */
function hasTextInRow(
  id: SQLOutputValue,
  workflow: SQLOutputValue,
  errorMessage: SQLOutputValue,
  metadata: SQLOutputValue,
  folded: SQLOutputValue,
): number {
  const row = {
    id: String(id),
    workflow: String(workflow),
    errorMessage: errorMessage === null ? null : String(errorMessage),
    metadata: metadata === null ? {} : readMetadata(String(metadata)),
  };
  return hasText(row, String(folded)) ? 1 : 0;
}

/** Metadata that is no longer JSON holds no text; that it cannot be read is said where the row is shown. */
function readMetadata(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}

function readHistory(
  statements: Statements,
  { executionId, afterSeq, bytesMax }: { executionId: string; afterSeq: number; bytesMax: number },
): readonly EventPack[] {
  const [found] = rowsOf<[number]>(statements, "select key from execution where id = ?", executionId);
  if (found === undefined) return [];
  const [key] = found;
  // The last pack that begins at or before the next event is the first that may hold it.
  const sql = `select first_seq, last_seq, version, events from history
    where execution = ?1 and last_seq > ?2 and first_seq >= coalesce(
      (select max(first_seq) from history where execution = ?1 and first_seq <= ?2 + 1), 1)
    order by first_seq`;
  const packs: EventPack[] = [];
  let bytes = 0;
  for (const row of statements(sql).iterate(key, afterSeq)) {
    const [firstSeq, lastSeq, version, events] = row as unknown as readonly [number, number, number, Uint8Array];
    packs.push({
      firstSeq,
      lastSeq,
      version,
      text: textOf(events),
    });
    bytes += events.byteLength;
    if (bytes > bytesMax) break;
  }
  return packs;
}

function readSnapshot(statements: Statements, executionId: string): Snapshot | null {
  const sql = `select seq, version, checksum, state from snapshot
    where execution = (select key from execution where id = ?)`;
  const [found] = rowsOf<[number, string, number, NodeJS.NonSharedUint8Array]>(statements, sql, executionId);
  if (found === undefined) return null;
  const [seq, version, checksum, state] = found;
  if (crc32(state) !== checksum) {
    throw new StoreError("corrupt", `Expected the snapshot of "${executionId}" as it was written, but it has changed.`);
  }
  return { seq, version, text: textOf(state) };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

function countExecutions(
  statements: Statements,
  { workspace, workflow }: { workspace: string; workflow: string | null },
): Partial<Record<RowStatus, number>> {
  const counted =
    workflow === null
      ? rowsOf<[RowStatus, number]>(
          statements,
          "select status, count from workspace_count where workspace = ? and count > 0",
          workspace,
        )
      : rowsOf<[RowStatus, number]>(
          statements,
          "select status, count from workflow_count where workspace = ? and workflow = ? and count > 0",
          workspace,
          workflow,
        );
  return Object.fromEntries(counted);
}

function findWaits(statements: Statements, { workspace, event, correlationKey }: WaitRequest): readonly WaitRow[] {
  const columns = "select execution_id, path, correlation from wait where workspace = ?1 and event = ?2";
  const sql = `${columns} and correlation is null union all ${columns} and correlation = ?3`;
  type Columns = [executionId: string, path: string, correlation: string | null];
  const found = rowsOf<Columns>(statements, sql, workspace, event, correlationKey);
  return found.map(([executionId, path, correlation]) => ({ executionId, path, workspace, event, correlation }));
}

function findEvents(
  statements: Statements,
  { workspace, event, correlationKey, since }: EventRequest,
): readonly StoredEvent[] {
  const sql = `select id, data, at from kept_event
    where workspace = ? and event = ? and correlation_key = ? and at >= ? order by at, position`;
  const found = rowsOf<[string, string, number]>(statements, sql, workspace, event, correlationKey, since);
  return found.map(([id, data, at]) => ({ workspace, id, event, correlationKey, data, at }));
}

/** One walk for each function, so that tasks of other functions cost nothing; each in order, and merged. */
function findTasks(statements: Statements, { workspace, executor, functions, limit }: TaskRequest): readonly TaskRow[] {
  type Columns = [taskId: string, executionId: string, name: string, priority: number, createdAt: number];
  const columns = "select task_id, execution_id, function, priority, created_at from task indexed by";
  const order = "order by priority desc, created_at, task_id limit ?";
  const found =
    functions === null
      ? rowsOf<Columns>(
          statements,
          `${columns} task_by_executor where workspace = ? and executor = ? ${order}`,
          workspace,
          executor,
          limit,
        )
      : [...new Set(functions)].flatMap((name) =>
          rowsOf<Columns>(
            statements,
            `${columns} task_by_function where workspace = ? and executor = ? and function = ? ${order}`,
            workspace,
            executor,
            name,
            limit,
          ),
        );
  return found
    .map(([taskId, executionId, name, priority, createdAt]) => ({
      taskId,
      executionId,
      workspace,
      executor,
      function: name,
      priority,
      createdAt,
    }))
    .toSorted((a, b) => b.priority - a.priority || a.createdAt - b.createdAt || (a.taskId < b.taskId ? -1 : 1))
    .slice(0, limit);
}

/** The tables are strict: a column holds what the schema says, and here it gets its name. */
function rowsOf<Columns extends readonly SQLOutputValue[]>(
  statements: Statements,
  sql: string,
  ...parameters: readonly (string | number | null)[]
): readonly Columns[] {
  return statements(sql).all(...parameters) as unknown as readonly Columns[];
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

const SHARED_COLUMNS = "shard, workspace, kind, key, member, body";
type SharedColumns = [number, string, string, string, string, string];

function toSharedRow([shard, workspace, kind, key, member, body]: SharedColumns): StoredSharedRow {
  return { shard, workspace, kind, key, member, body };
}
