/** Group commit: who hears what, when, and what becomes of it if the store fails. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import { type ShardBatch, StoreError } from "../ports/store.ts";
import { type Intercept, ORDER, openWorld, refused, SHORT, startOf, until, WORKSPACE } from "./world.test.ts";

/** Holds writes back until they are let go. */
function gate() {
  const held: { readonly batches: readonly ShardBatch[]; go(): void; fail(kind: "before" | "after"): void }[] = [];
  let isOpen = true;
  const intercept: Intercept = (name, call, args) => {
    if (isOpen || name !== "append") return call();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const unknown = new StoreError("unknown", "The connection was lost.");
    held.push({
      batches: args[0] as readonly ShardBatch[],
      go: () => void call().then(resolve, reject),
      fail: (kind) => void (kind === "before" ? reject(unknown) : call().then(() => reject(unknown), reject)),
    });
    return promise;
  };
  return {
    held,
    intercept,
    shut: () => {
      isOpen = false;
    },
    open: () => {
      isOpen = true;
    },
  };
}

const idsOf = (batches: readonly ShardBatch[]) =>
  batches.flatMap((batch) => batch.executions.map((write) => write.executionId));

test("starts that come in together share a write, and nobody hears before it is on disk", async () => {
  const { held, intercept, shut } = gate();
  const world = await openWorld({ workflows: [ORDER], intercept });
  shut();
  let answers = 0;
  const starts = Array.from({ length: 20 }, () => world.host.start(startOf("order")).finally(() => answers++));
  await world.settle();
  assert.equal(held.length, 1);
  assert.equal(idsOf(held[0]?.batches ?? []).length, 20);
  assert.equal(answers, 0);
  assert.equal(world.board.list({ workspace: WORKSPACE }).length, 0);
  assert.equal(await world.work(), 0, "no task is handed out before the commit");
  held[0]?.go();
  await world.settle();
  assert.equal(answers, 20);
  assert.ok((await Promise.all(starts)).every((start) => start.ok));
  held[1]?.go();
  assert.equal(await world.now(world.host.executors.poll(poll())).then((tasks) => tasks.length), 20);
  await world.close();
});

test("while a write is in flight the next one is decided and collected, and there is never a second in flight", async () => {
  const { held, intercept, shut, open } = gate();
  const world = await openWorld({ workflows: [ORDER], intercept });
  shut();
  const first = world.host.start(startOf("order", { executionId: "first" }));
  await world.settle();
  const others = ["second", "third"].map((executionId) => world.host.start(startOf("order", { executionId })));
  const cancel = world.host.cancel({ workspace: WORKSPACE, executionId: "first", commandId: "c", reason: "test" });
  await world.settle();
  assert.equal(held.length, 1);
  open();
  held[0]?.go();
  await world.settle();
  assert.ok((await first).ok && (await cancel).ok && (await Promise.all(others)).every((start) => start.ok));
  assert.equal((await world.row("first")).status, "cancelled");
  await world.close();
});

test("a read of what is being written waits for the write, but no longer than a quarter of a second", async () => {
  const { held, intercept, shut } = gate();
  const world = await openWorld({ workflows: [ORDER], intercept });
  await world.started("order", { executionId: "a" });
  shut();
  void world.host.pause({ workspace: WORKSPACE, executionId: "a", commandId: "c", freezeTimers: false });
  await world.settle();
  let status = "";
  const read = async () => {
    status = (await world.host.read({ workspace: WORKSPACE, executionId: "a" }))?.status ?? "none";
  };
  void read();
  await world.settle();
  assert.equal(status, "");
  held[0]?.go();
  await world.settle();
  assert.equal(status, "paused");
  void world.host.resume({ workspace: WORKSPACE, executionId: "a", commandId: "d" });
  await world.settle();
  status = "";
  void read();
  await world.pass(240);
  assert.equal(status, "");
  await world.pass(20);
  assert.equal(status, "paused");
  held[1]?.go();
  await world.settle();
  await world.close();
});

