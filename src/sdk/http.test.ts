import assert from "node:assert/strict";
import { test } from "node:test";
import { MagicFlowError } from "./errors.ts";
import { connect, delayMs } from "./http.ts";

type Answer = Response | Error;

/** A connection to a server that gives these answers, one after the other. */
function connectionTo(answers: readonly Answer[], options: { retries?: number; token?: string } = {}) {
  const requests: { url: string; headers: Headers; body: unknown }[] = [];
  const connection = connect({
    url: "http://platform.test/",
    fetch: async (input, init) => {
      requests.push({ url: String(input), headers: new Headers(init?.headers), body: init?.body });
      const answer = answers[requests.length - 1] ?? new Error("one request too many");
      if (answer instanceof Error) throw answer;
      return answer;
    },
    ...options,
  });
  return { connection, requests };
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

test("a call says who asks, for what, and in what form", async () => {
  const { connection, requests } = connectionTo([answer(200, { ok: true })], { token: "mf_1" });
  const called = await connection.call({
    method: "POST",
    path: "/api/v1/things",
    query: { a: "1 & 2", left: undefined },
    body: { x: 1 },
  });
  assert.deepEqual([called.status, called.body], [200, { ok: true }]);
  const [request] = requests;
  assert.equal(request?.url, "http://platform.test/api/v1/things?a=1+%26+2");
  assert.equal(request?.body, `{"x":1}`);
  assert.equal(request?.headers.get("authorization"), "Bearer mf_1");
  assert.equal(request?.headers.get("content-type"), "application/json");
  assert.match(request?.headers.get("user-agent") ?? "", /^magicflow-ts\//);
});

test("what may pass is tried again: broken connections, 408, 429 and 5xx", async () => {
  for (const failure of [new TypeError("fetch failed"), answer(408, {}), answer(429, {}), answer(503, {})]) {
    const { connection, requests } = connectionTo([failure, answer(200, 1)]);
    assert.equal((await connection.call({ method: "GET", path: "/" })).body, 1);
    assert.equal(requests.length, 2);
  }
});

test("what will not pass is an error at once, with all that the problem says", async () => {
  const problem = {
    code: "VALIDATION_FAILED",
    title: "Breaks",
    detail: "Expected.",
    errors: [{ pointer: "/a", detail: "x" }],
  };
  const { connection, requests } = connectionTo([answer(422, problem)]);
  await assert.rejects(connection.call({ method: "GET", path: "/" }), (error) => {
    assert(error instanceof MagicFlowError, "an error of the client");
    assert.deepEqual([error.status, error.code, error.message], [422, "VALIDATION_FAILED", "Breaks: Expected."]);
    assert.deepEqual(error.problem.errors, problem.errors);
    return true;
  });
  assert.equal(requests.length, 1);
});

test("tries end, and the last failure is told with its reason", async () => {
  const refused = Object.assign(new TypeError("fetch failed"), { cause: new Error("connect ECONNREFUSED") });
  const { connection, requests } = connectionTo([refused, refused], { retries: 1 });
  await assert.rejects(connection.call({ method: "GET", path: "/" }), {
    code: "CONNECTION_FAILED",
    status: 0,
    message: /connect ECONNREFUSED/,
  });
  assert.equal(requests.length, 2);
});

test("nobody comes back sooner than Retry-After asks", async () => {
  const { connection } = connectionTo([answer(429, {}, { "retry-after": "1" }), answer(200, 1)]);
  const begun = performance.now();
  await connection.call({ method: "GET", path: "/" });
  assert.ok(performance.now() - begun >= 990);
});

test("a call that is given up is neither tried again nor waited for", async () => {
  const abort = new AbortController();
  const { connection, requests } = connectionTo([new TypeError("fetch failed"), answer(200, 1)]);
  const call = connection.call({ method: "GET", path: "/", signal: abort.signal });
  abort.abort();
  await assert.rejects(call, { code: "ABORTED" });
  assert.ok(requests.length <= 1);
});

test("an answer that claims to be JSON and is none is an error", async () => {
  const broken = new Response("<html>", { status: 200, headers: { "content-type": "application/json" } });
  const { connection } = connectionTo([broken]);
  await assert.rejects(connection.call({ method: "GET", path: "/" }), { code: "BAD_ANSWER" });
});

test("delays grow, are spread, and stay within ten seconds", () => {
  for (let attempt = 0; attempt < 200; attempt++) {
    const full = Math.min(100 * 2 ** attempt, 10_000);
    const delay = delayMs(attempt);
    assert.ok(delay >= full / 2 && delay <= full, `${attempt}: ${delay}`);
  }
});
