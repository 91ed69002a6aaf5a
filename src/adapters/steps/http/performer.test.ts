import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createRawServer, type Socket } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Json } from "../../../core/base/json.ts";
import type { EngineTask } from "../../../core/engine/reactions.ts";
import type { Performed } from "../../../ports/performer.ts";
import { createHttpPerformer, type HttpPerformerOptions } from "./performer.ts";

const NOW = Date.parse("2026-11-23T08:00:00Z");

test("a body makes it a POST with JSON, and a JSON answer is a value", async () => {
  const { performed, met } = await call({
    body: { name: "Ada" },
    headers: { "X-One": "1" },
    query: { q: ["a", "b"], page: 2 },
  });
  assert.deepEqual(performed.status === "completed" && performed.output, { ok: true });
  assert.equal(performed.status === "completed" && performed.http?.status, 200);
  assert.equal(met[0]?.method, "POST");
  assert.equal(met[0]?.url, "/path?q=a&q=b&page=2");
  assert.equal(met[0]?.headers["content-type"], "application/json");
  assert.equal(met[0]?.headers["x-one"], "1");
  assert.equal(met[0]?.body, '{"name":"Ada"}');
});

test("without body and input nothing is sent, by GET", async () => {
  const { met } = await call({});
  assert.equal(met[0]?.method, "GET");
  assert.equal(met[0]?.body, "");
  assert.equal(met[0]?.headers["content-type"], undefined);
});

test("the input is the JSON body, or the query of GET and DELETE; a body stands before it", async () => {
  assert.equal((await call({ input: { a: 1 } })).met[0]?.body, '{"a":1}');
  assert.equal((await call({ input: { a: 1 }, method: "put" })).met[0]?.method, "PUT");
  const deleted = (await call({ input: { a: 1, none: null, o: { b: 2 } }, method: "DELETE" })).met[0];
  assert.deepEqual([deleted?.url, deleted?.body], ["/path?a=1&o=%7B%22b%22%3A2%7D", ""]);
  assert.equal((await call({ input: { a: 1 }, body: [1] })).met[0]?.body, "[1]");
});

test("a text body is sent as it is, a form as a form", async () => {
  const text = (await call({ body: "hällo" })).met[0];
  assert.deepEqual([text?.body, text?.headers["content-type"]], ["hällo", "text/plain; charset=utf-8"]);
  const form = (
    await call({ body: { a: "x y", b: [1, 2] }, headers: { "Content-Type": "application/x-www-form-urlencoded" } })
  ).met[0];
  assert.equal(form?.body, "a=x+y&b=1&b=2");
});

test("each request carries an idempotency key, the same for all attempts", async () => {
  assert.equal((await call({}, { attempt: 3 })).met[0]?.headers["idempotency-key"], "e1/pay");
  assert.equal((await call({ idempotency_key: "mine" })).met[0]?.headers["idempotency-key"], "mine");
});

test("auth becomes a header", async () => {
  const sent = async (auth: Json) => (await call({ auth })).met[0]?.headers;
  assert.equal((await sent({ type: "bearer", token: "t" }))?.authorization, "Bearer t");
  assert.equal(
    (await sent({ type: "basic", username: "ada", password: "pw:1" }))?.authorization,
    `Basic ${btoa("ada:pw:1")}`,
  );
  assert.equal((await sent({ type: "api_key", key: "k" }))?.["x-api-key"], "k");
  assert.equal((await sent({ type: "api_key", header: "X-Token", value: "k" }))?.["x-token"], "k");
  assert.equal((await call({ userInfo: "ada:p%40" })).met[0]?.headers.authorization, `Basic ${btoa("ada:p@")}`);
  checkFailed((await call({ auth: { type: "magic" } })).performed, "VALIDATION_FAILED", /bearer, basic or api_key/);
});

