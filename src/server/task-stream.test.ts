import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { test } from "node:test";
import { WebSocket } from "ws";
import type { JsonObject } from "../core/base/json.ts";
import { TASK_STREAM_PROTOCOL } from "../core/protocol/task-stream.ts";
import { ORDER, openRig, type Rig } from "./rig.test.ts";

/** One end of a stream of tasks, as an executor has it. */
interface Peer extends Disposable {
  readonly socket: WebSocket;
  send(frame: object | string | Uint8Array): void;
  /** The next frame that has this member; the others are passed over. */
  next(member: string): Promise<JsonObject[]>;
  /** Every frame so far. */
  readonly frames: readonly JsonObject[];
  /** How it was closed, and with which problem. */
  readonly closed: Promise<{ readonly code: number; readonly problem: JsonObject | null }>;
}

async function openPeer(url: string, options: { autoPong?: boolean } = {}): Promise<Peer> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/tasks/stream`, TASK_STREAM_PROTOCOL, options);
  const frames: JsonObject[] = [];
  const unread: JsonObject[] = [];
  let changed = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<{ code: number; problem: JsonObject | null }>();
  socket.on("message", (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as JsonObject;
    frames.push(frame);
    unread.push(frame);
    changed.resolve();
    changed = Promise.withResolvers();
  });
  socket.on("close", (code) => {
    const problem = (frames.find((frame) => frame.problem !== undefined)?.problem ?? null) as JsonObject | null;
    closed.resolve({ code, problem });
    changed.resolve();
  });
  const opened = Promise.withResolvers<void>();
  socket.once("open", opened.resolve);
  socket.once("error", opened.reject);
  await opened.promise;
  socket.on("error", () => {});
  return {
    socket,
    frames,
    closed: closed.promise,
    send: (frame) =>
      socket.send(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame)),
    async next(member) {
      for (;;) {
        for (let frame = unread.shift(); frame !== undefined; frame = unread.shift()) {
          if (frame[member] !== undefined) return frame[member] as JsonObject[];
        }
        assert.ok(socket.readyState === WebSocket.OPEN, `closed before "${member}" came: ${JSON.stringify(frames)}`);
        await changed.promise;
      }
    },
    [Symbol.dispose]: () => socket.terminate(),
  };
}

/** Every task that it has been given so far. */
function tasksOf(peer: Peer): readonly JsonObject[] {
  return peer.frames.flatMap((frame) => (frame.tasks ?? []) as JsonObject[]);
}

const HELLO = { executor: "payments", instance: "p-1", credits: 10 };

async function openOrders(count: number): Promise<{ rig: Rig; ids: readonly string[] }> {
  const rig = await openRig();
  await rig.register(ORDER);
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(await rig.start("order", { input: { amount: i } }));
  return { rig, ids };
}

test("tasks come as they are, results are answered, and what follows from them comes by itself", async () => {
  const { rig, ids } = await openOrders(1);
  await using _ = rig;
  using peer = await openPeer(rig.url);
  peer.send({ hello: HELLO });
  const [task] = await peer.next("tasks");
  assert.equal(task?.id, `${ids[0]}/charge/1`);
  assert.equal(task?.delivery, 1);
  assert.deepEqual(task?.input, { amount: 0 });
  peer.send({ results: [{ task_id: task?.id, status: "completed", output: { receipt: "r" } }], credits: 1 });
  assert.deepEqual(await peer.next("outcomes"), [{ task_id: task?.id, outcome: "accepted" }]);
  const after = tasksOf(peer).at(-1);
  const ship = after?.step === "ship" ? after : (await peer.next("tasks"))[0];
  assert.equal(ship?.id, `${ids[0]}/ship/1`);
  peer.send({
    results: [
      { task_id: ship?.id, status: "completed" },
      { task_id: "nobody/x/1", status: "completed" },
    ],
  });
  assert.deepEqual(await peer.next("outcomes"), [
    { task_id: ship?.id, outcome: "accepted" },
    { task_id: "nobody/x/1", outcome: "unknown" },
  ]);
  assert.equal((await rig.get(`/api/v1/executions/${ids[0]}/results?wait=5s`)).body.status, "completed");
});

test("no task goes out without credit, and what is given adds up", async () => {
  const { rig } = await openOrders(5);
  await using _ = rig;
  using peer = await openPeer(rig.url);
  peer.send({ hello: { ...HELLO, credits: 0 } });
  peer.send({ heartbeats: [] });
  assert.deepEqual(await peer.next("heartbeats"), []);
  peer.send({ credits: 1 });
  peer.send({ credits: 2 });
  let count = 0;
  while (count < 3) count += (await peer.next("tasks")).length;
  peer.send({ heartbeats: [] });
  await peer.next("heartbeats");
  assert.equal(tasksOf(peer).length, 3);
});

test("whoever drains gets no more tasks and may still answer", async () => {
  const { rig } = await openOrders(2);
  await using _ = rig;
  using peer = await openPeer(rig.url);
  peer.send({ hello: { ...HELLO, credits: 1 } });
  const [task] = await peer.next("tasks");
  peer.send({ drain: true, credits: 5, results: [{ task_id: task?.id, status: "completed", output: { receipt: 1 } }] });
  assert.deepEqual(await peer.next("outcomes"), [{ task_id: task?.id, outcome: "accepted" }]);
  peer.send({ heartbeats: [] });
  await peer.next("heartbeats");
  assert.equal(tasksOf(peer).length, 1);
});

test("a task that is withdrawn is cancelled at once", async () => {
  const { rig, ids } = await openOrders(1);
  await using _ = rig;
  using peer = await openPeer(rig.url);
  peer.send({ hello: HELLO });
  const [task] = await peer.next("tasks");
  await rig.post(`/api/v1/executions/${ids[0]}/cancel`);
  assert.deepEqual(await peer.next("cancels"), [{ task_id: task?.id, reason: "cancelled" }]);
  peer.send({ results: [{ task_id: task?.id, status: "completed" }] });
  assert.deepEqual(await peer.next("outcomes"), [{ task_id: task?.id, outcome: "stale" }]);
});

test("a frame that does not fit ends the connection with a problem that names the place", async () => {
  const { rig } = await openOrders(0);
  await using _ = rig;
  const deep = `{"hello":${JSON.stringify(HELLO)},"results":${"[".repeat(300)}${"]".repeat(300)}}`;
  for (const [first, then, pointer] of [
    ["nonsense", null, ""],
    ["", null, ""],
    ["[]", null, ""],
    [deep, null, ""],
    [Buffer.from([0x7b, 0xff, 0x7d]).toString("latin1"), null, ""],
    [{ credits: 1 }, null, "/hello"],
    [{ results: [] }, null, "/hello"],
    [{ hello: { ...HELLO, executor: "@http" } }, null, "/hello/executor"],
    [{ hello: { executor: "e", credits: 1 } }, null, "/hello/instance"],
    [{ hello: { ...HELLO, credits: 10_001 } }, null, "/hello/credits"],
    [{ hello: { ...HELLO, credits: 10_000 }, credits: 1 }, null, "/credits"],
    [{ hello: HELLO, helo: 1 }, null, "/helo"],
    [{ hello: HELLO }, { hello: HELLO }, "/hello"],
    [{ hello: HELLO }, { credits: -1 }, "/credits"],
    [{ hello: HELLO }, { results: [{ task_id: "x/y/1", status: "failed" }] }, "/results/0/error"],
    [{ hello: HELLO }, { results: [{ task_id: "x/y/1", status: "done" }] }, "/results/0/status"],
    [{ hello: HELLO }, { heartbeats: [{ task_id: "x/y/1", progress: 2 }] }, "/heartbeats/0/progress"],
  ] as const) {
    using peer = await openPeer(rig.url);
    peer.send(first);
    if (then !== null) peer.send(then);
    const { code, problem } = await peer.closed;
    assert.equal(code, 4400, JSON.stringify(first));
    assert.equal(problem?.code, "BAD_REQUEST");
    assert.equal(((problem?.errors ?? []) as JsonObject[])[0]?.pointer, pointer, JSON.stringify(first).slice(0, 100));
  }
});

test("bytes that are no text, and frames that are too long, end the connection", async () => {
  const { rig } = await openOrders(0);
  await using _ = rig;
  using binary = await openPeer(rig.url);
  binary.socket.send(Buffer.from('{"hello":{}}'), { binary: true });
  assert.equal((await binary.closed).code, 4400);
  using broken = await openPeer(rig.url);
  broken.socket.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary: false });
  assert.equal((await broken.closed).code, 4400);
  using long = await openPeer(rig.url);
  long.send({ hello: HELLO });
  long.send(" ".repeat(8 * 1024 * 1024 + 1));
  assert.equal((await long.closed).code, 1009);
});

test("what is not a WebSocket of this protocol is refused before the upgrade", async () => {
  await using rig = await openRig();
  const plain = await rig.get("/api/v1/tasks/stream");
  assert.equal(plain.status, 426);
  assert.equal(plain.body.code, "UPGRADE_REQUIRED");
  assert.equal(plain.headers.get("upgrade"), "websocket");
  const asked = { Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Version": "13" };
  const whole = {
    ...asked,
    Host: "localhost",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": TASK_STREAM_PROTOCOL,
  };
  const path = "/api/v1/tasks/stream";
  for (const [line, headers, status, code] of [
    [`GET ${path}`, whole, 101, null],
    [`GET ${path}`, { ...whole, Host: "evil.example" }, 421, "HOST_NOT_ALLOWED"],
    [`GET ${path}`, { ...whole, Origin: "https://evil.example" }, 403, "ORIGIN_NOT_ALLOWED"],
    [`GET ${path}`, { ...whole, "Sec-WebSocket-Protocol": "chat" }, 400, "BAD_REQUEST"],
    [`GET ${path}`, { ...whole, "Sec-WebSocket-Key": "no" }, 400, "BAD_REQUEST"],
    [`GET ${path}`, { ...whole, "Sec-WebSocket-Version": "7" }, 400, "BAD_REQUEST"],
    [`GET ${path}?x=1`, whole, 400, "BAD_REQUEST"],
    [`GET ${path}/`, whole, 404, "ROUTE_NOT_FOUND"],
    ["GET /", whole, 404, "ROUTE_NOT_FOUND"],
    ["GET /api/v1/executions", whole, 404, "ROUTE_NOT_FOUND"],
    [`POST ${path}`, whole, 404, "ROUTE_NOT_FOUND"],
    [`GET ${path}`, { ...whole, Upgrade: "h2c" }, 426, "UPGRADE_REQUIRED"],
  ] as const) {
    for (const url of [rig.url, rig.dashboardUrl]) {
      const answer = await exchange(url, line, headers);
      assert.equal(answer.status, status, `${line} ${JSON.stringify(headers)}`);
      assert.equal(answer.code, code);
    }
  }
});

/** One request as it stands, byte for byte. */
async function exchange(url: string, line: string, headers: Readonly<Record<string, string>>) {
  const { hostname, port } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
    const body = text.indexOf("\r\n\r\n");
    if (/^HTTP\/1.1 101 /.test(text) || (body !== -1 && text.endsWith("}"))) resolve(text);
  });
  socket.on("close", () => resolve(text));
  socket.on("error", () => resolve(text));
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${line} HTTP/1.1\r\n${lines.join("")}\r\n`);
  const answer = await promise;
  socket.destroy();
  const status = Number(answer.split(" ")[1]);
  const body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
  return { status, code: status === 101 ? null : (JSON.parse(body) as JsonObject).code };
}

