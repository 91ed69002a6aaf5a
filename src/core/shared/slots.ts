/**
 * The slots of one key: how many executions may run under it at a time, who holds one, and who waits in line.
 *
 *     Acquire ──► in line ──► granted ──► Release: the next in line is granted
 *                    │
 *                    └──► dropped, or the oldest is told to end, where its workflow says so
 *
 * The line goes by priority, and waiting counts: one level of priority is worth a minute. So a critical execution goes
 * before a low one that came up to seven minutes earlier, and none waits for ever behind newer ones. Each who asks brings
 * its own limit along, because versions of a workflow may differ in it; the first in line is granted a slot once fewer
 * than its limit are held.
 */

import type { Json } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { SlotsMessage } from "../engine/sharing.ts";
import { type Consequences, type Decided, NO_CONSEQUENCES, type SharedKind } from "./kind.ts";

export interface Slots {
  readonly held: Map<string, Holder>;
  /** First who is next. */
  readonly line: Waiter[];
  readonly waiting: Map<string, Waiter>;
  /** For starts on their way that were promised a slot; in memory only, for a promise is not kept over a crash. */
  readonly reserved: Map<string, Instant>;
  /** Counts grants and arrivals: which was first. */
  count: number;
}

export interface Holder {
  readonly turn: number;
  readonly at: Instant;
  readonly count: number;
  isOusted: boolean;
}

export interface Waiter {
  readonly executionId: string;
  readonly turn: number;
  readonly since: Instant;
  readonly priority: number;
  readonly limit: number;
  readonly count: number;
  isOusted: boolean;
}

export type SlotsCommand =
  | SlotsMessage
  /** From a start that is refused where there is no slot: holds one for it until it has been accepted. */
  | { readonly kind: "Reserve"; readonly executionId: string; readonly limit: number }
  /** The start was not accepted after all. */
  | { readonly kind: "Unreserve"; readonly executionId: string }
  | { readonly kind: "Tick" };

export type SlotsEvent =
  | { readonly type: "SlotQueued"; readonly waiter: Omit<Waiter, "isOusted"> }
  | {
      readonly type: "SlotGranted";
      readonly executionId: string;
      readonly turn: number;
      readonly at: Instant;
      readonly count: number;
    }
  | { readonly type: "SlotDropped"; readonly executionId: string; readonly turn: number; readonly limit: number }
  /** A newer one takes its place: it is told to end, and keeps slot or place in line until it has. */
  | { readonly type: "SlotOusted"; readonly executionId: string; readonly by: string }
  | { readonly type: "SlotReleased"; readonly executionId: string; readonly wasHeld: boolean }
  | { readonly type: "SlotReserved"; readonly executionId: string; readonly until: Instant }
  | { readonly type: "SlotUnreserved"; readonly executionId: string };

export interface SlotsAnswer {
  /** Of a `Reserve`: whether there was room. */
  readonly isReserved: boolean;
  /** Of a `Reserve` that met none: who holds slots now, oldest first, or is about to; at most ten. */
  readonly holders: readonly string[];
}

/** What waiting for one level of priority is worth. */
export const LEVEL_MS = 60_000;

/** A start that has not asked for its slot by then was not accepted. */
const RESERVED_MS = 30_000;

const SHOWN_MAX = 10;

export function slotsKind(key: string): SharedKind<Slots, SlotsCommand, SlotsEvent, SlotsAnswer> {
  return {
    create: () => ({ held: new Map(), line: [], waiting: new Map(), reserved: new Map(), count: 0 }),
    restore,
    decide,
    consequencesOf: (slots, event) => consequencesOf(slots, event, key),
    dueAt: ({ reserved }) => (reserved.size === 0 ? null : Math.min(...reserved.values())),
    isIdle: ({ held, line, reserved }) => held.size === 0 && line.length === 0 && reserved.size === 0,
  };
}

function decide(slots: Slots, command: SlotsCommand, now: Instant): Decided<SlotsEvent, SlotsAnswer> {
  const events: SlotsEvent[] = [];
  const record = (event: SlotsEvent) => {
    evolve(slots, event);
    events.push(event);
  };
  const isReserved = apply(slots, command, now, record);
  for (let next = slots.line[0]; next !== undefined && slots.held.size < next.limit; next = slots.line[0]) {
    const { executionId, turn } = next;
    record({ type: "SlotGranted", executionId, turn, at: now, count: slots.count + 1 });
  }
  const holders = command.kind === "Reserve" && !isReserved ? holdersOf(slots) : [];
  return { events, answer: { isReserved, holders } };
}

