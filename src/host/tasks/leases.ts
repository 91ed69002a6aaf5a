/**
 * Who works on what, and for how long that is believed without a sign of life. Leases live in memory only: handing out a
 * task is neither a commit nor an event.
 */

import type { Clock } from "../../ports/clock.ts";
import { createAlarms } from "./alarms.ts";
import { type Connection, type Entry, type Holder, type Lease, leaseOf } from "./entry.ts";
import type { InstanceName } from "./registry.ts";
import type { Passed } from "./time.ts";

export interface Leases {
  /** Hands the task out once more. */
  deliver(entry: Entry, holder: Holder, leaseMs: number): void;
  /** Whoever has worked on it all along holds it again: no new delivery. */
  adopt(entry: Entry, holder: Holder, leaseMs: number): void;
  /** The lease lasts for `forMs` from now. */
  renew(entry: Entry, forMs: number): void;
  /** From now on it is held over this connection. */
  attach(entry: Entry, connection: Connection): void;
  beat(entry: Entry, sign: { readonly progress: number | null; readonly message: string | null }): void;
  /** Whatever is over now is looked at again in a while. */
  postpone(entry: Entry): void;
  /** Nobody holds the task any more. The caller says where it goes. */
  end(entry: Entry): void;
  heldBy(name: InstanceName): readonly Entry[];
  countOf(name: InstanceName): number;
  tick(passed: Passed): void;
  readonly size: number;
}

const LEASE_MS_MIN = 1000;
const LEASE_MS_MAX = 10 * 60_000;
export const LEASE_MS_DEFAULT = 30_000;

/** What an instance asks for, within what it may have. */
export function toLeaseMs(asked: number): number {
  return Math.min(LEASE_MS_MAX, Math.max(LEASE_MS_MIN, asked));
}

const POSTPONED_MS = 1000;

export function createLeases(parts: {
  readonly clock: Clock;
  readonly passed: () => Passed;
  readonly awaited: () => void;
  /** Its answer is on its way to the disk: nothing is lost meanwhile. */
  readonly isBeingAnswered: (entry: Entry) => boolean;
  readonly lost: (entry: Entry) => void;
  /** The heartbeats that its step demands do not come. */
  readonly silent: (entry: Entry) => void;
}): Leases {
  const { clock, passed } = parts;
  const held = new Map<string, Held>();
  /** Tasks are handed out many at a time to the same instance. */
  let last: Held | null = null;
  const alarms = createAlarms<Entry>(reach, parts.awaited);

  function reach(entry: Entry): void {
    const lease = leaseOf(entry);
    if (lease === null) return;
    const now = passed();
    if (parts.isBeingAnswered(entry)) postpone(entry);
    else if (isSilent(entry, lease, now)) parts.silent(entry);
    else if (expiryOf(lease) <= now) parts.lost(entry);
    else arm(entry, lease);
  }

  function postpone(entry: Entry): void {
    alarms.set(entry, passed() + POSTPONED_MS);
  }

  function arm(entry: Entry, lease: Lease): void {
    const silentAt = entry.task.heartbeatTimeoutMs === null ? null : lease.beatAt + entry.task.heartbeatTimeoutMs;
    const due = Math.min(expiryOf(lease), silentAt ?? Number.POSITIVE_INFINITY);
    if (Number.isFinite(due)) alarms.set(entry, due);
  }

  function adopt(entry: Entry, holder: Holder, leaseMs: number): void {
    const now = clock.now();
    const lease: Lease = {
      holder,
      connection: holder.kind === "instance" ? (holder.connection ?? null) : null,
      since: now,
      leaseMs,
      expiresAt: holder.kind === "builtin" ? null : passed() + leaseMs,
      beatAt: passed(),
      progress: null,
      message: null,
    };
    entry.takenAt ??= now;
    entry.deliveries = Math.max(1, entry.deliveries);
    entry.place = { kind: "leased", lease };
    if (holder.kind === "instance") {
      entry.lastInstance = holder.instance;
      heldBy(entry, holder.instance).entries.add(entry);
    }
    arm(entry, lease);
  }

  function heldBy({ workspace, task }: Entry, instance: string | null): Held {
    if (last?.workspace === workspace && last.executor === task.executor && last.instance === instance) return last;
    if (last?.entries.size === 0) forget(last);
    const key = keyOf(workspace, task.executor, instance);
    last = held.get(key) ?? { workspace, executor: task.executor, instance, entries: new Set() };
    held.set(key, last);
    return last;
  }

  function of({ workspace, executor, instance }: InstanceName): ReadonlySet<Entry> {
    return held.get(keyOf(workspace, executor, instance))?.entries ?? NONE;
  }

  /** Names come and go: one that holds nothing is kept only while it is the last that was dealt with. */
  function forget({ workspace, executor, instance }: Held): void {
    held.delete(keyOf(workspace, executor, instance));
  }

  return {
    deliver(entry, holder, leaseMs) {
      entry.deliveries += 1;
      adopt(entry, holder, leaseMs);
    },
    adopt,
    renew(entry, forMs) {
      const lease = leaseOf(entry);
      if (lease === null || lease.expiresAt === null) return;
      lease.expiresAt = passed() + forMs;
      arm(entry, lease);
    },
    attach(entry, connection) {
      const lease = leaseOf(entry);
      if (lease === null) return;
      lease.connection = connection;
      arm(entry, lease);
    },
    beat(entry, sign) {
      const lease = leaseOf(entry);
      if (lease === null) return;
      lease.beatAt = passed();
      lease.progress = sign.progress ?? lease.progress;
      lease.message = sign.message ?? lease.message;
      if (lease.expiresAt !== null) lease.expiresAt = Math.max(lease.expiresAt, passed() + lease.leaseMs);
      arm(entry, lease);
    },
    postpone,
    end(entry) {
      alarms.clear(entry);
      const lease = leaseOf(entry);
      if (lease === null || lease.holder.kind !== "instance") return;
      heldBy(entry, lease.holder.instance).entries.delete(entry);
    },
    heldBy: (name) => [...of(name)],
    countOf: (name) => of(name).size,
    tick: alarms.tick,
    get size() {
      return alarms.size;
    },
  };
}

/** What one instance holds. */
interface Held {
  readonly workspace: string;
  readonly executor: string;
  readonly instance: string | null;
  readonly entries: Set<Entry>;
}

const NONE: ReadonlySet<Entry> = new Set();

/** A lease is looked at when it would run out; only then it matters whether there were signs of life meanwhile. */
function expiryOf({ expiresAt, connection, leaseMs }: Lease): Passed {
  if (expiresAt === null) return Number.POSITIVE_INFINITY;
  return connection === null ? expiresAt : Math.max(expiresAt, connection.seenAt + leaseMs);
}

function isSilent(entry: Entry, lease: Lease, now: Passed): boolean {
  return entry.task.heartbeatTimeoutMs !== null && lease.beatAt + entry.task.heartbeatTimeoutMs <= now;
}

function keyOf(workspace: string, executor: string, instance: string | null): string {
  return `${workspace}\n${executor}\n${instance ?? ""}`;
}
