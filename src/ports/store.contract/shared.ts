/** Records that executions share: rows that belong to a shard, of a record and of its members. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { SharedRow, SharedWrite, Store } from "../store.ts";
import { batchOf, startOf, writerOf } from "./samples.ts";

export function sharedContract(open: () => Promise<Store>): void {
  test("a shard finds the rows of its shared records again, and no others", async () => {
    await using store = await open();
    const [write, writeOther] = [await writerOf(store, 0), await writerOf(store, 1)];
    await write({ putShared: [rowOf("a"), rowOf("a", "member"), rowOf("b")] });
    await writeOther({ putShared: [rowOf("other")] });
    assert.deepEqual(inOrder(await store.readShared(0)), [stored("a"), stored("a", "member"), stored("b")]);
    assert.deepEqual(await store.readShared(1), [{ ...stored("other"), shard: 1 }]);
    assert.deepEqual(await store.readShared(2), []);
  });

  test("a row that is written again takes the place of the one before, and null removes it", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({ putShared: [rowOf("a"), rowOf("a", "m1"), rowOf("a", "m2")] });
    await write({
      putShared: [
        { ...rowOf("a"), body: { n: 2 } },
        { ...rowOf("a", "m1"), body: null },
      ],
    });
    await write({ putShared: [{ ...rowOf("never there"), body: null }] });
    assert.deepEqual(inOrder(await store.readShared(0)), [{ ...stored("a"), body: { n: 2 } }, stored("a", "m2")]);
  });

  test("records of one kind are listed page by page, in the order of their keys", async () => {
    await using store = await open();
    await (await writerOf(store))({
      putShared: [rowOf("c"), rowOf("a"), rowOf("a", "member"), rowOf("b"), { ...rowOf("x"), kind: "other" }],
    });
    await (await writerOf(store, 3))({ putShared: [rowOf("d"), { ...rowOf("e"), workspace: "other" }] });
    const page = async (after: string) =>
      (await store.findShared({ workspace: "default", kind: "slots", after, limit: 2 })).map((row) => row.key);
    assert.deepEqual(await page(""), ["a", "b"]);
    assert.deepEqual(await page("b"), ["c", "d"]);
    assert.deepEqual(await page("d"), []);
  });

  test("one record is read with its members, its own row first", async () => {
    await using store = await open();
    await (await writerOf(store))({ putShared: [rowOf("a", "m2"), rowOf("a"), rowOf("a", "m1"), rowOf("b", "m1")] });
    const find = (after: string) =>
      store.findShared({ workspace: "default", kind: "slots", key: "a", after, limit: 10 });
    assert.deepEqual(await find(""), [stored("a"), stored("a", "m1"), stored("a", "m2")]);
    assert.deepEqual(await find("m1"), [stored("a", "m2")]);
  });

  test("rows of a shard under an old epoch are refused with the rest of its batch", async () => {
    await using store = await open();
    const old = await store.acquire(0);
    await store.acquire(0);
    const answer = await store.append([batchOf(0, old, { executions: [startOf("a")], putShared: [rowOf("a")] })]);
    assert.deepEqual(answer.refused, [0]);
    assert.deepEqual(await store.readShared(0), []);
  });
}

function rowOf(key: string, member = ""): SharedWrite {
  return { workspace: "default", kind: "slots", key, member, body: { key, member } };
}

function stored(key: string, member = ""): SharedRow {
  return { shard: 0, ...rowOf(key, member), body: { key, member } };
}

function inOrder(rows: readonly SharedRow[]): readonly SharedRow[] {
  return rows.toSorted((a, b) => (`${a.key}/${a.member}` < `${b.key}/${b.member}` ? -1 : 1));
}
