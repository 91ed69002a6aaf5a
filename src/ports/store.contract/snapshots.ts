/** Snapshots beside the histories, and how long a history is. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Store } from "../store.ts";
import { batchOf, eventsOf, rejectsAs, startOf, writerOf } from "./samples.ts";

export function snapshotsContract(open: () => Promise<Store>, reopen?: (store: Store) => Promise<Store>): void {
  test("an execution has none before one is written, and an unknown one neither", async () => {
    await using store = await open();
    await (await writerOf(store))({ executions: [startOf("a")] });
    assert.equal(await store.readSnapshot("a"), null);
    assert.equal(await store.readSnapshot("nobody"), null);
  });

  test("a snapshot comes back as it was written, with the events or without", async () => {
    await using store = await open();
    const write = await writerOf(store);
    const first = { seq: 2, version: "1.abc", text: '["x",{"ü":"\u2028"}]' };
    const second = { seq: 3, version: "2.def", text: "" };
    await write({ executions: [startOf("a"), startOf("b")] });
    await write({
      executions: [
        { executionId: "a", events: eventsOf(2, 3), row: null, snapshot: first },
        { executionId: "b", events: eventsOf(2), row: null },
      ],
    });
    assert.deepEqual(await store.readSnapshot("a"), first);
    assert.equal(await store.readSnapshot("b"), null);
    await write({ executions: [{ executionId: "a", events: null, row: null, snapshot: second }] });
    assert.deepEqual(await store.readSnapshot("a"), second, "the newest takes the place of the one before");
    assert.equal((await store.readHistory({ executionId: "b", afterSeq: 0, bytesMax: 1e9 })).length, 2);
  });

  test("a write without a snapshot leaves the one that is there", async () => {
    await using store = await open();
    const write = await writerOf(store);
    const snapshot = { seq: 1, version: "1", text: "[]" };
    await write({ executions: [{ ...startOf("a"), snapshot }] });
    await write({ executions: [{ executionId: "a", events: eventsOf(2), row: null }] });
    assert.deepEqual(await store.readSnapshot("a"), snapshot);
  });

  test("one that is ahead of its history is a conflict, and nothing of that append is written", async () => {
    await using store = await open();
    const epoch = await store.acquire(0);
    const snapshot = { seq: 4, version: "1", text: "[]" };
    await store.append([batchOf(0, epoch, { executions: [startOf("a")] })]);
    const early = { executionId: "a", events: eventsOf(2, 3), row: null, snapshot };
    await rejectsAs("conflict", store.append([batchOf(0, epoch, { executions: [early] })]));
    assert.equal(await store.readSnapshot("a"), null);
    assert.deepEqual((await store.measureHistory("a")).events, 1);
  });

  test("a shard with a stale epoch writes none", async () => {
    await using store = await open();
    const stale = await store.acquire(0);
    await (await writerOf(store))({ executions: [startOf("a")] });
    const snapshot = { seq: 1, version: "1", text: "[]" };
    const late = { executionId: "a", events: null, row: null, snapshot };
    assert.deepEqual(await store.append([batchOf(0, stale, { executions: [late] })]), { refused: [0] });
    assert.equal(await store.readSnapshot("a"), null);
  });

  test("a history is as long as its events are, in numbers and in bytes", async () => {
    let store = await open();
    const packs = [eventsOf(1, 3), { ...eventsOf(4), text: '"ü€😀"' }, eventsOf(5, 900)];
    const bytes = packs.map(({ text }) => Buffer.byteLength(text));
    const write = await writerOf(store);
    assert.deepEqual(await store.measureHistory("a"), { events: 0, bytes: 0 });
    await write({ executions: [{ ...startOf("a"), events: eventsOf(1, 3) }, startOf("b")] });
    for (const events of packs.slice(1)) await write({ executions: [{ executionId: "a", events, row: null }] });
    const size = { events: 900, bytes: bytes.reduce((sum, each) => sum + each, 0) };
    assert.deepEqual(await store.measureHistory("a"), size);
    if (reopen !== undefined) store = await reopen(store);
    await using last = store;
    assert.deepEqual(await last.measureHistory("a"), size);
    const more = eventsOf(901);
    await (await writerOf(last))({ executions: [{ executionId: "a", events: more, row: null }] });
    assert.deepEqual(await last.measureHistory("a"), { events: 901, bytes: size.bytes + Buffer.byteLength(more.text) });
  });
}
