/**
 * How many requests one token may send in a time, told with every answer. What is taken is durable, so a restart is no way
 * around it; health is always answered, for whoever asks for that must not be misled.
 */

import type { Host } from "../host/host.ts";
import type { Caller } from "./access.ts";
import { type Trouble, troubleOf } from "./problems.ts";

export interface RequestRate {
  readonly limit: number;
  readonly periodMs: number;
}

/** Where the answer's headers go. */
export interface Reply {
  headers(values: Record<string, string>): unknown;
}

/** Null: the request may go on. */
export type Throttle = (path: string, caller: Caller, reply: Reply) => Promise<Trouble | null>;

const ALWAYS_ANSWERED: ReadonlySet<string> = new Set(["/health", "/ready", "/health/workflow", "/metrics"]);

export function createThrottle(host: Host, { limit, periodMs }: RequestRate): Throttle {
  return async (path, caller, reply) => {
    if (ALWAYS_ANSWERED.has(path)) return null;
    const taken = await host.takeRate({ workspace: caller.workspace, key: `token/${caller.name}`, limit, periodMs });
    if (!taken.ok) return troubleOf(taken.refusal);
    const { isTaken, remaining, nextInMs } = taken;
    reply.headers({
      "ratelimit-limit": String(limit),
      "ratelimit-remaining": String(remaining),
      "ratelimit-reset": String(Math.ceil(nextInMs / 1000)),
    });
    if (isTaken) return null;
    return {
      code: "RATE_LIMITED",
      detail: `Expected at most ${limit} requests in ${periodMs / 1000} s, but there were more.`,
      errors: [],
      retryAfter: nextInMs / 1000,
    };
  };
}
