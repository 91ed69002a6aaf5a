import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Worker } from "node:worker_threads";

import { batchOf, readAll, rejectsAs, rowOf, startOf, writerOf } from "../../../ports/store.contract/samples.ts";
import { openSqliteStore } from "./store.ts";

const root = mkdtempSync(join(tmpdir(), "magicflow-lasting-"));
after(() => rmSync(root, { recursive: true }));

test("a writing thread that dies is replaced: what it held is not known, and the store goes on", async () => {
  const threads = threadsToCome();
  await using store = await openSqliteStore({ directory: join(root, "writer") });
  const [writer] = threads.taken();
  const write = await writerOf(store);
  await write({ executions: [startOf("a")] });

  const epoch = await store.acquire(1);
  const lost = store.append([batchOf(1, epoch, { executions: [startOf("b", { shard: 1 })] })]);
  await Promise.all([rejectsAs("unknown", lost), writer?.terminate()]);

  // A shard whose write is lost takes a new epoch: that call finds the new thread.
  const next = await store.acquire(1);
  assert.equal(next, epoch + 1);
  assert.deepEqual(
    (await store.append([batchOf(1, epoch, { executions: [startOf("c", { shard: 1 })] })])).refused,
    [1],
  );
  await store.append([batchOf(1, next, { executions: [startOf("d", { shard: 1 })] })]);
  assert.deepEqual(await store.readExecution("d"), rowOf("d", { shard: 1 }));
  // Epochs of the others were on disk.
  await write({ executions: [startOf("e")] });
  await store.check();
});

test("a reading thread that dies is replaced", async () => {
  const threads = threadsToCome();
  await using store = await openSqliteStore({ directory: join(root, "reader") });
  const [, reader] = threads.taken();
  await (await writerOf(store))({ executions: [startOf("a")] });
  await reader?.terminate();
  assert.equal((await readAll(store, "a")).length, 1);
});

test("a store with a dead thread can be closed, and its directory is free then", async () => {
  const threads = threadsToCome();
  const directory = join(root, "closed");
  const first = await openSqliteStore({ directory });
  await threads.taken()[0]?.terminate();
  await first[Symbol.asyncDispose]();
  await rejectsAs("gone", first.check());
  await using _second = await openSqliteStore({ directory });
});

/** The threads that are started from now on, in the order of their start: a store starts its writer first. */
function threadsToCome(): { taken(): readonly Worker[] } {
  const started: Worker[] = [];
  const listen = (worker: Worker) => started.push(worker);
  process.on("worker", listen);
  return {
    taken() {
      process.off("worker", listen);
      return started;
    },
  };
}
