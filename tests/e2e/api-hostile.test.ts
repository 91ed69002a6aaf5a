/** Clients that mean ill, or are broken: each is answered or cut off, and nobody else notices. */

import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
before(async () => {
  platform = await startPlatform();
  await platform.api.register(`apiVersion: magicflow.io/v2
kind: Workflow
metadata: { name: echo, version: 1.0.0 }
spec:
  steps: [{ name: same, type: transform, mapping: { got: $.input } }]
  output: { got: $.same.got }
`);
});
after(async () => {
  await platform[Symbol.asyncDispose]();
  assert.deepEqual(platform.faults, []);
});

interface Conversation {
  readonly socket: Socket;
  /** What the server has said until it closed the connection. */
  readonly closed: Promise<string>;
  /** Resolves once the server has said `words` so many times. */
  until(words: string, times: number): Promise<void>;
}

/** A connection on which anything can be said. */
async function openConversation(): Promise<Conversation> {
  const { hostname, port } = new URL(platform.url);
  const socket = connect({ host: hostname, port: Number(port) });
  let said = "";
  const listeners = new Set<() => void>();
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    said += text;
    for (const listener of listeners) listener();
  });
  // A server that cuts off may do so while we are still speaking.
  socket.on("error", () => {});
  socket.on("close", () => resolve(said));
  await new Promise<void>((connected) => socket.once("connect", () => connected()));
  return {
    socket,
    closed,
    until: (words, times) =>
      new Promise((found, fail) => {
        const look = () => said.split(words).length > times && found();
        listeners.add(look);
        look();
        void closed.then(() => fail(new Error(`Expected ${words}, but the connection closed after: ${said}`)));
      }),
  };
}

/** Says it all, and answers what came back by the time that the server closes the connection. */
async function say(text: string): Promise<string> {
  const { socket, closed } = await openConversation();
  socket.write(text, "latin1");
  return closed;
}

const HOST = "Host: localhost\r\n";

function statusOf(said: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(said)?.[1]);
}

