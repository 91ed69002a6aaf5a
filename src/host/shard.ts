/**
 * The memory of one shard: its executions, its inbox, and the epoch under which it writes.
 *
 *     stopped ──acquire──► loading ──read what is active──► running
 *        ▲                                                     │
 *        └──────────── a write failed or was refused ──────────┘
 *
 * Memory is a cache of the store plus what is on its way there. When a write fails it is dropped whole, and `generation`
 * is raised, so that an answer to a question from before is recognised and ignored.
 */

import type { Instant } from "../core/base/time.ts";
import type { Execution } from "../core/engine/execution.ts";
import type { Definition } from "../core/language/definition.ts";
import type { ExecutionRow, KeyRow } from "../ports/store.ts";
import type { Part } from "./commit.ts";
import type { Item, StartItem } from "./item.ts";
import { createMailbox, type Mailbox } from "./mailbox.ts";
import { Queue } from "./queue.ts";
import type { SharedRecord } from "./shared/records.ts";
import type { Growth } from "./snapshots.ts";
import type { Sleeper } from "./wake-ups.ts";

export interface Shard {
  readonly index: number;
  epoch: number;
  status: "loading" | "running" | "stopped";
  generation: number;
  readonly slots: Map<string, Slot>;
  readonly inbox: Inbox;
  /** Keys that are being looked up, or decided and not committed; by workspace and key. */
  readonly claims: Map<string, ClaimState>;
  /** What executions share and whose key hashes to this shard. */
  readonly records: Map<string, SharedRecord>;
  /** Records that are to be told of a time. */
  readonly alarms: Map<SharedRecord, Instant>;
  /** Messages from other shards that are known here: on their way to a decision, or taken not long ago. */
  readonly mail: Mailbox;
  /** The store is being asked what is due soon. */
  isScanning: boolean;
}

export type Slot = Resident | Loading;

/** An execution in memory. */
export interface Resident extends Sleeper {
  readonly kind: "resident";
  readonly shard: Shard;
  readonly definition: Definition;
  readonly execution: Execution;
  /** After the last decision, committed or not. */
  row: ExecutionRow;
  /** The last part of a batch that it was written to; committed if `pending` is 0. */
  lastPart: Part | null;
  /** How many parts with it are not committed. */
  pending: number;
  /** Questions to the store whose answers it needs: kept events for a wait that has begun. */
  lookups: number;
  /** A `Continue` is on its way. */
  isContinuing: boolean;
  /** Last time that something was asked of it. */
  usedAt: Instant;
  /** Last time that it was found to be worth keeping, though it only waits. */
  keptAt: Instant;
  readonly growth: Growth;
  /** Of its history, when the children that it waits for were known to be there for the last time. */
  verifiedLength: number;
  isBeingVerified: boolean;
}

/** Being read from the store; what is asked of it meanwhile waits here. */
export interface Loading {
  readonly kind: "loading";
  readonly shard: Shard;
  readonly executionId: string;
  readonly waiting: Item[];
  isUrgent: boolean;
  isStarted: boolean;
}

export type ClaimState =
  | { readonly kind: "looking"; readonly waiting: StartItem[] }
  | { readonly kind: "decided"; readonly row: KeyRow; readonly part: Part };

/**
 * Three lanes. `returned` has waited for a load and goes first; our own messages and requests from outside take turns, so
 * that neither starves the other.
 */
export interface Inbox {
  readonly returned: Queue<Item>;
  readonly internal: Queue<Item>;
  readonly external: Queue<Item>;
  isInternalNext: boolean;
}

export function createShard(index: number): Shard {
  return {
    index,
    epoch: 0,
    status: "loading",
    generation: 0,
    slots: new Map(),
    inbox: { returned: new Queue(), internal: new Queue(), external: new Queue(), isInternalNext: true },
    claims: new Map(),
    records: new Map(),
    alarms: new Map(),
    mail: createMailbox(),
    isScanning: false,
  };
}

/** Just read or begun: nothing of it is on its way to the store. */
export function createResident(
  about: Pick<Resident, "shard" | "definition" | "execution" | "row" | "usedAt" | "growth">,
): Resident {
  return {
    kind: "resident",
    ...about,
    lastPart: null,
    pending: 0,
    lookups: 0,
    isContinuing: false,
    keptAt: 0,
    verifiedLength: about.row.parked ? about.execution.length : -1,
    isBeingVerified: false,
    wakeAt: 0,
    place: -1,
  };
}

export function createLoading(shard: Shard, executionId: string, waiting: Item[]): Loading {
  return { kind: "loading", shard, executionId, waiting, isUrgent: false, isStarted: false };
}

export function lengthOf(inbox: Inbox): number {
  return inbox.returned.length + inbox.internal.length + inbox.external.length;
}

export function takeFrom(inbox: Inbox): Item | undefined {
  const returned = inbox.returned.take();
  if (returned !== undefined) return returned;
  inbox.isInternalNext = !inbox.isInternalNext;
  return inbox.isInternalNext
    ? (inbox.internal.take() ?? inbox.external.take())
    : (inbox.external.take() ?? inbox.internal.take());
}

export function drain(inbox: Inbox): readonly Item[] {
  return [...inbox.returned.drain(), ...inbox.internal.drain(), ...inbox.external.drain()];
}
