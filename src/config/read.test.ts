import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { readConfig } from "./read.ts";
import { SETTINGS, type SettingName } from "./settings.ts";

const PLAIN = { file: null, environment: {}, flags: {}, readSecretFile: () => null };

describe("configuration", () => {
  test("nothing given gives the defaults, and they are fine", () => {
    const config = accepted("");
    assert.equal(config.server.host, "127.0.0.1");
    assert.equal(config.server.port, 8080);
    assert.equal(config.server.dashboardPort, 9090);
    assert.equal(config.limits.payloadBytesMax, 1_048_576);
  });

  test("a file is overridden by the environment, and that by the command line", () => {
    const file = { name: "c.yaml", text: "server: { port: 1, dashboard_port: 1, timeout: 1s }" };
    const environment = { MAGICFLOW_SERVER_PORT: "2", MAGICFLOW_DASHBOARD_PORT: "2" };
    const read = readConfig({ ...PLAIN, file, environment, flags: { "server.port": 3 } });
    assert(read.ok);
    assert.deepEqual(
      [read.config.server.port, read.config.server.dashboardPort, read.config.server.timeoutMs],
      [3, 2, 1000],
    );
    assert.equal(read.config.origins.get("server.port"), "command line (server.port)");
    assert.equal(read.config.origins.get("server.timeout"), "c.yaml:1");
  });

  test("the core shape is read whole, and each backend that is not there is named", () => {
    const text = `
server: { port: 8080, dashboard_port: 9090, mode: standalone }
database: { type: postgresql, url: "postgresql://u:p@h/db", max_connections: 100, migration: true }
cache: { type: redis, url: "redis://h:6379/0", ttl: 1h, max_memory: 512mb }
messaging: { type: redis, url: "redis://h:6379/1", queue_prefix: magicflow }
security: { auth_enabled: true, jwt_secret: your-secret-key, session_timeout: 24h }
monitoring: { metrics_enabled: true, tracing_enabled: true, log_level: info }`;
    assert.deepEqual(problems(text), [
      "backend-unavailable database.type 3",
      "backend-unavailable cache.type 4",
      "backend-unavailable messaging.type 5",
      "auth-unavailable security.auth_enabled 6",
    ]);
  });

  test("an address that leads to a backend which is not there is refused, also where no type is given", () => {
    assert.deepEqual(problems('database: { url: "postgresql://u:p@h/db" }'), ["backend-unavailable database.url 1"]);
    assert.deepEqual(problems("", { MAGICFLOW_DATABASE_URL: "postgres://h/db" }), [
      "backend-unavailable MAGICFLOW_DATABASE_URL null",
    ]);
    assert.deepEqual(problems('{ cache: { type: memory, url: "redis://h" }, database: { url: "flows.db" } }'), []);
  });

  test("the service shape is read as well: backends by their parts", () => {
    const text = `
server: { host: 127.0.0.1, port: 8080, timeout: 30s }
messaging: { backend: redis, redis: { host: localhost, port: 6379, db: 0 } }
health: { check_interval: 30s, timeout: 5s, failure_threshold: 3 }
storage: { backend: postgres, postgres: { host: h, port: 5432, database: d, username: u, password: "\${DB_PASSWORD}" } }
monitoring: { metrics_enabled: true }`;
    assert.deepEqual(problems(text, { DB_PASSWORD: "x" }), [
      "backend-unavailable messaging.backend 3",
      "backend-unavailable storage.backend 5",
    ]);
  });

  test("the executor's shape is known", () => {
    const text = `
executor: { name: user-service-executor, concurrency: 10, timeout: 5m }
health: { endpoint: /health, port: 8081, checks: [ { name: database, type: postgres, config: { host: localhost } } ] }`;
    accepted(text);
  });

  test("every unknown key is an error with its place and the name that was meant", () => {
    const read = readConfig({ ...PLAIN, file: { name: "c.yaml", text: "server:\n  prot: 1\nlimit: {}\n" } });
    assert(!read.ok);
    assert.deepEqual(
      read.problems.map(({ code, path, line, column, hint }) => [code, path, line, column, hint]),
      [
        ["setting-unknown", "server.prot", 2, 3, 'Did you mean "port"?'],
        ["setting-unknown", "limit", 3, 1, 'Did you mean "limits"?'],
      ],
    );
  });

  test("values of the wrong kind are named", () => {
    const text =
      "server: { port: 70000, timeout: soon }\nlimits: { payload: big }\nmonitoring: { log_level: loud }\nservices: { a: { ulr: x } }";
    assert.deepEqual(problems(text), [
      "setting-invalid server.port 1",
      "setting-invalid server.timeout 1",
      "setting-invalid limits.payload 2",
      "setting-invalid monitoring.log_level 3",
      "setting-unknown services.a.ulr 4",
      "setting-invalid services.a 4",
    ]);
  });

  test("variables are filled in, with defaults; a missing one is an error", () => {
    const config = accepted('data_dir: "${HOME_DIR}/x"\nservices: { a: { url: "http://${HOST:-localhost}/" } }', {
      HOME_DIR: "/h",
    });
    assert.equal(config.dataDirectory, "/h/x");
    assert.equal(config.services["a"]?.url, "http://localhost/");
    assert.deepEqual(problems('data_dir: "${NOT_THERE}"'), ["variable-missing data_dir 1"]);
  });

  test("a sample secret is a warning on loopback and an error elsewhere", () => {
    const secret = "security: { jwt_secret: your-secret-key, auth_enabled: false }";
    assert.equal(accepted(secret).warnings.length, 1);
    assert.deepEqual(problems(`server: { host: 0.0.0.0 }\n${secret}`), ["secret-sample security.jwt_secret 2"]);
  });

  test("an open server on a public address has to be asked for", () => {
    assert.deepEqual(problems("server: { host: 0.0.0.0 }"), ["auth-required server.host 1"]);
    accepted("server: { host: 0.0.0.0 }\nsecurity: { auth_enabled: false }");
  });

  test("what Kubernetes puts into the environment changes nothing", () => {
    const environment = {
      MAGICFLOW_SERVICE_PORT: "8080",
      MAGICFLOW_PORT: "tcp://10.0.0.1:8080",
      MAGICFLOW_SERVICE_HOST: "10.0.0.1",
    };
    const read = readConfig({ ...PLAIN, environment });
    assert(read.ok);
    assert.deepEqual([read.config.server.port, read.config.warnings], [8080, []]);
  });

  test("a secret may stand in a file", () => {
    const environment = { MAGICFLOW_DATA_DIR_FILE: "/run/x" };
    const read = readConfig({
      ...PLAIN,
      environment,
      readSecretFile: (path) => (path === "/run/x" ? "there\n" : null),
    });
    assert(read.ok);
    assert.equal(read.config.dataDirectory, "there");
  });

  test("a broken file is an error with its place", () => {
    assert.deepEqual(
      problems("server: [1\n").map((text) => text.split(" ")[0]),
      ["config-syntax"],
    );
    assert.deepEqual(problems("- 1\n"), ["setting-invalid  1"]);
  });

  test("every setting says what it is for", () => {
    for (const name of Object.keys(SETTINGS) as SettingName[]) assert.match(SETTINGS[name].about, /\.$/, name);
  });
});

function accepted(text: string, environment: Record<string, string> = {}) {
  const read = readConfig({ ...PLAIN, file: { name: "c.yaml", text }, environment });
  assert(read.ok, JSON.stringify(!read.ok && read.problems));
  return read.config;
}

function problems(text: string, environment: Record<string, string> = {}): readonly string[] {
  const read = readConfig({ ...PLAIN, file: { name: "c.yaml", text }, environment });
  return read.ok ? [] : read.problems.map(({ code, path, line }) => `${code} ${path} ${line}`);
}
