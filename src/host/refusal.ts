/** A well-formed request that cannot be met: a value, not an exception. The server makes a problem of it. */

import type { Json } from "../core/base/json.ts";

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
  /** For `OVERLOADED` and `UNAVAILABLE`: seconds. */
  readonly retryAfter?: number;
}

export type RefusalCode =
  | "WORKFLOW_NOT_FOUND"
  | "VERSION_NOT_FOUND"
  | "EXECUTION_NOT_FOUND"
  | "TASK_NOT_FOUND"
  | "EXECUTOR_NOT_FOUND"
  | "VERSION_EXISTS"
  | "WORKFLOW_ARCHIVED"
  | "REVISION_CONFLICT"
  | "IDEMPOTENCY_CONFLICT"
  | "EXECUTION_ENDED"
  | "EXECUTION_NOT_ENDED"
  | "EXECUTION_COMPLETED"
  | "EXECUTION_QUARANTINED"
  | "SIGNALS_FULL"
  | "VALIDATION_FAILED"
  | "DEFINITION_INVALID"
  | "BAD_REQUEST"
  | "PAYLOAD_TOO_LARGE"
  | "OVERLOADED"
  | "UNAVAILABLE";

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
