/**
 * Results on their way to the platform. They are kept until it has answered for them, sent many at a time, and tried again
 * for as long as it takes.
 *
 *     add ──► waiting ──one call at a time──► answered
 *                └── the platform refuses it for what it is: sent as a failure that says why
 */

import type { Result, ResultsAnswer } from "../core/protocol/tasks.ts";
import { type Connection, delayMs, pause } from "./http.ts";

export interface Outbox {
  add(result: Result): void;
  /** Whether a result of this task waits to be handed over. */
  has(taskId: string): boolean;
  taskIds(): readonly string[];
  readonly size: number;
}

interface Waiting {
  readonly result: Result;
  /** Encoded once: outputs may be large, and may be sent more than once. */
  readonly text: string;
}

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
  let isSending = false;

  function add(result: Result): void {
    put(result);
    if (isSending) return;
    isSending = true;
    void sendAll();
  }

  function put(result: Result): void {
    try {
      waiting.set(result.task_id, { result, text: JSON.stringify(result) });
    } catch (error) {
      // Details of an error may be anything; outputs have been through JSON before.
      refuse(result, (error as Error).message);
    }
  }

  async function sendAll(): Promise<void> {
    try {
      await sendUntilEmpty();
    } finally {
      isSending = false;
    }
  }

  async function sendUntilEmpty(): Promise<void> {
    // So many results are sent one by one, because one of them is refused and nobody says which.
    let singly = 0;
    for (let failures = 0; waiting.size > 0 && !stopped.aborted; ) {
      const batch = nextBatch(singly > 0 ? 1 : RESULTS_MAX);
      try {
        const answer = await send(batch);
        failures = 0;
        singly = Math.max(0, singly - 1);
        for (const { result } of batch) remove(result.task_id);
        for (const { task_id: id, outcome } of answer.results) {
          if (outcome === "stale" || outcome === "unknown")
            warn(`The result of ${id} was ${outcome}: nobody waits for it any more.`);
        }
      } catch (error) {
        if (stopped.aborted) return;
        const [first] = batch;
        if (isRefused(error) && batch.length > 1) {
          singly = batch.length;
        } else if (isRefused(error) && first !== undefined) {
          singly = Math.max(0, singly - 1);
          refuse(first.result, (error as Error).message);
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
  };
}

/** The platform has read it and will never take it, however often it is sent. */
function isRefused(error: unknown): boolean {
  const { status } = error as { status?: number };
  return status === 400 || status === 413 || status === 422;
}
