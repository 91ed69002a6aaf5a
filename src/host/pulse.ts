/**
 * The one timer of the loop. It beats when the next execution is to be woken, and at least once a second: the wall clock
 * is read again then, so that a jump of it is noticed, and nothing is ever early.
 */

import type { Instant } from "../core/base/time.ts";
import { commandItem } from "./item.ts";
import { type Loop, submitInternal } from "./loop.ts";
import { scan, sweep } from "./parking.ts";
import { cleanUp } from "./retention.ts";
import { ringAlarms } from "./shared/take-shared.ts";
import { checkStorage } from "./storage.ts";
import { watch } from "./watchdog.ts";

const BEAT_MS_MAX = 1000;
const SWEEP_MS = 5000;
const CLEAN_MS = 60_000;
const KEYS_KEPT_MS = 24 * 3_600_000;

/** Sees to it that the next beat is not later than the next wake-up. */
export function arm(loop: Loop): void {
  if (loop.isStopping) return;
  const { pulse } = loop;
  const now = loop.clock.now();
  const next = Math.min(
    now + BEAT_MS_MAX,
    loop.wakeUps.next() ?? Number.POSITIVE_INFINITY,
    pulse.alarmAt ?? Number.POSITIVE_INFINITY,
  );
  if (pulse.armedFor !== null && pulse.armedFor <= next) return;
  pulse.cancel();
  pulse.armedFor = next;
  pulse.cancel = loop.clock.after(Math.max(0, next - now), () => beat(loop));
}

function beat(loop: Loop): void {
  const { pulse } = loop;
  const now = loop.clock.now();
  if (pulse.armedFor !== null) pulse.delayMs = Math.max(0, now - pulse.armedFor);
  pulse.armedFor = null;
  wakeDue(loop, now);
  ringAlarms(loop, now);
  checkStorage(loop);
  if (isOver(pulse.sweptAt, SWEEP_MS, now)) pulse.sweptAt = sweep(loop, now) ? now : 0;
  if (isOver(pulse.scannedAt, SWEEP_MS, now)) {
    pulse.scannedAt = now;
    for (const shard of loop.shards) scan(loop, shard);
  }
  if (isOver(pulse.cleanedAt, CLEAN_MS, now)) {
    pulse.cleanedAt = now;
    clean(loop, now);
  }
  cleanUp(loop, now);
  watch(loop, now);
  arm(loop);
}

function wakeDue(loop: Loop, now: Instant): void {
  for (let resident = loop.wakeUps.takeDue(now); resident !== null; resident = loop.wakeUps.takeDue(now)) {
    submitInternal(loop, resident.shard, commandItem(resident.execution.id, { kind: "WakeUp" }));
  }
}

/** Also after a jump backwards: else everything would stand still until the clock is where it was. */
function isOver(since: Instant, ms: number, now: Instant): boolean {
  return Math.abs(now - since) >= ms;
}

function clean(loop: Loop, now: Instant): void {
  const failed = (error: unknown) => loop.report(error, "old keys and events could not be dropped");
  loop.store.dropKeys(now - KEYS_KEPT_MS).catch(failed);
  loop.store.dropEvents(now - loop.limits.eventsKeptMs).catch(failed);
}