test("two connections of one instance share what there is, and each holds what it was given", async () => {
  const { rig } = await openOrders(0);
  await using _ = rig;
  using one = await openPeer(rig.url);
  using two = await openPeer(rig.url);
  for (const peer of [one, two]) {
    peer.send({ hello: HELLO, heartbeats: [] });
    await peer.next("heartbeats");
  }
  for (let i = 0; i < 4; i++) await rig.start("order", { input: { amount: i } });
  for (const peer of [one, two]) {
    peer.send({ heartbeats: [] });
    await peer.next("heartbeats");
  }
  const [first, second] = [one, two].map((peer) => tasksOf(peer).map(({ id }) => id));
  assert.ok(first !== undefined && second !== undefined && first.length > 0 && second.length > 0);
  assert.equal(new Set([...first, ...second]).size, 4);
});

test("a result that was on its way when the connection broke counts once", async () => {
  const { rig, ids } = await openOrders(1);
  await using _ = rig;
  using peer = await openPeer(rig.url);
  peer.send({ hello: HELLO });
  const [task] = await peer.next("tasks");
  const result = { task_id: task?.id, status: "completed", output: { receipt: "r" } };
  peer.send({ results: [result] });
  peer.socket.close();
  await peer.closed;
  using again = await openPeer(rig.url);
  again.send({ hello: { ...HELLO, credits: 0, held: [String(task?.id)] }, results: [result] });
  const [outcome] = await again.next("outcomes");
  assert.ok(outcome?.outcome === "duplicate" || outcome?.outcome === "accepted");
  const { body } = await rig.get(`/api/v1/executions/${ids[0]}/history`);
  const completed = (body.items ?? body.events) as JsonObject[];
  assert.equal(completed.filter((event) => event.type === "StepCompleted" && event.path === "charge").length, 1);
});

