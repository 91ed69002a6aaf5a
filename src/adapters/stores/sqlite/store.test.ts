import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";

import {
  batchOf,
  eventsOf,
  readAll,
  rejectsAs,
  rowOf,
  startOf,
  writerOf,
} from "../../../ports/store.contract/samples.ts";
import { storeContract } from "../../../ports/store.contract.ts";
import { type Store, StoreError } from "../../../ports/store.ts";
import { DATABASE_FILE } from "./schema.ts";
import { openSqliteStore } from "./store.ts";

const root = mkdtempSync(join(tmpdir(), "magicflow-store-"));
after(() => rmSync(root, { recursive: true }));
const directories = new WeakMap<Store, string>();
let directoriesMade = 0;

storeContract("sqlite", () => openIn(newDirectory()), {
  async reopen(store) {
    await store[Symbol.asyncDispose]();
    return openIn(directories.get(store) ?? "");
  },
});

test("a directory that is not there is made for its owner alone, and the database in it", async () => {
  const directory = join(newDirectory(), "deep", "er");
  await using _store = await openSqliteStore({ directory });
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(statSync(join(directory, DATABASE_FILE)).mode & 0o777, 0o600);
});

test("a directory that cannot be made is said to be gone", async () => {
  const file = newDirectory();
  writeFileSync(file, "in the way");
  await rejectsAs("gone", openSqliteStore({ directory: join(file, "below") }));
});

test("the number of shards is settled when the store is made", async () => {
  const directory = newDirectory();
  const first = await openSqliteStore({ directory, shards: 3 });
  assert.equal(first.shards, 3);
  await first[Symbol.asyncDispose]();
  await using second = await openSqliteStore({ directory, shards: 64 });
  assert.equal(second.shards, 3);
  await assert.rejects(second.acquire(3), /shard 3 to be one of 3/);
});

test("a directory that is open is refused, with the process that has it, and free when it is closed", async () => {
  const directory = newDirectory();
  const first = await openSqliteStore({ directory });
  await assert.rejects(openSqliteStore({ directory }), (error) => {
    assert.ok(error instanceof StoreError);
    assert.ok(error.message.includes(directory) && error.message.includes(`process ${process.pid} `), error.message);
    return true;
  });
  await (await writerOf(first))({ executions: [startOf("a")] });
  await first[Symbol.asyncDispose]();
  await using second = await openSqliteStore({ directory });
  assert.deepEqual(await second.readExecution("a"), rowOf("a"));
});

test("a full store refuses appends whole, goes on answering reads, and goes on writing when there is space", async () => {
  const directory = newDirectory();
  const small = await openSqliteStore({ directory, bytesMax: 1_000_000 });
  const write = await writerOf(small);
  await write({ executions: [startOf("a"), startOf("counted")] });
  const text = JSON.stringify({ data: "x".repeat(100_000) });
  let lastSeq = 1;
  const fillUp = async () => {
    for (; lastSeq < 100; lastSeq++) {
      await write({ executions: [{ executionId: "a", events: { ...eventsOf(lastSeq + 1), text }, row: null }] });
    }
  };
  await rejectsAs("full", fillUp());
  assert.ok(lastSeq > 1 && lastSeq < 100);

  // Longer than what did not fit: pages that were begun may have some room left.
  const twice = text + text;
  const large = { ...eventsOf(2), text: twice };
  const both = {
    executions: [startOf("b"), { executionId: "counted", events: large, row: rowOf("counted", { status: "failed" }) }],
  };
  await rejectsAs("full", write(both));
  await rejectsAs(
    "full",
    small.documents.put([{ collection: "c", workspace: "w", id: "i", expected: null, body: twice, group: null }]),
  );
  assert.equal((await readAll(small, "a")).at(-1)?.lastSeq, lastSeq);
  assert.equal(await small.readExecution("b"), null);
  assert.deepEqual(await small.countExecutions({ workspace: "default", workflow: null }), { running: 2 });
  assert.equal((await small.findExecutions({ workspace: "default", limit: 5 })).rows.length, 2);
  await small[Symbol.asyncDispose]();

  await using store = await openSqliteStore({ directory });
  const writeAgain = await writerOf(store);
  await writeAgain(both);
  await writeAgain({ executions: [{ executionId: "a", events: eventsOf(lastSeq + 1), row: null }] });
  assert.equal((await readAll(store, "a")).length, lastSeq + 1);
  assert.deepEqual(await store.countExecutions({ workspace: "default", workflow: null }), { running: 2, failed: 1 });
});

