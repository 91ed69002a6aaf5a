/**
 * Reads one execution from the store and makes it again: from its history, or from the last snapshot and what came after.
 *
 * A big history is read and replayed piece by piece, so that the loop stays free for others. What cannot be read is a
 * finding, for then the execution has to be put aside; only a store that does not answer is an error.
 */

import { EVENT_VERSION, type HistoryEvent } from "../core/engine/events.ts";
import { evolve } from "../core/engine/evolve.ts";
import { createExecution, type Execution } from "../core/engine/execution.ts";
import { fromSnapshot, SNAPSHOT_VERSION } from "../core/engine/snapshot.ts";
import type { Definition } from "../core/language/definition.ts";
import { type EventPack, type ExecutionRow, StoreError } from "../ports/store.ts";
import type { Item } from "./item.ts";
import type { Loop } from "./loop.ts";
import { hasEnded } from "./rows.ts";
import { type Growth, grow, noGrowth } from "./snapshots.ts";

/** One read of a history, and the events that are replayed at a stretch: some milliseconds each. */
const READ_BYTES = 512 * 1024;
const EVENTS_AT_A_STRETCH = 2000;

export type Found =
  | { readonly kind: "unknown" }
  /** Ended, and nothing that waits could change that. */
  | { readonly kind: "over"; readonly row: ExecutionRow }
  | { readonly kind: "quarantined"; readonly row: ExecutionRow; readonly reason: string }
  | { readonly kind: "broken"; readonly row: ExecutionRow | null; readonly reason: string }
  | {
      readonly kind: "read";
      readonly row: ExecutionRow;
      readonly definition: Definition;
      readonly execution: Execution;
      readonly growth: Growth;
    };

/** Rejects where the store could not be asked. `waiting` is what was asked of the execution so far. */
export async function readExecution(loop: Loop, executionId: string, waiting: readonly Item[]): Promise<Found> {
  const row = await intact(() => loop.store.readExecution(executionId));
  if (row instanceof Broken) return { kind: "broken", row: null, reason: row.reason };
  if (row === null) return { kind: "unknown" };
  if (row.quarantine !== null) return { kind: "quarantined", row, reason: row.quarantine };
  if (hasEnded(row.status) && !waiting.some(concernsEnded)) return { kind: "over", row };
  return readWhole(loop, row);
}

/** Whether it is in quarantine or not, and whether it has ended or not. */
export async function readAgain(
  loop: Loop,
  executionId: string,
): Promise<Exclude<Found, { kind: "over" | "quarantined" }>> {
  const row = await intact(() => loop.store.readExecution(executionId));
  if (row instanceof Broken) return { kind: "broken", row: null, reason: row.reason };
  return row === null ? { kind: "unknown" } : readWhole(loop, row);
}

async function readWhole(loop: Loop, row: ExecutionRow): Promise<Extract<Found, { kind: "broken" | "read" }>> {
  const request = { workspace: row.workspace, workflow: row.workflow, version: row.version };
  const cached = loop.definitions.cached(request);
  const compiled =
    cached === null ? await loop.definitions.compiled(request) : ({ ok: true, definition: cached } as const);
  if (!compiled.ok) {
    const reason = `Its workflow "${row.workflow}" ${row.version} cannot be read: ${compiled.refusal.message}`;
    return { kind: "broken", row, reason };
  }
  const restored = await intact(() => restore(loop, row, compiled.definition));
  if (restored instanceof Broken) return { kind: "broken", row, reason: restored.reason };
  return { kind: "read", row, definition: compiled.definition, ...restored };
}

class Broken {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** What is stored and cannot be read is the execution's trouble; a store that does not answer is everybody's. */
async function intact<T>(work: () => Promise<T>): Promise<T | Broken> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError && error.kind !== "corrupt") throw error;
    return new Broken(`What is stored of it cannot be read: ${textOf(error)}`);
  }
}

interface Restored {
  readonly execution: Execution;
  readonly growth: Growth;
}