test("a service lends its address, headers and proofs; the step's own stand before them", async () => {
  const services = {
    shop: {
      url: "/api/v1?key=1",
      headers: { "x-a": "service", "x-b": "service" },
      auth: { type: "bearer", token: "s" },
    },
  };
  const { met } = await call(
    { url: null, service: "shop", endpoint: "/orders/7", headers: { "X-A": "step" } },
    {},
    { services },
  );
  assert.equal(met[0]?.url, "/api/v1/orders/7?key=1");
  assert.deepEqual(
    [met[0]?.headers["x-a"], met[0]?.headers["x-b"], met[0]?.headers.authorization],
    ["step", "service", "Bearer s"],
  );
});

test("an endpoint cannot lead out of its service", async () => {
  const services = { shop: { url: "/api/v1" } };
  for (const endpoint of ["../admin", "/a/../../../admin", "%2e%2e/admin", "..\\admin", "a/%2E./../../x"]) {
    const { performed, met } = await call({ url: null, service: "shop", endpoint }, {}, { services });
    checkFailed(performed, "VALIDATION_FAILED", /below service "shop"/);
    assert.equal(met.length, 0);
  }
  for (const endpoint of ["//evil.example/x", "https://evil.example/x", "@evil.example"]) {
    const { met } = await call({ url: null, service: "shop", endpoint }, {}, { services });
    assert.match(met[0]?.url ?? "", /^\/api\/v1\//);
  }
  checkFailed((await call({ url: null, service: "none" })).performed, "VALIDATION_FAILED", /"none"/);
});

test("a request that is none is refused before anything is sent", async () => {
  const cases: readonly (readonly [Record<string, Json>, RegExp])[] = [
    [{ url: "nonsense" }, /absolute address/],
    [{ url: "file:///etc/passwd" }, /http: or https:/],
    [{ url: null }, /neither/],
    [{ method: "CONNECT" }, /`method`/],
    [{ method: "GET / HTTP/1.1\r\nX: y" }, /`method`/],
    [{ headers: { "X-A": "a\r\nX-Evil: 1" } }, /one line/],
    [{ headers: { "X-A\r\nX-Evil": "1" } }, /header's name/],
    [{ headers: { "X-A": "\u0000" } }, /one line/],
    [{ headers: { "X-A": "→" } }, /Latin-1/],
    [{ headers: { Host: "other" } }, /left to the platform/],
    [{ headers: { "Transfer-Encoding": "chunked" } }, /left to the platform/],
    [{ headers: { "Content-Length": "0" } }, /left to the platform/],
    [{ headers: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`x-${i}`, "1"])) }, /at most 100 headers/],
    [{ headers: { "X-A": "a".repeat(100_000) } }, /bytes long/],
    [{ idempotency_key: "a\nb" }, /one line/],
    [{ auth: { type: "bearer", token: "a\r\nb" } }, /one line/],
    [{ query: [1] }, /`query`/],
    [{ input: "text", method: "GET" }, /`input`/],
  ];
  for (const [fields, message] of cases) {
    const { performed, met } = await call(fields);
    checkFailed(performed, "VALIDATION_FAILED", message);
    assert.equal(met.length, 0);
  }
});

test("answers are decoded by their content type", async () => {
  const output = async (type: string | null, body: string | Buffer, headers: Record<string, string> = {}) => {
    const { performed } = await call({}, {}, {}, (_, response) => {
      response.writeHead(200, { ...(type === null ? {} : { "content-type": type }), ...headers });
      response.end(body);
    });
    return performed.status === "completed" ? performed.output : performed.error.code;
  };
  assert.deepEqual(
    await output("application/problem+json; charset=utf-8", '{"__proto__": 1}'),
    JSON.parse('{"__proto__": 1}'),
  );
  assert.equal(await output("application/json", ""), null);
  assert.equal(await output("application/json", "{oops"), "VALIDATION_FAILED");
  assert.equal(await output("application/json", "1e400"), "VALIDATION_FAILED");
  assert.equal(await output("application/json", "[".repeat(100_000) + "]".repeat(100_000)), "VALIDATION_FAILED");
  assert.equal(await output("application/json\ta", "{}"), "e30=");
  assert.equal(await output("text/html; charset=iso-8859-1", Buffer.from([0xe4])), "ä");
  assert.equal(await output("text/plain; charset=nonsense", "ä"), "ä");
  assert.equal(await output("image/png", Buffer.from([1, 2, 255])), "AQL/");
  assert.equal(await output(null, "plain"), "plain");
  assert.equal(
    await output("application/json", gzipSync('{"a":1}'), { "content-encoding": "gzip" }).then(JSON.stringify),
    '{"a":1}',
  );
  assert.equal(
    await output("text/plain", gzipSync(Buffer.alloc(50_000_000)), { "content-encoding": "gzip" }),
    "PAYLOAD_TOO_LARGE",
  );
});

