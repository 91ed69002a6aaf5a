import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../core/base/json.ts";
import { parseBusinessMetrics } from "../core/protocol/business-metrics.ts";
import { createClient } from "../sdk/client.ts";
import { HELLO, ORDER, openRig, type Rig, WAITING } from "./rig.test.ts";

interface LiveEvent {
  readonly id: string;
  readonly event: string;
  readonly data: JsonObject;
}

/** Reads events of the stream until `isEnough`, then goes away. */
async function readLive(
  rig: Rig,
  query: string,
  options: {
    headers?: Record<string, string>;
    begin?: () => Promise<unknown>;
    isEnough: (events: LiveEvent[]) => boolean;
  },
): Promise<LiveEvent[]> {
  const away = new AbortController();
  const response = await fetch(`${rig.url}/api/v1/stream${query}`, {
    headers: options.headers ?? {},
    signal: AbortSignal.any([away.signal, AbortSignal.timeout(10_000)]),
  });
  assert.equal(response.status, 200);
  await options.begin?.();
  const events: LiveEvent[] = [];
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) =>
        block
          .split("\n")
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      const data = field("data");
      if (data !== undefined)
        events.push({ id: field("id") ?? "", event: field("event") ?? "", data: JSON.parse(data) as JsonObject });
    }
    if (options.isEnough(events)) break;
  }
  away.abort();
  return events;
}

const statusesOf = (events: readonly LiveEvent[]) =>
  events.filter(({ event }) => event === "execution").map(({ data }) => data.status);

test("who follows the workspace hears of executions as they begin and end", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const events = await readLive(rig, "?kinds=execution", {
    async begin() {
      await rig.start("order", { input: { amount: 1 } });
      const [charge] = await rig.poll("payments");
      if (charge) await rig.complete(charge, { receipt: "r" });
      const [ship] = await rig.poll("payments");
      if (ship) await rig.complete(ship, {});
    },
    isEnough: (seen) => statusesOf(seen).includes("completed"),
  });
  assert.equal(events[0]?.event, "ready");
  assert.equal(statusesOf(events).at(-1), "completed");
  assert.ok(events.every(({ id }) => /^rig-\d+$/.test(id)));
});

test("a reader that comes back gets what it has missed, or is told that it has missed something", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const [ready] = await readLive(rig, "", { isEnough: (seen) => seen.length > 0 });
  const missed = await readLive(rig, "", {
    headers: { "last-event-id": ready?.id ?? "" },
    begin: () => rig.start("hello", { input: { name: "Ada" } }),
    isEnough: (seen) => statusesOf(seen).includes("completed"),
  });
  assert.ok(!missed.some(({ event }) => event === "reset"));
  const [reset] = await readLive(rig, "", {
    headers: { "last-event-id": "another-7" },
    isEnough: (seen) => seen.length > 0,
  });
  assert.equal(reset?.event, "reset");
});

test("workflows that are registered and archived are told of, and filters hold", async () => {
  await using rig = await openRig();
  const events = await readLive(rig, "?kinds=workflow&workflow=order", {
    async begin() {
      await rig.register(HELLO);
      await rig.register(ORDER);
      await rig.send("DELETE", "/api/v1/workflows/order");
    },
    isEnough: (seen) => seen.length === 3,
  });
  assert.deepEqual(
    events.slice(1).map(({ data }) => [data.name, data.change]),
    [
      ["order", "registered"],
      ["order", "archived"],
    ],
  );
  const refused = await rig.get("/api/v1/stream?kinds=gossip");
  assert.equal(refused.status, 400);
});

test("figures count what began and ended, by workflow, without test runs", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  await rig.register(WAITING);
  for (let i = 0; i < 3; i++) await rig.post("/api/v1/workflows/hello/execute?wait=5s", { input: { name: "Ada" } });
  await rig.post("/api/v1/workflows/hello/execute?wait=5s", { input: { name: "T" }, metadata: { test_run: true } });
  const waiting = await rig.start("waiting", { input: { order: 1 } });
  const all = (await rig.get("/api/v1/metrics/executions?period=1h&compare=true")).body;
  const totals = all.totals as JsonObject;
  assert.deepEqual([totals.started, totals.completed, totals.failed, totals.success_rate], [4, 3, 0, 1]);
  assert.equal(all.active, 1);
  assert.equal((all.previous as JsonObject).started, 0);
  assert.equal((all.today as JsonObject).completed, 3);
  assert.ok(Number((totals.duration as JsonObject).p99) >= 0);
  const series = all.series as readonly JsonObject[];
  assert.ok(series.length === 60 || series.length === 61);
  assert.equal(
    series.reduce((sum, { completed }) => sum + Number(completed), 0),
    3,
  );
  await rig.post(`/api/v1/executions/${waiting}/cancel`, {});
  const one = (await rig.get("/api/v1/metrics/executions?period=15m&workflow=waiting")).body.totals as JsonObject;
  assert.deepEqual([one.started, one.completed], [1, 0]);
  assert.equal((await rig.get("/api/v1/metrics/executions?period=30d&granularity=1m")).status, 400);
});

