/**
 * Server-sent events: an execution's history as it happens.
 *
 * Each history event is one message: its number is the id, its type the name, its stored text the data. A reader that was
 * cut off comes back with the last id it saw and misses nothing. A reader that does not read is waited for, and closed
 * when it has not read anything for a while; what it missed it gets when it comes back.
 */

import type { ServerResponse } from "node:http";
import type { Clock } from "../ports/clock.ts";
import type { EventPack } from "../ports/store.ts";
import { eventTexts, typeOfEvent } from "./history-pages.ts";

/** Proxies close what is silent for half a minute. */
export const HEARTBEAT_MS = 15_000;

/** A reader that takes nothing in for so long is gone, whatever its connection says. */
const STALLED_MS_MAX = 60_000;

/** How long browsers wait before they come back. */
const RETRY_MS = 2000;

export interface StreamRequest {
  readonly response: ServerResponse;
  readonly headers: Readonly<Record<string, string>>;
  /** Ends when there is nothing more to come. */
  readonly packs: AsyncIterable<EventPack>;
  readonly afterSeq: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Resolves when the stream has ended. */
export async function streamEvents({
  response,
  headers,
  packs,
  afterSeq,
  signal,
  clock,
}: StreamRequest): Promise<void> {
  openStream(response, headers);
  const stopHeartbeat = beat(response, clock);
  let last = afterSeq;
  try {
    for await (const pack of packs) {
      let text = "";
      for (const event of eventTexts(pack, last)) {
        text += `id: ${event.seq}\nevent: ${typeOfEvent(event.text)}\ndata: ${event.text}\n\n`;
        last = event.seq;
      }
      if (!response.write(text) && !(await drained(response, signal, clock))) break;
      if (signal.aborted) break;
    }
  } finally {
    stopHeartbeat();
    if (!response.destroyed) response.end();
  }
}

export function openStream(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  response.writeHead(200, {
    ...headers,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  response.write(`retry: ${RETRY_MS}\n\n`);
}

/** The answer ends it. */
export function beat(response: ServerResponse, clock: Clock): () => void {
  let cancel = () => {};
  const next = () => {
    cancel = clock.after(HEARTBEAT_MS, () => {
      // What has not been read yet keeps the connection as busy as a heartbeat would.
      if (response.writableLength === 0) response.write(": alive\n\n");
      next();
    });
  };
  next();
  return () => cancel();
}

/** False: the reader is gone or reads no more. */
function drained(response: ServerResponse, signal: AbortSignal, clock: Clock): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const settle = (isDrained: boolean) => {
    cancel();
    response.off("drain", onDrain);
    signal.removeEventListener("abort", onAbort);
    resolve(isDrained);
  };
  const onDrain = () => settle(true);
  const onAbort = () => settle(false);
  const cancel = clock.after(STALLED_MS_MAX, () => {
    response.destroy();
    settle(false);
  });
  response.once("drain", onDrain);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) settle(false);
  return promise;
}
