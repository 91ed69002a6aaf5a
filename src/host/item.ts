/**
 * What stands in the inbox of a shard: a request or message on its way to a decision.
 *
 * Every item is answered exactly once: after the commit that covers what it learned, or with a refusal. Items without
 * `reply` are our own (timers, messages between executions), and nobody waits for them.
 */

import type { Json } from "../core/base/json.ts";
import type { Command, ForkExecution, StartExecution } from "../core/engine/commands.ts";
import type { EmittedEvent, HistoryEvent } from "../core/engine/events.ts";
import type { Execution } from "../core/engine/execution.ts";
import type { ChildStart } from "../core/engine/reactions.ts";
import type { SharedPlace } from "../core/engine/sharing.ts";
import type { Definition } from "../core/language/definition.ts";
import type { ExecutionRow, OutboxRow, Removal } from "../ports/store.ts";
import type { Started } from "./host.ts";
import type { Outcome, Refusal } from "./refusal.ts";
import type { Loading } from "./shard.ts";
import type { SharedCommand } from "./shared/records.ts";

export type Item =
  | CommandItem
  | StartItem
  | ChildItem
  | PublishItem
  | SharedItem
  | LetterItem
  | ReviveItem
  | RemoveItem
  | ForgetItem;

/** For an execution that exists. */
export interface CommandItem {
  readonly kind: "command";
  readonly executionId: string;
  /** Who asks; null for our own commands, which come from executions of the same workspace. */
  readonly workspace: string | null;
  readonly command: Command;
  /** The answer of a remote executor: a step that the platform performs itself has no task for it. */
  readonly isRemote: boolean;
  /** Set if another execution sent it. */
  readonly message: Message | null;
  readonly reply: Reply<CommandAnswer> | null;
  /** How often deciding it has thrown: once is tried again, twice is quarantine. */
  failures: number;
}

/** `decided`: at least one event follows from it. `unknown`: there is no such execution in the workspace. */
export type CommandAnswer =
  | { readonly kind: "decided" }
  | { readonly kind: "nothing" }
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** Begins an execution. */
export interface StartItem {
  readonly kind: "start";
  readonly workspace: string;
  readonly executionId: string;
  readonly definition: Definition;
  readonly command: StartExecution | ForkExecution;
  /** Set if it begins with the history of another execution. */
  readonly copied?: Copied;
  /** What the caller will know the start by when it asks again; null if it gave neither key nor id. */
  readonly claim: Claim | null;
  /** It is not begun, because this execution stands for it: only the claim is kept. */
  readonly standsIn?: ExecutionRow;
  readonly reply: Reply<Outcome<Started>>;
}

/** The events that an execution begins with, and the execution that they make: it is used up by the start. */
export interface Copied {
  readonly execution: Execution;
  readonly first: HistoryEvent;
  /** As it is stored: one event a line, from event 1 on. */
  readonly text: string;
}

export interface Claim {
  /** As stored: `{workflow}/{key}`, or `/{execution id}` for an id chosen by the caller. */
  readonly key: string;
  readonly bodyHash: string;
  /** A chosen id is claimed for as long as its execution is kept. */
  readonly isForever: boolean;
}

/** Begins a child of an execution of this shard. */
export interface ChildItem {
  readonly kind: "child";
  readonly workspace: string;
  readonly start: ChildStart;
  readonly message: Message;
  /** Found by its name and version; null before. */
  definition: Definition | null;
  /** It comes from the outbox after a restart: the child may be there already. */
  readonly isRepeat: boolean;
  /** The child's place, kept free while the store is asked: commands for the child wait in it. */
  place: Loading | null;
}

/** An event of the workspace, published from outside. */
export interface PublishItem {
  readonly kind: "publish";
  readonly workspace: string;
  readonly event: EmittedEvent;
  readonly reply: Reply<Outcome<object>>;
}

