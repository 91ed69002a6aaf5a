/**
 * The tasks that an executor works on: each calls its function once, and gives a result unless nobody waits for it any more.
 *
 * Thousands of small functions may begin and end in a second, so what a function seldom asks for, its signal, is made when
 * it asks.
 */

import type { Heartbeat, Result, Task } from "../core/protocol/tasks.ts";
import { TaskError } from "./errors.ts";
import { pause } from "./http.ts";

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

export interface Work {
  begin(task: Task): void;
  has(taskId: string): boolean;
  /** Nobody waits for the result any more. */
  withdraw(taskId: string, reason: "cancelled" | "timed_out"): void;
  /** Tells all functions to end; what they give then is kept only where they completed. */
  abortAll(): void;
  heartbeats(): readonly Heartbeat[];
  taskIds(): readonly string[];
  readonly size: number;
}

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
  readonly startedAt: string;
  timer: ReturnType<typeof setTimeout> | null;
  /** Null until the function asks for its signal. */
  controller: AbortController | null;
  /** Why it was told to end; null: it was not. */
  reason: TaskError | null;
  /** Nobody waits for its result. */
  isUnwanted: boolean;
  progress: number | null;
  message: string | null;
}

export function createWork(parts: {
  readonly name: string;
  readonly instance: string;
  readonly functions: ReadonlyMap<string, TaskFunction>;
  readonly stopped: AbortSignal;
  /** `output` is JSON text, where it completed; null: there is no result to hand over. */
  readonly ended: (result: Result | null, output: string | undefined) => void;
}): Work {
  const { name, instance, functions, stopped } = parts;
  const running = new Map<string, Running>();

  /** Makes promises only where the function does: most of the small ones are done when they return. */
  function perform(entry: Running): void {
    const { task } = entry;
    if (task.timeout_ms !== null) entry.timer = setTimeout(() => abort(entry, TIME_OVER), task.timeout_ms);
    try {
      const work = functions.get(task.function);
      if (work === undefined) throw unknownFunction(task.function);
      const given = work(task.input, new Context(entry));
      if (!isPromise(given)) return complete(entry, given);
      Promise.resolve(given).then(
        (output) => complete(entry, output),
        (error: unknown) => fail(entry, error),
      );
    } catch (error) {
      fail(entry, error);
    }
  }

  function complete(entry: Running, output: unknown): void {
    if (entry.reason === TIME_OVER) return fail(entry, TIME_OVER);
    const { task, startedAt } = entry;
    let text: string;
    try {
      // What JSON cannot say (dates, maps, undefined members) takes the form that JSON gives it; a circle is the function's error.
      text = JSON.stringify(output) ?? "null";
    } catch (error) {
      return fail(entry, error);
    }
    end(entry, { task_id: task.id, instance, started_at: startedAt, status: "completed" }, text);
  }

  function fail(entry: Running, error: unknown): void {
    const { task, startedAt } = entry;
    const isLate = entry.reason === TIME_OVER;
    const result: Result = {
      task_id: task.id,
      instance,
      started_at: startedAt,
      status: "failed",
      error: errorOf(isLate ? TIME_OVER : error),
    };
    if (isLate && !entry.isUnwanted) void pause(OVERTIME_MS, stopped).then(() => end(entry, result, undefined));
    else end(entry, result, undefined);
  }

  function end(entry: Running, result: Result, output: string | undefined): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    running.delete(entry.task.id);
    // A function that was stopped with its executor has not failed: somebody else is given its task.
    const isWanted = !entry.isUnwanted && (entry.reason !== STOPPED || result.status === "completed");
    parts.ended(isWanted ? result : null, output);
  }

  function unknownFunction(called: string): TaskError {
    return new TaskError({
      code: "FUNCTION_UNKNOWN",
      message: `Executor "${name}" has no function "${called}". It has: ${[...functions.keys()].join(", ")}.`,
      retryable: false,
    });
  }

  return {
    begin(task) {
      const entry: Running = {
        task,
        startedAt: timeText(),
        timer: null,
        controller: null,
        reason: null,
        isUnwanted: false,
        progress: null,
        message: null,
      };
      running.set(task.id, entry);
      perform(entry);
    },
    has: (taskId) => running.has(taskId),
    withdraw(taskId, reason) {
      const entry = running.get(taskId);
      if (entry === undefined) return;
      entry.isUnwanted = true;
      abort(entry, reason === "timed_out" ? TIME_OVER : CANCELLED);
    },
    abortAll() {
      for (const entry of running.values()) abort(entry, STOPPED);
    },
    heartbeats: () =>
      [...running.values()].map(({ task, progress, message }) => ({ task_id: task.id, progress, message })),
    taskIds: () => [...running.keys()],
    get size() {
      return running.size;
    },
  };
}

class Context implements TaskContext {
  readonly task: Task;
  /** May be taken out of the context and called alone. */
  readonly progress: TaskContext["progress"];
  readonly #entry: Running;

  constructor(entry: Running) {
    this.task = entry.task;
    this.#entry = entry;
    this.progress = (done, message) => {
      entry.progress = Math.min(Math.max(done, 0), 1);
      entry.message = message ?? null;
    };
  }

  get signal(): AbortSignal {
    const entry = this.#entry;
    if (entry.controller === null) {
      entry.controller = new AbortController();
      if (entry.reason !== null) entry.controller.abort(entry.reason);
    }
    return entry.controller.signal;
  }
}

/** The last time that was told, and how: thousands of tasks may begin in a second. */
let toldAt = 0;
let told = "";

function timeText(): string {
  const now = Date.now();
  if (now !== toldAt) {
    toldAt = now;
    told = new Date(now).toISOString();
  }
  return told;
}

/** The first reason stays. */
function abort(entry: Running, reason: TaskError): void {
  if (entry.reason !== null) return;
  entry.reason = reason;
  entry.controller?.abort(reason);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
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
  const message = error instanceof Error ? error.message : String(error);
  return { code: "FUNCTION_FAILED", message: message.slice(0, MESSAGE_LENGTH_MAX) };
}
