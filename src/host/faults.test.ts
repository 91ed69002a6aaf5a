/**
 * Chance with a seed: many executions, and a store that fails in every way that a store can, while the process is killed
 * now and then. Once the last fault is over everything must come to its end, and nothing that was answered may be lost.
 *
 *     SEED=417 node --test src/host/faults.test.ts     plays one seed again
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import { createRandom, type Random } from "../core/base/random.ts";
import type { HistoryEvent } from "../core/engine/events.ts";
import { type Store, StoreError } from "../ports/store.ts";
import { type Intercept, openWorld, START, startOf, WORKSPACE, type World, workflow } from "./world.test.ts";

const MAIN = workflow(
  "main",
  `    - { name: reserve, executor: shop, function: reserve }
    - { name: sub, type: workflow, workflow: child }
    - { name: nap, type: wait, duration: $.input.nap }
    - { name: asked, type: wait_for_event, event: go, correlation: $.input.key }
    - { name: tell, type: emit, event: told, correlation_key: $.input.key }
`,
);

const CHILD = workflow(
  "child",
  `    - { name: pack, executor: shop, function: pack }
`,
);

const LISTENER = workflow(
  "listener",
  `    - { name: hear, type: wait_for_event, event: told, correlation: $.input.key }
`,
);

const SEEDS =
  process.env["SEED"] === undefined ? Array.from({ length: 25 }, (_, i) => i + 1) : [Number(process.env["SEED"])];

const ROUNDS_WITH_FAULTS = 12;
const EXECUTIONS = 6;

for (const seed of SEEDS) {
  test(`seed ${seed}: whatever fails, what was answered holds and everything ends`, async () => {
    const random = createRandom(`faults ${seed}`);
    const store = openMemoryStore({ shards: 3 });
    let world = await openWorld({ store, workflows: [MAIN, CHILD, LISTENER] });
    await world.close();
    const answered = { ids: new Map<string, string>(), events: new Set<string>(), results: 0 };
    const process = { isAlive: true, isFaulty: true };
    const revive = async (at: number) => {
      for (;;) {
        process.isAlive = true;
        const mine = { isAlive: true };
        try {
          return await openWorld({ store, at, intercept: faults(random, mine, process) });
        } catch {
          // The store failed while the host was opening: it says so, and is started again.
          mine.isAlive = false;
        }
      }
    };
    world = await revive(START);
    for (let round = 0; round < 400; round++) {
      if (round === ROUNDS_WITH_FAULTS) process.isFaulty = false;
      await act(world, answered, random);
      if (!process.isAlive || (process.isFaulty && random() < 0.2)) {
        process.isAlive = false;
        world = await revive(world.clock.now() + Math.floor(random() * 20_000));
      } else if (process.isFaulty && random() < 0.1) {
        world.clock.set(world.clock.now() + Math.floor((random() - 0.3) * 60_000));
      }
      await world.pass(Math.floor(random() * 8000), 500);
      if (!process.isFaulty && (await isDone(store))) break;
    }
    await check(store, answered);
    await world.settle();
    await world.close();
  });
}

/** Every call may fail: before it is done, after it is done, or with the death of the process. */
function faults(
  random: Random,
  mine: { isAlive: boolean },
  process: { isAlive: boolean; isFaulty: boolean },
): Intercept {
  const dead = new Promise<never>(() => {});
  return async (name, call) => {
    if (!mine.isAlive || !process.isAlive) return dead;
    if (!process.isFaulty) return call();
    const chance = random();
    if (chance < 0.04) throw new StoreError("gone", "The store could not be reached.");
    if (chance < 0.08) {
      await call();
      if (name === "append") throw new StoreError("unknown", "The connection was lost.");
    }
    if (chance < 0.09) {
      mine.isAlive = false;
      process.isAlive = false;
      if (random() < 0.5) await call();
      return dead;
    }
    return call();
  };
}

interface Answered {
  readonly ids: Map<string, string>;
  readonly events: Set<string>;
  results: number;
}

/** Callers send until they are answered; none of them waits for another. */
async function act(world: World, answered: Answered, random: Random): Promise<void> {
  const { host } = world;
  const asks: Promise<unknown>[] = [];
  for (let n = 0; n < EXECUTIONS; n++) {
    const key = `k${n}`;
    for (const name of ["main", "listener"]) {
      const id = `${name}-${n}`;
      // Some ask again although they were answered: they must hear the same.
      if (answered.ids.has(id) && random() < 0.9) continue;
      const named = n % 2 === 0 ? { idempotencyKey: id } : { executionId: id };
      const request = startOf(name, { ...named, input: { key, nap: n * 11 } });
      asks.push(
        host.start(request).then((outcome) => {
          if (!outcome.ok) return;
          assert.equal(outcome.row.id, answered.ids.get(id) ?? outcome.row.id, "one key, one execution");
          assert.equal(outcome.isNew && answered.ids.has(id), false);
          answered.ids.set(id, outcome.row.id);
        }),
      );
    }
    const event = { workspace: WORKSPACE, id: `go-${n}`, name: "go", data: null, correlationKey: key };
    if (answered.events.has(key) || random() < 0.5) continue;
    asks.push(host.publish(event).then((outcome) => (outcome.ok ? answered.events.add(key) : answered)));
  }
  asks.push(world.work());
  // Some of them may never be answered: their host has died.
  for (const ask of asks) ask.catch(() => {});
  await world.settle();
}

async function isDone(store: Store): Promise<boolean> {
  const counts = await store.countExecutions({ workspace: WORKSPACE, workflow: null });
  return counts.completed === 3 * EXECUTIONS;
}

async function check(store: Store, answered: Answered): Promise<void> {
  const { rows } = await store.findExecutions({ workspace: WORKSPACE, limit: 1000 });
  assert.deepEqual(
    rows
      .filter((row) => row.status !== "completed" || row.quarantine !== null)
      .map((row) => [row.id, row.status, row.quarantine]),
    [],
    "nothing is stuck",
  );
  assert.equal(rows.length, 3 * EXECUTIONS, "nothing is lost, and nothing runs twice");
  for (const id of answered.ids.values())
    assert.ok(
      rows.some((row) => row.id === id),
      "what was answered is there",
    );
  for (const row of rows) {
    const packs = await store.readHistory({ executionId: row.id, afterSeq: 0, bytesMax: 1e9 });
    const events = packs.flatMap(({ text }) => text.split("\n").map((line) => JSON.parse(line) as HistoryEvent));
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_, i) => i + 1),
    );
    assert.equal(events.filter(({ type }) => type === "ExecutionCompleted").length, 1);
    const nap = events.find((event) => event.type === "StepStarted" && event.step === "nap");
    if (nap?.type !== "StepStarted" || nap.data.detail.kind !== "wait") continue;
    const woken = events.find((event) => event.type === "StepCompleted" && event.step === "nap");
    assert.ok(Date.parse(woken?.at ?? "") >= Date.parse(nap.data.detail.until), "no timer is early");
  }
  for (let shard = 0; shard < store.shards; shard++) assert.deepEqual(await store.readOutbox(shard), []);
}
