/**
 * The host dies at every call of the store, before it and after it, and another one goes on over what is stored.
 *
 * The scenario has something of everything that may be under way: keyed starts, tasks, a child, a timer, events, signals,
 * parking. Callers do as callers should: what was not answered they send again.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import type { HistoryEvent } from "../core/engine/events.ts";
import { replay } from "../core/engine/evolve.ts";
import { toPlain } from "../core/engine/plain-execution.ts";
import { loadWorkflow } from "../core/language/load.ts";
import type { Store } from "../ports/store.ts";
import { createRegistry } from "./registry.ts";
import { type Intercept, ORDER, openWorld, START, startOf, WORKSPACE, type World, workflow } from "./world.test.ts";

const MIXED = workflow(
  "mixed",
  `    - { name: sub, type: workflow, workflow: order }
    - { name: nap, type: wait, duration: 40s }
    - { name: told, type: wait_for_event, event: paid, correlation: k1 }
    - { name: asked, type: wait_for_event, event: go }
    - { name: tell, type: emit, event: done, correlation_key: k2, data: { n: 1 } }
    - { name: pack, executor: shop, function: pack }
`,
);

const LISTENER = workflow(
  "listener",
  `    - { name: hear, type: wait_for_event, event: done, correlation: k2 }
`,
);

const WORKFLOWS = [MIXED, LISTENER, ORDER];

const TYPES_OF_THE_END = new Set(["ExecutionCompleted", "ExecutionFailed", "ExecutionCancelled", "ExecutionTimedOut"]);

/** What the callers have been told is done; what they have not been told they ask for again. */
interface Callers {
  readonly answered: Set<string>;
  mixedId: string | null;
  listenerId: string | null;
}

/** One pass over everything that callers, executors and time do; false once all is done. */
async function act(world: World, callers: Callers): Promise<boolean> {
  const { host } = world;
  callers.mixedId ??= await startedId(world, "mixed");
  callers.listenerId ??= await startedId(world, "listener");
  await answerOnce(callers, "paid", () =>
    host.publish({ workspace: WORKSPACE, id: "paid-1", name: "paid", data: { n: 1 }, correlationKey: "k1" }),
  );
  const { mixedId } = callers;
  if (mixedId !== null) {
    const place = { workspace: WORKSPACE, executionId: mixedId };
    await answerOnce(callers, "go", () => host.signal({ ...place, commandId: "go-1", name: "go", data: null }));
  }
  await world.work();
  await world.pass(6000, 1000);
  const rows = await Promise.all([callers.mixedId, callers.listenerId].map((executionId) => rowOf(world, executionId)));
  return rows.some((row) => row === null || row.finishedAt === null);
}

async function rowOf(world: World, executionId: string | null) {
  return executionId === null ? null : await world.host.read({ workspace: WORKSPACE, executionId });
}

async function startedId(world: World, name: string): Promise<string | null> {
  const outcome = await world.host.start(startOf(name, { idempotencyKey: "once" }));
  return outcome.ok ? outcome.row.id : null;
}

async function answerOnce(callers: Callers, name: string, ask: () => Promise<{ ok: boolean }>): Promise<void> {
  if (callers.answered.has(name)) return;
  if ((await ask()).ok) callers.answered.add(name);
}

/** Plays the scenario; from the call on that is numbered `dieAt` nothing answers any more. Answers whether that came. */
async function playUntilDeath(
  store: Store,
  callers: Callers,
  at: number,
  dieAt: number,
  side: "before" | "after",
): Promise<boolean> {
  let calls = 0;
  const death = Promise.withResolvers<never>();
  const never = new Promise<never>(() => {});
  const intercept: Intercept = async (_name, call) => {
    calls += 1;
    if (calls < dieAt) return call();
    if (calls === dieAt && side === "after") await call();
    death.reject(new Error("dead"));
    return never;
  };
  let time = at;
  try {
    const world = await orDeath(openWorld({ store, intercept, at }), death.promise);
    for (let n = 0; n < 60; n++) {
      if (!(await orDeath(world.now(act(world, callers)), death.promise))) break;
      time = world.clock.now();
    }
    await orDeath(world.close(), death.promise);
    return false;
  } catch (error) {
    if (calls < dieAt) throw error;
    return true;
  } finally {
    death.promise.catch(() => {});
    lastTime = Math.max(lastTime, time);
  }
}