for (const kind of ["before", "after"] as const) {
  test(`a write that fails ${kind} it was done takes with it what was decided upon it, and the shard goes on from the store`, async () => {
    const { held, intercept, shut, open } = gate();
    const world = await openWorld({ workflows: [ORDER], intercept });
    shut();
    const place = { workspace: WORKSPACE, executionId: "a" };
    const start = world.host.start(startOf("order", { executionId: "a" }));
    await world.settle();
    const pause = world.host.pause({ ...place, commandId: "p", freezeTimers: false });
    await world.settle();
    open();
    held[0]?.fail(kind);
    await world.settle();
    assert.equal(refused(await start), "UNAVAILABLE");
    assert.equal(refused(await pause), "UNAVAILABLE");
    assert.equal(world.reports.length, 1, "one write failed, and what was decided upon it was not even tried");
    // Asked again, the caller gets one execution, whatever became of the first write.
    const again = await world.start("order", { executionId: "a" });
    assert.ok(again.ok);
    assert.equal(again.isNew, kind === "before");
    assert.deepEqual(await world.types("a"), ["ExecutionStarted", "StepScheduled"]);
    await world.pass(1000);
    assert.equal(await world.work(), 1);
    assert.equal(await world.work(), 1);
    assert.equal((await world.row("a")).status, "completed");
    await world.close();
  });
}

test("a failed write stops its own shards only", async () => {
  let failing: number | null = null;
  const world = await openWorld({
    workflows: [ORDER],
    intercept: async (name, call, args) => {
      const touches = name === "append" && (args[0] as readonly ShardBatch[]).some((batch) => batch.shard === failing);
      if (touches) throw new StoreError("full", "No space is left.");
      return call();
    },
  });
  const ids = await Promise.all(Array.from({ length: 16 }, (_, i) => world.started("order", { executionId: `e${i}` })));
  const rows = await Promise.all(ids.map((id) => world.row(id)));
  const [broken, fine] = [
    rows.find((row) => row.shard === rows[0]?.shard),
    rows.find((row) => row.shard !== rows[0]?.shard),
  ];
  assert.ok(broken !== undefined && fine !== undefined);
  failing = broken.shard;
  const pause = (executionId: string) =>
    world.now(world.host.pause({ workspace: WORKSPACE, executionId, commandId: "p", freezeTimers: false }));
  assert.equal(refused(await pause(broken.id)), "STORAGE_FULL");
  assert.equal(refused(await pause(fine.id)), "ok");
  assert.equal((await world.row(broken.id)).status, "running", "reads go on");
  failing = null;
  assert.equal(refused(await pause(broken.id)), "ok");
  assert.equal((await world.row(broken.id)).status, "paused");
  await world.close();
});

test("while the store refuses even a new epoch the shard is tried again each second, and reads go on", async () => {
  let isBroken = false;
  const world = await openWorld({
    workflows: [ORDER],
    intercept: async (name, call) => {
      if (isBroken && (name === "append" || name === "acquire")) throw new StoreError("gone", "The disk is away.");
      return call();
    },
  });
  const id = await world.started("order");
  isBroken = true;
  const pause = () =>
    world.now(world.host.pause({ workspace: WORKSPACE, executionId: id, commandId: "p", freezeTimers: false }));
  const first = await pause();
  assert.equal(refused(first), "UNAVAILABLE");
  assert.equal(!first.ok && first.refusal.retryAfter, 1);
  await world.pass(3000);
  assert.equal(refused(await pause()), "UNAVAILABLE");
  assert.equal(world.host.health().status, "failing");
  assert.equal((await world.row(id)).status, "running");
  isBroken = false;
  await world.pass(1000);
  assert.equal(world.host.health().status, "ok");
  assert.equal(refused(await pause()), "ok");
  await world.close();
});

test("a shard that somebody else has taken over is taken back, and what was decided meanwhile is not written", async () => {
  const store = openMemoryStore();
  const world = await openWorld({ workflows: [ORDER], store });
  const id = await world.started("order");
  const { shard } = await world.row(id);
  await store.acquire(shard);
  const pause = () =>
    world.now(world.host.pause({ workspace: WORKSPACE, executionId: id, commandId: "p", freezeTimers: false }));
  assert.equal(refused(await pause()), "UNAVAILABLE");
  assert.deepEqual(await world.types(id), ["ExecutionStarted", "StepScheduled"]);
  assert.equal(refused(await pause()), "ok");
  assert.deepEqual(await world.types(id), ["ExecutionStarted", "StepScheduled", "ExecutionPaused"]);
  await world.close();
});

