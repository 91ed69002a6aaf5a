/**
 * Takes a shard over, at the start and after every failure: a new epoch, under which no late write of the old one can
 * succeed, then memory from what the store knows.
 *
 * The shard serves again as soon as it knows what is active; the executions follow one by one, first those that somebody
 * asks for.
 */

import { type FoundOutboxRow, StoreError } from "../ports/store.ts";
import { fanOut } from "./events.ts";
import { type Message, messageItem, parseMessageBody, refuseItem } from "./item.ts";
import { putAside } from "./letters/dead-messages.ts";
import { load } from "./loading.ts";
import { type Loop, shardOfExecution, submitInternal, unavailable } from "./loop.ts";
import { deliver, FOREIGN } from "./messages.ts";
import { scan } from "./parking.ts";
import { drain, type Shard } from "./shard.ts";
import { freeSlots } from "./shared/free-slots.ts";
import { restoreRecords } from "./shared/records.ts";
import { setAlarms } from "./shared/take-shared.ts";
import { sawFailure, sawSuccess } from "./storage.ts";

/** While the store refuses even a new epoch, it is asked again after this long. */
const AGAIN_MS = 1000;

/**
 * The first time. Rejects if the store cannot be asked: a platform that cannot read should say so and not start. One that
 * finds the disk full can, and takes its shards over once there is room.
 */
export async function takeOverFirst(loop: Loop, shard: Shard): Promise<void> {
  try {
    await takeOver(loop, shard);
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === "full")) throw error;
    sawFailure(loop, error);
    restart(loop, shard);
  }
}

async function takeOver(loop: Loop, shard: Shard): Promise<void> {
  const { generation } = shard;
  shard.status = "loading";
  const epoch = await loop.store.acquire(shard.index);
  const [active, outbox, shared] = await Promise.all([
    loop.store.findActive(shard.index),
    loop.store.readOutbox(shard.index),
    loop.store.readShared(shard.index),
  ]);
  // Breakers are told by what their workflows declare.
  await Promise.all([...new Set(shared.map(({ workspace }) => workspace))].map(loop.definitions.circuits.list));
  if (shard.generation !== generation || loop.isStopping) return;
  shard.epoch = epoch;
  shard.status = "running";
  sawSuccess(loop);
  for (const executionId of active) load(loop, shard, executionId, "background");
  restoreRecords(shard, shared);
  setAlarms(loop, shard);
  for (const executionId of loop.quarantined.keys()) freeSlots(loop, shard, executionId);
  for (const row of outbox) receive(loop, shard, row);
  scan(loop, shard);
  if (shard.mail.isMissing) readMail(loop, shard);
  // Whoever owned the shard before, be it this process or another one, may have left messages for others in it to the last.
  for (const other of loop.shards) if (other !== shard) readMail(loop, other);
}

/** Finds messages from other shards that are committed and that nobody has brought. */
function readMail(loop: Loop, shard: Shard): void {
  const { generation, mail } = shard;
  // Where it cannot be done now it is done as soon as it can: after the take-over, or after the reading under way.
  mail.isMissing = true;
  if (shard.status !== "running" || loop.isStopping || mail.keptBack !== null) return;
  mail.isMissing = false;
  mail.keptBack = [];
  const ask = () => {
    if (shard.generation !== generation) return;
    loop.store.readOutbox(shard.index).then(
      (rows) => {
        if (shard.generation === generation) takeMail(loop, shard, rows);
      },
      (error: unknown) => {
        loop.report(error, `the messages for shard ${shard.index} could not be read and are asked for again`);
        loop.clock.after(AGAIN_MS, ask);
      },
    );
  };
  ask();
}

function takeMail(loop: Loop, shard: Shard, rows: readonly FoundOutboxRow[]): void {
  const { mail } = shard;
  for (const row of rows) if (row.id.startsWith(FOREIGN)) receive(loop, shard, row);
  const keptBack = mail.keptBack ?? [];
  mail.keptBack = null;
  for (const { id, body } of keptBack) deliver(loop, shard, id, body);
  if (mail.isMissing) readMail(loop, shard);
}

/** A write of the shard has failed, and nobody can tell what the store has of it: all that memory knows is void. */
export function restart(loop: Loop, shard: Shard): void {
  loop.counters.takeovers += 1;
  dropMemory(loop, shard);
  const { generation } = shard;
  const attempt = () => {
    if (loop.isStopping || shard.generation !== generation) return;
    takeOver(loop, shard).then(
      () => {
        loop.subscriptions.lookAgain((executionId) => shardOfExecution(loop, executionId) === shard);
      },
      (error: unknown) => {
        sawFailure(loop, error);
        loop.report(error, `shard ${shard.index} could not be taken over and is tried again`);
        if (shard.generation !== generation) return;
        shard.status = "stopped";
        loop.clock.after(AGAIN_MS, attempt);
      },
    );
  };
  attempt();
}

/** Forgets everything and answers everybody who waits for something that will not be committed. */
export function dropMemory(loop: Loop, shard: Shard): void {
  const refusal = unavailable(loop);
  shard.generation += 1;
  shard.status = "stopped";
  const part = loop.collecting.parts.get(shard);
  loop.collecting.parts.delete(shard);
  for (const waiting of part?.waiting ?? []) waiting.lost(refusal);
  for (const [executionId, slot] of shard.slots) {
    if (slot.kind === "loading") {
      for (const item of slot.waiting) refuseItem(item, refusal);
    } else {
      loop.wakeUps.set(slot, null);
      loop.tasks.board.drop(executionId);
    }
  }
  shard.slots.clear();
  for (const state of shard.claims.values()) {
    if (state.kind === "looking") for (const item of state.waiting) refuseItem(item, refusal);
  }
  shard.claims.clear();
  shard.records.clear();
  shard.alarms.clear();
  shard.mail.clear();
  for (const item of drain(shard.inbox)) refuseItem(item, refusal);
}

export function receive(loop: Loop, shard: Shard, row: FoundOutboxRow): void {
  const body = parseMessageBody(row.body);
  if (body === null) return putAside(loop, shard, row);
  if (body.kind === "event") {
    const { workspace, event } = body;
    return fanOut(loop, shard, { kind: "Publish", workspace, event, outboxId: row.id });
  }
  const isForeign = row.id.startsWith(FOREIGN);
  if (isForeign && !shard.mail.add(row.id)) return;
  const message: Message = { id: row.id, body, isForeign, isStored: true, isTaken: false };
  const item = messageItem(message, true);
  if (item !== null) submitInternal(loop, shard, item);
}
