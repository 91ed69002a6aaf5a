/**
 * Works operations off, a small page at a time, each in its turn: live requests share the inboxes with it and must not
 * feel it.
 *
 *     act on the page ─► find the next one ─► write both down ─► a breath ─► ...
 *
 * Whatever goes wrong on the way (the store is away, somebody else has written it) is met in one manner: wait, read what
 * is written down, and go on from there.
 */

import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import { StoreError } from "../../ports/store.ts";
import { isPassing } from "../refusal.ts";
import { act, type Controls } from "./act.ts";
import { BULK_ERRORS_MAX, type Bulk, type BulkError, type BulkPlace, isOpenBulk } from "./bulk.ts";
import { listOpen, readBulk, type StoredBulk, writeProgress } from "./documents.ts";
import { findPage, nextPage } from "./selection.ts";

export interface Runner {
  /** Takes on one that is on disk. */
  add(place: BulkPlace): void;
  /**
   * Takes on what was not over when the platform ended, and looks again from time to time: an operation may have been
   * written by somebody who died, or who never heard of it.
   */
  recover(): void;
  /** Begins nothing more; resolves when nothing is under way. */
  stop(): Promise<void>;
  readonly open: number;
}

/** Few enough to be decided within a turn or two. */
const PAGE = 100;
/** Counting reads rows and sends nothing. */
const COUNTED_AT_A_TIME = 1000;
/** Between two pages. */
const BREATH_MS = 10;
/** After something has gone wrong. */
const AGAIN_MS = 1000;
/** Between two looks at what is written down. */
const LOOK_AGAIN_MS = 10_000;
/** More than may be open. */
const OPEN_READ_MAX = 1000;

