import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../../adapters/stores/memory/store.ts";
import { batchOf, rowOf } from "../../ports/store.contract/samples.ts";
import { openWorld, refused, WORKSPACE, type World, workflow } from "../world.test.ts";
import type { LettersQuery } from "./letters.ts";

const FAILING = workflow("failing", "    - { name: a, type: fail, code: BROKEN, message: No way }\n");
const QUIET = workflow("quiet", "    - { name: a, type: fail }\n", "  error_handling: { dead_letter_queue: false }\n");
const PARENT = workflow("parent", "    - { name: c, type: workflow, workflow: failing }\n");

async function listed(world: World, more: Partial<LettersQuery> = {}): Promise<readonly string[]> {
  const { letters } = await world.now(world.host.letters.list({ workspace: WORKSPACE, limit: 50, ...more }));
  return letters.map((letter) => (letter.kind === "execution" ? letter.row.id : letter.message.id));
}

const at = (id: string) => ({ workspace: WORKSPACE, id });

test("what failed for good is listed: a child whose parent waits is the parent's failure, and a workflow may say no", async () => {
  const world = await openWorld({ workflows: [FAILING, QUIET, PARENT] });
  const id = await world.started("failing");
  const parent = await world.started("parent");
  await world.started("quiet");
  await world.settle();
  assert.deepEqual([...(await listed(world))].sort(), [id, parent].sort());
  assert.deepEqual(await listed(world, { workflow: "parent" }), [parent]);
  assert.deepEqual(await listed(world, { errorCode: "ELSE" }), []);
});

test("a retry takes it off the list, and failing again puts it back; it says how often", async () => {
  const world = await openWorld({ workflows: [FAILING] });
  const id = await world.started("failing");
  await world.settle();
  const replay = { ...at(id), mode: "retry", commandId: "r1" } as const;
  assert.deepEqual(await world.now(world.host.letters.replay(replay)), { ok: true, executionId: id });
  await world.settle();
  assert.deepEqual(await listed(world), [id]);
  assert.equal((await world.row(id)).replays, 1);
  await world.now(world.host.letters.replay(replay));
  await world.settle();
  assert.equal((await world.row(id)).replays, 1, "a repeated command changes nothing");
});

test("a rerun does the work in another execution and takes the old one off the list", async () => {
  const world = await openWorld({ workflows: [FAILING] });
  const id = await world.started("failing");
  await world.settle();
  const outcome = await world.now(world.host.letters.replay({ ...at(id), mode: "rerun", commandId: "r1" }));
  assert.ok(outcome.ok && outcome.executionId !== id);
  await world.settle();
  assert.deepEqual(await listed(world), outcome.ok ? [outcome.executionId] : []);
  assert.equal((await world.row(id)).replays, 1);
});

test("dropping leaves execution and history, says who did it, and may be repeated", async () => {
  const world = await openWorld({ workflows: [FAILING] });
  const id = await world.started("failing");
  await world.settle();
  const history = await world.history(id);
  for (const by of ["ann", "bob"]) {
    assert.deepEqual(await world.now(world.host.letters.drop({ ...at(id), by })), { ok: true });
  }
  const row = await world.row(id);
  assert.deepEqual([row.status, row.deadLetter, row.dropped?.by], ["failed", false, "ann"]);
  assert.deepEqual(await world.history(id), history);
  assert.deepEqual(await listed(world), []);
  await world.now(world.host.retry({ workspace: WORKSPACE, executionId: id, commandId: "r" }));
  await world.settle();
  assert.deepEqual(await listed(world), [id], "it has failed once more");
});

test("what is no dead letter, or one of another workspace, can neither be dropped nor replayed", async () => {
  const world = await openWorld({ workflows: [QUIET, FAILING] });
  const quiet = await world.started("quiet");
  const id = await world.started("failing");
  await world.settle();
  for (const place of [at(quiet), at("nobody"), { workspace: "other", id }, at("message:none")]) {
    assert.equal(refused(await world.now(world.host.letters.drop({ ...place, by: "ann" }))), "DEAD_LETTER_NOT_FOUND");
    const replay = { ...place, mode: "retry", commandId: "r" } as const;
    assert.equal(refused(await world.now(world.host.letters.replay(replay))), "DEAD_LETTER_NOT_FOUND");
  }
  assert.deepEqual(await listed(world), [id]);
});

test("a message that cannot be read is put among the dead letters, and the others are delivered", async () => {
  const store = openMemoryStore({ shards: 1 });
  const epoch = await store.acquire(0);
  const row = rowOf("sender", { status: "completed", finishedAt: 1 });
  const events = { firstSeq: 1, lastSeq: 1, version: 1, text: "{}" };
  const addOutbox = [{ id: "sender/3", shard: 0, body: { kind: "telepathy", thought: 1 } }];
  await store.append([batchOf(0, epoch, { executions: [{ executionId: "sender", events, row }], addOutbox })]);
  const world = await openWorld({ store, workflows: [FAILING] });
  await world.settle();
  assert.deepEqual(await store.readOutbox(0), []);
  const [id = ""] = await listed(world, { kind: "message" });
  assert.equal(id, "message:sender:3");
  const replay = { ...at(id), mode: "retry", commandId: "r" } as const;
  assert.equal(refused(await world.now(world.host.letters.replay(replay))), "DEAD_LETTER_UNREADABLE");
  const other = await world.started("failing");
  await world.settle();
  assert.deepEqual(await listed(world), [id, other]);
  const page = await world.now(world.host.letters.list({ workspace: WORKSPACE, limit: 1 }));
  const next = await listed(world, { limit: 1, cursor: page.nextCursor ?? "" });
  assert.deepEqual(next, [other]);
  await world.now(world.host.letters.drop({ ...at(id), by: "ann" }));
  assert.deepEqual(await listed(world), [other]);
});
