/** Limits of workflows over several shards: who runs, who waits, who is refused, and what a crash leaves of it. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { openMemoryStore } from "../../adapters/stores/memory/store.ts";
import { shardOf, shardOfKey } from "../../core/base/ids.ts";
import type { ShardBatch } from "../../ports/store.ts";
import { ORDER, openWorld, refused, startOf, until, WORKSPACE, type World, workflow } from "../world.test.ts";
import { recordId } from "./records.ts";

const WORK = `    - { name: work, executor: shop, function: work }
`;

function limited(limit: string, steps = WORK): string {
  return workflow("limited", steps, `  ${limit}\n`);
}

async function startAll(world: World, count: number, more: (n: number) => object = () => ({})): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    // Chosen ids lie in other shards than the slots that they need.
    ids.push(await world.started("limited", { executionId: `start-${n}`, ...more(n) }));
    await world.settle();
    await world.pass(1, 1);
  }
  return ids;
}

async function statuses(world: World, ids: readonly string[]): Promise<string> {
  return (await Promise.all(ids.map(async (id) => (await world.row(id)).status))).join(" ");
}

describe("concurrency", () => {
  test("runs as many as the limit says, and the next in line as soon as one ends", async () => {
    const world = await openWorld({ workflows: [limited("concurrency: { limit: 2 }")] });
    const ids = await startAll(world, 5);
    assert.equal(await statuses(world, ids), "running running queued queued queued");
    assert.equal((await world.row("start-2")).startedAt, null);
    assert.equal(await world.work(), 2);
    await world.settle();
    assert.equal(await statuses(world, ids), "completed completed running running queued");
    await world.work();
    await world.settle();
    await world.work();
    await world.settle();
    assert.equal(await statuses(world, ids), "completed completed completed completed completed");
    assert.deepEqual(await allShared(world), []);
    await world.close();
  });

  test("counts each key apart", async () => {
    const world = await openWorld({ workflows: [limited("concurrency: { limit: 1, key: $.input.tenant }")] });
    const ids = await startAll(world, 4, (n) => ({ input: { tenant: n % 2 === 0 ? "a" : "b" } }));
    assert.equal(await statuses(world, ids), "running running queued queued");
    await world.close();
  });

  test("lets the more urgent go first, and waiting make up for it in time", async () => {
    const world = await openWorld({ workflows: [limited("concurrency: { limit: 1 }")] });
    const ids = [await world.started("limited", { executionId: "first" })];
    ids.push(await world.started("limited", { executionId: "low", priority: 2 }));
    await world.pass(60_000, 1000);
    ids.push(await world.started("limited", { executionId: "high", priority: 7 }));
    await world.pass(300_000, 5000);
    ids.push(await world.started("limited", { executionId: "late", priority: 7 }));
    const order = [];
    for (let n = 0; n < 4; n++) {
      order.push(ids.find((_, i) => statusNow[i] === "running"));
      await refresh();
      order[n] = ids.find((_, i) => statusNow[i] === "running");
      await until(async () => (await world.work()) > 0, world.settle);
      await world.settle();
    }
    assert.deepEqual(order, ["first", "high", "low", "late"]);
    await world.close();

    async function refresh(): Promise<void> {
      statusNow = (await statuses(world, ids)).split(" ");
    }
  });
  let statusNow: string[] = [];

  test("drops one too many where the workflow says so: it ends as cancelled, and says why", async () => {
    const world = await openWorld({ workflows: [limited("concurrency: { limit: 1, on_limit: drop }")] });
    const ids = await startAll(world, 3);
    assert.equal(await statuses(world, ids), "running cancelled cancelled");
    const last = (await world.history("start-2")).at(-1);
    assert.match(JSON.stringify(last?.data), /another execution runs under \\"limited\\" already/);
    await world.close();
  });

  test("cancels the oldest where the workflow says so, the waiting ones too", async () => {
    const world = await openWorld({ workflows: [limited("concurrency: { limit: 1, on_limit: cancel_oldest }")] });
    const ids = await startAll(world, 3);
    await world.settle();
    assert.equal(await statuses(world, ids), "cancelled cancelled running");
    await world.close();
  });

  test("refuses one too many at the door, and leaves nothing of it behind", async () => {
    const world = await openWorld({ workflows: [limited("concurrency: { limit: 2, on_limit: reject }")] });
    await startAll(world, 2);
    const third = await world.start("limited", { executionId: "third" });
    assert.equal(refused(third), "LIMIT_REACHED");
    assert.equal(await world.now(world.host.read({ workspace: WORKSPACE, executionId: "third" })), null);
    // One that was accepted before is known by its id, however many run.
    assert.equal(refused(await world.start("limited", { executionId: "start-1" })), "ok");
    await world.work();
    await world.settle();
    assert.equal(refused(await world.start("limited", { executionId: "third" })), "ok");
    await world.close();
  });

  test("refuses a start where the line is too long, but answers one that is known", async () => {
    const world = await openWorld({ workflows: [limited("concurrency: { limit: 1 }")], limits: { queuedMax: 1 } });
    await startAll(world, 2);
    assert.equal(refused(await world.start("limited", { executionId: "third" })), "OVERLOADED");
    assert.equal(refused(await world.start("limited", { executionId: "start-1" })), "ok");
    assert.deepEqual(world.host.limits(WORKSPACE), [{ key: "limited", held: 1, waiting: 1 }]);
    assert.equal(world.host.counters.refused.OVERLOADED, 1);
    await world.close();
  });

  test("never runs more than the limit, however many start at once", async () => {
    const world = await openWorld({ workflows: [limited("concurrency: { limit: 3, on_limit: reject }")] });
    const outcomes = await world.now(
      Promise.all(Array.from({ length: 20 }, () => world.host.start(startOf("limited")))),
    );
    assert.equal(outcomes.filter(({ ok }) => ok).length, 3);
    await world.close();
  });

  test("gives a slot back that its holder holds no more because it was cancelled in line or running", async () => {
    const world = await openWorld({ workflows: [limited("concurrency: { limit: 1 }")] });
    const ids = await startAll(world, 3);
    const cancel = (executionId: string) =>
      world.now(world.host.cancel({ workspace: WORKSPACE, executionId, commandId: `c-${executionId}`, reason: "no" }));
    await cancel("start-1");
    await cancel("start-0");
    await world.settle();
    assert.equal(await statuses(world, ids), "cancelled cancelled running");
    await world.close();
  });

  test("a child under its parent's slot does not wait for it", async () => {
    const recursive = workflow(
      "limited",
      `    - name: more
      type: condition
      condition: input.depth > 0
      then:
        - { name: sub, type: workflow, workflow: limited, input: { depth: $.input.depth - 1 } }
`,
      "  concurrency: { limit: 1 }\n",
    );
    const world = await openWorld({ workflows: [recursive] });
    const id = await world.started("limited", { input: { depth: 3 } });
    await world.settle();
    assert.equal((await world.row(id)).status, "completed");
    await world.close();
  });
});

describe("the limit of the whole platform", () => {
  test("counts the executions of all workflows, without their children", async () => {
    const world = await openWorld({ workflows: [limited("timeout: 1h"), ORDER], limits: { concurrentMax: 2 } });
    const ids = await startAll(world, 2);
    ids.push(await world.started("order"));
    assert.equal(await statuses(world, ids), "running running queued");
    await world.work();
    await world.settle();
    assert.equal(await statuses(world, ids), "completed completed running");
    await world.close();
  });

  test("is asked for after the workflow's own, and both are given back", async () => {
    const world = await openWorld({
      workflows: [limited("concurrency: { limit: 2 }"), ORDER],
      limits: { concurrentMax: 1 },
    });
    const ids = await startAll(world, 3);
    assert.equal(await statuses(world, ids), "running queued queued");
    for (let n = 0; n < 3; n++) {
      await until(async () => (await world.work()) > 0, world.settle);
      await world.settle();
    }
    assert.equal(await statuses(world, ids), "completed completed completed");
    assert.deepEqual(await allShared(world), []);
    await world.close();
  });
});

describe("a workflow whose name is a word of ours", () => {
  test("shares no slots with the platform", async () => {
    const text = limited("concurrency: { limit: 1 }").replaceAll("limited", "platform");
    const world = await openWorld({ workflows: [text], limits: { concurrentMax: 1 } });
    const id = await world.started("platform");
    await world.settle();
    assert.equal((await world.row(id)).status, "running");
    await world.work();
    await world.settle();
    assert.deepEqual(await allShared(world), []);
    await world.close();
  });
});

describe("a singleton", () => {
  test("answers a start with the execution that runs", async () => {
    const world = await openWorld({ workflows: [limited("singleton: true")] });
    const first = await world.start("limited");
    const second = await world.start("limited");
    assert.ok(first.ok && second.ok);
    assert.deepEqual([second.row.id, second.isNew], [first.row.id, false]);
    await world.work();
    await world.settle();
    const third = await world.start("limited");
    assert.ok(third.ok && third.isNew);
    await world.close();
  });

  test("is what the key of a start stands for from then on, also after its end", async () => {
    const world = await openWorld({ workflows: [limited("singleton: true")] });
    const first = await world.started("limited");
    assert.equal(await world.started("limited", { idempotencyKey: "k" }), first);
    await world.work();
    await world.settle();
    assert.equal((await world.row(first)).status, "completed");
    assert.equal(await world.started("limited", { idempotencyKey: "k" }), first);
    assert.notEqual(await world.started("limited", { idempotencyKey: "other" }), first);
    await world.close();
  });

  test("is one, however many start at the same moment", async () => {
    const world = await openWorld({ workflows: [limited("singleton: { key: $.input.k }")] });
    const starts = Promise.all(
      Array.from({ length: 10 }, (_, n) => world.host.start(startOf("limited", { input: { k: n % 2 } }))),
    );
    await world.pass(2000, 50);
    const outcomes = await world.now(starts);
    assert.equal(new Set(outcomes.map((outcome) => (outcome.ok ? outcome.row.id : outcome.refusal.code))).size, 2);
    await world.close();
  });
});

describe("debounce", () => {
  test("makes one execution of many starts, with the input of the last", async () => {
    const world = await openWorld({ workflows: [limited("debounce: { period: 5s }")] });
    const ids = new Set<string>();
    for (let n = 1; n <= 3; n++) {
      ids.add(await world.started("limited", { input: { n } }));
      await world.pass(4000, 500);
    }
    assert.equal(ids.size, 1);
    assert.equal(await statuses(world, [...ids]), "queued");
    await world.pass(1500, 100);
    assert.equal(await statuses(world, [...ids]), "running");
    await world.work((input) => ({ seen: input }));
    assert.deepEqual((await world.history([...ids][0] ?? "")).at(-1)?.data, { output: { seen: { n: 3 } } });
    assert.notEqual(await world.started("limited"), [...ids][0]);
    await world.close();
  });

  test("begins also where a start for which it stands was sent twice", async () => {
    const world = await openWorld({ workflows: [limited("debounce: { period: 5s }")] });
    const first = await world.started("limited", { input: { n: 1 } });
    const again = { executionId: "mine", input: { n: 2 } };
    assert.equal(await world.started("limited", again), first);
    assert.equal(await world.started("limited", { input: { n: 3 } }), first);
    assert.equal(await world.started("limited", again), first, "its key is known as that of the other one");
    await world.pass(5500, 100);
    assert.equal((await world.row(first)).status, "running");
    await world.work((input) => ({ seen: input }));
    assert.deepEqual((await world.history(first)).at(-1)?.data, { output: { seen: { n: 3 } } });
    assert.equal(await world.started("limited", again), first, "also when that has ended");
    await world.close();
  });

  test("is one, however many start at the same moment", async () => {
    const world = await openWorld({ workflows: [limited("debounce: { period: 5s }")] });
    const starts = Promise.all(
      Array.from({ length: 10 }, (_, n) => world.host.start(startOf("limited", { idempotencyKey: `k${n % 5}` }))),
    );
    await world.pass(2000, 50);
    const outcomes = await world.now(starts);
    assert.equal(new Set(outcomes.map((outcome) => (outcome.ok ? outcome.row.id : outcome.refusal.code))).size, 1);
    await world.close();
  });

  test("counts under the keys of the last input", async () => {
    const text = limited("debounce: { period: 5s }\n  concurrency: { limit: 1, key: $.input.tenant }");
    const world = await openWorld({ workflows: [text] });
    const holder = await world.started("limited", { input: { tenant: "a" } });
    await world.pass(5500, 100);
    const next = await world.started("limited", { input: { tenant: "a" } });
    assert.equal(await world.started("limited", { input: { tenant: "b" } }), next);
    await world.pass(5500, 100);
    assert.equal(await statuses(world, [holder, next]), "running running");
    await world.close();
  });

  test("puts off for so long at most as max_wait says", async () => {
    const world = await openWorld({ workflows: [limited("debounce: { period: 5s, max_wait: 8s }")] });
    const ids = new Set<string>();
    for (let n = 0; n < 4; n++) {
      ids.add(await world.started("limited"));
      await world.pass(3000, 500);
    }
    assert.equal(ids.size, 2);
    await world.close();
  });

  test("begins after the quiet time also where the platform was away meanwhile", async () => {
    const store = openMemoryStore();
    const text = limited("debounce: { period: 5s }");
    const before = await openWorld({ store, workflows: [text] });
    const id = await before.started("limited");
    await before.close();
    const world = await openWorld({ store, workflows: [text], at: before.clock.now() + 60_000 });
    await world.pass(1500, 250);
    assert.equal((await world.row(id)).status, "running");
    await world.close();
  });
});

describe("rate_limit", () => {
  test("lets a burst of the limit through, then evenly, and says when to come again", async () => {
    const world = await openWorld({ workflows: [limited("rate_limit: { limit: 2, period: 10s }")] });
    assert.deepEqual(
      [await world.start("limited"), await world.start("limited"), await world.start("limited")].map(refused),
      ["ok", "ok", "RATE_LIMITED"],
    );
    const third = await world.start("limited");
    assert.equal(third.ok ? null : third.refusal.retryAfter, 5);
    await world.pass(5000, 1000);
    assert.deepEqual([await world.start("limited"), await world.start("limited")].map(refused), ["ok", "RATE_LIMITED"]);
    await world.pass(30_000, 1000);
    assert.deepEqual(await allShared(world), []);
    await world.close();
  });

  test("holds over a restart", async () => {
    const store = openMemoryStore();
    const text = limited("rate_limit: { limit: 1, period: 1h }");
    const before = await openWorld({ store, workflows: [text] });
    assert.equal(refused(await before.start("limited")), "ok");
    await before.close();
    const world = await openWorld({ store, workflows: [text], at: before.clock.now() + 1000 });
    assert.equal(refused(await world.start("limited")), "RATE_LIMITED");
    await world.close();
  });
});

describe("messages to other shards", () => {
  test("slots and their lines are as they were after a restart", async () => {
    const store = openMemoryStore();
    const text = limited("concurrency: { limit: 2 }");
    const before = await openWorld({ store, workflows: [text] });
    const ids = await startAll(before, 5);
    await before.close();
    const world = await openWorld({ store, workflows: [text], at: before.clock.now() + 1000 });
    await world.pass(2000);
    assert.equal(await statuses(world, ids), "running running queued queued queued");
    for (let n = 0; n < 3; n++) {
      await until(
        async () => (await world.work()) > 0,
        () => world.pass(1000),
      );
      await world.settle();
    }
    assert.equal(await statuses(world, ids), "completed completed completed completed completed");
    assert.deepEqual(await allShared(world), []);
    await world.close();
  });

  test("one that the receiver has not taken is found again after a crash, and taken once", async () => {
    const store = openMemoryStore();
    const text = limited("concurrency: { limit: 1 }");
    // The shard of the slots dies each time before it can write what it was asked.
    let isBroken = true;
    const before = await openWorld({
      store,
      workflows: [text],
      intercept: (name, call, args) => {
        const batches = name === "append" ? (args[0] as readonly ShardBatch[]) : [];
        if (isBroken && batches.some(({ putShared }) => putShared.length > 0)) return new Promise(() => {});
        return call();
      },
    });
    const first = before.host.start(startOf("limited", { executionId: "alone" }));
    await before.settle();
    assert.equal(refused(await before.now(first)), "ok");
    isBroken = false;
    const world = await openWorld({ store, workflows: [text], at: before.clock.now() + 1000 });
    await world.pass(2000);
    assert.equal((await world.row("alone")).status, "running");
    assert.equal((await world.types("alone")).filter((type) => type === "ExecutionAdmitted").length, 1);
    for (let shard = 0; shard < store.shards; shard++) assert.deepEqual(await store.readOutbox(shard), []);
    await world.close();
  });
});

describe("messages of whoever owned a shard before", () => {
  test("are found, though the shard that they are for was taken over earlier", async () => {
    const store = openMemoryStore();
    const text = limited("concurrency: { limit: 1 }");
    const before = await openWorld({ store, workflows: [text] });
    const slotShard = shardOfKey(recordId(WORKSPACE, { kind: "slots", key: "limited" }), store.shards);
    const ids = Array.from({ length: 20 }, (_, n) => `start-${n}`);
    const id = ids.find((each) => shardOf(each, store.shards) !== slotShard) ?? "";
    // The new process has the shard of the slots, and the one of the execution is still the old one's.
    const gate = Promise.withResolvers<void>();
    const opening = openWorld({
      store,
      workflows: [text],
      at: before.clock.now() + 1000,
      async intercept(name, call, args) {
        if (name === "acquire" && args[0] === shardOf(id, store.shards)) await gate.promise;
        return call();
      },
    });
    await before.settle();
    assert.equal(await before.started("limited", { executionId: id }), id);
    gate.resolve();
    const world = await opening;
    await world.settle();
    assert.equal((await world.row(id)).status, "running");
    await world.work();
    await world.settle();
    assert.deepEqual(await allShared(world), []);
    await world.close();
  });
});

async function allShared(world: World): Promise<readonly unknown[]> {
  await world.settle();
  const shards = Array.from({ length: world.store.shards }, (_, shard) => world.store.readShared(shard));
  return (await Promise.all(shards)).flat();
}
