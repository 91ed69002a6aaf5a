/**
 * When a snapshot of an execution is written: as it decides, once its history has grown by so much that reading it again
 * would cost more than writing down what is alive.
 *
 *     history  ────────┬────────────────┬───────────────┬─────►
 *     snapshot         1                2               3        each takes the place of the one before
 *
 * The larger the last one was, the longer the next waits: over a long life snapshots cost a fraction of what the history
 * itself costs, and loading never replays much more than what is alive. Short histories never have one.
 *
 * A snapshot goes into the same write as the events that it follows, so it can be neither ahead of them nor lost alone.
 */

import { SNAPSHOT_VERSION, toSnapshot } from "../core/engine/snapshot.ts";
import type { Part, Write } from "./commit.ts";
import type { Loop } from "./loop.ts";
import type { Resident } from "./shard.ts";

/** Few events with much in them are read again faster than a snapshot is made, up to this many times `replay.bytes`. */
const TIMES_WITH_FEW_EVENTS = 16;

/** How long a history is, and how much of it came after the last snapshot. */
export interface Growth {
  bytes: number;
  bytesSince: number;
  eventsSince: number;
  /** Characters of the last one; 0: there is none. */
  snapshotLength: number;
  /** What is alive was found to be longer than it may be. */
  isStateFull: boolean;
}

export function noGrowth(): Growth {
  return { bytes: 0, bytesSince: 0, eventsSince: 0, snapshotLength: 0, isStateFull: false };
}

export function grow(growth: Growth, bytes: number, events: number): void {
  growth.bytes += bytes;
  growth.bytesSince += bytes;
  growth.eventsSince += events;
}

/** Called where the execution is what its events tell, those of `write` included. */
export function addSnapshot(loop: Loop, part: Part, write: Write, resident: Resident): void {
  const { growth, definition, execution } = resident;
  if (!isDue(loop, growth)) return;
  let text: string | null = null;
  try {
    text = toSnapshot(definition, execution, loop.limits.stateBytesMax);
    growth.isStateFull = text === null;
  } catch (error) {
    loop.report(error, `no snapshot of execution ${execution.id} could be made; it is loaded from its history`);
  }
  growth.bytesSince = 0;
  growth.eventsSince = 0;
  growth.snapshotLength = text?.length ?? loop.limits.stateBytesMax;
  if (text === null) return;
  write.snapshot = { seq: execution.length, version: SNAPSHOT_VERSION, text };
  part.batch.characters += text.length;
}

function isDue({ limits }: Loop, { bytesSince, eventsSince, snapshotLength }: Growth): boolean {
  const { bytes, events, growth } = limits.replay;
  if (bytesSince < bytes || bytesSince < growth * snapshotLength) return false;
  return eventsSince >= events || bytesSince >= TIMES_WITH_FEW_EVENTS * bytes;
}
