/** The rows of dead letters that are not in memory, and what is answered to who took them off the list. */

import type { ExecutionRow } from "../../ports/store.ts";
import { partOf, type Waiting, writeRow } from "../commit.ts";
import type { Item, LetterItem } from "../item.ts";
import { type Loop, scheduleTurn } from "../loop.ts";
import { replayed } from "../rows.ts";
import type { Shard } from "../shard.ts";
import { letterUnknown } from "./letter-unknown.ts";

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
export function rowAfter(loop: Loop, row: ExecutionRow, { workspace, change }: LetterItem): ExecutionRow | null {
  if (row.workspace !== workspace) return null;
  if (change.kind === "replay") return row.deadLetter ? replayed(row) : row;
  if (!row.deadLetter) return row.dropped === null ? null : row;
  return { ...row, deadLetter: false, dropped: { at: loop.clock.now(), by: change.by } };
}

export function answer({ executionId, reply }: LetterItem, row: ExecutionRow | null): void {
  reply.resolve(row === null ? { ok: false, refusal: letterUnknown(executionId) } : { ok: true });
}

export function waitingOf({ reply }: LetterItem): Waiting {
  return {
    committed: () => reply.resolve({ ok: true }),
    lost: (refusal) => reply.resolve({ ok: false, refusal }),
  };
}
