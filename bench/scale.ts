/**
 * How long lists, counts and removals take over many executions: a store is filled through its port, each query is asked
 * often with other values, and what takes longest can be seen at the end of the table.
 *
 *     node bench/scale.ts                       a million executions
 *     node bench/scale.ts 5000000               five million: some 7 GB, removed afterwards
 *     node bench/scale.ts 1000000 --documents   a million documents as well
 */

import { parseArgs } from "node:util";

import { openSqliteStore } from "../src/adapters/stores/sqlite/store.ts";
import { executionIdOf } from "../src/core/base/ids.ts";
import type { ExecutionQuery, ExecutionRow, ExecutionWrite, RowStatus, ShardBatch, Store } from "../src/ports/store.ts";
import { createFolder } from "./places.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { documents: { type: "boolean", default: false } },
});
const COUNT = Number(positionals[0] ?? 1_000_000);
const BATCH = 2000;
const ASKED = 40;
const SHARDS = 8;
const WORKSPACE = "default";
/** One each second, up to a moment that is the same in every run. */
const LAST = 1_800_000_000_000;
const STEP_MS = 1000;
const CUSTOMERS = 100_000;
const WORKFLOWS = 50;
const REGIONS = ["north", "south", "east", "west", "middle"];
const EVENTS = JSON.stringify({
  seq: 1,
  type: "ExecutionStarted",
  at: "2026-11-23T12:00:00.000Z",
  step: null,
  path: null,
  attempt: null,
  data: { input: { order: "o-1", amount: 12, note: "x".repeat(120) }, metadata: {}, priority: 5 },
});

const store = await openSqliteStore({ directory: createFolder("scale"), shards: SHARDS });
try {
  const epochs = await Promise.all(Array.from({ length: SHARDS }, (_, shard) => store.acquire(shard)));
  await fill(store, epochs);
  await ask(store);
  await removeSome(store, epochs);
  await history(store, epochs);
  if (values.documents) await documents(store);
} finally {
  await store[Symbol.asyncDispose]();
}

async function fill(store: Store, epochs: readonly number[]): Promise<void> {
  const begun = performance.now();
  let last = begun;
  for (let from = 0; from < COUNT; from += BATCH) {
    const writes = Array.from({ length: Math.min(BATCH, COUNT - from) }, (_, n) => writeOf(from + n));
    await store.append(batchesOf(epochs, writes));
    if ((from / BATCH) % 100 !== 99) continue;
    const now = performance.now();
    console.log(`${from + BATCH} filled, ${Math.round((100 * BATCH) / ((now - last) / 1000))}/s`);
    last = now;
  }
  const { bytes } = await store.measure();
  const seconds = (performance.now() - begun) / 1000;
  console.log(`${COUNT} in ${seconds.toFixed(0)} s, ${Math.round(bytes / COUNT)} bytes each`);
}

/** Each with three events in one write: what is measured here are the lists. */
function writeOf(n: number): ExecutionWrite {
  const row = rowOf(n);
  const text = [EVENTS, EVENTS, EVENTS].join("\n");
  return { executionId: row.id, events: { firstSeq: 1, lastSeq: 3, version: 1, text }, row };
}

function idOf(n: number): string {
  return executionIdOf(
    (LAST + n).toString(16).padStart(12, "0") + (n * 2654435761).toString(16).padStart(18, "0"),
    n % SHARDS,
  );
}

function rowOf(n: number): ExecutionRow {
  const status = statusOf(n);
  const hasFailed = status === "failed" || status === "timed_out";
  const createdAt = LAST - (COUNT - n) * STEP_MS;
  const isOpen = status === "running";
  return {
    id: idOf(n),
    shard: n % SHARDS,
    workspace: WORKSPACE,
    workflow: `workflow-${mixed(n, 1) % WORKFLOWS}`,
    version: `1.${mixed(n, 2) % 3}.0`,
    hash: "c0ffee",
    status,
    priority: 5,
    createdAt,
    startedAt: createdAt,
    finishedAt: isOpen ? null : createdAt + 500,
    parked: isOpen,
    wakeAt: isOpen ? LAST + n * STEP_MS : null,
    tags: [`team-${mixed(n, 3) % 10}`, "shop"],
    metadata: { customer: `c-${mixed(n, 4) % CUSTOMERS}`, region: REGIONS[mixed(n, 5) % REGIONS.length] ?? "" },
    parentId: n % 10 === 9 ? idOf(n - 8) : null,
    originId: null,
    errorCode: hasFailed ? `ERROR_${mixed(n, 6) % 20}` : null,
    errorMessage: hasFailed ? "Expected an answer of the payments service, but there was none." : null,
    quarantine: null,
    deadLetter: hasFailed && mixed(n, 7) % 2 === 0,
    replays: 0,
    dropped: null,
  };
}

