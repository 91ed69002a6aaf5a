/** A new execution from the start of an old one. The command's id is its key: asked twice, it runs once. */

import type { Json } from "../core/base/json.ts";
import type { HistoryEvent } from "../core/engine/events.ts";
import type { Host, StartRequest } from "./host.ts";
import type { Loop } from "./loop.ts";
import { archived, type Prepared, prepareWith } from "./prepare-start.ts";
import { readHistory, readRow } from "./reads.ts";
import type { Outcome, Refusal } from "./refusal.ts";

export async function prepareRerun(loop: Loop, request: Parameters<Host["rerun"]>[0]): Promise<Outcome<Prepared>> {
  const { workspace, executionId, commandId } = request;
  const row = await readRow(loop, { workspace, executionId });
  const first = row === null ? null : await readStart(loop, { workspace, executionId });
  if (row === null || first === null) return { ok: false, refusal: executionUnknown(executionId) };
  const version = request.version ?? row.version;
  const found = await loop.definitions.compiled({ workspace, workflow: row.workflow, version });
  if (!found.ok) return found;
  if (found.status === "archived") return { ok: false, refusal: archived(row.workflow) };
  const { input, metadata, priority, due } = first.data;
  const start: StartRequest = {
    workspace,
    workflow: row.workflow,
    version,
    input: request.input === undefined ? (input as Json) : request.input,
    metadata,
    priority,
    // The time that the caller had given it; with another version, the one of that version.
    timeoutMs: version === row.version && due !== null ? Date.parse(due) - Date.parse(first.at) : null,
    executionId: null,
    idempotencyKey: `rerun/${executionId}/${commandId}`,
  };
  return prepareWith(loop, start, found.definition, { kind: "rerun", execution_id: executionId });
}

export function executionUnknown(executionId: string): Refusal {
  return { code: "EXECUTION_NOT_FOUND", message: `Expected an execution "${executionId}", but there is none.` };
}

type ExecutionStarted = Extract<HistoryEvent, { type: "ExecutionStarted" }>;

async function readStart(
  loop: Loop,
  place: { workspace: string; executionId: string },
): Promise<ExecutionStarted | null> {
  const [pack] = (await readHistory(loop, { ...place, afterSeq: 0, bytesMax: 1 })) ?? [];
  if (pack === undefined) return null;
  const event = JSON.parse(pack.text.split("\n", 1)[0] ?? "null") as HistoryEvent;
  return event.type === "ExecutionStarted" ? event : null;
}
