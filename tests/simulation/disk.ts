/**
 * What is on disk, and the witness of every write: the store in memory, with what has been committed noted beside it in a
 * form that can be asked. All promises are measured against this, at the moment at which they are given.
 *
 * What must hold of every single commit is checked at once; what needs the whole history is checked at the end.
 */

import { isDeepStrictEqual } from "node:util";

import { openMemoryStore } from "../../src/adapters/stores/memory/store.ts";
import type { Instant } from "../../src/core/base/time.ts";
import type { HistoryEvent } from "../../src/core/engine/events.ts";
import { toPlain } from "../../src/core/engine/plain-execution.ts";
import { fromSnapshot, SNAPSHOT_VERSION } from "../../src/core/engine/snapshot.ts";
import type { Retention } from "../../src/host/loop.ts";
import type {
  AppendAnswer,
  ExecutionRow,
  KeptEvent,
  KeyRow,
  ShardBatch,
  Snapshot,
  Store,
} from "../../src/ports/store.ts";
import { type BreakerRecorded, createBreakerWitness } from "./breakers.ts";
import { nextWakeUp, replayed } from "./histories.ts";
import { createLimitWitness, type LimitWitness } from "./limits.ts";
import { checkRemoved } from "./removals.ts";
import { definitionOf } from "./scenarios.ts";
import type { Wall } from "./timeline.ts";
import type { Fail } from "./world.ts";

export interface Disk {
  readonly store: Store;
  /** Newest epoch of each shard. */
  readonly epochs: readonly number[];
  readonly records: ReadonlyMap<string, Recorded>;
  /** Everything that was published and committed, whether it is kept or not. */
  readonly published: readonly Published[];
  readonly outbox: ReadonlySet<string>;
  /** By target. */
  readonly breakers: ReadonlyMap<string, BreakerRecorded>;
  readonly limits: LimitWitness;
  /** How many appends have changed something. */
  readonly commits: number;
  of(executionId: string): Recorded | null;
  /** When the oldest of the keys was written that stand for it; null: none does. */
  keyedAt(executionId: string): Instant | null;
}

/** One execution as it is stored. */
export interface Recorded {
  readonly id: string;
  row: ExecutionRow;
  readonly events: HistoryEvent[];
  /** Beside each event: which commit it came with, and the time that had passed. */
  readonly places: { readonly commit: number; readonly passed: number }[];
  readonly texts: string[];
  hasEnded: boolean;
  /** The store has it no more; the witness remembers it. */
  isRemoved: boolean;
}

export interface Published {
  readonly event: { readonly id: string; readonly name: string; readonly correlationKey: string | null };
  readonly workspace: string;
  readonly commit: number;
  /** From when on it is kept. */
  readonly at: Instant;
}

const LAST: ReadonlySet<string> = new Set([
  "ExecutionCompleted",
  "ExecutionFailed",
  "ExecutionCancelled",
  "ExecutionTimedOut",
]);

export function isLast(event: HistoryEvent): boolean {
  return LAST.has(event.type);
}

const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "timed_out"]);

const KEY_KEPT_MS = 24 * 3_600_000;

