/**
 * Figures by minute, kept as documents: what charts over weeks are made from, also after a restart.
 *
 *     add ──► fresh (in memory) ──flush──► one document for each minute ──seal──► one for each hour that is over
 *
 * A minute's document holds all series of a workspace. `through` of the state says up to when everything was flushed; an
 * opened book that finds no clean end is given the missing minutes anew by its owner (`restate`). Reading and flushing take
 * turns, so that nothing is seen twice or not at all.
 */

import { isObject, type Json } from "../../core/base/json.ts";
import type { Instant } from "../../core/base/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Document, Documents, DocumentWrite } from "../../ports/store.ts";
import { createLru } from "../lru.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** Minutes are kept at least this long; longer periods are shown by hours. */
const MINUTES_KEPT_MS = 25 * HOUR_MS;

/** The longest period, and the one before it to compare with. */
const HOURS_KEPT_MS = 62 * 24 * HOUR_MS;

/** An hour is summed up once nothing can come for it any more. */
const SEAL_AFTER_MS = 5 * MINUTE_MS;

/** Further series of one minute are counted together. */
const SERIES_MAX = 2000;
export const OTHER_SERIES = "_other";

/** Hours of minutes that are kept parsed: a day of them for a few workspaces. */
const HOURS_CACHED = 120;

const LIST_MAX = 500;

export interface Kind<C> {
  /** Of its documents: `{name}_minutes`, `{name}_hours`, `{name}_state`. */
  readonly name: string;
  create(): C;
  merge(into: C, from: C): void;
  toJson(cell: C): Json;
  fromJson(json: Json): C;
}

/** By series. */
export type Cells<C> = Map<string, C>;

export interface Book<C> {
  /** The cell of now, to be changed at once. */
  cell(workspace: string, at: Instant, series: string): C;
  /** By the beginning of the step; steps in which nothing was are not there. */
  read(query: ReadQuery): Promise<ReadonlyMap<Instant, Cells<C>>>;
  /** Writes what is fresh. Nothing is written before `restate` where that is awaited. */
  flush(): Promise<void>;
  /** Up to when everything is in it; null: it never was. */
  readState(): Promise<{ readonly through: Instant; readonly isClean: boolean } | null>;
  /** Sets all minutes from the hour of `from` on as they were before this book was opened, and lets it flush. */
  restate(from: Instant, minutes: ReadonlyMap<string, ReadonlyMap<Instant, Cells<C>>>): Promise<void>;
  /** Nothing is missing: flushing may begin. */
  begin(): Promise<void>;
  /** The last flush; what is opened next need not look for anything. */
  close(): Promise<void>;
}

export interface ReadQuery {
  readonly workspace: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly stepMs: number;
}

/** No workspace has this name. */
const EVERYWHERE = "*";

