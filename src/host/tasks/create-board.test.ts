import assert from "node:assert/strict";
import { test } from "node:test";
import { createRig, idsOf, resultOf, START, settled, taskOf } from "./rig.test.ts";

test("an offered task is handed to the next poll, once", async () => {
  const { offer, poll } = createRig();
  offer();
  const [leased] = await poll();
  assert.equal(leased?.task.id, "e1/send/1");
  assert.equal(leased?.delivery, 1);
  assert.equal(leased?.leaseMs, 30_000);
  assert.deepEqual(await poll(), []);
});

test("offering a task that is on the board changes nothing", async () => {
  const { board, poll, offer, clock } = createRig();
  const task = offer();
  board.offer({ workspace: "w", task, notBefore: clock.now() });
  assert.equal((await poll()).length, 1);
  board.offer({ workspace: "w", task, notBefore: clock.now() });
  assert.deepEqual(await poll(), []);
});

test("a waiting poll gets everything that one turn brings, at most what it asked for", async () => {
  const { offer, poll, clock } = createRig();
  const waiting = poll({ waitMs: 20_000, tasksMax: 2 });
  await settled();
  offer();
  offer();
  offer();
  clock.flush();
  assert.deepEqual(idsOf(await waiting), ["e1", "e2"]);
});

test("a waiting poll answers with nothing when its time is over, and no sooner", async () => {
  const { poll, pass, clock } = createRig();
  let answered = false;
  const waiting = poll({ waitMs: 20_000 }).then((tasks) => {
    answered = true;
    return tasks;
  });
  await pass(19_900);
  assert.equal(answered, false);
  await pass(200);
  assert.deepEqual(await waiting, []);
  await pass(10_000);
  assert.equal(clock.pending, 0, "no timer is left when nothing is awaited");
});

test("a poll that was given up takes nothing", async () => {
  const { offer, poll, clock } = createRig();
  const controller = new AbortController();
  const waiting = poll({ waitMs: 20_000, signal: controller.signal });
  await settled();
  controller.abort();
  offer();
  clock.flush();
  assert.deepEqual(await waiting, []);
  assert.equal((await poll()).length, 1);
});

test("instances that wait side by side share what comes in", async () => {
  const { offer, poll, clock } = createRig();
  const first = poll({ instance: "i1", waitMs: 1000 });
  const second = poll({ instance: "i2", waitMs: 1000 });
  await settled();
  for (let i = 0; i < 4; i++) offer();
  clock.flush();
  assert.equal((await first).length, 2);
  assert.equal((await second).length, 2);
});

test("a task goes only to who asks for its function and has its labels", async () => {
  const { offer, poll, board } = createRig();
  offer({ function: "print", labels: { gpu: true, zone: "eu" } });
  assert.deepEqual(await poll({ functions: ["send"], labels: { gpu: true, zone: "eu" } }), []);
  assert.deepEqual(await poll({ functions: ["print"], labels: { gpu: true } }), []);
  board.report({ workspace: "w", status: { ...statusOf("i1"), labels: { gpu: true, zone: "eu" } } });
  assert.equal((await poll({ functions: ["print"] })).length, 1, "labels of a report count as well");
});

test("workspaces and executors do not see each other's tasks", async () => {
  const { offer, poll, board } = createRig();
  const task = offer({}, { workspace: "other" });
  assert.deepEqual(await poll(), []);
  assert.deepEqual(await poll({ workspace: "other", executor: "print" }), []);
  assert.equal((await poll({ workspace: "other" })).length, 1);
  const beat = board.heartbeat({ workspace: "w", heartbeats: [{ taskId: task.id, progress: null, message: null }] });
  assert.deepEqual(beat, [{ taskId: task.id, outcome: "unknown", cancel: false }]);
});

test("an answer reaches the shard with who gave it and since when, and is told after the commit", async () => {
  const rig = createRig();
  const task = rig.offer();
  await rig.poll();
  let commit = (_: "accepted") => {};
  rig.finishTask = () => new Promise((resolve) => (commit = resolve));
  let outcome = "";
  const answered = rig.complete(task.id, { sent: true }).then((met) => (outcome = met));
  await settled();
  assert.equal(outcome, "");
  commit("accepted");
  await answered;
  assert.equal(outcome, "accepted");
  assert.deepEqual(rig.finished, [
    {
      workspace: "w",
      executionId: "e1",
      path: "send",
      attempt: 1,
      answer: { status: "completed", output: { sent: true }, http: null },
      startedAt: START,
      instance: "i1",
    },
  ]);
  assert.equal(rig.board.leasesOf("e1").size, 0);
});