function statusOf(n: number): RowStatus {
  const place = mixed(n, 0) % 100;
  if (place < 90) return "completed";
  if (place < 95) return "failed";
  if (place < 96) return "timed_out";
  return place < 97 ? "cancelled" : "running";
}

/** Chance that is the same in every run. */
function mixed(n: number, salt: number): number {
  let x = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return (x ^ (x >>> 15)) >>> 0;
}

function batchesOf(epochs: readonly number[], writes: readonly ExecutionWrite[]): readonly ShardBatch[] {
  const nothing = { addKeys: [], addOutbox: [], removeOutbox: [], addWaits: [], removeWaits: [], addEvents: [] };
  return epochs.map((epoch, shard) => ({
    ...nothing,
    shard,
    epoch,
    executions: writes.filter(({ row }) => row?.shard === shard),
    addTasks: [],
    removeTasksOf: [],
    putShared: [],
  }));
}

async function ask(store: Store): Promise<void> {
  const find = (query: (n: number) => Omit<ExecutionQuery, "workspace" | "limit">) => async (n: number) => {
    const { rows } = await store.findExecutions({ workspace: WORKSPACE, limit: 50, ...query(n) });
    return rows.length;
  };
  const day = 86_400_000;
  const queries: Readonly<Record<string, (n: number) => Promise<number>>> = {
    newest: find(() => ({})),
    "oldest first": find(() => ({ oldestFirst: true })),
    "of a day in the middle": find((n) => ({
      createdFrom: LAST - (n % 9) * day - day,
      createdBefore: LAST - (n % 9) * day,
    })),
    workflow: find((n) => ({ workflow: `workflow-${n % WORKFLOWS}` })),
    "workflow and version": find((n) => ({ workflow: `workflow-${n % WORKFLOWS}`, version: `1.${n % 3}.0` })),
    "status running": find(() => ({ statuses: ["running"] })),
    "status completed": find(() => ({ statuses: ["completed"] })),
    "status failed or timed out": find(() => ({ statuses: ["failed", "timed_out"] })),
    "workflow and failed": find((n) => ({ workflow: `workflow-${n % WORKFLOWS}`, statuses: ["failed"] })),
    "workflow and running": find((n) => ({ workflow: `workflow-${n % WORKFLOWS}`, statuses: ["running"] })),
    "workflow that is not there, failed": find(() => ({ workflow: "nothing", statuses: ["failed"] })),
    "version alone": find((n) => ({ version: `1.${n % 3}.0` })),
    "version that is not there": find(() => ({ version: "9.9.9" })),
    tag: find((n) => ({ tag: `team-${n % 10}` })),
    "tag and failed": find((n) => ({ tag: `team-${n % 10}`, statuses: ["failed"] })),
    "attribute, few": find((n) => ({ metadata: { customer: `c-${n * 37}` } })),
    "attribute, many": find((n) => ({ metadata: { region: REGIONS[n % REGIONS.length] ?? "" } })),
    "two attributes, many first": find((n) => ({
      metadata: { region: REGIONS[n % REGIONS.length] ?? "", customer: `c-${n * 37}` },
    })),
    "attribute and failed": find((n) => ({
      metadata: { region: REGIONS[n % REGIONS.length] ?? "" },
      statuses: ["failed"],
    })),
    children: find((n) => ({ parentId: idOf(n * 10 + 1) })),
    "error code": find((n) => ({ errorCode: `ERROR_${n % 20}` })),
    "error code and workflow": find((n) => ({ errorCode: `ERROR_${n % 20}`, workflow: `workflow-${n % WORKFLOWS}` })),
    "dead letters": find(() => ({ deadLetter: true })),
    "dead letters of a workflow": find((n) => ({ deadLetter: true, workflow: `workflow-${n % WORKFLOWS}` })),
    quarantined: find(() => ({ quarantined: true })),
    "text that many have": find(() => ({ text: "NORTH" })),
    "text that nobody has": find(() => ({ text: "nobody has this" })),
    "counts of the workspace": async () =>
      Object.keys(await store.countExecutions({ workspace: WORKSPACE, workflow: null })).length,
    "counts of a workflow": async (n) =>
      Object.keys(await store.countExecutions({ workspace: WORKSPACE, workflow: `workflow-${n % WORKFLOWS}` })).length,
    due: async (n) => (await store.findDue({ shard: n % SHARDS, before: LAST + COUNT * STEP_MS, limit: 500 })).length,
    "over, a page": async () =>
      (
        await store.findOver({
          statuses: ["completed"],
          deadLetters: false,
          endedBefore: LAST,
          lettersBefore: null,
          limit: 100,
        })
      ).trees.length,
    "over, nothing is": async () =>
      (
        await store.findOver({
          statuses: ["completed"],
          deadLetters: false,
          endedBefore: 0,
          lettersBefore: null,
          limit: 100,
        })
      ).trees.length,
  };
  console.log("query | rows | p50 ms | p99 ms");
  for (const [name, query] of Object.entries(queries)) {
    const times: number[] = [];
    let rows = 0;
    for (let n = 0; n < ASKED; n++) {
      const begun = performance.now();
      rows = await query(n);
      times.push(performance.now() - begun);
    }
    times.sort((a, b) => a - b);
    console.log(`${name} | ${rows} | ${at(times, 0.5)} | ${at(times, 0.99)}`);
  }
}

