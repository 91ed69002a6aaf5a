/**
 * Calls from the main thread to a worker and their answers.
 *
 *     call(name, …arguments) ──► { id, name, arguments } ──► handler ──► { id, value } or { id, failure }
 *
 * A worker takes calls in the order of their making. When it dies, everything that waits for it is rejected: a call whose
 * effect may have happened as `unknown`, one that never left as `gone`.
 */

import { parentPort, type Transferable, Worker } from "node:worker_threads";

import { defined } from "../../../core/base/bug.ts";
import { StoreError } from "../../../ports/store.ts";
import { type Failure, toFailure } from "./failure.ts";

/** What a thread can be asked. `close` is its last call. */
export type Calls = { readonly [name: string]: (...parameters: never[]) => unknown } & { readonly close: () => void };

export interface Thread<C extends Calls> {
  /** Resolves when the thread has opened what it works on, rejects with what kept it from doing so. */
  readonly opened: Promise<void>;
  call<Name extends keyof C & string>(
    name: Name,
    parameters: Parameters<C[Name]>,
    transfer?: readonly Transferable[],
  ): Promise<Awaited<ReturnType<C[Name]>>>;
  /** Answers what was asked before, then ends the thread. May be called twice. */
  close(): Promise<void>;
}

interface Request {
  readonly id: number;
  readonly name: string;
  readonly parameters: readonly unknown[];
}

type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly failure: Failure };

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StoreError) => void;
}

/** The answer to no call: that the thread has opened. */
const OPENED = 0;

/**
 * Starts the worker whose source is `file`, without extension, beside this file: a checkout runs `.ts`, a release `.js`.
 * `lostAs` is how calls are rejected that the thread had taken when it died.
 */
export function startThread<C extends Calls>(file: string, data: unknown, lostAs: "gone" | "unknown"): Thread<C> {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  const worker = new Worker(new URL(`./${file}${extension}`, import.meta.url), {
    workerData: data,
    name: `sqlite ${file}`,
  });
  const waiting = new Map<number, Waiting>();
  let lastId = OPENED;
  let closing: Promise<void> | null = null;
  let death: StoreError | null = null;

  const ended = new Promise<void>((resolve) => {
    worker.once("exit", () => {
      end(new StoreError("gone", "Expected the storage thread to live, but it has ended."));
      resolve();
    });
  });
  worker.on("error", (cause) =>
    end(new StoreError("gone", `Expected the storage thread to live, but it died: ${cause}.`, { cause })),
  );
  worker.on("message", (answer: Answer) => {
    const { resolve, reject } = defined(waiting.get(answer.id), "a thread to answer each call once");
    waiting.delete(answer.id);
    if ("failure" in answer) reject(new StoreError(answer.failure.kind, answer.failure.message));
    else resolve(answer.value);
  });

  function end(reason: StoreError): void {
    death ??= reason;
    for (const { reject } of waiting.values()) reject(new StoreError(lostAs, death.message, { cause: death }));
    waiting.clear();
  }

  function wait<T>(id: number): Promise<T> {
    return new Promise<T>((resolve, reject) =>
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject }),
    );
  }

  function ask<T>(name: string, parameters: readonly unknown[], transfer: readonly Transferable[] = []): Promise<T> {
    if (death !== null) return Promise.reject(new StoreError(death.kind, death.message, { cause: death }));
    const request: Request = { id: ++lastId, name, parameters };
    worker.postMessage(request, transfer);
    return wait<T>(request.id);
  }

  return {
    opened: wait<void>(OPENED),

    call(name, parameters, transfer) {
      if (closing !== null)
        return Promise.reject(new StoreError("gone", "Expected an open store, but this one is closed."));
      return ask(name, parameters, transfer);
    },

    close() {
      // A thread that died has nothing left to close; that it died was told to everybody who waited.
      closing ??= ask<void>("close", [])
        .catch(() => {})
        .then(() => ended);
      return closing;
    },
  };
}

/** The worker's side: opens what it works on, then answers calls with `handlers` until `close`. */
export function serve<C extends Calls>(open: () => C, failsAs: "gone" | "unknown"): void {
  const port = defined(parentPort, "a storage thread to have a parent");
  const post = (answer: Answer) => port.postMessage(answer);
  let handlers: C;
  try {
    handlers = open();
  } catch (error) {
    post({ id: OPENED, failure: toFailure(error, "gone") });
    port.close();
    return;
  }
  const running = new Set<Promise<unknown>>();

  port.on("message", async ({ id, name, parameters }: Request) => {
    const handler = defined(handlers[name], `a storage thread to know the call ${name}`);
    if (name === "close") {
      await Promise.allSettled(running);
      port.close();
    }
    try {
      const value = handler(...(parameters as never[]));
      if (!(value instanceof Promise)) return post({ id, value });
      running.add(value);
      post({ id, value: await value.finally(() => running.delete(value)) });
    } catch (error) {
      post({ id, failure: toFailure(error, failsAs) });
    }
  });

  post({ id: OPENED, value: undefined });
}
