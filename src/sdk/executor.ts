/**
 * An executor: your functions, called for the tasks of workflows.
 *
 *     poll ──tasks──► functions ──results──► platform
 *       └── heartbeats while they run; a heartbeat's answer may say "cancel", which aborts the function's signal
 *
 * A task is delivered at least once: its `id` is the same in every delivery, so that a function can make sure to do its
 * work once. While the platform cannot be reached the executor goes on, keeps its results, and comes back by itself.
 */

import type { Json, JsonObject } from "../core/base/json.ts";
import type { HeartbeatsAnswer, PollAnswer, Result, ResultsAnswer, Task } from "../core/protocol/tasks.ts";
import { type Check, type CheckResult, runChecks } from "./checks.ts";
import { TaskError } from "./errors.ts";
import { type HealthServer, openHealthServer } from "./health-server.ts";
import { type ConnectionOptions, connect, delayMs, pause } from "./http.ts";

export interface ExecutorOptions extends ConnectionOptions {
  /** As workflows name it: `executor: payment-service`. */
  readonly name: string;
  /** This process among those of the executor; made up where left out. */
  readonly instance?: string;
  /** Tasks at a time (default 10). */
  readonly concurrency?: number;
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
  /** Told what goes wrong outside of functions (the platform cannot be reached, a result came too late). */
  readonly onWarning?: (message: string) => void;
}

/** What a function gets besides its input. */
export interface TaskContext {
  readonly task: Task;
  /** Aborts when nobody waits for the result any more, when the attempt's time is over, and when the executor is stopped. */
  readonly signal: AbortSignal;
  /** Shows how far the work is: from 0 to 1, with a word for people. Sent with the next heartbeat. */
  progress(done: number, message?: string): void;
}

/** The result becomes the step's output: an object as it is, anything else under `value`. */
// biome-ignore lint/suspicious/noExplicitAny: the input's type is the author's to state; the platform checks it by schema.
export type TaskFunction = (input: any, context: TaskContext) => unknown;

export interface Executor extends AsyncDisposable {
  readonly instance: string;
  /** Where `GET /health` is served; null where it is not. */
  readonly healthUrl: string | null;
  /** Before `start`. */
  register(name: string, work: TaskFunction): Executor;
  /** Resolves once the first poll was answered. */
  start(): Promise<void>;
  /** Takes no more tasks, lets those that run end (up to `graceMs`, default 30,000), then aborts them. May be called twice. */
  stop(options?: { graceMs?: number }): Promise<void>;
}

const CONCURRENCY = 10;
const LEASE_MS = 30_000;
const GRACE_MS = 30_000;
/** How long one poll waits for work. */
const WAIT_MS = 20_000;
const REPORT_MS = 10_000;
/** The platform takes this many results in one call. */
const RESULTS_MAX = 500;

interface Running {
  readonly task: Task;
  readonly abort: AbortController;
  progress: number | null;
  message: string | null;
}

