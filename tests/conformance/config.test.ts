/** Configuration in all its shapes, and what becomes of wrong ones. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import type { Json, JsonObject } from "../../src/core/base/json.ts";
import { begin, ended, job, MAGICFLOW, startService, take, within } from "./service.ts";

const folder = mkdtempSync(join(tmpdir(), "magicflow-config-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** Runs it without any setting of the machine's own. */
function magicflow(args: readonly string[], environment: Environment = {}): Promise<Ended> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("MAGICFLOW_"));
  const child = spawn(MAGICFLOW, args, { cwd: folder, env: { ...Object.fromEntries(own), ...environment } });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}

let count = 0;

function file(text: string): string {
  const name = `c${++count}.yaml`;
  writeFileSync(join(folder, name), text);
  return name;
}

/** Every setting as it takes effect. */
async function settings(text: string, environment: Environment = {}): Promise<ReadonlyMap<string, Json>> {
  const { code, stdout, stderr } = await magicflow(["config", "show", "--config", file(text), "--json"], environment);
  assert.equal(code, 0, stderr);
  const { settings } = JSON.parse(stdout) as { settings: readonly JsonObject[] };
  return new Map(settings.map(({ name, value }) => [String(name), value ?? null]));
}

/** What a start says before it gives up. */
async function refusal(text: string, environment: Environment = {}): Promise<string> {
  const flags = ["--port", "0", "--dashboard-port", "0", "--data-dir", `data-${count}`];
  const { code, stdout, stderr } = await magicflow(["start", "--config", file(text), ...flags], environment);
  assert.ok(code === 1 || code === 2 || code === 3, `Expected a refusal of ${text}, but it ended with ${code}.`);
  assert.equal(stdout, "", "nothing was started");
  assert.doesNotMatch(stderr, /\n\s+at /, "no stack traces for people");
  return stderr;
}

const CORE = `
server: { port: 8181, dashboard_port: 9191, mode: standalone }
database: { type: sqlite, max_connections: 7, migration: true }
cache: { type: memory, ttl: "30m", max_memory: "512mb" }
messaging: { type: memory, queue_prefix: shop }
security: { auth_enabled: false, jwt_secret: "a-secret-of-our-own-that-is-long-enough", session_timeout: "24h" }
monitoring: { metrics_enabled: true, tracing_enabled: false, log_level: warn }
`;

const SERVICE = `
server: { host: 127.0.0.1, port: 8282, timeout: 45s }
messaging: { backend: memory }
health: { check_interval: 15s, timeout: 3s, failure_threshold: 4 }
storage: { backend: sqlite }
`;

const EXECUTOR = `
executor: { name: user-service-executor, concurrency: 12, timeout: 5m }
messaging: { backend: memory }
health:
  endpoint: /health
  port: 8381
  checks:
    - { name: database, type: postgres, config: { host: localhost, port: 5432, database: users } }
    - { name: api, type: http, config: { url: "https://api.example.com/health", timeout: 5s } }
`;