test("the log stays short while much is written", async () => {
  const directory = newDirectory();
  await using store = await openIn(directory);
  const write = await writerOf(store);
  const text = JSON.stringify({ data: "x".repeat(1_000_000) });
  await write({ executions: [startOf("a")] });
  for (let seq = 2; seq <= 40; seq++) {
    await write({ executions: [{ executionId: "a", events: { ...eventsOf(seq), text }, row: null }] });
  }
  assert.ok(statSync(join(directory, `${DATABASE_FILE}-wal`)).size < 10_000_000);
  assert.ok((await store.measure()).bytes > 39_000_000);
});

test("a row that cannot be read says so, and its neighbours are listed", async () => {
  const directory = newDirectory();
  const first = await openSqliteStore({ directory });
  await (await writerOf(first))({
    executions: ["a", "b", "c"].map((id) => startOf(id, { metadata: { region: "eu" } })),
  });
  await first[Symbol.asyncDispose]();
  const db = new DatabaseSync(join(directory, DATABASE_FILE));
  db.exec("update execution set metadata = '{' where id = 'b'");
  db.close();

  await using store = await openSqliteStore({ directory });
  await rejectsAs("corrupt", store.readExecution("b"));
  assert.equal((await store.readExecution("a"))?.id, "a");
  const { rows } = await store.findExecutions({ workspace: "default", metadata: { region: "eu" }, limit: 5 });
  assert.deepEqual(
    rows.map((row) => [row.id, row.quarantine !== null]),
    [
      ["c", false],
      ["b", true],
      ["a", false],
    ],
  );
  assert.deepEqual((await store.findExecutions({ workspace: "default", text: "eu", limit: 5 })).rows.length, 2);
  const mended = rowOf("b", { metadata: { region: "us" } });
  await (await writerOf(store))({ executions: [{ executionId: "b", events: eventsOf(2), row: mended }] });
  assert.deepEqual(await store.readExecution("b"), mended);
});

test("an outbox row that is no JSON any more is handed on as it lies, with its neighbours", async () => {
  const directory = newDirectory();
  const first = await openSqliteStore({ directory });
  const addOutbox = ["a/1", "b/1"].map((id) => ({ id, shard: 0, body: { kind: "event" } }));
  await (await writerOf(first))({ addOutbox });
  await first[Symbol.asyncDispose]();
  const db = new DatabaseSync(join(directory, DATABASE_FILE));
  db.exec("update outbox set body = '{' where id = 'a/1'");
  db.close();
  await using store = await openSqliteStore({ directory });
  assert.deepEqual(await store.readOutbox(0), [
    { id: "a/1", shard: 0, body: null, unreadable: "{" },
    { id: "b/1", shard: 0, body: { kind: "event" } },
  ]);
});

test("what is no database is corrupt, and so is the database of another program", async () => {
  const noise = newDirectory();
  await (await openSqliteStore({ directory: noise }))[Symbol.asyncDispose]();
  writeFileSync(join(noise, DATABASE_FILE), "no database at all, but long enough to be looked at ".repeat(100));
  await rejectsAs("corrupt", openSqliteStore({ directory: noise }));
  // The failed attempt holds no lock.
  await rejectsAs("corrupt", openSqliteStore({ directory: noise }));

  const foreign = newDirectory();
  await (await openSqliteStore({ directory: foreign }))[Symbol.asyncDispose]();
  rmSync(join(foreign, DATABASE_FILE));
  const db = new DatabaseSync(join(foreign, DATABASE_FILE));
  db.exec("create table somebody_elses (id integer)");
  db.close();
  await rejectsAs("corrupt", openSqliteStore({ directory: foreign }));
});