let lastTime = START;

function orDeath<T>(promise: Promise<T>, death: Promise<never>): Promise<T> {
  return Promise.race([promise, death]);
}

async function checkAll(store: Store): Promise<void> {
  const definitions = createRegistry(store.documents);
  const { rows } = await store.findExecutions({ workspace: WORKSPACE, limit: 100 });
  assert.deepEqual(rows.map((row) => `${row.workflow} ${row.status}`).sort(), [
    "listener completed",
    "mixed completed",
    "order completed",
  ]);
  for (const row of rows) {
    const packs = await store.readHistory({ executionId: row.id, afterSeq: 0, bytesMax: 1e9 });
    const events = packs.flatMap(({ text }) => text.split("\n").map((line) => JSON.parse(line) as HistoryEvent));
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_, i) => i + 1),
    );
    assert.equal(events.filter(({ type }) => TYPES_OF_THE_END.has(type)).length, 1);
    const ends = events.filter(({ type }) => type === "StepCompleted").map(({ path }) => path);
    assert.equal(new Set(ends).size, ends.length, "a step completes once");
    const found = await definitions.compiled({ workspace: WORKSPACE, workflow: row.workflow, version: row.version });
    assert.ok(found.ok);
    const execution = replay(found.definition, { id: row.id, workspace: WORKSPACE }, events);
    assert.equal(execution.status, row.status);
    assert.deepEqual(
      toPlain(execution),
      toPlain(replay(found.definition, { id: row.id, workspace: WORKSPACE }, events)),
    );
    const nap = events.find((event) => event.type === "StepStarted" && event.step === "nap");
    const woken = events.find((event) => event.type === "StepCompleted" && event.step === "nap");
    if (nap !== undefined && woken !== undefined)
      assert.ok(Date.parse(woken.at) - Date.parse(nap.at) >= 40_000, "no timer is early");
  }
  for (let shard = 0; shard < store.shards; shard++) assert.deepEqual(await store.readOutbox(shard), []);
}

test("the scenario is one that the language accepts, and runs through", async () => {
  for (const text of WORKFLOWS) assert.notEqual(loadWorkflow(text).definition, null);
  const store = await storeWithWorkflows();
  const callers: Callers = { answered: new Set(), mixedId: null, listenerId: null };
  assert.equal(await playUntilDeath(store, callers, START, Number.POSITIVE_INFINITY, "before"), false);
  await checkAll(store);
});

for (const side of ["before", "after"] as const) {
  test(`a host that dies ${side} any one call of the store loses nothing and does nothing twice`, async () => {
    let deaths = 0;
    for (let dieAt = 1; ; dieAt++) {
      const store = await storeWithWorkflows();
      const callers: Callers = { answered: new Set(), mixedId: null, listenerId: null };
      lastTime = START;
      const hasDied = await playUntilDeath(store, callers, START, dieAt, side);
      if (!hasDied) break;
      deaths += 1;
      await playUntilDeath(store, callers, lastTime + 3000, Number.POSITIVE_INFINITY, side);
      await checkAll(store).catch((error: Error) => {
        error.message = `After a death ${side} call ${dieAt}: ${error.message}`;
        throw error;
      });
    }
    assert.ok(deaths > 100, `it died at ${deaths} places only`);
  });
}

async function storeWithWorkflows(): Promise<Store> {
  const store = openMemoryStore({ shards: 4 });
  const world = await openWorld({ store, workflows: WORKFLOWS });
  await world.close();
  return store;
}
