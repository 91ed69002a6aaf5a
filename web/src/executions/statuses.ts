/** The statuses of executions in the order in which people look for them. Held against the protocol's by the compiler. */

import type { ExecutionStatus } from "../../../src/core/protocol/executions.ts";

export const EXECUTION_STATUSES: readonly ExecutionStatus[] = [
  "running",
  "queued",
  "paused",
  "completed",
  "failed",
  "timed_out",
  "cancelled",
];
