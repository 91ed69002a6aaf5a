/**
 * What an execution holds and waits for is taken from it where it has been put aside: it will not end, so it cannot give
 * anything back, and who stands in line behind it must not wait for ever. When it is mended it asks for all of that again.
 */

import type { Execution } from "../../core/engine/execution.ts";
import type { DebounceState } from "../../core/shared/debounce.ts";
import type { Slots } from "../../core/shared/slots.ts";
import type { Part } from "../commit.ts";
import { type Loop, submitInternal } from "../loop.ts";
import { send } from "../messages.ts";
import type { Shard } from "../shard.ts";
import type { SharedRecord } from "./records.ts";
import { sharedItem } from "./take-shared.ts";

/** In the commit that puts it aside. Shards that stand still do it for themselves when they go on. */
export function freeAllSlots(loop: Loop, part: Part, executionId: string): void {
  for (const shard of loop.shards) {
    for (const { workspace, place } of heldBy(shard, executionId)) {
      const command = { kind: "Release", executionId } as const;
      send(loop, part, `aside/${loop.entropy.id()}`, { kind: "shared", workspace, place, command });
    }
  }
}

/** Of one shard, whose records have just been read. */
export function freeSlots(loop: Loop, shard: Shard, executionId: string): void {
  for (const { workspace, place } of heldBy(shard, executionId)) {
    submitInternal(loop, shard, sharedItem(workspace, place, { kind: "Release", executionId }, null));
  }
}

/**
 * Mended, it goes on where it was: what it held counts again as soon as there is room, and it stands in the line in which
 * it stood, though at the end.
 */
export function askForSlotsAgain(loop: Loop, part: Part, { id, workspace, priority, slots }: Execution): void {
  if (slots === null) return;
  const { needs, held, isQueued, turn } = slots;
  for (const { kind, key, limit } of needs.slice(0, isQueued ? held + 1 : held)) {
    const asked = { executionId: id, turn, limit, onLimit: "queue", priority, since: loop.clock.now() } as const;
    const command = { kind: "Acquire", ...asked } as const;
    send(loop, part, `mended/${loop.entropy.id()}`, { kind: "shared", workspace, place: { kind, key }, command });
  }
}

function heldBy(shard: Shard, executionId: string): readonly SharedRecord[] {
  return [...shard.records.values()].filter(({ place, state }) => {
    if (place.kind === "debounce") return (state as DebounceState).pending?.executionId === executionId;
    if (place.kind !== "slots") return false;
    const { held, waiting } = state as Slots;
    return held.has(executionId) || waiting.has(executionId);
  });
}