test("a status that is not expected fails the step, with what the server said", async () => {
  const answer =
    (status: number, headers: Record<string, string>) => (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end('{"why":"busy"}');
    };
  const { performed } = await call({ query: { token: "s3cret" } }, {}, {}, answer(503, { "retry-after": "7" }));
  checkFailed(performed, "HTTP_503", /answered with 503/);
  assert.deepEqual(performed.status === "failed" && performed.error.details, { status: 503, body: { why: "busy" } });
  assert.equal(performed.status === "failed" && performed.error.retry_after, 7);
  assert.doesNotMatch(JSON.stringify(performed), /s3cret/);
  const dated = await call({}, {}, {}, answer(429, { "retry-after": "Mon, 23 Nov 2026 08:00:30 GMT" }));
  assert.equal(dated.performed.status === "failed" && dated.performed.error.retry_after, 30);
  const odd = await call({}, {}, {}, answer(429, { "retry-after": "soon" }));
  assert.equal(odd.performed.status === "failed" && odd.performed.error.retry_after, undefined);
  const fine = await call(
    {
      expect_status: [
        { from: 200, to: 299 },
        { from: 404, to: 404 },
      ],
    },
    {},
    {},
    answer(404, {}),
  );
  assert.equal(fine.performed.status, "completed");
});

test("an answer that is too large is refused, however it is sent; of an error only the beginning is kept", async () => {
  const huge = (status: number) => (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { "content-type": "text/plain" });
    const write = () => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    };
    response.on("drain", write);
    write();
  };
  checkFailed((await call({}, {}, {}, huge(200))).performed, "PAYLOAD_TOO_LARGE", /1048576 bytes.*"pay"/);
  const { performed } = await call({}, {}, {}, huge(500));
  checkFailed(performed, "HTTP_500", /500/);
  assert.equal(JSON.stringify(performed).length < 6000, true);
});

test("redirects are followed, with the method that the status asks for", async () => {
  const redirect = (status: number) => (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === "/path") response.writeHead(status, { location: "/next?x=1" }).end();
    else response.end();
  };
  const seen = await call({ body: { a: 1 }, headers: { authorization: "k" } }, {}, {}, redirect(302));
  assert.deepEqual([seen.met[1]?.method, seen.met[1]?.url, seen.met[1]?.body], ["GET", "/next?x=1", ""]);
  assert.equal(seen.met[1]?.headers.authorization, "k", "the same origin gets the same proofs");
  assert.equal(seen.met[1]?.headers["content-type"], undefined);
  const kept = await call({ body: { a: 1 } }, {}, {}, redirect(307));
  assert.deepEqual([kept.met[1]?.method, kept.met[1]?.body], ["POST", '{"a":1}']);
  const expected = await call({ expect_status: [{ from: 302, to: 302 }] }, {}, {}, redirect(302));
  assert.deepEqual([expected.performed.status, expected.met.length], ["completed", 1]);
});

test("a redirect to another origin gets nothing that proves who we are", async () => {
  await withServer(
    (_, response) => response.end(),
    async (other, met) => {
      const { performed } = await call(
        { headers: { authorization: "k", cookie: "c", "X-Api-Key": "k", accept: "text/html" } },
        {},
        {},
        (_, response) => response.writeHead(302, { location: `${other}/there` }).end(),
      );
      assert.equal(performed.status, "completed");
      assert.equal(met[0]?.headers.authorization ?? met[0]?.headers.cookie ?? met[0]?.headers["x-api-key"], undefined);
      assert.equal(met[0]?.headers.accept, "text/html");
    },
  );
});

