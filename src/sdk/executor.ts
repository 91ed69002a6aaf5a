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
import type { HeartbeatsAnswer, PollAnswer, Result, Task } from "../core/protocol/tasks.ts";
import { type Check, type CheckResult, runChecks } from "./checks.ts";
import { MagicFlowError, TaskError } from "./errors.ts";
import { type HealthServer, openHealthServer } from "./health-server.ts";
import { type ConnectionOptions, connect, delayMs, pause } from "./http.ts";
import { createOutbox } from "./outbox.ts";

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
  /** How often the checks are run and the instance's health is reported (default 10,000). */
  readonly checkIntervalMs?: number;
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
  /** Resolves once the first poll was answered; rejects if the platform refuses it. Waits for a platform that is away. */
  start(): Promise<void>;
  /** Takes no more tasks, lets those that run end (up to `graceMs`, default 30,000), then aborts them. May be called twice. */
  stop(options?: { graceMs?: number }): Promise<void>;
}

const CONCURRENCY = 10;
const LEASE_MS = 30_000;
const GRACE_MS = 30_000;
/** How long one poll waits for work. */
const WAIT_MS = 20_000;
const CHECK_INTERVAL_MS = 10_000;
/** How late a function may hear that nobody waits for it any more. */
const HEARTBEAT_MS_MAX = 5000;
/** The platform takes this many heartbeats in one call. */
const HEARTBEATS_MAX = 1000;
/**
 * After a restart the platform waits for a second for those who say that they hold tasks, before it gives these to others:
 * whoever holds some comes back in time.
 */
const RECONNECT_MS_MAX_WHILE_HOLDING = 400;
/** How long all hands are full before the platform is told what they hold. */
const FULL_MS = 500;
/**
 * The platform's clock says when an attempt's time is over; ours tells the function. What the function gives then is kept
 * back for a moment, in which the platform ends the attempt by itself and does what the workflow says of time-outs.
 */
const OVERTIME_MS = 1000;
/** As much of a message as the platform takes. */
const MESSAGE_LENGTH_MAX = 10_000;

