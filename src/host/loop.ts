/**
 * What the one loop of a node holds, and the door to its inboxes.
 *
 *     submit ──► inbox ──► turn ──► collecting ──► in flight ──► settled
 *
 * Everything in the host happens in this loop, one thing after the other. What has to ask the store comes back as a
 * further turn. At most one write is in flight; while it is, the next one is collected.
 */

import { shardOf } from "../core/base/ids.ts";
import type { Instant } from "../core/base/time.ts";
import type { Transition } from "../core/shared/breaker-state.ts";
import type { Clock } from "../ports/clock.ts";
import type { Entropy } from "../ports/entropy.ts";
import type { Store } from "../ports/store.ts";
import type { Board } from "./board.ts";
import { Changes } from "./changes.ts";
import { type Batch, createBatch } from "./commit.ts";
import type { Counters } from "./counters.ts";
import type { Definitions } from "./definitions.ts";
import { type Item, refuseItem } from "./item.ts";
import { Queue } from "./queue.ts";
import { type Refusal, STORAGE_FULL } from "./refusal.ts";
import { type Cleaning, createCleaning } from "./retention-rules.ts";
import { createShard, type Loading, lengthOf, type Resident, type Shard } from "./shard.ts";
import { Subscriptions } from "./subscriptions.ts";
import { createWatchdog, type Watchdog } from "./suspects.ts";
import { WakeUps } from "./wake-ups.ts";

export interface BreakerTransition extends Transition {
  readonly workspace: string;
  readonly target: string;
}

export interface Loop {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly definitions: Definitions;
  readonly tasks: HostTasks;
  readonly environment: ReadonlyMap<string, string>;
  readonly limits: HostLimits;
  /** For the log: what went wrong and was dealt with. */
  readonly report: (error: unknown, about: string) => void;
  /** A circuit breaker has changed, and that is on disk. */
  readonly onTransition: (transition: BreakerTransition) => void;

  readonly shards: readonly Shard[];
  collecting: Batch;
  inFlight: Batch | null;
  isTurnScheduled: boolean;
  isStopping: boolean;
  /** Takes what stands in the inboxes; set by whoever puts the loop together. */
  readonly takeTurn: () => void;

  readonly wakeUps: WakeUps<Resident>;
  readonly loads: Loads;
  readonly subscriptions: Subscriptions;
  readonly changes: Changes;
  readonly pulse: Pulse;
  readonly cleaning: Cleaning;
  /** Why each was put aside, of those that were met since the start. */
  readonly quarantined: Map<string, string>;
  readonly condition: StoreCondition;
  readonly watchdog: Watchdog;
  readonly counters: Counters;
}

/** What the loop needs of the tasks' side. */
export interface HostTasks {
  readonly board: Board;
  /** Whether an instance of the executor is there, so that its tasks are better kept in memory. */
  isAttended(workspace: string, executor: string): boolean;
}

export interface HostLimits {
  readonly payloadBytesMax: number;
  readonly historyEventsMax: number;
  readonly historyBytesMax: number;
  /** Of what one execution keeps alive, as a snapshot shows it. */
  readonly stateBytesMax: number;
  /** A history that is longer than both is worth a snapshot; the next when it has grown so many times as long as the last. */
  readonly replay: { readonly bytes: number; readonly events: number; readonly growth: number };
  /** The longest time of one run; null: what its workflow says. */
  readonly executionTimeoutMs: number | null;
  readonly executionsInMemory: number;
  /** Requests from outside that may wait in one shard. */
  readonly inboxMax: number;
  /** Executions that run at a time, children apart; null: as many as are started. */
  readonly concurrentMax: number | null;
  /** Executions that may wait for the slots of one key. */
  readonly queuedMax: number;
  /** How long events with a correlation key are kept for waits that begin later. */
  readonly eventsKeptMs: number;
  readonly retention: Retention;
}

/** How long executions are kept after their end; null: for ever. */
export interface Retention {
  readonly completedMs: number | null;
  /** Those that did not complete, dead letters apart. */
  readonly failedMs: number | null;
  readonly deadLettersMs: number | null;
}

export const HOST_LIMITS: HostLimits = {
  payloadBytesMax: 1024 * 1024,
  historyEventsMax: 2_000_000,
  historyBytesMax: 512 * 1024 * 1024,
  stateBytesMax: 64 * 1024 * 1024,
  replay: { bytes: 512 * 1024, events: 500, growth: 2 },
  executionTimeoutMs: null,
  executionsInMemory: 50_000,
  inboxMax: 10_000,
  concurrentMax: null,
  queuedMax: 100_000,
  eventsKeptMs: 3_600_000,
  retention: { completedMs: null, failedMs: null, deadLettersMs: null },
};

