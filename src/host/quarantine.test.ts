/** One execution that the platform cannot work with, and its neighbours that go on. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import { Bug } from "../core/base/bug.ts";
import type { Definition, Step } from "../core/language/definition.ts";
import type { EventPack } from "../ports/store.ts";
import type { Definitions } from "./definitions.ts";
import { ORDER, openWorld, refused, WORKSPACE, type World, workflow } from "./world.test.ts";

/** After its first task it evaluates a condition, which the tests make throw. */
const POISON = workflow(
  "poison",
  `    - { name: reserve, executor: shop, function: reserve }
    - { name: charge, executor: shop, function: charge, when: $.input.go }
`,
);

const PARENT = workflow(
  "parent",
  `    - { name: sub, type: workflow, workflow: poison, input: { go: true } }
`,
);

/** The registry, with a condition in "poison" that breaks a promise of ours as often as `throws` says. */
function poisoned(throws: () => boolean): (definitions: Definitions) => Definitions {
  const broken = (definition: Definition): Definition =>
    definition.name !== "poison" ? definition : { ...definition, steps: definition.steps.map(brokenStep) };
  const brokenStep = (step: Step): Step => {
    const { when } = step;
    if (when === null) return step;
    return {
      ...step,
      when: {
        ...when,
        evaluate: (context) => {
          if (throws()) throw new Bug("Expected the planted bug to be survived.");
          return when.evaluate(context);
        },
      },
    };
  };
  return (definitions) => ({
    ...definitions,
    cached: (request) => {
      const definition = definitions.cached(request);
      return definition === null ? null : broken(definition);
    },
    compiled: async (request) => {
      const found = await definitions.compiled(request);
      return found.ok ? { ...found, definition: broken(found.definition) } : found;
    },
  });
}

async function pause(world: World, executionId: string): Promise<string> {
  return refused(
    await world.now(world.host.pause({ workspace: WORKSPACE, executionId, commandId: "p", freezeTimers: false })),
  );
}

test("a bug in a decision is tried once more on what the store has, and then goes unnoticed", async () => {
  let left = 1;
  const world = await openWorld({ workflows: [POISON], definitions: poisoned(() => left-- > 0) });
  const id = await world.started("poison", { input: { go: true } });
  assert.equal(await world.work(), 1);
  await world.pass(1100);
  assert.equal(await world.work(), 1);
  assert.equal((await world.row(id)).status, "completed");
  assert.equal(world.host.health().quarantined, 0);
  assert.equal(world.reports.length, 1);
  await world.close();
});

test("an execution that cannot be decided is put aside with its reason, and its neighbours go on", async () => {
  const world = await openWorld({
    workflows: [POISON, ORDER],
    definitions: poisoned(() => true),
    store: openMemoryStore({ shards: 1 }),
  });
  const id = await world.started("poison", { input: { go: true } });
  const neighbour = await world.started("order");
  assert.equal(await world.work(), 2);
  await world.settle();
  const row = await world.row(id);
  assert.match(row.quarantine ?? "", /planted bug/);
  assert.deepEqual(await world.types(id), ["ExecutionStarted", "StepScheduled"], "nothing half decided is written");
  assert.equal(await pause(world, id), "EXECUTION_QUARANTINED");
  assert.equal(await world.work(), 1);
  assert.equal((await world.row(neighbour)).status, "completed");
  assert.equal(world.host.health().quarantined, 1);
  const found = await world.now(world.host.find({ workspace: WORKSPACE, quarantined: true, limit: 10 }));
  assert.deepEqual(
    found.rows.map((each) => each.id),
    [id],
  );
  await world.pass(120_000);
  assert.equal(world.inMemory(), 0);
  await world.close();
});

test("what was put aside stays aside over a restart", async () => {
  const store = openMemoryStore();
  const first = await openWorld({ workflows: [POISON], definitions: poisoned(() => true), store });
  const id = await first.started("poison", { input: { go: true } });
  await first.work();
  await first.settle();
  await first.close();
  const second = await openWorld({ store });
  await second.pass(2000);
  assert.equal(await second.work(), 0);
  assert.equal(await pause(second, id), "EXECUTION_QUARANTINED");
  await second.close();
});

test("a start that cannot be decided is an error of ours, and nothing is written", async () => {
  const early = workflow("poison", "    - { name: charge, executor: shop, function: charge, when: $.input.go }\n");
  const world = await openWorld({ workflows: [early, PARENT], definitions: poisoned(() => true) });
  await assert.rejects(world.start("poison", { input: { go: true } }), Bug);
  const parent = await world.started("parent");
  await world.settle();
  const row = await world.row(parent);
  assert.deepEqual([row.status, row.errorCode], ["failed", "INTERNAL"]);
  assert.equal((await world.now(world.host.find({ workspace: WORKSPACE, limit: 10 }))).rows.length, 1);
  await world.close();
});