function apply(slots: Slots, command: SlotsCommand, now: Instant, record: (event: SlotsEvent) => void): boolean {
  switch (command.kind) {
    case "Acquire": {
      const { executionId, turn } = command;
      const known = slots.held.get(executionId) ?? slots.waiting.get(executionId);
      if (known?.turn === turn) return false;
      // Who asks anew has nothing left of what it asked for before.
      if (known !== undefined) release(slots, executionId, record);
      acquire(slots, command, record);
      return false;
    }
    case "Release":
      release(slots, command.executionId, record);
      return false;
    case "Reserve": {
      const { executionId, limit } = command;
      dropOverdue(slots, now, record);
      const { held, line, waiting, reserved } = slots;
      // The same start, sent twice: it is known by its id once it is decided.
      if (held.has(executionId) || waiting.has(executionId) || reserved.has(executionId)) return true;
      if (held.size + line.length + reserved.size >= limit) return false;
      record({ type: "SlotReserved", executionId, until: now + RESERVED_MS });
      return true;
    }
    case "Unreserve": {
      const { executionId } = command;
      if (slots.reserved.has(executionId)) record({ type: "SlotUnreserved", executionId });
      return false;
    }
    case "Tick":
      dropOverdue(slots, now, record);
      return false;
  }
}

function release(slots: Slots, executionId: string, record: (event: SlotsEvent) => void): void {
  const wasHeld = slots.held.has(executionId);
  if (wasHeld || slots.waiting.has(executionId)) record({ type: "SlotReleased", executionId, wasHeld });
}

/** Also what would last longer than any promise, because the clock was set back. */
function dropOverdue({ reserved }: Slots, now: Instant, record: (event: SlotsEvent) => void): void {
  for (const [executionId, until] of reserved) {
    if (until <= now || until > now + RESERVED_MS) record({ type: "SlotUnreserved", executionId });
  }
}

function acquire(
  slots: Slots,
  { executionId, turn, limit, onLimit, priority, since }: Extract<SlotsCommand, { kind: "Acquire" }>,
  record: (event: SlotsEvent) => void,
): void {
  const isFull = slots.held.size >= limit || slots.line.length > 0;
  if (isFull && onLimit === "drop") return record({ type: "SlotDropped", executionId, turn, limit });
  record({ type: "SlotQueued", waiter: { executionId, turn, since, priority, limit, count: slots.count + 1 } });
  if (onLimit === "cancel_oldest") oust(slots, limit, executionId, record);
}

/** Tells the oldest to end until as many are left as there are slots: who waits already is older than who comes now. */
function oust(slots: Slots, limit: number, by: string, record: (event: SlotsEvent) => void): void {
  const all = [...slots.held, ...slots.waiting]
    .filter(([id, { isOusted }]) => !isOusted && id !== by)
    .toSorted(([, a], [, b]) => a.count - b.count);
  for (const [executionId] of all.slice(0, Math.max(0, all.length + 1 - limit))) {
    record({ type: "SlotOusted", executionId, by });
  }
}

function evolve(slots: Slots, event: SlotsEvent): void {
  switch (event.type) {
    case "SlotQueued":
      slots.count = event.waiter.count;
      slots.reserved.delete(event.waiter.executionId);
      return join(slots, { ...event.waiter, isOusted: false });
    case "SlotGranted":
      slots.count = event.count;
      leaveLine(slots, event.executionId);
      slots.held.set(event.executionId, { turn: event.turn, at: event.at, count: event.count, isOusted: false });
      return;
    case "SlotOusted": {
      const ousted = slots.held.get(event.executionId) ?? slots.waiting.get(event.executionId);
      if (ousted !== undefined) ousted.isOusted = true;
      return;
    }
    case "SlotReleased":
      slots.held.delete(event.executionId);
      return leaveLine(slots, event.executionId);
    case "SlotReserved":
      slots.reserved.set(event.executionId, event.until);
      return;
    case "SlotDropped":
    case "SlotUnreserved":
      slots.reserved.delete(event.executionId);
      return;
  }
}

