/**
 * Messages between executions, and between executions and what they share: a child's start and end, a cancel for a child, a
 * slot that is asked for or granted.
 *
 *     in one shard    sender's part ──same part──► receiver decides            nothing is stored for it
 *                     sender's part ──later part─► receiver decides            a row in the outbox from one commit to the other
 *     to another      sender's part ──commit─────► receiver's inbox ──► decides  likewise, and never in the same commit
 *
 * The row belongs to the receiver's shard, whose commit removes it together with what was decided: a message is never lost,
 * and never decided twice. After a take-over the rows of a shard are read again.
 */

import type { Json } from "../core/base/json.ts";
import { type Part, partOf } from "./commit.ts";
import { type Message, type MessageBody, messageItem } from "./item.ts";
import { type Loop, scheduleTurn, shardOfExecution, submitInternal } from "./loop.ts";
import type { Shard } from "./shard.ts";
import { shardOfPlace } from "./shared/records.ts";

type Addressed = Exclude<MessageBody, { kind: "event" }>;

/** Begins the ids of messages from other shards. */
export const FOREIGN = "mail/";

/** `id` is `{sender}/{event seq}`, with `.n` behind it from the second message of an event on. */
export function send(loop: Loop, part: Part, id: string, body: Addressed): void {
  const receiver = receiverOf(loop, body);
  if (receiver !== part.shard) return sendAbroad(part, receiver, { id: `${FOREIGN}${id}`, body });
  const message: Message = { id, body, isForeign: false, isStored: false, isTaken: false };
  part.sent.push(message);
  const item = messageItem(message, false);
  if (item !== null) submitInternal(loop, part.shard, item);
}

function sendAbroad(part: Part, receiver: Shard, { id, body }: { id: string; body: Addressed }): void {
  part.outbox.push({ id, shard: receiver.index, body: body as unknown as Json });
  part.effects.push({ kind: "Deliver", receiver, messageId: id, body });
}

function receiverOf(loop: Loop, body: Addressed): Shard {
  switch (body.kind) {
    case "command":
      return shardOfExecution(loop, body.executionId);
    case "child":
      return shardOfExecution(loop, body.start.executionId);
    case "shared":
      return shardOfPlace(loop, body.workspace, body.place);
  }
}

/** The sender's commit is on disk: its message goes to the other shard, or is found there when that is taken over. */
export function deliver(loop: Loop, receiver: Shard, messageId: string, body: MessageBody): void {
  const { mail } = receiver;
  if (receiver.status !== "running") {
    mail.isMissing = true;
    return;
  }
  // What is being read was sent before, and one execution may contradict itself: it asks for a slot, and gives it back.
  if (mail.keptBack !== null) return void mail.keptBack.push({ id: messageId, body });
  if (!mail.add(messageId)) return;
  const item = messageItem({ id: messageId, body, isForeign: true, isStored: true, isTaken: false }, false);
  if (item !== null) submitInternal(loop, receiver, item);
}

/** The receiver has decided, or there is nothing to decide: the message is not needed any more once this is committed. */
export function takeMessage(loop: Loop, shard: Shard, message: Message | null): void {
  if (message === null || message.isTaken) return;
  message.isTaken = true;
  if (!message.isStored) return;
  partOf(loop.collecting, shard).removeOutbox.push(message.id);
  scheduleTurn(loop);
}
