/** One operation on many executions: what it chooses, what it does, and that neither a crash nor a rival makes it do more. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../../adapters/stores/memory/store.ts";
import { StoreError } from "../../ports/store.ts";
import { openWorld, refused, START, WORKSPACE, type World, workflow } from "../world.test.ts";
import type { Bulk, BulkAction, BulkRequest, Selection } from "./bulk.ts";

const WAITING = workflow("waiting", "    - { name: go, type: wait_for_event, event: go }\n");
const FAILING = workflow("failing", '    - { name: stop, type: fail, code: "NO", message: "No." }\n');
const CANCEL: BulkAction = { operation: "cancel", reason: "cleared away" };
const ALL: Selection = { kind: "filter", filter: {} };

function requestOf(action: BulkAction, selection: Selection, more: Partial<BulkRequest> = {}): BulkRequest {
  return { workspace: WORKSPACE, action, selection, idempotencyKey: null, ...more };
}

async function begin(
  world: World,
  action: BulkAction,
  selection: Selection,
  more: Partial<BulkRequest> = {},
): Promise<Bulk> {
  const outcome = await world.now(world.host.bulks.create(requestOf(action, selection, more)));
  if (!outcome.ok) assert.fail(outcome.refusal.message);
  return outcome.bulk;
}

async function read(world: World, { id }: Bulk): Promise<Bulk> {
  const bulk = await world.now(world.host.bulks.read({ workspace: WORKSPACE, id }));
  assert.ok(bulk !== null);
  return bulk;
}

async function ended(world: World, bulk: Bulk): Promise<Bulk> {
  for (let n = 0; n < 200; n++) {
    const seen = await read(world, bulk);
    if (seen.finishedAt !== null) return seen;
    await world.pass(100, 20);
  }
  assert.fail(`Expected the operation to end, but it is ${JSON.stringify(await read(world, bulk))}.`);
}

async function startMany(world: World, name: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(await world.started(name, { metadata: { n } }));
  return ids;
}

async function statusesOf(world: World, ids: readonly string[]): Promise<readonly string[]> {
  return Promise.all(ids.map(async (id) => (await world.row(id)).status));
}

test("what fits the filter is cancelled, page after page, and the rest is left alone", async () => {
  const world = await openWorld({ workflows: [WAITING, FAILING] });
  const ids = await startMany(world, "waiting", 250);
  const [failed] = await startMany(world, "failing", 1);
  await world.pass(10);
  const filter = { workflow: "waiting", statuses: ["running"] } as const;
  const bulk = await begin(world, CANCEL, { kind: "filter", filter });
  assert.deepEqual([bulk.matched, bulk.done, bulk.status], [250, 0, "running"]);
  const { matched, done, failed: lost, status, errors } = await ended(world, bulk);
  assert.deepEqual(
    { matched, done, lost, status, errors },
    { matched: 250, done: 250, lost: 0, status: "completed", errors: [] },
  );
  assert.deepEqual(new Set(await statusesOf(world, ids)), new Set(["cancelled"]));
  assert.deepEqual(await statusesOf(world, [failed as string]), ["failed"]);
  await world.close();
});

test("what begins after it was asked for is not meant", async () => {
  const world = await openWorld({ workflows: [WAITING] });
  await startMany(world, "waiting", 3);
  const bulk = await begin(world, CANCEL, ALL);
  await world.pass(2, 1);
  const later = await world.started("waiting");
  assert.equal((await ended(world, bulk)).done, 3);
  assert.equal((await world.row(later)).status, "running");
  await world.close();
});

test("every operation does what the one of its name does", async () => {
  const world = await openWorld({ workflows: [WAITING, FAILING] });
  const ids = await startMany(world, "waiting", 3);
  const broken = await startMany(world, "failing", 2);
  const waiting: Selection = { kind: "filter", filter: { workflow: "waiting" } };
  const failing: Selection = { kind: "filter", filter: { workflow: "failing", statuses: ["failed"] } };
  await ended(world, await begin(world, { operation: "pause", freezeTimers: true }, waiting));
  assert.deepEqual(new Set(await statusesOf(world, ids)), new Set(["paused"]));
  await ended(world, await begin(world, { operation: "resume" }, waiting));
  assert.deepEqual(new Set(await statusesOf(world, ids)), new Set(["running"]));
  await ended(world, await begin(world, { operation: "signal", name: "go", data: { ok: true } }, waiting));
  assert.deepEqual(new Set(await statusesOf(world, ids)), new Set(["completed"]));

  await ended(world, await begin(world, { operation: "retry" }, failing));
  for (const id of broken) assert.ok((await world.types(id)).includes("ExecutionReopened"));
  const rerun = await ended(world, await begin(world, { operation: "rerun", input: null, version: null }, failing));
  assert.deepEqual([rerun.matched, rerun.done], [2, 2], "what it begins itself is not begun again");
  const { rows } = await world.now(world.host.find({ workspace: WORKSPACE, workflow: "failing", limit: 100 }));
  assert.equal(rows.length, 4);

  const [last] = await startMany(world, "waiting", 1);
  await ended(
    world,
    await begin(world, { operation: "terminate", reason: "now" }, { kind: "ids", ids: [last as string] }),
  );
  assert.equal((await world.row(last as string)).status, "cancelled");
  await world.close();
});

test("what cannot be done is counted and told, with its execution", async () => {
  const world = await openWorld({ workflows: [WAITING, FAILING] });
  const [open] = await startMany(world, "waiting", 1);
  const [over] = await startMany(world, "failing", 1);
  const bulk = await ended(
    world,
    await begin(world, CANCEL, { kind: "ids", ids: [open as string, over as string, "none"] }),
  );
  assert.deepEqual([bulk.matched, bulk.done, bulk.failed, bulk.status], [3, 1, 2, "completed"]);
  assert.deepEqual(
    bulk.errors.map(({ executionId, code }) => [executionId, code]),
    [
      [over, "EXECUTION_ENDED"],
      ["none", "EXECUTION_NOT_FOUND"],
    ],
  );
  await world.close();
});

test("a preview counts and does nothing", async () => {
  const world = await openWorld({ workflows: [WAITING] });
  const ids = await startMany(world, "waiting", 12);
  const seen = await world.now(world.host.bulks.preview(requestOf(CANCEL, ALL)));
  assert.deepEqual([seen.matched, seen.isComplete, seen.sample.length], [12, true, 10]);
  await world.pass(1000);
  assert.deepEqual(new Set(await statusesOf(world, ids)), new Set(["running"]));
  await world.close();
});

test("asked twice under one key it is done once; another operation under the key is a conflict", async () => {
  const store = openMemoryStore();
  const world = await openWorld({ workflows: [WAITING], store });
  await startMany(world, "waiting", 2);
  const key = { idempotencyKey: "k" };
  const pause: BulkAction = { operation: "pause", freezeTimers: false };
  const [first, second] = await world.now(
    Promise.all([1, 2].map(() => world.host.bulks.create(requestOf(pause, ALL, key)))),
  );
  assert.ok(first?.ok && second?.ok);
  assert.deepEqual([first.bulk.id === second.bulk.id, first.isNew !== second.isNew], [true, true]);
  assert.equal(refused(await world.now(world.host.bulks.create(requestOf(CANCEL, ALL, key)))), "IDEMPOTENCY_CONFLICT");
  await ended(world, first.bulk);
  await world.close();
  const tomorrow = await openWorld({ workflows: [WAITING], store, at: START + 25 * 3_600_000 });
  const third = await begin(tomorrow, pause, ALL, key);
  assert.notEqual(third.id, first.bulk.id, "after a day the key is free");
  await ended(tomorrow, third);
  await tomorrow.close();
});

test("cancelled, it begins nothing further, and what is done stays done", async () => {
  const world = await openWorld({ workflows: [WAITING] });
  const ids = await startMany(world, "waiting", 350);
  await world.pass(10);
  const bulk = await begin(world, CANCEL, ALL);
  await world.pass(10, 10);
  const stopped = await world.now(world.host.bulks.cancel({ workspace: WORKSPACE, id: bulk.id }));
  assert.ok(stopped.ok && stopped.bulk.status === "cancelled");
  await world.pass(2000);
  const seen = await read(world, bulk);
  const cancelled = (await statusesOf(world, ids)).filter((status) => status === "cancelled").length;
  assert.equal(seen.status, "cancelled");
  assert.equal(seen.done, cancelled);
  assert.ok(cancelled < 350, `${cancelled} of 350 are cancelled`);
  assert.ok((await world.now(world.host.bulks.cancel({ workspace: WORKSPACE, id: bulk.id }))).ok, "twice is once");
  await world.close();
});

test("one that is over cannot be stopped, one that is not there neither", async () => {
  const world = await openWorld({ workflows: [WAITING] });
  const bulk = await ended(world, await begin(world, CANCEL, ALL));
  const stop = (id: string, workspace = WORKSPACE) => world.now(world.host.bulks.cancel({ workspace, id }));
  assert.equal(refused(await stop(bulk.id)), "BULK_ENDED");
  assert.equal(refused(await stop("0".repeat(30))), "BULK_NOT_FOUND");
  assert.equal(refused(await stop("../etc")), "BULK_NOT_FOUND");
  assert.equal(refused(await stop(bulk.id, "other")), "BULK_NOT_FOUND", "nor that of another workspace");
  await world.close();
});

test("a platform that ended in the middle goes on where it stopped, and does nothing twice", async () => {
  const store = openMemoryStore();
  const first = await openWorld({ workflows: [WAITING], store });
  const ids = await startMany(first, "waiting", 250);
  await first.pass(10);
  const bulk = await begin(first, { operation: "signal", name: "other", data: 1 }, ALL);
  await first.pass(15, 5);
  await first.close();
  const second = await openWorld({ workflows: [WAITING], store, at: START + 60_000 });
  const seen = await ended(second, bulk);
  assert.deepEqual([seen.matched, seen.done, seen.failed], [250, 250, 0]);
  for (const id of ids) {
    const signals = (await second.types(id)).filter((type) => type === "SignalReceived");
    assert.equal(signals.length, 1, id);
  }
  await second.close();
});

test("while the store is away it waits, and goes on when the store is back", async () => {
  let isAway = false;
  const world = await openWorld({
    workflows: [WAITING],
    intercept: (name, call) => (isAway && name !== "acquire" ? Promise.reject(new StoreError("gone", "away")) : call()),
  });
  const ids = await startMany(world, "waiting", 150);
  const bulk = await begin(world, CANCEL, ALL);
  isAway = true;
  await world.pass(5000);
  isAway = false;
  await world.pass(3000);
  const seen = await ended(world, bulk);
  assert.deepEqual([seen.done, seen.failed, seen.status], [150, 0, "completed"]);
  assert.deepEqual(new Set(await statusesOf(world, ids)), new Set(["cancelled"]));
  await world.close();
});

test("the newest comes first in the list, which goes on behind a cursor", async () => {
  const world = await openWorld({ workflows: [WAITING] });
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) {
    ids.unshift((await begin(world, CANCEL, ALL)).id);
    await world.pass(5, 5);
  }
  const list = (limit: number, cursor: string | null) =>
    world.now(world.host.bulks.list({ workspace: WORKSPACE, limit, cursor }));
  const first = await list(3, null);
  const second = await list(3, first.nextCursor);
  assert.deepEqual(
    [...first.bulks, ...second.bulks].map(({ id }) => id),
    ids,
  );
  assert.equal(second.nextCursor, null);
  await world.pass(1000);
  assert.equal(world.host.bulks.open, 0);
  await world.close();
});

test("those that have been over for a month are dropped when others come", async () => {
  const store = openMemoryStore();
  const world = await openWorld({ workflows: [WAITING], store });
  const old = await ended(world, await begin(world, CANCEL, ALL, { idempotencyKey: "old" }));
  await world.close();
  const later = await openWorld({ workflows: [WAITING], store, at: START + 31 * 24 * 3_600_000 });
  const fresh = await ended(later, await begin(later, CANCEL, ALL));
  const { bulks } = await later.now(later.host.bulks.list({ workspace: WORKSPACE, limit: 10, cursor: null }));
  assert.deepEqual(
    bulks.map(({ id }) => id),
    [fresh.id],
  );
  assert.equal(await later.now(later.host.bulks.read({ workspace: WORKSPACE, id: old.id })), null);
  await later.close();
});

test("one that was written though its writer heard of a failure is worked off all the same", async () => {
  const store = openMemoryStore();
  let isLying = false;
  const lying = {
    ...store,
    documents: {
      ...store.documents,
      put: async (...args: Parameters<typeof store.documents.put>) => {
        const answer = await store.documents.put(...args);
        if (isLying) throw new StoreError("unknown", "The line broke.");
        return answer;
      },
    },
  };
  const world = await openWorld({ store: lying, workflows: [WAITING] });
  const ids = await startMany(world, "waiting", 3);
  isLying = true;
  await assert.rejects(world.now(world.host.bulks.create(requestOf(CANCEL, ALL))), StoreError);
  isLying = false;
  await world.pass(15_000, 500);
  assert.deepEqual(await statusesOf(world, ids), ["cancelled", "cancelled", "cancelled"]);
  await world.close();
});

test("a key that is dated ahead of a clock which was set back is known", async () => {
  const store = openMemoryStore();
  const before = await openWorld({ store, workflows: [WAITING], at: START + 5 * 86_400_000 });
  const first = await begin(before, CANCEL, ALL, { idempotencyKey: "k" });
  await before.close();
  const world = await openWorld({ store, workflows: [WAITING], at: START });
  assert.equal((await begin(world, CANCEL, ALL, { idempotencyKey: "k" })).id, first.id);
  await world.close();
});
