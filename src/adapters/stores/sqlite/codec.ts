/**
 * The forms in which rows cross to the storage threads and lie in the tables.
 *
 * The batches of one append become one buffer, which is handed over and not copied: a length, one JSON text with all rows,
 * then the texts of all events and snapshots as UTF-8. The thread binds those bytes as they lie; nobody decodes them again until they are
 * read.
 *
 *     | bytes of head | head: JSON | events | events | …
 */

import { createHash } from "node:crypto";

import { canonicalJson, type Json, type JsonObject } from "../../../core/base/json.ts";
import type { Instant } from "../../../core/base/time.ts";
import {
  type Document,
  type ExecutionRow,
  type ExecutionWrite,
  type NewEvents,
  type RowStatus,
  type ShardBatch,
  StoreError,
} from "../../../ports/store.ts";

/** A row of `execution` in the order of `EXECUTION_COLUMNS`. */
export type StoredExecution = readonly [
  id: string,
  shard: number,
  workspace: string,
  createdAt: Instant,
  workflow: string,
  version: string,
  hash: string,
  status: RowStatus,
  priority: number,
  startedAt: Instant | null,
  finishedAt: Instant | null,
  parked: number,
  wakeAt: Instant | null,
  tags: string | null,
  metadata: string | null,
  parentId: string | null,
  originId: string | null,
  errorCode: string | null,
  errorMessage: string | null,
  quarantine: string | null,
  deadLetter: number,
  replays: number,
  droppedAt: Instant | null,
  droppedBy: string | null,
];

/** Places in a stored row, for those who need few of its columns. */
export const AT = {
  id: 0,
  shard: 1,
  workspace: 2,
  createdAt: 3,
  workflow: 4,
  status: 7,
  finishedAt: 10,
  tags: 13,
  metadata: 14,
  quarantine: 19,
  deadLetter: 20,
} as const;

export interface StoredBatch extends Omit<ShardBatch, "executions"> {
  readonly executions: readonly StoredWrite[];
}

export interface StoredWrite {
  readonly executionId: string;
  readonly events: StoredEvents | null;
  readonly row: StoredExecution | null;
  readonly snapshot?: StoredSnapshot;
}

export interface StoredSnapshot {
  readonly seq: number;
  readonly version: string;
  /** Its bytes stand behind those of the events. */
  readonly bytes: number;
}

export interface StoredEvents {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly version: number;
  /** How many of the bytes behind the head are theirs. */
  readonly bytes: number;
}

export interface StoredDocument extends Omit<Document, "body"> {
  readonly body: string;
}

const HEAD_LENGTH_BYTES = 4;

export function encodeBatches(batches: readonly ShardBatch[]): ArrayBuffer {
  const texts: string[] = [];
  let textBytes = 0;
  const lengthOf = (text: string): number => {
    const bytes = Buffer.byteLength(text);
    texts.push(text);
    textBytes += bytes;
    return bytes;
  };
  const toStoredWrite = ({ executionId, events, row, snapshot }: ExecutionWrite): StoredWrite => {
    const write = { executionId, events: toStoredEvents(events), row: row === null ? null : toStoredExecution(row) };
    if (snapshot === undefined) return write;
    const { seq, version, text } = snapshot;
    return { ...write, snapshot: { seq, version, bytes: lengthOf(text) } };
  };
  const toStoredEvents = (events: NewEvents | null): StoredEvents | null => {
    if (events === null) return null;
    const { firstSeq, lastSeq, version, text } = events;
    return { firstSeq, lastSeq, version, bytes: lengthOf(text) };
  };
  const stored: readonly StoredBatch[] = batches.map((batch) => ({
    ...batch,
    executions: batch.executions.map(toStoredWrite),
  }));
  const head = JSON.stringify(stored);
  const headBytes = Buffer.byteLength(head);
  const buffer = Buffer.from(new ArrayBuffer(HEAD_LENGTH_BYTES + headBytes + textBytes));
  let offset = buffer.writeUInt32LE(headBytes);
  offset += buffer.write(head, offset);
  for (const text of texts) offset += buffer.write(text, offset);
  return buffer.buffer as ArrayBuffer;
}

