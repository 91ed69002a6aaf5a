/**
 * The end of a run: nothing is left in memory and on disk that nobody needs, every promise is held, and every history is
 * one that could have happened.
 */

import { checkBreakers } from "./breakers.ts";
import { checkHistory } from "./check-history.ts";
import type { Order } from "./customers.ts";
import type { Recorded } from "./disk.ts";
import type { Pass } from "./judge.ts";
import { checkLetters } from "./letter-openers.ts";
import { checkLimits } from "./limits.ts";
import { checkRetention } from "./remains.ts";
import { WORKSPACE, type World } from "./world.ts";

/** Longer than the longest poll. */
const LEAVE_MS = 20_000;

const LOOKS = 5;
const LOOK_MS = 13;

/** Of a process that has nothing to do: the beat of its loop, and the next look for operations on many executions. */
const TIMERS = 2;

export async function reckon(
  world: World,
  orders: { readonly all: readonly Order[]; readonly afterwards: readonly Order[] },
  pass: Pass,
): Promise<void> {
  const { disk, fail } = world;
  world.isOver = true;
  await pass(LEAVE_MS);
  if (world.violation !== null) return;
  // Now and then it looks into the store; what is asked there is answered in a moment.
  for (let n = 0; n < LOOKS && (world.process?.timers.size ?? 0) > TIMERS; n++) await pass(LOOK_MS);
  checkMemory(world);
  if (world.violation === null) await checkRetention(world, pass);
  await closeDown(world, pass);
  await checkLeftovers(world);
  await checkLetters(world);
  checkBreakers(disk, fail);
  checkLimits(disk, fail);
  for (const { rule, about, holds } of world.promises) if (!holds()) fail(rule, `${about} holds no more.`);
  for (const recorded of disk.records.values()) checkHistory(world, recorded);
  for (const order of orders.all) checkCount(world, order);
  for (const order of orders.afterwards) checkDeliveries(world, order);
}

/** Everything has ended, nobody asks for anything: the process remembers nothing but to look at the clock. */
function checkMemory({ process, fail }: World): void {
  const host = process?.host ?? null;
  if (process === null || host === null) return fail("memory is empty at the end", "There is no process.");
  const { executionsInMemory, shards, quarantined, status, watchdog } = host.health();
  if (watchdog.found > 0) fail("the watchdog has nothing to find", `It has found ${watchdog.found} executions.`);
  const inboxes = shards.reduce((sum, { inbox }) => sum + inbox, 0);
  if (executionsInMemory > 0 || inboxes > 0 || quarantined > 0 || status !== "ok") {
    const found = `${executionsInMemory} executions, ${inboxes} requests, ${quarantined} quarantined, ${status}`;
    fail("memory is empty at the end", `The host has ${found}.`);
  }
  for (const { name, waiting, instances } of host.executors.list({ workspace: WORKSPACE })) {
    const leased = instances.reduce((sum, instance) => sum + instance.leased, 0);
    if (waiting > 0 || leased > 0) fail("memory is empty at the end", `${name}: ${waiting} wait, ${leased} leased.`);
  }
  if (process.timers.size > TIMERS) fail("memory is empty at the end", `${process.timers.size} timers are set.`);
}

async function closeDown(world: World, pass: Pass): Promise<void> {
  const { process, fail } = world;
  if (process === null) return;
  let isClosed = false;
  process.close().then(
    () => {
      isClosed = true;
    },
    (error: unknown) => fail("the host closes", String(error)),
  );
  await pass(2000);
  if (!isClosed) fail("the host closes", "It does not come to an end.");
  if (process.timers.size > 0) fail("memory is empty at the end", `${process.timers.size} timers outlive the host.`);
}

async function checkLeftovers({ disk, fail }: World): Promise<void> {
  const { store } = disk;
  const open = await store.documents.list({ collection: "bulk_open", workspace: "*", limit: 10 });
  if (open.length > 0) fail("operations on many executions come to their end", `${open.length} did not.`);
  if (disk.outbox.size > 0) fail("the outbox is empty at the end", [...disk.outbox].join(", "));
  for (const executor of ["shop", "mail", "rare"]) {
    const tasks = await store.findTasks({ workspace: WORKSPACE, executor, functions: null, limit: 10 });
    if (tasks.length > 0) fail("nothing ended is left on disk", `Tasks: ${tasks.map(({ taskId }) => taskId)}.`);
  }
  for (const event of ["approve", "hurry", "paid", "shipped", "done", "announced"]) {
    for (const correlationKey of [null, "key-1", "key-2", "key-3", "key-4"]) {
      const waits = await store.findWaits({ workspace: WORKSPACE, event, correlationKey });
      if (waits.length > 0) fail("nothing ended is left on disk", `Waits: ${waits.map((wait) => wait.executionId)}.`);
    }
  }
}

/** A name stands for one execution; without a name there are at most as many as were asked for. */
function checkCount(world: World, order: Order): void {
  // One stands for several, each of which knows it by its own name.
  if (order.scenario.isShared) return;
  const made = ordered(world, order).filter(({ row }) => row.originId === null);
  const isOld = world.wall.highest() - Math.min(...made.map(({ row }) => row.createdAt)) >= 24 * 3_600_000;
  const most = order.naming === "none" ? order.sent + world.doubled : order.naming === "key" && isOld ? made.length : 1;
  if (made.length > most) {
    world.fail("one key, one execution", `${order.token} became ${made.map(({ id }) => id).join(" and ")}.`);
  }
  if (order.executionId !== null && made.length === 0) world.fail("what is answered holds", `${order.token} is lost.`);
}

/** Where nothing fails, each task is handed out once. */
function checkDeliveries(world: World, order: Order): void {
  for (const { id } of ordered(world, order)) {
    for (const [taskId, deliveries] of world.deliveries) {
      if (!taskId.startsWith(`${id}/`) && !taskId.startsWith(`${id}.`)) continue;
      if (deliveries.length > 1 || deliveries[0]?.delivery !== 1) {
        world.fail("in peace each task is delivered once", `${taskId} was delivered ${deliveries.length} times.`);
      }
    }
  }
}

function ordered(world: World, { token, scenario }: Order): readonly Recorded[] {
  return [...world.disk.records.values()].filter(
    ({ row }) => row.metadata["token"] === token && row.parentId === null && row.workflow === scenario.name,
  );
}