/** For a record that executions share, in the shard of its key. */
export interface SharedItem {
  readonly kind: "shared";
  readonly workspace: string;
  readonly place: SharedPlace;
  readonly command: SharedCommand;
  readonly message: Message | null;
  readonly reply: Reply<Outcome<{ readonly answer: unknown }>> | null;
}

/** Takes an execution off the list of dead letters. */
export interface LetterItem {
  readonly kind: "letter";
  readonly workspace: string;
  readonly executionId: string;
  readonly change: { readonly kind: "drop"; readonly by: string } | { readonly kind: "replay" };
  readonly reply: Reply<Outcome<object>>;
}

/** Puts a message back into the outbox that could not be read before. */
export interface ReviveItem {
  readonly kind: "revive";
  readonly row: OutboxRow;
  readonly reply: Reply<Outcome<object>>;
}

/** Removes executions that were over long ago. Answered with whether it was tried: it may have been for nothing. */
export interface RemoveItem {
  readonly kind: "remove";
  readonly removals: readonly Removal[];
  readonly reply: Reply<boolean>;
}

/** Removes an outbox row whose message has reached everybody. */
export interface ForgetItem {
  readonly kind: "forget";
  readonly outboxId: string;
}

/** A message from one execution or shared record to another. */
export interface Message {
  readonly id: string;
  readonly body: MessageBody;
  /** It comes from another shard: the sender's commit has written its row. */
  readonly isForeign: boolean;
  /** A batch was closed before the receiver had decided: the message has an outbox row, to be removed by that decision. */
  isStored: boolean;
  isTaken: boolean;
}

export type MessageBody =
  | { readonly kind: "command"; readonly executionId: string; readonly command: Command }
  | { readonly kind: "child"; readonly workspace: string; readonly start: ChildStart }
  | {
      readonly kind: "shared";
      readonly workspace: string;
      readonly place: SharedPlace;
      readonly command: SharedCommand;
    }
  | { readonly kind: "event"; readonly workspace: string; readonly event: EmittedEvent };

/** The two ends of a promise. `reject` is for bugs only; whatever can be foreseen is a value. */
export interface Reply<T> {
  resolve(answer: T): void;
  reject(error: unknown): void;
}

export function commandItem(executionId: string, command: Command, asked: Partial<Asked> = {}): CommandItem {
  const { workspace = null, isRemote = false, message = null, reply = null } = asked;
  return { kind: "command", executionId, workspace, command, isRemote, message, reply, failures: 0 };
}

/** Who asks, and how it is answered. */
export type Asked = Pick<CommandItem, "workspace" | "isRemote" | "message" | "reply">;

export function messageItem(message: Message, isRepeat: boolean): CommandItem | ChildItem | SharedItem | null {
  const { body } = message;
  if (body.kind === "command") return commandItem(body.executionId, body.command, { message });
  if (body.kind === "shared") return { ...body, message, reply: null };
  if (body.kind === "child") {
    return {
      kind: "child",
      workspace: body.workspace,
      start: body.start,
      message,
      definition: null,
      isRepeat,
      place: null,
    };
  }
  return null;
}

/** Stored messages are our own JSON; what was written by a newer version may have a kind that we do not know. */
export function parseMessageBody(body: Json): MessageBody | null {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return null;
  const { kind } = body as { readonly kind?: Json };
  return kind === "command" || kind === "child" || kind === "shared" || kind === "event"
    ? (body as unknown as MessageBody)
    : null;
}

/** Tells whoever waits for the item that it was not decided. */
export function refuseItem(item: Item, refusal: Refusal): void {
  switch (item.kind) {
    case "command":
      item.reply?.resolve({ kind: "refused", refusal });
      return;
    case "start":
    case "publish":
    case "letter":
    case "revive":
      item.reply.resolve({ ok: false, refusal });
      return;
    case "remove":
      item.reply.resolve(false);
      return;
    case "shared":
      item.reply?.resolve({ ok: false, refusal });
      return;
    default:
      return;
  }
}
