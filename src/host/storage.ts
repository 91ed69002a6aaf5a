/**
 * What the host believes of the storage, from what came of its own writes and of asking once a beat:
 *
 *     well ──a write, a take-over or a check fails──► ill, perhaps full ──all shards run, and a write or check succeeds──► well
 *
 * So an idle platform notices a full disk too, and one that was full notices that there is room again.
 */

import { StoreError } from "../ports/store.ts";
import type { Loop } from "./loop.ts";

export function sawFailure(loop: Loop, error: unknown): void {
  loop.condition.error = error instanceof Error ? error.message : String(error);
  loop.condition.isFull = error instanceof StoreError && error.kind === "full";
}

/** One success says little while shards stand still: they are taken over one by one. */
export function sawSuccess(loop: Loop): void {
  if (loop.shards.some((shard) => shard.status !== "running")) return;
  loop.condition.error = null;
  loop.condition.isFull = false;
}

/** Asks whether a write could be done, unless one is under way and will tell. */
export function checkStorage(loop: Loop): void {
  const { condition } = loop;
  if (condition.isChecking || loop.inFlight !== null) return;
  condition.isChecking = true;
  loop.store
    .check()
    .then(
      () => sawSuccess(loop),
      (error: unknown) => {
        if (condition.error === null) loop.report(error, "the storage takes no writes at the moment");
        sawFailure(loop, error);
      },
    )
    .finally(() => {
      condition.isChecking = false;
    });
}