/** Executions that wait to be read: those that somebody asks for before those of a recovery. */
export interface Loads {
  readonly urgent: Queue<Loading>;
  readonly background: Queue<Loading>;
  running: number;
}

/** The one timer of the loop, and what is done at its beats. */
export interface Pulse {
  armedFor: Instant | null;
  /** When the next shared record is to be told of a time; null: none. */
  alarmAt: Instant | null;
  cancel: () => void;
  sweptAt: Instant;
  scannedAt: Instant;
  cleanedAt: Instant;
  /** How late the last beat was. */
  delayMs: number;
}

export interface StoreCondition {
  /** Why it cannot be written to; null: as far as is known, it can. */
  error: string | null;
  /** There is no room left. */
  isFull: boolean;
  isChecking: boolean;
  /** When the write in flight was begun; null while there is none. */
  writingSince: Instant | null;
  lastWriteMs: number;
}

export type LoopOptions = Pick<
  Loop,
  | "store"
  | "clock"
  | "entropy"
  | "definitions"
  | "tasks"
  | "environment"
  | "limits"
  | "counters"
  | "report"
  | "onTransition"
> & { readonly takeTurn: (loop: Loop) => void };

export function createLoop(options: LoopOptions): Loop {
  const now = options.clock.now();
  const loop: Loop = {
    ...options,
    shards: Array.from({ length: options.store.shards }, (_, index) => createShard(index)),
    collecting: createBatch(),
    inFlight: null,
    isTurnScheduled: false,
    isStopping: false,
    takeTurn: () => options.takeTurn(loop),
    wakeUps: new WakeUps(),
    loads: { urgent: new Queue(), background: new Queue(), running: 0 },
    subscriptions: new Subscriptions(),
    changes: new Changes(),
    pulse: {
      armedFor: null,
      alarmAt: null,
      cancel: () => {},
      sweptAt: now,
      scannedAt: now,
      cleanedAt: now,
      delayMs: 0,
    },
    cleaning: createCleaning(now),
    quarantined: new Map(),
    watchdog: createWatchdog(now),
    condition: { error: null, isFull: false, isChecking: false, writingSince: null, lastWriteMs: 0 },
  };
  return loop;
}

/** From outside: refused at once where the shard stands still or has too much to do. */
export function submit(loop: Loop, shard: Shard, item: Item): void {
  if (shard.status !== "running" || loop.isStopping || loop.condition.isFull)
    return refuseItem(item, unavailable(loop));
  if (shard.inbox.external.length >= loop.limits.inboxMax) return refuseItem(item, OVERLOADED);
  shard.inbox.external.push(item);
  scheduleTurn(loop);
}

/** Our own: never refused for being many, for what cannot be sent would be lost. */
export function submitInternal(loop: Loop, shard: Shard, item: Item): void {
  if (shard.status !== "running") return refuseItem(item, unavailable(loop));
  shard.inbox.internal.push(item);
  scheduleTurn(loop);
}

/** What has waited for an answer of the store: goes on before everything else. */
export function returnItems(loop: Loop, shard: Shard, items: readonly Item[]): void {
  for (const item of items) shard.inbox.returned.push(item);
  if (items.length > 0) scheduleTurn(loop);
}

export function scheduleTurn(loop: Loop): void {
  if (loop.isTurnScheduled) return;
  loop.isTurnScheduled = true;
  loop.clock.soon(loop.takeTurn);
}

export function hasItems(loop: Loop): boolean {
  return loop.shards.some((shard) => lengthOf(shard.inbox) > 0);
}

export function shardOfExecution(loop: Loop, executionId: string): Shard {
  return shardAt(loop, shardOf(executionId, loop.shards.length));
}

export function shardAt(loop: Loop, index: number): Shard {
  return loop.shards[index] as Shard;
}

export function residentOf(loop: Loop, executionId: string): Resident | null {
  const slot = shardOfExecution(loop, executionId).slots.get(executionId);
  return slot?.kind === "resident" ? slot : null;
}

export function inMemory(loop: Loop): number {
  return loop.shards.reduce((sum, shard) => sum + shard.slots.size, 0);
}

/** Lets go of an execution that has nothing on its way. */
export function forget(loop: Loop, resident: Resident): void {
  loop.wakeUps.set(resident, null);
  resident.shard.slots.delete(resident.execution.id);
}

export function unavailable(loop: Loop): Refusal {
  if (loop.condition.isFull && !loop.isStopping) return STORAGE_FULL;
  const reason = loop.isStopping ? "the platform is being stopped" : "the store could not be written to";
  return {
    code: "UNAVAILABLE",
    message: `Expected the request to be recorded, but ${reason}. Send it again in a moment.`,
    retryAfter: 1,
  };
}

const OVERLOADED: Refusal = {
  code: "OVERLOADED",
  message: "Expected room for one more request, but too many wait already. Send it again in a moment.",
  retryAfter: 1,
};