test("all answers of one call are sent before the first is committed", async () => {
  const rig = createRig();
  const results = [rig.offer(), rig.offer(), rig.offer()].map(({ id }) => resultOf(id));
  await rig.poll();
  const commits: (() => void)[] = [];
  rig.finishTask = () => new Promise((resolve) => commits.push(() => resolve("accepted")));
  const answered = rig.board.finish({ workspace: "w", results });
  assert.equal(rig.finished.length, 3);
  for (const commit of commits) commit();
  assert.deepEqual(
    (await answered).map(({ outcome }) => outcome),
    ["accepted", "accepted", "accepted"],
  );
});

test("the same answer twice is a duplicate, in one call or in two", async () => {
  const rig = createRig();
  const task = rig.offer();
  await rig.poll();
  const both = await rig.board.finish({ workspace: "w", results: [resultOf(task.id), resultOf(task.id)] });
  assert.deepEqual(
    both.map(({ outcome }) => outcome),
    ["accepted", "duplicate"],
  );
  assert.equal(await rig.complete(task.id), "duplicate");
  assert.equal(rig.finished.length, 1);
});

test("an answer for an attempt that was withdrawn is stale, and a heartbeat hears of it", async () => {
  const { offer, poll, board, beat, complete } = createRig();
  const task = offer();
  await poll();
  board.withdraw({ taskId: task.id, reason: "cancelled" });
  assert.deepEqual(beat(task.id), { outcome: "stale", cancel: true });
  assert.equal(await complete(task.id), "stale");
});

test("an answer for a task that the board does not know goes to the shard by its id", async () => {
  const rig = createRig();
  assert.equal(await rig.complete("018f.3/items[3].reserve:compensate.undo/12"), "accepted");
  const { executionId, path, attempt, startedAt } = rig.finished[0] ?? {};
  assert.deepEqual(
    { executionId, path, attempt, startedAt },
    { executionId: "018f.3", path: "items[3].reserve:compensate.undo", attempt: 12, startedAt: null },
  );
  rig.finishTask = async () => "unknown";
  assert.equal(await rig.complete("nobody/send/1"), "unknown");
  assert.equal(await rig.complete("nonsense"), "unknown");
  assert.equal(await rig.complete("e/send/0"), "unknown");
  assert.equal(rig.finished.length, 2);
});

test("an answer whose commit failed may be given again", async () => {
  const rig = createRig();
  const task = rig.offer();
  await rig.poll();
  rig.finishTask = () => Promise.reject(new Error("disk full"));
  await assert.rejects(rig.complete(task.id), /disk full/);
  rig.finishTask = async () => "accepted";
  assert.equal(await rig.complete(task.id), "accepted");
});

test("nobody gets a task whose answer is on its way, even if its lease is lost meanwhile", async () => {
  const rig = createRig();
  const task = rig.offer();
  await rig.poll();
  let fail = (_: Error) => {};
  rig.finishTask = () => new Promise((_, reject) => (fail = reject));
  const answered = rig.complete(task.id);
  await rig.pass(40_000);
  assert.deepEqual(await rig.poll(), []);
  fail(new Error("disk full"));
  await assert.rejects(answered);
  await rig.pass(2000);
  assert.equal((await rig.poll({ instance: "i2" }))[0]?.delivery, 2);
});

test("a lost lease delivers the same task again and uses no attempt", async () => {
  const { offer, poll, pass } = createRig();
  const task = offer();
  await poll();
  await pass(29_900);
  assert.deepEqual(await poll({ instance: "i2" }), []);
  await pass(200);
  const [again] = await poll({ instance: "i2" });
  assert.equal(again?.task.id, task.id);
  assert.equal(again?.delivery, 2);
});

