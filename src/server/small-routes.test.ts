import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Json, JsonObject } from "../core/base/json.ts";
import { ORDER, openRig, WAITING } from "./rig.test.ts";

describe("events", () => {
  const results = async (rig: Awaited<ReturnType<typeof openRig>>, id: string) =>
    (await rig.get(`/api/v1/executions/${id}/results?wait=5s`)).body.output;

  test("wake the waits that they fit, in whatever form they come", async () => {
    await using rig = await openRig();
    await rig.register(WAITING);
    const cloud = { specversion: "1.0", id: "1", source: "/shop", type: "payment" };
    const cases: readonly [string, (order: string) => Promise<{ status: number; text: string }>][] = [
      [
        "plain",
        (order) => rig.post("/api/v1/events", { name: "payment", correlation_key: order, data: { amount: 1 } }),
      ],
      [
        "plain with a word of the steps",
        (order) => rig.post("/api/v1/events", { event: "payment", correlation_key: order, data: { amount: 1 } }),
      ],
      [
        "plain, several",
        (order) =>
          rig.post("/api/v1/events", {
            events: [{ name: "other" }, { name: "payment", correlation_key: order, data: { amount: 1 } }],
          }),
      ],
      [
        "structured",
        (order) =>
          rig.post(
            "/api/v1/events",
            { ...cloud, id: order, correlationkey: order, data: { amount: 1 } },
            { "content-type": "application/cloudevents+json" },
          ),
      ],
      [
        "structured with a subject",
        (order) => rig.post("/api/v1/events", { ...cloud, id: order, subject: order, data: { amount: 1 } }),
      ],
      [
        "batched",
        (order) =>
          rig.post("/api/v1/events", [{ ...cloud, id: order, subject: order, data: { amount: 1 } }], {
            "content-type": "application/cloudevents-batch+json",
          }),
      ],
      [
        "binary",
        (order) =>
          rig.post(
            "/api/v1/events",
            { amount: 1 },
            {
              "ce-specversion": "1.0",
              "ce-id": order,
              "ce-source": "/shop",
              "ce-type": "payment",
              "ce-subject": encodeURIComponent(order),
            },
          ),
      ],
    ];
    for (const [order, publish] of cases) {
      const id = await rig.start("waiting", { input: { order } });
      const answer = await publish(order);
      assert.equal(answer.status, 202, `${order}: ${answer.text}`);
      assert.deepEqual(await results(rig, id), { amount: 1 }, order);
    }
  });

  test("are answered with their ids", async () => {
    await using rig = await openRig();
    const answer = await rig.post("/api/v1/events", { name: "payment", id: "e-1" });
    assert.deepEqual(answer.body, { events: [{ id: "e-1", name: "payment" }] });
    const keyed = await rig.post("/api/v1/events", [{ name: "a" }, { name: "b" }], { "idempotency-key": "k" });
    assert.deepEqual(keyed.body, {
      events: [
        { id: "k:0", name: "a" },
        { id: "k:1", name: "b" },
      ],
    });
  });

  test("that do not fit are refused, all of them", async () => {
    await using rig = await openRig();
    for (const [body, pointer] of [
      [{ data: {} }, "/name"],
      [{ name: "a", type: "b" }, "/name"],
      [{ name: "a", dta: 1 }, "/dta"],
      [[{ name: "a" }, { name: 1 }], "/1/name"],
      [{ events: [] }, "/events"],
      [{ specversion: "1.0", id: "1", type: "x" }, "/source"],
      [{ specversion: "0.3", id: "1", source: "s", type: "x" }, "/specversion"],
      ["payment", ""],
    ] as const) {
      const refused = await rig.post("/api/v1/events", body);
      assert.deepEqual(
        [refused.status, (refused.body.errors as JsonObject[])[0]?.pointer],
        [400, pointer],
        refused.text,
      );
    }
  });
});

