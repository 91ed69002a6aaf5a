/**
 * Keeps everything in maps and forgets it at the end. For tests and simulation: the plainest reading of the port, and the
 * measure of the others.
 *
 * An append is checked whole before any of it is written, because there is no transaction to roll back.
 */

import { assert } from "../../../core/base/bug.ts";
import type {
  AppendAnswer,
  EventPack,
  ExecutionRow,
  HistorySize,
  KeptEvent,
  KeyRow,
  OutboxRow,
  Removal,
  RowStatus,
  ShardBatch,
  SharedQuery,
  SharedRow,
  Snapshot,
  Store,
  TaskRow,
  WaitRow,
} from "../../../ports/store.ts";
import { StoreError } from "../../../ports/store.ts";
import { createDocuments } from "./documents.ts";
import { findRows } from "./find.ts";
import { findOver, isRemovable } from "./over.ts";

const ENDED: ReadonlySet<RowStatus> = new Set(["completed", "failed", "cancelled", "timed_out"]);

interface State {
  readonly epochs: number[];
  readonly rows: Map<string, ExecutionRow>;
  readonly histories: Map<string, EventPack[]>;
  readonly snapshots: Map<string, Snapshot>;
  readonly keys: Map<string, KeyRow>;
  readonly outbox: Map<string, OutboxRow>;
  readonly waits: Map<string, WaitRow>;
  readonly events: Map<string, KeptEvent>;
  readonly tasks: Map<string, TaskRow>;
  readonly shared: Map<string, SharedRow>;
}

export function openMemoryStore(options: { readonly shards?: number } = {}): Store {
  const shards = options.shards ?? 8;
  const state: State = {
    epochs: Array.from({ length: shards }, () => 0),
    rows: new Map(),
    histories: new Map(),
    snapshots: new Map(),
    keys: new Map(),
    outbox: new Map(),
    waits: new Map(),
    events: new Map(),
    tasks: new Map(),
    shared: new Map(),
  };
  let isOpen = true;
  const documents = createDocuments();

  /** Every call goes through here, so that a closed store refuses all of them. */
  async function answer<T>(work: () => T): Promise<T> {
    if (!isOpen) throw new StoreError("gone", "Expected an open store, but this one is closed.");
    return work();
  }

  return {
    shards,
    acquire: (shard) => answer(() => acquire(state, shard)),
    append: (batches) => answer(() => append(state, batches)),
    readHistory: (request) => answer(() => readHistory(state.histories.get(request.executionId) ?? [], request)),
    measureHistory: (executionId) => answer(() => sizeOf(state.histories.get(executionId) ?? [])),
    readSnapshot: (executionId) => answer(() => state.snapshots.get(executionId) ?? null),
    readExecution: (executionId) => answer(() => state.rows.get(executionId) ?? null),
    findExecutions: (query) => answer(() => findRows(state.rows.values(), query)),
    countExecutions: (query) => answer(() => count(state, query)),

    findActive: (shard) =>
      answer(() =>
        [...state.rows.values()]
          .filter((row) => row.shard === shard && !row.parked && !ENDED.has(row.status))
          .map((row) => row.id),
      ),

    findDue: ({ shard, before, limit }) =>
      answer(() =>
        [...state.rows.values()]
          .flatMap((row) =>
            row.shard === shard && row.parked && row.wakeAt !== null ? [{ id: row.id, wakeAt: row.wakeAt }] : [],
          )
          .filter((due) => due.wakeAt <= before)
          .toSorted((a, b) => a.wakeAt - b.wakeAt)
          .slice(0, limit),
      ),

    findOver: (query) => answer(() => findOver(state.rows, query)),
    readOutbox: (shard) => answer(() => [...state.outbox.values()].filter((row) => row.shard === shard)),
    findKey: ({ workspace, key }) => answer(() => state.keys.get(placeOf(workspace, key)) ?? null),

    findWaits: ({ workspace, event, correlationKey }) =>
      answer(() =>
        [...state.waits.values()].filter(
          (wait) =>
            wait.workspace === workspace &&
            wait.event === event &&
            (wait.correlation === null || wait.correlation === correlationKey),
        ),
      ),

    findEvents: ({ workspace, event, correlationKey, since }) =>
      answer(() =>
        [...state.events.values()]
          .filter(
            (kept) =>
              kept.workspace === workspace &&
              kept.event === event &&
              kept.correlationKey === correlationKey &&
              kept.at >= since,
          )
          .toSorted((a, b) => a.at - b.at),
      ),

    dropEvents: (before) => answer(() => drop(state.events, (kept) => kept.at < before)),
    dropKeys: (before) => answer(() => drop(state.keys, (key) => key.createdAt < before)),

    findTasks: ({ workspace, executor, functions, limit }) =>
      answer(() =>
        [...state.tasks.values()]
          .filter(
            (task) =>
              task.workspace === workspace &&
              task.executor === executor &&
              (functions === null || functions.includes(task.function)),
          )
          .toSorted((a, b) => b.priority - a.priority || a.createdAt - b.createdAt || (a.taskId < b.taskId ? -1 : 1))
          .slice(0, limit),
      ),

    readShared: (shard) => answer(() => [...state.shared.values()].filter((row) => row.shard === shard)),
    findShared: (query) => answer(() => findShared(state, query)),

    documents: {
      get: (place) => answer(() => documents.get(place)),
      put: (writes) => answer(() => documents.put(writes)),
      list: (query) => answer(() => documents.list(query)),
    },

    measure: () => answer(() => ({ bytes: 0, executions: state.rows.size })),
    check: () => answer(() => {}),

    async [Symbol.asyncDispose]() {
      isOpen = false;
    },
  };
}

