/**
 * Keeps the histories of all executions, and the few things that must be committed together with them.
 *
 * A store knows nothing of workflows. It writes batches of packed events to shards under their epochs and finds rows by
 * index; all that is clever happens above. Every write of execution state goes through `append`, which is atomic for each
 * shard and refuses a shard whose epoch is no longer the newest.
 *
 *     shard 3, epoch 17 ──append──► histories, execution rows, keys, outbox, waits, parked tasks   (all or none)
 *
 * Stored bytes come back as they went in: the events of one write are one text, in the form that the API shows.
 */

import type { Json, JsonObject } from "../core/base/json.ts";
import type { Instant } from "../core/base/time.ts";

export interface Store extends AsyncDisposable {
  /** How many shards this store was made with; fixed for ever. */
  readonly shards: number;

  /** Takes over `shard`: every write under an older epoch is refused from now on. Answers the new epoch. */
  acquire(shard: number): Promise<number>;

  /**
   * Writes all batches, each atomically. Shards whose epoch is stale are left out and named in the answer; the others are
   * written and on disk when the promise resolves. Rejects with `StoreError` if nothing was written or the outcome is not known:
   * a history that would get a gap or an overlap, a first write without row, or a row that changes its shard, workspace or
   * creation time is a `conflict`, and then no shard is written.
   */
  append(batches: readonly ShardBatch[]): Promise<AppendAnswer>;

  /** Events with `afterSeq < seq`, oldest first, as whole stored packs until `bytesMax` is passed; the first pack may begin earlier than asked. */
  readHistory(request: { executionId: string; afterSeq: number; bytesMax: number }): Promise<readonly EventPack[]>;

  /** How much has happened: the number of the last event, and the bytes of all. Nothing is read through for it. */
  measureHistory(executionId: string): Promise<HistorySize>;

  /** The last snapshot that was written; null: none. Rejects with `corrupt` where it is not what was written. */
  readSnapshot(executionId: string): Promise<Snapshot | null>;

  readExecution(executionId: string): Promise<ExecutionRow | null>;

  /**
   * Ordered by `created_at` then id, newest first unless `oldestFirst`. Paging by cursor is stable under writes. A page may be
   * shorter than its limit where much had to be looked through; the end is where there is no next cursor.
   */
  findExecutions(
    query: ExecutionQuery,
  ): Promise<{ readonly rows: readonly ExecutionRow[]; readonly nextCursor: string | null }>;

  /** How many executions of the workspace are in each status (of one workflow, where given). */
  countExecutions(query: {
    workspace: string;
    workflow: string | null;
  }): Promise<Readonly<Partial<Record<RowStatus, number>>>>;

  /** Ids of executions of the shard that have not ended and are not parked: what recovery loads. */
  findActive(shard: number): Promise<readonly string[]>;

  /** Parked executions of the shard with `wake_at <= before`, soonest first. */
  findDue(request: {
    shard: number;
    before: Instant;
    limit: number;
  }): Promise<readonly { readonly id: string; readonly wakeAt: Instant }[]>;

  /**
   * Looks for executions that were over long ago, those created first before others: a bounded number for each call, so an
   * answer may be empty and have a cursor all the same. What is found may have changed since; `Removal` says it once more.
   */
  findOver(query: OverQuery): Promise<{ readonly trees: readonly Tree[]; readonly nextCursor: string | null }>;

  /** Messages to the shard that it has not committed yet, in the order of their writing. */
  readOutbox(shard: number): Promise<readonly FoundOutboxRow[]>;

  findKey(request: { workspace: string; key: string }): Promise<KeyRow | null>;

  /** Waits that an event of this name wakes: those without correlation, and those whose correlation equals the key. */
  findWaits(request: { workspace: string; event: string; correlationKey: string | null }): Promise<readonly WaitRow[]>;

  /** Kept events of this name and key, oldest first, not older than `since`. */
  findEvents(request: {
    workspace: string;
    event: string;
    correlationKey: string;
    since: Instant;
  }): Promise<readonly KeptEvent[]>;
  dropEvents(before: Instant): Promise<void>;
  dropKeys(before: Instant): Promise<void>;

  /** Tasks of parked executions, oldest of the highest priority first. */
  findTasks(request: {
    workspace: string;
    executor: string;
    functions: readonly string[] | null;
    limit: number;
  }): Promise<readonly TaskRow[]>;

  /** Every row of the shared records of a shard: what it keeps in memory. */
  readShared(shard: number): Promise<readonly SharedRow[]>;

  /** Rows of shared records of one kind in the order of their keys, after `afterKey`: the records' own, or one's members. */
  findShared(query: SharedQuery): Promise<readonly SharedRow[]>;

  readonly documents: Documents;

