/**
 * A circuit breaker: stops calling a target that keeps failing, for all executions of a workspace at once.
 *
 *              failures in a row, or their share in a minute
 *     closed ─────────────────────────────────────────────────► open
 *       ▲  ▲                                              ▲      │ recovery time-out is over
 *       │  └── reset by hand, from anywhere               │      ▼
 *       └────── every call let through succeeded ──── half open ─┘ one of them failed, or its lease was lost
 *
 * Half open it hands out permits, never more than `halfOpenCallsMax` at a time and no more than are needed to close. Who
 * would rather wait stands in line until there is a permit or it closes. The step from open to half open needs no timer:
 * it is taken when somebody asks, and a timer runs only where somebody stands in line.
 *
 * A call that was under way when the breaker opened says nothing of the time after, so its outcome is passed over.
 */

import { defined, unreachable } from "../base/bug.ts";
import { equals, type Json } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type {
  AskCircuit,
  BreakerCommand,
  BreakerPhase,
  BreakerSettings,
  CallOutcome,
  CircuitView,
  ReportCall,
} from "../engine/circuit.ts";
import {
  type Breaker,
  type Caller,
  callerRow,
  createBreaker,
  firstInLine,
  ownRow,
  restoreBreaker,
  TRANSITIONS_MAX,
  TRANSITIONS_MEMBER,
} from "./breaker-state.ts";
import { type Consequences, NO_CONSEQUENCES, type SharedKind } from "./kind.ts";

export type BreakerEvent =
  | { readonly kind: "SettingsChanged"; readonly settings: BreakerSettings }
  /** While closed. */
  | { readonly kind: "CallCounted"; readonly at: Instant; readonly outcome: "success" | "failure" }
  /** A call that was let through to see. */
  | { readonly kind: "TrialSucceeded"; readonly at: Instant; readonly taskId: string }
  | { readonly kind: "CallerQueued"; readonly caller: Caller }
  | { readonly kind: "PermitGiven"; readonly at: Instant; readonly caller: Caller }
  /** It was let through and says nothing, or has left the line. */
  | { readonly kind: "CallerLeft"; readonly at: Instant; readonly taskId: string }
  /** Out of the line: the breaker is closed. */
  | { readonly kind: "CallerReleased"; readonly caller: Caller }
  | {
      readonly kind: "CallerAnswered";
      readonly call: AskCircuit;
      readonly verdict: Verdict;
      readonly until: Instant | null;
    }
  | (Change & { readonly kind: "BreakerOpened"; readonly until: Instant })
  | (Change & { readonly kind: "BreakerHalfOpened" })
  | (Change & { readonly kind: "BreakerClosed" })
  | (Change & { readonly kind: "BreakerReset" })
  /** Nobody has called for so long that what is known says nothing any more. */
  | { readonly kind: "BreakerForgotten"; readonly dropped: readonly string[] };

/** `dropped`: permits that count no more. */
interface Change {
  readonly at: Instant;
  readonly from: BreakerPhase;
  readonly reason: string;
  readonly dropped: readonly string[];
}

export type { Breaker, BreakerCommand };
/** Nobody waits for what a breaker has to say but executions. */
export type BreakerAnswer = null;

export type Verdict = "closed" | "permit" | "open";

/** The share of failures is taken over this time, and over no fewer calls. */
const WINDOW_SECONDS = 60;
const WINDOW_CALLS_MIN = 10;

/** A call that has not ended after this (or the recovery time-out) keeps its place no longer; its outcome still counts. */
const PERMIT_MS_MIN = 60_000;

/** So many are let go of at a time, so that a long line does not hold up the neighbours. */
const RELEASED_AT_A_TIME = 500;

/** After so long without a call that counted, nothing is remembered. */
const REMEMBERED_MS = 7 * 86_400_000;

export const BREAKER: SharedKind<Breaker, BreakerCommand, BreakerEvent, BreakerAnswer> = {
  create: createBreaker,
  restore: restoreBreaker,
  decide(state, command, now) {
    const decision: Decision = { state, now, events: [] };
    decideCommand(decision, command);
    return { events: decision.events, answer: null };
  },
  consequencesOf,
  dueAt,
  isIdle: ({ phase, failures, window, transitions, permits, line }) =>
    phase === "closed" && failures + window.length + transitions.length + permits.size + line.size === 0,
};