const TROUBLES: readonly (readonly [string, (pack: EventPack) => EventPack])[] = [
  ["is no JSON", (pack) => ({ ...pack, text: "{" })],
  ["has a gap", (pack) => ({ ...pack, text: pack.text.replace('"seq":2', '"seq":3') })],
  ["was written by a newer platform", (pack) => ({ ...pack, version: 99 })],
  ["has an event that nobody knows", (pack) => ({ ...pack, text: pack.text.replace("StepScheduled", "StepDreamt") })],
];

for (const [name, change] of TROUBLES) {
  test(`an execution whose history ${name} is put aside`, async () => {
    const store = openMemoryStore();
    const first = await openWorld({ workflows: [ORDER], store });
    const [broken, fine] = [await first.started("order", { executionId: "broken" }), await first.started("order")];
    await first.close();
    const second = await openWorld({
      store,
      intercept: async (call, go, args) => {
        const answer = await go();
        const isBroken = call === "readHistory" && (args[0] as { executionId: string }).executionId === broken;
        return isBroken ? (answer as readonly EventPack[]).map(change) : answer;
      },
    });
    await second.pass(1500);
    assert.match((await second.row(broken)).quarantine ?? "", /cannot be/);
    assert.equal((await second.row(fine)).quarantine, null);
    assert.equal(await second.work(), 1);
    await second.close();
  });
}

test("an execution whose workflow no longer compiles is put aside", async () => {
  const store = openMemoryStore();
  const first = await openWorld({ workflows: [ORDER], store });
  const id = await first.started("order");
  await first.close();
  const second = await openWorld({
    store,
    definitions: (definitions) => ({
      ...definitions,
      cached: () => null,
      compiled: async () => ({
        ok: false,
        refusal: { code: "DEFINITION_INVALID", message: "Expected a step, but there is none." },
      }),
    }),
  });
  await second.settle();
  assert.match((await second.row(id)).quarantine ?? "", /"order" 1\.0\.0 cannot be read: Expected a step/);
  await second.close();
});

test("a parent's message to a child that is put aside is kept for the day on which it is mended", async () => {
  const world = await openWorld({ workflows: [POISON, PARENT], definitions: poisoned(() => true) });
  const executionId = await world.started("parent");
  await world.settle();
  assert.equal(await world.work(), 1);
  await world.settle();
  const child = await world.row(`${executionId}.1`);
  assert.notEqual(child.quarantine, null);
  await world.now(world.host.cancel({ workspace: WORKSPACE, executionId, commandId: "c", reason: "" }));
  await world.settle();
  assert.equal((await world.store.readOutbox(child.shard)).length, 1);
  await world.close();
});

test("who waits for the slot of one that is put aside gets it", async () => {
  const steps = `    - { name: reserve, executor: shop, function: reserve }
    - { name: charge, executor: shop, function: charge, when: $.input.go }
`;
  const world = await openWorld({
    workflows: [workflow("poison", steps, "  concurrency: { limit: 1 }\n")],
    definitions: poisoned(() => true),
  });
  // Chosen ids lie in other shards than the slots that they need.
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    ids.push(await world.started("poison", { executionId: `poison-${n}`, input: { go: true } }));
    await world.settle();
  }
  const status = async () => (await Promise.all(ids.map((id) => world.row(id)))).map((row) => row.status).join(" ");
  assert.equal(await status(), "running queued queued");
  await world.work();
  await world.pass(2000);
  assert.notEqual((await world.row("poison-0")).quarantine, null);
  assert.equal((await world.row("poison-1")).status, "running");
  await world.close();
});

test("one that is mended counts again, and leaves nothing behind at its end", async () => {
  let isBroken = true;
  const steps = `    - { name: reserve, executor: shop, function: reserve }
    - { name: charge, executor: shop, function: charge, when: $.input.go }
`;
  const world = await openWorld({
    workflows: [workflow("poison", steps, "  concurrency: { limit: 1, hold: running }\n")],
    definitions: poisoned(() => isBroken),
  });
  const first = await world.started("poison", { executionId: "poison-0", input: { go: true } });
  await world.settle();
  const second = await world.started("poison", { executionId: "poison-1", input: { go: true } });
  await world.settle();
  await world.work();
  await world.pass(2000);
  assert.notEqual((await world.row(first)).quarantine, null);
  assert.equal((await world.row(second)).status, "running");
  isBroken = false;
  const reset = await world.now(world.host.resetQuarantine({ workspace: WORKSPACE, executionId: first }));
  assert.ok(reset.ok);
  for (let n = 0; n < 6; n++) {
    await world.pass(2000);
    await world.work();
  }
  await world.pass(2000);
  assert.equal((await world.row(second)).status, "completed");
  assert.equal((await world.row(first)).status, "completed");
  const shards = Array.from({ length: world.store.shards }, (_, shard) => world.store.readShared(shard));
  assert.deepEqual((await Promise.all(shards)).flat(), [], "nothing is held when all has ended");
  await world.close();
});
