/** Small makers of what stores are given: a test names what it is about, the rest is filled in here. */

import assert from "node:assert/strict";

import type { Store } from "../store.ts";
import {
  type EventPack,
  type ExecutionRow,
  type ExecutionWrite,
  type NewEvents,
  type ShardBatch,
  StoreError,
  type StoreErrorKind,
} from "../store.ts";

/** The time at which everything in the samples is created unless the test says otherwise. */
export const NOON = 1_790_000_000_000;

export function rowOf(id: string, changes: Partial<ExecutionRow> = {}): ExecutionRow {
  return {
    id,
    shard: 0,
    workspace: "default",
    workflow: "order",
    version: "1.0.0",
    hash: "c0ffee",
    status: "running",
    priority: 5,
    createdAt: NOON,
    startedAt: NOON + 1,
    finishedAt: null,
    parked: false,
    wakeAt: null,
    tags: [],
    metadata: {},
    parentId: null,
    originId: null,
    errorCode: null,
    errorMessage: null,
    quarantine: null,
    deadLetter: false,
    replays: 0,
    dropped: null,
    ...changes,
  };
}

/** Events `firstSeq` to `lastSeq`, joined as a host joins them. */
export function eventsOf(firstSeq: number, lastSeq: number = firstSeq): NewEvents {
  const texts = [];
  for (let seq = firstSeq; seq <= lastSeq; seq++)
    texts.push(JSON.stringify({ seq, type: "VariableSet", data: { seq } }));
  return { firstSeq, lastSeq, version: 1, text: texts.join("\n") };
}

/** The first write of an execution: its row and event 1. */
export function startOf(id: string, changes: Partial<ExecutionRow> = {}): ExecutionWrite {
  return { executionId: id, events: eventsOf(1), row: rowOf(id, changes) };
}

export function batchOf(shard: number, epoch: number, parts: Partial<ShardBatch> = {}): ShardBatch {
  return {
    shard,
    epoch,
    executions: [],
    addKeys: [],
    addOutbox: [],
    removeOutbox: [],
    addWaits: [],
    removeWaits: [],
    addEvents: [],
    addTasks: [],
    removeTasksOf: [],
    putShared: [],
    ...parts,
  };
}

/** Takes over `shard` and answers a function that writes to it. */
export async function writerOf(store: Store, shard = 0): Promise<(parts: Partial<ShardBatch>) => Promise<void>> {
  const epoch = await store.acquire(shard);
  return async (parts) => {
    assert.deepEqual(await store.append([batchOf(shard, epoch, parts)]), { refused: [] });
  };
}

export async function readAll(store: Store, executionId: string): Promise<readonly EventPack[]> {
  return store.readHistory({ executionId, afterSeq: 0, bytesMax: Number.MAX_SAFE_INTEGER });
}

export async function rejectsAs(kind: StoreErrorKind, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof StoreError, `Expected a StoreError, but met ${String(error)}.`);
    assert.equal(error.kind, kind);
    return true;
  });
}
