import assert from "node:assert/strict";
import { test } from "node:test";
import type { Performed, Performer } from "../../ports/performer.ts";
import type { Secrets } from "../../ports/secrets.ts";
import { performBuiltins } from "./builtin.ts";
import { createRig, type Rig, settled } from "./rig.test.ts";

/** Text from data: never filled. */
const LOOKS_LIKE_A_TEMPLATE = "$".concat("{secrets.KEY}");

type Request = Parameters<Performer["perform"]>[0];

const DONE: Performed = { status: "completed", output: { done: true }, http: { status: 200, headers: {} } };

test("a task of a built-in executor is performed and answered", async () => {
  const { rig, calls } = createPerformed(async () => DONE);
  rig.offer({ executor: "@http" });
  await rig.pass(0);
  assert.equal(calls.length, 1);
  assert.deepEqual(rig.finished[0]?.answer, DONE);
  assert.equal(rig.finished[0]?.instance, null);
});

test("no more tasks are taken at a time than the performer wants, and workspaces take turns", async () => {
  const ends: (() => void)[] = [];
  const { rig, calls } = createPerformed(() => new Promise((resolve) => ends.push(() => resolve(DONE))));
  for (let i = 0; i < 5; i++) rig.offer({ executor: "@http" }, { workspace: "busy" });
  rig.offer({ executor: "@http" }, { workspace: "small" });
  await rig.pass(0);
  assert.deepEqual(
    calls.map(({ workspace }) => workspace),
    ["busy", "small"],
  );
  ends[0]?.();
  await rig.pass(0);
  assert.equal(calls.length, 3);
});

test("a call may take longer than any lease", async () => {
  let end = () => {};
  const { rig, calls } = createPerformed(() => new Promise((resolve) => (end = () => resolve(DONE))));
  rig.offer({ executor: "@http" });
  await rig.pass(3_600_000);
  assert.equal(calls.length, 1);
  end();
  await settled();
  assert.equal(rig.finished[0]?.answer.status, "completed");
});

test("a call is aborted when its attempt is cancelled or out of time, and its answer is not heard", async () => {
  const { rig, calls } = createPerformed(
    ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(DONE))),
  );
  const cancelled = rig.offer({ executor: "@http" });
  rig.offer({ executor: "@http", timeoutMs: 5000 });
  await rig.pass(0);
  rig.board.withdraw({ taskId: cancelled.id, reason: "cancelled" });
  assert.equal(calls[0]?.signal.aborted, true);
  await rig.pass(5100);
  assert.equal(calls[1]?.signal.aborted, true);
  assert.equal(rig.finished.length, 1);
  const answer = rig.finished[0]?.answer;
  assert.equal(answer?.status === "failed" && answer.error.code, "TIMEOUT");
});

test("secrets are filled in at the marked places only, and never leave with an error", async () => {
  const { rig, calls } = createPerformed(async ({ task }) => ({
    status: "failed",
    error: { code: "HTTP_401", message: "no", details: { sent: task.input } },
  }));
  rig.offer({
    executor: "@http",
    input: {
      headers: JSON.parse('{"authorization":"x","__proto__":"y"}'),
      items: ["a", "b"],
      note: LOOKS_LIKE_A_TEMPLATE,
    },
    secrets: [
      { at: ["headers", "authorization"], pieces: ["Bearer ", { secret: "KEY" }] },
      { at: ["items", 1], pieces: [{ secret: "KEY" }] },
    ],
  });
  await rig.pass(0);
  assert.deepEqual(calls[0]?.task.input, {
    headers: JSON.parse('{"authorization":"Bearer s3cret-w","__proto__":"y"}'),
    items: ["a", "s3cret-w"],
    note: LOOKS_LIKE_A_TEMPLATE,
  });
  const answer = rig.finished[0]?.answer;
  assert.ok(answer?.status === "failed");
  assert.deepEqual(answer.error.details, {
    sent: {
      headers: JSON.parse('{"authorization":"Bearer ***","__proto__":"y"}'),
      items: ["a", "***"],
      note: LOOKS_LIKE_A_TEMPLATE,
    },
  });
});