  /** Bytes on disk and rows, for health and metrics. */
  measure(): Promise<{ readonly bytes: number; readonly executions: number }>;

  /** Resolves if a write could be done now; rejects as a write would, without writing anything of anybody. */
  check(): Promise<void>;
}

/**
 * What one shard writes at once. A row whose id (or place) is stored already takes the place of that row; an outbox row that
 * the same batch removes is not written; waits and tasks are removed before others are added.
 */
export interface ShardBatch {
  readonly shard: number;
  readonly epoch: number;
  readonly executions: readonly ExecutionWrite[];
  readonly addKeys: readonly KeyRow[];
  readonly addOutbox: readonly OutboxRow[];
  /** Ids; one that is not there is no error. */
  readonly removeOutbox: readonly string[];
  readonly addWaits: readonly WaitRow[];
  readonly removeWaits: readonly { readonly executionId: string; readonly path: string }[];
  readonly addEvents: readonly KeptEvent[];
  /** Written when an execution is parked with open tasks ... */
  readonly addTasks: readonly TaskRow[];
  /** ... and removed, all of an execution at once, when it is loaded again. */
  readonly removeTasksOf: readonly string[];
  /** Rows of shared records; a body of null removes. */
  readonly putShared: readonly SharedWrite[];
  /** Of executions that the same batch does not write. */
  readonly remove?: readonly Removal[];
}

/**
 * Removes executions, and with each its row, history, snapshot, tags, search attributes and keys.
 * All of them or none: none where one of them is not over any more.
 */
export interface Removal extends Over {
  /** Of the batch's shard. One that is not there is no hindrance. */
  readonly executionIds: readonly string[];
  /** An execution that an idempotency key of this time or later stands for is kept. */
  readonly keysSince: Instant;
}

/** What counts as over: ended long ago, and not put aside. */
export interface Over {
  readonly endedBefore: Instant;
  /** For those that are dead letters; null: they are kept. */
  readonly lettersBefore: Instant | null;
}

export interface OverQuery extends Over {
  /** Of the executions that nobody has started as children, or whose parents are gone. */
  readonly statuses: readonly RowStatus[];
  /** Whether those are asked for that are dead letters, or those that are not. */
  readonly deadLetters: boolean;
  /** How many executions are looked at, without their children. */
  readonly limit: number;
  readonly cursor?: string;
}

/** An execution that is over, after all that it and its children have started, which is over as well. */
export type Tree = readonly string[];

export interface AppendAnswer {
  /** Shards that were not written because their epoch is stale. */
  readonly refused: readonly number[];
}

export interface ExecutionWrite {
  readonly executionId: string;
  /** Null where only the row changes (parking, for instance). */
  readonly events: NewEvents | null;
  /** The whole row, when something in it changed; null leaves it. The first write of an execution has one. */
  readonly row: ExecutionRow | null;
  /** Takes the place of the one before. One that is ahead of its history, `events` included, is a `conflict`. */
  readonly snapshot?: Snapshot;
}

/** What memory knew of an execution after an event: no truth of its own, a short cut to what the history tells. */
export interface Snapshot {
  readonly seq: number;
  readonly version: string;
  readonly text: string;
}

export interface HistorySize {
  readonly events: number;
  readonly bytes: number;
}

export interface NewEvents {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly version: number;
  /** JSON texts of the events, joined by newlines. */
  readonly text: string;
}

export interface EventPack extends NewEvents {}

export type RowStatus = "queued" | "running" | "paused" | "completed" | "failed" | "cancelled" | "timed_out";

/** What can be asked about an execution without reading its history. */
export interface ExecutionRow {
  readonly id: string;
  readonly shard: number;
  readonly workspace: string;
  readonly workflow: string;
  readonly version: string;
  /** Content hash of the definition it began with. */
  readonly hash: string;
  readonly status: RowStatus;
  readonly priority: number;
  readonly createdAt: Instant;
  readonly startedAt: Instant | null;
  readonly finishedAt: Instant | null;
  /** Not in memory until `wakeAt`, a command or a poll asks for it. */
  readonly parked: boolean;
  /** Next wake-up by timer; null: none. */
  readonly wakeAt: Instant | null;
  readonly tags: readonly string[];
  /** The caller's metadata; its members are the search attributes. */
  readonly metadata: JsonObject;
  readonly parentId: string | null;
  readonly originId: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  /** Why the platform put it aside; null: it is not quarantined. */
  readonly quarantine: string | null;
  /** It failed for good, and nobody has begun it again or dropped it since. */
  readonly deadLetter: boolean;
  /** How often it was begun again after an end: re-opened, or run anew in another execution. */
  readonly replays: number;
  /** Who took it off the dead letters as it was, and when. */
  readonly dropped: { readonly at: Instant; readonly by: string } | null;
}