test("the first answer counts, whichever delivery it is from", async () => {
  const { offer, poll, pass, complete, beat } = createRig();
  const task = offer();
  await poll();
  await pass(31_000);
  await poll({ instance: "i2" });
  assert.equal(await complete(task.id), "accepted");
  assert.deepEqual(beat(task.id), { outcome: "stale", cancel: true });
  assert.equal(await complete(task.id), "duplicate");
});

test("the fifth lost lease fails the attempt", async () => {
  const { offer, poll, pass, finished } = createRig();
  offer();
  for (let delivery = 1; delivery <= 5; delivery++) {
    assert.equal((await poll())[0]?.delivery, delivery);
    assert.equal(finished.length, 0);
    await pass(31_000);
  }
  assert.equal(finished.length, 1);
  const answer = finished[0]?.answer;
  assert.equal(answer?.status === "failed" && answer.error.code, "EXECUTOR_UNAVAILABLE");
  assert.deepEqual(await poll(), []);
});

test("a heartbeat renews the lease and shows how far the work is", async () => {
  const { offer, poll, pass, beat, board } = createRig();
  const task = offer();
  await poll();
  for (let i = 0; i < 4; i++) {
    await pass(20_000);
    assert.deepEqual(beat(task.id), { outcome: "accepted", cancel: false });
  }
  assert.deepEqual(await poll({ instance: "i2" }), []);
  assert.deepEqual(board.leasesOf("e1").get("send"), { since: START, instance: "i1", progress: 0.5, message: "half" });
});

test("a heartbeat after the lease was lost takes the task back if nobody else has it", async () => {
  const { offer, poll, pass, beat } = createRig();
  const task = offer();
  await poll();
  await pass(31_000);
  assert.deepEqual(beat(task.id), { outcome: "accepted", cancel: false });
  assert.deepEqual(await poll({ instance: "i2" }), []);
});

test("a heartbeat for a task that nobody was given is stale", () => {
  const { offer, beat } = createRig();
  assert.deepEqual(beat(offer().id), { outcome: "stale", cancel: false });
});

test("a poll renews what it lists as held, for as long as it waits", async () => {
  const { offer, poll, pass } = createRig();
  const task = offer();
  await poll();
  await pass(20_000);
  const waiting = poll({ held: [task.id], waitMs: 60_000 });
  await pass(59_000);
  assert.deepEqual(await poll({ instance: "i2" }), []);
  await pass(2000);
  assert.deepEqual(await waiting, []);
  await pass(29_000);
  assert.deepEqual(await poll({ instance: "i2" }), [], "the lease counts from the end of the poll");
  await pass(2000);
  assert.equal((await poll({ instance: "i2" })).length, 1);
});

test("a lease may be asked for longer, but not for ever", async () => {
  const { offer, poll } = createRig();
  offer();
  assert.equal((await poll({ leaseMs: 24 * 3_600_000 }))[0]?.leaseMs, 600_000);
});

test("an attempt's time counts from when it was first taken, and its end is told with the task", async () => {
  const { offer, poll, pass, finished, beat } = createRig();
  const task = offer({ timeoutMs: 45_000, deadline: START + 3_600_000 });
  await pass(10_000);
  assert.equal((await poll())[0]?.deadline, START + 55_000);
  await pass(31_000);
  assert.equal((await poll({ instance: "i2" }))[0]?.deadline, START + 55_000);
  await pass(13_900);
  assert.equal(finished.length, 0);
  await pass(200);
  const answer = finished[0]?.answer;
  assert.equal(answer?.status === "failed" && answer.error.code, "TIMEOUT");
  assert.deepEqual(beat(task.id), { outcome: "stale", cancel: true });
});

test("an answer that comes after the time-out is stale", async () => {
  const { offer, poll, pass, complete } = createRig();
  const task = offer({ timeoutMs: 1000 });
  await poll();
  await pass(1100);
  assert.equal(await complete(task.id), "stale");
});

test("a verdict that could not be committed is given again", async () => {
  const rig = createRig();
  rig.offer({ timeoutMs: 1000 });
  await rig.poll();
  rig.finishTask = () => Promise.reject(new Error("gone"));
  await rig.pass(1100);
  const failures = rig.finished.length;
  assert.ok(failures >= 1);
  rig.finishTask = async () => "accepted";
  await rig.pass(2000);
  assert.equal(rig.finished.length, failures + 1);
  await rig.pass(60_000);
  assert.equal(rig.finished.length, failures + 1);
  assert.equal(rig.clock.pending, 0);
});

