/** Batches, epochs and gapless histories: what `append` promises, and the reads that show it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Store } from "../store.ts";
import { batchOf, eventsOf, readAll, rejectsAs, rowOf, startOf, writerOf } from "./samples.ts";

export function historiesContract(open: () => Promise<Store>): void {
  test("an unknown execution has neither row nor history", async () => {
    await using store = await open();
    assert.equal(await store.readExecution("nobody"), null);
    assert.deepEqual(await readAll(store, "nobody"), []);
  });

  test("what is appended is there when the promise resolves", async () => {
    await using store = await open();
    const row = rowOf("a", {
      status: "failed",
      priority: 9,
      finishedAt: 1_790_000_000_500,
      tags: ["vip", "eu"],
      metadata: { customer: "c-1", nested: { list: [1, 2.5, null, true], empty: {} } },
      parentId: "p.1",
      originId: "o",
      errorCode: "TIMEOUT",
      errorMessage: "Expected an answer.",
      quarantine: "It could not be read.",
    });
    await (await writerOf(store))({ executions: [{ executionId: "a", events: eventsOf(1, 3), row }] });
    assert.deepEqual(await store.readExecution("a"), row);
    assert.deepEqual(await readAll(store, "a"), [eventsOf(1, 3)]);
  });

  test("each write is one pack, and packs come back as they were written", async () => {
    await using store = await open();
    const write = await writerOf(store);
    const packs = [eventsOf(1, 2), { ...eventsOf(3, 7), version: 2 }, eventsOf(8), { ...eventsOf(9), text: "" }];
    await write({ executions: [{ executionId: "a", events: eventsOf(1, 2), row: rowOf("a") }] });
    for (const events of packs.slice(1)) await write({ executions: [{ executionId: "a", events, row: null }] });
    assert.deepEqual(await readAll(store, "a"), packs);
  });

  test("a history is read from the asked event on, with the whole pack that holds it", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({ executions: [{ executionId: "a", events: eventsOf(1, 3), row: rowOf("a") }] });
    await write({ executions: [{ executionId: "a", events: eventsOf(4, 6), row: null }] });
    await write({ executions: [{ executionId: "a", events: eventsOf(7, 9), row: null }] });
    const firstSeqs = async (afterSeq: number) =>
      (await store.readHistory({ executionId: "a", afterSeq, bytesMax: 1e9 })).map((pack) => pack.firstSeq);
    assert.deepEqual(await firstSeqs(0), [1, 4, 7]);
    assert.deepEqual(await firstSeqs(2), [1, 4, 7]);
    assert.deepEqual(await firstSeqs(3), [4, 7]);
    assert.deepEqual(await firstSeqs(4), [4, 7]);
    assert.deepEqual(await firstSeqs(8), [7]);
    assert.deepEqual(await firstSeqs(9), []);
    assert.deepEqual(await firstSeqs(1000), []);
  });

  test("a read ends with the pack that passes its bytes, and always has one", async () => {
    await using store = await open();
    const write = await writerOf(store);
    const text = "x".repeat(1000);
    await write({ executions: [{ executionId: "a", events: { ...eventsOf(1), text }, row: rowOf("a") }] });
    for (let seq = 2; seq <= 5; seq++) {
      await write({ executions: [{ executionId: "a", events: { ...eventsOf(seq), text }, row: null }] });
    }
    const countOf = async (bytesMax: number) =>
      (await store.readHistory({ executionId: "a", afterSeq: 0, bytesMax })).length;
    assert.equal(await countOf(0), 1);
    assert.equal(await countOf(999), 1);
    assert.equal(await countOf(2500), 3);
    assert.equal(await countOf(100_000), 5);
  });

  test("one append writes several shards, and one of no batches writes nothing", async () => {
    await using store = await open();
    const epochs = [await store.acquire(0), await store.acquire(1), await store.acquire(2)];
    const batches = epochs.map((epoch, shard) =>
      batchOf(shard, epoch, { executions: [startOf(`s${shard}`, { shard })] }),
    );
    assert.deepEqual(await store.append(batches), { refused: [] });
    for (const shard of [0, 1, 2]) assert.equal((await store.readExecution(`s${shard}`))?.shard, shard);
    assert.deepEqual(await store.append([]), { refused: [] });
  });

  test("every acquire raises the epoch of its shard alone", async () => {
    await using store = await open();
    const first = await store.acquire(0);
    const second = await store.acquire(0);
    assert.ok(second > first);
    const epoch = await store.acquire(1);
    await store.acquire(0);
    assert.deepEqual(await store.append([batchOf(1, epoch, { executions: [startOf("b", { shard: 1 })] })]), {
      refused: [],
    });
  });

  test("shards with a stale epoch are refused whole, and the others are written", async () => {
    await using store = await open();
    const stale = await store.acquire(0);
    await store.acquire(0);
    const epoch = await store.acquire(1);
    const key = { workspace: "default", key: "order/k", executionId: "a", bodyHash: "h", createdAt: 1 };
    const answer = await store.append([
      batchOf(0, stale, { executions: [startOf("a")], addKeys: [key], addOutbox: [{ id: "a/1", shard: 0, body: 1 }] }),
      batchOf(1, epoch, { executions: [startOf("b", { shard: 1 })] }),
    ]);
    assert.deepEqual(answer, { refused: [0] });
    assert.equal(await store.readExecution("a"), null);
    assert.deepEqual(await readAll(store, "a"), []);
    assert.equal(await store.findKey({ workspace: "default", key: "order/k" }), null);
    assert.deepEqual(await store.readOutbox(0), []);
    assert.equal((await store.readExecution("b"))?.id, "b");
  });

  test("an epoch that was never given is refused", async () => {
    await using store = await open();
    assert.deepEqual(await store.append([batchOf(0, 0, { executions: [startOf("a")] })]), { refused: [0] });
    const epoch = await store.acquire(0);
    assert.deepEqual(await store.append([batchOf(0, epoch + 1, { executions: [startOf("a")] })]), { refused: [0] });
    assert.deepEqual(await store.append([batchOf(3, epoch, { executions: [startOf("c", { shard: 3 })] })]), {
      refused: [3],
    });
    assert.equal(await store.readExecution("a"), null);
    assert.equal(await store.readExecution("c"), null);
  });

  test("a gap, an overlap, a repeat or a beginning other than 1 is a conflict, and nothing of the append is written", async () => {
    await using store = await open();
    const [epoch, other] = [await store.acquire(0), await store.acquire(1)];
    const first = { executionId: "a", events: eventsOf(1, 3), row: rowOf("a") };
    await store.append([batchOf(0, epoch, { executions: [first] })]);
    const wrong = [
      { executionId: "a", events: eventsOf(5), row: null },
      { executionId: "a", events: eventsOf(3, 4), row: null },
      { executionId: "a", events: eventsOf(1, 3), row: null },
      { executionId: "a", events: { ...eventsOf(4), lastSeq: 3 }, row: null },
      { executionId: "new", events: eventsOf(2), row: rowOf("new") },
      { executionId: "new", events: eventsOf(0), row: rowOf("new") },
    ];
    for (const execution of wrong) {
      const key = { workspace: "default", key: "order/k", executionId: "good", bodyHash: "h", createdAt: 1 };
      const batches = [
        batchOf(1, other, { executions: [startOf("neighbour", { shard: 1 })] }),
        batchOf(0, epoch, { executions: [startOf("good"), execution], addKeys: [key] }),
      ];
      await rejectsAs("conflict", store.append(batches));
    }
    for (const id of ["new", "good", "neighbour"]) assert.equal(await store.readExecution(id), null);
    assert.equal(await store.findKey({ workspace: "default", key: "order/k" }), null);
    await store.append([batchOf(0, epoch, { executions: [{ executionId: "a", events: eventsOf(4), row: null }] })]);
    assert.deepEqual(await readAll(store, "a"), [eventsOf(1, 3), eventsOf(4)]);
  });

  test("a stale shard is refused even where its rows would not fit", async () => {
    await using store = await open();
    const stale = await store.acquire(0);
    await store.acquire(0);
    const execution = { executionId: "a", events: eventsOf(7), row: null };
    assert.deepEqual(await store.append([batchOf(0, stale, { executions: [execution] })]), { refused: [0] });
  });

  test("an execution begins with a row", async () => {
    await using store = await open();
    const epoch = await store.acquire(0);
    await rejectsAs(
      "conflict",
      store.append([batchOf(0, epoch, { executions: [{ executionId: "a", events: eventsOf(1), row: null }] })]),
    );
    assert.deepEqual(await readAll(store, "a"), []);
  });

  test("an execution stays in its shard, its workspace and its time of creation", async () => {
    await using store = await open();
    const [epoch, other] = [await store.acquire(0), await store.acquire(1)];
    await store.append([batchOf(0, epoch, { executions: [startOf("a")] })]);
    const events = eventsOf(2);
    for (const row of [rowOf("a", { workspace: "other" }), rowOf("a", { createdAt: 1 }), rowOf("a", { shard: 1 })]) {
      await rejectsAs(
        "conflict",
        store.append([batchOf(0, epoch, { executions: [{ executionId: "a", events, row }] })]),
      );
    }
    await rejectsAs(
      "conflict",
      store.append([batchOf(1, other, { executions: [{ executionId: "a", events, row: null }] })]),
    );
    await rejectsAs("conflict", store.append([batchOf(1, other, { executions: [startOf("b", { shard: 0 })] })]));
    assert.deepEqual(await store.readExecution("a"), rowOf("a"));
    assert.deepEqual(await readAll(store, "a"), [eventsOf(1)]);
  });

  test("rows and histories are written apart from one another where only one changes", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({ executions: [startOf("a")] });
    const parked = rowOf("a", { parked: true, wakeAt: 1_790_000_100_000 });
    await write({ executions: [{ executionId: "a", events: null, row: parked }] });
    assert.deepEqual(await store.readExecution("a"), parked);
    assert.deepEqual(await readAll(store, "a"), [eventsOf(1)]);
    await write({ executions: [{ executionId: "a", events: eventsOf(2), row: null }] });
    assert.deepEqual(await store.readExecution("a"), parked);
    assert.deepEqual(await readAll(store, "a"), [eventsOf(1), eventsOf(2)]);
  });

  test("one batch may write an execution more than once", async () => {
    await using store = await open();
    const done = rowOf("a", { status: "completed", finishedAt: 1_790_000_000_100 });
    await (await writerOf(store))({
      executions: [
        startOf("a"),
        { executionId: "a", events: eventsOf(2, 4), row: null },
        { executionId: "a", events: eventsOf(5), row: done },
      ],
    });
    assert.deepEqual(await store.readExecution("a"), done);
    assert.deepEqual(await readAll(store, "a"), [eventsOf(1), eventsOf(2, 4), eventsOf(5)]);
  });

  test("appends that do not wait for one another keep their order", async () => {
    await using store = await open();
    const write = await writerOf(store);
    const writes = [write({ executions: [startOf("a")] })];
    for (let seq = 2; seq <= 50; seq++)
      writes.push(write({ executions: [{ executionId: "a", events: eventsOf(seq), row: null }] }));
    await Promise.all(writes);
    assert.equal((await readAll(store, "a")).at(-1)?.lastSeq, 50);
  });

  test("of two writers that read the same history, one wins", async () => {
    await using store = await open();
    const epoch = await store.acquire(0);
    await store.append([batchOf(0, epoch, { executions: [startOf("a")] })]);
    const append = () =>
      store.append([batchOf(0, epoch, { executions: [{ executionId: "a", events: eventsOf(2), row: null }] })]);
    const answers = await Promise.allSettled([append(), append()]);
    assert.deepEqual(answers.map((answer) => answer.status).toSorted(), ["fulfilled", "rejected"]);
    assert.deepEqual(await readAll(store, "a"), [eventsOf(1), eventsOf(2)]);
  });

  test("a batch of 5,000 executions is one write", async () => {
    await using store = await open();
    const write = await writerOf(store);
    const ids = Array.from({ length: 5000 }, (_, i) => `many-${i}`);
    await write({ executions: ids.map((id) => startOf(id)) });
    await write({ executions: ids.map((executionId) => ({ executionId, events: eventsOf(2, 3), row: null })) });
    assert.equal((await store.measure()).executions, 5000);
    assert.deepEqual(await store.countExecutions({ workspace: "default", workflow: null }), { running: 5000 });
    for (const id of ["many-0", "many-2500", "many-4999"])
      assert.deepEqual(await readAll(store, id), [eventsOf(1), eventsOf(2, 3)]);
  });

  test("a large event is kept whole", async () => {
    await using store = await open();
    const text = JSON.stringify({ data: "ä€😀x".repeat(400_000) });
    await (await writerOf(store))({
      executions: [{ executionId: "a", events: { ...eventsOf(1), text }, row: rowOf("a") }],
    });
    assert.equal((await readAll(store, "a"))[0]?.text, text);
  });
}
