/** Tasks by long polls, heartbeats by calls: where there is no WebSocket. */

import type { HeartbeatsAnswer, PollAnswer } from "../core/protocol/tasks.ts";
import { type Connection, delayMs, pause } from "./http.ts";
import { type Bell, type Crew, heartbeatMs, inParts, isRefusal, messageOf, reconnectMs } from "./transport.ts";

/** How long one poll waits for work. */
const WAIT_MS = 20_000;
/** How long all hands are full before the platform is told what they hold. */
const FULL_MS = 500;
const TASKS_MAX = 1000;

export interface Polling {
  readonly connection: Connection;
  readonly crew: Crew;
  /** Rings when a hand is free again. */
  readonly bell: Bell;
  /** Ends it: no more tasks are taken. */
  readonly signal: AbortSignal;
}

/** Until the signal aborts. Heartbeats are sent by `beatForEver`, which goes on for as long as functions run. */
export async function pollForEver({ connection, crew, bell, signal }: Polling): Promise<void> {
  let hasPolled = false;
  for (let failures = 0; !signal.aborted; ) {
    // While all hands are full for a moment only, no poll is worth its while.
    if (crew.free() <= 0) await bell.wait(FULL_MS, signal);
    const free = crew.free();
    const freed = new AbortController();
    // Who has no hand free takes nothing, but stays on the line: a platform that restarts must hear what we hold.
    if (free <= 0) void bell.wait(WAIT_MS, signal).then(() => freed.abort());
    const ends = AbortSignal.any([signal, freed.signal]);
    try {
      // The first poll comes back at once, so that a start can say that the executor is known.
      const { tasks } = await poll({ connection, crew, signal: ends }, hasPolled && failures === 0 ? WAIT_MS : 0);
      if (!hasPolled || failures > 0) crew.connected();
      hasPolled = true;
      failures = 0;
      for (const task of tasks) crew.begin(task);
    } catch (error) {
      if (ends.aborted) continue;
      if (isRefusal(error)) crew.refused(error);
      if (failures === 0) crew.warn(`Cannot take tasks: ${messageOf(error)} Trying again.`);
      await pause(reconnectMs(delayMs(failures++), crew), signal);
    }
  }
}

/** Once. Throws what the platform says against it. */
export async function poll({ connection, crew, signal }: Omit<Polling, "bell">, waitMs: number): Promise<PollAnswer> {
  const free = crew.free();
  const { body } = await connection.call({
    method: "POST",
    path: "/api/v1/tasks/poll",
    body: {
      executor: crew.executor,
      instance: crew.instance,
      functions: free > 0 ? crew.functions() : [],
      max_tasks: Math.min(Math.max(free, 1), TASKS_MAX),
      wait_ms: waitMs,
      lease_ms: crew.leaseMs,
      held: crew.held(),
      labels: crew.labels,
    },
    heldMs: waitMs,
    signal,
    retries: 0,
  });
  return body as PollAnswer;
}

/** `isNeeded` says whether nothing else tells the platform what we work on. */
export async function beatForEver({
  connection,
  crew,
  isNeeded,
  signal,
}: Omit<Polling, "bell"> & { readonly isNeeded: () => boolean }): Promise<void> {
  while (!signal.aborted) {
    await pause(heartbeatMs(crew.leaseMs), signal);
    if (!isNeeded()) continue;
    for (const heartbeats of inParts(crew.heartbeats())) {
      if (signal.aborted) return;
      try {
        const { body } = await connection.call({
          method: "POST",
          path: "/api/v1/tasks/heartbeats",
          body: { heartbeats },
          signal,
          retries: 1,
        });
        for (const { task_id: id, cancel } of (body as HeartbeatsAnswer).heartbeats) {
          if (cancel) crew.withdraw(id, "cancelled");
        }
      } catch {
        // Polling says that the platform cannot be reached; the lease outlives two missed heartbeats.
      }
    }
  }
}
