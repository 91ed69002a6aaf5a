/**
 * What bounds one execution as a whole: the length of its history, in events and in bytes, and how much of it is alive at a
 * time. Whoever passes a bound fails with an error that names it; before that, once, comes a warning.
 *
 *     running ──80 %──► WarningRecorded ──100 %──► ExecutionFailed (HISTORY_LIMIT or PAYLOAD_TOO_LARGE)
 *
 * Looked at between steps, so one decision may pass a bound by what it decides at a stretch.
 */

import type { Decision } from "./decision.ts";
import type { StepError } from "./error.ts";

/** The warning by which an execution knows that it has been warned. */
export const NEAR_LIMIT = "HISTORY_NEAR_LIMIT";

const WARN_AT = 0.8;

/** The error with which the execution fails here and now; null while it is within its bounds. */
export function boundPassed({ execution, limits, historyBytes, isStateFull }: Decision): StepError | null {
  if (execution.length >= limits.historyEventsMax) {
    const message = `Expected a history of at most ${limits.historyEventsMax} events. Split the work into child workflows, or raise limits.history_events.`;
    return { code: "HISTORY_LIMIT", message };
  }
  if (historyBytes >= limits.historyBytesMax) {
    const message = `Expected a history of at most ${limits.historyBytesMax} bytes. Pass references instead of data, split the work into child workflows, or raise limits.history_bytes.`;
    return { code: "HISTORY_LIMIT", message };
  }
  if (isStateFull) {
    const message =
      "Expected the execution to keep less alive at a time: outputs of steps and kept iterations, variables and signals. Pass references instead of data, split the work into child workflows, or raise limits.state.";
    return { code: "PAYLOAD_TOO_LARGE", message };
  }
  return null;
}

export function warnNearBound(decision: Decision): void {
  const { execution, limits, historyBytes } = decision;
  if (execution.isNearLimit) return;
  const isNear =
    execution.length >= limits.historyEventsMax * WARN_AT || historyBytes >= limits.historyBytesMax * WARN_AT;
  if (!isNear) return;
  decision.record("WarningRecorded", {
    code: NEAR_LIMIT,
    message: `The history has ${execution.length} of at most ${limits.historyEventsMax} events and about ${historyBytes} of at most ${limits.historyBytesMax} bytes. At either limit the execution fails.`,
    details: {
      events: execution.length,
      events_max: limits.historyEventsMax,
      bytes: historyBytes,
      bytes_max: limits.historyBytesMax,
    },
  });
}
