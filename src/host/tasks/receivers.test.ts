import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectRequest, LeasedTask, TaskConnection } from "../executors.ts";
import { createRig, idsOf, type Rig } from "./rig.test.ts";

interface Peer {
  readonly connection: TaskConnection;
  readonly taken: LeasedTask[];
  /** Tasks that nobody waits for any more, with the reason. */
  readonly withdrawn: string[];
  isEnded: boolean;
}

function connect(rig: Rig, change: Partial<ConnectRequest> = {}): Peer {
  const taken: LeasedTask[] = [];
  const withdrawn: string[] = [];
  const connection = rig.board.connect({
    workspace: "w",
    executor: "mail",
    instance: "i1",
    functions: null,
    leaseMs: 30_000,
    held: [],
    labels: {},
    credits: 10,
    receive: (tasks) => taken.push(...tasks),
    withdrawn: (taskId, reason) => withdrawn.push(`${taskId} ${reason}`),
    ended: () => {
      peer.isEnded = true;
    },
    ...change,
  });
  const peer: Peer = { connection, taken, withdrawn, isEnded: false };
  return peer;
}

test("a connection gets what waits, and what comes, as long as it has credit", async () => {
  const rig = createRig();
  rig.offer();
  const peer = connect(rig, { credits: 2 });
  assert.deepEqual(idsOf(peer.taken), ["e1"]);
  rig.offer();
  rig.offer();
  await rig.pass(0);
  assert.deepEqual(idsOf(peer.taken), ["e1", "e2"]);
  peer.connection.grant(1);
  assert.deepEqual(idsOf(peer.taken), ["e1", "e2", "e3"]);
  rig.offer();
  peer.connection.drain();
  peer.connection.grant(5);
  await rig.pass(0);
  assert.equal(peer.taken.length, 3);
});

test("nothing goes to a peer that is held back until it is not any more", async () => {
  const rig = createRig();
  const peer = connect(rig);
  peer.connection.holdBack(true);
  rig.offer();
  await rig.pass(0);
  assert.equal(peer.taken.length, 0);
  peer.connection.holdBack(false);
  assert.equal(peer.taken.length, 1);
});

test("connections and polls share what comes in, and connections take turns", async () => {
  const rig = createRig();
  const one = connect(rig);
  const two = connect(rig, { instance: "i2" });
  const polled = rig.poll({ instance: "i3", waitMs: 10_000, tasksMax: 1 });
  for (let i = 0; i < 5; i++) rig.offer();
  await rig.pass(0);
  assert.equal((await polled).length, 1);
  assert.deepEqual([one.taken.length, two.taken.length].toSorted(), [2, 2]);
  const counts = [one.taken.length, two.taken.length];
  for (let i = 0; i < 4; i++) {
    rig.offer();
    await rig.pass(0);
  }
  assert.deepEqual(
    [one.taken.length, two.taken.length],
    counts.map((count) => count + 2),
  );
});

test("what was handed out over a connection is held for as long as it gives signs of life", async () => {
  const rig = createRig();
  const peer = connect(rig, { leaseMs: 3000, credits: 1 });
  rig.offer();
  await rig.pass(0);
  for (let i = 0; i < 5; i++) {
    await rig.pass(2000);
    peer.connection.seen();
  }
  assert.deepEqual(await rig.poll(), []);
  // Silence, whether or not the connection was closed.
  peer.connection.close();
  await rig.pass(2000);
  assert.deepEqual(await rig.poll(), []);
  await rig.pass(2000);
  const [again] = await rig.poll();
  assert.equal(again?.delivery, 2);
});

test("another connection of the instance keeps what it says it holds, and nothing else", async () => {
  const rig = createRig();
  const [kept, lost] = [rig.offer(), rig.offer()];
  const peer = connect(rig, { leaseMs: 2000 });
  assert.equal(peer.taken.length, 2);
  peer.connection.close();
  const next = connect(rig, { leaseMs: 2000, held: [kept.id], credits: 0 });
  for (let i = 0; i < 4; i++) {
    await rig.pass(1000);
    next.connection.seen();
  }
  const again = await rig.poll({ instance: "i2" });
  assert.deepEqual(
    again.map(({ task }) => task.id),
    [lost.id],
  );
});

test("after a restart a connection gets back what it holds, though the board hears of it only later", async () => {
  const rig = createRig();
  const peer = connect(rig, { leaseMs: 2000, held: ["e1/send/1"], credits: 0 });
  rig.offer({}, { notBefore: rig.clock.now() + 1000 });
  for (let i = 0; i < 5; i++) {
    await rig.pass(1000);
    peer.connection.seen();
  }
  assert.deepEqual(await rig.poll({ instance: "i2" }), []);
  assert.equal(await rig.complete("e1/send/1"), "accepted");
});

test("whoever works on what is withdrawn or out of time hears it at once", async () => {
  const rig = createRig();
  const withdrawn = rig.offer();
  const late = rig.offer({ timeoutMs: 1000 });
  const done = rig.offer();
  const peer = connect(rig);
  rig.board.withdraw({ taskId: withdrawn.id, reason: "cancelled" });
  assert.deepEqual(peer.withdrawn, [`${withdrawn.id} cancelled`]);
  await rig.complete(done.id);
  await rig.pass(1500);
  assert.deepEqual(peer.withdrawn, [`${withdrawn.id} cancelled`, `${late.id} timed_out`]);
});

test("a closed connection gets nothing, and one of an instance that leaves is ended", async () => {
  const rig = createRig();
  const closed = connect(rig);
  closed.connection.close();
  const left = connect(rig, { instance: "i2" });
  rig.board.leave({ workspace: "w", executor: "mail", instance: "i2" });
  rig.offer();
  await rig.pass(0);
  assert.deepEqual([closed.taken.length, left.taken.length], [0, 0]);
  assert.deepEqual([closed.isEnded, left.isEnded], [false, true]);
  const last = connect(rig, { instance: "i3", credits: 0 });
  await rig.board[Symbol.asyncDispose]();
  assert.ok(last.isEnded);
});

test("only what a connection can do comes to it: by function, label and workspace", async () => {
  const rig = createRig();
  const peer = connect(rig, { functions: ["send"], labels: { zone: "eu" } });
  rig.offer({ function: "read" });
  rig.offer({ labels: { zone: "us" } });
  rig.offer({}, { workspace: "other" });
  const fits = rig.offer({ labels: { zone: "eu" } });
  await rig.pass(0);
  assert.deepEqual(
    peer.taken.map(({ task }) => task.id),
    [fits.id],
  );
});

test("tasks of parked executions are looked for when a connection has nothing to do", async () => {
  const rig = createRig();
  rig.parked.push({ executionId: "far" } as (typeof rig.parked)[number]);
  connect(rig);
  await rig.pass(0);
  assert.deepEqual(rig.woken, ["far"]);
});