test("the state of the platform has all its parts", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  await rig.start("order", { input: { amount: 1 } });
  const system = (await rig.get("/api/v1/metrics/system")).body;
  assert.equal(system.status, "ok");
  const tasks = system.tasks as JsonObject;
  assert.equal(tasks.waiting, 1);
  assert.equal(typeof tasks.oldest_age, "number");
  assert.ok((system.components as readonly JsonObject[]).length >= 5);
  assert.equal(((system.executions as JsonObject).by_status as JsonObject).running, 1);
});

test("dashboards and views are kept, changed by who has seen them, and removed", async () => {
  await using rig = await openRig();
  const panel = { id: "a", type: "stat", title: "Running <b>", metric: "executions.active", x: 0, y: 0, w: 6, h: 4 };
  const added = await rig.post("/api/v1/dashboards", { id: "main", name: "Main", panels: [panel] });
  assert.equal(added.status, 201, added.text);
  assert.equal(added.headers.get("location"), "/api/v1/dashboards/main");
  assert.equal((await rig.post("/api/v1/dashboards", { id: "main", name: "M", panels: [] })).status, 409);
  const etag = added.headers.get("etag") ?? "";
  const json = { "content-type": "application/json" };
  const change = (tag: string) =>
    rig.send("PUT", "/api/v1/dashboards/main", JSON.stringify({ name: "Renamed", panels: [] }), {
      ...json,
      "if-match": tag,
    });
  assert.equal((await change(etag)).status, 200);
  assert.equal((await change(etag)).status, 412);
  const read = await rig.get("/api/v1/dashboards/main");
  assert.equal(read.body.name, "Renamed");
  const unchanged = await rig.get("/api/v1/dashboards/main", { "if-none-match": read.headers.get("etag") ?? "" });
  assert.equal(unchanged.status, 304);
  const wrong = await rig.post("/api/v1/dashboards", { name: "W", panels: [{ ...panel, type: "hologram" }] });
  assert.equal(wrong.status, 400);
  const view = await rig.post("/api/v1/views", { name: "Failed today", page: "executions", search: "?status=failed" });
  assert.equal(view.status, 201);
  const listed = (await rig.get("/api/v1/views")).body.items as readonly JsonObject[];
  assert.deepEqual(
    listed.map(({ name }) => name),
    ["Failed today"],
  );
  assert.equal((await rig.send("DELETE", "/api/v1/dashboards/main")).status, 204);
  assert.equal((await rig.get("/api/v1/dashboards/main")).status, 404);
});

test("the topology shows who calls, starts and waits for what, with what runs", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  await rig.register(WAITING);
  await rig.start("waiting", { input: { order: 1 } });
  const { nodes, edges } = (await rig.get("/api/v1/topology")).body;
  const ids = (nodes as readonly JsonObject[]).map(({ id }) => id);
  assert.deepEqual(ids, ["workflow:order", "workflow:waiting", "executor:payments", "event:payment"]);
  const waiting = (nodes as readonly JsonObject[]).find(({ id }) => id === "workflow:waiting");
  assert.equal(waiting?.active, 1);
  const [calls] = edges as readonly JsonObject[];
  assert.deepEqual(
    [calls?.from, calls?.to, calls?.kind, calls?.steps, calls?.functions],
    ["workflow:order", "executor:payments", "calls", ["charge", "ship"], ["charge", "ship"]],
  );
});

test("templates are listed and read one by one", async () => {
  await using rig = await openRig();
  const items = (await rig.get("/api/v1/templates")).body.items as readonly JsonObject[];
  assert.ok(items.length >= 10);
  assert.equal((await rig.get(`/api/v1/templates/${items[0]?.id}`)).body.id, items[0]?.id);
  assert.equal((await rig.get("/api/v1/templates/nothing")).status, 404);
});

test("a workflow's figures show its steps, its critical path and its slowest executions", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  const id = await rig.start("order", { input: { amount: 1 } });
  for (const output of [{ receipt: "r" }, {}]) {
    const [task] = await rig.poll("payments");
    if (task) await rig.complete(task, output);
  }
  assert.ok(
    await rig.host.waitForEnd({
      workspace: "default",
      executionId: id,
      timeoutMs: 5000,
      signal: new AbortController().signal,
    }),
  );
  const { body } = await rig.get("/api/v1/workflows/order/metrics?period=1h");
  assert.equal(body.looked_at, 1);
  assert.deepEqual(
    (body.steps as readonly JsonObject[]).map(({ step, runs, failures }) => [step, runs, failures]),
    [
      ["charge", 1, 0],
      ["ship", 1, 0],
    ],
  );
  assert.equal((body.slowest as readonly JsonObject[])[0]?.execution_id, id);
  const { points } = body.heat_map as JsonObject;
  const cells = (points as readonly JsonObject[]).flatMap(({ counts }) => counts as readonly number[]);
  assert.equal(
    cells.reduce((sum, count) => sum + count, 0),
    1,
  );
  assert.equal((await rig.get("/api/v1/workflows/nothing/metrics")).status, 404);
});

