/**
 * An executor: your functions, called for the tasks of workflows.
 *
 *     stream or polls ──tasks──► functions ──results──► platform
 *                       └── heartbeats while they run; the platform may say "cancel", which aborts the function's signal
 *
 * A task is delivered at least once: its `id` is the same in every delivery, so that a function can make sure to do its
 * work once. While the platform cannot be reached the executor goes on, keeps its results, and comes back by itself.
 */

import type { JsonObject } from "../core/base/json.ts";
import { type Check, type CheckResult, runChecks } from "./checks.ts";
import { type HealthServer, openHealthServer } from "./health-server.ts";
import { type ConnectionOptions, connect, pause } from "./http.ts";
import { createOutbox } from "./outbox.ts";
import { beatForEver, pollForEver } from "./polling.ts";
import { streamForEver } from "./streaming.ts";
import { hasWebSocket, type TaskStream } from "./task-stream.ts";
import { type Crew, createBell } from "./transport.ts";
import { createWork, type TaskFunction } from "./work.ts";

export interface ExecutorOptions extends ConnectionOptions {
  /** As workflows name it: `executor: payment-service`. */
  readonly name: string;
  /** This process among those of the executor; made up where left out. */
  readonly instance?: string;
  /** Tasks at a time (default 10). */
  readonly concurrency?: number;
  /**
   * How tasks come and results go: over one WebSocket, or by calls. Left out: `stream`, and `poll` where there is no WebSocket,
   * where the platform gives none, and where `fetch` is replaced.
   */
  readonly transport?: "stream" | "poll";
  /** A task without a sign of life for this long is given to somebody else (default 30,000, at most 600,000). */
  readonly leaseMs?: number;
  /** Steps with `labels` come only to instances that have them. */
  readonly labels?: JsonObject;
  readonly version?: string;
  /** Serves `GET /health` on this port (0: a free one); left out: no health server. */
  readonly healthPort?: number;
  readonly healthHost?: string;
  /** What the functions need: reported with the instance's health. */
  readonly checks?: readonly Check[];
  /** How often the checks are run and the instance's health is reported (default 10,000). */
  readonly checkIntervalMs?: number;
  /** Told what goes wrong outside of functions (the platform cannot be reached, a result came too late). */
  readonly onWarning?: (message: string) => void;
}

export interface Executor extends AsyncDisposable {
  readonly instance: string;
  /** Where `GET /health` is served; null where it is not. */
  readonly healthUrl: string | null;
  /** Before `start`. */
  register(name: string, work: TaskFunction): Executor;
  /** Resolves once the platform has answered; rejects if the platform refuses it. Waits for a platform that is away. */
  start(): Promise<void>;
  /** Takes no more tasks, lets those that run end (up to `graceMs`, default 30,000), then aborts them. May be called twice. */
  stop(options?: { graceMs?: number }): Promise<void>;
}

const CONCURRENCY = 10;
const LEASE_MS = 30_000;
const GRACE_MS = 30_000;
const CHECK_INTERVAL_MS = 10_000;
/** How long a stop waits to hear that no more tasks are on their way. */
const DRAIN_MS_MAX = 2000;

