/** Live updates: every committed event once, in order, whatever happens meanwhile. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { type EventPack, StoreError } from "../ports/store.ts";
import { ORDER, openWorld, WORKSPACE, type World, workflow } from "./world.test.ts";

const LISTEN = workflow(
  "listen",
  `    - { name: hear, type: wait_for_event, event: go }
`,
);

/** Reads on as long as there is something to read, and notes the numbers. */
async function reader(world: World, executionId: string, afterSeq = 0, signal = new AbortController().signal) {
  const seen: number[] = [];
  const packs = await world.now(world.host.follow({ workspace: WORKSPACE, executionId, afterSeq, signal }));
  assert.ok(packs !== null);
  const state = { seen, hasEnded: false };
  void (async () => {
    for await (const pack of packs) seen.push(...seqsOf(pack));
    state.hasEnded = true;
  })();
  await world.settle();
  return state;
}

const seqsOf = (pack: EventPack) => pack.text.split("\n").map((line) => (JSON.parse(line) as { seq: number }).seq);

const upTo = (length: number) => Array.from({ length }, (_, i) => i + 1);

function signal(world: World, executionId: string, id: string, name = "note", data: string = id) {
  return world.now(world.host.signal({ workspace: WORKSPACE, executionId, commandId: id, name, data }));
}

test("a reader gets what is stored, then what is new, and ends with the execution", async () => {
  const world = await openWorld({ workflows: [ORDER] });
  const id = await world.started("order");
  const all = await reader(world, id);
  const later = await reader(world, id, 2);
  assert.deepEqual([all.seen, later.seen], [upTo(2), []]);
  await world.work();
  assert.deepEqual([all.seen, later.seen], [upTo(4), [3, 4]]);
  await world.work();
  await world.settle();
  assert.deepEqual([all.seen, later.seen], [upTo(6), [3, 4, 5, 6]]);
  assert.ok(all.hasEnded && later.hasEnded);
  const ended = await reader(world, id);
  assert.deepEqual(ended, { seen: upTo(6), hasEnded: true });
  await world.close();
});

test("events that are committed while a reader is still reading the store come once and in order", async () => {
  let held: (() => void)[] = [];
  let isHeld = false;
  const world = await openWorld({
    workflows: [LISTEN],
    intercept: async (name, call) => {
      const answer = await call();
      if (isHeld && name === "readHistory") await new Promise<void>((resolve) => held.push(resolve));
      return answer;
    },
  });
  const id = await world.started("listen");
  await signal(world, id, "s0");
  isHeld = true;
  const reading = reader(world, id);
  await world.settle();
  for (let n = 1; n <= 5; n++) {
    await signal(world, id, `s${n}`);
    for (const go of held.splice(0, 1)) go();
  }
  await signal(world, id, "last", "go");
  isHeld = false;
  for (const go of held) go();
  held = [];
  const state = await reading;
  await world.settle();
  const { length } = await world.history(id);
  assert.deepEqual(state, { seen: upTo(length), hasEnded: true });
  await world.close();
});

test("a reader of a parked execution hears it wake", async () => {
  const world = await openWorld({ workflows: [LISTEN] });
  const id = await world.started("listen");
  await world.pass(6000);
  const state = await reader(world, id);
  await signal(world, id, "s", "go");
  await world.settle();
  assert.deepEqual(state, { seen: upTo((await world.history(id)).length), hasEnded: true });
  await world.close();
});

test("what was written although the write was reported lost is heard after the shard's recovery", async () => {
  let isUnknown = false;
  const world = await openWorld({
    workflows: [ORDER],
    intercept: async (name, call) => {
      const answer = await call();
      if (isUnknown && name === "append") {
        isUnknown = false;
        throw new StoreError("unknown", "The connection was lost.");
      }
      return answer;
    },
  });
  const id = await world.started("order");
  await world.work();
  const state = await reader(world, id);
  let ended: boolean | null = null;
  const wait = { workspace: WORKSPACE, executionId: id, timeoutMs: 60_000, signal: new AbortController().signal };
  void world.host.waitForEnd(wait).then((answer) => (ended = answer));
  isUnknown = true;
  await assert.rejects(world.work());
  await world.settle();
  assert.deepEqual(state, { seen: upTo(6), hasEnded: true });
  assert.equal(ended, true);
  await world.close();
});

