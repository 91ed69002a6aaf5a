/**
 * Puts one execution aside that the platform cannot work with: its definition does not compile, its history cannot be
 * read, or deciding for it has failed twice. Its neighbours go on.
 *
 * The row says why. It counts as parked without a wake-up, so that nothing looks for it; messages to it stay in the
 * outbox, for the day on which it is mended.
 */

import type { ExecutionRow } from "../ports/store.ts";
import { partOf, writeRow } from "./commit.ts";
import { type Item, refuseItem } from "./item.ts";
import { type Loop, scheduleTurn } from "./loop.ts";
import type { Refusal } from "./refusal.ts";
import type { Shard } from "./shard.ts";
import { freeAllSlots } from "./shared/free-slots.ts";

export function quarantine(
  loop: Loop,
  shard: Shard,
  aside: { executionId: string; row: ExecutionRow | null; reason: string; waiting: readonly Item[] },
): void {
  const { executionId, row, reason, waiting } = aside;
  loop.quarantined.set(executionId, reason);
  loop.report(new Error(reason), `execution ${executionId} is put aside`);
  shard.slots.delete(executionId);
  loop.tasks.board.drop(executionId);
  const part = partOf(loop.collecting, shard);
  freeAllSlots(loop, part, executionId);
  if (row !== null) {
    writeRow(part, { ...row, parked: true, wakeAt: null, quarantine: reason });
    part.tasks.delete(executionId);
    part.removeTasksOf.add(executionId);
  }
  scheduleTurn(loop);
  for (const item of waiting) refuseItem(item, quarantined(executionId, reason));
}

export function quarantined(executionId: string, reason: string): Refusal {
  return {
    code: "EXECUTION_QUARANTINED",
    message: `Expected execution ${executionId} to be in order, but the platform has put it aside: ${reason}`,
  };
}