export function createBook<C>(kind: Kind<C>, documents: Documents, clock: Clock): Book<C> {
  const minutesOf = `${kind.name}_minutes`;
  const hoursOf = `${kind.name}_hours`;
  const state = { collection: `${kind.name}_state`, workspace: EVERYWHERE, id: "state" };
  let fresh = new Map<string, Map<Instant, Cells<C>>>();
  const known = new Set<string>();
  const hours = createLru<ReadonlyMap<Instant, Cells<C>>>(HOURS_CACHED);
  let mayFlush = false;
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = turn.then(work, work);
    turn = next.catch(() => null);
    return next;
  }

  function cellOf(cells: Cells<C>, series: string): C {
    const there = cells.get(series);
    if (there !== undefined) return there;
    if (cells.size >= SERIES_MAX && series !== OTHER_SERIES) return cellOf(cells, OTHER_SERIES);
    const cell = kind.create();
    cells.set(series, cell);
    return cell;
  }

  function cellsAt(book: Map<string, Map<Instant, Cells<C>>>, workspace: string, minute: Instant): Cells<C> {
    const minutes = book.get(workspace) ?? new Map<Instant, Cells<C>>();
    if (minutes.size === 0) book.set(workspace, minutes);
    const cells = minutes.get(minute) ?? new Map<string, C>();
    if (cells.size === 0) minutes.set(minute, cells);
    return cells;
  }

  function mergeCells(into: Cells<C>, from: Cells<C>): void {
    for (const [series, cell] of from) kind.merge(cellOf(into, series), cell);
  }

  function toCells({ body }: Document): Cells<C> {
    const cells = new Map<string, C>();
    if (isObject(body)) for (const [series, cell] of Object.entries(body)) cells.set(series, kind.fromJson(cell));
    return cells;
  }

  const toBody = (cells: Cells<C>): Json =>
    Object.fromEntries([...cells].map(([series, cell]) => [series, kind.toJson(cell)]));

  /** All documents of a time, in the order of their ids. */
  async function listBetween(collection: string, workspace: string, from: Instant, to: Instant) {
    const found: Document[] = [];
    const end = idOf(to);
    for (let afterId = idBefore(from); ; ) {
      const page = await documents.list({ collection, workspace, afterId, limit: LIST_MAX });
      for (const document of page) {
        if (document.id >= end) return found;
        found.push(document);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < LIST_MAX) return found;
      afterId = last.id;
    }
  }

  async function minutesOfHour(workspace: string, hour: Instant): Promise<ReadonlyMap<Instant, Cells<C>>> {
    const key = `${hour} ${workspace}`;
    const cached = hours.get(key);
    if (cached !== undefined) return cached;
    const found = await listBetween(minutesOf, workspace, hour, hour + HOUR_MS);
    const minutes = new Map(found.map((document) => [timeOf(document.id), toCells(document)]));
    if (clock.now() - hour > HOUR_MS + SEAL_AFTER_MS) hours.set(key, minutes, 1);
    return minutes;
  }

  async function read({ workspace, from, to, stepMs }: ReadQuery): Promise<ReadonlyMap<Instant, Cells<C>>> {
    const steps = new Map<Instant, Cells<C>>();
    const add = (at: Instant, cells: Cells<C>) => {
      const step = Math.floor(at / stepMs) * stepMs;
      const into = steps.get(step) ?? new Map<string, C>();
      steps.set(step, into);
      mergeCells(into, cells);
    };
    const firstHour = floorHour(from);
    const sealed = new Map<Instant, Cells<C>>();
    const isByHours = stepMs >= HOUR_MS || clock.now() - firstHour > MINUTES_KEPT_MS;
    if (isByHours) {
      for (const document of await listBetween(hoursOf, workspace, firstHour, to))
        sealed.set(timeOf(document.id), toCells(document));
    }
    const now = clock.now();
    for (let hour = firstHour; hour < to; hour += HOUR_MS) {
      const whole = sealed.get(hour);
      if (whole !== undefined && (from <= hour || now - hour > MINUTES_KEPT_MS)) add(Math.max(hour, from), whole);
      // Of hours that are long over there are no minutes; the empty answer for each would cost as much as a full one.
      else if (now - hour < MINUTES_KEPT_MS + 2 * HOUR_MS)
        for (const [minute, cells] of await minutesOfHour(workspace, hour))
          if (minute >= from && minute < to) add(minute, cells);
    }
    for (const [minute, cells] of fresh.get(workspace) ?? []) if (minute >= from && minute < to) add(minute, cells);
    return steps;
  }

  /** One write for all: a crash loses whole flushes, and `through` says from when on. */
  async function flush(isClean: boolean): Promise<void> {
    if (!mayFlush) return;
    if (fresh.size === 0 && !isClean) return;
    const taken = fresh;
    fresh = new Map();
    try {
      const writes: DocumentWrite[] = [await stateWrite(isClean)];
      for (const [workspace, minutes] of taken) {
        known.add(workspace);
        for (const [minute, cells] of minutes) {
          const place = { collection: minutesOf, workspace, id: idOf(minute) };
          const stored = await documents.get(place);
          const sum = stored === null ? new Map<string, C>() : toCells(stored);
          mergeCells(sum, cells);
          writes.push({ ...place, expected: stored?.revision ?? null, body: toBody(sum), group: null });
          hours.delete(`${floorHour(minute)} ${workspace}`);
        }
      }
      if ((await documents.put(writes)) === null)
        throw new Error(`Expected nobody else to write the documents of ${kind.name}, but somebody has.`);
    } catch (error) {
      // Nothing is lost but time: it goes with the next flush.
      const later = fresh;
      fresh = taken;
      for (const [workspace, minutes] of later)
        for (const [minute, cells] of minutes) mergeCells(cellsAt(fresh, workspace, minute), cells);
      throw error;
    }
  }

  async function stateWrite(isClean: boolean): Promise<DocumentWrite> {
    const stored = await documents.get(state);
    return {
      ...state,
      expected: stored?.revision ?? null,
      body: { through: clock.now(), clean: isClean },
      group: null,
    };
  }

  /** Sums up the hours that are over, and drops minutes that nobody will be shown any more. */
  async function seal(): Promise<void> {
    const now = clock.now();
    for (const workspace of known) {
      const lastSealed = floorHour(now - SEAL_AFTER_MS) - HOUR_MS;
      for (let hour = lastSealed; hour > lastSealed - MINUTES_KEPT_MS; hour -= HOUR_MS) {
        const place = { collection: hoursOf, workspace, id: idOf(hour) };
        // Hours are sealed in their order: one that is there says that those before it are.
        if ((await documents.get(place)) !== null) break;
        const sum = new Map<string, C>();
        for (const cells of (await minutesOfHour(workspace, hour)).values()) mergeCells(sum, cells);
        if (sum.size > 0) await documents.put([{ ...place, expected: null, body: toBody(sum), group: null }]);
      }
      await drop(minutesOf, workspace, floorHour(now - MINUTES_KEPT_MS - 2 * HOUR_MS));
      await drop(hoursOf, workspace, floorHour(now - HOURS_KEPT_MS));
    }
  }

  async function drop(collection: string, workspace: string, before: Instant): Promise<void> {
    const old = await documents.list({ collection, workspace, limit: LIST_MAX });
    const writes = old
      .filter(({ id }) => id < idOf(before))
      .map(({ id, revision }) => ({ collection, workspace, id, expected: revision, body: null, group: null }));
    if (writes.length > 0) await documents.put(writes);
  }

  let sealedHour = 0;
  return {
    cell: (workspace, at, series) => cellOf(cellsAt(fresh, workspace, Math.floor(at / MINUTE_MS) * MINUTE_MS), series),
    read: (query) => inTurn(() => read(query)),
    flush: () =>
      inTurn(async () => {
        await flush(false);
        const hour = floorHour(clock.now() - SEAL_AFTER_MS);
        if (!mayFlush || hour === sealedHour) return;
        await seal();
        sealedHour = hour;
      }),
    async readState() {
      const body = (await documents.get(state))?.body;
      if (!isObject(body) || typeof body["through"] !== "number") return null;
      return { through: body["through"], isClean: body["clean"] === true };
    },
    restate: (from, minutes) =>
      inTurn(async () => {
        const first = floorHour(from);
        const finest = floorHour(clock.now() - MINUTES_KEPT_MS);
        for (const [workspace, book] of minutes) {
          known.add(workspace);
          const byHour = new Map<Instant, Cells<C>>();
          const targets = new Map<string, { collection: string; cells: Cells<C> }>();
          for (const [minute, cells] of book) {
            if (minute < first) continue;
            if (minute >= finest) targets.set(`m${idOf(minute)}`, { collection: minutesOf, cells });
            const hour = byHour.get(floorHour(minute)) ?? new Map<string, C>();
            byHour.set(floorHour(minute), hour);
            mergeCells(hour, cells);
          }
          for (const [hour, cells] of byHour)
            if (hour < finest) targets.set(`h${idOf(hour)}`, { collection: hoursOf, cells });
          await removeFrom(minutesOf, workspace, first);
          await removeFrom(hoursOf, workspace, floorHour(first));
          for (const chunk of chunks([...targets], LIST_MAX)) {
            await documents.put(
              chunk.map(([key, { collection, cells }]) => ({
                collection,
                workspace,
                id: key.slice(1),
                expected: null,
                body: toBody(cells),
                group: null,
              })),
            );
          }
          for (const hour of byHour.keys()) hours.delete(`${hour} ${workspace}`);
        }
        mayFlush = true;
        await documents.put([await stateWrite(false)]);
      }),
    begin: () =>
      inTurn(async () => {
        mayFlush = true;
        await documents.put([await stateWrite(false)]);
      }),
    close: () => inTurn(() => flush(true)),
  };

  async function removeFrom(collection: string, workspace: string, from: Instant): Promise<void> {
    const old = await listBetween(collection, workspace, from, Number.MAX_SAFE_INTEGER);
    for (const chunk of chunks(old, LIST_MAX))
      await documents.put(
        chunk.map(({ id, revision }) => ({ collection, workspace, id, expected: revision, body: null, group: null })),
      );
  }
}

function floorHour(at: Instant): Instant {
  return Math.floor(at / HOUR_MS) * HOUR_MS;
}

/** Sorts as the times do. */
function idOf(at: Instant): string {
  return String(Math.floor(at / MINUTE_MS)).padStart(16, "0");
}

function timeOf(id: string): Instant {
  return Number(id) * MINUTE_MS;
}

/** The greatest id below that of `at`. */
function idBefore(at: Instant): string {
  return idOf(at - MINUTE_MS);
}

function* chunks<T>(items: readonly T[], size: number): Iterable<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}
