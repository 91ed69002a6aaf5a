/** Executions that were over long ago: how they are found, and that nothing is left of one that is removed. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { ExecutionRow, ExecutionWrite, KeyRow, OverQuery, Removal, Store } from "../store.ts";
import { batchOf, eventsOf, NOON, readAll, rejectsAs, rowOf, startOf, writerOf } from "./samples.ts";

const HOUR = 3_600_000;
const LATER = NOON + HOUR;
const CHOSEN = 8_640_000_000_000_000;

export function removingContract(open: () => Promise<Store>, reopen?: (store: Store) => Promise<Store>): void {
  test("what ended before a time is found, those created first before others", async () => {
    await using store = await open();
    await (await writerOf(store))({
      executions: [
        endedOf("new", { finishedAt: LATER }),
        endedOf("b", { createdAt: NOON - 1 }),
        endedOf("a"),
        startOf("running"),
        endedOf("failed", { status: "failed" }),
        endedOf("aside", { quarantine: "It cannot be read." }),
        endedOf("elsewhere", { workspace: "other" }),
      ],
    });
    assert.deepEqual(await allOver(store), [["b"], ["a"], ["elsewhere"]]);
    assert.deepEqual(await allOver(store, { statuses: ["failed", "cancelled"] }), [["failed"]]);
    assert.deepEqual(await allOver(store, { endedBefore: NOON }), []);
  });

  test("a walk in small pages meets each once", async () => {
    await using store = await open();
    const ids = ["a", "b", "c", "d", "e"];
    await (await writerOf(store))({
      executions: ids.map((id, n) => endedOf(id, { finishedAt: n % 2 === 0 ? NOON + 2 : LATER })),
    });
    for (const limit of [1, 2, 3, 5]) assert.deepEqual(await allOver(store, { limit }), [["a"], ["c"], ["e"]]);
  });

  test("the walk goes on where what it has met last is removed", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({ executions: ["a", "b", "c"].map((id) => endedOf(id)) });
    const first = await store.findOver({ ...QUERY, limit: 1 });
    await write({ remove: [removalOf("a")] });
    const second = await store.findOver({ ...QUERY, limit: 1, cursor: first.nextCursor ?? "" });
    assert.deepEqual([...first.trees, ...second.trees], [["a"], ["b"]]);
  });

  test("children are found before their parents, and nothing where one of them is not over", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({
      executions: [
        endedOf("p"),
        endedOf("p.1", { parentId: "p", status: "failed" }),
        endedOf("p.1.1", { parentId: "p.1" }),
        endedOf("q"),
        startOf("q.1", { parentId: "q" }),
        endedOf("r"),
        endedOf("r.1", { parentId: "r", finishedAt: LATER }),
        endedOf("orphan", { parentId: "gone" }),
      ],
    });
    const found = await allOver(store);
    assert.deepEqual(found.map((tree) => tree.at(-1)).toSorted(), ["orphan", "p"]);
    assert.deepEqual(
      found.find((tree) => tree.length > 1),
      ["p.1.1", "p.1", "p"],
    );
  });

  test("dead letters are kept as long as they are told to be", async () => {
    await using store = await open();
    const write = await writerOf(store);
    const letter = { status: "failed", deadLetter: true } as const;
    await write({
      executions: [
        endedOf("letter", letter),
        endedOf("dropped", { status: "failed" }),
        endedOf("p"),
        endedOf("p.1", { ...letter, parentId: "p" }),
      ],
    });
    assert.deepEqual(await allOver(store, { statuses: ["failed", "completed"] }), [["dropped"]]);
    const letters = { statuses: ["failed"], deadLetters: true } as const;
    assert.deepEqual(await allOver(store, letters), []);
    assert.deepEqual(await allOver(store, { ...letters, lettersBefore: LATER }), [["letter"]]);
    assert.deepEqual(await allOver(store, { lettersBefore: LATER }), [["p.1", "p"]]);

    await write({ remove: [removalOf("letter"), removalOf("p", { executionIds: ["p.1", "p"] })] });
    assert.notEqual(await store.readExecution("letter"), null);
    assert.notEqual(await store.readExecution("p"), null, "all or none");
    await write({ remove: [removalOf("letter", { lettersBefore: LATER })] });
    assert.equal(await store.readExecution("letter"), null);
  });

  test("nothing is left of an execution that is removed, and its neighbours stay", async () => {
    let store = await open();
    const write = await writerOf(store);
    const about = { tags: ["vip"], metadata: { customer: "c-1" }, originId: "origin" };
    const snapshot = { seq: 1, version: "1", text: "[]" };
    await write({
      executions: [{ ...endedOf("a", about), snapshot }, endedOf("b", about), endedOf("c", { parentId: "a" })],
      addKeys: [keyOf("/a", "a", CHOSEN), keyOf("/b", "b", CHOSEN), keyOf("order/k", "a", NOON)],
    });
    await write({ remove: [removalOf("a", { executionIds: ["c", "a", "nobody"], keysSince: NOON + 1 })] });
    for (const round of ["at once", "after a restart"]) {
      if (round === "after a restart" && reopen !== undefined) store = await reopen(store);
      assert.equal(await store.readExecution("a"), null, round);
      assert.deepEqual(await readAll(store, "a"), []);
      assert.deepEqual(await store.measureHistory("a"), { events: 0, bytes: 0 });
      assert.equal(await store.readSnapshot("a"), null);
      for (const key of ["/a", "order/k"]) assert.equal(await store.findKey({ workspace: "default", key }), null);
      const find = { workspace: "default", limit: 10 };
      for (const query of [find, { ...find, tag: "vip" }, { ...find, metadata: { customer: "c-1" } }]) {
        const { rows } = await store.findExecutions(query);
        assert.deepEqual(
          rows.map(({ id }) => id),
          ["b"],
        );
      }
      assert.deepEqual(await store.countExecutions({ workspace: "default", workflow: null }), { completed: 1 });
      assert.deepEqual(await store.countExecutions({ workspace: "default", workflow: "order" }), { completed: 1 });
      assert.equal((await store.measure()).executions, 1);
      assert.equal((await store.findKey({ workspace: "default", key: "/b" }))?.executionId, "b");
      assert.equal((await readAll(store, "b")).length, 1);
    }
    await store[Symbol.asyncDispose]();
  });

  test("an id may be used again after its execution was removed", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({ executions: [endedOf("a")] });
    await write({ remove: [removalOf("a")] });
    await write({ executions: [startOf("a", { createdAt: LATER })] });
    assert.equal((await store.readExecution("a"))?.createdAt, LATER);
    assert.deepEqual(await readAll(store, "a"), [eventsOf(1)]);
    assert.deepEqual(await store.countExecutions({ workspace: "default", workflow: null }), { running: 1 });
  });

  test("what goes on again, was put aside, or may be asked for by its key is not removed", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({
      executions: [endedOf("again"), endedOf("aside"), endedOf("keyed"), endedOf("late", { finishedAt: LATER })],
      addKeys: [keyOf("order/k", "keyed", NOON)],
    });
    await write({
      executions: [
        { executionId: "again", events: eventsOf(2), row: rowOf("again") },
        { executionId: "aside", events: null, row: { ...ended("aside"), quarantine: "It cannot be read." } },
      ],
    });
    const ids = ["again", "aside", "keyed", "late"];
    await write({ remove: ids.map((id) => removalOf(id)) });
    for (const id of ids) assert.notEqual(await store.readExecution(id), null, id);
    await write({ remove: [removalOf("keyed", { keysSince: NOON + 1 })] });
    assert.equal(await store.readExecution("keyed"), null);
  });

  test("a shard removes under its epoch, and nothing of another", async () => {
    await using store = await open();
    const stale = await store.acquire(0);
    const write = await writerOf(store, 0);
    const writeOther = await writerOf(store, 1);
    await write({ executions: [endedOf("a")] });
    assert.deepEqual(await store.append([batchOf(0, stale, { remove: [removalOf("a")] })]), { refused: [0] });
    await rejectsAs("conflict", writeOther({ remove: [removalOf("a")] }));
    assert.notEqual(await store.readExecution("a"), null);
  });
}

const QUERY: OverQuery = {
  statuses: ["completed"],
  deadLetters: false,
  endedBefore: LATER,
  lettersBefore: null,
  limit: 100,
};

async function allOver(store: Store, changes: Partial<OverQuery> = {}): Promise<readonly (readonly string[])[]> {
  const trees: (readonly string[])[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.findOver({ ...QUERY, ...changes, ...(cursor === null ? {} : { cursor }) });
    trees.push(...page.trees);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return trees;
}

function removalOf(id: string, changes: Partial<Removal> = {}): Removal {
  return { executionIds: [id], endedBefore: LATER, lettersBefore: null, keysSince: NOON, ...changes };
}

function ended(id: string, changes: Partial<ExecutionRow> = {}): ExecutionRow {
  return rowOf(id, { status: "completed", finishedAt: NOON + 2, ...changes });
}

function endedOf(id: string, changes: Partial<ExecutionRow> = {}): ExecutionWrite {
  return { executionId: id, events: eventsOf(1), row: ended(id, changes) };
}

function keyOf(key: string, executionId: string, createdAt: number): KeyRow {
  return { workspace: "default", key, executionId, bodyHash: "hash", createdAt };
}