describe("expressions", () => {
  const people = {
    people: [
      { name: "Ada", age: 36 },
      { name: "Bob", age: 17 },
    ],
    limit: 18,
  };

  test("are evaluated against any data", async () => {
    await using rig = await openRig();
    const cases: readonly [string, Json, Json][] = [
      ["$", [1, 2], [1, 2]],
      ["$", "text", "text"],
      ["$..name", people, ["Ada", "Bob"]],
      ["$[?@.a]", [{ a: 1 }, { b: 2 }], [{ a: 1 }]],
      ["$.people[?@.age > 18].name", people, ["Ada"]],
      ["$.people[0].age + 1", people, 37],
      ["people[1].age >= limit", people, false],
      ["$.nobody", people, null],
      ["$[0]", [7], 7],
      ["upper($.people[0].name)", people, "ADA"],
    ];
    for (const [expression, context, value] of cases) {
      const answer = await rig.post("/api/v1/expressions/evaluate", { expression, context });
      assert.deepEqual([answer.status, answer.body], [200, { value }], `${expression}: ${answer.text}`);
    }
    assert.deepEqual((await rig.post("/api/v1/expressions/evaluate", { expression: "1 + 1" })).body, { value: 2 });
  });

  test("that are wrong are refused with the place", async () => {
    await using rig = await openRig();
    for (const expression of ["$.a +", "$.people[", "1 / 0", "'a' - 1"]) {
      const refused = await rig.post("/api/v1/expressions/evaluate", { expression, context: people });
      assert.deepEqual([refused.status, refused.body.code], [422, "EXPRESSION_ERROR"], expression);
      const [error] = refused.body.errors as JsonObject[];
      assert.equal(error?.pointer, "/expression");
      assert.ok(typeof error?.line === "number" && typeof error.column === "number");
    }
    assert.equal((await rig.post("/api/v1/expressions/evaluate", { context: {} })).status, 400);
  });

  test("that would run for ever are stopped", async () => {
    await using rig = await openRig();
    const expression = "matches('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', '^(a+)+$')";
    assert.deepEqual((await rig.post("/api/v1/expressions/evaluate", { expression })).body, { value: false });
    const deep = `${"[".repeat(5000)}1${"]".repeat(5000)}`;
    assert.equal((await rig.post("/api/v1/expressions/evaluate", { expression: deep })).status, 422);
  });
});

describe("health", () => {
  test("tells alive from ready, and everything from each", async () => {
    await using rig = await openRig();
    for (const path of ["/health", "/livez"]) assert.deepEqual((await rig.get(path)).body, { status: "ok" });
    for (const path of ["/ready", "/readyz", "/startupz"]) {
      const ready = await rig.get(path);
      assert.deepEqual([ready.status, ready.body.status], [200, "ok"]);
    }
    assert.deepEqual(Object.keys((await rig.get("/health/components")).body.checks as JsonObject), [
      "store",
      "event_loop",
      "shards",
      "watchdog",
    ]);
    await rig.register(ORDER);
    await rig.start("order");
    const health = (await rig.get("/health/workflow")).body;
    assert.equal((health.executions as JsonObject).running, 1);
  });

  test("is not ready while the storage fails or the server drains, but alive", async () => {
    let isFailing = false;
    await using rig = await openRig({
      change: (host) => ({
        ...host,
        health: () =>
          isFailing
            ? {
                ...host.health(),
                status: "failing",
                store: { status: "failing", error: "The disk is gone.", lastWriteMs: 0 },
              }
            : host.health(),
      }),
    });
    isFailing = true;
    const failing = await rig.get("/ready");
    assert.equal(failing.status, 503);
    assert.deepEqual((failing.body.checks as JsonObject).store, {
      status: "failing",
      latency_ms: 0,
      error: "The disk is gone.",
    });
    assert.equal((await rig.get("/health/components")).status, 200);
    isFailing = false;
    rig.server.drain();
    const draining = await rig.get("/readyz");
    assert.deepEqual([draining.status, draining.body.status], [503, "draining"]);
    assert.equal((await rig.get("/health")).status, 200);
  });
});

describe("documents", () => {
  test("describe the API to programs", async () => {
    await using rig = await openRig();
    const document = await rig.get("/api/docs/openapi.json");
    assert.equal(document.body.openapi, "3.1.0");
    assert.deepEqual((await rig.get("/api/openapi.json")).body, document.body);
    const yaml = await rig.get("/api/openapi.yaml");
    assert.equal(yaml.headers.get("content-type"), "application/yaml; charset=utf-8");
    assert.match(yaml.text, /^openapi: 3\.1\.0$/m);
  });

  test("and to people, on both ports, without scripts and without anything from elsewhere", async () => {
    await using rig = await openRig();
    for (const url of [rig.url, rig.dashboardUrl]) {
      const response = await fetch(`${url}/api/docs/problems`);
      const text = await response.text();
      assert.equal(response.status, 200);
      assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'/);
      assert.match(text, /^<!doctype html>/);
      assert.doesNotMatch(text, /<script|\bon\w+="|src="|style="/);
      assert.ok(
        [...text.matchAll(/(?:href)="([^"]*)"/g)].every(([, href]) => href?.startsWith("/") || href?.startsWith("#")),
      );
    }
    assert.match((await rig.get("/api/docs/problems")).text, /id="VERSION_EXISTS"/);
    assert.equal((await rig.get("/api/docs/style.css")).headers.get("content-type"), "text/css; charset=utf-8");
  });
});
