/** What an execution that is queued can be told of its line, from the memory of the shard that keeps it. */

import type { Instant } from "../../core/base/time.ts";
import { PLATFORM_SLOTS, type SlotNeed } from "../../core/engine/sharing.ts";
import type { DebounceState } from "../../core/shared/debounce.ts";
import { holdersOf, placeInLine, type Slots } from "../../core/shared/slots.ts";
import type { Loop } from "../loop.ts";
import { peekRecord } from "./records.ts";

export interface LineFacts {
  /** How many hold a slot. */
  readonly held: number;
  /** The oldest holders, at most ten. */
  readonly holders: readonly string[];
  /** How many go before it; null: it does not stand in the line (any more). */
  readonly ahead: number | null;
  /** When a start that is put off begins, if no further one comes. */
  readonly until: Instant | null;
}

/** Null: nothing is known here. */
export function lineOf(
  loop: Loop,
  { workspace, executionId, need }: { workspace: string; executionId: string; need: SlotNeed },
): LineFacts | null {
  const { kind, key } = need;
  const record = peekRecord(loop, workspace, { kind, key });
  if (record === null) return null;
  if (kind === "debounce") {
    const { pending } = record.state as DebounceState;
    return { held: 0, holders: [], ahead: null, until: pending?.until ?? null };
  }
  const slots = record.state as Slots;
  return { held: slots.held.size, holders: holdersOf(slots), ahead: placeInLine(slots, executionId), until: null };
}

/** How a limit stands, for those who watch the platform. */
export interface LimitState {
  readonly key: string;
  readonly held: number;
  readonly waiting: number;
}

/** Of the shards of this node, those under which somebody runs or waits; the platform's own with them. */
export function limitsHeld(loop: Loop, workspace: string): readonly LimitState[] {
  const states: LimitState[] = [];
  for (const shard of loop.shards) {
    for (const { place, workspace: owner, state } of shard.records.values()) {
      if (place.kind !== "slots" || (owner !== workspace && place.key !== PLATFORM_SLOTS)) continue;
      const { held, line } = state as Slots;
      states.push({ key: place.key, held: held.size, waiting: line.length });
    }
  }
  return states;
}
