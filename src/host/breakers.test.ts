import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import { openWorld, refused, START, WORKSPACE, type World, type WorldOptions, workflow } from "./world.test.ts";

const BREAKER = "failure_threshold: 2, recovery_timeout: 30s, half_open_max_calls: 1";
const TARGET = "shop/pay";

const PAYING = workflow(
  "paying",
  `    - { name: pay, executor: shop, function: pay, circuit_breaker: { ${BREAKER} } }\n`,
);
const PATIENT = workflow(
  "patient",
  `    - { name: pay, executor: shop, function: pay, circuit_breaker: { ${BREAKER}, on_open: wait } }\n`,
);
const FALLING_BACK = workflow(
  "falling-back",
  `    - { name: pay, executor: shop, function: pay, circuit_breaker: { ${BREAKER} }, default_output: { later: true } }\n`,
);

async function withWorld(act: (world: World) => Promise<void>, options: WorldOptions = {}): Promise<void> {
  const world = await openWorld({ workflows: [PAYING, PATIENT, FALLING_BACK], ...options });
  try {
    await act(world);
  } finally {
    await world.close();
  }
}

/** Takes the tasks that wait and fails them, or leaves them lying with a lease of `leaseMs`. */
async function take(world: World, leaseMs = 30_000) {
  const tasks = await world.now(
    world.host.executors.poll({
      workspace: WORKSPACE,
      executor: "shop",
      instance: "i1",
      functions: null,
      tasksMax: 100,
      waitMs: 0,
      leaseMs,
      held: [],
      labels: {},
      signal: new AbortController().signal,
    }),
  );
  return tasks.map(({ task }) => task.id);
}

async function fail(world: World, code = "BROKEN"): Promise<number> {
  const ids = await take(world);
  const results = ids.map((taskId) => ({
    taskId,
    status: "failed" as const,
    output: null,
    error: { code, message: "It broke." },
    instance: "i1",
    startedAt: null,
  }));
  if (results.length > 0) await world.now(world.host.executors.finish({ workspace: WORKSPACE, results }));
  await world.settle();
  return ids.length;
}

async function open(world: World): Promise<void> {
  for (let i = 0; i < 2; i++) {
    await world.started("paying");
    assert.equal(await fail(world), 1);
  }
  assert.equal((await breaker(world)).state, "open");
}

async function breaker(world: World) {
  const record = await world.now(world.host.breakers.read({ workspace: WORKSPACE, target: TARGET }));
  assert(record !== null);
  return record;
}

async function codeOf(world: World, id: string): Promise<string | null> {
  await world.settle();
  return (await world.row(id)).errorCode;
}

