/**
 * The witness of removals: what is removed was over for long enough, and nobody could still ask for it by its key.
 */

import type { Retention } from "../../src/host/loop.ts";
import type { Refusal } from "../../src/host/refusal.ts";
import type { ExecutionRow, KeyRow } from "../../src/ports/store.ts";
import type { Recorded } from "./disk.ts";
import type { Fail, World } from "./world.ts";

const DAY_MS = 24 * 3_600_000;

export const KEPT: Retention = { completedMs: null, failedMs: null, deadLettersMs: null };

/** Short, as runs are short; of a third of the seeds, which leaves the others as they were. */
export function retentionOf(seed: number): Retention {
  if (seed % 3 !== 0) return KEPT;
  return { completedMs: 15_000, failedMs: 25_000, deadLettersMs: seed % 2 === 0 ? 35_000 : null };
}

export function checkRemoved(about: {
  readonly removed: readonly Recorded[];
  readonly records: ReadonlyMap<string, Recorded>;
  readonly keys: Iterable<KeyRow>;
  readonly retention: Retention;
  readonly latest: number;
  readonly fail: Fail;
}): void {
  const { removed, records, retention, latest, fail } = about;
  const rule = "only what is over is removed";
  const ids = new Set(removed.map(({ id }) => id));
  for (const { id, row, hasEnded } of removed) {
    const keptMs = keptMsOf(row, retention);
    if (!hasEnded || row.finishedAt === null || row.quarantine !== null)
      fail(rule, `${id} was removed as ${row.status}.`);
    else if (keptMs === null || row.finishedAt > latest - keptMs) fail(rule, `${id} was removed before its time.`);
    const parent = records.get(row.parentId ?? "");
    if (parent !== undefined && !parent.isRemoved) fail("children go with their parents", `${id} has gone alone.`);
  }
  for (const { row, isRemoved } of records.values()) {
    if (!isRemoved && ids.has(row.parentId ?? "")) fail("children go with their parents", `${row.id} was left behind.`);
  }
  for (const { key, executionId, createdAt } of about.keys) {
    if (!ids.has(executionId) || key === `/${executionId}`) continue;
    if (createdAt > latest - DAY_MS) fail("one key, one execution", `${executionId} was removed, but ${key} is known.`);
  }
}

/** A child goes with its parent, which may go sooner than the child would by itself. */
function keptMsOf(row: ExecutionRow, { completedMs, failedMs, deadLettersMs }: Retention): number | null {
  if (row.deadLetter) return deadLettersMs;
  if (row.parentId !== null) return Math.min(...[completedMs, failedMs, deadLettersMs].filter((ms) => ms !== null));
  return row.status === "completed" ? completedMs : failedMs;
}

/** Whether somebody was told that there is no such execution, which is so because it was removed. */
export function isOfRemoved({ disk }: World, { code, message }: Refusal): boolean {
  if (code !== "EXECUTION_NOT_FOUND") return false;
  return [...disk.records.values()].some(({ id, isRemoved }) => isRemoved && message.includes(`"${id}"`));
}