function acquire(state: State, shard: number): number {
  const epoch = state.epochs[shard];
  assert(epoch !== undefined, `shard ${shard} to be one of ${state.epochs.length}`);
  state.epochs[shard] = epoch + 1;
  return epoch + 1;
}

function append(state: State, batches: readonly ShardBatch[]): AppendAnswer {
  const isCurrent = (batch: ShardBatch) => batch.epoch > 0 && batch.epoch === state.epochs[batch.shard];
  const current = batches.filter(isCurrent);
  check(state, current);
  for (const batch of current) write(state, batch);
  return { refused: [...new Set(batches.filter((batch) => !isCurrent(batch)).map((batch) => batch.shard))] };
}

/** Throws where a history would get a gap or an execution would change what it keeps for ever. */
function check(state: State, batches: readonly ShardBatch[]): void {
  const known = new Map<string, { row: ExecutionRow; lastSeq: number }>();
  for (const { shard, executions, remove = [] } of batches) {
    for (const id of remove.flatMap(({ executionIds }) => executionIds)) {
      const own = state.rows.get(id)?.shard ?? shard;
      if (own !== shard) throw conflict(id, `to be removed by shard ${own}, but it came from ${shard}`);
    }
    for (const { executionId, events, row, snapshot } of executions) {
      const stored = known.get(executionId) ?? storedOf(state, executionId);
      const last = stored ?? (row === null ? null : { row, lastSeq: 0 });
      if (last === null) throw conflict(executionId, "to begin with a row, but it has none");
      for (const { workspace, createdAt, shard: own } of row === null ? [last.row] : [last.row, row]) {
        if (own !== shard) throw conflict(executionId, `to be written by shard ${own}, but it came from ${shard}`);
        if (workspace !== last.row.workspace)
          throw conflict(executionId, "to stay in its workspace, but it has another");
        if (createdAt !== last.row.createdAt)
          throw conflict(executionId, "to keep its time of creation, but it changed");
      }
      if (events !== null && (events.firstSeq !== last.lastSeq + 1 || events.lastSeq < events.firstSeq)) {
        throw conflict(
          executionId,
          `to go on at event ${last.lastSeq + 1}, but met ${events.firstSeq} to ${events.lastSeq}`,
        );
      }
      const lastSeq = events?.lastSeq ?? last.lastSeq;
      if (snapshot !== undefined && snapshot.seq > lastSeq)
        throw conflict(executionId, `to have a snapshot of its ${lastSeq} events, but met one of ${snapshot.seq}`);
      known.set(executionId, { row: last.row, lastSeq });
    }
  }
}