test("a redirect that never ends, or leads somewhere else than the web, fails", async () => {
  const loop = await call({}, {}, {}, (_, response) => response.writeHead(302, { location: "/path" }).end());
  checkFailed(loop.performed, "HTTP_302", /302/);
  assert.equal(loop.met.length, 6);
  const file = await call({}, {}, {}, (_, response) =>
    response.writeHead(302, { location: "file:///etc/passwd" }).end(),
  );
  checkFailed(file.performed, "VALIDATION_FAILED", /http or https/);
});

test("no connection is made to an address that the policy closes, wherever its name comes from", async () => {
  const closed = { outgoing: { allow: [], deny: [] } };
  for (const host of [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "017700000001",
    "127.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "localhost",
  ]) {
    const { performed, met } = await call({ host }, {}, closed);
    checkFailed(performed, "CONNECTION_FAILED", /not open to steps/);
    assert.equal(performed.status === "failed" && performed.error.retryable, false);
    assert.equal(met.length, 0);
  }
  const resolve: HttpPerformerOptions["resolve"] = (_, callback) =>
    callback(null, [{ address: "127.0.0.1", family: 4 }]);
  const named = await call({ host: "innocent.example" }, {}, { ...closed, resolve });
  checkFailed(named.performed, "CONNECTION_FAILED", /"innocent.example" leads to 127.0.0.1/);
  assert.equal(named.met.length, 0);
});

test("each redirect is judged as well", async () => {
  for (const location of [
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:169.254.169.254]/",
    "http://0xa9fea9fe/",
    "http://10.0.0.1/",
  ]) {
    const { performed, met } = await call({}, {}, {}, (_, response) => response.writeHead(302, { location }).end());
    checkFailed(performed, "CONNECTION_FAILED", /not open to steps/);
    assert.equal(met.length, 1);
  }
});

test("a name that leads elsewhere the second time is judged the second time", async () => {
  let lookups = 0;
  const resolve: HttpPerformerOptions["resolve"] = (_, callback) => {
    lookups += 1;
    callback(null, [{ address: lookups === 1 ? "127.0.0.1" : "10.0.0.1", family: 4 }]);
  };
  await withServer(
    (_, response) => response.writeHead(302, { location: "/again", connection: "close" }).end(),
    async (origin) => {
      const performer = createPerformer(origin, { resolve });
      const performed = await performer.perform(requestOf({ url: origin.replace("127.0.0.1", "rebound.example") }));
      checkFailed(performed, "CONNECTION_FAILED", /10\.0\.0\.1/);
      await performer[Symbol.asyncDispose]();
    },
  );
});

test("a server that cannot be reached, or breaks off, is a failed connection", async () => {
  const refused = await call({ url: "http://127.0.0.1:1/" });
  checkFailed(refused.performed, "CONNECTION_FAILED", /ECONNREFUSED/);
  const broken = await call({}, {}, {}, (_, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("x");
    setImmediate(() => response.destroy());
  });
  checkFailed(broken.performed, "CONNECTION_FAILED", /to answer/);
  const resolve: HttpPerformerOptions["resolve"] = (_, callback) =>
    callback(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }), []);
  checkFailed((await call({ host: "nowhere.example" }, {}, { resolve })).performed, "CONNECTION_FAILED", /ENOTFOUND/);
});

test("a server that speaks something else than HTTP is a failed connection", async () => {
  for (const bytes of [
    "SSH-2.0-x\r\n",
    `HTTP/1.1 200 OK\r\nX: ${"a".repeat(100_000)}\r\n\r\n`,
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
  ]) {
    await withRawServer(
      (socket) => socket.end(bytes),
      async (origin) => checkFailed((await call({ url: origin })).performed, "CONNECTION_FAILED", /to answer/),
    );
  }
});

test("a slow server is given up when the service's time is over, or the attempt is cancelled", async () => {
  const drip = (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200);
    response.write("x");
  };
  const services = { shop: { url: "/", timeoutMs: 50 } };
  const slow = await call({ url: null, service: "shop", endpoint: "x" }, {}, { services }, drip);
  checkFailed(slow.performed, "TIMEOUT", /within 50 ms/);
  await withServer(drip, async (origin) => {
    const performer = createPerformer(origin);
    const controller = new AbortController();
    const performing = performer.perform(requestOf({ url: origin }, {}, controller.signal));
    setImmediate(() => controller.abort());
    assert.equal((await performing).status, "failed");
    await performer[Symbol.asyncDispose]();
  });
});