suite("shapes", { concurrency: 3 }, () => {
  test("the core one", async () => {
    const read = await settings(CORE);
    assert.deepEqual(
      ["server.port", "server.dashboard_port", "database.max_connections", "messaging.queue_prefix"].map((name) =>
        read.get(name),
      ),
      [8181, 9191, 7, "shop"],
    );
    assert.equal(read.get("monitoring.log_level"), "warn");
    assert.equal(read.get("cache.ttl"), "30m");
    assert.ok(![...read.values()].includes("a-secret-of-our-own-that-is-long-enough"), "secrets are not shown");
  });

  test("the service one", async () => {
    const read = await settings(SERVICE);
    assert.deepEqual(
      ["server.host", "server.port", "server.timeout", "health.check_interval", "health.failure_threshold"].map(
        (name) => read.get(name),
      ),
      ["127.0.0.1", 8282, "45s", "15s", 4],
    );
    assert.deepEqual([read.get("database.type"), read.get("messaging.type")], ["sqlite", "memory"]);
  });

  test("the executor's", async () => {
    const read = await settings(EXECUTOR);
    assert.deepEqual([read.get("executor.name"), read.get("executor.concurrency")], ["user-service-executor", 12]);
    assert.equal(read.get("health.port"), 8381);
  });

  test("what is not given has its default", async () => {
    const read = await settings("{}");
    assert.deepEqual(
      ["server.host", "server.port", "server.dashboard_port", "server.mode", "events.ttl", "limits.payload"].map(
        (name) => read.get(name),
      ),
      ["127.0.0.1", 8080, 9090, "standalone", "1h", "1MiB"],
    );
  });

  test("what is ours to add", async () => {
    const read = await settings(`
data_dir: /var/lib/magicflow
services: { crm: { url: "https://crm.example.com", headers: { x-team: shop }, timeout: 10s } }
connections: { main: { type: sqlite, url: "file.db" } }
limits: { payload: 2MiB }
retention: { completed: 30d }
outgoing: { allow: [10.0.0.0/8], deny: [example.com] }
environment: { allow: [REGION] }
events: { ttl: 2h }
`);
    assert.deepEqual(
      [read.get("data_dir"), read.get("limits.payload"), read.get("retention.completed"), read.get("events.ttl")],
      ["/var/lib/magicflow", "2MiB", "30d", "2h"],
    );
    assert.deepEqual([read.get("outgoing.allow"), read.get("environment.allow")], [["10.0.0.0/8"], ["REGION"]]);
  });
});

suite("places that settings come from", { concurrency: 3 }, () => {
  test("the environment goes before the file, and values of the file may name variables", async () => {
    const text = `
server: { port: 1, dashboard_port: "\${DASH:-7001}" }
data_dir: "\${HOME_OF_DATA}/flows"
monitoring: { log_level: "\${LEVEL:-error}" }
`;
    const read = await settings(text, {
      MAGICFLOW_SERVER_PORT: "7002",
      HOME_OF_DATA: "/srv",
      LEVEL: "debug",
      MAGICFLOW_EVENTS_TTL: "5m",
      MAGICFLOW_OUTGOING_ALLOW: "10.0.0.1,10.0.0.2",
    });
    assert.deepEqual(
      ["server.port", "server.dashboard_port", "data_dir", "monitoring.log_level", "events.ttl"].map((name) =>
        read.get(name),
      ),
      [7002, 7001, "/srv/flows", "debug", "5m"],
    );
    assert.deepEqual(read.get("outgoing.allow"), ["10.0.0.1", "10.0.0.2"]);
    const missing = await refusal('data_dir: "${NOBODY_SET_THIS}/x"');
    assert.match(missing, /NOBODY_SET_THIS/);
  });

  test("the short names of the environment work as well", async () => {
    assert.match(await refusal("{}", { MAGICFLOW_MODE: "cluster" }), /standalone/);
    assert.match(await refusal("{}", { MAGICFLOW_DATABASE_URL: "postgresql://db/flows" }), /database/i);
    assert.match(await refusal("database: { url: 'postgresql://db/flows' }"), /database\.url.*sqlite/s);
    assert.match(await refusal("{}", { MAGICFLOW_SERVER_PORT: "many" }), /MAGICFLOW_SERVER_PORT|server\.port/);
  });

  test("a file that is not there is told, a flag goes before everything", async () => {
    const missing = await magicflow(["start", "--config", "nobody.yaml"]);
    assert.notEqual(missing.code, 0);
    assert.match(missing.stderr, /nobody\.yaml/);
    const environment = { MAGICFLOW_DASHBOARD_PORT: "1", MAGICFLOW_PORT: "1" };
    await using service = await startService("{ server: { port: 1, dashboard_port: 1 } }", environment);
    assert.ok(service.printed().includes("ready"), "--port 0 --dashboard-port 0 were given");
  });
});

