/**
 * Takes an execution out of quarantine, once what was wrong with it is mended: its rows restored, its workflow readable
 * again, the platform replaced by one without the fault.
 *
 *     quarantined ──reset──► read as a whole ──cannot be──► refused, with the reason of now
 *                                └──can be──► row says so ──commit──► its shard is read again, as at a start
 *
 * The whole shard, for messages to the execution have stayed in the outbox, and others may wait for it in ways that only a
 * take-over brings back. Its neighbours lose nothing by it.
 */

import { partOf, writeRow } from "./commit.ts";
import { type Loop, scheduleTurn, shardOfExecution, unavailable } from "./loop.ts";
import { quarantined } from "./quarantine.ts";
import { readAgain } from "./read-execution.ts";
import { restart } from "./recovery.ts";
import type { Outcome } from "./refusal.ts";
import { executionUnknown } from "./rerun.ts";
import { unparked } from "./rows.ts";
import { askForSlotsAgain } from "./shared/free-slots.ts";

export async function resetQuarantine(
  loop: Loop,
  { workspace, executionId }: { workspace: string; executionId: string },
): Promise<Outcome<object>> {
  const found = await readAgain(loop, executionId);
  if (found.kind === "broken") {
    if (found.row !== null && found.row.workspace !== workspace) return unknown(executionId);
    return { ok: false, refusal: quarantined(executionId, found.reason) };
  }
  if (found.kind === "unknown" || found.row.workspace !== workspace) return unknown(executionId);
  if (found.row.quarantine === null && !loop.quarantined.has(executionId)) return { ok: true };
  const shard = shardOfExecution(loop, executionId);
  if (shard.status !== "running" || loop.isStopping) return { ok: false, refusal: unavailable(loop) };
  const part = partOf(loop.collecting, shard);
  writeRow(part, { ...unparked(found.row), quarantine: null });
  if (found.kind === "read" && !found.execution.hasEnded) askForSlotsAgain(loop, part, found.execution);
  const answered = new Promise<Outcome<object>>((resolve) => {
    part.waiting.push({
      committed() {
        loop.quarantined.delete(executionId);
        restart(loop, shard);
        resolve({ ok: true });
      },
      lost: (refusal) => resolve({ ok: false, refusal }),
    });
  });
  scheduleTurn(loop);
  return answered;
}

function unknown(executionId: string): Outcome<never> {
  return { ok: false, refusal: executionUnknown(executionId) };
}
