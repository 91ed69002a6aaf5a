import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { ROUTES } from "../core/protocol/routes.ts";
import { accessRefusal } from "./access.ts";
import { openRig, type Rig, WAITING } from "./rig.test.ts";

/** `fetch` sets `Host` and `Origin` by itself; here they are what the test says. */
function ask(
  rig: Rig,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const sent = request(rig.url + path, { method, headers }, (response) => {
    let text = "";
    response.on("data", (chunk) => {
      text += chunk;
    });
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
  });
  sent.on("error", reject);
  sent.end();
  return promise;
}

test("on a loopback address the server answers to its own names only", async () => {
  await using rig = await openRig();
  for (const host of ["localhost:8080", "127.0.0.1", "[::1]:9090", "LOCALHOST", "flows.localhost"]) {
    assert.equal((await ask(rig, "GET", "/health", { host })).status, 200, host);
  }
  for (const host of [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "169.254.169.254",
    "a b",
    "localhost@evil.example",
  ]) {
    for (const path of ["/health", "/api/v1/workflows", "/", "/nowhere"]) {
      const answer = await ask(rig, "GET", path, { host });
      assert.ok(answer.status === 421 || answer.status === 400, `${host} ${path} ${answer.status}`);
      assert.doesNotMatch(answer.text, /"status":"ok"|items/);
    }
  }
});

test("a page of another site changes nothing", async () => {
  await using rig = await openRig();
  const host = new URL(rig.url).host;
  for (const headers of [
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { origin: `http://${host}`, "sec-fetch-site": "cross-site" },
  ]) {
    const answer = await ask(rig, "POST", "/api/v1/executions/x/cancel", { host, ...headers } as Record<
      string,
      string
    >);
    assert.deepEqual([answer.status, JSON.parse(answer.text).code], [403, "ORIGIN_NOT_ALLOWED"]);
  }
  const own = await ask(rig, "POST", "/api/v1/executions/x/cancel", {
    host,
    origin: `http://${host}`,
    "sec-fetch-site": "same-origin",
  });
  assert.equal(JSON.parse(own.text).code, "EXECUTION_NOT_FOUND");
});

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}

test("nothing but the table is served, whatever the method", async () => {
  await using rig = await openRig();
  for (const path of new Set(ROUTES.map((route) => route.path))) {
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]) {
      const address = path.replaceAll(/\{\w+\}/g, "x");
      if (ROUTES.some((route) => route.method === method && patternOf(route.path).test(address))) continue;
      const answer = await ask(rig, method, address, { host: "localhost" });
      assert.ok(answer.status === 405 || answer.status === 404, `${method} ${path}: ${answer.status}`);
    }
  }
});

test("a server that others can reach does not start by accident", async () => {
  assert.equal(accessRefusal({ host: "127.0.0.1", authEnabled: null, publicUrl: null }), null);
  assert.equal(accessRefusal({ host: "::1", authEnabled: null, publicUrl: null }), null);
  assert.equal(accessRefusal({ host: "0.0.0.0", authEnabled: false, publicUrl: null }), null);
  assert.match(accessRefusal({ host: "0.0.0.0", authEnabled: null, publicUrl: null }) ?? "", /security\.auth_enabled/);
  assert.match(accessRefusal({ host: "127.0.0.1", authEnabled: true, publicUrl: null }) ?? "", /no users/);
  await assert.rejects(openRig({ config: { host: "0.0.0.0" } }), /security\.auth_enabled/);
});

test("behind a public address links are made with it, and its name is one of ours", async () => {
  await using rig = await openRig({ config: { publicUrl: "https://flows.example.com/" } });
  assert.equal((await ask(rig, "GET", "/health", { host: "flows.example.com" })).status, 200);
  await rig.register(WAITING);
  const started = await rig.post("/api/v1/workflows/waiting/execute", {});
  assert.match(String(started.body.tracking_url), /^https:\/\/flows\.example\.com\/executions\//);
});