/** The batches, and what gives the bytes of each text in turn: it is asked once for each, in their order. */
export function decodeBatches(encoded: ArrayBuffer): {
  readonly batches: readonly StoredBatch[];
  readonly takeBytes: (length: number) => Uint8Array;
} {
  const buffer = Buffer.from(encoded);
  let offset = HEAD_LENGTH_BYTES + buffer.readUInt32LE();
  const batches = JSON.parse(buffer.toString("utf8", HEAD_LENGTH_BYTES, offset)) as readonly StoredBatch[];
  const takeBytes = (length: number) => {
    offset += length;
    return buffer.subarray(offset - length, offset);
  };
  return { batches, takeBytes };
}

export function toStoredExecution(row: ExecutionRow): StoredExecution {
  return [
    row.id,
    row.shard,
    row.workspace,
    row.createdAt,
    row.workflow,
    row.version,
    row.hash,
    row.status,
    row.priority,
    row.startedAt,
    row.finishedAt,
    row.parked ? 1 : 0,
    row.wakeAt,
    row.tags.length === 0 ? null : JSON.stringify(row.tags),
    Object.keys(row.metadata).length === 0 ? null : JSON.stringify(row.metadata),
    row.parentId,
    row.originId,
    row.errorCode,
    row.errorMessage,
    row.quarantine,
    row.deadLetter ? 1 : 0,
    row.replays,
    row.dropped?.at ?? null,
    row.dropped?.by ?? null,
  ];
}

/** Throws `StoreError` of kind `corrupt` where a text is no longer JSON. */
export function toExecutionRow(stored: StoredExecution): ExecutionRow {
  return toRow(stored, parseTags(stored[AT.tags]), parseMetadata(stored[AT.metadata]));
}

/** For lists: a row that cannot be read shows what is wrong with it, and does not take the list down. */
export function toListedRow(stored: StoredExecution): ExecutionRow {
  try {
    return toExecutionRow(stored);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { ...toRow(stored, [], {}), quarantine: error.message };
  }
}

function toRow(stored: StoredExecution, tags: readonly string[], metadata: JsonObject): ExecutionRow {
  const [id, shard, workspace, createdAt, workflow, version, hash, status, priority, startedAt, finishedAt, ...more] =
    stored;
  const [parked, wakeAt, , , parentId, originId, errorCode, errorMessage, quarantine, ...letter] = more;
  const [deadLetter, replays, droppedAt, droppedBy] = letter;
  return {
    id,
    shard,
    workspace,
    workflow,
    version,
    hash,
    status,
    priority,
    createdAt,
    startedAt,
    finishedAt,
    parked: parked === 1,
    wakeAt,
    tags,
    metadata,
    parentId,
    originId,
    errorCode,
    errorMessage,
    quarantine,
    deadLetter: deadLetter === 1,
    replays,
    dropped: droppedAt === null ? null : { at: droppedAt, by: droppedBy ?? "" },
  };
}

export function parseTags(text: string | null): readonly string[] {
  return text === null ? [] : (parseStored(text, "the tags of an execution") as readonly string[]);
}

export function parseMetadata(text: string | null): JsonObject {
  return text === null ? {} : (parseStored(text, "the metadata of an execution") as JsonObject);
}

/** Text that was JSON when it was written. */
export function parseStored(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new StoreError("corrupt", `Expected ${what} to be JSON, but what is stored cannot be read.`, { cause });
  }
}

/** Longer values are found by their hash: an index should not hold documents. */
const ATTRIBUTE_LENGTH_MAX = 100;

/** The form in which a search attribute is compared. A hash cannot be mistaken for JSON, which never begins with `#`. */
export function toAttributeText(value: Json): string {
  const text = canonicalJson(value);
  return text.length <= ATTRIBUTE_LENGTH_MAX ? text : `#${createHash("sha256").update(text).digest("base64url")}`;
}