/** Its place follows from what does not change while it waits, so the line is never sorted anew. */
function join(slots: Slots, waiter: Waiter): void {
  slots.waiting.set(waiter.executionId, waiter);
  let [from, to] = [0, slots.line.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (goesBefore(waiter, slots.line[middle] as Waiter)) to = middle;
    else from = middle + 1;
  }
  slots.line.splice(from, 0, waiter);
}

function goesBefore(a: Waiter, b: Waiter): boolean {
  const difference = rankOf(a) - rankOf(b);
  return difference < 0 || (difference === 0 && a.count < b.count);
}

function rankOf({ since, priority }: Waiter): number {
  return since - priority * LEVEL_MS;
}

function leaveLine(slots: Slots, executionId: string): void {
  if (!slots.waiting.delete(executionId)) return;
  slots.line.splice(
    slots.line.findIndex((waiter) => waiter.executionId === executionId),
    1,
  );
}

function consequencesOf(slots: Slots, event: SlotsEvent, key: string): Consequences {
  switch (event.type) {
    case "SlotQueued":
      return { ...NO_CONSEQUENCES, rows: [rowOf(slots, event.waiter.executionId)] };
    case "SlotGranted": {
      const { executionId, turn } = event;
      return {
        rows: [rowOf(slots, executionId)],
        sends: [{ executionId, command: { kind: "Admit", key, turn } }],
      };
    }
    case "SlotDropped": {
      const { executionId, turn, limit } = event;
      return { rows: [], sends: [{ executionId, command: { kind: "Drop", key, turn, limit } }] };
    }
    case "SlotOusted": {
      const { executionId, by } = event;
      const reason = `Execution ${by} took its place in "${key}".`;
      const command = { kind: "Cancel", id: `slots/${key}/${by}`, reason } as const;
      return { rows: [rowOf(slots, executionId)], sends: [{ executionId, command }] };
    }
    case "SlotReleased":
      return { ...NO_CONSEQUENCES, rows: [{ member: event.executionId, body: null }] };
    case "SlotReserved":
    case "SlotUnreserved":
      return NO_CONSEQUENCES;
  }
}

/** The row says how things are now; several events of one decision write the same row. */
function rowOf(slots: Slots, executionId: string): { member: string; body: Json | null } {
  const holder = slots.held.get(executionId);
  if (holder !== undefined) {
    const { turn, at, count, isOusted } = holder;
    return { member: executionId, body: { state: "held", turn, at, count, ousted: isOusted } };
  }
  const waiter = slots.waiting.get(executionId);
  if (waiter === undefined) return { member: executionId, body: null };
  const { turn, since, priority, limit, count, isOusted } = waiter;
  return { member: executionId, body: { state: "waiting", turn, since, priority, limit, count, ousted: isOusted } };
}

/** As `rowOf` wrote it. */
type StoredMember = { readonly turn: number; readonly count: number; readonly ousted: boolean } & (
  | { readonly state: "held"; readonly at: Instant }
  | { readonly state: "waiting"; readonly since: Instant; readonly priority: number; readonly limit: number }
);

function restore(slots: Slots, executionId: string, body: Json): void {
  const stored = body as unknown as StoredMember;
  const { turn, count, ousted: isOusted } = stored;
  slots.count = Math.max(slots.count, count);
  if (stored.state === "held") {
    slots.held.set(executionId, { turn, at: stored.at, count, isOusted });
  } else {
    const { since, priority, limit } = stored;
    join(slots, { executionId, turn, since, priority, limit, count, isOusted });
  }
}

/** Oldest first; those that only have a reservation last. */
export function holdersOf({ held, reserved }: Slots): readonly string[] {
  const holders = [...held].toSorted(([, a], [, b]) => a.count - b.count).map(([id]) => id);
  return [...holders.slice(0, SHOWN_MAX), ...reserved.keys()].slice(0, SHOWN_MAX);
}

/** How many go before it in line; null if it does not wait. */
export function placeInLine(slots: Slots, executionId: string): number | null {
  const place = slots.line.findIndex((waiter) => waiter.executionId === executionId);
  return place === -1 ? null : place;
}
