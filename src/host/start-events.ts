/** What the first events of a history say of how the execution was started. */

import type { Json } from "../core/base/json.ts";
import type { HistoryEvent } from "../core/engine/events.ts";

export type ExecutionStarted = Extract<HistoryEvent, { type: "ExecutionStarted" }>;

/** The time that its caller had given it in place of the workflow's; null where it has none or waits for its turn. */
export function timeoutGiven([first, second]: readonly HistoryEvent[]): number | null {
  if (first?.type !== "ExecutionStarted") return null;
  if (second?.type === "ExecutionQueued") return second.data.timeout_ms ?? null;
  return first.data.due === null ? null : Date.parse(first.data.due) - Date.parse(first.at);
}

/** The input of the start, or the one that took its place when the execution was made of another's history. */
export function inputOf(started: ExecutionStarted, forks: readonly HistoryEvent[]): Json {
  const given = forks.findLast((event) => event.type === "ExecutionForked" && event.data.input !== undefined);
  return given?.type === "ExecutionForked" && given.data.input !== undefined ? given.data.input : started.data.input;
}