export function createRunner(parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly controls: Controls;
  readonly report: (error: unknown, about: string) => void;
}): Runner {
  const { store, clock, controls, report } = parts;
  const { documents } = store;
  /** In the order of their turns. What is known of it is asked of the store where it is null. */
  const queue = new Map<string, { readonly place: BulkPlace; stored: StoredBulk | null }>();
  let isStopping = false;
  let running: Promise<void> | null = null;
  let cancelRecovery = () => {};
  /** Ends of the pauses that somebody makes. */
  const pauses = new Set<() => void>();

  function begin(): void {
    if (running !== null || isStopping) return;
    running = run().finally(() => {
      running = null;
      if (queue.size > 0) begin();
    });
  }

  async function run(): Promise<void> {
    for (let entry = first(); entry !== null && !isStopping; entry = first()) {
      const { place } = entry;
      const key = keyOf(place);
      queue.delete(key);
      queue.set(key, entry);
      try {
        entry.stored = await advance(place, entry.stored);
        if (entry.stored === null) queue.delete(key);
        await breathe(BREATH_MS);
      } catch (error) {
        entry.stored = null;
        if (!isStopping) report(error, `operation ${place.id} on many executions is tried again`);
        await breathe(AGAIN_MS);
      }
    }
  }

  function first() {
    return queue.values().next().value ?? null;
  }

  /** One page further. Null: it is over, or not there. */
  async function advance(place: BulkPlace, known: StoredBulk | null): Promise<StoredBulk | null> {
    const stored = known ?? (await readBulk(documents, place));
    if (stored === null || !isOpenBulk(stored.bulk)) return null;
    const before = stored.bulk;
    const after = before.status === "counting" ? await count(before) : await work(before);
    if (after === null) return stored;
    const revision = await writeProgress(documents, after, stored.revision);
    if (revision !== null) return isOpenBulk(after) ? { bulk: after, revision } : null;
    return await meet(place, after);
  }

  /** Somebody else has written it: cancelled it, or done some of it. */
  async function meet(place: BulkPlace, mine: Bulk): Promise<StoredBulk | null> {
    const latest = await readBulk(documents, place);
    if (latest === null || isOpenBulk(latest.bulk)) return latest;
    // What was done before the cancel was heard of counts.
    if (latest.bulk.status === "cancelled" && mine.done + mine.failed > latest.bulk.done + latest.bulk.failed) {
      const { done, failed, errors, matched } = mine;
      await writeProgress(documents, { ...latest.bulk, matched, done, failed, errors, page: [] }, latest.revision);
    }
    return null;
  }

  async function count(bulk: Bulk): Promise<Bulk> {
    const cursor = bulk.next?.cursor ?? null;
    const { rows, next } = await findPage(store, bulk, { cursor, limit: COUNTED_AT_A_TIME });
    const matched = bulk.matched + rows.length;
    return next === null ? { ...bulk, matched, status: "running", next: { cursor: null } } : { ...bulk, matched, next };
  }

  /** Null: the platform stops, and what was not done is done after its next start. */
  async function work(bulk: Bulk): Promise<Bulk | null> {
    const answers = await Promise.all(bulk.page.map((executionId) => actOn(bulk, executionId)));
    if (isStopping) return null;
    const failures = answers.filter((answer) => answer !== null);
    const done = bulk.done + answers.length - failures.length;
    const acted: Bulk = {
      ...bulk,
      done,
      failed: bulk.failed + failures.length,
      errors: [...bulk.errors, ...failures].slice(0, BULK_ERRORS_MAX),
      page: [],
    };
    if (bulk.next === null) return { ...acted, status: "completed", finishedAt: clock.now() };
    const { ids, next } = await nextPage(store, bulk, { cursor: bulk.next.cursor, limit: PAGE });
    const isOver = ids.length === 0 && next === null;
    return isOver
      ? { ...acted, next: null, status: "completed", finishedAt: clock.now() }
      : { ...acted, page: ids, next };
  }

  /** Null where it is done. What cannot be taken at the moment is sent until it is. */
  async function actOn(bulk: Bulk, executionId: string): Promise<BulkError | null> {
    while (!isStopping) {
      const answer = await send(bulk, executionId);
      if (answer !== "again") return answer;
      await breathe(AGAIN_MS);
    }
    return null;
  }

  async function send(bulk: Bulk, executionId: string): Promise<BulkError | "again" | null> {
    try {
      const outcome = await act(controls, bulk, executionId);
      if (outcome.ok) return null;
      const { refusal } = outcome;
      return isPassing(refusal) ? "again" : { executionId, code: refusal.code, message: refusal.message };
    } catch (error) {
      if (error instanceof StoreError) return "again";
      report(error, `${bulk.action.operation} of execution ${executionId} as one of many`);
      const message = "Expected to do it, but the platform has a fault. It has been written to the log.";
      return { executionId, code: "INTERNAL", message };
    }
  }

  /** Ended early when the platform stops. */
  function breathe(ms: number): Promise<void> {
    if (isStopping) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      cancel();
      pauses.delete(end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    pauses.add(end);
    return promise;
  }

  async function recover(): Promise<void> {
    let pauseMs = LOOK_AGAIN_MS;
    try {
      for (const place of await listOpen(documents, OPEN_READ_MAX)) add(place);
    } catch (error) {
      if (isStopping) return;
      report(error, "operations on many executions could not be read and are asked for again");
      pauseMs = AGAIN_MS;
    }
    if (!isStopping) cancelRecovery = clock.after(pauseMs, () => void recover());
  }

  function add(place: BulkPlace): void {
    if (isStopping || queue.has(keyOf(place))) return;
    queue.set(keyOf(place), { place, stored: null });
    begin();
  }

  return {
    add,
    recover: () => void recover(),
    async stop() {
      isStopping = true;
      cancelRecovery();
      for (const end of [...pauses]) end();
      await running;
    },
    get open() {
      return queue.size;
    },
  };
}

function keyOf({ workspace, id }: BulkPlace): string {
  return `${workspace}\n${id}`;
}