export function createExecutor(options: ExecutorOptions): Executor {
  const connection = connect(options);
  const { name, leaseMs = LEASE_MS, concurrency = CONCURRENCY, labels = {}, checks = [] } = options;
  const instance = options.instance ?? `${name}-${crypto.randomUUID().slice(0, 8)}`;
  const warn = options.onWarning ?? ((message: string) => console.warn(`[${name}] ${message}`));
  const functions = new Map<string, TaskFunction>();
  const running = new Map<string, Running>();
  const results: Result[] = [];
  const polling = new AbortController();
  const stopped = new AbortController();
  let health: HealthServer | null = null;
  let loops: Promise<unknown> | null = null;
  let isSending = false;
  let stopping: Promise<void> | null = null;
  let checked: readonly CheckResult[] = [];
  let changed = Promise.withResolvers<void>();

  /** A slot became free or a result was handed over: whoever waits for that looks again. */
  const tell = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };

  async function pollForEver(first: PromiseWithResolvers<void>): Promise<void> {
    for (let failures = 0; !polling.signal.aborted; ) {
      const free = concurrency - running.size;
      if (free <= 0) {
        await changed.promise;
        continue;
      }
      try {
        const { tasks } = await poll(free);
        failures = 0;
        first.resolve();
        for (const task of tasks) begin(task);
      } catch (error) {
        if (polling.signal.aborted) break;
        if (failures === 0) warn(`Cannot take tasks: ${messageOf(error)}. Trying again.`);
        await pause(delayMs(failures++), polling.signal);
      }
    }
    first.resolve();
  }

  let hasPolled = false;
  async function poll(free: number): Promise<PollAnswer> {
    // The first poll comes back at once, so that `start` can say that the executor is known.
    const waitMs = hasPolled ? WAIT_MS : 0;
    const { body } = await connection.call({
      method: "POST",
      path: "/api/v1/tasks/poll",
      body: {
        executor: name,
        instance,
        functions: [...functions.keys()],
        max_tasks: Math.min(free, 1000),
        wait_ms: waitMs,
        lease_ms: leaseMs,
        held: [...running.keys()],
        labels,
      },
      heldMs: waitMs,
      signal: polling.signal,
      retries: 0,
    });
    hasPolled = true;
    return body as PollAnswer;
  }

  function begin(task: Task): void {
    // Delivered again while we work on it, after the platform forgot the lease: our result will do.
    if (running.has(task.id)) return;
    const entry: Running = { task, abort: new AbortController(), progress: null, message: null };
    running.set(task.id, entry);
    perform(entry).then((result) => {
      running.delete(task.id);
      results.push(result);
      send();
      tell();
    });
  }

  async function perform(entry: Running): Promise<Result> {
    const { task, abort } = entry;
    const startedAt = new Date().toISOString();
    const timer =
      task.timeout_ms === null
        ? null
        : setTimeout(() => abort.abort(new Error("The attempt's time is over.")), task.timeout_ms);
    const context: TaskContext = {
      task,
      signal: abort.signal,
      progress(done, message) {
        entry.progress = Math.min(Math.max(done, 0), 1);
        entry.message = message ?? null;
      },
    };
    const base = { task_id: task.id, instance, executor: name, started_at: startedAt };
    try {
      const work = functions.get(task.function);
      if (work === undefined)
        throw new TaskError({
          code: "FUNCTION_UNKNOWN",
          message: `Executor "${name}" has no function "${task.function}". It has: ${[...functions.keys()].join(", ")}.`,
          retryable: false,
        });
      const output = await work(task.input, context);
      return { ...base, status: "completed", output: toJson(output), finished_at: new Date().toISOString() };
    } catch (error) {
      return { ...base, status: "failed", error: errorOf(error), finished_at: new Date().toISOString() };
    } finally {
      if (timer !== null) clearTimeout(timer);
    }
  }

  /** One call at a time; what gathers meanwhile goes with the next. */
  function send(): void {
    if (isSending) return;
    isSending = true;
    void sendAll().finally(() => {
      isSending = false;
      if (results.length > 0 && !stopped.signal.aborted) send();
      tell();
    });
  }

  async function sendAll(): Promise<void> {
    for (let failures = 0; results.length > 0; ) {
      const batch = results.slice(0, RESULTS_MAX);
      try {
        const { body } = await connection.call({
          method: "POST",
          path: "/api/v1/tasks/results",
          body: { results: batch },
          signal: stopped.signal,
          retries: 0,
        });
        results.splice(0, batch.length);
        failures = 0;
        for (const { task_id: id, outcome } of (body as ResultsAnswer).results) {
          if (outcome === "stale" || outcome === "unknown")
            warn(`The result of ${id} was ${outcome}: nobody waits for it any more.`);
        }
      } catch (error) {
        if (stopped.signal.aborted) return;
        if (isRefused(error) && batch.length === 1) {
          // The platform will never take this one: the attempt fails with what it said.
          results.splice(0, 1, refusedResult(batch[0] as Result, messageOf(error)));
          if ((batch[0] as Result).status === "failed") results.shift();
          warn(`A result was refused: ${messageOf(error)}`);
          continue;
        }
        if (isRefused(error)) {
          // One of many is to blame: send them one by one.
          await sendOneByOne(batch);
          continue;
        }
        if (failures === 0) warn(`Cannot hand over results: ${messageOf(error)}. Keeping them and trying again.`);
        await pause(delayMs(failures++), stopped.signal);
      }
    }
  }

  async function sendOneByOne(batch: readonly Result[]): Promise<void> {
    results.splice(0, batch.length);
    for (const result of batch) {
      try {
        await connection.call({
          method: "POST",
          path: "/api/v1/tasks/results",
          body: { results: [result] },
          signal: stopped.signal,
          retries: 0,
        });
      } catch (error) {
        if (isRefused(error) && result.status === "completed") results.push(refusedResult(result, messageOf(error)));
        else if (!isRefused(error)) results.push(result);
      }
    }
  }

  async function heartbeatForEver(): Promise<void> {
    while (!stopped.signal.aborted) {
      await pause(leaseMs / 3, stopped.signal);
      if (running.size === 0 || stopped.signal.aborted) continue;
      const heartbeats = [...running.values()].map(({ task, progress, message }) => ({
        task_id: task.id,
        progress,
        message,
      }));
      try {
        const { body } = await connection.call({
          method: "POST",
          path: "/api/v1/tasks/heartbeats",
          body: { heartbeats },
          signal: stopped.signal,
          retries: 1,
        });
        for (const { task_id: id, cancel } of (body as HeartbeatsAnswer).heartbeats) {
          if (cancel) running.get(id)?.abort.abort(new Error("The task was cancelled."));
        }
      } catch {
        // Polling says that the platform cannot be reached; the lease outlives two missed heartbeats.
      }
    }
  }

  async function reportForEver(): Promise<void> {
    while (!stopped.signal.aborted) {
      checked = await runChecks(checks, stopped.signal);
      const status = {
        functions: [...functions.keys()],
        concurrency,
        running: running.size,
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
          signal: stopped.signal,
          retries: 0,
        })
        // Polling makes the instance known as well, and says when the platform is away.
        .catch(() => undefined);
      await pause(REPORT_MS, stopped.signal);
    }
  }

  async function stop(graceMs: number): Promise<void> {
    polling.abort();
    tell();
    const grace = AbortSignal.timeout(graceMs);
    grace.addEventListener("abort", tell);
    while ((running.size > 0 || results.length > 0) && !grace.aborted) await changed.promise;
    for (const { abort } of running.values()) abort.abort(new Error("The executor was stopped."));
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
          read: () => ({
            executor: name,
            instance,
            running: running.size,
            functions: [...functions.keys()],
            health: worst(checked),
            checks: checked,
          }),
        });
      }
      const first = Promise.withResolvers<void>();
      loops = Promise.all([pollForEver(first), heartbeatForEver(), reportForEver()]);
      await first.promise;
    },
    stop({ graceMs = GRACE_MS } = {}) {
      stopping ??= stop(graceMs);
      return stopping;
    },
    [Symbol.asyncDispose]: () => executor.stop(),
  };
  return executor;
}

