/**
 * Every setting, described once: its name, its kind, its default, what it is for, and other names by which it is known.
 * Reading, checking, the environment's variables and the reference page all come from this table.
 */

export type SettingKind =
  | { readonly kind: "text" }
  | { readonly kind: "choice"; readonly of: readonly string[] }
  | { readonly kind: "flag" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "number"; readonly min: number; readonly max: number }
  /** Milliseconds once read. */
  | { readonly kind: "duration" }
  /** Bytes once read: `512mb`, `1MiB`, `65536`. */
  | { readonly kind: "bytes" }
  | { readonly kind: "texts" }
  /** By name, each an object with these members. */
  | { readonly kind: "table"; readonly members: Readonly<Record<string, TableMember>> }
  | { readonly kind: "list"; readonly members: Readonly<Record<string, TableMember>> };

export interface TableMember {
  readonly kind: "text" | "duration" | "texts" | "object";
  readonly isRequired?: boolean;
}

export interface Setting {
  readonly of: SettingKind;
  readonly default: string | number | boolean | readonly string[] | null;
  readonly about: string;
  /** Never shown. */
  readonly isSecret?: boolean;
  /** Which part of the product reads it, where it is not the platform. */
  readonly reader?: "executor";
  /** Shorter name of the environment variable, besides the one made from the setting's own name. */
  readonly variable?: string;
}

const TEXT = { kind: "text" } as const;
const FLAG = { kind: "flag" } as const;
const DURATION = { kind: "duration" } as const;
const BYTES = { kind: "bytes" } as const;
const TEXTS = { kind: "texts" } as const;
const PORT = { kind: "integer", min: 0, max: 65_535 } as const;

/** The names of all settings. The compiler makes sure that each is described below. */
export const SETTING_NAMES = [
  "server.host",
  "server.port",
  "server.dashboard_port",
  "server.public_url",
  "server.mode",
  "server.timeout",
  "data_dir",
  "database.type",
  "database.url",
  "database.max_connections",
  "database.migration",
  "cache.type",
  "cache.url",
  "cache.ttl",
  "cache.max_memory",
  "messaging.type",
  "messaging.url",
  "messaging.queue_prefix",
  "security.auth_enabled",
  "security.jwt_secret",
  "security.session_timeout",
  "monitoring.metrics_enabled",
  "monitoring.metrics_file",
  "monitoring.tracing_enabled",
  "monitoring.log_level",
  "health.check_interval",
  "health.timeout",
  "health.failure_threshold",
  "limits.payload",
  "limits.batch_body",
  "limits.history_events",
  "limits.history_bytes",
  "limits.state",
  "limits.execution_timeout",
  "limits.step_timeout",
  "limits.executions_in_memory",
  "limits.inbox",
  "limits.max_concurrent_executions",
  "limits.queued_executions",
  "limits.requests",
  "limits.requests_period",
  "events.ttl",
  "retention.completed",
  "retention.failed",
  "retention.dead_letters",
  "outgoing.allow",
  "outgoing.deny",
  "environment.allow",
  "services",
  "connections",
  "executor.name",
  "executor.concurrency",
  "executor.timeout",
  "health.endpoint",
  "health.port",
  "health.checks",
] as const;

export type SettingName = (typeof SETTING_NAMES)[number];

