import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { type Check, runChecks } from "./checks.ts";

/** A server that answers the first bytes of each connection with `answer`; null: it hangs up. */
async function listen(answer: string | null): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => (answer === null ? socket.end() : socket.write(answer)));
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
  const address = server.address();
  assert(typeof address === "object" && address !== null, "a server to have an address");
  return {
    port: address.port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

async function run(check: Check): Promise<readonly [string, string | null]> {
  const [result] = await runChecks([check], new AbortController().signal);
  return [result?.status ?? "", result?.message ?? null];
}

const host = "127.0.0.1";

test("each kind of check tells a service that is there from one that is not", async () => {
  await using http = await listen("HTTP/1.1 204 No Content\r\n\r\n");
  await using broken = await listen("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n");
  await using redis = await listen("+PONG\r\n");
  await using guarded = await listen("-NOAUTH Authentication required.\r\n");
  await using postgres = await listen("N");
  await using other = await listen("hello\r\n");
  await using mute = await listen(null);
  const well: readonly Check[] = [
    { name: "c", type: "http", url: `http://${host}:${http.port}/` },
    { name: "c", type: "tcp", host, port: other.port },
    { name: "c", type: "redis", host, port: redis.port },
    { name: "c", type: "redis", host, port: guarded.port },
    { name: "c", type: "postgres", host, port: postgres.port },
    { name: "c", type: "own", run: async () => {} },
  ];
  for (const check of well) assert.deepEqual(await run(check), ["healthy", null], check.type);
  const ill: readonly (readonly [Check, RegExp])[] = [
    [{ name: "c", type: "http", url: `http://${host}:${broken.port}/` }, /answered 500/],
    [{ name: "c", type: "http", url: "http://127.0.0.1:1/" }, /./],
    [{ name: "c", type: "tcp", host, port: 1 }, /ECONNREFUSED/],
    [{ name: "c", type: "redis", host, port: other.port }, /something else/],
    [{ name: "c", type: "postgres", host, port: other.port }, /something else/],
    [{ name: "c", type: "redis", host, port: mute.port }, /hung up/],
    [{ name: "c", type: "own", run: () => Promise.reject(new Error("No disk.")) }, /^No disk\.$/],
    [
      {
        name: "c",
        type: "own",
        run() {
          throw "words";
        },
      },
      /^words$/,
    ],
  ];
  for (const [check, said] of ill) {
    const [status, message] = await run(check);
    assert.equal(status, "unhealthy", check.type);
    assert.match(message ?? "", said);
  }
});

test("a check that does not end is unhealthy after its time, and holds nobody up", async () => {
  const [hanging, fine] = await runChecks(
    [
      { name: "hanging", type: "own", timeoutMs: 30, run: () => new Promise(() => {}) },
      { name: "fine", type: "own", function: "work", run: () => {} },
    ],
    new AbortController().signal,
  );
  assert.deepEqual([hanging?.status, fine?.status, fine?.function], ["unhealthy", "healthy", "work"]);
  assert.match(hanging?.message ?? "", /in time/);
});
