/**
 * Puts the platform together: the only file that knows every adapter.
 *
 *     configuration ──► store, clock, performers ──► host ──► server
 *
 * Who opens, closes: closing goes the other way round, and may be done twice.
 */

import { createSystemClock } from "./adapters/clock.ts";
import { createEntropy } from "./adapters/entropy.ts";
import { collectorOfNode, keepHeapSmall } from "./adapters/heap.ts";
import { createMachine } from "./adapters/machine.ts";
import { createEnvironmentSecrets } from "./adapters/secrets/environment.ts";
import { createHttpPerformer } from "./adapters/steps/http/performer.ts";
import { createScriptPerformer } from "./adapters/steps/script/performer.ts";
import { openMemoryStore } from "./adapters/stores/memory/store.ts";
import { openSqliteStore } from "./adapters/stores/sqlite/store.ts";
import type { Config } from "./config/config.ts";
import type { BusinessMetric } from "./core/protocol/business-metrics.ts";
import { type Drafts, openDrafts } from "./host/drafts/drafts.ts";
import type { Host } from "./host/host.ts";
import { type Insight, openInsight } from "./host/insight/insight.ts";
import { openHost } from "./host/open-host.ts";
import { withPatience } from "./host/patience.ts";
import { createRegistry } from "./host/registry.ts";
import { performBuiltins } from "./host/tasks/builtin.ts";
import { createBoard, type TaskBoard } from "./host/tasks/create-board.ts";
import type { Clock } from "./ports/clock.ts";
import type { Store } from "./ports/store.ts";
import type { Server, ServerConfig } from "./server/server.ts";

/** The one workspace there is. */
const WORKSPACE = "default";

/** Told what went wrong and was dealt with. */
export type Report = (error: unknown, about: string) => void;

/** Told what is worth a line in the log, though nothing is wrong. */
export type Note = (message: string) => void;

export interface Platform extends AsyncDisposable {
  readonly host: Host;
  readonly url: string;
  readonly dashboardUrl: string;
}

export interface PlatformOptions {
  readonly config: Config;
  readonly version: string;
  readonly report: Report;
  readonly note?: Note;
  /** Those that `metrics.yaml` defines. */
  readonly businessMetrics?: readonly BusinessMetric[];
  /** In place of the configured one, which it is closed like. */
  readonly store?: Store;
  /** In place of the machine's: whoever turns it by hand tries hours in moments. */
  readonly clock?: Clock;
}

