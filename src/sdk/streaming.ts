/**
 * Takes tasks over a stream, opened again whenever it breaks. Where the platform can be reached and gives no stream, tasks
 * are polled for, and a stream is tried again once in a while.
 */

import { type Connection, delayMs, pause } from "./http.ts";
import type { Outbox } from "./outbox.ts";
import { poll, pollForEver } from "./polling.ts";
import { openTaskStream, type TaskStream } from "./task-stream.ts";
import { type Bell, type Crew, isRefusal, messageOf, reconnectMs } from "./transport.ts";

/** So long tasks are polled for before a stream is tried again. */
const POLLING_MS = 60_000;

export interface Streaming {
  readonly connection: Connection;
  readonly crew: Crew;
  readonly outbox: Outbox;
  readonly bell: Bell;
  /** Ends it. The stream is left open, for the results of what runs. */
  readonly signal: AbortSignal;
  /** Told of the stream that is in use. */
  readonly opened: (stream: TaskStream) => void;
}

export async function streamForEver(streaming: Streaming): Promise<void> {
  const { connection, crew, outbox, signal } = streaming;
  let hasWarned = false;
  let unopened = 0;
  for (let failures = 0; !signal.aborted; ) {
    const stream = openTaskStream({ connection, crew, outbox });
    streaming.opened(stream);
    const { hasSpoken, isRefused, error } = await stream.closed;
    if (signal.aborted) return;
    if (hasSpoken) {
      failures = 0;
      unopened = 0;
    } else if (isRefusal(error)) {
      crew.refused(error);
    } else if (await answersPolls(streaming)) {
      unopened += 1;
      if (unopened < 2) continue;
      if (!hasWarned) crew.warn("The platform gives no stream of tasks: polling for them.");
      hasWarned = true;
      await pollForAWhile(streaming);
      continue;
    }
    if (isRefused) await outbox.handOver();
    if (failures === 0) crew.warn(`Cannot take tasks: ${messageOf(error)} Trying again.`);
    await pause(reconnectMs(delayMs(failures++), crew), signal);
  }
}

/** Whether the platform is there at all; what it hands out is not lost. */
async function answersPolls({ connection, crew, signal }: Streaming): Promise<boolean> {
  try {
    const { tasks } = await poll({ connection, crew, signal }, 0);
    for (const task of tasks) crew.begin(task);
    return true;
  } catch (error) {
    if (isRefusal(error)) crew.refused(error);
    return false;
  }
}

async function pollForAWhile({ connection, crew, outbox, bell, signal }: Streaming): Promise<void> {
  const isEnough = AbortSignal.any([signal, AbortSignal.timeout(POLLING_MS)]);
  outbox.call();
  await pollForEver({ connection, crew, bell, signal: isEnough });
}
