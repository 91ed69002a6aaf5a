/**
 * Messages that cannot be read: kept as documents, so that they stand in nobody's way and are not lost.
 *
 *     outbox row ──no JSON, or of a kind that nobody knows──► document ──on disk──► outbox row removed
 */

import { isObject, type Json, member } from "../../core/base/json.ts";
import type { Document, FoundOutboxRow, OutboxRow } from "../../ports/store.ts";
import { partOf } from "../commit.ts";
import { parseMessageBody, type ReviveItem } from "../item.ts";
import { type Loop, shardAt, submit, submitInternal } from "../loop.ts";
import type { Outcome } from "../refusal.ts";
import type { Shard } from "../shard.ts";
import { letterUnknown } from "./letter-unknown.ts";
import type { DeadMessage, LetterPlace } from "./letters.ts";

const COLLECTION = "dead-messages";
/** The group of those that are on the list. */
const LISTED = "listed";
const PREFIX = "message:";
/** Of a message that says of no workspace, and whose sender is not known. */
const DEFAULT_WORKSPACE = "default";
/** What the store could not take is tried again after this long. */
const AGAIN_MS = 1000;

export function isMessageId(id: string): boolean {
  return id.startsWith(PREFIX);
}

/** Also after a restart half-way: the document is there already then, and only the row is left to be removed. */
export function putAside(loop: Loop, shard: Shard, row: FoundOutboxRow): void {
  const { generation } = shard;
  const reason =
    row.unreadable === undefined
      ? "This version of the platform does not know messages of its kind."
      : "What is stored of it is no JSON.";
  loop.report(new Error(reason), `message ${row.id} is put among the dead letters`);
  const put = async () => {
    const message: DeadMessage = {
      id: PREFIX + row.id.replaceAll("/", ":"),
      outboxId: row.id,
      shard: shard.index,
      at: loop.clock.now(),
      reason,
      body: row.body,
      text: row.unreadable ?? null,
      replays: 0,
      dropped: null,
    };
    const workspace = await workspaceOf(loop, row);
    await loop.store.documents.put([{ ...placeOf(workspace, message.id), expected: null, ...contentOf(message) }]);
  };
  put().then(
    () => {
      if (shard.generation === generation) submitInternal(loop, shard, { kind: "forget", outboxId: row.id });
    },
    () => {
      loop.clock.after(AGAIN_MS, () => {
        if (shard.generation === generation && !loop.isStopping) putAside(loop, shard, row);
      });
    },
  );
}

/** The message's own, else that of the execution that sent it. */
async function workspaceOf(loop: Loop, row: OutboxRow): Promise<string> {
  const said = isObject(row.body) ? member(row.body, "workspace") : undefined;
  if (typeof said === "string") return said;
  const [sender = ""] = row.id.split("/").slice(-2);
  try {
    return (await loop.store.readExecution(sender))?.workspace ?? DEFAULT_WORKSPACE;
  } catch (error) {
    if (isGone(error)) throw error;
    return DEFAULT_WORKSPACE;
  }
}

function isGone(error: unknown): boolean {
  return !(error instanceof Error && "kind" in error && error.kind === "corrupt");
}

/** Those on the list, by their ids. */
export async function listMessages(
  loop: Loop,
  query: { readonly workspace: string; readonly afterId: string | null; readonly limit: number },
): Promise<readonly DeadMessage[]> {
  const { workspace, afterId, limit } = query;
  const found = await loop.store.documents.list({
    collection: COLLECTION,
    workspace,
    group: LISTED,
    limit,
    ...(afterId === null ? {} : { afterId }),
  });
  return found.map(toMessage);
}

export async function readMessage(loop: Loop, { workspace, id }: LetterPlace): Promise<DeadMessage | null> {
  const document = await loop.store.documents.get(placeOf(workspace, id));
  return document === null ? null : toMessage(document);
}

/** The document stays and says who dropped it. */
export async function dropMessage(loop: Loop, { workspace, id, by }: LetterPlace & { by: string }): Promise<boolean> {
  return change(loop, { workspace, id }, (message) =>
    message.dropped === null ? { ...message, dropped: { at: loop.clock.now(), by } } : message,
  );
}

/** Puts it back into the outbox, where it is delivered like any other; a second time does no harm there. */
export async function replayMessage(loop: Loop, place: LetterPlace): Promise<Outcome<object>> {
  const message = await readMessage(loop, place);
  if (message === null) return { ok: false, refusal: letterUnknown(place.id) };
  // It went out once: what has become of it is no longer told here.
  if (message.replays > 0) return { ok: true };
  if (message.text !== null || parseMessageBody(message.body) === null) {
    return { ok: false, refusal: { code: "DEAD_LETTER_UNREADABLE", message: unreadable(message) } };
  }
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<object>>();
  const row: OutboxRow = { id: message.outboxId, shard: message.shard, body: message.body };
  submit(loop, shardAt(loop, message.shard), { kind: "revive", row, reply: { resolve, reject } });
  const outcome = await promise;
  if (outcome.ok) await change(loop, place, (kept) => ({ ...kept, replays: kept.replays + 1, dropped: null }), null);
  return outcome;
}

/** Writes the row again; it is on its way as soon as it is on disk. */
export function takeRevive(
  loop: Loop,
  shard: Shard,
  { row, reply }: ReviveItem,
  receive: (loop: Loop, shard: Shard, row: OutboxRow) => void,
): void {
  const part = partOf(loop.collecting, shard);
  part.outbox.push(row);
  part.waiting.push({
    committed: () => {
      receive(loop, shard, row);
      reply.resolve({ ok: true });
    },
    lost: (refusal) => reply.resolve({ ok: false, refusal }),
  });
}

function unreadable({ id, reason }: DeadMessage): string {
  return `Expected message "${id}" to be one that can be read, but it still is not: ${reason}`;
}

async function change(
  loop: Loop,
  { workspace, id }: LetterPlace,
  make: (message: DeadMessage) => DeadMessage,
  group?: null,
): Promise<boolean> {
  for (;;) {
    const document = await loop.store.documents.get(placeOf(workspace, id));
    if (document === null) return false;
    const content = contentOf(make(toMessage(document)));
    const write = { ...placeOf(workspace, id), expected: document.revision, ...content };
    if ((await loop.store.documents.put([group === null ? { ...write, group } : write])) !== null) return true;
  }
}

function placeOf(workspace: string, id: string) {
  return { collection: COLLECTION, workspace, id } as const;
}

function contentOf(message: DeadMessage): { readonly body: Json; readonly group: string | null } {
  return { body: message as unknown as Json, group: message.dropped === null ? LISTED : null };
}

function toMessage(document: Document): DeadMessage {
  return document.body as unknown as DeadMessage;
}