describe("the platform", { concurrency: true, timeout: 120_000 }, () => {
  test("refuses fifty megabytes with a 413, while others are served", async () => {
    const huge = platform.api.refused(413, "PAYLOAD_TOO_LARGE", "POST", "/api/v1/workflows/echo/execute", {
      text: `{"input": "${"x".repeat(50 * 1024 * 1024)}"}`,
      headers: { "content-type": "application/json" },
    });
    let served = 0;
    let isAnswered = false;
    void huge.finally(() => {
      isAnswered = true;
    });
    do {
      assert.equal((await platform.api.get("/api/v1/executions?limit=1")).status, 200);
      served += 1;
    } while (!isAnswered);
    assert.match((await huge).detail, /at most \d+ bytes/);
    assert.ok(served > 0);

    // The same without a length, in chunks.
    const body = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 50; i++) controller.enqueue(new TextEncoder().encode("x".repeat(1024 * 1024)));
        controller.close();
      },
    });
    const init = { method: "POST", body, duplex: "half", headers: { "content-type": "application/json" } };
    const chunked = await fetch(`${platform.url}/api/v1/workflows/echo/execute`, init as RequestInit);
    assert.equal(chunked.status, 413);
  });

  test("takes what fits its limit, to the byte of a payload", async () => {
    const limit = 1024 * 1024;
    const input = "x".repeat(limit - 2);
    const { status } = await platform.api.post("/api/v1/workflows/echo/execute", { input });
    assert.equal(status, 202, "an input of exactly the limit, with its quotes");
    const problem = await platform.api.refused(413, "PAYLOAD_TOO_LARGE", "POST", "/api/v1/workflows/echo/execute", {
      body: { input: `${input}x` },
    });
    assert.match(problem.detail, /1048576|1 MiB/);
  });

  test("refuses JSON that is made to do harm", async () => {
    const headers = { "content-type": "application/json" };
    const execute = "/api/v1/workflows/echo/execute";
    for (const [open, close] of [
      ["[", "]"],
      [`{"a":`, "}"],
    ] as const) {
      const text = `{"input": ${open.repeat(100_000)}1${close.repeat(100_000)}}`;
      assert.match(
        (await platform.api.refused(400, "BAD_REQUEST", "POST", execute, { text, headers })).detail,
        /nested/,
      );
    }
    for (const text of [
      `{"input": {"__proto__": {"admin": true}}}`,
      `{"input": [{"\\u005f_proto__": 1}]}`,
      `{"input": 1e999}`,
    ]) {
      const { errors } = await platform.api.refused(400, "BAD_REQUEST", "POST", execute, { text, headers });
      assert.match(errors[0]?.pointer ?? "", /^\/input/);
    }
    // Of a name that stands twice everybody sees the same value.
    const twice = await platform.api.send("POST", `${execute}?wait=10s`, {
      text: `{"input": {"a": 1, "a": 2}}`,
      headers,
    });
    assert.deepEqual([twice.status, twice.body["output"]], [200, { got: { a: 2 } }]);
    // Names that mean something to JavaScript are names like others.
    const input = { constructor: 1, toString: "x", hasOwnProperty: null, prototype: [], length: 3 };
    const { body } = await platform.api.post(`${execute}?wait=10s`, { input });
    assert.deepEqual(body["output"], { got: input });
    const text = { input: { "": 0, "a/b~c": "\u0000\ud83d\ude00\u2028" } };
    assert.deepEqual((await platform.api.post(`${execute}?wait=10s`, text)).body["output"], { got: text.input });
  });

  test("refuses ten thousand headers, and addresses without end", async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `x-${i}: ${i}\r\n`).join("");
    assert.equal(statusOf(await say(`GET /health HTTP/1.1\r\n${HOST}${many}\r\n`)), 431);
    assert.equal(statusOf(await say(`GET /health HTTP/1.1\r\n${HOST}x: ${"y".repeat(100_000)}\r\n\r\n`)), 431);
    assert.ok([414, 431].includes(statusOf(await say(`GET /${"a".repeat(100_000)} HTTP/1.1\r\n${HOST}\r\n`))));
    const { status } = await platform.api.get(`/api/v1/executions/${"a".repeat(5000)}`);
    assert.ok([400, 404, 414].includes(status), `${status}`);
  });

  test("closes connections that do not speak HTTP", async () => {
    for (const text of [
      "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
      "HELO mail.example.com\r\n\r\n",
      "GET /health\r\n\r\n",
      `GET /health HTTP/1.1\r\n${HOST}Bad Header: 1\r\n\r\n`,
      `POST /api/v1/events HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST /api/v1/events HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`,
      `POST /api/v1/events HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`,
    ]) {
      const said = await say(text);
      assert.ok(said === "" || [400, 421].includes(statusOf(said)), `${JSON.stringify(text)}: ${said}`);
    }
  });

  test("answers to its own names only, and to no page of another site", async () => {
    assert.equal(
      statusOf(await say("GET /api/v1/executions HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")),
      421,
    );
    assert.equal(statusOf(await say("GET /health HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n")), 421);
    assert.equal(statusOf(await say(`GET /health HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`)), 200);
    const headers = { origin: "https://evil.example" };
    await platform.api.refused(403, "ORIGIN_NOT_ALLOWED", "POST", "/api/v1/workflows/echo/execute", {
      body: {},
      headers,
    });
    await platform.api.refused(400, "BAD_REQUEST", "GET", "/api/v1/executions/%E0%A4%A");
    await platform.api.refused(404, "EXECUTION_NOT_FOUND", "GET", "/api/v1/executions/..%2f..%2fetc%2fpasswd");
  });

  test("cuts off clients that never finish, and serves others meanwhile", async () => {
    const slow = await Promise.all(Array.from({ length: 300 }, openConversation));
    for (const [i, { socket }] of slow.entries()) {
      // Some stop within the headers, some within the body, some say nothing at all.
      if (i % 3 === 0) socket.write(`GET /health HTTP/1.1\r\n${HOST}x-slow:`);
      if (i % 3 === 1)
        socket.write(
          `POST /api/v1/events HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
        );
    }
    const { body } = await platform.api.post("/api/v1/workflows/echo/execute?wait=10s", { input: 1 });
    assert.deepEqual(body["output"], { got: 1 });
    // Within the bound for headers; those within a body are given longer than this test has.
    const first = slow[0];
    assert(first !== undefined, "a client that is slow");
    assert.equal(statusOf(await first.closed), 408);
    for (const { socket } of slow) socket.destroy();
    assert.equal((await platform.api.get("/ready")).status, 200);
  });

  test("lets go of a client that leaves in the middle", async () => {
    for (let i = 0; i < 50; i++) {
      const { socket } = await openConversation();
      socket.write(
        `POST /api/v1/tasks/poll HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 60\r\n\r\n`,
      );
      socket.write(`{"executor": "left-${i}", "instance": "i", "wait_ms": 60000}`.padEnd(60));
      socket.end();
      socket.destroy();
    }
    const keepAlive = await openConversation();
    keepAlive.socket.write(`GET /health HTTP/1.1\r\n${HOST}\r\n`.repeat(20));
    await keepAlive.until("HTTP/1.1 200 ", 20);
    keepAlive.socket.destroy();
    assert.equal((await platform.api.get("/ready")).status, 200);
  });
});
