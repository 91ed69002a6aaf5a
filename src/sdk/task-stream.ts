/**
 * Tasks and results over one WebSocket. What comes up in one turn of the loop (results, credit for further tasks, signs of
 * life) goes in one frame.
 *
 *     open ──hello──► tasks begin, results go, credit is given for each that has ended ──► closed, and why
 *
 * Of a connection that is silent for long nobody knows whether it still leads anywhere: it is closed, and opened anew.
 */

import type { ExecutorFrame, PlatformFrame, TASK_STREAM_PROTOCOL } from "../core/protocol/task-stream.ts";
import type { Heartbeat } from "../core/protocol/tasks.ts";
import { MagicFlowError } from "./errors.ts";
import type { Connection } from "./http.ts";
import type { Outbox } from "./outbox.ts";
import { type Crew, heartbeatMs, inParts } from "./transport.ts";

export interface TaskStream {
  readonly isOpen: boolean;
  /** Resolves when it is over. */
  readonly closed: Promise<Closed>;
  /** A hand is free again. */
  freed(): void;
  /** Takes no more tasks. Resolves when whatever was on its way has begun. */
  drain(): Promise<void>;
  close(): void;
}

export interface Closed {
  /** Whether the platform has ever answered over it. */
  readonly hasSpoken: boolean;
  /** Something that was sent was refused: sent again in the same way, it would be refused again. */
  readonly isRefused: boolean;
  readonly error: MagicFlowError;
}

const PROTOCOL = "magicflow.tasks.v1" satisfies typeof TASK_STREAM_PROTOCOL;
const PATH = "/api/v1/tasks/stream";
/** As much credit as the platform takes, and as many ids of tasks that are held. */
const CREDITS_MAX = 10_000;
const HELD_MAX = 10_000;
/** How long it may take to be let in. */
const OPEN_MS_MAX = 10_000;
/** The platform answers each sign of life; so long without any answer is a dead connection. */
const SILENT_MS_MAX = 15_000;
/** Of a WebSocket that got more at once than it takes. */
const TOO_LONG = 1009;

/** Whether this program can open one at all. */
export function hasWebSocket(): boolean {
  return typeof WebSocket === "function";
}

export function openTaskStream({
  connection,
  crew,
  outbox,
}: {
  readonly connection: Connection;
  readonly crew: Crew;
  readonly outbox: Outbox;
}): TaskStream {
  const socket = connection.openSocket(PATH, PROTOCOL);
  const closed = Promise.withResolvers<Closed>();
  const drained = Promise.withResolvers<void>();
  let hasSpoken = false;
  let isOpen = false;
  let isDraining = false;
  let isOver = false;
  let problem: PlatformFrame["problem"];
  let heardAt = performance.now();
  let credits = 0;
  let heartbeats: readonly (readonly Heartbeat[])[] = [];
  let isFlushing = false;
  let beats: ReturnType<typeof setInterval> | undefined;
  const opening = setTimeout(() => end(0, "it was not let in in time"), OPEN_MS_MAX);

  socket.addEventListener("open", () => {
    if (isOver) return;
    clearTimeout(opening);
    isOpen = true;
    // Whatever was freed until now is in what the first frame gives.
    credits = 0;
    const { executor, instance, labels, leaseMs } = crew;
    const hello = {
      executor,
      instance,
      labels,
      functions: crew.functions(),
      lease_ms: leaseMs,
      held: crew.held().slice(0, HELD_MAX),
      credits: isDraining ? 0 : Math.min(Math.max(crew.free(), 0), CREDITS_MAX),
    };
    heardAt = performance.now();
    send({ hello, heartbeats: [] });
    outbox.attach(flushSoon);
    beats = setInterval(beat, heartbeatMs(leaseMs));
  });
  socket.addEventListener("message", ({ data }) => {
    if (isOver) return;
    heardAt = performance.now();
    const frame = JSON.parse(data as string) as PlatformFrame;
    if (frame.problem !== undefined) {
      problem = frame.problem;
      return;
    }
    if (!hasSpoken) {
      hasSpoken = true;
      crew.connected();
    }
    take(frame);
    // Small functions are done by now, or once their promises have been told of: what they gave is not kept back.
    if (frame.tasks !== undefined) queueMicrotask(flushIfAsked);
  });
  socket.addEventListener("close", ({ code, reason }) => end(code, reason));
  socket.addEventListener("error", () => end(0, "it cannot be reached"));

  function take(frame: PlatformFrame): void {
    if (frame.outcomes !== undefined) outbox.answered(frame.outcomes);
    for (const { task_id: id, reason } of frame.cancels ?? [])
      crew.withdraw(id, reason === "timed_out" ? reason : "cancelled");
    for (const task of frame.tasks ?? []) crew.begin(task);
    if (frame.heartbeats === undefined) return;
    for (const { task_id: id, cancel } of frame.heartbeats) if (cancel) crew.withdraw(id, "cancelled");
    if (isDraining) drained.resolve();
  }

  function beat(): void {
    if (performance.now() - heardAt > SILENT_MS_MAX) return end(0, "it has fallen silent");
    const parts = inParts(crew.heartbeats());
    heartbeats = parts.length === 0 ? [[]] : parts;
    flushSoon();
  }

  function flushSoon(): void {
    if (isFlushing || !isOpen) return;
    isFlushing = true;
    soon(flush);
  }

  function flushIfAsked(): void {
    if (isFlushing) flush();
  }

  function flush(): void {
    isFlushing = false;
    if (!isOpen) return;
    for (;;) {
      const results = outbox.take();
      const [signs] = heartbeats;
      heartbeats = heartbeats.slice(1);
      const members: string[] = [];
      if (results.length > 0) members.push(`"results":[${results.join(",")}]`);
      if (signs !== undefined) members.push(`"heartbeats":${JSON.stringify(signs)}`);
      if (credits > 0 && !isDraining) members.push(`"credits":${credits}`);
      credits = 0;
      if (members.length === 0) return;
      socket.send(`{${members.join(",")}}`);
    }
  }

  function send(frame: ExecutorFrame): void {
    socket.send(JSON.stringify(frame));
  }

  function end(code: number, reason: string): void {
    if (isOver) return;
    isOver = true;
    isOpen = false;
    clearTimeout(opening);
    clearInterval(beats);
    outbox.detach();
    drained.resolve();
    socket.close();
    const error =
      problem === undefined
        ? new MagicFlowError({
            status: 0,
            code: "CONNECTION_FAILED",
            title: "The connection is closed",
            detail: `Expected an open connection to ${connection.url}, but ${reason === "" ? "it was closed" : reason} (${code}).`,
          })
        : new MagicFlowError(problem);
    const isRefused = code === TOO_LONG || problem?.status === 400 || problem?.status === 413;
    closed.resolve({ hasSpoken, isRefused, error });
  }

  return {
    get isOpen() {
      return isOpen;
    },
    closed: closed.promise,
    freed() {
      credits += 1;
      flushSoon();
    },
    async drain() {
      isDraining = true;
      if (!isOpen || !hasSpoken) return;
      send({ drain: true, heartbeats: [] });
      await drained.promise;
    },
    close() {
      end(1000, "it is not needed any more");
    },
  };
}

/** After what goes on now: whatever ends in this turn of the loop has ended then. */
const soon: (work: () => void) => void =
  typeof setImmediate === "function" ? (work) => void setImmediate(work) : (work) => void setTimeout(work, 0);
