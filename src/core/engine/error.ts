/** The error object, the same in history, API and executors' results. */

import type { Json } from "../base/json.ts";

export interface StepError {
  /** Upper case words joined by `_`. The platform's own are in `CODES`; executors send theirs. */
  readonly code: string;
  readonly message: string;
  readonly details?: Json;
  /** Name of the step in which it happened. */
  readonly step?: string;
  readonly attempt?: number;
  /** Set by an executor: `false` is never retried. */
  readonly retryable?: boolean;
  /** Seconds to wait before the next attempt, as the executor or an HTTP header asks. */
  readonly retry_after?: number;
  /** The error category of the workflow that it fell into. */
  readonly category?: string;
  readonly cause?: StepError;
  readonly suppressed?: readonly StepError[];
}

export const CODES = [
  "VALIDATION_FAILED",
  "TIMEOUT",
  "CANCELLED",
  "CIRCUIT_OPEN",
  "EXECUTOR_UNAVAILABLE",
  "EXPRESSION_ERROR",
  "ITERATION_LIMIT",
  "HISTORY_LIMIT",
  "PAYLOAD_TOO_LARGE",
  "CONNECTION_FAILED",
  "SCRIPT_ERROR",
  "WORKFLOW_ERROR",
  "INTERNAL",
] as const;
