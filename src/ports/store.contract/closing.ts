/** The end of a store: what was asked before is done, what is asked after is refused, and nothing kept is lost. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Store } from "../store.ts";
import { batchOf, eventsOf, NOON, readAll, rejectsAs, rowOf, startOf, writerOf } from "./samples.ts";

export function closingContract(open: () => Promise<Store>, reopen?: (store: Store) => Promise<Store>): void {
  test("a store may be closed twice, also at the same time", async () => {
    const store = await open();
    await Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
    await store[Symbol.asyncDispose]();
  });

  test("a closed store refuses every call as gone", async () => {
    const store = await open();
    await store[Symbol.asyncDispose]();
    const place = { collection: "c", workspace: "w", id: "i" };
    await rejectsAs("gone", store.acquire(0));
    await rejectsAs("gone", store.append([batchOf(0, 1, { executions: [startOf("a")] })]));
    await rejectsAs("gone", readAll(store, "a"));
    await rejectsAs("gone", store.readExecution("a"));
    await rejectsAs("gone", store.findExecutions({ workspace: "w", limit: 1 }));
    await rejectsAs("gone", store.countExecutions({ workspace: "w", workflow: null }));
    await rejectsAs("gone", store.findActive(0));
    await rejectsAs("gone", store.findDue({ shard: 0, before: 0, limit: 1 }));
    await rejectsAs("gone", store.readOutbox(0));
    await rejectsAs("gone", store.findKey({ workspace: "w", key: "k" }));
    await rejectsAs("gone", store.findWaits({ workspace: "w", event: "e", correlationKey: null }));
    await rejectsAs("gone", store.findEvents({ workspace: "w", event: "e", correlationKey: "k", since: 0 }));
    await rejectsAs("gone", store.dropEvents(0));
    await rejectsAs("gone", store.dropKeys(0));
    await rejectsAs("gone", store.findTasks({ workspace: "w", executor: "e", functions: null, limit: 1 }));
    await rejectsAs("gone", store.documents.get(place));
    await rejectsAs("gone", store.documents.put([{ ...place, expected: null, body: 1, group: null }]));
    await rejectsAs("gone", store.documents.list({ collection: "c", workspace: "w", limit: 1 }));
    await rejectsAs("gone", store.measure());
    await rejectsAs("gone", store.check());
  });

  test("what was asked before the store is closed is answered", async () => {
    const store = await open();
    const write = await writerOf(store);
    const asked = [
      write({ executions: [startOf("a")] }),
      store.readExecution("a"),
      store.documents.list({ collection: "c", workspace: "w", limit: 1 }),
    ];
    await store[Symbol.asyncDispose]();
    await Promise.all(asked);
  });

  if (reopen === undefined) return;

  test("everything that was kept is there after the store is opened again", async () => {
    const first = await open();
    const stale = await first.acquire(0);
    const epoch = await first.acquire(0);
    const row = rowOf("a", { tags: ["vip"], metadata: { region: "eu" } });
    const sleeper = rowOf("b", { parked: true, wakeAt: NOON });
    const parts = {
      executions: [
        { executionId: "a", events: eventsOf(1, 2), row },
        { executionId: "b", events: eventsOf(1), row: sleeper },
      ],
      addKeys: [{ workspace: "default", key: "k", executionId: "a", bodyHash: "h", createdAt: NOON }],
      addOutbox: [{ id: "a/1", shard: 0, body: {} }],
      addWaits: [{ executionId: "a", path: "p", workspace: "default", event: "e", correlation: null }],
      addEvents: [{ workspace: "default", id: "e1", event: "e", correlationKey: "k", data: 1, at: NOON }],
      addTasks: [
        {
          taskId: "b/s/1",
          executionId: "b",
          workspace: "default",
          executor: "x",
          function: "f",
          priority: 5,
          createdAt: NOON,
        },
      ],
    };
    await first.append([batchOf(0, epoch, parts)]);
    const place = { collection: "workflows", workspace: "default", id: "order" };
    await first.documents.put([{ ...place, expected: null, body: { v: 1 }, group: "g" }]);

    await using store = await reopen(first);
    assert.equal(store.shards, first.shards);
    assert.deepEqual(await store.readExecution("a"), row);
    assert.deepEqual(await readAll(store, "a"), [eventsOf(1, 2)]);
    assert.deepEqual(await store.findActive(0), ["a"]);
    assert.deepEqual(await store.findDue({ shard: 0, before: NOON, limit: 9 }), [{ id: "b", wakeAt: NOON }]);
    assert.deepEqual(await store.findKey({ workspace: "default", key: "k" }), parts.addKeys[0]);
    assert.deepEqual(await store.readOutbox(0), parts.addOutbox);
    assert.deepEqual(await store.findWaits({ workspace: "default", event: "e", correlationKey: "k" }), parts.addWaits);
    assert.deepEqual(
      await store.findEvents({ workspace: "default", event: "e", correlationKey: "k", since: 0 }),
      parts.addEvents,
    );
    assert.deepEqual(
      await store.findTasks({ workspace: "default", executor: "x", functions: null, limit: 9 }),
      parts.addTasks,
    );
    assert.deepEqual(await store.countExecutions({ workspace: "default", workflow: "order" }), { running: 2 });
    assert.equal(
      (await store.findExecutions({ workspace: "default", tag: "vip", metadata: { region: "eu" }, limit: 9 })).rows
        .length,
      1,
    );
    assert.equal((await store.documents.get(place))?.revision, 1);

    const append = (under: number) =>
      store.append([batchOf(0, under, { executions: [{ executionId: "a", events: eventsOf(3), row: null }] })]);
    assert.deepEqual(await append(stale), { refused: [0] });
    const next = await store.acquire(0);
    assert.ok(next > epoch);
    assert.deepEqual(await append(epoch), { refused: [0] });
    assert.deepEqual(await append(next), { refused: [] });
    await rejectsAs("conflict", append(next));
    assert.deepEqual(await readAll(store, "a"), [eventsOf(1, 2), eventsOf(3)]);
  });
}
