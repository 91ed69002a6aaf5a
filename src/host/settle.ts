/** From "committed" to "known": tasks are offered, readers and callers told, memory let go of. */

import { EVENT_VERSION } from "../core/engine/events.ts";
import type { Execution } from "../core/engine/execution.ts";
import type { Part, Write } from "./commit.ts";
import { countEnd, countStart } from "./counters.ts";
import type { Effect } from "./effects.ts";
import { fanOut, lookUpKept } from "./events.ts";
import { commandItem } from "./item.ts";
import { forget, type Loop, submitInternal } from "./loop.ts";
import { deliver, FOREIGN } from "./messages.ts";
import { finishParking } from "./parking.ts";
import { hasEnded } from "./rows.ts";
import type { Resident, Shard } from "./shard.ts";

/**
 * A part is on disk: now everybody may know, and what follows from it is done. Answers false where that has thrown, a bug
 * of ours: then memory is not to be trusted, but who waits has been told, for what is on disk is true.
 */
export function settle(loop: Loop, part: Part): boolean {
  const { shard } = part;
  for (const { claim } of part.keys) {
    const state = shard.claims.get(claim);
    if (state?.kind === "decided" && state.part === part) shard.claims.delete(claim);
  }
  for (const id of part.removeOutbox) if (id.startsWith(FOREIGN)) shard.mail.forget(id);
  const isSound = act(loop, part);
  for (const waiting of part.waiting) waiting.committed();
  return isSound;
}

function act(loop: Loop, part: Part): boolean {
  const { shard } = part;
  try {
    for (const write of part.writes.values()) {
      if (loop.changes.isHeard) tellChange(loop, write);
      if (write.resident !== null) settleWrite(loop, shard, write, write.resident);
    }
    for (const effect of part.effects) performForAll(loop, shard, effect);
    return true;
  } catch (error) {
    loop.report(error, `what follows from a commit of shard ${shard.index} could not be done; it is loaded again`);
    return false;
  }
}

function settleWrite(loop: Loop, shard: Shard, write: Write, resident: Resident): void {
  const { executionId } = write;
  const { execution } = resident;
  resident.pending -= 1;
  if (write.firstSeq === 1) countStart(loop.counters, resident.row.workflow);
  if (write.hasEnded) countEnd(loop.counters, resident.row.workflow, resident.row.status);
  // It is being loaded again after a bug, or was put aside: its tasks are offered by that load, or not at all.
  const isCurrent = shard.slots.get(executionId) === resident;
  for (const effect of write.effects) {
    if (effect.kind === "Publish" || effect.kind === "Deliver") performForAll(loop, shard, effect);
    else if (isCurrent) perform(loop, resident, effect);
  }
  if (write.lastSeq > 0 && loop.subscriptions.isHeard(executionId)) {
    const { firstSeq, lastSeq, text } = write;
    loop.subscriptions.tell(executionId, { firstSeq, lastSeq, version: EVENT_VERSION, text }, write.hasEnded);
  }
  if (!isCurrent) return;
  if (hasEnded(resident.row.status)) {
    if (resident.pending === 0) forget(loop, resident);
  } else if (execution.hasWork) {
    if (resident.isContinuing) return;
    resident.isContinuing = true;
    submitInternal(loop, shard, commandItem(executionId, { kind: "Continue" }));
  } else if (write.isParking) {
    finishParking(loop, resident);
  }
}

/** The row of this commit: what is in memory may be further on. */
function tellChange({ changes }: Loop, { row, resident, firstSeq, hasEnded: isTerminal }: Write): void {
  const phase = resident === null ? null : phaseOf(resident.execution);
  const shown = row ?? (phase === null ? null : (resident?.row ?? null));
  if (shown === null) return;
  changes.tell({ row: shown, isNew: firstSeq === 1, hasEnded: isTerminal && hasEnded(shown.status), phase });
}

function phaseOf({ status, compensation, ending }: Execution): "closing" | "compensating" | null {
  if (status !== "running") return null;
  return compensation !== null ? "compensating" : ending !== null ? "closing" : null;
}

/** What is done whatever has become of the execution that caused it. */
function performForAll(loop: Loop, shard: Shard, effect: Effect): void {
  if (effect.kind === "Publish") fanOut(loop, shard, effect);
  if (effect.kind === "Deliver") deliver(loop, effect.receiver, effect.messageId, effect.body);
}

function perform(
  loop: Loop,
  resident: Resident,
  effect: Exclude<Effect, { kind: "Publish" } | { kind: "Deliver" }>,
): void {
  const { board } = loop.tasks;
  const { id, workspace } = resident.execution;
  switch (effect.kind) {
    case "OfferTask":
      return board.offer({ workspace, task: effect.task, notBefore: effect.task.createdAt });
    case "WithdrawTask":
      return board.withdraw({ taskId: effect.taskId, reason: effect.reason });
    case "PauseTasks":
      return board.pause(id);
    case "ResumeTasks":
      return board.resume(id, effect.frozenMs);
    case "AddWait":
      if (effect.correlation === null) return;
      return lookUpKept(loop, resident, { event: effect.event, correlation: effect.correlation });
  }
}