export const SETTINGS: Readonly<Record<SettingName, Setting>> = {
  "server.host": { of: TEXT, default: "127.0.0.1", about: "Address to listen on." },
  "server.port": {
    of: PORT,
    default: 8080,
    about: "Port of the web interface and the API; 0 takes a free one.",
    variable: "MAGICFLOW_PORT",
  },
  "server.dashboard_port": {
    of: PORT,
    default: 9090,
    about: "Port that opens on the dashboard; 0 takes a free one.",
    variable: "MAGICFLOW_DASHBOARD_PORT",
  },
  "server.public_url": {
    of: TEXT,
    default: null,
    about: "How callers reach the server where that is not its own address, such as https://flows.example.com.",
  },
  "server.mode": {
    of: { kind: "choice", of: ["standalone", "cluster"] },
    default: "standalone",
    about: "One process, or several nodes over one database.",
    variable: "MAGICFLOW_MODE",
  },
  "server.timeout": {
    of: DURATION,
    default: 30_000,
    about: "How long a stop waits for running requests.",
  },

  data_dir: { of: TEXT, default: "data", about: "Folder of the embedded store." },
  "database.type": {
    of: { kind: "choice", of: ["sqlite", "postgresql", "mongodb"] },
    default: "sqlite",
    about: "Where state is kept.",
  },
  "database.url": {
    of: TEXT,
    default: null,
    about: "Address of the database; the embedded store needs none.",
    isSecret: true,
    variable: "MAGICFLOW_DATABASE_URL",
  },
  "database.max_connections": {
    of: { kind: "integer", min: 1, max: 10_000 },
    default: 100,
    about: "Connections to the database, at most.",
  },
  "database.migration": { of: FLAG, default: true, about: "Bring an older schema up to date at the start." },

  "cache.type": {
    of: { kind: "choice", of: ["memory", "redis"] },
    default: "memory",
    about: "Where what is read often is kept.",
  },
  "cache.url": { of: TEXT, default: null, about: "Address of the cache.", isSecret: true },
  "cache.ttl": { of: DURATION, default: 3_600_000, about: "How long an entry is kept." },
  "cache.max_memory": { of: BYTES, default: 64 * 1_048_576, about: "Memory of the cache, at most." },

  "messaging.type": {
    of: { kind: "choice", of: ["memory", "redis", "rabbitmq", "kafka", "nats"] },
    default: "memory",
    about: "What carries tasks to executors besides HTTP.",
  },
  "messaging.url": { of: TEXT, default: null, about: "Address of the broker.", isSecret: true },
  "messaging.queue_prefix": { of: TEXT, default: "magicflow", about: "Begins the names of queues and topics." },

  "security.auth_enabled": {
    of: FLAG,
    default: null,
    about: "Ask everyone who they are; left out: open on loopback only.",
  },
  "security.jwt_secret": { of: TEXT, default: null, about: "Signs sessions.", isSecret: true },
  "security.session_timeout": { of: DURATION, default: 86_400_000, about: "How long a session lasts." },

  "monitoring.metrics_enabled": { of: FLAG, default: true, about: "Serve metrics." },
  "monitoring.metrics_file": {
    of: TEXT,
    default: null,
    about:
      "A file with business metrics; left out: `metrics.yaml` beside the configuration or in `config/`, if it is there.",
  },
  "monitoring.tracing_enabled": { of: FLAG, default: false, about: "Send traces." },
  "monitoring.log_level": {
    of: { kind: "choice", of: ["trace", "debug", "info", "warn", "error", "silent"] },
    default: "info",
    about: "How much is logged.",
    variable: "MAGICFLOW_LOG_LEVEL",
  },

  "health.check_interval": { of: DURATION, default: 30_000, about: "How often health is looked at." },
  "health.timeout": { of: DURATION, default: 5000, about: "How long one check may take." },
  "health.failure_threshold": {
    of: { kind: "integer", min: 1, max: 1000 },
    default: 3,
    about: "Failed checks in a row until something counts as unhealthy.",
  },

  "limits.payload": { of: BYTES, default: 1_048_576, about: "Longest input or output of a step." },
  "limits.batch_body": {
    of: BYTES,
    default: 16 * 1_048_576,
    about: "Longest body of a request that carries many things.",
  },
  "limits.history_events": {
    of: { kind: "integer", min: 100, max: 10_000_000 },
    default: 2_000_000,
    about: "Longest history of one execution; at the limit it fails with HISTORY_LIMIT.",
  },
  "limits.history_bytes": {
    of: BYTES,
    default: 512 * 1_048_576,
    about: "The same in bytes.",
  },
  "limits.state": {
    of: BYTES,
    default: 64 * 1_048_576,
    about:
      "Most that one execution keeps alive at a time: outputs, variables, signals, iterations that are read later.",
  },
  "limits.execution_timeout": {
    of: DURATION,
    default: null,
    about:
      "Longest time of one run of an execution, whatever its workflow says; what it then does is cancel_and_cleanup.",
  },
  "limits.step_timeout": {
    of: DURATION,
    default: null,
    about: "Longest time of one attempt of a step that calls out, whatever the step says.",
  },
  "limits.executions_in_memory": {
    of: { kind: "integer", min: 100, max: 10_000_000 },
    default: 50_000,
    about: "Above this the longest idle leave memory.",
  },
  "limits.inbox": {
    of: { kind: "integer", min: 100, max: 10_000_000 },
    default: 100_000,
    about: "Requests that wait for their turn in one shard; beyond them the answer is 429.",
  },
  "limits.max_concurrent_executions": {
    of: { kind: "integer", min: 1, max: 10_000_000 },
    default: null,
    about: "Executions that run at a time, without their children; further ones are queued.",
  },
  "limits.queued_executions": {
    of: { kind: "integer", min: 1, max: 10_000_000 },
    default: 100_000,
    about: "Executions that may wait for the slots of one key; beyond them the answer is 429.",
  },
  "limits.requests": {
    of: { kind: "integer", min: 1, max: 10_000_000 },
    default: null,
    about: "Requests of one token in `limits.requests_period`; beyond them the answer is 429.",
  },
  "limits.requests_period": { of: DURATION, default: 60_000, about: "The time for `limits.requests`." },

  "events.ttl": {
    of: DURATION,
    default: 3_600_000,
    about: "How long events with a key are kept for waits that begin later.",
  },
  "retention.completed": {
    of: DURATION,
    default: null,
    about: "How long completed executions are kept after their end; left out: for ever.",
  },
  "retention.failed": {
    of: DURATION,
    default: null,
    about:
      "How long executions that failed, were cancelled or timed out are kept, dead letters apart; left out: for ever.",
  },
  "retention.dead_letters": {
    of: DURATION,
    default: null,
    about: "How long dead letters are kept; left out: until they are dropped or replayed.",
  },

  "outgoing.allow": {
    of: TEXTS,
    default: [],
    about: "Hosts, addresses and ranges that steps may call although they are private.",
  },
  "outgoing.deny": { of: TEXTS, default: [], about: "Hosts, addresses and ranges that steps may not call." },
  "environment.allow": { of: TEXTS, default: [], about: "Variables that `env.` may read in expressions." },

  services: {
    of: {
      kind: "table",
      members: {
        url: { kind: "text", isRequired: true },
        headers: { kind: "object" },
        auth: { kind: "object" },
        timeout: { kind: "duration" },
      },
    },
    default: null,
    about: "Where `service` of an http step leads: `{url, headers, auth, timeout}` by name.",
  },
  connections: {
    of: {
      kind: "table",
      members: { type: { kind: "text", isRequired: true }, url: { kind: "text", isRequired: true } },
    },
    default: null,
    about: "Databases and brokers that steps use: `{type, url}` by name.",
  },

  "executor.name": { of: TEXT, default: null, about: "Name of the executor.", reader: "executor" },
  "executor.concurrency": {
    of: { kind: "integer", min: 1, max: 100_000 },
    default: 10,
    about: "Tasks at a time.",
    reader: "executor",
  },
  "executor.timeout": { of: DURATION, default: 300_000, about: "How long one task may take.", reader: "executor" },
  "health.endpoint": { of: TEXT, default: "/health", about: "Path of the executor's health.", reader: "executor" },
  "health.port": { of: PORT, default: null, about: "Port of the executor's health.", reader: "executor" },
  "health.checks": {
    of: {
      kind: "list",
      members: {
        name: { kind: "text", isRequired: true },
        type: { kind: "text", isRequired: true },
        config: { kind: "object" },
      },
    },
    default: null,
    about: "What the executor looks after.",
    reader: "executor",
  },
};

