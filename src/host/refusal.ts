/** A well-formed request that cannot be met: a value, not an exception. The server makes a problem of it. */

import type { Json } from "../core/base/json.ts";
import type { EngineRefusal } from "../core/engine/refuse.ts";

export interface Refusal {
  readonly code: RefusalCode;
  /** What was expected, what came, how to mend it. */
  readonly message: string;
  /** Each place that is wrong, where there are several. */
  readonly errors?: readonly {
    readonly pointer: string;
    readonly message: string;
    readonly line?: number;
    readonly column?: number;
    readonly code?: string;
  }[];
  readonly details?: Json;
  /** For `OVERLOADED`, `STORAGE_FULL` and `UNAVAILABLE`: seconds. */
  readonly retryAfter?: number;
}

/** What the engine refuses, and what the host does. */
export type RefusalCode =
  | EngineRefusal["code"]
  | "WORKFLOW_NOT_FOUND"
  | "VERSION_NOT_FOUND"
  | "EXECUTION_NOT_FOUND"
  | "TASK_NOT_FOUND"
  | "EXECUTOR_NOT_FOUND"
  | "BREAKER_NOT_FOUND"
  | "VERSION_EXISTS"
  | "WORKFLOW_ARCHIVED"
  | "REVISION_CONFLICT"
  | "IDEMPOTENCY_CONFLICT"
  | "EVENT_UNKNOWN"
  | "RERUN_PLACE_UNFIT"
  | "HISTORY_TOO_LONG"
  | "EXECUTION_QUARANTINED"
  | "VALIDATION_FAILED"
  | "DEFINITION_INVALID"
  | "BAD_REQUEST"
  | "BULK_NOT_FOUND"
  | "BULK_ENDED"
  | "DEAD_LETTER_NOT_FOUND"
  | "DEAD_LETTER_UNREADABLE"
  | "PAYLOAD_TOO_LARGE"
  | "LIMIT_REACHED"
  | "RATE_LIMITED"
  | "OVERLOADED"
  | "STORAGE_FULL"
  | "UNAVAILABLE";

export const STORAGE_FULL: Refusal = {
  code: "STORAGE_FULL",
  message:
    "Expected the request to be recorded, but the disk with the platform's data directory is full. Free some space there: the platform goes on by itself within seconds. Then send the request again.",
  retryAfter: 5,
};

/** Nothing is wrong with the request, and nothing of it was recorded: sent again in a moment, it may be taken. */
export function isPassing({ code }: Refusal): boolean {
  return code === "UNAVAILABLE" || code === "STORAGE_FULL" || code === "OVERLOADED";
}

export type Outcome<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly refusal: Refusal };

/** For a promise that has no room for a refusal: rejects with one. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}
