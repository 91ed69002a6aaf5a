/** What is done once a part is committed: never earlier, for then nobody may know of it. */

import type { EmittedEvent } from "../core/engine/events.ts";
import type { Reaction } from "../core/engine/reactions.ts";
import type { MessageBody } from "./item.ts";
import type { Shard } from "./shard.ts";

export type Effect =
  | Extract<Reaction, { kind: "OfferTask" | "WithdrawTask" | "AddWait" }>
  | { readonly kind: "PauseTasks" }
  /** `frozenMs`: for how long their time stood still. */
  | { readonly kind: "ResumeTasks"; readonly frozenMs: number }
  /** A message for another shard, whose row is on disk now. */
  | { readonly kind: "Deliver"; readonly receiver: Shard; readonly messageId: string; readonly body: MessageBody }
  /** Wakes the waits that fit; the outbox row goes when all of them have taken it. */
  | { readonly kind: "Publish"; readonly workspace: string; readonly event: EmittedEvent; readonly outboxId: string };
