/**
 * The shared records of a shard, in memory: those whose key hashes to it. Every kind of record is a state machine of
 * `core/shared`; this is where a place finds its machine.
 */

import { shardOfKey } from "../../core/base/ids.ts";
import type { Json } from "../../core/base/json.ts";
import type { Instant } from "../../core/base/time.ts";
import { PLATFORM_SLOTS, type SharedPlace } from "../../core/engine/sharing.ts";
import { BREAKER, type Breaker, type BreakerAnswer, type BreakerCommand } from "../../core/shared/breaker.ts";
import { type DebounceAnswer, type DebounceCommand, debounceKind } from "../../core/shared/debounce.ts";
import type { Consequences, SharedKind } from "../../core/shared/kind.ts";
import { RATE, type RateAnswer, type RateCommand } from "../../core/shared/rate.ts";
import { type Slots, type SlotsAnswer, type SlotsCommand, slotsKind } from "../../core/shared/slots.ts";
import type { SharedRow } from "../../ports/store.ts";
import type { Loop } from "../loop.ts";
import type { Shard } from "../shard.ts";

/** What may be said to a record, by its kind, and what it answers. */
export interface SharedTalk {
  readonly breaker: { readonly command: BreakerCommand; readonly answer: BreakerAnswer; readonly state: Breaker };
  readonly slots: { readonly command: SlotsCommand; readonly answer: SlotsAnswer; readonly state: Slots };
  readonly debounce: { readonly command: DebounceCommand; readonly answer: DebounceAnswer; readonly state: unknown };
  readonly rate: { readonly command: RateCommand; readonly answer: RateAnswer; readonly state: unknown };
}

export type SharedCommand = SharedTalk[keyof SharedTalk]["command"] | { readonly kind: "Tick" };

/** A record with its machine: which types are inside is known where its place is. */
export interface SharedRecord {
  readonly workspace: string;
  readonly place: SharedPlace;
  readonly state: unknown;
  restore(member: string, body: Json): void;
  /** Applied when this returns; what follows is to be written and sent. */
  decide(command: SharedCommand, now: Instant): { readonly answer: unknown; readonly follows: readonly Consequences[] };
  dueAt(): Instant | null;
  isIdle(): boolean;
}

/** The workspace in which a place stands: the slots of the platform are everybody's. */
export function workspaceOf(workspace: string, { kind, key }: SharedPlace): string {
  return kind === "slots" && key === PLATFORM_SLOTS ? "" : workspace;
}

export function shardOfPlace(loop: Loop, workspace: string, place: SharedPlace): Shard {
  const index = shardOfKey(recordId(workspaceOf(workspace, place), place), loop.shards.length);
  return loop.shards[index] as Shard;
}

export function recordId(workspace: string, { kind, key }: SharedPlace): string {
  return `${workspace}\n${kind}\n${key}`;
}

/** The record as it is in memory; null where nothing is known of it, which is how a new one begins. */
export function peekRecord(loop: Loop, workspace: string, place: SharedPlace): SharedRecord | null {
  const owner = workspaceOf(workspace, place);
  return shardOfPlace(loop, workspace, place).records.get(recordId(owner, place)) ?? null;
}

export function recordOf(shard: Shard, workspace: string, place: SharedPlace): SharedRecord {
  const id = recordId(workspace, place);
  const known = shard.records.get(id);
  if (known !== undefined) return known;
  const record = createRecord(workspace, place);
  shard.records.set(id, record);
  return record;
}

/** Rows of kinds that this version does not know stay where they are: a newer one has written them. */
export function restoreRecords(shard: Shard, rows: readonly SharedRow[]): void {
  for (const { workspace, kind, key, member, body } of rows) {
    if (isKind(kind)) recordOf(shard, workspace, { kind, key }).restore(member, body);
  }
}

function isKind(kind: string): kind is SharedPlace["kind"] {
  return kind === "breaker" || kind === "slots" || kind === "debounce" || kind === "rate";
}

function createRecord(workspace: string, place: SharedPlace): SharedRecord {
  switch (place.kind) {
    case "breaker":
      return recordWith(workspace, place, BREAKER);
    case "slots":
      return recordWith(workspace, place, slotsKind(place.key));
    case "debounce":
      return recordWith(workspace, place, debounceKind(place.key));
    case "rate":
      return recordWith(workspace, place, RATE);
  }
}

function recordWith<State, Command, Event, Answer>(
  workspace: string,
  place: SharedPlace,
  kind: SharedKind<State, Command, Event, Answer>,
): SharedRecord {
  const state = kind.create();
  return {
    workspace,
    place,
    state,
    restore: (member, body) => kind.restore(state, member, body),
    decide(command, now) {
      // Whoever sends to a place knows its kind; the types of both go through `SharedTalk`.
      const { events, answer } = kind.decide(state, command as Command, now);
      return { answer, follows: events.map((event) => kind.consequencesOf(state, event)) };
    },
    dueAt: () => kind.dueAt(state),
    isIdle: () => kind.isIdle(state),
  };
}