export function openDisk(about: {
  readonly shards: number;
  readonly wall: Wall;
  readonly passed: () => number;
  readonly retention: Retention;
  readonly fail: Fail;
}): Disk {
  const { wall, passed, retention, fail } = about;
  const base = openMemoryStore({ shards: about.shards });
  const epochs = Array.from({ length: about.shards }, () => 0);
  const records = new Map<string, Recorded>();
  const published: Published[] = [];
  const outbox = new Set<string>();
  const keys = new Map<string, KeyRow>();
  const breakers = createBreakerWitness(fail);
  const limits = createLimitWitness(fail);
  let commits = 0;

  async function append(batches: readonly ShardBatch[]): Promise<AppendAnswer> {
    const current = batches.filter((batch) => batch.epoch === epochs[batch.shard]);
    let answer: AppendAnswer;
    try {
      answer = await base.append(batches);
    } catch (error) {
      fail("histories have neither gaps nor overlaps", `A write was refused: ${String(error)}`);
      throw error;
    }
    const refused = new Set(batches.filter((batch) => !current.includes(batch)).map(({ shard }) => shard));
    if (answer.refused.length !== refused.size || answer.refused.some((shard) => !refused.has(shard))) {
      fail("a stale epoch writes nothing", `Shards ${answer.refused} were refused instead of ${[...refused]}.`);
    }
    commits += 1;
    breakers.check(current);
    for (const batch of current) record(batch);
    const tried = current.flatMap(({ remove = [] }) => remove).flatMap(({ executionIds }) => executionIds);
    if (tried.length > 0) await noteRemovals(tried);
    limits.check();
    return answer;
  }

  function record(batch: ShardBatch): void {
    for (const { executionId, events, row, snapshot } of batch.executions) {
      const known = records.get(executionId);
      if (known === undefined && row === null) continue;
      if (known?.isRemoved === true) fail("what is removed stays away", `${executionId} was written again.`);
      const recorded = known ?? recordedOf(row as ExecutionRow);
      records.set(executionId, recorded);
      if (row !== null) recorded.row = row;
      if (events !== null) addEvents(recorded, events);
      if (snapshot !== undefined) checkSnapshot(recorded, snapshot);
      if (row?.parked === true && row.quarantine === null) checkParked(recorded);
      if (ENDED.has(recorded.row.status) !== recorded.hasEnded) {
        fail("the row says what the history says", `${executionId} is ${recorded.row.status} by its row.`);
      }
    }
    for (const row of batch.addKeys) addKey(row);
    const keptAt = new Map(batch.addEvents.map(({ id, at }) => [id, at]));
    for (const row of batch.addOutbox) {
      outbox.add(row.id);
      notePublished(row.body, keptAt);
    }
    for (const id of batch.removeOutbox) outbox.delete(id);
    breakers.note(batch, commits);
    limits.noteRows(batch);
    for (const event of batch.addEvents) checkKept(event);
  }

  async function noteRemovals(tried: readonly string[]): Promise<void> {
    const removed: Recorded[] = [];
    for (const id of tried) {
      const recorded = records.get(id);
      if (recorded === undefined || recorded.isRemoved || (await base.readExecution(id)) !== null) continue;
      recorded.isRemoved = true;
      removed.push(recorded);
    }
    checkRemoved({ removed, records, keys: keys.values(), retention, latest: wall.highest(), fail });
  }

  function addEvents(recorded: Recorded, pack: { firstSeq: number; lastSeq: number; text: string }): void {
    for (const text of pack.text.split("\n")) {
      const event = JSON.parse(text) as HistoryEvent;
      const before = recorded.events.at(-1);
      const { id } = recorded;
      if (event.seq !== recorded.events.length + 1) {
        fail("histories are gapless", `${id}: event ${event.seq} follows event ${recorded.events.length}.`);
      }
      if (Date.parse(event.at) > wall.highest()) {
        fail(
          "nothing happens before its time",
          `${id}: event ${event.seq} is dated ${event.at}, which is yet to come.`,
        );
      }
      if (before !== undefined && before.at > event.at) {
        fail("time goes on", `${id}: event ${event.seq} is dated before event ${before.seq}.`);
      }
      if (recorded.hasEnded && event.type !== "ExecutionReopened") {
        fail("a run has one terminal event", `${id}: ${event.type} follows the end.`);
      }
      recorded.hasEnded = isLast(event);
      limits.noteEvent(id, event);
      recorded.events.push(event);
      recorded.texts.push(text);
      recorded.places.push({ commit: commits, passed: passed() });
    }
    if (recorded.events.length !== pack.lastSeq || pack.firstSeq > pack.lastSeq) {
      fail("histories are gapless", `${recorded.id}: a pack up to ${pack.lastSeq} ends at ${recorded.events.length}.`);
    }
  }

  /** What memory knew when it let go of the execution is what its history tells. */
  function checkParked(recorded: Recorded): void {
    const wakeAt = nextWakeUp(recorded);
    if (recorded.row.wakeAt === wakeAt) return;
    fail("a replay gives the stored state", `${recorded.id} sleeps until ${recorded.row.wakeAt}, not ${wakeAt}.`);
  }

  /** What is loaded from it one day is what the history tells up to its event. */
  function checkSnapshot(recorded: Recorded, { seq, version, text }: Snapshot): void {
    const rule = "a snapshot is what the history tells";
    if (version !== SNAPSHOT_VERSION) return fail(rule, `${recorded.id}: a snapshot has version ${version}.`);
    const told = replayed({ ...recorded, events: recorded.events.slice(0, seq) });
    const { id, row } = recorded;
    const definition = { ...definitionOf(row.workflow, row.version), hash: row.hash };
    const kept = fromSnapshot(definition, { id, workspace: row.workspace }, text);
    if (kept?.length !== seq) return fail(rule, `${id}: the snapshot of event ${seq} is one of ${kept?.length ?? 0}.`);
    if (!isDeepStrictEqual(toPlain(kept), toPlain(told)) || kept.wakeAt !== told.wakeAt)
      fail(rule, `${id}: the snapshot of event ${seq} is not what its history tells.`);
  }

  function addKey(row: KeyRow): void {
    const place = `${row.workspace}\n${row.key}`;
    const known = keys.get(place);
    // After a day a key may be used again, and the clock may have been a day ahead for a while.
    const isOld = known !== undefined && known.createdAt <= wall.highest() - KEY_KEPT_MS;
    if (known !== undefined && !isOld && known.executionId !== row.executionId) {
      fail("one key, one execution", `Key ${row.key} stands for ${known.executionId}, and now for ${row.executionId}.`);
    }
    keys.set(place, row);
  }

  function notePublished(body: unknown, keptAt: ReadonlyMap<string, Instant>): void {
    const message = body as {
      readonly kind: string;
      readonly workspace: string;
      readonly event: { readonly id: string; readonly name: string; readonly correlation_key: string | null };
    };
    if (message.kind !== "event") return;
    const { id, name, correlation_key: correlationKey } = message.event;
    published.push({
      event: { id, name, correlationKey },
      workspace: message.workspace,
      commit: commits,
      at: keptAt.get(id) ?? wall.now(),
    });
  }

  function checkKept(event: KeptEvent): void {
    if (event.at > wall.highest())
      fail("nothing happens before its time", `Event ${event.id} is kept from a time to come.`);
  }

  const store: Store = {
    ...base,
    async acquire(shard) {
      const epoch = await base.acquire(shard);
      epochs[shard] = epoch;
      return epoch;
    },
    append,
  };

  return {
    store,
    epochs,
    records,
    published,
    outbox,
    breakers: breakers.breakers,
    limits,
    get commits() {
      return commits;
    },
    of: (executionId) => records.get(executionId) ?? null,
    keyedAt(executionId) {
      const times = [...keys.values()].filter((key) => key.executionId === executionId).map((key) => key.createdAt);
      return times.length === 0 ? null : Math.min(...times);
    },
  };
}

function recordedOf(row: ExecutionRow): Recorded {
  return { id: row.id, row, events: [], places: [], texts: [], hasEnded: false, isRemoved: false };
}
