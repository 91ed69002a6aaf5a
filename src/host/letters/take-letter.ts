/**
 * Takes an execution off the list of dead letters: its row is rewritten in its shard's turn, like every row.
 *
 * Its history is not read for that, so that also what cannot be replayed any more can be dropped. Where it is in memory,
 * because somebody has just begun it again, the row in memory is the one that counts.
 */

import type { ExecutionRow } from "../../ports/store.ts";
import { partOf, writeOf, writeRow } from "../commit.ts";
import type { Item, LetterItem } from "../item.ts";
import { load } from "../loading.ts";
import { forget, type Loop, scheduleTurn } from "../loop.ts";
import type { Refusal } from "../refusal.ts";
import { hasEnded, replayed } from "../rows.ts";
import type { Shard } from "../shard.ts";
import { letterUnknown } from "./dead-messages.ts";

export function takeLetter(loop: Loop, shard: Shard, item: LetterItem): void {
  const slot = shard.slots.get(item.executionId);
  if (slot?.kind !== "resident") {
    load(loop, shard, item.executionId, "urgent").waiting.push(item);
    return;
  }
  const row = rowAfter(loop, slot.row, item);
  if (row !== null && row !== slot.row) {
    const part = partOf(loop.collecting, shard);
    writeOf(part, slot).row = row;
    slot.row = row;
  }
  if (row === null || slot.pending === 0 || slot.lastPart === null) answer(item, row);
  else slot.lastPart.waiting.push(waitingOf(item));
  if (hasEnded(slot.row.status) && slot.pending === 0) forget(loop, slot);
}

/** The execution is not in memory, and this is its row. */
export function takeLettersOf(loop: Loop, shard: Shard, stored: ExecutionRow, items: readonly Item[]): void {
  let current = stored;
  for (const item of items) {
    if (item.kind !== "letter") continue;
    const row = rowAfter(loop, current, item);
    if (row === null || row === current) {
      answer(item, row);
      continue;
    }
    current = row;
    const part = partOf(loop.collecting, shard);
    writeRow(part, row);
    part.waiting.push(waitingOf(item));
    scheduleTurn(loop);
  }
}

/** There is no such execution, or none that can be read at all. */
export function refuseLetters(items: readonly Item[]): void {
  for (const item of items) if (item.kind === "letter") answer(item, null);
}

/** Null: it is no dead letter. The same row: there is nothing to change. */
function rowAfter(loop: Loop, row: ExecutionRow, { workspace, change }: LetterItem): ExecutionRow | null {
  if (row.workspace !== workspace) return null;
  if (change.kind === "replay") return row.deadLetter ? replayed(row) : row;
  if (!row.deadLetter) return row.dropped === null ? null : row;
  return { ...row, deadLetter: false, dropped: { at: loop.clock.now(), by: change.by } };
}

function answer({ executionId, reply }: LetterItem, row: ExecutionRow | null): void {
  reply.resolve(row === null ? { ok: false, refusal: letterUnknown(executionId) } : { ok: true });
}

function waitingOf({ reply }: LetterItem) {
  return {
    committed: () => reply.resolve({ ok: true }),
    lost: (refusal: Refusal) => reply.resolve({ ok: false, refusal }),
  };
}