test("a kept connection that the server closes meanwhile is opened again", async () => {
  let served = 0;
  await withRawServer(
    (socket) => {
      let requests = 0;
      socket.on("data", () => {
        requests += 1;
        // The second request on a connection meets a closed door.
        if (requests === 2) socket.destroy();
        else {
          served += 1;
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
      });
    },
    async (origin) => {
      const performer = createPerformer(origin);
      for (let i = 0; i < 2; i++) {
        const performed = await performer.perform(requestOf({ url: origin, method: "POST", body: { n: i } }));
        assert.equal(performed.status, "completed");
      }
      assert.equal(served, 2);
      await performer[Symbol.asyncDispose]();
    },
  );
});

test("services that are configured wrongly are an error at start-up", () => {
  const create = (service: { url: string; headers?: Record<string, string> }) => () =>
    createHttpPerformer({ ...OPTIONS, services: { shop: service } });
  assert.throws(create({ url: "shop.example" }), /service "shop".*absolute address/);
  assert.throws(create({ url: "ftp://shop.example" }), /http: or https:/);
  assert.throws(create({ url: "https://shop.example", headers: { "X-A": "a\nb" } }), /one line/);
});

const OPTIONS: HttpPerformerOptions = {
  services: {},
  outgoing: { allow: ["127.0.0.0/8"], deny: [] },
  bytesMax: 1_048_576,
  now: () => NOW,
};

interface Met {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** One step against a server of its own. `url` is the server's /path unless given; `host` replaces the server's name in it. */
async function call(
  { host, userInfo, ...fields }: Record<string, Json> & { host?: string; userInfo?: string },
  task: Partial<EngineTask> = {},
  options: Partial<HttpPerformerOptions> = {},
  answer: RequestListener = (_, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}'),
): Promise<{ performed: Performed; met: readonly Met[] }> {
  return withServer(answer, async (origin, met) => {
    const performer = createPerformer(origin, options);
    const url = new URL(`${origin}/path`);
    const base = `http://${userInfo === undefined ? "" : `${userInfo}@`}${host ?? url.hostname}:${url.port}/path`;
    const performed = await performer.perform(requestOf({ url: base, ...fields }, task));
    await performer[Symbol.asyncDispose]();
    return { performed, met };
  });
}

/** Services of the options are paths on the server. */
function createPerformer(origin: string, options: Partial<HttpPerformerOptions> = {}) {
  const services = Object.fromEntries(
    Object.entries(options.services ?? {}).map(([name, service]) => [
      name,
      { ...service, url: `${origin}${service.url}` },
    ]),
  );
  return createHttpPerformer({ ...OPTIONS, ...options, services });
}

function requestOf(input: Json, change: Partial<EngineTask> = {}, signal: AbortSignal = new AbortController().signal) {
  const task: EngineTask = {
    id: "e1/pay/1",
    executionId: "e1",
    workflow: "order",
    version: "1.0.0",
    step: "pay",
    path: "pay",
    executor: "@http",
    function: "request",
    attempt: 1,
    attemptsMax: 1,
    input,
    secrets: [],
    metadata: {},
    labels: {},
    priority: 5,
    timeoutMs: null,
    queueTimeoutMs: null,
    heartbeatTimeoutMs: null,
    deadline: null,
    circuit: null,
    createdAt: NOW,
    ...change,
  };
  return { task, workspace: "w", signal };
}

function checkFailed(performed: Performed, code: string, message: RegExp): void {
  assert.ok(performed.status === "failed", `Expected ${code}, but it completed.`);
  assert.equal(performed.error.code, code, performed.error.message);
  assert.match(performed.error.message, message);
}

async function withServer<T>(answer: RequestListener, work: (origin: string, met: Met[]) => Promise<T>): Promise<T> {
  const met: Met[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    met.push({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, met);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function withRawServer(serve: (socket: Socket) => void, work: (origin: string) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createRawServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
