/**
 * Takes an execution off the list of dead letters: its row is rewritten in its shard's turn, like every row.
 *
 * Its history is not read for that, so that also what cannot be replayed any more can be dropped. Where it is in memory,
 * because somebody has just begun it again, the row in memory is the one that counts.
 */

import { partOf, writeOf } from "../commit.ts";
import type { LetterItem } from "../item.ts";
import { load } from "../loading.ts";
import { forget, type Loop } from "../loop.ts";
import { hasEnded } from "../rows.ts";
import type { Shard } from "../shard.ts";
import { answer, rowAfter, waitingOf } from "./letter-row.ts";

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