export interface ExecutionQuery {
  readonly workspace: string;
  readonly workflow?: string;
  readonly version?: string;
  readonly statuses?: readonly RowStatus[];
  readonly tag?: string;
  readonly parentId?: string;
  readonly errorCode?: string;
  readonly createdFrom?: Instant;
  readonly createdBefore?: Instant;
  /** Search attributes: each must be equal. */
  readonly metadata?: Readonly<Record<string, Json>>;
  /** Part of the id, workflow, error message or metadata, whatever the case. */
  readonly text?: string;
  readonly quarantined?: boolean;
  readonly deadLetter?: boolean;
  readonly oldestFirst?: boolean;
  readonly limit: number;
  /** From an earlier answer. One that is not ours is a `StoreError` of kind `cursor`. */
  readonly cursor?: string;
}

/** An idempotency key, with what it stands for. */
export interface KeyRow {
  readonly workspace: string;
  /** `{workflow}/{key}` as the host scopes it; `/{execution id}` for an id that its caller has chosen. */
  readonly key: string;
  readonly executionId: string;
  /** Hash of input, version and options: another body under the same key is a conflict. */
  readonly bodyHash: string;
  /** The latest instant there is for a chosen id: it is kept as long as its execution. */
  readonly createdAt: Instant;
}

/** A message from one execution or shared record to another, or to the waits of an event. */
export interface OutboxRow {
  /** `{sender}/{event seq}`: the receiver knows by it what it has taken. */
  readonly id: string;
  /** The receiver's, whose commit removes the row. */
  readonly shard: number;
  readonly body: Json;
}

export interface FoundOutboxRow extends OutboxRow {
  /** What is stored, where that is no JSON any more; `body` is null then. One bad row must not hide the others. */
  readonly unreadable?: string;
}

export interface WaitRow {
  readonly executionId: string;
  readonly path: string;
  readonly workspace: string;
  readonly event: string;
  /** Null: any event of that name. */
  readonly correlation: string | null;
}

export interface KeptEvent {
  readonly workspace: string;
  readonly id: string;
  readonly event: string;
  readonly correlationKey: string | null;
  readonly data: Json;
  readonly at: Instant;
}

export interface TaskRow {
  readonly taskId: string;
  readonly executionId: string;
  readonly workspace: string;
  readonly executor: string;
  readonly function: string;
  readonly priority: number;
  readonly createdAt: Instant;
}

/** One row of a record that executions share: a circuit breaker, the slots of a concurrency limit. */
export interface SharedRow {
  readonly shard: number;
  readonly workspace: string;
  readonly kind: string;
  readonly key: string;
  /** Who takes part (an execution that holds or waits for a slot); empty for the record's own row. */
  readonly member: string;
  readonly body: Json;
}

export interface SharedWrite extends Omit<SharedRow, "shard" | "body"> {
  readonly body: Json | null;
}

export interface SharedQuery {
  readonly workspace: string;
  readonly kind: string;
  /** One record with all its members, in the order of their names; without it the own rows of all records. */
  readonly key?: string;
  /** The last key of the page before; of the last member, where one record is asked for. */
  readonly after?: string;
  readonly limit: number;
}

/** Small versioned things: definitions, executors, later users and schedules. */
export interface Documents {
  get(place: DocumentPlace): Promise<Document | null>;
  /**
   * Writes if the stored revision is `expected` (null: there must be none) and answers the new revision (0 where it deletes);
   * else answers null and writes nothing. Several writes in one call are atomic.
   */
  put(writes: readonly DocumentWrite[]): Promise<readonly number[] | null>;
  /** In the order of their ids, after `afterId`. */
  list(query: DocumentQuery): Promise<readonly Document[]>;
}

export interface DocumentPlace {
  readonly collection: string;
  readonly workspace: string;
  readonly id: string;
}

export interface Document extends DocumentPlace {
  /** From 1, raised by each write. */
  readonly revision: number;
  readonly body: Json;
  /** A second way to find it, equal for a group (all versions of one workflow). */
  readonly group: string | null;
}

export interface DocumentWrite extends DocumentPlace {
  readonly expected: number | null;
  /** Null deletes. */
  readonly body: Json | null;
  readonly group: string | null;
}

export interface DocumentQuery {
  readonly collection: string;
  readonly workspace: string;
  readonly group?: string;
  /** Only ids that contain this text, whatever the case. */
  readonly idContains?: string;
  readonly afterId?: string;
  readonly limit: number;
}

/**
 * `full`: no space left. `gone`: the store cannot be reached or is closed. `unknown`: it may or may not have been written.
 * `cursor`: a cursor that is not ours. `corrupt`: what is stored cannot be read. `conflict`: rows do not fit one another.
 */
export type StoreErrorKind = "full" | "gone" | "unknown" | "cursor" | "corrupt" | "conflict";

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
