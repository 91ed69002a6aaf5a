/**
 * Writes executions: their rows, their histories, and what finds them by tag and search attribute.
 *
 * The writer is the only one that changes the database, so it may remember what it wrote: of the executions it saw last it
 * knows key, last event and row, and writes them again without reading. Of a row it writes the columns that changed,
 * because SQLite touches the index entries of every column that an update names, changed or not.
 */

import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";

import { type Removal, StoreError } from "../../../ports/store.ts";
import {
  AT,
  parseMetadata,
  parseTags,
  type StoredEvents,
  type StoredExecution,
  type StoredWrite,
  toAttributeText,
} from "./codec.ts";
import { createCounts } from "./counts.ts";
import { createRecent } from "./recent.ts";
import { createRemover } from "./removals.ts";
import { EXECUTION_COLUMNS } from "./schema.ts";
import { createStatements } from "./statements.ts";

export interface ExecutionWriter {
  /** `events` and `state` are the bytes of the write's events and snapshot. Throws `StoreError` of kind `conflict` before anything is written of it. */
  write(shard: number, write: StoredWrite, events: Uint8Array, state: Uint8Array): void;
  /** Throws as above where one of them is another shard's. */
  remove(shard: number, removal: Removal): void;
  /** The last thing before the commit. */
  finish(): void;
  /** After a rollback: what was remembered may not be so. */
  forget(): void;
}

/** An execution that is stored. */
interface Known {
  readonly key: number;
  readonly lastSeq: number;
  /** Of its whole history. */
  readonly bytes: number;
  readonly row: StoredExecution;
}

/** How many executions are remembered: what is on the move, within some 10 MB. */
const KNOWN_MAX = 20_000;

/** Rows with longer texts are not remembered, or the number above would not bound memory. */
const KNOWN_TEXT_LENGTH_MAX = 2_000;

const COLUMNS = EXECUTION_COLUMNS.join(", ");

export function createExecutionWriter(db: DatabaseSync): ExecutionWriter {
  const statements = createStatements(db);
  const counts = createCounts(db);
  const remover = createRemover(db);
  const known = createRecent<Known>(KNOWN_MAX);
  const selectRow = db.prepare(`select ${COLUMNS}, key from execution where id = ?`);
  selectRow.setReturnArrays(true);
  const selectLast = db.prepare(
    "select last_seq, bytes_until from history where execution = ? order by first_seq desc limit 1",
  );
  const insertRow = db.prepare(
    `insert into execution (${COLUMNS}, key) values (${EXECUTION_COLUMNS.map(() => "?").join(", ")}, ?)`,
  );
  const insertHistory = db.prepare("insert into history values (null, ?, ?, ?, ?, ?, ?)");
  const putSnapshot = db.prepare("insert or replace into snapshot values (?, ?, ?, ?, ?)");
  const insertTag = db.prepare("insert into tag values (?, ?, ?, ?, ?)");
  const deleteTag = db.prepare("delete from tag where workspace = ? and tag = ? and created_at = ? and id = ?");
  const insertAttribute = db.prepare("insert into attribute values (?, ?, ?, ?, ?, ?)");
  const deleteAttribute = db.prepare(
    "delete from attribute where workspace = ? and name = ? and value = ? and created_at = ? and id = ?",
  );
  let lastKey = Number(db.prepare("select max(key) as last from execution").get()?.["last"] ?? 0);

  function write(shard: number, written: StoredWrite, events: Uint8Array, state: Uint8Array): void {
    const { executionId, row, snapshot } = written;
    const stored = known.get(executionId) ?? load(executionId);
    const next = row ?? stored?.row ?? null;
    if (next === null) throw conflict(executionId, "to begin with a row, but it has none");
    checkPlace(executionId, shard, next, stored?.row ?? next);
    if (written.events !== null) checkSeqs(executionId, written.events, stored?.lastSeq ?? 0);
    const lastSeq = written.events?.lastSeq ?? stored?.lastSeq ?? 0;
    if (snapshot !== undefined && snapshot.seq > lastSeq)
      throw conflict(executionId, `to have a snapshot of its ${lastSeq} events, but met one of ${snapshot.seq}`);

    const key = stored?.key ?? ++lastKey;
    if (stored === null) insert(key, next);
    else if (row !== null) update(key, row, stored.row);
    const bytes = (stored?.bytes ?? 0) + events.byteLength;
    if (written.events !== null) {
      const { firstSeq, version } = written.events;
      insertHistory.run(key, firstSeq, lastSeq, version, bytes, events);
    }
    if (snapshot !== undefined) putSnapshot.run(key, snapshot.seq, snapshot.version, crc32(state), state);
    if (isShort(next)) known.set(executionId, { key, lastSeq, bytes, row: next });
    else known.delete(executionId);
  }

  function load(executionId: string): Known | null {
    const found = selectRow.get(executionId) as unknown as readonly [...StoredExecution, key: number] | undefined;
    if (found === undefined) return null;
    const key = found[EXECUTION_COLUMNS.length] as number;
    const row = found.slice(0, EXECUTION_COLUMNS.length) as unknown as StoredExecution;
    const last = selectLast.get(key);
    return { key, lastSeq: Number(last?.["last_seq"] ?? 0), bytes: Number(last?.["bytes_until"] ?? 0), row };
  }

  function insert(key: number, row: StoredExecution): void {
    insertRow.run(...row, key);
    counts.add(row[AT.workspace], row[AT.workflow], row[AT.status], 1);
    changeTags(key, row, null);
    changeAttributes(key, row, null);
  }

  function update(key: number, row: StoredExecution, old: StoredExecution): void {
    const names: string[] = [];
    const values: (string | number | null)[] = [];
    for (const [index, name] of EXECUTION_COLUMNS.entries()) {
      const value = row[index] as string | number | null;
      if (value === old[index]) continue;
      names.push(`${name} = ?`);
      values.push(value);
    }
    if (names.length === 0) return;
    statements(`update execution set ${names.join(", ")} where key = ?`).run(...values, key);
    if (row[AT.status] !== old[AT.status] || row[AT.workflow] !== old[AT.workflow]) {
      counts.add(row[AT.workspace], old[AT.workflow], old[AT.status], -1);
      counts.add(row[AT.workspace], row[AT.workflow], row[AT.status], 1);
    }
    changeTags(key, row, old[AT.tags]);
    changeAttributes(key, row, old[AT.metadata]);
  }

  function changeTags(key: number, row: StoredExecution, oldTags: string | null): void {
    if (row[AT.tags] === oldTags) return;
    const place = [row[AT.createdAt], row[AT.id]] as const;
    const [before, after] = [readable(tagsOf, oldTags), tagsOf(row[AT.tags])];
    for (const tag of before) if (!after.has(tag)) deleteTag.run(row[AT.workspace], tag, ...place);
    for (const tag of after) if (!before.has(tag)) insertTag.run(row[AT.workspace], tag, ...place, key);
  }

  function changeAttributes(key: number, row: StoredExecution, oldMetadata: string | null): void {
    if (row[AT.metadata] === oldMetadata) return;
    const place = [row[AT.createdAt], row[AT.id]] as const;
    const [before, after] = [readable(attributesOf, oldMetadata), attributesOf(row[AT.metadata])];
    for (const [name, value] of before) {
      if (after.get(name) !== value) deleteAttribute.run(row[AT.workspace], name, value, ...place);
    }
    for (const [name, value] of after) {
      if (before.get(name) !== value) insertAttribute.run(row[AT.workspace], name, value, ...place, key);
    }
  }

  function remove(shard: number, removal: Removal): void {
    const found = removal.executionIds.flatMap((id) => known.get(id) ?? load(id) ?? []);
    for (const { row } of found) {
      if (row[AT.shard] !== shard)
        throw conflict(row[AT.id], `to be removed by shard ${row[AT.shard]}, but it came from ${shard}`);
    }
    const rows = found.map(({ row }) => row);
    if (!remover.isRemovable(rows, removal)) return;
    for (const { key, row } of found) {
      const bare = row.with(AT.tags, null).with(AT.metadata, null) as unknown as StoredExecution;
      changeTags(key, bare, row[AT.tags]);
      changeAttributes(key, bare, row[AT.metadata]);
      remover.remove(key, row);
      counts.add(row[AT.workspace], row[AT.workflow], row[AT.status], -1);
      known.delete(row[AT.id]);
    }
  }

  return {
    write,
    remove,
    finish: () => counts.finish(),
    forget() {
      counts.forget();
      known.clear();
    },
  };
}

