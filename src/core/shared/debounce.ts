/**
 * One execution in place of many starts of a key: it begins once no start has come for a while, with the input of the last.
 *
 *     start ──Join──► nothing pending: this one waits          ──quiet for `period`, or waited `max_wait`──► Admit
 *     start ──Join──► one is pending: its input is replaced, and the quiet time begins anew
 *
 * A start joins before it is decided, so the one that is pending may never come. It counts as there once it has asked.
 */

import type { Instant } from "../base/time.ts";
import type { SlotsMessage } from "../engine/sharing.ts";
import { type Consequences, type Decided, NO_CONSEQUENCES, type SharedKind } from "./kind.ts";

export interface DebounceState {
  pending: Pending | null;
}

export interface Pending {
  readonly executionId: string;
  /** With which turn it has asked; null: its start is on its way, or was lost with a crash. */
  readonly turn: number | null;
  /** When it begins, if no further start comes. */
  readonly until: Instant;
  /** When it begins at the latest. */
  readonly deadline: Instant | null;
}

export type DebounceCommand =
  | SlotsMessage
  | {
      readonly kind: "Join";
      /** Who waits, if nobody does yet. */
      readonly executionId: string;
      readonly periodMs: number;
      readonly waitMsMax: number | null;
    }
  /** From a start: it was not accepted after all, or the one that is pending cannot be found. */
  | { readonly kind: "GiveUp"; readonly executionId: string }
  | { readonly kind: "Tick" };

export type DebounceEvent =
  | { readonly type: "StartPostponed"; readonly pending: Pending }
  | { readonly type: "QuietReached"; readonly executionId: string; readonly turn: number | null }
  | { readonly type: "PendingLeft"; readonly executionId: string };

export interface DebounceAnswer {
  /** Of a `Join`: the execution that stands for the start. */
  readonly executionId: string | null;
}

export function debounceKind(key: string): SharedKind<DebounceState, DebounceCommand, DebounceEvent, DebounceAnswer> {
  return {
    create: () => ({ pending: null }),
    restore: (state, _member, body) => {
      state.pending = body as unknown as Pending;
    },
    decide,
    consequencesOf: (state, event) => consequencesOf(state, event, key),
    dueAt: ({ pending }) => pending?.until ?? null,
    isIdle: ({ pending }) => pending === null,
  };
}

function decide(state: DebounceState, command: DebounceCommand, now: Instant): Decided<DebounceEvent, DebounceAnswer> {
  const event = eventOf(state, command, now);
  if (event !== null) state.pending = event.type === "StartPostponed" ? event.pending : still(state, event.executionId);
  return { events: event === null ? [] : [event], answer: { executionId: state.pending?.executionId ?? null } };
}

/** Who is admitted may not be the one that is pending now. */
function still({ pending }: DebounceState, executionId: string): Pending | null {
  return pending?.executionId === executionId ? null : pending;
}

function eventOf({ pending }: DebounceState, command: DebounceCommand, now: Instant): DebounceEvent | null {
  switch (command.kind) {
    case "Join": {
      const { periodMs, waitMsMax } = command;
      const executionId = pending?.executionId ?? command.executionId;
      const deadline = pending === null ? (waitMsMax === null ? null : now + waitMsMax) : pending.deadline;
      const until = Math.min(now + periodMs, deadline ?? Number.POSITIVE_INFINITY);
      return { type: "StartPostponed", pending: { executionId, turn: pending?.turn ?? null, until, deadline } };
    }
    case "Acquire": {
      const { executionId, turn } = command;
      // Its quiet time may have been over before it was there to hear of it.
      if (pending?.executionId !== executionId || pending.until <= now)
        return { type: "QuietReached", executionId, turn };
      return pending.turn === turn ? null : { type: "StartPostponed", pending: { ...pending, turn } };
    }
    case "GiveUp":
      // Who has asked will be told; who has not may still come, and then finds its quiet time over.
      return pending?.executionId === command.executionId && pending.turn === null
        ? { type: "PendingLeft", executionId: command.executionId }
        : null;
    case "Release":
      return pending?.executionId === command.executionId
        ? { type: "PendingLeft", executionId: command.executionId }
        : null;
    case "Tick":
      return pending !== null && pending.until <= now
        ? { type: "QuietReached", executionId: pending.executionId, turn: pending.turn }
        : null;
  }
}

function consequencesOf({ pending }: DebounceState, event: DebounceEvent, key: string): Consequences {
  // Who is admitted may not be the one that is pending now, so the row says what is left.
  const rows = [{ member: "", body: pending === null ? null : { ...pending } }];
  if (event.type !== "QuietReached" || event.turn === null) return { ...NO_CONSEQUENCES, rows };
  const { executionId, turn } = event;
  return { rows, sends: [{ executionId, command: { kind: "Admit", key, turn } }] };
}
