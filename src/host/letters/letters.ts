/**
 * Dead letters: what failed for good and waits for somebody to look at it.
 *
 *     execution ──fails for good──► listed ──retry───► running again, and listed again if it fails again
 *                                      ├─────rerun──► off the list, a new execution does the work
 *                                      └─────drop───► off the list, history kept, with who dropped it
 *     message that cannot be read ──► listed ──replay──► back in the outbox     ──drop──► off the list
 *
 * Of an execution the list is a mark in its row. That it is dropped is no event of it: nothing in it changes, and neither
 * does what may be asked of it. So the shard rewrites the row, under its epoch and in its turn, and a retry that comes
 * between the two finds either of them.
 */

import type { Json } from "../../core/base/json.ts";
import type { Instant } from "../../core/base/time.ts";
import type { ExecutionRow } from "../../ports/store.ts";
import type { Outcome } from "../refusal.ts";

export interface Letters {
  /** Messages first, by their ids; then executions, the newest first. */
  list(query: LettersQuery): Promise<{ readonly letters: readonly Letter[]; readonly nextCursor: string | null }>;
  /** Also one that was dropped. Null: there is none. */
  read(place: LetterPlace): Promise<Letter | null>;
  /** Answers the execution that does the work now; null for a message. The command's id makes a repeat harmless. */
  replay(
    request: LetterPlace & { readonly mode: ReplayMode; readonly commandId: string },
  ): Promise<Outcome<{ readonly executionId: string | null }>>;
  /** Dropping again what was dropped changes nothing. `by` is who asks, for the audit. */
  drop(request: LetterPlace & { readonly by: string }): Promise<Outcome<object>>;
}

/** `retry` goes on where it failed, `rerun` begins a new execution from the start. */
export type ReplayMode = "retry" | "rerun";

export interface LetterPlace {
  readonly workspace: string;
  /** Of the execution, or `message:...`. */
  readonly id: string;
}

export interface LettersQuery {
  readonly workspace: string;
  readonly kind?: Letter["kind"];
  readonly workflow?: string;
  readonly errorCode?: string;
  /** Of the execution's creation, or of the finding of the message. */
  readonly createdFrom?: Instant;
  readonly createdBefore?: Instant;
  readonly text?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export type Letter =
  | { readonly kind: "execution"; readonly row: ExecutionRow }
  | { readonly kind: "message"; readonly message: DeadMessage };

/** A message of one execution to another that could not be read. */
export interface DeadMessage {
  readonly id: string;
  /** As it stood in the outbox. */
  readonly outboxId: string;
  readonly shard: number;
  readonly at: Instant;
  readonly reason: string;
  /** What it says; null with `text`. */
  readonly body: Json;
  /** What is stored, where that is no JSON. */
  readonly text: string | null;
  readonly replays: number;
  readonly dropped: { readonly at: Instant; readonly by: string } | null;
}
