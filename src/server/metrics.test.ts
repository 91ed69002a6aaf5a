/** `/metrics`: the text is what Prometheus reads, the numbers are those of the platform, and the guide names them all. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { METRICS } from "./metrics/page.ts";
import { HELLO, ORDER, openRig, type Rig, WAITING } from "./rig.test.ts";

async function read(rig: Rig): Promise<ReadonlyMap<string, number>> {
  const { status, text, headers } = await rig.get("/metrics");
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    samples.map((line) => {
      const [, name, value] = /^([a-z_]+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? assert.fail(line);
      return [name as string, Number(value)];
    }),
  );
}

test("the numbers are those of what has happened", async () => {
  await using rig = await openRig();
  for (const text of [HELLO, ORDER, WAITING]) await rig.register(text);
  await rig.start("hello", { input: { name: "Ada" } });
  await rig.start("waiting", { input: { order: "o" } });
  await rig.start("order", { input: { amount: 3 } });
  const [task] = await rig.poll("payments");
  assert.ok(task !== undefined);
  const leased = await read(rig);
  assert.equal(leased.get('magicflow_tasks_leased{executor="payments"}'), 1);
  assert.equal(leased.get('magicflow_queue_depth{executor="payments"}'), 0);
  await rig.complete(task, { receipt: "r" });
  await rig.post("/api/v1/tasks/results", { results: [{ task_id: task.id, status: "completed", output: {} }] });

  const seen = await read(rig);
  const expected: Readonly<Record<string, number>> = {
    'magicflow_executions{status="running"}': 2,
    'magicflow_executions{status="completed"}': 1,
    'magicflow_workflow_executions_started_total{workflow="hello"}': 1,
    'magicflow_workflow_executions_total{workflow="hello",status="completed"}': 1,
    'magicflow_workflow_executions_total{workflow="order",status="failed"}': 0,
    'magicflow_task_results_total{outcome="accepted"}': 1,
    'magicflow_task_results_total{outcome="duplicate"}': 1,
    magicflow_watchdog_stuck_total: 0,
    magicflow_executions_quarantined: 0,
    magicflow_bulk_operations_open: 0,
    magicflow_store_up: 1,
    magicflow_store_write_errors_total: 0,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(seen.get(name), value, name);
  const writes = seen.get("magicflow_store_write_duration_seconds_count") ?? 0;
  assert.ok(writes > 0);
  assert.equal(seen.get('magicflow_store_write_duration_seconds_bucket{le="+Inf"}'), writes);
  assert.ok((seen.get("process_resident_memory_bytes") ?? 0) > 1e6);
});

test("every metric has its own name, a help and a type, by the rules for names", async () => {
  assert.equal(new Set(METRICS.map(({ name }) => name)).size, METRICS.length);
  for (const { name, type, help } of METRICS) {
    assert.match(name, /^(magicflow|process|nodejs)_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.match(help, /\.$/);
  }
  await using rig = await openRig();
  const { text } = await rig.get("/metrics");
  for (const { name, type } of METRICS) assert.ok(text.includes(`# TYPE ${name} ${type}\n`), name);
});

test("while the store is away everything else is answered", async () => {
  await using rig = await openRig({
    change: (host) => ({ ...host, count: () => Promise.reject(new Error("away")) }),
  });
  const seen = await read(rig);
  assert.equal(seen.get("magicflow_store_up"), 1);
  assert.ok([...seen.keys()].every((name) => !name.startsWith("magicflow_executions{")));
});

test("both ports serve it, and none where it is switched off", async () => {
  await using rig = await openRig();
  assert.equal((await fetch(`${rig.dashboardUrl}/metrics`)).status, 200);
  await using quiet = await openRig({ config: { servesMetrics: false } });
  const { status, body } = await quiet.get("/metrics");
  assert.deepEqual([status, body.code], [404, "ROUTE_NOT_FOUND"]);
});

test("the guide for operators names every metric", () => {
  const guide = readFileSync(join(import.meta.dirname, "../../docs/guides/operating.md"), "utf8");
  const missing = METRICS.filter(({ name }) => !guide.includes(`\`${name}`)).map(({ name }) => name);
  assert.deepEqual(missing, []);
});
