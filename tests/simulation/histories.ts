/** Questions about a stored history. */

import type { Instant } from "../../src/core/base/time.ts";
import type { HistoryEvent } from "../../src/core/engine/events.ts";
import { replay } from "../../src/core/engine/evolve.ts";
import type { Execution } from "../../src/core/engine/execution.ts";
import { parseTaskId } from "../../src/host/tasks/task-id.ts";
import { isLast, type Recorded } from "./disk.ts";
import { definitionOf } from "./scenarios.ts";

/** Made again from its history, as the host would. */
export function replayed(recorded: Recorded): Execution {
  const { id, row, events } = recorded;
  return replay(definitionOf(row.workflow, row.version), { id, workspace: row.workspace }, events);
}

/** When an execution that is not in memory has to be fetched: at its next timer, or when a task has waited too long. */
export function nextWakeUp(recorded: Recorded): Instant | null {
  const execution = replayed(recorded);
  if (execution.status === "paused") return null;
  const definition = definitionOf(recorded.row.workflow, recorded.row.version);
  const taskEnds = [...execution.steps.values()].flatMap(({ status, inner, index }) => {
    const queueTimeoutMs = definition.steps[index]?.queueTimeoutMs ?? null;
    return status !== "scheduled" || inner?.kind !== "task" || queueTimeoutMs === null
      ? []
      : [inner.scheduledAt + queueTimeoutMs];
  });
  const times = execution.wakeAt === null ? taskEnds : [execution.wakeAt, ...taskEnds];
  return times.length === 0 ? null : Math.min(...times);
}

/** The command that has paused it; null: it is not paused. */
export function pausedBy({ events }: Recorded): string | null {
  for (let i = events.length - 1; i >= 0; i--) {
    const event = events[i];
    if (event?.type === "ExecutionPaused") return event.data.command_id;
    if (event?.type.startsWith("Execution") === true) return null;
  }
  return null;
}

/** The newest event of the type at the path. */
export function lastOf<T extends HistoryEvent["type"]>(
  { events }: Recorded,
  path: string,
  type: T,
): Extract<HistoryEvent, { type: T }> | null {
  for (let i = events.length - 1; i >= 0; i--) {
    const event = events[i];
    if (event?.path === path && event.type === type) return event as Extract<HistoryEvent, { type: T }>;
  }
  return null;
}

const ENDS: ReadonlySet<string> = new Set([
  "StepCompleted",
  "StepFailed",
  "StepAttemptFailed",
  "StepSkipped",
  "StepCancelled",
]);

/** The records by which an attempt of a step is over. */
export function isEnd(event: HistoryEvent): boolean {
  return ENDS.has(event.type);
}

/** Whether an attempt has been recorded as over, in whatever way. */
export function isOver(recorded: Recorded, path: string, attempt: number): boolean {
  return recorded.events.some(
    (event) => event.path === path && event.attempt === attempt && (isEnd(event) || event.type === "FallbackStarted"),
  );
}

/** Where the attempt of the task came to its end; null while it has not. */
export function overSince(recorded: Recorded, taskId: string): Recorded["places"][number] | null {
  const place = parseTaskId(taskId);
  if (place === null || isAwaited(recorded, place.path, place.attempt)) return null;
  const { events, places } = recorded;
  const scheduled = events.findLastIndex(
    ({ type, path, attempt }) => type === "StepScheduled" && path === place.path && attempt === place.attempt,
  );
  const ended = events.findIndex((event, i) => i > scheduled && (event.path === place.path || isLast(event)));
  return places[ended] ?? null;
}

/** Whether an answer for the attempt would be taken: it is scheduled, and nothing has been heard of it since. */
export function isAwaited(recorded: Recorded, path: string, attempt: number): boolean {
  // The end of a run is the end of everything that was open in it.
  const newest = recorded.events.findLast((event) => event.path === path || isLast(event));
  return newest?.path === path && newest.type === "StepScheduled" && newest.attempt === attempt;
}
