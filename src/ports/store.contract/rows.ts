/** What is committed with the histories: keys, outbox, waits, kept events, tasks, and what is active or due. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { KeptEvent, KeyRow, OutboxRow, Store, TaskRow, WaitRow } from "../store.ts";
import { NOON, rowOf, startOf, writerOf } from "./samples.ts";

export function rowsContract(open: () => Promise<Store>): void {
  test("a key leads to its execution, in its workspace only", async () => {
    await using store = await open();
    await (await writerOf(store))({
      executions: [startOf("a")],
      addKeys: [keyOf("order/k1"), keyOf("order/k1", { workspace: "other", executionId: "b" })],
    });
    assert.deepEqual(await store.findKey({ workspace: "default", key: "order/k1" }), keyOf("order/k1"));
    assert.equal((await store.findKey({ workspace: "other", key: "order/k1" }))?.executionId, "b");
    assert.equal(await store.findKey({ workspace: "third", key: "order/k1" }), null);
    assert.equal(await store.findKey({ workspace: "default", key: "order/k2" }), null);
  });

  test("a key that is written again stands for the newer execution", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({ addKeys: [keyOf("order/k")] });
    const newer = keyOf("order/k", { executionId: "b", bodyHash: "other", createdAt: NOON + 86_400_000 });
    await write({ addKeys: [newer] });
    assert.deepEqual(await store.findKey({ workspace: "default", key: "order/k" }), newer);
  });

  test("keys from before a time are dropped, the others stay", async () => {
    await using store = await open();
    await (await writerOf(store))({ addKeys: [keyOf("old", { createdAt: NOON - 1 }), keyOf("new")] });
    await store.dropKeys(NOON);
    assert.equal(await store.findKey({ workspace: "default", key: "old" }), null);
    assert.deepEqual(await store.findKey({ workspace: "default", key: "new" }), keyOf("new"));
  });

  test("the outbox of a shard is read in the order of its writing until rows are removed", async () => {
    await using store = await open();
    const [write, writeOther] = [await writerOf(store, 0), await writerOf(store, 1)];
    const rows = ["z/1", "a/9", "m/2", "a/10"].map((id) => outboxOf(id));
    await write({ addOutbox: rows.slice(0, 2) });
    await writeOther({ addOutbox: [outboxOf("other/1", 1)] });
    await write({ addOutbox: rows.slice(2) });
    assert.deepEqual(await store.readOutbox(0), rows);
    assert.deepEqual(await store.readOutbox(1), [outboxOf("other/1", 1)]);
    assert.deepEqual(await store.readOutbox(2), []);
    await write({ removeOutbox: ["a/9", "nobody/1"] });
    assert.deepEqual(await store.readOutbox(0), [rows[0], rows[2], rows[3]]);
  });

  test("the shard of the receiver removes the sender's row", async () => {
    await using store = await open();
    const [write, writeOther] = [await writerOf(store, 0), await writerOf(store, 1)];
    await write({ addOutbox: [outboxOf("a/1")] });
    await writeOther({ removeOutbox: ["a/1"] });
    assert.deepEqual(await store.readOutbox(0), []);
  });

  test("an outbox row that the same batch removes is not written", async () => {
    await using store = await open();
    await (await writerOf(store))({ addOutbox: [outboxOf("a/1"), outboxOf("a/2")], removeOutbox: ["a/1"] });
    assert.deepEqual(await store.readOutbox(0), [outboxOf("a/2")]);
  });

  test("an event wakes the waits of its key and those without correlation", async () => {
    await using store = await open();
    const [any, one, two] = [waitOf("a", "p1", null), waitOf("b", "p1", "k1"), waitOf("c", "p1", "k2")];
    await (await writerOf(store))({
      addWaits: [
        any,
        one,
        two,
        { ...waitOf("d", "p1", "k1"), event: "other" },
        { ...waitOf("e", "p1", "k1"), workspace: "other" },
      ],
    });
    const find = async (correlationKey: string | null) =>
      sorted(await store.findWaits({ workspace: "default", event: "paid", correlationKey }));
    assert.deepEqual(await find("k1"), [any, one]);
    assert.deepEqual(await find("k2"), [any, two]);
    assert.deepEqual(await find("k3"), [any]);
    assert.deepEqual(await find(null), [any]);
  });

  test("a wait is one for each execution and path, and is removed by both", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({ addWaits: [waitOf("a", "p1", "k"), waitOf("a", "p2", "k"), waitOf("b", "p1", "k")] });
    await write({
      addWaits: [waitOf("a", "p1", "changed")],
      removeWaits: [
        { executionId: "b", path: "p1" },
        { executionId: "x", path: "p1" },
      ],
    });
    assert.deepEqual(await store.findWaits({ workspace: "default", event: "paid", correlationKey: "k" }), [
      waitOf("a", "p2", "k"),
    ]);
    await write({ addWaits: [waitOf("a", "p2", "again")], removeWaits: [{ executionId: "a", path: "p2" }] });
    assert.deepEqual(await store.findWaits({ workspace: "default", event: "paid", correlationKey: "again" }), [
      waitOf("a", "p2", "again"),
    ]);
  });

  test("kept events are found by name and key, oldest first, and not when they are too old", async () => {
    await using store = await open();
    const write = await writerOf(store);
    const [late, early, same] = [
      eventOf("e1", { at: NOON + 5 }),
      eventOf("e2", { at: NOON }),
      eventOf("e3", { at: NOON + 5 }),
    ];
    const others = [
      eventOf("e4", { correlationKey: "k2" }),
      eventOf("e5", { correlationKey: null }),
      eventOf("e6", { event: "sent" }),
      eventOf("e1", { workspace: "other" }),
    ];
    await write({ addEvents: [late, early, ...others] });
    await write({ addEvents: [same] });
    const find = (since: number) =>
      store.findEvents({ workspace: "default", event: "paid", correlationKey: "k", since });
    assert.deepEqual(await find(0), [early, late, same]);
    assert.deepEqual(await find(NOON), [early, late, same]);
    assert.deepEqual(await find(NOON + 1), [late, same]);
    assert.deepEqual(await store.findEvents({ workspace: "default", event: "sent", correlationKey: "k", since: 0 }), [
      others[2],
    ]);
    assert.deepEqual(await store.findEvents({ workspace: "other", event: "paid", correlationKey: "k", since: 0 }), [
      others[3],
    ]);
    await store.dropEvents(NOON + 1);
    assert.deepEqual(await find(0), [late, same]);
  });

  test("an event of the same id takes the place of the kept one", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({ addEvents: [eventOf("e1", { data: 1 })] });
    await write({ addEvents: [eventOf("e1", { data: { again: true } })] });
    const found = await store.findEvents({ workspace: "default", event: "paid", correlationKey: "k", since: 0 });
    assert.deepEqual(found, [eventOf("e1", { data: { again: true } })]);
  });

  test("tasks are found by executor and function, oldest of the highest priority first", async () => {
    await using store = await open();
    const [a, b, c, d] = [
      taskOf("a", "f"),
      taskOf("b", "g", { priority: 9 }),
      taskOf("c", "f", { createdAt: NOON - 1 }),
      taskOf("d", "h", { priority: 2 }),
    ];
    const others = [taskOf("e", "f", { executor: "other" }), taskOf("g", "f", { workspace: "other" })];
    await (await writerOf(store))({ addTasks: [a, b, c, d, ...others] });
    const find = async (functions: readonly string[] | null, limit = 100) =>
      (await store.findTasks({ workspace: "default", executor: "worker", functions, limit })).map(
        (task) => task.executionId,
      );
    assert.deepEqual(await find(null), ["b", "c", "a", "d"]);
    assert.deepEqual(await find(null, 2), ["b", "c"]);
    assert.deepEqual(await find(["f"]), ["c", "a"]);
    assert.deepEqual(await find(["f", "h", "g", "f", "unknown"]), ["b", "c", "a", "d"]);
    assert.deepEqual(await find(["h", "f"], 2), ["c", "a"]);
    assert.deepEqual(await find([]), []);
    assert.deepEqual(await store.findTasks({ workspace: "other", executor: "worker", functions: null, limit: 9 }), [
      others[1],
    ]);
  });

  test("all tasks of an execution are removed at once, before others are added", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({ addTasks: [taskOf("a", "f"), taskOf("a", "g"), taskOf("b", "f")] });
    await write({ addTasks: [taskOf("a", "h")], removeTasksOf: ["a", "nobody"] });
    const found = await store.findTasks({ workspace: "default", executor: "worker", functions: null, limit: 9 });
    assert.deepEqual(sorted(found), sorted([taskOf("a", "h"), taskOf("b", "f")]));
  });

  test("active is what has neither ended nor been parked, shard by shard", async () => {
    await using store = await open();
    const [write, writeOther] = [await writerOf(store, 0), await writerOf(store, 1)];
    await write({
      executions: [
        startOf("queued", { status: "queued" }),
        startOf("running"),
        startOf("paused", { status: "paused" }),
        startOf("parked", { parked: true }),
        ...(["completed", "failed", "cancelled", "timed_out"] as const).map((status) => startOf(status, { status })),
      ],
    });
    await writeOther({ executions: [startOf("other", { shard: 1 })] });
    assert.deepEqual((await store.findActive(0)).toSorted(), ["paused", "queued", "running"]);
    assert.deepEqual(await store.findActive(1), ["other"]);
    assert.deepEqual(await store.findActive(2), []);
    await write({
      executions: [
        { executionId: "running", events: null, row: rowOf("running", { status: "completed" }) },
        { executionId: "parked", events: null, row: rowOf("parked") },
        { executionId: "queued", events: null, row: rowOf("queued", { parked: true }) },
      ],
    });
    assert.deepEqual((await store.findActive(0)).toSorted(), ["parked", "paused"]);
  });

  test("due is what is parked and wakes by then, soonest first", async () => {
    await using store = await open();
    const [write, writeOther] = [await writerOf(store, 0), await writerOf(store, 1)];
    const sleeping = (id: string, wakeAt: number | null) => startOf(id, { parked: true, wakeAt });
    await write({
      executions: [
        sleeping("c", NOON + 3),
        sleeping("a", NOON + 1),
        sleeping("b", NOON + 2),
        sleeping("never", null),
        startOf("awake", { wakeAt: NOON }),
      ],
    });
    await writeOther({ executions: [startOf("other", { shard: 1, parked: true, wakeAt: NOON })] });
    const find = async (before: number, limit = 10) => store.findDue({ shard: 0, before, limit });
    assert.deepEqual(await find(NOON), []);
    assert.deepEqual(await find(NOON + 2), [
      { id: "a", wakeAt: NOON + 1 },
      { id: "b", wakeAt: NOON + 2 },
    ]);
    assert.deepEqual(
      (await find(NOON + 9)).map((due) => due.id),
      ["a", "b", "c"],
    );
    assert.deepEqual(
      (await find(NOON + 9, 1)).map((due) => due.id),
      ["a"],
    );
    await write({
      executions: [
        { executionId: "a", events: null, row: rowOf("a") },
        { executionId: "c", events: null, row: rowOf("c", { parked: true, wakeAt: NOON }) },
      ],
    });
    assert.deepEqual(
      (await find(NOON + 9)).map((due) => due.id),
      ["c", "b"],
    );
  });
}

function keyOf(key: string, changes: Partial<KeyRow> = {}): KeyRow {
  return { workspace: "default", key, executionId: "a", bodyHash: "hash", createdAt: NOON, ...changes };
}

function outboxOf(id: string, shard = 0): OutboxRow {
  return { id, shard, body: { kind: "ChildStarted", id, list: [null, 1.5] } };
}

function waitOf(executionId: string, path: string, correlation: string | null): WaitRow {
  return { executionId, path, workspace: "default", event: "paid", correlation };
}

function eventOf(id: string, changes: Partial<KeptEvent> = {}): KeptEvent {
  return { workspace: "default", id, event: "paid", correlationKey: "k", data: { amount: 3 }, at: NOON, ...changes };
}

function taskOf(executionId: string, name: string, changes: Partial<TaskRow> = {}): TaskRow {
  return {
    taskId: `${executionId}/${name}/1`,
    executionId,
    workspace: "default",
    executor: "worker",
    function: name,
    priority: 5,
    createdAt: NOON,
    ...changes,
  };
}

/** For answers whose order is not promised. */
function sorted<Row extends { readonly executionId: string }>(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((a, b) => (a.executionId < b.executionId ? -1 : 1));
}