function checkPlace(executionId: string, shard: number, row: StoredExecution, old: StoredExecution): void {
  if (row[AT.id] !== executionId)
    throw conflict(executionId, `to have a row of its own, but met that of "${row[AT.id]}"`);
  for (const own of [old[AT.shard], row[AT.shard]]) {
    if (own !== shard) throw conflict(executionId, `to be written by shard ${own}, but it came from ${shard}`);
  }
  if (row[AT.workspace] !== old[AT.workspace])
    throw conflict(executionId, "to stay in its workspace, but it has another");
  if (row[AT.createdAt] !== old[AT.createdAt])
    throw conflict(executionId, "to keep its time of creation, but it changed");
}

function checkSeqs(executionId: string, { firstSeq, lastSeq }: StoredEvents, storedSeq: number): void {
  if (firstSeq === storedSeq + 1 && lastSeq >= firstSeq) return;
  throw conflict(executionId, `to go on at event ${storedSeq + 1}, but met ${firstSeq} to ${lastSeq}`);
}

function conflict(executionId: string, expectation: string): StoreError {
  return new StoreError("conflict", `Expected execution "${executionId}" ${expectation}.`);
}

// Texts that differ only in halves of surrogate pairs become one in UTF-8, so they are one here already.

function tagsOf(tags: string | null): ReadonlySet<string> {
  return new Set(parseTags(tags).map((tag) => tag.toWellFormed()));
}

function attributesOf(metadata: string | null): ReadonlyMap<string, string> {
  const members = Object.entries(parseMetadata(metadata));
  return new Map(members.map(([name, value]) => [name.toWellFormed(), toAttributeText(value).toWellFormed()]));
}

/** What was stored and can no longer be read counts as nothing: one bad row should not stop the writes of its shard. */
function readable<T>(read: (text: string | null) => T, stored: string | null): T {
  try {
    return read(stored);
  } catch (error) {
    if (error instanceof StoreError) return read(null);
    throw error;
  }
}

function isShort(row: StoredExecution): boolean {
  let length = 0;
  for (const value of row) if (typeof value === "string") length += value.length;
  return length <= KNOWN_TEXT_LENGTH_MAX;
}
