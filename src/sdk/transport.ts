/** What the two ways of taking tasks share: whom they work for, and what they call back. */

import type { JsonObject } from "../core/base/json.ts";
import type { Heartbeat, Task } from "../core/protocol/tasks.ts";
import { MagicFlowError } from "./errors.ts";

/** The executor, as a transport sees it. */
export interface Crew {
  readonly executor: string;
  readonly instance: string;
  readonly labels: JsonObject;
  readonly leaseMs: number;
  /** How many tasks it can begin now. */
  free(): number;
  functions(): readonly string[];
  /** Ids of the tasks of which the platform has no result yet. */
  held(): readonly string[];
  begin(task: Task): void;
  withdraw(taskId: string, reason: "cancelled" | "timed_out"): void;
  heartbeats(): readonly Heartbeat[];
  warn(message: string): void;
  /** The platform has answered for the first time after a start or an absence; or refuses us at our start. */
  connected(): void;
  refused(error: unknown): void;
}

/** How late a function may hear that nobody waits for it any more. */
const HEARTBEAT_MS_MAX = 5000;
/** The platform takes this many heartbeats at once. */
const HEARTBEATS_MAX = 1000;
/**
 * After a restart the platform waits for a second for those who say that they hold tasks, before it gives these to others:
 * whoever holds some comes back in time.
 */
const RECONNECT_MS_MAX_WHILE_HOLDING = 400;

export function heartbeatMs(leaseMs: number): number {
  return Math.min(leaseMs / 3, HEARTBEAT_MS_MAX);
}

/** At most as many together as the platform takes. */
export function inParts<T>(all: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / HEARTBEATS_MAX);
  return Array.from({ length: count }, (_, i) => all.slice(i * HEARTBEATS_MAX, (i + 1) * HEARTBEATS_MAX));
}

export function reconnectMs(delayMs: number, crew: Crew): number {
  return crew.held().length > 0 ? Math.min(delayMs, RECONNECT_MS_MAX_WHILE_HOLDING) : delayMs;
}

/** Waiting does not help: the request itself is wrong, or who we are. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof MagicFlowError &&
    error.status >= 400 &&
    error.status < 500 &&
    error.status !== 408 &&
    error.status !== 429
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whoever waits for a change is woken by it; waits end with `signal` as well. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or after `ms`. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  const waiting = new Set<() => void>();
  return {
    ring() {
      for (const wake of waiting) wake();
    },
    wait(ms, signal) {
      if (signal?.aborted === true) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          waiting.delete(wake);
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        waiting.add(wake);
        signal?.addEventListener("abort", wake);
      });
    },
  };
}
