/**
 * Messages between executions of one shard: a child's start and end, a cancel for a child.
 *
 *     sender's part ──same part──► receiver decides            nothing is stored for it
 *     sender's part ──later part─► receiver decides            a row in the outbox from one commit to the other
 *
 * The receiver's commit removes the row, in the same shard and so in the same breath: a message is never lost, and never
 * decided twice.
 */

import { assert } from "../core/base/bug.ts";
import { type Part, partOf } from "./commit.ts";
import { type Message, type MessageBody, messageItem } from "./item.ts";
import { type Loop, scheduleTurn, shardOfExecution, submitInternal } from "./loop.ts";
import type { Shard } from "./shard.ts";

/** `id` is `{sender}/{event seq}`, with `.n` behind it from the second message of an event on. */
export function send(loop: Loop, part: Part, id: string, body: Exclude<MessageBody, { kind: "event" }>): void {
  const receiver = body.kind === "command" ? body.executionId : body.start.executionId;
  assert(
    shardOfExecution(loop, receiver) === part.shard,
    `the receiver ${receiver} of a message to live in its sender's shard`,
  );
  const message: Message = { id, body, isStored: false, isTaken: false };
  part.sent.push(message);
  const item = messageItem(message, false);
  if (item !== null) submitInternal(loop, part.shard, item);
}

/** The receiver has decided, or there is nothing to decide: the message is not needed any more once this is committed. */
export function takeMessage(loop: Loop, shard: Shard, message: Message | null): void {
  if (message === null || message.isTaken) return;
  message.isTaken = true;
  if (!message.isStored) return;
  partOf(loop.collecting, shard).removeOutbox.push(message.id);
  scheduleTurn(loop);
}
