/** Executions: started, found, read, and everything that can be done to one or many. */

import type { Json, JsonObject } from "../../../src/core/base/json.ts";
import type { HistoryEvent } from "../../../src/core/engine/events.ts";
import type {
  BulkArguments,
  BulkFilter,
  BulkMessage,
  BulkOperation,
  BulkPreviewMessage,
} from "../../../src/core/protocol/bulk.ts";
import type {
  ControlAnswer,
  ExecutionMessage,
  ExecutionSummary,
  HistoryAnswer,
} from "../../../src/core/protocol/executions.ts";
import type { ExplanationMessage } from "../../../src/core/protocol/explanations.ts";
import type { Page } from "../../../src/core/protocol/message.ts";
import type { StartAnswer, StartOptions } from "../../../src/core/protocol/starts.ts";
import { call, place, type QueryValue } from "./call.ts";

export interface StartRequest {
  readonly input: Json;
  readonly metadata?: JsonObject;
  readonly options?: StartOptions;
}

export function startExecution(workflow: string, request: StartRequest): Promise<StartAnswer> {
  return call("POST", place("workflows", workflow, "execute"), { body: request });
}

export function listExecutions(
  filter: Readonly<Record<string, QueryValue>>,
  signal?: AbortSignal,
): Promise<Page<ExecutionSummary>> {
  return call("GET", place("executions"), { query: filter, ...(signal === undefined ? {} : { signal }) });
}

export function readExecution(id: string, signal?: AbortSignal): Promise<ExecutionMessage> {
  return call("GET", place("executions", id), signal === undefined ? {} : { signal });
}

export function explainExecution(id: string, signal?: AbortSignal): Promise<ExplanationMessage> {
  return call("GET", `${place("executions", id)}/explain`, signal === undefined ? {} : { signal });
}

/** All events up to `eventsMax`, page by page. */
export async function readWholeHistory(
  id: string,
  eventsMax: number,
  signal?: AbortSignal,
): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let cursor: string | null = null;
  do {
    const page: HistoryAnswer = await call("GET", `${place("executions", id)}/history`, {
      query: { limit: 1000, cursor },
      ...(signal === undefined ? {} : { signal }),
    });
    // The wire says less of events than the engine knows: they are the engine's own.
    events.push(...(page.events as unknown as readonly HistoryEvent[]));
    cursor = page.next_cursor;
  } while (cursor !== null && events.length < eventsMax);
  return events;
}

export type ControlName = "cancel" | "terminate" | "pause" | "resume" | "retry" | "compensate";

/** One id for each press of a button: sent again by the browser, the command takes effect once. */
export function controlExecution(id: string, control: ControlName, body: JsonObject = {}): Promise<ControlAnswer> {
  return call("POST", `${place("executions", id)}/${control}`, { body: { id: crypto.randomUUID(), ...body } });
}

export interface RerunBody {
  readonly input?: Json;
  readonly from?: { readonly step: string } | { readonly event: number };
  readonly step_input?: Json;
}

export function rerunExecution(id: string, body: RerunBody): Promise<StartAnswer> {
  return call("POST", `${place("executions", id)}/rerun`, { body: { id: crypto.randomUUID(), ...body } });
}

export function signalExecution(id: string, name: string, data: Json): Promise<unknown> {
  return call("POST", place("executions", id, "signals", name), { body: { id: crypto.randomUUID(), data } });
}

export function endStep(
  id: string,
  path: string,
  how: "skip" | "complete",
  body: { readonly output?: Json; readonly reason?: string },
): Promise<ControlAnswer> {
  return call("POST", `${place("executions", id, "steps", path)}/${how}`, {
    body: { id: crypto.randomUUID(), ...body },
  });
}

export function previewBulk(
  operation: BulkOperation,
  filter: BulkFilter,
  args: BulkArguments,
): Promise<BulkPreviewMessage> {
  return call("POST", place("executions", "bulk"), { body: { operation, filter, arguments: args, dry_run: true } });
}

export function startBulk(operation: BulkOperation, filter: BulkFilter, args: BulkArguments): Promise<BulkMessage> {
  return call("POST", place("executions", "bulk"), { body: { operation, filter, arguments: args } });
}

export function readBulk(id: string, signal?: AbortSignal): Promise<BulkMessage> {
  return call("GET", place("executions", "bulk", id), signal === undefined ? {} : { signal });
}

export function cancelBulk(id: string): Promise<BulkMessage> {
  return call("POST", `${place("executions", "bulk", id)}/cancel`);
}
