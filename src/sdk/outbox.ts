/**
 * Results on their way to the platform. They are kept until it has answered for them, sent many at a time, and tried again
 * for as long as it takes.
 *
 *     add ──► waiting ──one call at a time, or over a stream──► answered
 *                └── the platform refuses it for what it is: sent as a failure that says why
 *
 * A stream says what became of each result; what it has not answered for when it breaks goes over the next one.
 */

import type { Result, ResultOutcome, ResultsAnswer } from "../core/protocol/tasks.ts";
import { type Connection, delayMs, pause } from "./http.ts";

export interface Outbox {
  /** `output` is JSON text, where it does not stand in the result. */
  add(result: Result, output?: string): void;
  /** Whether a result of this task waits to be handed over. */
  has(taskId: string): boolean;
  taskIds(): readonly string[];
  readonly size: number;
  /** From now on results go over a stream, all that wait first. `wake` is called when there is something to take. */
  attach(wake: () => void): void;
  /** The texts of results that have not gone over the stream yet, as many as go in one frame. */
  take(): readonly string[];
  answered(outcomes: readonly ResultOutcome[]): void;
  /** The stream is gone: results wait for the next one. */
  detach(): void;
  /** From now on results are sent by calls. */
  call(): void;
  /** Sends by calls what waits: for results that a stream was closed for. Ends when all is sent, or the platform is away. */
  handOver(): Promise<void>;
}

interface Waiting {
  readonly result: Result;
  /** Encoded once: outputs may be large, and may be sent more than once. */
  readonly text: string;
}

type Way = "calls" | "stream" | "none";

/** The platform takes 1,000 results and 8 MiB in one call; smaller calls are answered sooner. */
const RESULTS_MAX = 500;
const CHARACTERS_MAX = 2 * 1024 * 1024;
/** What a refused result is replaced by; if even that is refused, it is given up. */
const REFUSED = "RESULT_REFUSED";

export function createOutbox(options: {
  readonly connection: Connection;
  /** Gives up what is not handed over yet. */
  readonly stopped: AbortSignal;
  readonly warn: (message: string) => void;
  /** Told when something has left. */
  readonly left: () => void;
}): Outbox {
  const { connection, stopped, warn } = options;
  const waiting = new Map<string, Waiting>();
  let way: Way = "calls";
  let isSending = false;
  /** Not yet gone over the stream. */
  let queue: Waiting[] = [];
  let wake = () => {};

  function add(result: Result, output?: string): void {
    put(result, output);
    const added = waiting.get(result.task_id);
    if (way === "stream" && added !== undefined) {
      queue.push(added);
      wake();
    }
    if (way === "calls") call();
  }

  function call(): void {
    way = "calls";
    if (isSending) return;
    isSending = true;
    void sendAll();
  }

  function put(result: Result, output?: string): void {
    try {
      waiting.set(result.task_id, {
        result,
        text: output === undefined ? JSON.stringify(result) : completedText(result, output),
      });
    } catch (error) {
      // Details of an error may be anything; outputs have been through JSON before.
      refuse(result, (error as Error).message);
    }
  }

  async function sendAll(): Promise<void> {
    try {
      await sendUntilEmpty(() => way === "calls");
    } finally {
      isSending = false;
    }
  }

  /** Goes on, however often it takes, for as long as `isPatient`; gives up when it is not and the platform is away. */
  async function sendUntilEmpty(isPatient: () => boolean, isOver = () => !isPatient()): Promise<void> {
    // So many results are sent one by one, because one of them is refused and nobody says which.
    let singly = 0;
    for (let failures = 0; waiting.size > 0 && !stopped.aborted && !isOver(); ) {
      const batch = nextBatch(singly > 0 ? 1 : RESULTS_MAX);
      try {
        const answer = await send(batch);
        failures = 0;
        singly = Math.max(0, singly - 1);
        for (const { result } of batch) waiting.delete(result.task_id);
        answered(answer.results);
      } catch (error) {
        if (stopped.aborted) return;
        const [first] = batch;
        if (isRefused(error) && batch.length > 1) {
          singly = batch.length;
        } else if (isRefused(error) && first !== undefined) {
          singly = Math.max(0, singly - 1);
          refuse(first.result, (error as Error).message);
        } else if (!isPatient()) {
          return;
        } else {
          if (failures === 0)
            warn(`Cannot hand over results: ${(error as Error).message} Keeping them and trying again.`);
          await pause(delayMs(failures++), stopped);
        }
      }
    }
  }

  function nextBatch(most: number): readonly Waiting[] {
    const batch: Waiting[] = [];
    let characters = 0;
    for (const one of waiting.values()) {
      characters += one.text.length;
      if (batch.length > 0 && (batch.length >= most || characters > CHARACTERS_MAX)) break;
      batch.push(one);
    }
    return batch;
  }

  async function send(batch: readonly Waiting[]): Promise<ResultsAnswer> {
    const content = `{"results":[${batch.map(({ text }) => text).join(",")}]}`;
    const { body } = await connection.call({
      method: "POST",
      path: "/api/v1/tasks/results",
      text: { type: "application/json", content },
      signal: stopped,
      retries: 0,
    });
    return body as ResultsAnswer;
  }

  function answered(outcomes: readonly ResultOutcome[]): void {
    for (const { task_id: id, outcome } of outcomes) {
      waiting.delete(id);
      if (outcome === "stale" || outcome === "unknown")
        warn(`The result of ${id} was ${outcome}: nobody waits for it any more.`);
    }
    options.left();
  }

  function refuse(result: Result, reason: string): void {
    const { task_id, output: _, error, ...rest } = result;
    warn(`The result of ${task_id} was refused: ${reason}`);
    if (error?.code === REFUSED) return remove(task_id);
    const message = `Expected a result that the platform takes, but: ${reason}`.slice(0, 5000);
    const replacement: Result = {
      ...rest,
      task_id,
      status: "failed",
      error: { code: REFUSED, message, retryable: false },
    };
    put(replacement);
  }

  function remove(taskId: string): void {
    waiting.delete(taskId);
    options.left();
  }

  return {
    add,
    has: (taskId) => waiting.has(taskId),
    taskIds: () => [...waiting.keys()],
    get size() {
      return waiting.size;
    },
    attach(woken) {
      way = "stream";
      queue = [...waiting.values()];
      wake = woken;
      if (queue.length > 0) wake();
    },
    take() {
      const batch: string[] = [];
      let characters = 0;
      for (const { text } of queue) {
        characters += text.length;
        if (batch.length > 0 && (batch.length >= RESULTS_MAX || characters > CHARACTERS_MAX)) break;
        batch.push(text);
      }
      queue = batch.length === queue.length ? [] : queue.slice(batch.length);
      return batch;
    },
    answered,
    detach() {
      way = "none";
      queue = [];
      wake = () => {};
    },
    call,
    handOver: () =>
      sendUntilEmpty(
        () => false,
        () => false,
      ),
  };
}

/** Most results are such; it takes half the time to put the text together from its members. */
function completedText({ task_id: id, instance, started_at: startedAt, status }: Result, output: string): string {
  const from = instance === undefined ? "" : `,"instance":${JSON.stringify(instance)}`;
  const since = startedAt === undefined ? "" : `,"started_at":"${startedAt}"`;
  return `{"task_id":${JSON.stringify(id)}${from}${since},"status":"${status}","output":${output}}`;
}

/** The platform has read it and will never take it, however often it is sent. */
function isRefused(error: unknown): boolean {
  const { status } = error as { status?: number };
  return status === 400 || status === 413 || status === 422;
}
