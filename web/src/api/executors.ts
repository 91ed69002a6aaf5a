/** Who does the work, and what keeps it from those who fail. */

import type { BreakerMessage } from "../../../src/core/protocol/breakers.ts";
import type { ExecutorMessage } from "../../../src/core/protocol/executors.ts";
import type { Page } from "../../../src/core/protocol/message.ts";
import { call, place } from "./call.ts";

export function listExecutors(cursor: string | null, signal?: AbortSignal): Promise<Page<ExecutorMessage>> {
  return call("GET", place("executors"), {
    query: { limit: 200, cursor },
    ...(signal === undefined ? {} : { signal }),
  });
}

export function listBreakers(cursor: string | null, signal?: AbortSignal): Promise<Page<BreakerMessage>> {
  return call("GET", place("circuit-breakers"), {
    query: { limit: 200, cursor },
    ...(signal === undefined ? {} : { signal }),
  });
}

export function resetBreaker(target: string): Promise<unknown> {
  return call("POST", `${place("circuit-breakers", target)}/reset`);
}