test("a reader that does not keep up is let go of, and holds up nobody", async () => {
  const world = await openWorld({ workflows: [LISTEN] });
  const id = await world.started("listen");
  const packs = await world.now(
    world.host.follow({ workspace: WORKSPACE, executionId: id, afterSeq: 0, signal: new AbortController().signal }),
  );
  const iterator = packs?.[Symbol.asyncIterator]();
  assert.ok(iterator !== undefined);
  await world.now(iterator.next());
  // It asks for more than there is, so it is live; then it is slow.
  const next = iterator.next();
  await world.settle();
  for (let n = 0; n < 5; n++) await signal(world, id, `s${n}`, "note", "x".repeat(300_000));
  assert.equal((await world.now(next)).done, false);
  let rest = 0;
  while (!(await world.now(iterator.next())).done) rest += 1;
  assert.ok(rest < 5, "not everything was kept for it");
  await world.close();
});

test("a reader that goes away leaves nothing behind, and closing the host ends the others", async () => {
  const world = await openWorld({ workflows: [LISTEN] });
  const id = await world.started("listen");
  const controller = new AbortController();
  const [gone, stays] = [await reader(world, id, 0, controller.signal), await reader(world, id)];
  controller.abort();
  await world.settle();
  assert.deepEqual([gone.hasEnded, stays.hasEnded], [true, false]);
  await world.close();
  await world.settle();
  assert.equal(stays.hasEnded, true);
});

test("who waits for the end hears it, or that it did not come in time", async () => {
  const world = await openWorld({ workflows: [ORDER] });
  const id = await world.started("order");
  const controller = new AbortController();
  const wait = (timeoutMs: number, executionId = id) =>
    world.host.waitForEnd({ workspace: WORKSPACE, executionId, timeoutMs, signal: controller.signal });
  const answers: Record<string, boolean> = {};
  void wait(1000).then((answer) => (answers["short"] = answer));
  void wait(60_000).then((answer) => (answers["long"] = answer));
  await world.pass(1000);
  assert.deepEqual(answers, { short: false });
  await world.work();
  await world.work();
  await world.settle();
  assert.deepEqual(answers, { short: false, long: true });
  assert.equal(await world.now(wait(60_000)), true);
  assert.equal(await world.now(wait(60_000, "nobody")), false);
  const second = await world.started("order");
  const aborted = wait(60_000, second);
  controller.abort();
  assert.equal(await world.now(aborted), false);
  await world.close();
});

const BREAK = workflow(
  "break",
  `    - { name: hear, type: wait_for_event, event: go, when: $.input.waits }
    - { name: fall, type: fail, code: BROKEN, message: on purpose }
`,
);

test("a reader of an execution that is re-opened while it reads hears what comes then, too", async () => {
  const held: (() => void)[] = [];
  let isHeld = false;
  const world = await openWorld({
    workflows: [BREAK],
    intercept: async (name, call) => {
      if (isHeld && name === "readHistory") await new Promise<void>((resolve) => held.push(resolve));
      return call();
    },
  });
  const id = await world.started("break", { input: { waits: true } });
  await world.now(
    world.host.terminate({ workspace: WORKSPACE, executionId: id, commandId: "t", reason: "lost patience" }),
  );
  isHeld = true;
  const state = await reader(world, id);
  isHeld = false;
  const row = await world.row(id);
  assert.equal(row.status, "cancelled");
  await world.now(world.host.retry({ workspace: WORKSPACE, executionId: id, commandId: "again" }));
  for (const go of held) go();
  await world.settle();
  assert.equal(state.hasEnded, false, "it goes on");
  await signal(world, id, "go-1", "go");
  await world.settle();
  assert.equal((await world.row(id)).status, "failed");
  assert.equal(state.hasEnded, true);
  assert.deepEqual(state.seen, upTo((await world.history(id)).length));
  await world.close();
});