test("a result whose write is lost may be given again", async () => {
  const { held, intercept, shut, open } = gate();
  const world = await openWorld({ workflows: [ORDER], intercept });
  const id = await world.started("order");
  shut();
  const finish = world.work();
  finish.catch(() => {});
  await until(() => held.length > 0, world.settle);
  open();
  held[0]?.fail("after");
  await assert.rejects(finish);
  await world.pass(1000);
  assert.equal(await world.work(), 1);
  assert.equal((await world.row(id)).status, "completed");
  await world.close();
});

test("more requests than an inbox holds are refused and told when to come back", async () => {
  const { intercept, shut, open, held } = gate();
  const world = await openWorld({
    workflows: [SHORT],
    intercept,
    limits: { inboxMax: 5 },
    store: openMemoryStore({ shards: 1 }),
  });
  shut();
  const starts = Array.from({ length: 50 }, () => world.host.start(startOf("short")));
  await world.settle();
  open();
  for (const write of held) write.go();
  const outcomes = await world.now(Promise.all(starts));
  const overloaded = outcomes.filter((outcome) => refused(outcome) === "OVERLOADED");
  assert.equal(overloaded.length, 45);
  assert.ok(overloaded.every((outcome) => !outcome.ok && outcome.refusal.retryAfter === 1));
  await world.close();
});

test("startMany answers in the order of its requests and is one write", async () => {
  let writes = 0;
  const world = await openWorld({
    workflows: [SHORT],
    intercept: (name, call) => {
      if (name === "append") writes += 1;
      return call();
    },
  });
  const outcomes = await world.now(
    world.host.startMany([
      startOf("short"),
      startOf("nothing"),
      ...Array.from({ length: 500 }, () => startOf("short")),
    ]),
  );
  assert.deepEqual(outcomes.slice(0, 3).map(refused), ["ok", "WORKFLOW_NOT_FOUND", "ok"]);
  assert.equal(outcomes.filter((outcome) => outcome.ok).length, 501);
  assert.equal(writes, 1);
  await world.close();
});

test("closing finishes what was begun and refuses what comes after", async () => {
  const world = await openWorld({ workflows: [SHORT] });
  const starts = Array.from({ length: 30 }, () => world.host.start(startOf("short")));
  await new Promise((resolve) => setImmediate(resolve));
  await world.close();
  assert.ok((await Promise.all(starts)).every((start) => start.ok));
  assert.equal(refused(await world.start("short")), "UNAVAILABLE");
});

function poll() {
  return {
    workspace: WORKSPACE,
    executor: "shop",
    instance: "i1",
    functions: null,
    tasksMax: 1000,
    waitMs: 0,
    leaseMs: 30_000,
    held: [],
    labels: {},
    signal: new AbortController().signal,
  };
}

test("a stranger who asks for an execution that has ended leaves nothing of it in memory", async () => {
  const world = await openWorld({ workflows: [SHORT] });
  const id = await world.started("short");
  const stranger = { workspace: "other", executionId: id, commandId: "c", reason: "spite" };
  assert.equal(refused(await world.now(world.host.cancel(stranger))), "EXECUTION_NOT_FOUND");
  assert.equal(world.inMemory(), 0);
  await world.close();
});

test("what is on disk is answered for even where acting upon it breaks, and is acted upon after all", async () => {
  const world = await openWorld({ workflows: [ORDER] });
  const { board } = world;
  const { offer } = board;
  board.offer = () => {
    board.offer = offer;
    throw new Error("The board is broken.");
  };
  assert.ok((await world.start("order")).ok);
  assert.match(world.reports.join(), /what follows from a commit of shard \d could not be done.*The board is broken/);
  await world.pass(1500);
  assert.equal(await world.work(), 1);
  await world.close();
});
