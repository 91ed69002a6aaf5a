/**
 * What executions share: circuit breakers, the slots of a concurrency limit.
 *
 *     execution ──message──► shared record (in the shard of its key) ──command──► execution
 *
 * Each is a small state machine with the same two halves as an execution: `decide` says what follows from a command, as
 * events that `evolve` has applied already, and nothing in here does I/O. The shard that owns the key keeps the record in
 * memory, writes what the events change as rows, and sends what they say.
 */

import type { Json } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { Command } from "../engine/commands.ts";

export interface SharedKind<State, SharedCommand, SharedEvent, Answer> {
  readonly create: () => State;
  /** Builds the record up again from what was stored of it, row by row. `member` is empty for the record's own row. */
  readonly restore: (state: State, member: string, body: Json) => void;
  /** The events are applied already. The answer is for whoever asks from outside, and heard after the commit. */
  readonly decide: (state: State, command: SharedCommand, now: Instant) => Decided<SharedEvent, Answer>;
  readonly consequencesOf: (state: State, event: SharedEvent) => Consequences;
  /** When the record wants to hear a `Tick`; null: never. */
  readonly dueAt: (state: State) => Instant | null;
  /** Nothing is known of it that a new one would not know: it need not stay in memory. */
  readonly isIdle: (state: State) => boolean;
}

export interface Decided<SharedEvent, Answer> {
  readonly events: readonly SharedEvent[];
  readonly answer: Answer;
}

export interface Consequences {
  /** Rows of the record: `member` empty is its own, `body` null removes the row. */
  readonly rows: readonly { readonly member: string; readonly body: Json | null }[];
  readonly sends: readonly { readonly executionId: string; readonly command: Command }[];
}

export const NO_CONSEQUENCES: Consequences = { rows: [], sends: [] };