test("a step that wants heartbeats fails when they stop coming", async () => {
  const { offer, poll, pass, beat, finished } = createRig();
  const task = offer({ heartbeatTimeoutMs: 5000 });
  await poll();
  await pass(4000);
  beat(task.id);
  await pass(4900);
  assert.equal(finished.length, 0);
  await pass(200);
  const answer = finished[0]?.answer;
  assert.equal(answer?.status === "failed" && answer.error.code, "TIMEOUT");
});

test("a task that nobody takes in time fails, one that was taken does not", async () => {
  const { offer, poll, pass, finished } = createRig();
  offer({ queueTimeoutMs: 5000 });
  await poll();
  offer({ queueTimeoutMs: 5000 });
  await pass(5100);
  assert.deepEqual(
    finished.map(({ executionId }) => executionId),
    ["e2"],
  );
  const answer = finished[0]?.answer;
  assert.equal(answer?.status === "failed" && answer.error.code, "EXECUTOR_UNAVAILABLE");
});

test("after a restart a task waits for whoever holds it, then is offered to all", async () => {
  const { offer, poll, pass } = createRig();
  offer({}, { notBefore: START + 1000 });
  assert.deepEqual(await poll({ instance: "i2" }), []);
  await pass(1100);
  assert.equal((await poll({ instance: "i2" }))[0]?.delivery, 1);
});

test("after a restart a poll that lists a task as held gets its lease back, without a delivery", async () => {
  const { offer, poll, pass, board, complete } = createRig();
  const task = offer({}, { notBefore: START + 1000 });
  assert.deepEqual(await poll({ held: [task.id] }), []);
  await pass(2000);
  assert.deepEqual(await poll({ instance: "i2" }), []);
  assert.equal(board.leasesOf("e1").get("send")?.instance, "i1");
  assert.equal(await complete(task.id), "accepted");
});

test("a poll may say what it holds before the execution is loaded", async () => {
  const { offer, poll, pass, board } = createRig();
  const waiting = poll({ held: ["e1/send/1"], waitMs: 30_000 });
  await pass(5000);
  offer({}, { notBefore: START + 6000 });
  await pass(26_000);
  assert.deepEqual(await waiting, []);
  assert.equal(board.leasesOf("e1").get("send")?.instance, "i1");
});

test("held does not claim a task that was never handed out, nor one of another executor", async () => {
  const { offer, poll } = createRig();
  const task = offer();
  offer({ executor: "print" }, { notBefore: START + 1000 });
  assert.deepEqual(idsOf(await poll({ held: [task.id, "e2/send/1"] })), ["e1"]);
});

test("a task that was taken before a restart does not fail for having waited too long", async () => {
  const { offer, poll, pass, finished } = createRig();
  offer({ queueTimeoutMs: 5000, createdAt: START - 600_000 }, { notBefore: START + 1000 });
  await pass(3000);
  assert.equal((await poll()).length, 1);
  assert.equal(finished.length, 0);
});

test("tasks of a paused execution wait, what is leased goes on", async () => {
  const { board, poll, offer, complete } = createRig();
  const first = offer({ ...taskOf("e"), createdAt: START });
  await poll();
  const second = { ...taskOf("e", "print") };
  board.offer({ workspace: "w", task: second, notBefore: START });
  board.pause("e");
  board.offer({ workspace: "w", task: taskOf("e", "file"), notBefore: START });
  assert.deepEqual(await poll(), []);
  assert.equal(await complete(first.id), "accepted");
  board.resume("e", 0);
  assert.deepEqual(
    (await poll()).map(({ task }) => task.path),
    ["print", "file"],
  );
});

test("an execution is unloaded only while nobody works on it", async () => {
  const { board, offer, poll, complete } = createRig();
  const task = offer();
  await poll();
  assert.equal(board.unload("e1"), false);
  await complete(task.id);
  offer();
  assert.equal(board.unload("e2"), true);
  assert.deepEqual(await poll(), []);
});

