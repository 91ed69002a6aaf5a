import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "./http.ts";
import { followEvents } from "./stream.ts";

function message(seq: number): string {
  return `id: ${seq}\nevent: StepStarted\ndata: {"seq":${seq},\ndata: "type":"StepStarted"}\n\n`;
}

/** A stream that comes in pieces, and breaks at its end if `breaks`. */
function streamOf(pieces: readonly Uint8Array[], breaks = false): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      if (!breaks) controller.close();
    },
    pull(controller) {
      if (breaks) controller.error(new TypeError("terminated"));
    },
  });
  return new Response(body, { status: 200, headers: { "content-type": "text/event-stream" } });
}

async function follow(answers: readonly Response[]): Promise<{ seen: number[]; asked: (string | null)[] }> {
  const asked: (string | null)[] = [];
  const connection = connect({
    url: "http://platform.test",
    retries: 0,
    fetch: async (_input, init) => {
      asked.push(new Headers(init?.headers).get("last-event-id"));
      return answers[asked.length - 1] ?? new Response(null, { status: 204 });
    },
  });
  const seen: number[] = [];
  for await (const { seq } of followEvents(connection, "/stream", {})) seen.push(seq);
  return { seen, asked };
}

test("events are read whole however the bytes are cut", async () => {
  const bytes = new TextEncoder().encode(
    `retry: 2000\n\n: alive\n\n${message(1)}${message(2).replace("Step", "Stéep ☃")}`,
  );
  const single = Array.from(bytes, (byte) => new Uint8Array([byte]));
  assert.deepEqual((await follow([streamOf(single)])).seen, [1, 2]);
  assert.deepEqual((await follow([streamOf([bytes])])).seen, [1, 2]);
});

test("after a cut it goes on behind the last event that was seen", async () => {
  const encoder = new TextEncoder();
  const { seen, asked } = await follow([
    streamOf([encoder.encode(message(1)), encoder.encode(`${message(2)}id: 3\nda`)], true),
    streamOf([encoder.encode(message(3))]),
  ]);
  assert.deepEqual(seen, [1, 2, 3]);
  assert.deepEqual(asked, ["0", "2", "3"]);
});

test("an execution that is not there is an error, not something to wait for", async () => {
  const problem = Response.json({ code: "EXECUTION_NOT_FOUND", title: "No", detail: "None." }, { status: 404 });
  await assert.rejects(follow([problem]), { code: "EXECUTION_NOT_FOUND" });
});

test("a server that never answers is given up, one that has answered before is not", async () => {
  const unavailable = () => Response.json({ code: "UNAVAILABLE" }, { status: 503 });
  await assert.rejects(follow([unavailable()]), { code: "UNAVAILABLE" });
  const bytes = new TextEncoder().encode(message(1));
  assert.deepEqual((await follow([streamOf([bytes]), unavailable(), unavailable()])).asked, ["0", "1", "1", "1"]);
});
