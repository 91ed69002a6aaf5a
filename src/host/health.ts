import type { HostHealth } from "./host.ts";
import { inMemory, type Loop } from "./loop.ts";
import { lengthOf } from "./shard.ts";
import { standing } from "./suspects.ts";

/** A beat this late says that the loop is held up by something. */
const DELAY_MS_MAX = 500;

/** A write that has had no answer for this long says that the storage stands still. */
const WRITE_MS_MAX = 1000;

/** From memory alone: health must be answered while the store is away. */
export function healthOf(loop: Loop): HostHealth {
  const { condition, pulse, quarantined, shards } = loop;
  const error = condition.error ?? stalled(loop);
  const isFailing = error !== null || shards.some((shard) => shard.status === "stopped");
  const isSlow =
    standing(loop.watchdog) > 0 || pulse.delayMs > DELAY_MS_MAX || shards.some((shard) => shard.status === "loading");
  return {
    status: isFailing ? "failing" : isSlow ? "degraded" : "ok",
    store: {
      status: error === null ? "ok" : "failing",
      error,
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
    watchdog: { found: loop.counters.stuck, mended: loop.counters.unstuck, standing: standing(loop.watchdog) },
  };
}

function stalled({ condition, clock }: Loop): string | null {
  const { writingSince } = condition;
  const waitedMs = writingSince === null ? 0 : clock.now() - writingSince;
  if (waitedMs < WRITE_MS_MAX) return null;
  return `Expected an answer of the storage, but a write has had none for ${Math.floor(waitedMs / 1000)} s.`;
}