test("panels ask for metrics of the platform and of the business, by what they like", async () => {
  const parsed = parseBusinessMetrics(`
metrics:
  business_metrics:
    - { name: greetings, type: counter, source: "\${ 1 }", labels: [] }
`);
  assert.ok(!parsed.ok, "a template is no source");
  const defined = parseBusinessMetrics(`
metrics:
  business_metrics:
    - { name: letters, description: Letters greeted, type: counter, source: "len(input.name)", labels: [{ who: $.input.name }] }
    - { name: lengths, type: histogram, source: "len(input.name)", buckets: [2, 4] }
    - { name: greet_rate, type: gauge, source: $.steps.greet.success_rate, window: 1h }
`);
  assert.ok(defined.ok);
  await using rig = await openRig({ businessMetrics: defined.metrics });
  await rig.register(HELLO);
  for (const name of ["Ada", "Grace", "Ada"])
    await rig.post("/api/v1/workflows/hello/execute?wait=5s", { input: { name } });
  await rig.insight.business.settled();
  const names = ((await rig.get("/api/v1/metrics/catalogue")).body.items as readonly JsonObject[]).map(
    ({ name }) => name,
  );
  assert.ok(names.includes("business.letters") && names.includes("executions.duration"));
  const queries = [
    { id: "a", metric: "executions.completed", group_by: "workflow", period: "1h" },
    { metric: "executions.ended", group_by: "status", period: "1h" },
    { metric: "executions.duration", aggregate: "p99", period: "1h" },
    { metric: "business.letters", group_by: "label", label: "who", period: "15m" },
    { metric: "business.greet_rate", period: "15m" },
    { metric: "steps.runs", workflow: "hello", group_by: "step", period: "1h" },
    { metric: "system.memory", period: "15m" },
    { metric: "tasks.waiting", group_by: "executor" },
  ];
  const answer = await rig.post("/api/v1/metrics/query", { queries });
  assert.equal(answer.status, 200, answer.text);
  const results = answer.body.results as readonly JsonObject[];
  const seriesOf = (place: number) =>
    ((results[place]?.series ?? []) as readonly JsonObject[]).map(({ key, value }) => [key, value]);
  assert.deepEqual([results[0]?.id, results[0]?.value, seriesOf(0)], ["a", 3, [["hello", 3]]]);
  assert.deepEqual(seriesOf(1)[0], ["completed", 3]);
  assert.equal(typeof results[2]?.value, "number");
  assert.deepEqual(seriesOf(3), [
    ["Ada", 6],
    ["Grace", 5],
  ]);
  assert.equal(results[4]?.value, 1);
  assert.deepEqual(seriesOf(5), [["greet", 3]]);
  const page = (await rig.get("/metrics")).text;
  assert.ok(page.includes('magicflow_business_letters{who="Ada"} 6'), page);
  assert.ok(page.includes('magicflow_business_lengths_bucket{le="4"} 2'));
  assert.ok(page.includes("magicflow_business_greet_rate 1"));
  const business = (await rig.get("/api/v1/metrics/business")).body.items as readonly JsonObject[];
  assert.deepEqual(
    business.map(({ name }) => name),
    ["letters", "lengths", "greet_rate"],
  );
  for (const wrong of [{ metric: "nothing" }, { metric: "system.cpu", group_by: "step" }, { metric: "steps.runs" }])
    assert.equal((await rig.post("/api/v1/metrics/query", { queries: [wrong] })).status, 400);
});

test("programs watch, ask and keep through the client", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const client = createClient({ url: rig.url });
  const away = new AbortController();
  const changes = client.watch({ kinds: "execution", signal: away.signal })[Symbol.asyncIterator]();
  const next = changes.next();
  while (rig.insight.live.readers === 0) await new Promise((resolve) => setImmediate(resolve));
  await rig.start("hello", { input: { name: "Ada" } });
  const { value } = await next;
  assert.deepEqual(
    [value?.kind, value?.change !== null && JSON.stringify(value?.change).includes("hello")],
    ["execution", true],
  );
  away.abort();
  await changes.return?.();
  assert.equal((await client.metrics.executions({ period: "1h" })).totals.completed, 1);
  assert.equal((await client.metrics.workflow("hello")).totals.completed, 1);
  assert.equal((await client.metrics.system()).status, "ok");
  assert.ok((await client.metrics.catalogue()).length > 10);
  assert.equal((await client.metrics.query([{ metric: "executions.started" }]))[0]?.value, 1);
  assert.ok((await client.templates()).length >= 10);
  assert.equal((await client.topology()).nodes.length, 1);
  const { id } = await client.dashboards.add({ name: "Mine", panels: [] });
  for await (const listed of client.dashboards.list()) assert.equal(listed.id, id);
  await client.dashboards.remove(id);
});
