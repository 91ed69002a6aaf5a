/**
 * One task on the board, and where it is:
 *
 *     held_back ──► waiting ◄──► paused
 *         └────► leased ◄┘
 *
 * An answer takes it off the board once it is committed; until then it is neither handed out nor given up. A lost lease
 * leads back to `waiting`.
 *
 * An entry is changed in place by the board alone; nobody else holds one.
 */

import type { Instant } from "../../core/base/time.ts";
import type { EngineTask } from "../../core/engine/reactions.ts";
import type { Passed } from "./time.ts";

export interface Entry {
  readonly task: EngineTask;
  readonly workspace: string;
  /** Offered again after a restart: somebody may be working on it already, whom the board does not know yet. */
  readonly isReoffer: boolean;
  /** The attempt's time-out is what the platform allows at most, and not the step's own. */
  readonly isLimited: boolean;
  /** From when the queue's time-out counts. */
  queuedAt: Instant;
  /** How often it was handed out. */
  deliveries: number;
  /** How many of its leases ran out. */
  losses: number;
  /** When it was first handed out: the attempt's time-out counts from here, whoever works on it later. */
  takenAt: Instant | null;
  /** Who had it last; null: nobody that the board knows of. */
  lastInstance: string | null;
  place: EntryPlace;
}

export type EntryPlace =
  | { readonly kind: "held_back"; readonly until: Instant }
  | { readonly kind: "waiting" }
  | { readonly kind: "paused" }
  /** Answered while nobody had it; the answer is on its way to the disk. */
  | { readonly kind: "answering" }
  | { readonly kind: "leased"; readonly lease: Lease };

export interface Lease {
  readonly holder: Holder;
  /** Over which it was handed out; null: in answer to a poll. */
  connection: Connection | null;
  /** When this delivery was taken. */
  readonly since: Instant;
  leaseMs: number;
  /** Null: never, because the holder lives and dies with the board. */
  expiresAt: Passed | null;
  beatAt: Passed;
  progress: number | null;
  message: string | null;
}

/** An open connection of an instance: each sign of life over it renews what was handed out over it. */
export interface Connection {
  seenAt: Passed;
  /** Nobody waits for the task's result any more. */
  withdrawn(taskId: string, reason: "cancelled" | "ended" | "timed_out"): void;
}

export type Holder =
  | { readonly kind: "instance"; readonly instance: string | null; readonly connection?: Connection | null }
  /** A built-in executor: it is told of a cancellation at once. */
  | { readonly kind: "builtin"; readonly cancel: () => void };

/** Built-in executors are performed by the platform itself: nobody else may take their tasks or answer for them. */
export function isBuiltin(executor: string): boolean {
  return executor.startsWith("@");
}

export function leaseOf(entry: Entry): Lease | null {
  return entry.place.kind === "leased" ? entry.place.lease : null;
}

/** Null also where a heartbeat after a restart brought the lease back: it does not say whose it is. */
export function instanceOf(lease: Lease): string | null {
  return lease.holder.kind === "instance" ? lease.holder.instance : null;
}

/** May somebody be working on it whom the board does not know as its holder? */
export function mayBeHeld(entry: Entry): boolean {
  return entry.isReoffer || entry.deliveries > 0;
}
