import { isFull } from "./commit.ts";
import { hasItems, type Loop } from "./loop.ts";
import { dropMemory } from "./recovery.ts";

/**
 * Takes nothing new, finishes what stands in the inboxes and is on its way to the store, and forgets the rest: the store
 * has it. May be called twice.
 */
export async function stop(loop: Loop): Promise<void> {
  loop.isStopping = true;
  loop.pulse.cancel();
  while (hasItems(loop) || loop.collecting.parts.size > 0 || loop.inFlight !== null) {
    if (loop.inFlight === null || !isFull(loop.collecting)) loop.takeTurn();
    if (loop.inFlight !== null) await loop.inFlight.done;
  }
  for (const shard of loop.shards) dropMemory(loop, shard);
  loop.subscriptions.close();
}
