import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../host/manual-clock.ts";
import { ORDER, openRig, type Rig, WAITING } from "./rig.test.ts";
import { HEARTBEAT_MS, streamEvents } from "./sse.ts";

interface Message {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly seq: number; readonly type: string };
}

/** Reads messages until `isEnough`, or to the end of the stream. */
async function read(
  rig: Rig,
  path: string,
  headers: Record<string, string> = {},
  isEnough: (message: Message) => boolean = () => false,
): Promise<readonly Message[]> {
  const response = await fetch(rig.url + path, { headers: { accept: "text/event-stream", ...headers } });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assert.equal(response.headers.get("cache-control"), "no-store");
  const messages: Message[] = [];
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const fields = new Map(
        text
          .slice(0, end)
          .split("\n")
          .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)] as const),
      );
      text = text.slice(end + 2);
      const id = fields.get("id");
      if (id === undefined) continue;
      const message = { id, event: fields.get("event") ?? "", data: JSON.parse(fields.get("data") ?? "null") };
      messages.push(message);
      if (isEnough(message)) return messages;
    }
  }
  return messages;
}

async function work(rig: Rig): Promise<void> {
  for (const output of [{ receipt: "r" }, {}]) {
    const [task] = await rig.poll("payments");
    await rig.complete(task ?? {}, output);
  }
}

test("a stream has every event once and in order, and ends with the execution", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const id = await rig.start("order");
  const reading = read(rig, `/api/v1/executions/${id}/stream`);
  await work(rig);
  const messages = await reading;
  const { events } = (await rig.get(`/api/v1/executions/${id}/history`)).body;
  assert.deepEqual(
    messages.map(({ data }) => data),
    events,
  );
  assert.deepEqual(
    messages.map((message) => message.id),
    messages.map((_, i) => String(i + 1)),
  );
  assert.deepEqual(
    messages.map(({ event }) => event),
    messages.map(({ data }) => data.type),
  );
  assert.equal(messages.at(-1)?.event, "ExecutionCompleted");
});

test("a reader that comes back misses nothing and sees nothing twice", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const id = await rig.start("order");
  const path = `/api/v1/executions/${id}/stream`;
  const first = await read(rig, path, {}, ({ event }) => event === "StepScheduled");
  await work(rig);
  const rest = await read(rig, path, { "last-event-id": first.at(-1)?.id ?? "" });
  const whole = await read(rig, path);
  assert.deepEqual([...first, ...rest], whole);
  assert.deepEqual(await read(rig, `${path}?after=2`), whole.slice(2));
});

test("who has seen the end is told not to come back", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const id = await rig.start("order");
  await work(rig);
  const path = `/api/v1/executions/${id}/stream`;
  const whole = await read(rig, path);
  const nothing = await rig.get(path, { "last-event-id": whole.at(-1)?.id ?? "" });
  assert.deepEqual([nothing.status, nothing.text], [204, ""]);
  assert.equal((await rig.get(`${path}?after=999`)).status, 204);
  assert.equal((await rig.get(path, { "last-event-id": "x" })).status, 400);
});

test("a hundred readers see the same", async () => {
  await using rig = await openRig();
  await rig.register(WAITING);
  const id = await rig.start("waiting", { input: { order: "7" } });
  const readers = Array.from({ length: 100 }, () => read(rig, `/api/v1/executions/${id}/stream`));
  await rig.post("/api/v1/events", { name: "payment", correlation_key: "7", data: { amount: 1 } });
  const [first, ...others] = await Promise.all(readers);
  assert.equal(first?.at(-1)?.event, "ExecutionCompleted");
  for (const other of others) assert.deepEqual(other, first);
});

test("readers are let go when the server stops", async () => {
  await using rig = await openRig();
  await rig.register(WAITING);
  const id = await rig.start("waiting", { input: { order: "7" } });
  const reading = read(rig, `/api/v1/executions/${id}/stream`);
  await rig.get("/health");
  await rig.server.close();
  assert.notEqual((await reading).at(-1)?.event, "ExecutionCompleted");
});

test("a silent stream says now and then that it is alive", async () => {
  const clock = createManualClock(0);
  const written: string[] = [];
  const stop = new AbortController();
  const ended = Promise.withResolvers<void>();
  const response = {
    writeHead: () => response,
    write: (text: string) => written.push(text) > 0,
    end: () => ended.resolve(),
    writableLength: 0,
    destroyed: false,
  };
  async function* packs() {
    yield { firstSeq: 1, lastSeq: 2, version: 1, text: '{"seq":1,"type":"A"}\n{"seq":2,"type":"B"}' };
    await new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
  }
  const streaming = streamEvents({
    response: response as unknown as Parameters<typeof streamEvents>[0]["response"],
    headers: {},
    packs: packs(),
    afterSeq: 1,
    signal: stop.signal,
    clock,
  });
  await new Promise(setImmediate);
  assert.deepEqual(written, ["retry: 2000\n\n", 'id: 2\nevent: B\ndata: {"seq":2,"type":"B"}\n\n']);
  clock.advance(2 * HEARTBEAT_MS);
  assert.deepEqual(written.slice(2), [": alive\n\n", ": alive\n\n"]);
  stop.abort();
  await streaming;
  await ended.promise;
  assert.equal(clock.pending, 0);
});
