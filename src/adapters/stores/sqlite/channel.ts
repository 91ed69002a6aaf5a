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
  /** The first call: has the thread open what it works on. It has ended when this rejects, and with it its locks. */
  open(): Promise<void>;
  call<Name extends keyof C & string>(
    name: Name,
    parameters: Parameters<C[Name]>,
    transfer?: readonly Transferable[],
  ): Promise<Awaited<ReturnType<C[Name]>>>;
  /** Answers what was asked before, then ends the thread. May be called twice. */
  close(): Promise<void>;
  /** Nothing that is asked of it from now on will be done. */
  readonly isDead: boolean;
  /** Resolves when it has ended, and with it its locks. */
  readonly ended: Promise<void>;
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

const OPEN = "open";

const CLOSE = "close";

/** The module of this name beside `from`: a checkout runs `.ts`, a release `.js`. */
export function threadBeside(from: string, name: string): URL {
  return new URL(`./${name}${from.slice(from.lastIndexOf("."))}`, from);
}

/** `lostAs` is how calls are rejected that the thread had taken when it died. */
export function startThread<C extends Calls>(source: URL, data: unknown, lostAs: "gone" | "unknown"): Thread<C> {
  const worker = new Worker(source, { workerData: data });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
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
    const waiter = waiting.get(answer.id);
    // Whoever asked has been told already that the thread is lost.
    if (waiter === undefined) return;
    waiting.delete(answer.id);
    if ("failure" in answer) waiter.reject(new StoreError(answer.failure.kind, answer.failure.message));
    else waiter.resolve(answer.value);
  });

  function end(reason: StoreError): void {
    death ??= reason;
    for (const { reject } of waiting.values()) reject(new StoreError(lostAs, death.message, { cause: death }));
    waiting.clear();
  }

  function ask<T>(name: string, parameters: readonly unknown[], transfer: readonly Transferable[] = []): Promise<T> {
    if (death !== null) return Promise.reject(new StoreError(death.kind, death.message, { cause: death }));
    const id = ++lastId;
    const request: Request = { id, name, parameters };
    worker.postMessage(request, transfer);
    return new Promise<T>((resolve, reject) => {
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
    });
  }

  return {
    get isDead() {
      return death !== null;
    },
    ended,

    async open() {
      try {
        await ask<void>(OPEN, []);
      } catch (error) {
        await ended;
        throw error;
      }
    },

    call(name, parameters, transfer) {
      if (closing !== null)
        return Promise.reject(new StoreError("gone", "Expected an open store, but this one is closed."));
      return ask(name, parameters, transfer);
    },

    close() {
      // A thread that died has nothing left to close; that it died was told to everybody who waited.
      closing ??= ask<void>(CLOSE, [])
        .catch(() => {})
        .then(() => ended);
      return closing;
    },
  };
}

/** The worker's side: answers calls with what `open` gives, until `close`. */
export function serve<C extends Calls>(open: () => C, failsAs: "gone" | "unknown"): void {
  const port = defined(parentPort, "a storage thread to have a parent");
  /** Calls that go on after others have had their turn. */
  const running = new Set<Promise<void>>();
  let handlers: C | null = null;

  function answer({ id, name, parameters }: Request): void {
    try {
      const handler = defined(handlers?.[name], `a storage thread to be open and to know the call ${name}`);
      const value = handler(...(parameters as never[]));
      if (!(value instanceof Promise)) return post({ id, value });
      const answered: Promise<void> = value
        .then(
          (settled) => post({ id, value: settled }),
          (error) => post({ id, failure: toFailure(error, failsAs) }),
        )
        .finally(() => running.delete(answered));
      running.add(answered);
    } catch (error) {
      post({ id, failure: toFailure(error, failsAs) });
    }
  }

  function begin({ id }: Request): void {
    try {
      handlers = open();
      post({ id, value: undefined });
    } catch (error) {
      post({ id, failure: toFailure(error, "gone") });
      port.close();
    }
  }

  async function end(request: Request): Promise<void> {
    await Promise.all(running);
    answer(request);
    port.close();
  }

  function post(message: Answer): void {
    port.postMessage(message);
  }

  port.on("message", (request: Request) => {
    if (request.name === OPEN) begin(request);
    else if (request.name === CLOSE) void end(request);
    else answer(request);
  });
}