/** Other spellings of a whole setting. */
export const OTHER_NAMES: Readonly<Record<string, SettingName>> = {
  "messaging.backend": "messaging.type",
  "storage.backend": "database.type",
};

/** Other words for a value. */
export const OTHER_VALUES: Readonly<Partial<Record<SettingName, Readonly<Record<string, string>>>>> = {
  "database.type": { postgres: "postgresql", mongo: "mongodb", embedded: "sqlite" },
  "messaging.type": { "in-process": "memory", in_memory: "memory" },
};

/** Sections that describe a backend by its parts; they make the address of the setting beside them. */
export const BACKEND_SECTIONS: Readonly<
  Record<
    string,
    {
      readonly scheme: string;
      readonly port: number;
      readonly url: SettingName;
      readonly type: SettingName;
      readonly is: string;
    }
  >
> = {
  "storage.postgres": {
    scheme: "postgresql",
    port: 5432,
    url: "database.url",
    type: "database.type",
    is: "postgresql",
  },
  "storage.mongodb": { scheme: "mongodb", port: 27_017, url: "database.url", type: "database.type", is: "mongodb" },
  "messaging.redis": { scheme: "redis", port: 6379, url: "messaging.url", type: "messaging.type", is: "redis" },
  "messaging.rabbitmq": { scheme: "amqp", port: 5672, url: "messaging.url", type: "messaging.type", is: "rabbitmq" },
  "messaging.kafka": { scheme: "kafka", port: 9092, url: "messaging.url", type: "messaging.type", is: "kafka" },
  "messaging.nats": { scheme: "nats", port: 4222, url: "messaging.url", type: "messaging.type", is: "nats" },
};

export const BACKEND_MEMBERS: readonly string[] = [
  "host",
  "port",
  "db",
  "database",
  "username",
  "user",
  "password",
  "brokers",
];

/** What stands before `://` in the address of a backend. */
export const BACKEND_BY_SCHEME: Readonly<Record<string, string>> = {
  postgres: "postgresql",
  postgresql: "postgresql",
  mongodb: "mongodb",
  redis: "redis",
  rediss: "redis",
  amqp: "rabbitmq",
  amqps: "rabbitmq",
  kafka: "kafka",
  nats: "nats",
};

/** What this build can use. Anything else that the language of configuration knows is refused by name. */
export const AVAILABLE: Readonly<Partial<Record<SettingName, readonly string[]>>> = {
  "database.type": ["sqlite"],
  "cache.type": ["memory"],
  "messaging.type": ["memory"],
  "server.mode": ["standalone"],
};

/** Secrets printed in documents. Fine to try things out on one machine, dangerous anywhere else. */
export const SAMPLE_SECRETS: readonly string[] = ["your-secret-key", "changeme", "secret", "your-jwt-secret"];
