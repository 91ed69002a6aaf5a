/**
 * Reads the configuration.
 *
 *     defaults ◄── file ◄── environment ◄── command line        the later wins
 *
 * Every shape of the file (core, service, executor) is brought to the one table of settings; whatever is not in it is an
 * error with its place. A backend that this build does not have is refused: nothing falls back to another by itself.
 */

import { isObject, type Json, type JsonObject } from "../core/base/json.ts";
import { quote } from "../core/base/text.ts";
import type { Config, ConfigProblem, ServiceConfig } from "./config.ts";
import { type Draft, problem } from "./draft.ts";
import { readEnvironment } from "./environment.ts";
import { readFile } from "./file.ts";
import { SAMPLE_SECRETS, SETTING_NAMES, SETTINGS, type SettingName } from "./settings.ts";
import { checkAddress, take } from "./values.ts";

export interface ConfigSources {
  /** The text of the file and its name; null: none was given. */
  readonly file: { readonly name: string; readonly text: string } | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Partial<Record<SettingName, string | number | boolean>>>;
  /** Reads the file that a `..._FILE` variable names; null if it cannot be read. */
  readonly readSecretFile: (path: string) => string | null;
}

export type ReadConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

export function readConfig(sources: ConfigSources): ReadConfig {
  const draft: Draft = {
    values: new Map(),
    origins: new Map(),
    problems: [],
    warnings: [],
    environment: sources.environment,
  };
  if (sources.file !== null) readFile(draft, sources.file);
  readEnvironment(draft, sources);
  for (const [name, value] of Object.entries(sources.flags)) {
    if (value !== undefined)
      take(draft, name as SettingName, value, { source: "command line", path: name, line: null, column: null });
  }
  checkWhole(draft);
  return draft.problems.length > 0 ? { ok: false, problems: draft.problems } : { ok: true, config: toConfig(draft) };
}

function checkWhole(draft: Draft): void {
  checkAddress(draft, "database.url", "database.type");
  checkAddress(draft, "cache.url", "cache.type");
  checkAddress(draft, "messaging.url", "messaging.type");
  const host = String(settingOf(draft, "server.host"));
  const secret = draft.values.get("security.jwt_secret");
  if (secret !== undefined && SAMPLE_SECRETS.includes(String(secret.value))) {
    const message = `Expected ${quote(secret.place.path)} to be a secret of your own, but it is a known sample.`;
    if (isLoopback(host)) draft.warnings.push(`${message} That is accepted on ${host} only.`);
    else problem(draft, secret.place, "secret-sample", message, "Make one: openssl rand -base64 32");
  }
  if (!isLoopback(host) && settingOf(draft, "security.auth_enabled") === null) {
    const place = draft.values.get("server.host")?.place ?? {
      source: "defaults",
      path: "server.host",
      line: null,
      column: null,
    };
    problem(
      draft,
      place,
      "auth-required",
      `Expected the server to listen on loopback, because this build cannot ask callers who they are, but ${quote("server.host")} is ${quote(host)}.`,
      "Listen on 127.0.0.1 behind a proxy that authenticates, or say security.auth_enabled: false to leave it open on purpose.",
    );
  }
  const auth = draft.values.get("security.auth_enabled");
  if (auth?.value === true) {
    problem(
      draft,
      auth.place,
      "auth-unavailable",
      `Expected ${quote(auth.place.path)} to be left out or false, because this build has no users and no tokens, but it is true.`,
      "Leave it out to be open on loopback only.",
    );
  }
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

function settingOf(draft: Draft, name: SettingName): Json {
  return draft.values.get(name)?.value ?? (SETTINGS[name].default as Json);
}

function toConfig(draft: Draft): Config {
  const text = (name: SettingName) => String(settingOf(draft, name));
  const number = (name: SettingName) => Number(settingOf(draft, name));
  const numberOrNull = (name: SettingName) => (settingOf(draft, name) === null ? null : number(name));
  const texts = (name: SettingName) => (settingOf(draft, name) ?? []) as readonly string[];
  const environment = new Map<string, string>();
  for (const name of texts("environment.allow")) {
    const value = draft.environment[name];
    if (value !== undefined) environment.set(name, value);
  }
  return {
    server: {
      host: text("server.host"),
      port: number("server.port"),
      dashboardPort: number("server.dashboard_port"),
      publicUrl: settingOf(draft, "server.public_url") === null ? null : text("server.public_url"),
      timeoutMs: number("server.timeout"),
    },
    dataDirectory: text("data_dir"),
    security: { authEnabled: settingOf(draft, "security.auth_enabled") as boolean | null },
    monitoring: {
      metricsEnabled: settingOf(draft, "monitoring.metrics_enabled") === true,
      logLevel: text("monitoring.log_level"),
      metricsFile: settingOf(draft, "monitoring.metrics_file") === null ? null : text("monitoring.metrics_file"),
    },
    limits: {
      payloadBytesMax: number("limits.payload"),
      batchBodyBytesMax: number("limits.batch_body"),
      historyEventsMax: number("limits.history_events"),
      historyBytesMax: number("limits.history_bytes"),
      stateBytesMax: number("limits.state"),
      executionTimeoutMs: numberOrNull("limits.execution_timeout"),
      stepTimeoutMs: numberOrNull("limits.step_timeout"),
      executionsInMemory: number("limits.executions_in_memory"),
      inboxLengthMax: number("limits.inbox"),
      concurrentExecutionsMax: numberOrNull("limits.max_concurrent_executions"),
      queuedExecutionsMax: number("limits.queued_executions"),
      requests: requestsOf(numberOrNull("limits.requests"), number("limits.requests_period")),
    },
    eventsTtlMs: number("events.ttl"),
    retention: {
      completedMs: numberOrNull("retention.completed"),
      failedMs: numberOrNull("retention.failed"),
      deadLettersMs: numberOrNull("retention.dead_letters"),
    },
    outgoing: { allow: texts("outgoing.allow"), deny: texts("outgoing.deny") },
    environment,
    services: Object.fromEntries(
      Object.entries((settingOf(draft, "services") ?? {}) as Record<string, JsonObject>).map(([name, entry]) => [
        name,
        toService(entry),
      ]),
    ),
    connections: (settingOf(draft, "connections") ?? {}) as unknown as Config["connections"],
    settings: new Map(SETTING_NAMES.map((name) => [name, settingOf(draft, name)])),
    origins: draft.origins,
    warnings: draft.warnings,
  };
}

function requestsOf(limit: number | null, periodMs: number): Config["limits"]["requests"] {
  return limit === null ? null : { limit, periodMs };
}

function toService(entry: JsonObject): ServiceConfig {
  const headers = isObject(entry["headers"]) ? entry["headers"] : {};
  return {
    url: String(entry["url"]),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    auth: isObject(entry["auth"]) ? entry["auth"] : null,
    timeoutMs: typeof entry["timeout"] === "number" ? entry["timeout"] : null,
  };
}
