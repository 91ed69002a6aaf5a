/**
 * The threads that scripts run on. They are started when there is work, kept while there is more, and let go when there is
 * none. A script that does not stop by itself is stopped together with its thread, which the next job replaces.
 */

import { Worker } from "node:worker_threads";
import { failure, type Job, type Ready, type Reply, tooSlow } from "./messages.ts";

export interface ScriptPool extends AsyncDisposable {
  /** Rejects only if no worker can be started. After an abort the reply says nothing. */
  run(job: Job, signal: AbortSignal): Promise<Reply>;
}

/** How much longer than its own limit a script may take before its thread is stopped from outside. */
const GRACE_MS = 500;
const START_MS_MAX = 30_000;
const IDLE_MS_MAX = 30_000;

/** Of JSONata's values; JavaScript has its own, smaller limit. */
const RESOURCES = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 8 } as const;

/** The file stands beside this one, as source in a checkout and compiled in a package. */
const FILE = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

interface Idle {
  readonly worker: Worker;
  readonly timer: NodeJS.Timeout;
}

export function createScriptPool(): ScriptPool {
  const idle: Idle[] = [];
  const busy = new Set<Worker>();
  let isClosed = false;

  async function run(job: Job, signal: AbortSignal): Promise<Reply> {
    const worker = takeIdle() ?? (await start(leave));
    busy.add(worker);
    worker.ref();
    const reply = signal.aborted || isClosed ? aborted() : await ask(worker, job, signal);
    busy.delete(worker);
    if (reply.kind === "failure" && reply.isSpent) await worker.terminate();
    else rest(worker);
    return reply;
  }

  function takeIdle(): Worker | null {
    const taken = idle.pop();
    if (taken === undefined) return null;
    clearTimeout(taken.timer);
    return taken.worker;
  }

  function rest(worker: Worker): void {
    const timer = setTimeout(() => leave(worker), IDLE_MS_MAX);
    timer.unref();
    worker.unref();
    idle.push({ worker, timer });
  }

  /** Also for one that ended by itself, as long as nobody used it. */
  function leave(worker: Worker): void {
    const place = idle.findIndex((one) => one.worker === worker);
    if (place === -1) return;
    clearTimeout(idle.splice(place, 1)[0]?.timer);
    void worker.terminate();
  }

  return {
    run,
    async [Symbol.asyncDispose]() {
      isClosed = true;
      const workers = [...idle.map(({ worker }) => worker), ...busy];
      for (const { timer } of idle.splice(0)) clearTimeout(timer);
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** A worker whose engines are loaded. It sees none of the platform's environment. `ended` is called whenever it is gone. */
function start(ended: (worker: Worker) => void): Promise<Worker> {
  const worker = new Worker(FILE, { env: {}, resourceLimits: RESOURCES });
  // Without a listener an error of an idle worker would be the platform's own.
  worker.on("error", () => ended(worker));
  worker.on("exit", () => ended(worker));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error(`it did not start within ${START_MS_MAX} ms`)), START_MS_MAX);
    const fail = (cause: Error) => {
      stopListening();
      void worker.terminate();
      reject(new Error(`Expected a script worker to start, but ${cause.message}`, { cause }));
    };
    const ready = (_: Ready) => {
      stopListening();
      resolve(worker);
    };
    const stopListening = () => {
      clearTimeout(timer);
      worker.off("error", fail);
      worker.off("message", ready);
    };
    worker.once("error", fail);
    worker.once("message", ready);
  });
}

/** One job, to its end or to the worker's. */
function ask(worker: Worker, job: Job, signal: AbortSignal): Promise<Reply> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(tooSlow(job.limitMs, true)), job.limitMs + GRACE_MS);
    const stop = () => end(aborted());
    const broke = (error: Error) => end(broken(error));
    const gone = () => end(broken(new Error("its worker ended")));
    const end = (reply: Reply) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      worker.off("message", end);
      worker.off("error", broke);
      worker.off("exit", gone);
      resolve(reply);
    };
    signal.addEventListener("abort", stop);
    worker.on("message", end);
    worker.on("error", broke);
    worker.on("exit", gone);
    worker.postMessage(job);
  });
}

function broken(error: NodeJS.ErrnoException): Reply {
  const why = error.code === "ERR_WORKER_OUT_OF_MEMORY" ? "it used more memory than it may" : error.message;
  return failure("SCRIPT_ERROR", `Expected the script to end, but ${why}.`, null, true);
}

function aborted(): Reply {
  return failure("TIMEOUT", "Expected the script to end, but its attempt was over before.", null, true);
}