/** The breaker as a decision of an execution sees it. */
export function circuitView(state: Breaker, now: Instant): CircuitView {
  const { settings, failures, until } = state;
  const phase = phaseAt(state, now);
  const isFull = phase === "half_open" && state.phase === "half_open" && roomOf(state, now) <= 0;
  const isQuiet = phase === "closed" && failures === 0 && (settings?.failureRateThreshold ?? null) === null;
  return { state: phase, until: phase === "open" ? until : null, isFull, isQuiet };
}

/** Once its time is over an open breaker is half open, though nothing was written yet. */
export function phaseAt({ phase, until }: Breaker, now: Instant): BreakerPhase {
  return phase === "open" && until !== null && until <= now ? "half_open" : phase;
}

/** How many calls of the last minute ended, and how many of them failed. */
export function windowOf({ window }: Breaker, now: Instant): { readonly calls: number; readonly failures: number } {
  const oldest = Math.floor(now / 1000) - WINDOW_SECONDS;
  const recent = window.filter(({ second }) => second > oldest);
  return {
    calls: recent.reduce((sum, { calls }) => sum + calls, 0),
    failures: recent.reduce((sum, { failures }) => sum + failures, 0),
  };
}

/** Calls that are let through at the moment and keep their places. */
export function trialsOf(state: Breaker, now: Instant): readonly Caller[] {
  const oldest = now - permitMs(state);
  return [...state.permits.values()].filter(({ since }) => since > oldest);
}

interface Decision {
  readonly state: Breaker;
  readonly now: Instant;
  readonly events: BreakerEvent[];
}

function decideCommand(decision: Decision, command: BreakerCommand): void {
  const { state } = decision;
  switch (command.kind) {
    case "AskCircuit":
      if (state.phase !== "closed") tune(decision, command.settings);
      look(decision);
      return ask(decision, command);
    case "ReportCall":
      if (state.phase !== "closed") tune(decision, command.settings);
      report(decision, command);
      return look(decision);
    case "ResetBreaker":
      return reset(decision, command.by);
    case "Tick":
      look(decision);
      return forget(decision);
    default:
      return unreachable(command);
  }
}

/** What follows from the time alone, and from what was just recorded. */
function look(decision: Decision): void {
  const { state, now } = decision;
  if (state.phase === "open" && phaseAt(state, now) === "half_open") {
    change(decision, "BreakerHalfOpened", "the recovery time-out is over");
  }
  if (state.phase === "half_open" && state.successes >= settingsIn(state).halfOpenCallsMax) {
    const calls = state.successes === 1 ? "the call" : `all ${state.successes} calls`;
    change(decision, "BreakerClosed", `${calls} let through succeeded`);
  }
  serveLine(decision);
}

function serveLine(decision: Decision): void {
  const { state, now } = decision;
  if (state.phase === "open") return;
  let released = 0;
  for (let caller = firstInLine(state); caller !== null; caller = firstInLine(state)) {
    if (state.phase === "closed") {
      if (released === RELEASED_AT_A_TIME) return;
      released += 1;
      record(decision, { kind: "CallerReleased", caller });
    } else {
      if (roomOf(state, now) <= 0) return;
      record(decision, { kind: "PermitGiven", at: now, caller: { ...caller, since: now } });
    }
  }
}

function ask(decision: Decision, call: AskCircuit): void {
  const { state, now } = decision;
  const answer = (verdict: Verdict, until: Instant | null) =>
    record(decision, { kind: "CallerAnswered", call, verdict, until });
  if (state.phase === "closed") return answer("closed", null);
  const { target, taskId, executionId, path, attempt } = call;
  const caller: Caller = { target, taskId, executionId, path, attempt, since: now, place: state.places + 1 };
  if (state.phase === "half_open") {
    const known = state.permits.get(taskId);
    if (known !== undefined) return record(decision, { kind: "PermitGiven", at: now, caller: known });
    if (roomOf(state, now) > 0) return record(decision, { kind: "PermitGiven", at: now, caller });
  }
  if (call.mode === "fail") return answer("open", state.phase === "open" ? state.until : null);
  if (!state.line.has(taskId)) record(decision, { kind: "CallerQueued", caller });
}