/** The whole platform on its ports. Resolves when it can take starts. */
export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { config, version, report, clock: own = createSystemClock(), note } = options;
  // The threads of the store come up while the server's modules are read: on two processors that costs no time.
  const [store, { createServer }] = await Promise.all([
    options.store ?? openSqliteStore({ directory: config.dataDirectory }),
    import("./server/server.ts"),
  ]);
  let engine: Engine | null = null;
  let insight: Insight | null = null;
  let drafts: Drafts | null = null;
  try {
    engine = await openEngine({ config, store, report, clock: own, ...(note === undefined ? {} : { note }) });
    const { host, clock, entropy } = engine;
    const machine = createMachine();
    insight = openInsight({
      host,
      store: withPatience(store, clock),
      clock,
      machine,
      epoch: entropy.id().slice(0, 12),
      workspaces: [WORKSPACE],
      businessMetrics: options.businessMetrics ?? [],
      report,
    });
    drafts = openDrafts({ documents: withPatience(store, clock).documents, clock, entropy, report });
    const server = createServer({
      host,
      insight,
      drafts,
      clock,
      entropy,
      config: serverConfig(config, version),
      report,
    });
    const { url, dashboardUrl } = await server.listen();
    const heap = keepHeapSmall({
      clock,
      workDone: () => host.counters.writes.count,
      collect: collectorOfNode(),
    });
    return platformOf({
      heap,
      drafts,
      engine,
      insight,
      server,
      store,
      url,
      dashboardUrl: dashboardUrl ?? url,
      graceMs: config.server.timeoutMs,
    });
  } catch (error) {
    await drafts?.[Symbol.asyncDispose]();
    await insight?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

function platformOf(parts: {
  engine: Engine;
  heap: Disposable;
  drafts: Drafts;
  insight: Insight;
  server: Server;
  store: Store;
  url: string;
  dashboardUrl: string;
  graceMs: number;
}): Platform {
  const { engine, heap, drafts, insight, server, store, url, dashboardUrl, graceMs } = parts;
  let closing: Promise<void> | null = null;
  const close = async () => {
    heap[Symbol.dispose]();
    await server.close(graceMs);
    await drafts[Symbol.asyncDispose]();
    await insight[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  };
  return {
    host: engine.host,
    url,
    dashboardUrl,
    [Symbol.asyncDispose]() {
      closing ??= close();
      return closing;
    },
  };
}

/** Host and built-in executors over any store, without a server: what `magicflow run` uses, in memory. */
export interface Engine extends AsyncDisposable {
  readonly host: Host;
  readonly clock: Clock;
  readonly entropy: ReturnType<typeof createEntropy>;
}

export async function openMemoryEngine(options: { config: Config; report: Report }): Promise<Engine> {
  const store = openMemoryStore();
  const engine = await openEngine({ ...options, store, clock: createSystemClock() });
  return {
    ...engine,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

async function openEngine(options: {
  config: Config;
  store: Store;
  report: Report;
  note?: Note;
  clock: Clock;
}): Promise<Engine> {
  const { config, report, clock, note = () => {} } = options;

  const { limits } = config;
  const store = withPatience(options.store, clock);
  const entropy = createEntropy();
  const board: { current: TaskBoard | null } = { current: null };
  const host = await openHost({
    store,
    clock,
    entropy,
    definitions: createRegistry(store.documents),
    createTasks(shards, counters) {
      board.current = createBoard({ clock, store, shards, attemptMsMax: limits.stepTimeoutMs, counters, note });
      return board.current;
    },
    environment: config.environment,
    limits: {
      payloadBytesMax: limits.payloadBytesMax,
      historyEventsMax: limits.historyEventsMax,
      historyBytesMax: limits.historyBytesMax,
      stateBytesMax: limits.stateBytesMax,
      executionTimeoutMs: limits.executionTimeoutMs,
      executionsInMemory: limits.executionsInMemory,
      inboxMax: limits.inboxLengthMax,
      concurrentMax: limits.concurrentExecutionsMax,
      queuedMax: limits.queuedExecutionsMax,
      eventsKeptMs: config.eventsTtlMs,
      retention: config.retention,
    },
    report,
    onTransition: ({ target, from, to, reason }) =>
      note(`the circuit breaker of ${JSON.stringify(target)} went from ${from} to ${to}: ${reason}`),
  });
  const tasks = board.current as TaskBoard;
  const performers = [
    createHttpPerformer({
      services: servicesOf(config),
      outgoing: config.outgoing,
      bytesMax: limits.payloadBytesMax,
      now: clock.now,
    }),
    createScriptPerformer({ bytesMax: limits.payloadBytesMax }),
  ];
  const builtins = performBuiltins({
    builtins: tasks.builtins,
    performers,
    secrets: createEnvironmentSecrets({ environment: process.env, workspace: WORKSPACE }),
    clock,
  });
  return {
    host,
    clock,
    entropy,
    async [Symbol.asyncDispose]() {
      await builtins[Symbol.asyncDispose]();
      await Promise.all(performers.map((performer) => performer[Symbol.asyncDispose]()));
      await host[Symbol.asyncDispose]();
      await tasks[Symbol.asyncDispose]();
    },
  };
}

function servicesOf(config: Config): Parameters<typeof createHttpPerformer>[0]["services"] {
  return Object.fromEntries(
    Object.entries(config.services).map(([name, { url, headers, auth, timeoutMs }]) => [
      name,
      { url, headers, ...(auth === null ? {} : { auth }), ...(timeoutMs === null ? {} : { timeoutMs }) },
    ]),
  );
}

function serverConfig(config: Config, version: string): ServerConfig {
  const { server, security, limits } = config;
  return {
    host: server.host,
    port: server.port,
    dashboardPort: server.dashboardPort,
    authEnabled: security.authEnabled,
    publicUrl: server.publicUrl,
    limits: { payloadBytesMax: limits.payloadBytesMax, batchBytesMax: limits.batchBodyBytesMax },
    requests: limits.requests,
    servesMetrics: config.monitoring.metricsEnabled,
    version,
  };
}
