/**
 * Takes executions out of the store in their shard's turn. Those that somebody is concerned with at the moment stay.
 *
 * What was found may be outdated: the store looks once more as it removes. Until that is committed their places are kept,
 * so that whoever asks for one of them meanwhile waits, and finds it gone.
 */

import { partOf } from "./commit.ts";
import type { RemoveItem } from "./item.ts";
import { type Loop, returnItems } from "./loop.ts";
import { createLoading, type Loading, type Shard } from "./shard.ts";

export function takeRemoval(loop: Loop, shard: Shard, { removals, reply }: RemoveItem): void {
  const writes = loop.collecting.parts.get(shard)?.writes;
  const isFree = (id: string) => !shard.slots.has(id) && writes?.has(id) !== true;
  const free = removals.filter(({ executionIds }) => executionIds.every(isFree));
  if (free.length === 0) return reply.resolve(false);
  const part = partOf(loop.collecting, shard);
  const places = free.flatMap(({ executionIds }) => executionIds.map((id) => keepPlace(shard, id)));
  part.remove.push(...free);
  part.waiting.push({
    committed: () => {
      for (const place of places) giveUp(loop, place);
      reply.resolve(true);
    },
    lost: () => reply.resolve(false),
  });
}

function keepPlace(shard: Shard, executionId: string): Loading {
  const place = createLoading(shard, executionId, []);
  place.isStarted = true;
  shard.slots.set(executionId, place);
  return place;
}

/** Unless the shard has dropped its memory, and has answered those who waited. */
function giveUp(loop: Loop, place: Loading): void {
  const { shard, executionId, waiting } = place;
  if (shard.slots.get(executionId) !== place) return;
  shard.slots.delete(executionId);
  returnItems(loop, shard, waiting);
}