describe("one breaker for all executions", () => {
  test("what some have met, others need not: they fail at once, in whatever shard they are", () =>
    withWorld(async (world) => {
      await open(world);
      for (let i = 0; i < 20; i++) assert.equal(await codeOf(world, await world.started("paying")), "CIRCUIT_OPEN");
      assert.equal(await fail(world), 0, "nobody was called");
    }));

  test("a fallback stands in", () =>
    withWorld(async (world) => {
      await open(world);
      const id = await world.started("falling-back");
      await world.settle();
      assert.equal((await world.row(id)).status, "completed");
    }));

  test("after the recovery time-out one call is let through, and its success closes it", () =>
    withWorld(async (world) => {
      await open(world);
      await world.pass(30_000);
      assert.equal((await breaker(world)).state, "half_open");
      const trial = await world.started("paying");
      await world.settle();
      const [other, another] = [await world.started("paying"), await world.started("paying")];
      assert.equal(await codeOf(world, other), "CIRCUIT_OPEN");
      assert.equal(await codeOf(world, another), "CIRCUIT_OPEN");
      assert.equal((await breaker(world)).trials.length, 1);
      assert.equal(await world.work(), 1);
      await world.settle();
      assert.equal((await world.row(trial)).status, "completed");
      assert.equal((await breaker(world)).state, "closed");
      assert.deepEqual(
        (await breaker(world)).transitions.map(({ to }) => to),
        ["open", "half_open", "closed"],
      );
    }));

  test("its failure opens it again", () =>
    withWorld(async (world) => {
      await open(world);
      await world.pass(30_000);
      await world.started("paying");
      await world.settle();
      assert.equal(await fail(world), 1);
      assert.equal((await breaker(world)).state, "open");
      assert.equal((await breaker(world)).until, world.clock.now() + 30_000);
    }));

  test("so does the loss of its lease, at once", () =>
    withWorld(async (world) => {
      await open(world);
      await world.pass(30_000);
      await world.started("paying");
      await world.settle();
      assert.equal((await take(world, 5000)).length, 1);
      await world.pass(6000);
      assert.equal((await breaker(world)).state, "open");
    }));

  test("lost leases count while it is closed", () =>
    withWorld(async (world) => {
      await world.started("paying");
      for (let i = 0; i < 2; i++) {
        await take(world, 1000);
        await world.pass(2000);
      }
      assert.equal((await breaker(world)).state, "open");
    }));

  test("what the target is not to blame for does not count", () =>
    withWorld(async (world) => {
      for (let i = 0; i < 5; i++) {
        await world.started("paying");
        await fail(world, "HTTP_404");
      }
      assert.equal((await breaker(world)).state, "closed");
      const cancelled = await world.started("paying");
      await world.settle();
      await world.now(
        world.host.cancel({ workspace: WORKSPACE, executionId: cancelled, commandId: "c", reason: "no more" }),
      );
      await world.settle();
      assert.equal((await breaker(world)).failures, 0);
    }));
});

describe("waiting in line", () => {
  test("who would rather wait goes on one after the other, then all at once", () =>
    withWorld(async (world) => {
      await open(world);
      const ids = [];
      for (let i = 0; i < 5; i++) ids.push(await world.started("patient"));
      await world.settle();
      assert.equal((await breaker(world)).line.length, 5);
      await world.pass(29_000);
      assert.equal((await take(world)).length, 0);
      await world.pass(1500);
      assert.equal(await world.work(), 1);
      await world.settle();
      assert.equal(await world.work(), 4);
      await world.settle();
      for (const id of ids) assert.equal((await world.row(id)).status, "completed");
      assert.equal((await breaker(world)).line.length, 0);
    }));

  test("who is cancelled leaves the line, and a permit that is not used goes to the next", () =>
    withWorld(async (world) => {
      await open(world);
      const [first, second] = [await world.started("patient"), await world.started("patient")];
      await world.pass(30_500);
      assert.equal((await breaker(world)).trials[0]?.executionId, first);
      for (const [executionId, commandId] of [[first ?? "", "a"]] as const)
        await world.now(world.host.terminate({ workspace: WORKSPACE, executionId, commandId, reason: "enough" }));
      await world.settle();
      assert.equal((await breaker(world)).trials[0]?.executionId, second);
    }));

  test("a reset lets everybody go on, and says who did it", () =>
    withWorld(async (world) => {
      await open(world);
      const id = await world.started("patient");
      await world.settle();
      const outcome = await world.now(world.host.breakers.reset({ workspace: WORKSPACE, target: TARGET, by: "ada" }));
      assert(outcome.ok);
      assert.equal(outcome.record.state, "closed");
      assert.equal(outcome.record.transitions.at(-1)?.reason, "reset by ada");
      await world.settle();
      assert.equal(await world.work(), 1);
      await world.settle();
      assert.equal((await world.row(id)).status, "completed");
      const unknown = await world.now(
        world.host.breakers.reset({ workspace: WORKSPACE, target: "nobody/knows", by: "ada" }),
      );
      assert.equal(refused(unknown), "BREAKER_NOT_FOUND");
    }));

  test("a pause begins nothing; after it the step asks again", () =>
    withWorld(async (world) => {
      await open(world);
      const executionId = await world.started("patient");
      await world.settle();
      await world.now(world.host.pause({ workspace: WORKSPACE, executionId, commandId: "p", freezeTimers: false }));
      await world.pass(31_000);
      assert.equal((await take(world)).length, 0);
      await world.now(world.host.resume({ workspace: WORKSPACE, executionId, commandId: "r" }));
      await world.settle();
      assert.equal(await world.work(), 1);
      await world.settle();
      assert.equal((await world.row(executionId)).status, "completed");
    }));
});

