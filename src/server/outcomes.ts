/** How an execution ended: what its last event says. */

import type { Json } from "../core/base/json.ts";
import type { StepError } from "../core/engine/error.ts";
import type { Host } from "../host/host.ts";
import type { ExecutionRow, RowStatus } from "../ports/store.ts";
import { parseEvent, readLastEvent } from "./history-pages.ts";

export interface Ended {
  readonly output: Json;
  readonly error: StepError | null;
}

const ENDED: ReadonlySet<RowStatus> = new Set(["completed", "failed", "cancelled", "timed_out"]);

export function hasEnded({ status }: ExecutionRow): boolean {
  return ENDED.has(status);
}

/** Null while it goes on. */
export async function readEnd(host: Host, row: ExecutionRow): Promise<Ended | null> {
  if (!hasEnded(row)) return null;
  const last = await readLastEvent(host, { workspace: row.workspace, executionId: row.id });
  if (last === null) return null;
  return endOf(last.text);
}

/** What the last event of an execution says; null where that is not its end: it was re-opened since. */
export function endOf(text: string): Ended | null {
  const event = parseEvent({ text });
  switch (event.type) {
    case "ExecutionCompleted":
      return { output: event.data.output, error: null };
    case "ExecutionFailed":
    case "ExecutionTimedOut":
      return { output: null, error: event.data.error };
    case "ExecutionCancelled": {
      const { reason, terminated } = event.data;
      return { output: null, error: { code: "CANCELLED", message: reason, details: { terminated } } };
    }
    default:
      return null;
  }
}
