/**
 * kill -9 in the middle of writing, again and again on one directory. This file is also the process that is killed: given
 * a directory, it appends without end and says on stdout what was acknowledged.
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { createRandom } from "../../../core/base/random.ts";
import { batchOf, NOON, readAll, rejectsAs, rowOf } from "../../../ports/store.contract/samples.ts";
import type { ExecutionWrite, Store } from "../../../ports/store.ts";
import { openSqliteStore } from "./store.ts";

const ROUNDS = 10;

const SHARDS = 2;

/** Executions in each append; with their 4 KiB of events a checkpoint comes every dozen of appends. */
const BATCH = 20;

const APPENDS_IN_FLIGHT = 3;

const [, , directoryOfChild] = process.argv;

if (directoryOfChild !== undefined) {
  await appendForEver(directoryOfChild);
} else {
  test("what was acknowledged survives kill -9, in every round", async () => {
    const directory = mkdtempSync(join(tmpdir(), "magicflow-crash-"));
    const random = createRandom("crash");
    const acknowledged = new Map<string, number>();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const lines = await runAndKill(directory, 3 + Math.floor(random() * 40));
        for (const line of lines) {
          const [series, lastSeq] = line.split(" ");
          acknowledged.set(String(series), Number(lastSeq));
        }
        await using store = await openSqliteStore({ directory });
        await checkAll(store, acknowledged);
      }
      assert.ok(acknowledged.size >= ROUNDS);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("a second process is told who has the directory, and gets it when that one is killed", async () => {
    const directory = mkdtempSync(join(tmpdir(), "magicflow-lock-"));
    try {
      const child = start(directory);
      await once(createInterface({ input: child.stdout }), "line");
      await rejectsAs("gone", openSqliteStore({ directory }));
      await assert.rejects(openSqliteStore({ directory }), new RegExp(`process ${child.pid} `));
      await kill(child);
      await using _store = await openSqliteStore({ directory });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

// -- the process that is killed

/** Each series is `BATCH` executions that grow by one event with every append; several series are under way. */
async function appendForEver(directory: string): Promise<void> {
  const store = await openSqliteStore({ directory, shards: SHARDS });
  const epochs = [await store.acquire(0), await store.acquire(1)];
  await Promise.all(
    Array.from({ length: APPENDS_IN_FLIGHT }, async (_, n) => {
      const series = `${process.pid}-${n}`;
      for (let seq = 1; ; seq++) {
        const batches = epochs.map((epoch, shard) =>
          batchOf(shard, epoch, { executions: growing(series, shard, seq) }),
        );
        const { refused } = await store.append(batches);
        assert.deepEqual(refused, []);
        writeSync(1, `${series} ${seq}\n`);
      }
    }),
  );
}

function growing(series: string, shard: number, seq: number): readonly ExecutionWrite[] {
  return Array.from({ length: BATCH }, (_, i) => {
    const executionId = idOf(series, shard, i);
    const text = JSON.stringify({ seq, data: "x".repeat(4_000) });
    // The row changes with every other event, and with it indexes and counts.
    const row =
      seq % 2 === 1
        ? rowOf(executionId, { shard, status: seq % 4 === 1 ? "running" : "paused", priority: seq, tags: [series] })
        : null;
    return { executionId, events: { firstSeq: seq, lastSeq: seq, version: 1, text }, row };
  });
}

function idOf(series: string, shard: number, n: number): string {
  return `${series}-${shard}-${n}`;
}

// -- the process that kills

type Child = ChildProcess & { readonly stdout: NodeJS.ReadableStream };

function start(directory: string): Child {
  return spawn(process.execPath, [import.meta.filename, directory], { stdio: ["ignore", "pipe", "inherit"] }) as Child;
}

async function kill(child: Child): Promise<void> {
  const ended = once(child, "close");
  child.kill("SIGKILL");
  await ended;
}

/** All whole lines the child has written, also those that arrive while it dies. */
async function runAndKill(directory: string, linesMin: number): Promise<readonly string[]> {
  const child = start(directory);
  let output = "";
  const enough = Promise.withResolvers<void>();
  child.stdout.on("data", (chunk) => {
    output += chunk;
    if (output.split("\n").length > linesMin) enough.resolve();
  });
  child.once("close", () => enough.reject(new Error("Expected the child to write until it is killed, but it ended.")));
  await enough.promise;
  await kill(child);
  return output.split("\n").slice(0, -1);
}

async function checkAll(store: Store, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  for (const [series, acknowledgedSeq] of acknowledged) {
    const lastSeqs = new Set<number>();
    for (let shard = 0; shard < SHARDS; shard++) {
      for (const n of [0, BATCH - 1]) {
        const packs = await readAll(store, idOf(series, shard, n));
        assert.deepEqual(
          packs.map((pack) => pack.firstSeq),
          packs.map((_, index) => index + 1),
        );
        for (const pack of packs) assert.equal(JSON.parse(pack.text).seq, pack.firstSeq);
        lastSeqs.add(packs.length);
        const row = await store.readExecution(idOf(series, shard, n));
        assert.equal(row?.priority, packs.length % 2 === 1 ? packs.length : packs.length - 1);
        assert.equal(row?.createdAt, NOON);
      }
    }
    const [lastSeq = 0, ...others] = lastSeqs;
    assert.deepEqual(others, [], "an append to be there whole or not at all");
    assert.ok(lastSeq >= acknowledgedSeq, `${series} to have ${acknowledgedSeq} events, but it has ${lastSeq}`);
  }
  const counts = await store.countExecutions({ workspace: "default", workflow: null });
  const { executions } = await store.measure();
  assert.equal((counts.running ?? 0) + (counts.paused ?? 0), executions);
  let found = 0;
  for (const status of ["running", "paused"] as const) {
    const { rows } = await store.findExecutions({ workspace: "default", statuses: [status], limit: 10_000 });
    assert.equal(rows.length, counts[status] ?? 0);
    found += rows.length;
  }
  assert.equal(found, executions);
}