/** Why a function's signal aborts. */
const TIME_OVER = new TaskError({ code: "TIMEOUT", message: "The attempt's time is over." });
const CANCELLED = new TaskError({ code: "CANCELLED", message: "The task was cancelled." });
const STOPPED = new TaskError({ code: "EXECUTOR_STOPPED", message: "The executor was stopped." });

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
  const polling = new AbortController();
  const stopped = new AbortController();
  let health: HealthServer | null = null;
  let loops: Promise<unknown> | null = null;
  let stopping: Promise<void> | null = null;
  let checked: readonly CheckResult[] = [];
  const firstChecked = Promise.withResolvers<void>();
  let changed = new AbortController();

  /** A slot became free or a result was handed over: whoever waits for that looks again. */
  const tell = () => {
    const told = changed;
    changed = new AbortController();
    told.abort();
  };
  const outbox = createOutbox({ connection, stopped: stopped.signal, warn, left: tell });

  async function pollForEver(first: PromiseWithResolvers<void>): Promise<void> {
    for (let failures = 0; !polling.signal.aborted; ) {
      // While all hands are full for a moment only, no poll is worth its while.
      if (running.size >= concurrency) await pause(FULL_MS, AbortSignal.any([polling.signal, changed.signal]));
      const free = concurrency - running.size;
      // Who has no hand free takes nothing, but stays on the line: a platform that restarts must hear what we hold.
      const signal = free > 0 ? polling.signal : AbortSignal.any([polling.signal, changed.signal]);
      try {
        const { tasks } = await poll(free, signal);
        if (failures > 0) reportNow();
        failures = 0;
        first.resolve();
        for (const task of tasks) begin(task);
      } catch (error) {
        if (signal.aborted) continue;
        if (!hasPolled && isRefusal(error)) return first.reject(error);
        if (failures === 0) warn(`Cannot take tasks: ${messageOf(error)} Trying again.`);
        const delay = delayMs(failures++);
        await pause(holds() ? Math.min(delay, RECONNECT_MS_MAX_WHILE_HOLDING) : delay, polling.signal);
      }
    }
    first.resolve();
  }

  /** Whether there are tasks of which the platform has no result yet. */
  function holds(): boolean {
    return running.size > 0 || outbox.size > 0;
  }

  let hasPolled = false;
  async function poll(free: number, signal: AbortSignal): Promise<PollAnswer> {
    // The first poll comes back at once, so that `start` can say that the executor is known.
    const waitMs = hasPolled ? WAIT_MS : 0;
    const { body } = await connection.call({
      method: "POST",
      path: "/api/v1/tasks/poll",
      body: {
        executor: name,
        instance,
        functions: free > 0 ? [...functions.keys()] : [],
        max_tasks: Math.min(Math.max(free, 1), 1000),
        wait_ms: waitMs,
        lease_ms: leaseMs,
        held: [...running.keys(), ...outbox.taskIds()],
        labels,
      },
      heldMs: waitMs,
      signal,
      retries: 0,
    });
    hasPolled = true;
    return body as PollAnswer;
  }

  function begin(task: Task): void {
    // Delivered again while we work on it, after the platform forgot the lease: our result will do.
    if (running.has(task.id) || outbox.has(task.id)) return;
    const entry: Running = { task, abort: new AbortController(), progress: null, message: null };
    running.set(task.id, entry);
    void perform(entry).then((result) => {
      running.delete(task.id);
      const { reason } = entry.abort.signal;
      // Nobody waits for what was cancelled; and a function that was stopped with its executor has not failed: somebody
      // else is given its task.
      if (reason !== CANCELLED && (reason !== STOPPED || result.status === "completed")) outbox.add(result);
      tell();
    });
  }

  async function perform(entry: Running): Promise<Result> {
    const { task, abort } = entry;
    const startedAt = new Date().toISOString();
    const timer = task.timeout_ms === null ? null : setTimeout(() => abort.abort(TIME_OVER), task.timeout_ms);
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
      if (abort.signal.reason === TIME_OVER) throw TIME_OVER;
      return { ...base, status: "completed", output: toJson(output), finished_at: new Date().toISOString() };
    } catch (error) {
      const isLate = abort.signal.reason === TIME_OVER;
      if (isLate) await pause(OVERTIME_MS, stopped.signal);
      return {
        ...base,
        status: "failed",
        error: errorOf(isLate ? TIME_OVER : error),
        finished_at: new Date().toISOString(),
      };
    } finally {
      if (timer !== null) clearTimeout(timer);
    }
  }

  async function heartbeatForEver(): Promise<void> {
    while (!stopped.signal.aborted) {
      await pause(Math.min(leaseMs / 3, HEARTBEAT_MS_MAX), stopped.signal);
      const all = [...running.values()];
      for (let i = 0; i < all.length && !stopped.signal.aborted; i += HEARTBEATS_MAX)
        await beat(all.slice(i, i + HEARTBEATS_MAX));
    }
  }

  async function beat(entries: readonly Running[]): Promise<void> {
    const heartbeats = entries.map(({ task, progress, message }) => ({ task_id: task.id, progress, message }));
    try {
      const { body } = await connection.call({
        method: "POST",
        path: "/api/v1/tasks/heartbeats",
        body: { heartbeats },
        signal: stopped.signal,
        retries: 1,
      });
      for (const { task_id: id, cancel } of (body as HeartbeatsAnswer).heartbeats) {
        if (cancel) running.get(id)?.abort.abort(CANCELLED);
      }
    } catch {
      // Polling says that the platform cannot be reached; the lease outlives two missed heartbeats.
    }
  }

  let report = new AbortController();
  /** A platform that was away has forgotten how we are. */
  function reportNow(): void {
    report.abort();
  }

  async function reportForEver(): Promise<void> {
    while (!polling.signal.aborted) {
      report = new AbortController();
      checked = await runChecks(checks, polling.signal);
      firstChecked.resolve();
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
          signal: polling.signal,
          retries: 0,
        })
        // Polling makes the instance known as well, and says when the platform is away.
        .catch(() => undefined);
      const { checkIntervalMs = CHECK_INTERVAL_MS } = options;
      await pause(checkIntervalMs, AbortSignal.any([polling.signal, report.signal]));
    }
  }

  async function stop(graceMs: number): Promise<void> {
    polling.abort();
    tell();
    const graceEnd = performance.now() + graceMs;
    for (let left = graceMs; holds() && left > 0; left = graceEnd - performance.now())
      await pause(left, changed.signal);
    for (const { abort } of running.values()) abort.abort(STOPPED);
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
              running: running.size,
              functions: [...functions.keys()],
              health: worst(checked),
              checks: checked,
            };
          },
        });
      }
      const first = Promise.withResolvers<void>();
      loops = Promise.all([pollForEver(first), heartbeatForEver(), reportForEver()]);
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

function toJson(output: unknown): Json {
  if (output === undefined) return null;
  // What JSON cannot say (dates, maps, undefined members) takes the form that JSON gives it; a circle is the function's error.
  return JSON.parse(JSON.stringify(output) ?? "null") as Json;
}

function errorOf(error: unknown): NonNullable<Result["error"]> {
  if (error instanceof TaskError) {
    return {
      code: error.code,
      message: error.message.slice(0, MESSAGE_LENGTH_MAX),
      ...(error.details === undefined ? {} : { details: error.details }),
      ...(error.retryable === undefined ? {} : { retryable: error.retryable }),
      ...(error.retryAfter === undefined ? {} : { retry_after: error.retryAfter }),
    };
  }
  return { code: "FUNCTION_FAILED", message: messageOf(error).slice(0, MESSAGE_LENGTH_MAX) };
}

/** Waiting does not help: the request itself is wrong, or who we are. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof MagicFlowError &&
    error.status >= 400 &&
    error.status < 500 &&
    error.status !== 408 &&
    error.status !== 429
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function worst(checks: readonly CheckResult[]): "healthy" | "degraded" | "unhealthy" {
  if (checks.some(({ status }) => status === "unhealthy")) return "unhealthy";
  return checks.some(({ status }) => status === "degraded") ? "degraded" : "healthy";
}
