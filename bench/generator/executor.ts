/**
 * An executor as lean as the protocol allows: some long polls at a time, results of many tasks in one call.
 *
 *     poll ──tasks──► n + 1 ──► results that gather while the call before is under way go with the next one
 *
 * It keeps results until the platform has taken them, and comes back when the platform was away.
 */

import { setTimeout as pause } from "node:timers/promises";
import { type Connection, createConnection, toRequest } from "./connection.ts";
import type { PollingExecutorOptions } from "./job.ts";

const WAIT_MS = 5000;
const RESULTS_MAX = 500;
const AGAIN_MS = 20;

export interface Executor {
  /** Results that the platform has taken. */
  readonly finished: () => number;
  stop(): void;
}

interface Task {
  readonly id: string;
  readonly input: { readonly n: number };
}

interface Result {
  readonly task_id: string;
  readonly status: "completed";
  readonly output: { readonly n: number };
}

export function startPollingExecutor(url: URL, { name, polls, tasksMax }: PollingExecutorOptions): Executor {
  const body = { executor: name, instance: `${name}-1`, max_tasks: tasksMax, wait_ms: WAIT_MS };
  const poll = toRequest({ method: "POST", url, path: "/api/v1/tasks/poll", body: JSON.stringify(body) });
  const connections = Array.from({ length: polls }, () => createConnection(url));
  const sender = createConnection(url);
  const results: Result[] = [];
  let isStopped = false;
  let isSending = false;
  let finished = 0;

  async function pollForEver(connection: Connection): Promise<void> {
    while (!isStopped) {
      const tasks = await take(connection, poll);
      if (tasks === null) {
        await pause(AGAIN_MS);
        continue;
      }
      for (const { id, input } of tasks) {
        results.push({ task_id: id, status: "completed", output: { n: input.n + 1 } });
      }
      if (!isSending && results.length > 0) void sendAll();
    }
  }

  async function sendAll(): Promise<void> {
    isSending = true;
    while (results.length > 0 && !isStopped) {
      const sent = results.slice(0, RESULTS_MAX);
      const text = JSON.stringify({ results: sent });
      const request = toRequest({ method: "POST", url, path: "/api/v1/tasks/results", body: text });
      const answer = await sender.exchange(request).catch(() => null);
      if (answer?.status === 200) {
        results.splice(0, sent.length);
        finished += sent.length;
      } else {
        await pause(AGAIN_MS);
      }
    }
    isSending = false;
  }

  for (const connection of connections) void pollForEver(connection);
  return {
    finished: () => finished,
    stop() {
      isStopped = true;
      for (const connection of [...connections, sender]) connection.close();
    },
  };
}

async function take(connection: Connection, poll: Buffer): Promise<readonly Task[] | null> {
  try {
    const { status, body } = await connection.exchange(poll);
    return status === 200 ? (JSON.parse(body.toString()) as { tasks: readonly Task[] }).tasks : null;
  } catch {
    // The platform is away, on purpose where it is killed: it is asked again.
    return null;
  }
}