function storedOf(state: State, executionId: string): { row: ExecutionRow; lastSeq: number } | null {
  const row = state.rows.get(executionId);
  return row === undefined ? null : { row, lastSeq: state.histories.get(executionId)?.at(-1)?.lastSeq ?? 0 };
}

function conflict(executionId: string, expectation: string): StoreError {
  return new StoreError("conflict", `Expected execution "${executionId}" ${expectation}.`);
}

function write(state: State, batch: ShardBatch): void {
  for (const removal of batch.remove ?? []) remove(state, removal);
  for (const { executionId, events, row, snapshot } of batch.executions) {
    if (row !== null) state.rows.set(executionId, row);
    if (snapshot !== undefined) state.snapshots.set(executionId, snapshot);
    if (events === null) continue;
    const history = state.histories.get(executionId);
    if (history === undefined) state.histories.set(executionId, [events]);
    else history.push(events);
  }
  for (const row of batch.addKeys) state.keys.set(placeOf(row.workspace, row.key), row);
  for (const row of batch.addOutbox) state.outbox.set(row.id, row);
  for (const id of batch.removeOutbox) state.outbox.delete(id);
  for (const wait of batch.removeWaits) state.waits.delete(placeOf(wait.executionId, wait.path));
  for (const wait of batch.addWaits) state.waits.set(placeOf(wait.executionId, wait.path), wait);
  for (const event of batch.addEvents) state.events.set(placeOf(event.workspace, event.id), event);
  const removed = new Set(batch.removeTasksOf);
  if (removed.size > 0) drop(state.tasks, (task) => removed.has(task.executionId));
  for (const task of batch.addTasks) state.tasks.set(task.taskId, task);
  for (const { body, ...place } of batch.putShared) {
    const at = placeOf(place.workspace, place.kind, place.key, place.member);
    if (body === null) state.shared.delete(at);
    else state.shared.set(at, { ...place, shard: batch.shard, body });
  }
}

function remove(state: State, removal: Removal): void {
  if (!isRemovable(state.rows, state.keys.values(), removal)) return;
  const removed = new Set(removal.executionIds);
  drop(state.keys, (key) => removed.has(key.executionId));
  for (const id of removed) {
    state.rows.delete(id);
    state.histories.delete(id);
    state.snapshots.delete(id);
  }
}

function findShared(state: State, { workspace, kind, key, after = "", limit }: SharedQuery): readonly SharedRow[] {
  const orderOf = (row: SharedRow) => (key === undefined ? row.key : row.member);
  return [...state.shared.values()]
    .filter((row) => row.workspace === workspace && row.kind === kind)
    .filter((row) => (key === undefined ? row.member === "" : row.key === key))
    .filter((row) => after === "" || orderOf(row) > after)
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    .slice(0, limit);
}

function sizeOf(history: readonly EventPack[]): HistorySize {
  const bytes = history.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  return { events: history.at(-1)?.lastSeq ?? 0, bytes };
}

function readHistory(
  history: readonly EventPack[],
  { afterSeq, bytesMax }: { afterSeq: number; bytesMax: number },
): readonly EventPack[] {
  const packs: EventPack[] = [];
  let bytes = 0;
  for (const pack of history) {
    if (pack.lastSeq <= afterSeq) continue;
    packs.push(pack);
    bytes += Buffer.byteLength(pack.text);
    if (bytes > bytesMax) break;
  }
  return packs;
}

function count(
  state: State,
  { workspace, workflow }: { workspace: string; workflow: string | null },
): Partial<Record<RowStatus, number>> {
  const counts: Partial<Record<RowStatus, number>> = {};
  for (const row of state.rows.values()) {
    if (row.workspace !== workspace || (workflow !== null && row.workflow !== workflow)) continue;
    counts[row.status] = (counts[row.status] ?? 0) + 1;
  }
  return counts;
}

function drop<Row>(rows: Map<string, Row>, isDropped: (row: Row) => boolean): void {
  for (const [id, row] of rows) if (isDropped(row)) rows.delete(id);
}

/** Two texts as one key: neither can be mistaken for part of the other. */
function placeOf(...texts: readonly string[]): string {
  return JSON.stringify(texts);
}
