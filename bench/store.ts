/**
 * How fast the embedded store commits, beside the bare loop that it cannot beat: the same bytes, one small row for each
 * write, the same number of writes in a transaction, on the same disk in the same run. Ratios travel between machines,
 * numbers do not.
 *
 *     node bench/store.ts [directory]
 *
 * An execution is written twice, as the shortest real one is: a start with its row and four events, an end with three more
 * and the changed row. Two appends are under way at a time, as the host keeps them.
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { openSqliteStore } from "../src/adapters/stores/sqlite/store.ts";
import type { ExecutionRow, ExecutionWrite, NewEvents, ShardBatch, Store } from "../src/ports/store.ts";

const BATCHES = [1, 10, 100, 1_000];

/** Bare loop and store take turns, and the round with the middle ratio is shown: what else the machine does hits both. */
const ROUNDS = 5;

const ROUND_MS = 800;

const APPENDS_IN_FLIGHT = 2;

interface Measured {
  readonly appendsPerSecond: number;
  readonly writesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** The events of the two writes, near 200 bytes each. */
const STARTED = eventsOf(1, 4);
const ENDED = eventsOf(5, 7);

const root = process.argv[2] ?? join(".cache", "bench");
mkdirSync(root, { recursive: true });
const directory = mkdtempSync(join(root, "store-"));
try {
  console.log("   batch   appends/s    writes/s   p50 ms   p99 ms   max ms   bare writes/s   ratio");
  for (const size of BATCHES) {
    const rounds: { readonly bare: number; readonly store: Measured; readonly ratio: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const bare = measureBare(join(directory, `bare-${size}-${round}.db`), size);
      const store = await measureStore(join(directory, `store-${size}-${round}`), size);
      rounds.push({ bare, store, ratio: store.writesPerSecond / bare });
    }
    const middle = rounds.toSorted((a, b) => a.ratio - b.ratio)[Math.floor(ROUNDS / 2)];
    if (middle === undefined) throw new Error("Expected at least one round.");
    const { bare, store, ratio } = middle;
    console.log(
      [
        String(size).padStart(8),
        store.appendsPerSecond.toFixed(0).padStart(11),
        store.writesPerSecond.toFixed(0).padStart(11),
        store.p50Ms.toFixed(2).padStart(8),
        store.p99Ms.toFixed(2).padStart(8),
        store.maxMs.toFixed(1).padStart(8),
        bare.toFixed(0).padStart(15),
        ratio.toFixed(2).padStart(7),
      ].join(" "),
    );
  }
} finally {
  rmSync(directory, { recursive: true });
}

async function measureStore(place: string, size: number): Promise<Measured> {
  await using store = await openSqliteStore({ directory: place });
  const epoch = await store.acquire(0);
  const durations: number[] = [];
  const began = performance.now();
  let next = 0;
  async function keepAppending(): Promise<void> {
    while (performance.now() - began < ROUND_MS) {
      const ids = Array.from({ length: size }, () => idOf(next++));
      await timed(store, epoch, ids.map(startOf), durations);
      await timed(store, epoch, ids.map(endOf), durations);
    }
  }
  await Promise.all(Array.from({ length: APPENDS_IN_FLIGHT }, keepAppending));
  const seconds = (performance.now() - began) / 1000;
  durations.sort((a, b) => a - b);
  const quantile = (share: number) =>
    durations[Math.min(durations.length - 1, Math.floor(durations.length * share))] ?? 0;
  return {
    appendsPerSecond: durations.length / seconds,
    writesPerSecond: (durations.length * size) / seconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    maxMs: quantile(1),
  };
}

async function timed(
  store: Store,
  epoch: number,
  executions: readonly ExecutionWrite[],
  durations: number[],
): Promise<void> {
  const began = performance.now();
  const { refused } = await store.append([batchOf(epoch, executions)]);
  if (refused.length > 0) throw new Error("Expected the benchmark to own its shard, but it was refused.");
  durations.push(performance.now() - began);
}

function measureBare(file: string, size: number): number {
  const db = new DatabaseSync(file);
  db.exec("pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 4000");
  db.exec("create table history (key integer primary key, events blob not null) strict");
  const insert = db.prepare("insert into history (events) values (?)");
  const packs = [Buffer.from(STARTED.text), Buffer.from(ENDED.text)] as const;
  const began = performance.now();
  let writes = 0;
  while (performance.now() - began < ROUND_MS) {
    db.exec("begin immediate");
    for (let i = 0; i < size; i++) insert.run(packs[i % 2 === 0 ? 0 : 1]);
    db.exec("commit");
    writes += size;
  }
  const perSecond = (writes * 1000) / (performance.now() - began);
  db.close();
  return perSecond;
}

function eventsOf(firstSeq: number, lastSeq: number): NewEvents {
  const texts = [];
  for (let seq = firstSeq; seq <= lastSeq; seq++) {
    const data = { input: { order: "4711", amount: 12.5, currency: "EUR" }, output: null, due: null };
    texts.push(
      JSON.stringify({
        seq,
        type: "StepScheduled",
        at: "2026-11-23T08:00:00.000Z",
        step: "reserve",
        path: "reserve",
        attempt: 1,
        data,
      }),
    );
  }
  return { firstSeq, lastSeq, version: 1, text: texts.join("\n") };
}

/** Time-ordered, 32 hex digits, as generated ids are. */
function idOf(n: number): string {
  return `${(Date.now() * 0x1000 + (n % 0x1000)).toString(16).padStart(15, "0")}${Math.floor(Math.random() * 2 ** 48)
    .toString(16)
    .padStart(15, "0")}00`;
}

function startOf(id: string): ExecutionWrite {
  return { executionId: id, events: STARTED, row: rowOf(id, { status: "running" }) };
}

function endOf(id: string): ExecutionWrite {
  return { executionId: id, events: ENDED, row: rowOf(id, { status: "completed", finishedAt: Date.now() }) };
}

function rowOf(id: string, changes: Partial<ExecutionRow>): ExecutionRow {
  // The time that its id begins with, so that both writes of an execution say the same.
  const createdAt = Math.floor(Number.parseInt(id.slice(0, 15), 16) / 0x1000);
  return {
    id,
    shard: 0,
    workspace: "default",
    workflow: "order-processing",
    version: "1.0.0",
    hash: "5f7a1c2b9d3e4f60",
    status: "running",
    priority: 5,
    createdAt,
    startedAt: createdAt,
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

function batchOf(epoch: number, executions: readonly ExecutionWrite[]): ShardBatch {
  return {
    shard: 0,
    epoch,
    executions,
    addKeys: [],
    addOutbox: [],
    removeOutbox: [],
    addWaits: [],
    removeWaits: [],
    addEvents: [],
    addTasks: [],
    removeTasksOf: [],
    putShared: [],
  };
}