function report(decision: Decision, call: ReportCall): void {
  const { state, now } = decision;
  const { taskId, outcome } = call;
  const hasPermit = state.permits.has(taskId);
  if (state.line.has(taskId)) record(decision, { kind: "CallerLeft", at: now, taskId });
  else if (hasPermit && outcome === "none") record(decision, { kind: "CallerLeft", at: now, taskId });
  else if (hasPermit && outcome === "success") record(decision, { kind: "TrialSucceeded", at: now, taskId });
  else if (hasPermit) open(decision, "a call that was let through failed");
  else if (state.phase === "closed" && outcome !== "none") count(decision, outcome, call.settings);
}

function count(decision: Decision, outcome: Exclude<CallOutcome, "none">, settings: BreakerSettings): void {
  const { state, now } = decision;
  if (outcome === "success" && state.failures === 0 && settings.failureRateThreshold === null) return;
  tune(decision, settings);
  record(decision, { kind: "CallCounted", at: now, outcome });
  if (state.failures >= settings.failureThreshold) {
    return open(decision, state.failures === 1 ? "a call failed" : `${state.failures} calls in a row failed`);
  }
  const { calls, failures } = windowOf(state, now);
  if (settings.failureRateThreshold === null || calls < WINDOW_CALLS_MIN) return;
  if (failures / calls >= settings.failureRateThreshold) {
    open(decision, `${failures} of ${calls} calls within ${WINDOW_SECONDS} s failed`);
  }
}

function reset(decision: Decision, by: string): void {
  const { state } = decision;
  if (state.phase === "closed" && state.failures === 0 && state.window.length === 0) return look(decision);
  change(decision, "BreakerReset", `reset by ${by}`);
  look(decision);
}

function forget(decision: Decision): void {
  const { state, now } = decision;
  if (state.line.size > 0 || now < state.usedAt + REMEMBERED_MS) return;
  record(decision, { kind: "BreakerForgotten", dropped: [...state.permits.keys()] });
}

function open(decision: Decision, reason: string): void {
  const { state, now } = decision;
  const until = now + settingsIn(state).recoveryTimeoutMs;
  record(decision, { kind: "BreakerOpened", until, ...changeOf(decision, reason) });
}

function change(
  decision: Decision,
  kind: "BreakerHalfOpened" | "BreakerClosed" | "BreakerReset",
  reason: string,
): void {
  record(decision, { kind, ...changeOf(decision, reason) });
}

function changeOf({ state, now }: Decision, reason: string): Change {
  return { at: now, from: state.phase, reason, dropped: [...state.permits.keys()] };
}

function tune(decision: Decision, settings: BreakerSettings): void {
  const { state } = decision;
  const isSame = state.settings !== null && equals(state.settings as unknown as Json, settings as unknown as Json);
  if (!isSame) record(decision, { kind: "SettingsChanged", settings });
}

function settingsIn({ settings }: Breaker): BreakerSettings {
  return defined(settings, "a breaker that has counted to have settings");
}

function roomOf(state: Breaker, now: Instant): number {
  return settingsIn(state).halfOpenCallsMax - state.successes - trialsOf(state, now).length;
}

function permitMs({ settings }: Breaker): number {
  return Math.max(PERMIT_MS_MIN, settings?.recoveryTimeoutMs ?? 0);
}

function record(decision: Decision, event: BreakerEvent): void {
  decision.events.push(event);
  evolve(decision.state, event);
}

function evolve(state: Breaker, event: BreakerEvent): void {
  switch (event.kind) {
    case "SettingsChanged":
      state.settings = event.settings;
      return;
    case "CallCounted":
      state.usedAt = event.at;
      state.failures = event.outcome === "failure" ? state.failures + 1 : 0;
      state.window = settingsIn(state).failureRateThreshold === null ? [] : countedIn(state, event);
      return;
    case "TrialSucceeded":
      state.usedAt = event.at;
      state.permits.delete(event.taskId);
      state.successes += 1;
      return;
    case "CallerQueued":
      state.usedAt = event.caller.since;
      state.places = event.caller.place;
      state.line.set(event.caller.taskId, event.caller);
      return;
    case "PermitGiven":
      state.usedAt = event.at;
      state.places = Math.max(state.places, event.caller.place);
      state.line.delete(event.caller.taskId);
      state.permits.set(event.caller.taskId, event.caller);
      return;
    case "CallerLeft":
      state.usedAt = event.at;
      state.permits.delete(event.taskId);
      state.line.delete(event.taskId);
      return;
    case "CallerReleased":
      state.line.delete(event.caller.taskId);
      return;
    case "CallerAnswered":
      return;
    case "BreakerOpened":
      enter(state, "open", event);
      state.until = event.until;
      return;
    case "BreakerHalfOpened":
      return enter(state, "half_open", event);
    case "BreakerClosed":
    case "BreakerReset":
      return enter(state, "closed", event);
    case "BreakerForgotten":
      Object.assign(state, createBreaker());
      return;
    default:
      return unreachable(event);
  }
}

