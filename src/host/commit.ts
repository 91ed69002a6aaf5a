/**
 * What one store write carries, collected decision by decision.
 *
 *     Batch ─┬─ Part (shard 0) ─┬─ Write (execution a): its events as text, its row, what to do after the commit
 *            │                  ├─ keys, messages, waits, kept events, tasks of parked executions
 *            │                  └─ who waits for the commit
 *            └─ Part (shard 3) ...
 *
 * A part is the unit of success: it is committed whole or lost whole, whatever happens to the other shards.
 */

import type { Json } from "../core/base/json.ts";
import type { HistoryEvent } from "../core/engine/events.ts";
import { EVENT_VERSION } from "../core/engine/events.ts";
import type {
  ExecutionRow,
  ExecutionWrite,
  KeptEvent,
  KeyRow,
  OutboxRow,
  Removal,
  ShardBatch,
  SharedWrite,
  Snapshot,
  TaskRow,
  WaitRow,
} from "../ports/store.ts";
import type { Effect } from "./effects.ts";
import type { Message } from "./item.ts";
import type { Refusal } from "./refusal.ts";
import type { Resident, Shard } from "./shard.ts";
import { grow } from "./snapshots.ts";

/** More commands or text than this is left for the next write: a commit must not take long. */
const BATCH_COMMANDS_MAX = 1000;
const BATCH_CHARACTERS_MAX = 4 * 1024 * 1024;

export interface Batch {
  readonly parts: Map<Shard, Part>;
  /** How many items were taken into it. */
  commands: number;
  characters: number;
  /** Resolves once the write has ended, well or badly. */
  readonly done: Promise<void>;
  readonly end: () => void;
}

export interface Part {
  readonly batch: Batch;
  readonly shard: Shard;
  readonly writes: Map<string, Write>;
  readonly keys: { readonly claim: string; readonly row: KeyRow }[];
  /** Messages decided here; those whose receivers have not decided in the same part get an outbox row. */
  readonly sent: Message[];
  readonly outbox: OutboxRow[];
  readonly removeOutbox: string[];
  /** By execution and path; null removes. */
  readonly waits: Map<string, { readonly executionId: string; readonly path: string; readonly row: WaitRow | null }>;
  readonly events: KeptEvent[];
  readonly tasks: Map<string, readonly TaskRow[]>;
  readonly removeTasksOf: Set<string>;
  /** Rows of shared records, by their place. */
  readonly shared: Map<string, SharedWrite>;
  /** Of executions that the part does not write. */
  readonly remove: Removal[];
  readonly waiting: Waiting[];
  /** What is to be done after the commit and belongs to no execution. */
  readonly effects: Effect[];
}

/** What of one execution is written. */
export interface Write {
  readonly executionId: string;
  /** Null for an execution that is put aside instead of kept in memory. */
  resident: Resident | null;
  firstSeq: number;
  lastSeq: number;
  text: string;
  row: ExecutionRow | null;
  snapshot: Snapshot | null;
  hasEnded: boolean;
  isParking: boolean;
  readonly effects: Effect[];
}

/** Somebody who may be told only once the part is on disk. */
export interface Waiting {
  committed(): void;
  lost(refusal: Refusal): void;
}

export function createBatch(): Batch {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { parts: new Map(), commands: 0, characters: 0, done: promise, end: resolve };
}

export function isFull(batch: Batch): boolean {
  return batch.commands >= BATCH_COMMANDS_MAX || batch.characters >= BATCH_CHARACTERS_MAX;
}

export function partOf(batch: Batch, shard: Shard): Part {
  const known = batch.parts.get(shard);
  if (known !== undefined) return known;
  const part: Part = {
    batch,
    shard,
    writes: new Map(),
    keys: [],
    sent: [],
    outbox: [],
    removeOutbox: [],
    waits: new Map(),
    events: [],
    tasks: new Map(),
    removeTasksOf: new Set(),
    shared: new Map(),
    remove: [],
    waiting: [],
    effects: [],
  };
  batch.parts.set(shard, part);
  return part;
}

export function writeOf(part: Part, resident: Resident): Write {
  const { id } = resident.execution;
  const known = part.writes.get(id);
  if (known?.resident === resident) return known;
  const write = known ?? createWrite(id, resident);
  part.writes.set(id, write);
  // Its row alone may have been written before it was in memory: from now on this commit is the execution's own.
  write.resident = resident;
  resident.pending += 1;
  resident.lastPart = part;
  return write;
}

/** Writes the row of an execution that is not in memory. */
export function writeRow(part: Part, row: ExecutionRow): void {
  const write = part.writes.get(row.id) ?? createWrite(row.id, null);
  write.row = row;
  part.writes.set(row.id, write);
}

export function addEvents(part: Part, write: Write, encoded: EncodedEvents): void {
  if (write.lastSeq === 0) {
    write.firstSeq = encoded.firstSeq;
    write.text = encoded.text;
  } else {
    write.text += `\n${encoded.text}`;
  }
  write.lastSeq = encoded.lastSeq;
  part.batch.characters += encoded.text.length;
  const { firstSeq, lastSeq, text } = encoded;
  if (write.resident !== null) grow(write.resident.growth, Buffer.byteLength(text), lastSeq - firstSeq + 1);
}

export interface EncodedEvents {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly text: string;
}

/** The only place where an event becomes text: the same bytes are stored, shown and streamed. */
export function encode(events: readonly HistoryEvent[]): EncodedEvents | null {
  const first = events[0];
  if (first === undefined) return null;
  let text = JSON.stringify(first);
  for (let i = 1; i < events.length; i++) text += `\n${JSON.stringify(events[i])}`;
  return { firstSeq: first.seq, lastSeq: first.seq + events.length - 1, text };
}

/** Nothing is added to the part afterwards: messages on their way to a later part get their outbox rows here. */
export function toShardBatch(part: Part): ShardBatch {
  for (const message of part.sent) {
    if (message.isTaken) continue;
    message.isStored = true;
    part.outbox.push({ id: message.id, shard: part.shard.index, body: message.body as unknown as Json });
  }
  const waits = [...part.waits.values()];
  return {
    shard: part.shard.index,
    epoch: part.shard.epoch,
    executions: [...part.writes.values()].map(toExecutionWrite),
    addKeys: part.keys.map((key) => key.row),
    addOutbox: part.outbox,
    removeOutbox: part.removeOutbox,
    addWaits: waits.flatMap((wait) => (wait.row === null ? [] : [wait.row])),
    removeWaits: waits.flatMap(({ executionId, path, row }) => (row === null ? [{ executionId, path }] : [])),
    addEvents: part.events,
    addTasks: [...part.tasks.values()].flat(),
    removeTasksOf: [...part.removeTasksOf],
    putShared: [...part.shared.values()],
    ...(part.remove.length === 0 ? {} : { remove: part.remove }),
  };
}

function createWrite(executionId: string, resident: Resident | null): Write {
  return {
    executionId,
    resident,
    firstSeq: 0,
    lastSeq: 0,
    text: "",
    row: null,
    snapshot: null,
    hasEnded: false,
    isParking: false,
    effects: [],
  };
}

function toExecutionWrite(write: Write): ExecutionWrite {
  const { executionId, firstSeq, lastSeq, text, row, snapshot } = write;
  const events = lastSeq === 0 ? null : { firstSeq, lastSeq, version: EVENT_VERSION, text };
  return snapshot === null ? { executionId, events, row } : { executionId, events, row, snapshot };
}