test("a server that stops answers for what has come in, says so, and closes", async () => {
  const { rig } = await openOrders(1);
  using peer = await openPeer(rig.url);
  peer.send({ hello: HELLO });
  const [task] = await peer.next("tasks");
  peer.send({ results: [{ task_id: task?.id, status: "completed", output: { receipt: 1 } }], heartbeats: [] });
  await peer.next("heartbeats");
  await rig[Symbol.asyncDispose]();
  const { code, problem } = await peer.closed;
  assert.equal(code, 4503);
  assert.equal(problem?.code, "UNAVAILABLE");
  const outcomes = peer.frames.flatMap((frame) => (frame.outcomes ?? []) as JsonObject[]);
  assert.deepEqual(outcomes, [{ task_id: task?.id, outcome: "accepted" }]);
});

test("an instance that has left is let go", async () => {
  const { rig } = await openOrders(0);
  await using _ = rig;
  using peer = await openPeer(rig.url);
  peer.send({ hello: HELLO, heartbeats: [] });
  await peer.next("heartbeats");
  await rig.send("DELETE", "/api/v1/executors/payments/instances/p-1");
  assert.equal((await peer.closed).code, 4503);
});

test("a peer that gives no sign of life is cut off within its lease, and its tasks go to others", async () => {
  const { rig } = await openOrders(1);
  await using _ = rig;
  using dead = await openPeer(rig.url, { autoPong: false });
  dead.send({ hello: { ...HELLO, lease_ms: 1000 } });
  const [task] = await dead.next("tasks");
  using other = await openPeer(rig.url);
  other.send({ hello: { ...HELLO, instance: "p-2" } });
  const [again] = await other.next("tasks");
  assert.equal(again?.id, task?.id);
  assert.equal(again?.delivery, 2);
  assert.equal((await dead.closed).code, 1006);
});

test("a peer that does not read is given no more than it takes in", async () => {
  const { rig } = await openOrders(0);
  await using _ = rig;
  using peer = await openPeer(rig.url);
  peer.send({ hello: { ...HELLO, credits: 1000 }, heartbeats: [] });
  await peer.next("heartbeats");
  peer.socket.pause();
  const large = "x".repeat(900_000);
  for (let i = 0; i < 20; i++) await rig.start("order", { input: { amount: large } });
  const { body } = await rig.get("/api/v1/executors/payments");
  assert.ok(Number(body.waiting) > 0, JSON.stringify(body));
  peer.socket.resume();
  let count = 0;
  while (count < 20) count += (await peer.next("tasks")).length;
  assert.equal(count, 20);
});
