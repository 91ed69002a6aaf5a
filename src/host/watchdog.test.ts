/** Whatever a bug leaves standing is found, told, counted once and moved; whatever waits for something is left alone. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import type { ShardBatch, Store } from "../ports/store.ts";
import { WakeUps } from "./wake-ups.ts";
import { ORDER, openWorld, WORKSPACE, type World, workflow } from "./world.test.ts";

const NAP = workflow("nap", "    - { name: w, type: wait, duration: 20s }\n");
const PARENT = workflow("parent", "    - { name: sub, type: workflow, workflow: order }\n");
const LONG = workflow("long", "    - { name: w, type: wait_for_event, event: never }\n");

function found({ host }: World): number {
  return host.health().watchdog.found;
}

/** A store that changes what is written for as long as `isOn`. */
function tampered(store: Store, change: (batch: ShardBatch) => ShardBatch): { readonly store: Store; isOn: boolean } {
  const bug = {
    isOn: false,
    store: {
      ...store,
      append: (batches: readonly ShardBatch[]) => store.append(bug.isOn ? batches.map(change) : batches),
    } as Store,
  };
  return bug;
}

test("a task that was not offered is offered, and the execution ends", async () => {
  const world = await openWorld({ workflows: [ORDER] });
  const offer = world.board.offer;
  world.board.offer = () => {};
  const id = await world.started("order");
  world.board.offer = offer;
  assert.equal(await world.work(), 0);
  await world.pass(8000);
  assert.equal(found(world), 0, "one look proves nothing");
  await world.pass(8000);
  assert.equal(found(world), 1);
  assert.match(world.reports.join("\n"), /the task of step "reserve" is nowhere to be had/);
  assert.equal(await world.work(), 1);
  assert.equal(await world.work(), 1);
  assert.equal((await world.row(id)).status, "completed");
  await world.pass(5000);
  assert.deepEqual(world.host.health().watchdog, { found: 1, mended: 1, standing: 0 });
  await world.close();
});

test("an execution that nobody was going to wake is woken", async () => {
  const world = await openWorld({ workflows: [NAP] });
  const { set } = WakeUps.prototype;
  WakeUps.prototype.set = () => {};
  const id = await world.started("nap");
  WakeUps.prototype.set = set;
  await world.pass(15_000);
  assert.equal(found(world), 1);
  await world.pass(6000);
  assert.equal((await world.row(id)).status, "completed");
  await world.close();
});

test("a child whose start was lost is started", async () => {
  // As if the message had been lost before the child had begun: neither is there.
  const bug = tampered(openMemoryStore(), (batch) => ({
    ...batch,
    addOutbox: [],
    executions: batch.executions.filter(({ executionId }) => !executionId.endsWith(".1")),
  }));
  const first = await openWorld({ workflows: [PARENT, ORDER], store: bug.store });
  bug.isOn = true;
  const id = await first.started("parent");
  await first.settle();
  bug.isOn = false;
  await first.close();
  const second = await openWorld({ store: bug.store });
  await second.pass(16_000);
  assert.equal(found(second), 1, second.reports.join("\n"));
  assert.equal((await second.row(`${id}.1`)).status, "running");
  await second.close();
});

test("a parent that has not heard of its child's end hears of it", async () => {
  const bug = tampered(openMemoryStore(), (batch) => {
    const isEnd = batch.executions.some(
      ({ executionId, row }) => executionId.endsWith(".1") && row?.finishedAt != null,
    );
    if (!isEnd) return batch;
    // The child's end is on disk, what its parent has made of it is not, and the message is gone.
    return {
      ...batch,
      addOutbox: [],
      executions: batch.executions.filter(({ executionId }) => executionId.endsWith(".1")),
    };
  });
  const first = await openWorld({ workflows: [PARENT, ORDER], store: bug.store });
  const id = await first.started("parent");
  await first.settle();
  assert.equal(await first.work(), 1);
  bug.isOn = true;
  assert.equal(await first.work(), 1);
  bug.isOn = false;
  await first.close();
  const second = await openWorld({ store: bug.store });
  await second.settle();
  assert.equal((await second.row(id)).status, "running");
  await second.pass(20_000);
  assert.equal(found(second), 1, second.reports.join("\n"));
  assert.equal((await second.row(id)).status, "completed");
  await second.close();
});

test("one that was parked without its wake-up is found when it is loaded", async () => {
  const bug = tampered(openMemoryStore(), (batch) => ({
    ...batch,
    executions: batch.executions.map((write) =>
      write.row?.parked === true ? { ...write, row: { ...write.row, wakeAt: null } } : write,
    ),
  }));
  const late = workflow("late", "    - { name: w, type: wait, duration: 10m }\n");
  const world = await openWorld({ workflows: [late], store: bug.store });
  bug.isOn = true;
  const id = await world.started("late");
  await world.pass(40_000, 1000);
  assert.equal(world.inMemory(), 0);
  await world.now(world.host.signal({ workspace: WORKSPACE, executionId: id, commandId: "s", name: "hello", data: 1 }));
  assert.equal(found(world), 1);
  assert.match(world.reports.join("\n"), /parked/);
  await world.close();
});

test("what waits for people, executors, time and children is left alone", async () => {
  const world = await openWorld({ workflows: [ORDER, NAP, PARENT, LONG] });
  for (const name of ["order", "parent", "long"]) await world.started(name);
  await world.started("nap");
  await world.pass(120_000, 500);
  assert.deepEqual(world.host.health().watchdog, { found: 0, mended: 0, standing: 0 });
  assert.deepEqual(world.reports, []);
  await world.close();
});

test("what cannot be moved is told once, and explained for as long as it stands", async () => {
  const world = await openWorld({ workflows: [ORDER] });
  const offer = world.board.offer;
  world.board.offer = () => {};
  const id = await world.started("order");
  await world.pass(200_000, 500);
  assert.deepEqual(world.host.health().watchdog, { found: 1, mended: 0, standing: 1 });
  assert.equal(world.host.health().status, "degraded");
  assert.match(world.host.standstillOf(id) ?? "", /nowhere to be had/);
  assert.equal(world.reports.length, 1);
  world.board.offer = offer;
  await world.pass(70_000, 500);
  assert.equal(world.host.standstillOf(id), null, "it is tried again and again");
  await world.close();
});