test("what is dropped may be offered again", async () => {
  const { board, offer, poll } = createRig();
  const task = offer();
  await poll();
  board.drop("e1");
  board.offer({ workspace: "w", task, notBefore: START });
  assert.equal((await poll()).length, 1);
});

test("a poll that finds nothing has parked executions loaded, and looks no more than once a second", async () => {
  const rig = createRig();
  await rig.poll();
  await rig.poll();
  assert.equal(rig.looks, 1);
  rig.parked.push({ ...rowOf("e7"), taskId: "e7/a/1" }, { ...rowOf("e7"), taskId: "e7/b/1" });
  const waiting = rig.poll({ waitMs: 5000 });
  await rig.pass(1100);
  assert.equal(rig.looks, 2);
  assert.deepEqual(rig.woken, ["e7"]);
  rig.board.offer({ workspace: "w", task: taskOf("e7"), notBefore: START });
  rig.clock.flush();
  assert.equal((await waiting).length, 1);
});

test("executors are known from their first poll, and offline when not heard of", async () => {
  const { board, poll, offer, pass } = createRig();
  offer();
  offer({ executor: "nobody" });
  await poll({ functions: ["send"] });
  const [mail, nobody] = board.list({ workspace: "w" });
  assert.equal(mail?.status, "online");
  assert.equal(mail?.health, "unknown");
  assert.deepEqual(mail?.functions, ["send"]);
  assert.equal(mail?.instances[0]?.leased, 1);
  assert.deepEqual(
    { name: nobody?.name, status: nobody?.status, waiting: nobody?.waiting },
    { name: "nobody", status: "offline", waiting: 1 },
  );
  board.report({ workspace: "w", status: { ...statusOf("i2"), health: "degraded" } });
  assert.equal(board.read({ workspace: "w", name: "mail" })?.health, "degraded");
  assert.equal(board.read({ workspace: "other", name: "mail" }), null);
  await pass(61_000);
  assert.equal(board.read({ workspace: "w", name: "mail" })?.status, "stale");
  await pass(300_000);
  assert.equal(board.read({ workspace: "w", name: "mail" })?.status, "offline");
});

test("an instance that leaves gives back its tasks at once, and that is not held against them", async () => {
  const { board, offer, poll, finished } = createRig();
  offer();
  for (let i = 1; i <= 6; i++) {
    assert.equal((await poll())[0]?.delivery, i);
    assert.equal(board.leave({ workspace: "w", executor: "mail", instance: "i1" }).ok, true);
  }
  assert.equal(finished.length, 0);
  const again = board.leave({ workspace: "w", executor: "mail", instance: "i1" });
  assert.equal(again.ok === false && again.refusal.code, "EXECUTOR_NOT_FOUND");
});

test("a clock that is set back or ahead loses no lease", async () => {
  const { offer, poll, pass, clock } = createRig();
  offer();
  await poll();
  clock.set(START - 86_400_000);
  await pass(20_000);
  clock.set(START + 86_400_000);
  await pass(9000);
  assert.deepEqual(await poll({ instance: "i2" }), []);
  await pass(2000);
  assert.equal((await poll({ instance: "i2" })).length, 1, "but the time that passes counts");
});

test("nobody from outside takes or answers the tasks of built-in executors", async () => {
  const { offer, poll, complete, beat } = createRig();
  const task = offer({ executor: "@http" });
  assert.deepEqual(await poll({ executor: "@http" }), []);
  assert.equal(await complete(task.id), "unknown");
  assert.equal(beat(task.id).outcome, "unknown");
});

test("a closed board lets its polls go", async () => {
  const { board, poll, clock } = createRig();
  const waiting = poll({ waitMs: 60_000 });
  await settled();
  await board[Symbol.asyncDispose]();
  assert.deepEqual(await waiting, []);
  assert.equal(clock.pending, 0);
});

function statusOf(instance: string) {
  return {
    executor: "mail",
    instance,
    functions: ["send"],
    concurrency: 10,
    running: 0,
    health: "healthy",
    checks: [],
    version: null,
    labels: {},
  } as const;
}

function rowOf(executionId: string) {
  return { taskId: "", executionId, workspace: "w", executor: "mail", function: "send", priority: 5, createdAt: START };
}
