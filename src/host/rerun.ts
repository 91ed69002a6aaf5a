/**
 * A new execution like an old one: from its start, or from a place in its history (`fork.ts`). The command's id is its key:
 * asked twice, it runs once.
 */

import type { HistoryEvent } from "../core/engine/events.ts";
import type { ExecutionRow } from "../ports/store.ts";
import { prepareFork } from "./fork.ts";
import type { RerunRequest, StartRequest } from "./host.ts";
import { type Loop, shardOfExecution } from "./loop.ts";
import { archived, type Prepared, prepareWith } from "./prepare-start.ts";
import { readHistory, readRow } from "./reads.ts";
import type { Outcome, Refusal } from "./refusal.ts";
import { inputOf, timeoutGiven } from "./start-events.ts";

/** What an execution may have copied is looked through for its own beginning; one read of it. */
const COPIED_MAX = 12_000;
const READ_BYTES = 512 * 1024;

export async function prepareRerun(loop: Loop, request: RerunRequest): Promise<Outcome<Prepared>> {
  const { workspace, executionId, commandId, from } = request;
  const row = await readRow(loop, { workspace, executionId });
  if (row === null) return { ok: false, refusal: executionUnknown(executionId) };
  const version = request.version ?? row.version;
  const misfit = optionsRefusal(request, row);
  if (misfit !== null) return { ok: false, refusal: misfit };
  const found = await loop.definitions.compiled({ workspace, workflow: row.workflow, version });
  if (!found.ok) return found;
  if (found.status === "archived") return { ok: false, refusal: archived(row.workflow) };
  if (from !== undefined) return prepareFork(loop, { ...request, from }, { row, definition: found.definition });

  const beginning = await readBeginning(loop, row);
  const [first] = beginning;
  if (first?.type !== "ExecutionStarted") return { ok: false, refusal: executionUnknown(executionId) };
  const { metadata, priority } = first.data;
  const start: StartRequest = {
    workspace,
    workflow: row.workflow,
    version,
    input: request.input === undefined ? inputOf(first, beginning) : request.input,
    metadata,
    priority,
    // The time that the caller had given it; with another version, the one of that version.
    timeoutMs: version === row.version ? timeoutGiven(beginning) : null,
    executionId: null,
    idempotencyKey: `rerun/${executionId}/${commandId}`,
  };
  return prepareWith(loop, start, found.definition, {
    origin: { kind: "rerun", execution_id: executionId },
    shard: shardOfExecution(loop, executionId).index,
  });
}

function optionsRefusal(
  { from, version, stepInput, terminatesOrigin }: RerunRequest,
  row: ExecutionRow,
): Refusal | null {
  if (from === undefined && (stepInput !== undefined || terminatesOrigin === true)) {
    const name = stepInput === undefined ? "terminate_origin" : "step_input";
    return { code: "BAD_REQUEST", message: `Expected ${name} only with from, but from is left out.` };
  }
  if (from === undefined || version === null || version === row.version) return null;
  const message = `Expected a rerun from a place in the history to be of version ${row.version}, whose steps it names, but it asks for ${version}. Leave version out, or rerun from the start.`;
  return { code: "BAD_REQUEST", message };
}

export function executionUnknown(executionId: string): Refusal {
  return { code: "EXECUTION_NOT_FOUND", message: `Expected an execution "${executionId}", but there is none.` };
}

/** The first two events; of one that began with the history of another, also all by which that was done. */
async function readBeginning(loop: Loop, row: ExecutionRow): Promise<readonly HistoryEvent[]> {
  const place = { workspace: row.workspace, executionId: row.id };
  const kept: HistoryEvent[] = [];
  let seq = 0;
  do {
    const packs = (await readHistory(loop, { ...place, afterSeq: seq, bytesMax: seq === 0 ? 1 : READ_BYTES })) ?? [];
    const last = packs.at(-1);
    if (last === undefined) break;
    for (const pack of packs) {
      pack.text.split("\n").forEach((text, i) => {
        const number = pack.firstSeq + i;
        if (number > seq && (number <= 2 || text.includes(FORKED))) kept.push(JSON.parse(text) as HistoryEvent);
      });
    }
    seq = last.lastSeq;
  } while (row.originId !== null && seq < COPIED_MAX && !kept.some((event) => beganBy(event, row)));
  return kept;
}

const FORKED = '"type":"ExecutionForked"';

/** What is copied names older origins. */
function beganBy(event: HistoryEvent, { originId }: ExecutionRow): boolean {
  const isBeginning = event.type === "ExecutionStarted" || event.type === "ExecutionForked";
  return isBeginning && event.data.origin?.execution_id === originId;
}
