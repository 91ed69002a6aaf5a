import type { HostHealth } from "./host.ts";
import { inMemory, type Loop } from "./loop.ts";
import { lengthOf } from "./shard.ts";

/** A beat this late says that the loop is held up by something. */
const DELAY_MS_MAX = 500;

/** From memory alone: health must be answered while the store is away. */
export function healthOf(loop: Loop): HostHealth {
  const { condition, pulse, quarantined, shards } = loop;
  const isFailing = condition.error !== null || shards.some((shard) => shard.status === "stopped");
  const isSlow = pulse.delayMs > DELAY_MS_MAX || shards.some((shard) => shard.status === "loading");
  return {
    status: isFailing ? "failing" : isSlow ? "degraded" : "ok",
    store: {
      status: condition.error === null ? "ok" : "failing",
      error: condition.error,
      lastWriteMs: condition.lastWriteMs,
    },
    shards: shards.map(({ index, status, inbox, slots }) => ({
      shard: index,
      status,
      inbox: lengthOf(inbox),
      inMemory: slots.size,
    })),
    executionsInMemory: inMemory(loop),
    quarantined: quarantined.size,
    loopDelayMs: pulse.delayMs,
  };
}