suite("mistakes", { concurrency: 3 }, () => {
  test("unknown keys and bad values are refused, all at once, each with its place", async () => {
    const text = `server:
  prot: 8080
  port: eighty
database: { type: oracle }
monitoring: { log_level: loud }
limits: { payload: some }
events: { ttl: soon }
colour: blue
`;
    const stderr = await refusal(text);
    for (const [line, name] of [
      [2, "prot"],
      [3, "port"],
      [4, "database.type"],
      [5, "log_level"],
      [6, "payload"],
      [7, "ttl"],
      [8, "colour"],
    ] as const) {
      const about = stderr.split(/^error /m).find((one) => new RegExp(`c\\d+\\.yaml:${line}:\\d`).test(one));
      assert.match(about ?? stderr, new RegExp(name), `line ${line}`);
    }
    assert.match(stderr, /"port"/, "the one that was meant is offered");
    const checked = await magicflow(["config", "validate", "--config", file(text)]);
    assert.notEqual(checked.code, 0);
    assert.match(await refusal("server: ["), /yaml:1/);
  });

  test("a backend that is not in this build is refused by its setting, with what there is", async () => {
    for (const [text, setting, available] of [
      ["database: { type: postgresql, url: 'postgresql://u:p@db:5432/x' }", "database.type", "sqlite"],
      [
        "storage: { backend: postgres, postgres: { host: db, port: 5432, database: x, username: u, password: p } }",
        "storage.backend",
        "sqlite",
      ],
      ["cache: { type: redis, url: 'redis://localhost:6379/0' }", "cache.type", "memory"],
      ["messaging: { type: kafka, url: 'kafka:9092' }", "messaging.type", "memory"],
      ["messaging: { backend: redis, redis: { host: localhost, port: 6379, db: 0 } }", "messaging.backend", "memory"],
      ["server: { mode: cluster }", "server.mode", "standalone"],
    ] as const) {
      const stderr = await refusal(text);
      assert.ok(stderr.includes(setting) && stderr.includes(available), `${text}: ${stderr}`);
      assert.ok(!stderr.includes("u:p@"), "secrets are not shown");
    }
  });

  test("a server that others can reach does not start open, and a sample secret is for loopback only", async () => {
    const open = await refusal("server: { host: 0.0.0.0 }");
    assert.match(open, /auth_enabled/);
    const sample = await magicflow([
      "config",
      "validate",
      "--config",
      file('security: { jwt_secret: "your-secret-key" }'),
    ]);
    assert.equal(sample.code, 0);
    assert.match(sample.stderr, /warning.*jwt_secret/s);
    const elsewhere = await refusal('{ server: { host: 0.0.0.0 }, security: { jwt_secret: "your-secret-key" } }');
    assert.match(elsewhere, /jwt_secret/);
  });
});

test("settings take effect: limits, what expressions may read, what steps may call, how long events are kept", async () => {
  const config = `
limits: { payload: 4KiB }
environment: { allow: [REGION] }
events: { ttl: 1ms }
outgoing: { deny: [example.com] }
services: { shop: { url: "http://127.0.0.1:9" } }
`;
  await using service = await startService(config, { REGION: "eu", HIDDEN: "x" });
  const set = { name: "see", type: "set", variables: { region: "$.env.REGION" } };
  const id = await begin(service, "seeing", [set, job("seeing", "big")], {
    spec: { output: { r: "$.context.region" } },
  });
  const task = await take(service, "seeing");
  const result = { task_id: task.id, status: "completed", output: { text: "x".repeat(5000) } };
  await service.post("/tasks/results", { results: [result] });
  const large = await ended(service, id);
  assert.deepEqual(
    [within(large["error"], "code"), within(large, "steps", 0, "output")],
    ["PAYLOAD_TOO_LARGE", { region: "eu" }],
  );
  const hidden = await begin(service, "hidden", [{ ...set, variables: { h: "$.env.HIDDEN" } }], {
    spec: { output: { h: "$.context.h" } },
  }).then((started) => ended(service, started));
  assert.notEqual(within(hidden, "output", "h"), "x");
  const call = (url: string): JsonObject => ({ name: "call", type: "http", config: { url } });
  const denied = await ended(service, await begin(service, "denied", [call("http://example.com/")]));
  const barred = await ended(service, await begin(service, "barred", [call("http://169.254.169.254/")]));
  for (const { error } of [denied, barred]) assert.match(String(within(error, "message")), /open to steps/);
  await service.post("/events", { name: "gone", correlation_key: "k", data: 1 });
  const wait = { name: "gone", type: "wait_for_event", event: "gone", correlation: "k", timeout: "200ms" };
  const late = await ended(service, await begin(service, "late", [wait]));
  assert.equal(within(late["error"], "code"), "TIMEOUT", "the event was kept for a millisecond only");
});