/** From the whole history where that is short, and else from the last snapshot and what has happened since. */
async function restore(loop: Loop, row: ExecutionRow, definition: Definition): Promise<Restored> {
  const { bytes: bytesMax } = loop.limits.replay;
  const first = await loop.store.readHistory({ executionId: row.id, afterSeq: 0, bytesMax });
  const isWhole = first.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) <= bytesMax;
  if (!isWhole) {
    const restored = await restoreFromSnapshot(loop, row, definition);
    if (restored !== null) return restored;
  }
  const execution = createExecution({ id: row.id, workspace: row.workspace });
  const restored = { execution, growth: noGrowth() };
  await replayPacks(loop, definition, restored, first);
  if (!isWhole) await replayRest(loop, definition, restored);
  if (execution.length === 0) throw new Error("Expected a history, but it is empty.");
  return restored;
}

/** Null where there is none that can be used: the history tells the same. */
async function restoreFromSnapshot(loop: Loop, row: ExecutionRow, definition: Definition): Promise<Restored | null> {
  const { id, workspace } = row;
  try {
    const stored = await loop.store.readSnapshot(id);
    if (stored === null || stored.version !== SNAPSHOT_VERSION) return null;
    const execution = fromSnapshot(definition, { id, workspace }, stored.text);
    if (execution === null) return null;
    if (execution.length !== stored.seq)
      throw new Error(`Expected a snapshot of ${stored.seq} events, but it is one of ${execution.length}.`);
    const restored = { execution, growth: { ...noGrowth(), snapshotLength: stored.text.length } };
    await nextTurn(loop);
    for (;;) {
      await replayRest(loop, definition, restored);
      const { events, bytes } = await loop.store.measureHistory(id);
      restored.growth.bytes = bytes;
      // Another node that owns the shard by now may have added to it between the two reads.
      if (events <= execution.length) return restored;
    }
  } catch (error) {
    if (error instanceof StoreError && error.kind !== "corrupt") throw error;
    loop.report(error, `the snapshot of execution ${id} cannot be used; it is loaded from its whole history`);
    return null;
  }
}

/** What comes after what is there already. */
async function replayRest(loop: Loop, definition: Definition, restored: Restored): Promise<void> {
  const { execution } = restored;
  for (;;) {
    const request = { executionId: execution.id, afterSeq: execution.length, bytesMax: READ_BYTES };
    const packs = await loop.store.readHistory(request);
    if (packs.length === 0) return;
    await replayPacks(loop, definition, restored, packs);
  }
}

async function replayPacks(
  loop: Loop,
  definition: Definition,
  { execution, growth }: Restored,
  packs: readonly EventPack[],
): Promise<void> {
  for (const pack of packs) {
    // A snapshot may have been taken in the midst of what one write carried.
    const events = parsePack(pack).slice(Math.max(0, execution.length + 1 - pack.firstSeq));
    for (let from = 0; from < events.length; from += EVENTS_AT_A_STRETCH) {
      if (from > 0) await nextTurn(loop);
      for (const event of events.slice(from, from + EVENTS_AT_A_STRETCH)) apply(definition, execution, event);
    }
    grow(growth, Buffer.byteLength(pack.text), events.length);
  }
  await nextTurn(loop);
}

function apply(definition: Definition, execution: Execution, event: HistoryEvent): void {
  if (event.seq !== execution.length + 1) {
    throw new Error(`Expected event ${execution.length + 1} next, but found ${event.seq}.`);
  }
  evolve(definition, execution, event);
  execution.agenda.tidy();
}

/** One text, one event a line: JSON has no line ends of its own. */
function parsePack(pack: EventPack): readonly HistoryEvent[] {
  if (pack.version > EVENT_VERSION) {
    throw new Error(
      `Expected events of version ${EVENT_VERSION} or older, but found version ${pack.version}: they were written by a newer platform.`,
    );
  }
  return JSON.parse(`[${pack.text.replaceAll("\n", ",")}]`) as readonly HistoryEvent[];
}

function nextTurn(loop: Loop): Promise<void> {
  return new Promise((resolve) => loop.clock.soon(resolve));
}

/** What an execution that has ended may still answer in its own way; to all else it says nothing. */
function concernsEnded(item: Item): boolean {
  if (item.kind !== "command") return false;
  switch (item.command.kind) {
    case "Cancel":
    case "Terminate":
    case "Pause":
    case "Resume":
    case "Signal":
    case "Retry":
    case "Compensate":
    case "SkipStep":
    case "CompleteStep":
      return item.workspace !== null;
    default:
      return false;
  }
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
