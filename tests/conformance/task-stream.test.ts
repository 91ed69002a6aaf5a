/** Tasks over a WebSocket: the same messages and the same meaning as over HTTP. */

import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import type { JsonObject } from "../../src/core/base/json.ts";
import { begin, ended, job, lacking, poll, startService, stepOf } from "./service.ts";

const service = await startService();
after(() => service[Symbol.asyncDispose]());

const PROTOCOL = "magicflow.tasks.v1";
const TASK =
  "id workspace workflow version execution_id step path executor function attempt max_attempts delivery input metadata timeout_ms lease_ms deadline traceparent created_at";

interface Stream extends Disposable {
  send(frame: JsonObject): void;
  /** The next frame with this member. */
  next(member: string): Promise<JsonObject[]>;
  readonly closed: Promise<number>;
}

async function openStream(): Promise<Stream> {
  const socket = new WebSocket(`${service.url.replace("http", "ws")}/api/v1/tasks/stream`, PROTOCOL);
  const unread: JsonObject[] = [];
  let changed = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  socket.addEventListener("message", ({ data }) => {
    unread.push(JSON.parse(String(data)) as JsonObject);
    changed.resolve();
    changed = Promise.withResolvers();
  });
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("close", ({ code }) => closed.resolve(code));
  await opened.promise;
  assert.equal(socket.protocol, PROTOCOL);
  return {
    closed: closed.promise,
    send: (frame) => socket.send(JSON.stringify(frame)),
    async next(member) {
      for (;;) {
        const at = unread.findIndex((frame) => frame[member] !== undefined);
        const [found] = at === -1 ? [] : unread.splice(at, 1);
        if (found !== undefined) return found[member] as JsonObject[];
        await changed.promise;
      }
    },
    [Symbol.dispose]: () => socket.close(),
  };
}

const hello = (executor: string, more: JsonObject = {}) => ({ executor, instance: "one", credits: 10, ...more });

suite("the stream of tasks", { concurrency: 8 }, () => {
  test("a task says what it says in a poll, and its result is answered and recorded", async () => {
    const id = await begin(service, "streamed", [job("streamed", "pay", { input: { sum: "$.input.n" } })], {
      input: { n: 3 },
    });
    using stream = await openStream();
    stream.send({ hello: hello("streamed", { lease_ms: 45_000 }) });
    const [task] = await stream.next("tasks");
    assert.ok(task !== undefined);
    assert.deepEqual(lacking(task, TASK), []);
    assert.deepEqual(
      [task["id"], task["delivery"], task["lease_ms"], task["input"]],
      [`${id}/pay/1`, 1, 45_000, { sum: 3 }],
    );
    assert.deepEqual(await poll(service, "streamed", { wait_ms: 0 }), []);
    const result = { task_id: `${id}/pay/1`, status: "completed", output: { paid: true } };
    stream.send({ results: [result, result], heartbeats: [{ task_id: "nobody/x/1" }] });
    assert.deepEqual(await stream.next("heartbeats"), [{ task_id: "nobody/x/1", outcome: "unknown", cancel: false }]);
    assert.deepEqual(
      (await stream.next("outcomes")).map(({ outcome }) => outcome),
      ["accepted", "duplicate"],
    );
    assert.deepEqual(stepOf(await ended(service, id), "pay")["output"], { paid: true });
  });

  test("a task that is cancelled is told at once", async () => {
    const id = await begin(service, "stopped", [job("stopped", "pay")]);
    using stream = await openStream();
    stream.send({ hello: hello("stopped") });
    await stream.next("tasks");
    await service.post(`/executions/${id}/cancel`);
    assert.deepEqual(await stream.next("cancels"), [{ task_id: `${id}/pay/1`, reason: "cancelled" }]);
  });

  test("what an instance holds when its connection breaks stays with it", async () => {
    const id = await begin(service, "held", [job("held", "pay")]);
    using before = await openStream();
    before.send({ hello: hello("held", { lease_ms: 1000 }) });
    await before.next("tasks");
    before[Symbol.dispose]();
    await before.closed;
    using again = await openStream();
    again.send({ hello: hello("held", { lease_ms: 1000, held: [`${id}/pay/1`] }) });
    assert.deepEqual(await poll(service, "held", { wait_ms: 2500, instance: "two" }), []);
    again.send({ results: [{ task_id: `${id}/pay/1`, status: "completed" }] });
    assert.equal((await again.next("outcomes"))[0]?.["outcome"], "accepted");
  });

  test("a frame that nobody knows ends the connection with a problem and its code", async () => {
    using stream = await openStream();
    stream.send({ hello: hello("odd"), more: 1 });
    const problem = (await stream.next("problem")) as unknown as JsonObject;
    assert.deepEqual([problem["code"], problem["status"]], ["BAD_REQUEST", 400]);
    assert.equal(await stream.closed, 4400);
  });

  test("the address without an upgrade says what it is, and stands in the API document", async () => {
    const answer = await service.get("/tasks/stream");
    assert.deepEqual([answer.status, answer.body["code"]], [426, "UPGRADE_REQUIRED"]);
    const { body } = await service.get("/api/docs/openapi.json");
    const { get } = (body["paths"] as Record<string, { get: { responses: JsonObject } }>)["/api/v1/tasks/stream"] ?? {};
    assert.ok(get !== undefined && ["101", "426"].every((status) => Object.hasOwn(get.responses, status)));
  });
});