test("a missing secret fails the attempt for good, and nothing is called", async () => {
  const { rig, calls } = createPerformed(async () => DONE);
  rig.offer({ executor: "@http", input: { url: "" }, secrets: [{ at: ["url"], pieces: [{ secret: "NONE" }] }] });
  await rig.pass(0);
  assert.equal(calls.length, 0);
  const answer = rig.finished[0]?.answer;
  assert.ok(answer?.status === "failed");
  assert.equal(answer.error.code, "EXPRESSION_ERROR");
  assert.equal(answer.error.retryable, false);
  assert.match(answer.error.message, /"NONE"/);
});

test("a performer that breaks fails the attempt, not the platform", async () => {
  const { rig } = createPerformed(() => Promise.reject(new Error("oops")));
  rig.offer({ executor: "@http" });
  await rig.pass(0);
  const answer = rig.finished[0]?.answer;
  assert.equal(answer?.status === "failed" && answer.error.code, "INTERNAL");
});

test("an answer whose commit fails is given again, and what runs is not begun a second time", async () => {
  let end = () => {};
  const { rig, calls } = createPerformed(() => new Promise((resolve) => (end = () => resolve(DONE))));
  const task = rig.offer({ executor: "@http" });
  await rig.pass(0);
  rig.board.drop(task.executionId);
  rig.board.offer({ workspace: "w", task, notBefore: rig.clock.now() });
  await rig.pass(0);
  assert.equal(calls.length, 1);
  rig.finishTask = () => Promise.reject(new Error("loading"));
  end();
  await rig.pass(100);
  rig.finishTask = async () => "accepted";
  await rig.pass(1100);
  assert.deepEqual(
    rig.finished.map(({ answer }) => answer.status),
    ["completed", "completed"],
  );
  assert.equal(rig.board.leasesOf(task.executionId).size, 0);
});

test("a type that this build does not have fails at once", async () => {
  const { rig } = createPerformed(async () => DONE);
  rig.offer({ executor: "@grpc" });
  await rig.pass(0);
  const answer = rig.finished[0]?.answer;
  assert.ok(answer?.status === "failed");
  assert.equal(answer.error.code, "EXECUTOR_UNAVAILABLE");
  assert.equal(answer.error.retryable, false);
});

test("tasks that were offered before the built-in executors have come wait for them", async () => {
  const rig = createRig();
  rig.offer({ executor: "@http" });
  rig.offer({ executor: "@grpc" });
  await rig.pass(5000);
  assert.equal(rig.finished.length, 0);
  const { calls } = createPerformed(async () => DONE, rig);
  await rig.pass(0);
  assert.equal(calls.length, 1);
  assert.deepEqual(rig.finished.map(({ answer }) => answer.status).toSorted(), ["completed", "failed"]);
});

test("closing ends all calls and answers nothing more", async () => {
  const { rig, calls, closing } = createPerformed(
    ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(DONE))),
  );
  rig.offer({ executor: "@http" });
  await rig.pass(0);
  await closing[Symbol.asyncDispose]();
  assert.equal(calls[0]?.signal.aborted, true);
  assert.equal(rig.finished.length, 0);
});

function createPerformed(perform: (request: Request) => Promise<Performed>, rig: Rig = createRig()) {
  const calls: Request[] = [];
  const performer: Performer = {
    executor: "@http",
    concurrencyMax: 2,
    perform(request) {
      calls.push(request);
      return perform(request);
    },
    async [Symbol.asyncDispose]() {
      // Nothing is open.
    },
  };
  const secrets: Secrets = { read: async ({ name }) => (name === "KEY" ? "s3cret-w" : null) };
  const closing = performBuiltins({ builtins: rig.board.builtins, performers: [performer], secrets, clock: rig.clock });
  return { rig, calls, closing };
}
