import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConfigSources, readConfig } from "./read.ts";
import { SETTING_NAMES } from "./settings.ts";
import { type ShownSetting, showSettings } from "./show.ts";

function show(sources: Partial<ConfigSources>): ReadonlyMap<string, ShownSetting> {
  const read = readConfig({ file: null, environment: {}, flags: {}, readSecretFile: () => null, ...sources });
  assert.ok(read.ok, JSON.stringify(read));
  return new Map(showSettings(read.config).map((setting) => [setting.name, setting]));
}

function file(text: string): Partial<ConfigSources> {
  return { file: { name: "f.yaml", text } };
}

test("every setting is shown, in the units of the file, with where it came from", () => {
  const shown = show({
    ...file("server: { port: 1 }\nlimits: { payload: 2MiB }\nserver.timeout: 90s\n"),
    environment: { MAGICFLOW_LOG_LEVEL: "warn" },
    flags: { data_dir: "elsewhere" },
  });
  assert.deepEqual([...shown.keys()], [...SETTING_NAMES]);
  const of = (name: string) => [shown.get(name)?.value, shown.get(name)?.origin];
  assert.deepEqual(of("server.port"), [1, "f.yaml:1"]);
  assert.deepEqual(of("limits.payload"), ["2MiB", "f.yaml:2"]);
  assert.deepEqual(of("server.timeout"), ["1m30s", "f.yaml:3"]);
  assert.deepEqual(of("monitoring.log_level"), ["warn", "environment (MAGICFLOW_LOG_LEVEL)"]);
  assert.deepEqual(of("data_dir"), ["elsewhere", "command line (data_dir)"]);
  assert.deepEqual(of("events.ttl"), ["1h", "default"]);
  assert.deepEqual(of("retention.failed"), [null, "default"]);
});

test("nothing secret is shown, wherever it stands", () => {
  const shown = show({
    ...file(`
security: { jwt_secret: s3cret-1 }
database: { url: "sqlite://user:s3cret-2@host/db" }
server: { public_url: "https://user:s3cret-3@flows.example.com/?key=s3cret-4" }
services:
  ledger:
    url: https://s3cret-5@ledger.internal/api
    headers: { x-key: s3cret-6 }
    auth: { type: bearer, token: s3cret-7 }
    timeout: 10s
connections:
  shop: { type: postgresql, url: "postgresql://me:s3cret-8@db/shop?sslpassword=s3cret-9" }
`),
  });
  const text = JSON.stringify([...shown.values()]);
  assert.doesNotMatch(text, /s3cret/);
  assert.equal(shown.get("security.jwt_secret")?.value, "***");
  assert.deepEqual(shown.get("services")?.value, {
    ledger: {
      url: "https://***@ledger.internal/api",
      headers: { "x-key": "***" },
      auth: { type: "bearer", token: "***" },
      timeout: "10s",
    },
  });
});
