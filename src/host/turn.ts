/**
 * One turn of the loop: takes what stands in the inboxes, decides it, and hands what was collected to the store unless a
 * write is in flight already.
 *
 *     turn n    decide │ write n ............ │ settle n
 *     turn n+1         │ decide, collect .... │ write n+1 ........ │ settle n+1
 *
 * So the time of a write is used to decide the next one, and everything that came in meanwhile shares it.
 */

import { takeChild } from "./children.ts";
import { type Batch, createBatch, isFull, partOf, toShardBatch } from "./commit.ts";
import { countWrite } from "./counters.ts";
import { decideCommand } from "./decisions.ts";
import { takePublish } from "./events.ts";
import { type CommandItem, type Item, refuseItem } from "./item.ts";
import { takeRevive } from "./letters/dead-messages.ts";
import { takeLetter } from "./letters/take-letter.ts";
import { load } from "./loading.ts";
import { hasItems, type Loop, scheduleTurn, unavailable } from "./loop.ts";
import { arm } from "./pulse.ts";
import { receive, restart } from "./recovery.ts";
import { takeRemoval } from "./removal.ts";
import { settle } from "./settle.ts";
import { type Shard, takeFrom } from "./shard.ts";
import { takeShared } from "./shared/take-shared.ts";
import { takeStart } from "./start.ts";
import { sawFailure, sawSuccess } from "./storage.ts";

/** How many items of one shard are taken before the next shard has its turn. */
const ITEMS_AT_A_STRETCH = 32;

export function takeTurn(loop: Loop): void {
  loop.isTurnScheduled = false;
  while (takeRound(loop));
  flush(loop);
  arm(loop);
  if (hasItems(loop) && !isFull(loop.collecting)) scheduleTurn(loop);
}

/** Some items of each shard; false once the batch is full or nothing is left. */
function takeRound(loop: Loop): boolean {
  let hasTaken = false;
  for (const shard of loop.shards) {
    for (let n = 0; n < ITEMS_AT_A_STRETCH && !isFull(loop.collecting); n++) {
      const item = takeFrom(shard.inbox);
      if (item === undefined) break;
      hasTaken = true;
      loop.collecting.commands += 1;
      take(loop, shard, item);
    }
  }
  return hasTaken && !isFull(loop.collecting);
}

function take(loop: Loop, shard: Shard, item: Item): void {
  try {
    switch (item.kind) {
      case "command":
        return takeCommand(loop, shard, item);
      case "start":
        return takeStart(loop, shard, item);
      case "child":
        return takeChild(loop, shard, item);
      case "publish":
        return takePublish(loop, shard, item);
      case "shared":
        return takeShared(loop, shard, item);
      case "letter":
        return takeLetter(loop, shard, item);
      case "revive":
        return takeRevive(loop, shard, item, receive);
      case "remove":
        return takeRemoval(loop, shard, item);
      case "forget":
        partOf(loop.collecting, shard).removeOutbox.push(item.outboxId);
        return;
    }
  } catch (error) {
    // A bug of ours, not of the engine's. What it has left in memory is not to be trusted.
    loop.report(error, `an item of kind "${item.kind}" could not be taken`);
    refuseItem(item, unavailable(loop));
    restart(loop, shard);
  }
}

function takeCommand(loop: Loop, shard: Shard, item: CommandItem): void {
  const slot = shard.slots.get(item.executionId);
  if (slot?.kind === "resident") return decideCommand(loop, slot, item);
  load(loop, shard, item.executionId, "urgent").waiting.push(item);
}

export function flush(loop: Loop): void {
  const batch = loop.collecting;
  if (loop.inFlight !== null || batch.parts.size === 0) return;
  loop.collecting = createBatch();
  loop.inFlight = batch;
  const startedAt = loop.clock.now();
  loop.condition.writingSince = startedAt;
  write(loop, batch).then(
    (refused) => {
      loop.condition.lastWriteMs = loop.clock.now() - startedAt;
      countWrite(loop.counters, Math.max(0, loop.condition.lastWriteMs) / 1000);
      sawSuccess(loop);
      ended(loop, batch, refused, null);
    },
    (error: unknown) => {
      loop.counters.writesFailed += 1;
      sawFailure(loop, error);
      loop.report(error, "a write failed; its shards are taken over again");
      ended(
        loop,
        batch,
        [...batch.parts.keys()].map((shard) => shard.index),
        error,
      );
    },
  );
}

/** Async, so that a throw becomes a failed write as well. */
async function write(loop: Loop, batch: Batch): Promise<readonly number[]> {
  const answer = await loop.store.append([...batch.parts.values()].map(toShardBatch));
  return answer.refused;
}

function ended(loop: Loop, batch: Batch, failed: readonly number[], error: unknown): void {
  loop.inFlight = null;
  loop.condition.writingSince = null;
  if (error === null && failed.length > 0) {
    loop.report(
      new Error("Expected to own the shards, but their epochs are stale."),
      `shards ${failed.join(", ")} are taken over again`,
    );
  }
  // First what was decided upon the failed parts is thrown away, and only then the rest goes to the store.
  for (const part of batch.parts.values()) {
    if (!failed.includes(part.shard.index)) continue;
    for (const waiting of part.waiting) waiting.lost(unavailable(loop));
    if (!loop.isStopping || part.shard.status === "running") restart(loop, part.shard);
  }
  // What came in meanwhile goes out with what was collected: the store should not stand still while answers are written.
  while (takeRound(loop));
  flush(loop);
  for (const part of batch.parts.values()) {
    if (!failed.includes(part.shard.index) && !settle(loop, part)) restart(loop, part.shard);
  }
  loop.tasks.board.settled();
  batch.end();
  if (hasItems(loop)) scheduleTurn(loop);
  else arm(loop);
}