describe("over a restart", () => {
  test("it is open as before, its line stands, and what is let through is remembered", async () => {
    const store = openMemoryStore();
    let waiting = "";
    await withWorld(
      async (world) => {
        await open(world);
        waiting = await world.started("patient");
        await world.settle();
      },
      { store },
    );
    await withWorld(
      async (world) => {
        await world.settle();
        assert.equal((await breaker(world)).state, "open");
        assert.equal((await breaker(world)).line.length, 1);
        assert.equal(await codeOf(world, await world.started("paying")), "CIRCUIT_OPEN");
        await world.pass(30_500);
        assert.equal((await breaker(world)).trials.length, 1);
      },
      { store, workflows: [], at: START + 1000 },
    );
    await withWorld(
      async (world) => {
        await world.pass(1500);
        assert.equal((await breaker(world)).trials.length, 1, "half open as before");
        assert.equal(await codeOf(world, await world.started("paying")), "CIRCUIT_OPEN");
        assert.equal(await world.work(), 1);
        await world.settle();
        assert.equal((await world.row(waiting)).status, "completed");
        assert.equal((await breaker(world)).state, "closed");
      },
      { store, workflows: [], at: START + 40_000 },
    );
  });
});

describe("settings", () => {
  const other = (name: string, threshold: number) =>
    workflow(
      name,
      `    - { name: pay, executor: shop, function: pay, circuit_breaker: { failure_threshold: ${threshold} } }\n`,
    );
  const register = (world: World, text: string) =>
    world.now(
      world.host.definitions.register({
        workspace: WORKSPACE,
        text,
        name: null,
        ifMatch: null,
        now: world.clock.now(),
        dryRun: false,
      }),
    );

  test("those of the newest active version are in force for everybody, and differing ones are warned of", () =>
    withWorld(async (world) => {
      assert.equal((await breaker(world)).settings?.failureThreshold, 2);
      await world.pass(1000);
      const outcome = await register(world, other("other", 4));
      assert(outcome.ok);
      assert.deepEqual(
        outcome.diagnostics.map(({ code, step, line }) => [code, step, line]),
        [["breaker-differs", "pay", 6]],
      );
      assert.deepEqual((await breaker(world)).declaredBy, { workflow: "other", version: "1.0.0", step: "pay" });
      for (let i = 0; i < 3; i++) {
        await world.started("paying");
        await fail(world);
      }
      assert.equal((await breaker(world)).state, "closed");
      await world.now(
        world.host.definitions.archive({ workspace: WORKSPACE, workflow: "other", ifMatch: null, now: START }),
      );
      assert.equal((await breaker(world)).settings?.failureThreshold, 2);
    }));

  test("two steps of one workflow that differ are warned of as well", () =>
    withWorld(async (world) => {
      const second =
        "    - { name: again, executor: shop, function: pay, circuit_breaker: { failure_threshold: 9 } }\n";
      const text = PAYING.replace("version: 1.0.0", "version: 2.0.0") + second;
      const outcome = await register(world, text);
      assert(outcome.ok);
      assert.match(outcome.diagnostics[0]?.message ?? "", /"again" gives it others than step "pay"/);
    }));

  test("all that are declared are listed, whether they have counted or not", () =>
    withWorld(async (world) => {
      const before = await world.now(world.host.breakers.list(WORKSPACE));
      assert.deepEqual(
        before.map(({ target, state, since }) => [target, state, since]),
        [[TARGET, "closed", null]],
      );
      await open(world);
      const [record] = await world.now(world.host.breakers.list(WORKSPACE));
      assert.equal(record?.state, "open");
      assert.equal(record?.transitions[0]?.reason, "2 calls in a row failed");
    }));
});
