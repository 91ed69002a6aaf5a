/** Executions that only wait leave memory, and are there again when they are needed. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import { type Intercept, ORDER, openWorld, refused, START, startOf, until, WORKSPACE, workflow } from "./world.test.ts";

const SLEEP = workflow(
  "sleep",
  `    - { name: nap, type: wait, duration: 10m }
    - { name: note, type: set, variables: { awake: true } }
`,
);

const LISTEN = workflow(
  "listen",
  `    - { name: hear, type: wait_for_event, event: go }
`,
);

const HURRIED = workflow(
  "hurried",
  `    - { name: reserve, executor: shop, function: reserve, queue_timeout: 5m }
`,
);

test("a long wait leaves memory and wakes in time, never early", async () => {
  const world = await openWorld({ workflows: [SLEEP] });
  const id = await world.started("sleep");
  await world.pass(6000);
  assert.equal(world.inMemory(), 0);
  const parked = await world.row(id);
  assert.deepEqual([parked.parked, parked.wakeAt, parked.status], [true, START + 600_000, "running"]);
  await world.pass(600_000 - 6000 - 1000);
  assert.equal(world.inMemory(), 1, "it is fetched before it is due");
  assert.equal((await world.row(id)).status, "running");
  await world.pass(999);
  assert.equal((await world.row(id)).status, "running", "not a millisecond early");
  await world.pass(1);
  const done = await world.row(id);
  assert.equal(done.status, "completed");
  assert.equal(done.finishedAt, START + 600_000);
  await world.close();
});

test("a command fetches a parked execution, once however many come", async () => {
  let reads = 0;
  const intercept: Intercept = (name, call) => {
    if (name === "readHistory") reads += 1;
    return call();
  };
  const world = await openWorld({ workflows: [LISTEN], intercept });
  const executionId = await world.started("listen");
  await world.pass(6000);
  assert.equal(world.inMemory(), 0);
  reads = 0;
  const signals = Array.from({ length: 20 }, (_, i) =>
    world.host.signal({
      workspace: WORKSPACE,
      executionId,
      commandId: `s${i}`,
      name: i === 0 ? "go" : "other",
      data: i,
    }),
  );
  const outcomes = await world.now(Promise.all(signals));
  assert.deepEqual(outcomes.slice(0, 1).map(refused), ["ok"]);
  assert.equal((await world.row(executionId)).status, "completed");
  assert.ok(reads <= 4, `two reads for a load, and perhaps for one more of what had ended, but there were ${reads}`);
  await world.close();
});

test("a task for an executor that nobody runs is kept in the store, and a later poll finds it", async () => {
  const world = await openWorld({ workflows: [ORDER] });
  const ids = await Promise.all([1, 2, 3].map(() => world.started("order")));
  await world.pass(20_000);
  assert.equal(world.inMemory(), 3, "a task that was just offered may still be taken");
  await world.pass(20_000);
  assert.equal(world.inMemory(), 0);
  const rows = await world.store.findTasks({ workspace: WORKSPACE, executor: "shop", functions: null, limit: 10 });
  assert.equal(rows.length, 3);
  assert.equal(await world.work(), 0, "the first poll has them loaded");
  await world.pass(200);
  assert.equal(await world.work(), 3);
  assert.equal(await world.work(), 3);
  for (const id of ids) assert.equal((await world.row(id)).status, "completed");
  assert.deepEqual(
    await world.store.findTasks({ workspace: WORKSPACE, executor: "shop", functions: null, limit: 10 }),
    [],
  );
  await world.close();
});

test("a leased task keeps its execution in memory", async () => {
  const world = await openWorld({ workflows: [ORDER] });
  const id = await world.started("order");
  const poll = {
    workspace: WORKSPACE,
    executor: "shop",
    instance: "i1",
    functions: null,
    tasksMax: 1,
    waitMs: 0,
    leaseMs: 300_000,
    held: [],
    labels: {},
    signal: new AbortController().signal,
  };
  assert.equal((await world.now(world.host.executors.poll(poll))).length, 1);
  await world.pass(120_000);
  assert.equal(world.inMemory(), 1);
  assert.equal((await world.row(id)).parked, false);
  await world.close();
});

test("an attempt whose executor fell silent times out, though nobody is there to take it again", async () => {
  const text = "    - { name: reserve, executor: shop, function: reserve, timeout: 5m }\n";
  const world = await openWorld({ workflows: [workflow("timed", text)] });
  const id = await world.started("timed");
  const poll = {
    workspace: WORKSPACE,
    executor: "shop",
    instance: "i1",
    functions: null,
    tasksMax: 1,
    waitMs: 0,
    leaseMs: 30_000,
    held: [],
    labels: {},
    signal: new AbortController().signal,
  };
  assert.equal((await world.now(world.host.executors.poll(poll))).length, 1);
  await world.pass(300_000 - 1000);
  assert.equal((await world.row(id)).status, "running");
  await world.pass(2000);
  const row = await world.row(id);
  assert.deepEqual([row.status, row.errorCode], ["failed", "TIMEOUT"]);
  await world.close();
});

test("a task's time in the queue counts while its execution is parked", async () => {
  const world = await openWorld({ workflows: [HURRIED] });
  const id = await world.started("hurried");
  await world.pass(60_000);
  assert.equal(world.inMemory(), 0);
  await world.pass(300_000 - 60_000 + 1000);
  const row = await world.row(id);
  assert.deepEqual([row.status, row.errorCode], ["failed", "EXECUTOR_UNAVAILABLE"]);
  await world.close();
});

test("what is asked while the parking is written keeps the execution in memory", async () => {
  let onPark: (() => void) | null = null;
  const world = await openWorld({
    workflows: [LISTEN],
    intercept: async (name, call, args) => {
      const text = name === "append" ? JSON.stringify(args) : "";
      if (text.includes('"parked":true')) {
        onPark?.();
        onPark = null;
      }
      return call();
    },
  });
  const executionId = await world.started("listen");
  let answer = "";
  onPark = () => {
    void world.host
      .pause({ workspace: WORKSPACE, executionId, commandId: "p", freezeTimers: false })
      .then((outcome) => (answer = refused(outcome)));
  };
  await world.pass(5250);
  assert.equal(answer, "ok");
  const row = await world.row(executionId);
  assert.deepEqual([row.status, row.parked], ["paused", false]);
  await world.pass(6000);
  assert.equal((await world.row(executionId)).parked, true);
  await world.close();
});

test("beyond the limit of memory those that were idle longest are parked", async () => {
  const world = await openWorld({ workflows: [SLEEP, ORDER], limits: { executionsInMemory: 10 } });
  const poll = () => world.work(undefined, ["unknown"]);
  const ids: string[] = [];
  for (let i = 0; i < 30; i++) {
    ids.push(await world.started("order"));
    await world.pass(50);
  }
  await poll();
  await until(
    () => world.inMemory() <= 10,
    () => world.pass(1000),
  );
  const parked = await Promise.all(ids.map(async (id) => (await world.row(id)).parked));
  assert.deepEqual(parked, [...Array(20).fill(true), ...Array(10).fill(false)]);
  await world.close();
});

test("many sleepers that are due at once all wake", async () => {
  const world = await openWorld({ workflows: [SLEEP] });
  const outcomes = await world.now(world.host.startMany(Array.from({ length: 1500 }, () => startOf("sleep"))));
  await until(
    () => world.inMemory() === 0,
    () => world.pass(1000),
  );
  await world.pass(START + 600_000 - world.clock.now());
  await world.settle();
  for (const outcome of outcomes) {
    assert.ok(outcome.ok);
    const row = await world.store.readExecution(outcome.row.id);
    assert.deepEqual([row?.status, row?.finishedAt], ["completed", START + 600_000]);
  }
  await world.close();
});

test("a clock that jumps ahead is noticed within a second, one that jumps back wakes nobody early", async () => {
  const world = await openWorld({ workflows: [SLEEP] });
  const parked = await world.started("sleep");
  await world.pass(6000);
  world.clock.set(START + 599_000);
  const awake = await world.started("sleep");
  world.clock.set(START - 3_600_000);
  await world.pass(60_000);
  assert.equal((await world.row(parked)).status, "running");
  world.clock.set(START + 700_000);
  await world.pass(1250);
  assert.equal((await world.row(parked)).status, "completed");
  assert.equal((await world.row(awake)).status, "running");
  world.clock.set(START + 86_400_000);
  await world.pass(1000);
  assert.equal((await world.row(awake)).status, "completed");
  await world.close();
});

test("after a clock has jumped back executions are still parked and fetched", async () => {
  const world = await openWorld({ workflows: [SLEEP] });
  world.clock.set(START - 3_600_000);
  const id = await world.started("sleep");
  await world.pass(6000);
  assert.equal(world.inMemory(), 0);
  await world.pass(595_000, 1000);
  assert.equal((await world.row(id)).status, "completed");
  await world.close();
});

test("a restart brings back what was active, and fetches what is parked when it is due", async () => {
  const store = openMemoryStore();
  const first = await openWorld({ store, workflows: [SLEEP, ORDER] });
  const sleeping = await first.started("sleep");
  await first.pass(6000);
  const order = await first.started("order");
  await first.close();
  const second = await openWorld({ store, at: START + 10_000 });
  await second.settle();
  assert.equal(second.inMemory(), 1);
  assert.equal(await second.work(), 0, "executors say first what they hold");
  await second.pass(1100);
  assert.equal(await second.work(), 1);
  assert.equal(await second.work(), 1);
  assert.equal((await second.row(order)).status, "completed");
  await second.pass(600_000);
  assert.equal((await second.row(sleeping)).status, "completed");
  await second.close();
});
