/** What becomes of a store that does not answer. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import { createManualClock } from "./manual-clock.ts";
import { withPatience } from "./patience.ts";
import { ORDER, openWorld, refused, START, startOf } from "./world.test.ts";

const never = new Promise<never>(() => {});

test("an answer and an error pass through, and leave no timer behind", async () => {
  const clock = createManualClock(START);
  const store = openMemoryStore();
  const patient = withPatience(store, clock);
  assert.equal(await patient.acquire(0), 1);
  assert.equal(await patient.documents.get({ collection: "c", workspace: "w", id: "i" }), null);
  await patient[Symbol.asyncDispose]();
  await assert.rejects(patient.readExecution("e"), { kind: "gone" });
  assert.equal(clock.pending, 0);
});

test("a call without an answer is given up after a while, with an outcome that nobody knows", async () => {
  const clock = createManualClock(START);
  const patient = withPatience({ ...openMemoryStore(), append: () => never }, clock);
  const append = assert.rejects(patient.append([]), { kind: "unknown" });
  clock.advance(29_999);
  assert.equal(clock.pending, 1);
  clock.advance(1);
  await append;
  assert.equal(clock.pending, 0);
});

test("a write that hangs makes the platform unready, is given up, and the shard goes on", async () => {
  let hangs = false;
  const world = await openWorld({
    workflows: [ORDER],
    isPatient: true,
    intercept: (name, call) => (hangs && name === "append" ? never : call()),
  });
  hangs = true;
  const start = world.host.start(startOf("order"));
  await world.pass(900);
  assert.equal(world.host.health().status, "ok");
  await world.pass(200);
  assert.equal(world.host.health().status, "failing");
  assert.match(world.host.health().store.error ?? "", /has had none for 1 s/);
  await world.pass(30_000);
  assert.equal(refused(await world.now(start)), "UNAVAILABLE");
  hangs = false;
  assert.ok((await world.start("order")).ok);
  assert.equal(world.host.health().status, "ok");
  await world.close();
});