test("a list that looks through many rows comes in short pages, and misses none", async () => {
  await using store = await openIn(newDirectory());
  const write = await writerOf(store);
  const rare = new Set([0, 11_000, 24_999]);
  for (let from = 0; from < 25_000; from += 5_000) {
    const ids = Array.from({ length: 5_000 }, (_, i) => from + i);
    await write({
      executions: ids.map((n) =>
        startOf(`n-${n}`, { createdAt: n, errorMessage: rare.has(n) ? "Straße gesperrt" : null }),
      ),
    });
  }
  const pages: string[][] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const query = { workspace: "default", text: "STRAßE", limit: 10, ...(cursor === undefined ? {} : { cursor }) };
    const page = await store.findExecutions(query);
    pages.push(page.rows.map((row) => row.id));
    cursor = page.nextCursor;
  }
  assert.deepEqual(pages, [["n-24999", "n-11000"], ["n-0"]]);
});

test("many old keys and events are dropped, however many", async () => {
  await using store = await openIn(newDirectory());
  const numbers = Array.from({ length: 4_100 }, (_, i) => i);
  await (await writerOf(store))({
    addKeys: numbers.map((n) => ({ workspace: "w", key: `${n}`, executionId: "a", bodyHash: "h", createdAt: n })),
    addEvents: numbers.map((n) => ({ workspace: "w", id: `${n}`, event: "e", correlationKey: "k", data: n, at: n })),
  });
  await Promise.all([store.dropKeys(4_090), store.dropEvents(4_090)]);
  assert.equal(await store.findKey({ workspace: "w", key: "4089" }), null);
  assert.notEqual(await store.findKey({ workspace: "w", key: "4090" }), null);
  assert.equal((await store.findEvents({ workspace: "w", event: "e", correlationKey: "k", since: 0 })).length, 10);
});

test("what a batch for a refused shard holds is not mistaken for what another one does", async () => {
  await using store = await openIn(newDirectory());
  const stale = await store.acquire(0);
  await store.acquire(0);
  const epoch = await store.acquire(1);
  const refused = { executionId: "a", events: { ...eventsOf(1), text: "refused" }, row: rowOf("a") };
  const written = { executionId: "b", events: { ...eventsOf(1), text: "written ä" }, row: rowOf("b", { shard: 1 }) };
  await store.append([batchOf(0, stale, { executions: [refused] }), batchOf(1, epoch, { executions: [written] })]);
  assert.equal((await readAll(store, "b"))[0]?.text, "written ä");
});

test("a snapshot that has changed on disk is said to be corrupt", async () => {
  const directory = newDirectory();
  const first = await openSqliteStore({ directory });
  const snapshot = { seq: 1, version: "1", text: '{"count":1}' };
  await (await writerOf(first))({ executions: [{ ...startOf("a"), snapshot }] });
  await first[Symbol.asyncDispose]();
  const db = new DatabaseSync(join(directory, DATABASE_FILE));
  db.prepare("update snapshot set state = ?").run(Buffer.from('{"count":2}'));
  db.close();
  await using second = await openSqliteStore({ directory });
  await rejectsAs("corrupt", second.readSnapshot("a"));
  assert.equal((await readAll(second, "a")).length, 1);
});

function newDirectory(): string {
  return join(root, String(directoriesMade++));
}

async function openIn(directory: string): Promise<Store> {
  const store = await openSqliteStore({ directory });
  directories.set(store, directory);
  return store;
}
