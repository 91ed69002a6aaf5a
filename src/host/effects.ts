/** What is done once a part is committed: never earlier, for then nobody may know of it. */

import type { EmittedEvent } from "../core/engine/events.ts";
import type { Reaction } from "../core/engine/reactions.ts";

export type Effect =
  | Extract<Reaction, { kind: "OfferTask" | "WithdrawTask" | "AddWait" }>
  | { readonly kind: "PauseTasks" }
  | { readonly kind: "ResumeTasks" }
  /** Wakes the waits that fit; the outbox row goes when all of them have taken it. */
  | { readonly kind: "Publish"; readonly workspace: string; readonly event: EmittedEvent; readonly outboxId: string };