export function createExecutor(options: ExecutorOptions): Executor {
  const connection = connect(options);
  const { name, leaseMs = LEASE_MS, concurrency = CONCURRENCY, labels = {}, checks = [] } = options;
  const instance = options.instance ?? `${name}-${crypto.randomUUID().slice(0, 8)}`;
  const warn = options.onWarning ?? ((message: string) => console.warn(`[${name}] ${message}`));
  const functions = new Map<string, TaskFunction>();
  const taking = new AbortController();
  const stopped = new AbortController();
  /** Rings when a hand is free again or a result was handed over. */
  const bell = createBell();
  const first = Promise.withResolvers<void>();
  let hasConnected = false;
  let stream: TaskStream | null = null;
  let health: HealthServer | null = null;
  let loops: Promise<unknown> | null = null;
  let stopping: Promise<void> | null = null;
  let checked: readonly CheckResult[] = [];
  const firstChecked = Promise.withResolvers<void>();

  const outbox = createOutbox({ connection, stopped: stopped.signal, warn, left: bell.ring });
  const work = createWork({
    name,
    instance,
    functions,
    stopped: stopped.signal,
    ended(result, output) {
      if (result !== null) outbox.add(result, output);
      stream?.freed();
      bell.ring();
    },
  });
  const crew: Crew = {
    executor: name,
    instance,
    labels,
    leaseMs,
    free: () => concurrency - work.size,
    functions: () => [...functions.keys()],
    held: () => [...work.taskIds(), ...outbox.taskIds()],
    begin(task) {
      // Delivered again while we work on it, after the platform forgot the lease: our result will do.
      if (work.has(task.id) || outbox.has(task.id)) stream?.freed();
      else work.begin(task);
    },
    withdraw: work.withdraw,
    heartbeats: work.heartbeats,
    warn,
    connected() {
      // A platform that was away has forgotten how we are.
      if (hasConnected) report.abort();
      hasConnected = true;
      first.resolve();
    },
    refused(error) {
      if (!hasConnected) first.reject(error);
    },
  };

  /** Whether there are tasks of which the platform has no result yet. */
  function holds(): boolean {
    return work.size > 0 || outbox.size > 0;
  }

  function takeForEver(): Promise<unknown> {
    const { transport = options.fetch === undefined ? "stream" : "poll" } = options;
    const polling = { connection, crew, bell, signal: taking.signal };
    if (transport === "poll") return pollForEver(polling);
    if (hasWebSocket()) return streamForEver({ ...polling, outbox, opened });
    warn("There is no WebSocket here: polling for tasks.");
    return pollForEver(polling);
  }

  function opened(next: TaskStream): void {
    stream = next;
  }

  let report = new AbortController();

  async function reportForEver(): Promise<void> {
    while (!taking.signal.aborted) {
      report = new AbortController();
      checked = await runChecks(checks, taking.signal);
      firstChecked.resolve();
      const status = {
        functions: [...functions.keys()],
        concurrency,
        running: work.size,
        health: worst(checked),
        checks: checked,
        version: options.version ?? null,
        labels,
      };
      await connection
        .call({
          method: "PUT",
          path: `/api/v1/executors/${encodeURIComponent(name)}/instances/${encodeURIComponent(instance)}`,
          body: status,
          signal: taking.signal,
          retries: 0,
        })
        // Polling makes the instance known as well, and says when the platform is away.
        .catch(() => undefined);
      const { checkIntervalMs = CHECK_INTERVAL_MS } = options;
      await pause(checkIntervalMs, AbortSignal.any([taking.signal, report.signal]));
    }
  }

  async function stop(graceMs: number): Promise<void> {
    taking.abort();
    const graceEnd = performance.now() + graceMs;
    const used = stream;
    if (used !== null) await Promise.race([used.drain(), pause(Math.min(graceMs, DRAIN_MS_MAX))]);
    // Without a stream results go by calls.
    void used?.closed.then(() => outbox.call());
    for (let left = graceEnd - performance.now(); holds() && left > 0; left = graceEnd - performance.now())
      await bell.wait(left);
    work.abortAll();
    used?.close();
    await connection
      .call({
        method: "DELETE",
        path: `/api/v1/executors/${encodeURIComponent(name)}/instances/${encodeURIComponent(instance)}`,
        retries: 0,
        signal: AbortSignal.timeout(2000),
      })
      // The platform notices by itself that an instance is gone.
      .catch(() => undefined);
    stopped.abort();
    await loops;
    await health?.close();
  }

  const executor: Executor = {
    instance,
    get healthUrl() {
      return health?.url ?? null;
    },
    register(functionName, work) {
      functions.set(functionName, work);
      return executor;
    },
    async start() {
      if (loops !== null) return;
      if (options.healthPort !== undefined) {
        health = await openHealthServer({
          host: options.healthHost ?? "127.0.0.1",
          port: options.healthPort,
          async read() {
            await firstChecked.promise;
            return {
              executor: name,
              instance,
              running: work.size,
              functions: [...functions.keys()],
              health: worst(checked),
              checks: checked,
            };
          },
        });
      }
      const isNeeded = () => stream?.isOpen !== true;
      const beating = beatForEver({ connection, crew, isNeeded, signal: stopped.signal });
      loops = Promise.all([takeForEver().then(() => first.resolve()), beating, reportForEver()]);
      await first.promise.catch(async (error: unknown) => {
        await executor.stop({ graceMs: 0 });
        throw error;
      });
    },
    stop({ graceMs = GRACE_MS } = {}) {
      stopping ??= stop(graceMs);
      return stopping;
    },
    [Symbol.asyncDispose]: () => executor.stop(),
  };
  return executor;
}

function worst(checks: readonly CheckResult[]): "healthy" | "degraded" | "unhealthy" {
  if (checks.some(({ status }) => status === "unhealthy")) return "unhealthy";
  return checks.some(({ status }) => status === "degraded") ? "degraded" : "healthy";
}