function toJson(output: unknown): Json {
  if (output === undefined) return null;
  // What JSON cannot say (dates, maps, undefined members) takes the form that JSON gives it; a circle is the function's error.
  return JSON.parse(JSON.stringify(output) ?? "null") as Json;
}

function errorOf(error: unknown): NonNullable<Result["error"]> {
  if (error instanceof TaskError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.details === undefined ? {} : { details: error.details }),
      ...(error.retryable === undefined ? {} : { retryable: error.retryable }),
      ...(error.retryAfter === undefined ? {} : { retry_after: error.retryAfter }),
    };
  }
  return { code: "FUNCTION_FAILED", message: messageOf(error).slice(0, 10_000) };
}

function refusedResult({ output: _output, ...result }: Result, message: string): Result {
  return { ...result, status: "failed", error: { code: "RESULT_REFUSED", message, retryable: false } };
}

function isRefused(error: unknown): boolean {
  const status = (error as { status?: number }).status ?? 0;
  return status >= 400 && status < 500 && status !== 408 && status !== 429 && status !== 401 && status !== 403;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function worst(checks: readonly CheckResult[]): "healthy" | "degraded" | "unhealthy" {
  if (checks.some(({ status }) => status === "unhealthy")) return "unhealthy";
  return checks.some(({ status }) => status === "degraded") ? "degraded" : "healthy";
}