function at(times: readonly number[], share: number): string {
  return (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(2);
}

/** As retention does it: found a page at a time, removed in commits of a hundred. */
async function removeSome(store: Store, epochs: readonly number[]): Promise<void> {
  const over = { endedBefore: LAST, lettersBefore: null };
  const times: number[] = [];
  let removed = 0;
  let cursor: string | null = null;
  const begun = performance.now();
  for (let page = 0; page < 200; page++) {
    const found: Awaited<ReturnType<Store["findOver"]>> = await store.findOver({
      ...over,
      statuses: ["completed"],
      deadLetters: false,
      limit: 100,
      ...(cursor === null ? {} : { cursor }),
    });
    cursor = found.nextCursor;
    const before = performance.now();
    const byShard = batchesOf(epochs, []).map((batch) => ({
      ...batch,
      remove: found.trees
        .filter(([id]) => id !== undefined && Number.parseInt(id.slice(-2), 16) === batch.shard)
        .map((executionIds) => ({ ...over, executionIds, keysSince: 0 })),
    }));
    await store.append(byShard);
    times.push(performance.now() - before);
    removed += found.trees.flat().length;
    if (cursor === null) break;
  }
  times.sort((a, b) => a - b);
  const perSecond = Math.round(removed / ((performance.now() - begun) / 1000));
  console.log(
    `removed ${removed}: ${perSecond}/s, a commit of 100 takes p50 ${at(times, 0.5)} ms, p99 ${at(times, 0.99)} ms`,
  );
}

async function history(store: Store, epochs: readonly number[]): Promise<void> {
  const events = 50_000;
  const row = { ...rowOf(8), id: executionIdOf("f".repeat(30), 0) };
  for (let seq = 1; seq <= events; seq += 5) {
    const text = Array.from({ length: 5 }, () => EVENTS).join("\n");
    const write = { executionId: row.id, events: { firstSeq: seq, lastSeq: seq + 4, version: 1, text }, row };
    await store.append(batchesOf(epochs, [write]));
  }
  const times: number[] = [];
  for (let n = 0; n < 200; n++) {
    const begun = performance.now();
    await store.readHistory({ executionId: row.id, afterSeq: mixed(n, 9) % events, bytesMax: 64 * 1024 });
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  console.log(`history of ${events} events, a page of 64 KiB: p50 ${at(times, 0.5)} ms, p99 ${at(times, 0.99)} ms`);
}

async function documents(store: Store): Promise<void> {
  const count = 1_000_000;
  const collection = "workflow";
  const begun = performance.now();
  for (let from = 0; from < count; from += BATCH) {
    await store.documents.put(
      Array.from({ length: BATCH }, (_, n) => ({
        collection,
        workspace: WORKSPACE,
        id: `workflow-${from + n}`,
        group: null,
        expected: null,
        body: { name: `workflow-${from + n}`, text: "x".repeat(300) },
      })),
    );
  }
  console.log(`${count} documents in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  const about = { collection, workspace: WORKSPACE, limit: 50 };
  const asked = {
    get: (n: number) => store.documents.get({ collection, workspace: WORKSPACE, id: `workflow-${n * 991}` }),
    "a page": (n: number) => store.documents.list({ ...about, afterId: `workflow-${n * 991}` }),
    "part of an id, many": () => store.documents.list({ ...about, idContains: "FLOW-7" }),
    "part of an id, one": (n: number) => store.documents.list({ ...about, idContains: `flow-99999${n % 10}` }),
  };
  for (const [name, query] of Object.entries(asked)) {
    const times: number[] = [];
    for (let n = 0; n < 10; n++) {
      const before = performance.now();
      await query(n);
      times.push(performance.now() - before);
    }
    times.sort((a, b) => a - b);
    console.log(`documents, ${name}: p50 ${at(times, 0.5)} ms, p99 ${at(times, 0.99)} ms`);
  }
}
