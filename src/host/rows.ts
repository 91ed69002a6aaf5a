/** What can be asked about an execution without its history: kept up to date from its events. */

import { parseInstant } from "../core/base/time.ts";
import type { StepError } from "../core/engine/error.ts";
import type { HistoryEvent } from "../core/engine/events.ts";
import type { Execution } from "../core/engine/execution.ts";
import type { Definition } from "../core/language/definition.ts";
import type { ExecutionRow, RowStatus } from "../ports/store.ts";

/** A list shows no more of a message; the whole of it is in the history. */
const MESSAGE_LENGTH_MAX = 1000;

/**
 * The row after `events`, or the same object if nothing that is asked for has changed. An execution that decides
 * something is in memory, so its row is no longer that of a parked one.
 */
export function rowAfter(row: ExecutionRow | null, events: readonly HistoryEvent[], about: About): ExecutionRow | null {
  let next = row?.parked === true && events.length > 0 ? unparked(row) : row;
  for (const event of events) {
    if (event.path !== null) continue;
    next = next === null ? firstRow(event, about) : changed(next, event, about);
  }
  const { status } = about.execution;
  // A cancel request lets a paused execution go on, for instance: which events do so is the engine's business.
  return next === null || status === "new" || next.status === status ? next : { ...next, status };
}

export interface About {
  readonly execution: Execution;
  readonly definition: Definition;
  readonly shard: number;
}

export function unparked(row: ExecutionRow): ExecutionRow {
  return { ...row, parked: false, wakeAt: null };
}

export function hasEnded(status: RowStatus): boolean {
  return status !== "running" && status !== "paused" && status !== "queued";
}

function firstRow(event: HistoryEvent, about: About): ExecutionRow | null {
  if (event.type !== "ExecutionStarted") return null;
  const at = parseInstant(event.at);
  const { data } = event;
  return {
    id: about.execution.id,
    shard: about.shard,
    workspace: about.execution.workspace,
    workflow: data.workflow,
    version: data.version,
    hash: data.hash,
    status: "running",
    priority: data.priority,
    createdAt: at,
    startedAt: at,
    finishedAt: null,
    parked: false,
    wakeAt: null,
    tags: about.definition.tags,
    metadata: data.metadata,
    parentId: data.parent?.execution_id ?? null,
    originId: data.origin?.execution_id ?? null,
    errorCode: null,
    errorMessage: null,
    quarantine: null,
    deadLetter: false,
    replays: 0,
    dropped: null,
  };
}

function changed(row: ExecutionRow, event: HistoryEvent, about: About): ExecutionRow {
  switch (event.type) {
    case "ExecutionQueued":
      return event.data.begins ? { ...row, startedAt: null } : row;
    case "ExecutionAdmitted":
      return { ...row, startedAt: row.startedAt ?? parseInstant(event.at) };
    case "ExecutionForked":
      return {
        ...row,
        createdAt: parseInstant(event.at),
        startedAt: parseInstant(event.at),
        parentId: null,
        originId: event.data.origin.execution_id,
        deadLetter: false,
        replays: 0,
        dropped: null,
      };
    case "ExecutionReopened":
      return { ...replayed(row), status: "running", finishedAt: null, errorCode: null, errorMessage: null };
    case "ExecutionCompleted":
      return ended(row, event.at, "completed", null);
    case "ExecutionFailed":
      return asDeadLetter(ended(row, event.at, "failed", event.data.error), about);
    case "ExecutionCancelled":
      return ended(row, event.at, "cancelled", null);
    case "ExecutionTimedOut":
      return asDeadLetter(ended(row, event.at, "timed_out", event.data.error), about);
    default:
      return row;
  }
}

function ended(row: ExecutionRow, at: string, status: RowStatus, error: StepError | null): ExecutionRow {
  return {
    ...row,
    status,
    finishedAt: parseInstant(at),
    errorCode: error?.code ?? null,
    errorMessage: error === null ? null : error.message.slice(0, MESSAGE_LENGTH_MAX),
  };
}

/** Somebody has begun it again: whatever becomes of that, this end of it is dealt with. */
export function replayed(row: ExecutionRow): ExecutionRow {
  return { ...row, deadLetter: false, replays: row.replays + 1, dropped: null };
}

/** A child whose parent waits for it is the parent's failure, and no letter of its own. */
function asDeadLetter(row: ExecutionRow, { execution, definition }: About): ExecutionRow {
  const isKept = definition.keepsDeadLetters && execution.parent?.waits !== true;
  return { ...row, deadLetter: isKept, dropped: null };
}
