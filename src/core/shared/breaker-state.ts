/**
 * A circuit breaker as it is: its counts, who has been let through, and who stands in line.
 *
 * Its rows: its own, `transitions`, and one for each call that has a permit or stands in line, under the task's id. So a
 * counted call writes a few bytes, however long the line is.
 */

import type { Json } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { BreakerPhase, BreakerSettings } from "../engine/circuit.ts";

export interface Breaker {
  phase: BreakerPhase;
  since: Instant;
  /** While open: when it lets calls through to see. */
  until: Instant | null;
  /** Null: nothing has been counted yet. */
  settings: BreakerSettings | null;
  /** In a row, while closed. */
  failures: number;
  /** While closed, where the share of failures counts: seconds of the last minute in which calls ended, oldest first. */
  window: readonly Second[];
  /** Of the calls that were let through to see. */
  successes: number;
  /** When it last changed. */
  usedAt: Instant;
  /** Oldest first. */
  transitions: readonly Transition[];
  readonly permits: Map<string, Caller>;
  /** In the order in which they came. */
  readonly line: Map<string, Caller>;
  /** Rows come back in any order. */
  isLineSorted: boolean;
  places: number;
}

export interface Second {
  readonly second: number;
  readonly calls: number;
  readonly failures: number;
}

export interface Caller {
  readonly target: string;
  readonly taskId: string;
  readonly executionId: string;
  readonly path: string;
  readonly attempt: number;
  /** Since when it has its permit or stands in line. */
  readonly since: Instant;
  /** Its place in line. */
  readonly place: number;
}

export interface Transition {
  readonly at: Instant;
  readonly from: BreakerPhase;
  readonly to: BreakerPhase;
  readonly reason: string;
}

export const TRANSITIONS_MAX = 50;
export const TRANSITIONS_MEMBER = "transitions";

export function createBreaker(): Breaker {
  return {
    phase: "closed",
    since: 0,
    until: null,
    settings: null,
    failures: 0,
    window: [],
    successes: 0,
    usedAt: 0,
    transitions: [],
    permits: new Map(),
    line: new Map(),
    isLineSorted: true,
    places: 0,
  };
}

type OwnRow = Omit<Breaker, "transitions" | "permits" | "line" | "isLineSorted" | "places">;
type CallerRow = Caller & { readonly hasPermit: boolean };

export function ownRow(state: Breaker): Json {
  const { phase, since, until, settings, failures, window, successes, usedAt } = state;
  const row: OwnRow = { phase, since, until, settings, failures, window, successes, usedAt };
  return row as unknown as Json;
}

/** Null: it neither has a permit nor stands in line. */
export function callerRow(state: Breaker, taskId: string): Json | null {
  const permit = state.permits.get(taskId);
  const caller = permit ?? state.line.get(taskId);
  if (caller === undefined) return null;
  const row: CallerRow = { ...caller, hasPermit: permit !== undefined };
  return row as unknown as Json;
}

export function restoreBreaker(state: Breaker, member: string, body: Json): void {
  if (member === "") {
    Object.assign(state, body as unknown as OwnRow);
  } else if (member === TRANSITIONS_MEMBER) {
    state.transitions = body as unknown as readonly Transition[];
  } else {
    const { hasPermit, ...caller } = body as unknown as CallerRow;
    (hasPermit ? state.permits : state.line).set(member, caller);
    state.places = Math.max(state.places, caller.place);
    state.isLineSorted = false;
  }
}

export function firstInLine(state: Breaker): Caller | null {
  if (!state.isLineSorted) {
    const callers = [...state.line.values()].sort((a, b) => a.place - b.place);
    state.line.clear();
    for (const caller of callers) state.line.set(caller.taskId, caller);
    state.isLineSorted = true;
  }
  for (const caller of state.line.values()) return caller;
  return null;
}