function enter(state: Breaker, phase: BreakerPhase, { at, from, reason }: Change): void {
  state.phase = phase;
  state.since = at;
  state.usedAt = at;
  state.until = null;
  state.failures = 0;
  state.window = [];
  state.successes = 0;
  state.permits.clear();
  state.transitions = [...state.transitions, { at, from, to: phase, reason }].slice(-TRANSITIONS_MAX);
}

function countedIn({ window }: Breaker, { at, outcome }: Extract<BreakerEvent, { kind: "CallCounted" }>) {
  const second = Math.floor(at / 1000);
  const recent = window.filter((each) => each.second > second - WINDOW_SECONDS);
  const last = recent.at(-1);
  const now = last !== undefined && last.second >= second ? last : { second, calls: 0, failures: 0 };
  const counted = {
    second: now.second,
    calls: now.calls + 1,
    failures: now.failures + (outcome === "failure" ? 1 : 0),
  };
  return [...(now === last ? recent.slice(0, -1) : recent), counted];
}

function dueAt(state: Breaker): Instant | null {
  const { phase, since, until, line, usedAt, permits } = state;
  if (line.size === 0) return usedAt === 0 ? null : usedAt + REMEMBERED_MS;
  if (phase === "open") return until;
  if (phase === "closed") return since;
  // The line moves at the latest when there are no longer too many calls that keep their places.
  const places = settingsIn(state).halfOpenCallsMax - state.successes;
  const newest = [...permits.values()].map((permit) => permit.since).sort((a, b) => b - a);
  const leaving = newest[places - 1];
  return leaving === undefined ? since : leaving + permitMs(state);
}

function consequencesOf(state: Breaker, event: BreakerEvent): Consequences {
  switch (event.kind) {
    case "SettingsChanged":
    case "CallCounted":
      return rows(own(state));
    case "TrialSucceeded":
    case "CallerLeft":
      return rows(own(state), member(state, event.taskId));
    case "CallerQueued":
      return rows(own(state), member(state, event.caller.taskId));
    case "PermitGiven":
      return {
        rows: [own(state), member(state, event.caller.taskId)],
        sends: [answer(event.caller, "permit", null)],
      };
    case "CallerReleased":
      return { rows: [member(state, event.caller.taskId)], sends: [answer(event.caller, "closed", null)] };
    case "CallerAnswered":
      return { rows: [], sends: [answer(event.call, event.verdict, event.until)] };
    case "BreakerOpened":
    case "BreakerHalfOpened":
    case "BreakerClosed":
    case "BreakerReset":
      return rows(
        own(state),
        { member: TRANSITIONS_MEMBER, body: state.transitions as unknown as Json },
        ...event.dropped.map((taskId) => member(state, taskId)),
      );
    case "BreakerForgotten":
      return rows(
        own(state),
        { member: TRANSITIONS_MEMBER, body: null },
        ...event.dropped.map((taskId) => member(state, taskId)),
      );
    default:
      return unreachable(event);
  }
}

function rows(...all: Consequences["rows"]): Consequences {
  return { ...NO_CONSEQUENCES, rows: all };
}

function own(state: Breaker): Consequences["rows"][number] {
  return { member: "", body: isFresh(state) ? null : ownRow(state) };
}

/** A closed breaker that has counted nothing and never opened needs no row. */
function isFresh(state: Breaker): boolean {
  return BREAKER.isIdle(state);
}

function member(state: Breaker, taskId: string): Consequences["rows"][number] {
  return { member: taskId, body: callerRow(state, taskId) };
}

function answer(
  { executionId, path, attempt, target }: Caller | AskCircuit,
  verdict: Verdict,
  until: Instant | null,
): Consequences["sends"][number] {
  return { executionId, command: { kind: "AnswerCircuit", path, attempt, target, verdict, until } };
}
