/**
 * What a step has to do with the circuit breaker of its target: what it asks before an attempt, what it reports after.
 *
 *     closed, or nothing known of it ──────────────────────────► the attempt is scheduled
 *     open, and the step is to fail ───────────────────────────► CIRCUIT_OPEN, no attempt is used up
 *     half open, or the step is to wait ──AskCircuit──► breaker ──AnswerCircuit──► one of the two
 *
 * The breaker itself lies elsewhere, shared by all executions. A decision reads a copy of it, and what the copy said is in
 * the events: a replay looks at no breaker.
 */

import { type Instant, toRfc3339 } from "../base/time.ts";
import type { CircuitBreaker } from "../language/definition.ts";
import type { StepError } from "./error.ts";
import { CODES } from "./error.ts";

export type BreakerPhase = "closed" | "open" | "half_open";

/** A breaker as a decision sees it. `unknown`: where it lies nobody can look just now, so that it has to be asked. */
export interface CircuitView {
  readonly state: BreakerPhase | "unknown";
  /** While open: when it lets calls through to see. */
  readonly until: Instant | null;
  /** Half open, and no further call is let through at the moment. */
  readonly isFull: boolean;
  /** A success would change nothing of it. */
  readonly isQuiet: boolean;
}

export const CLOSED_CIRCUIT: CircuitView = { state: "closed", until: null, isFull: false, isQuiet: true };

/** What a step says of its target: everything but what it does itself while the breaker is open. */
export type BreakerSettings = Omit<CircuitBreaker, "onOpen">;

/** `none`: the call says nothing of its target. It was cancelled, or nobody took it. */
export type CallOutcome = "success" | "failure" | "none";

export type BreakerCommand = AskCircuit | ReportCall | ResetBreaker | { readonly kind: "Tick" };

/** An attempt wants to begin. */
export interface AskCircuit {
  readonly kind: "AskCircuit";
  readonly target: string;
  readonly taskId: string;
  readonly executionId: string;
  readonly path: string;
  readonly attempt: number;
  readonly mode: "fail" | "wait";
  readonly settings: BreakerSettings;
}

/** An attempt is over, its lease was lost, or whoever stood in line for it is gone. */
export interface ReportCall {
  readonly kind: "ReportCall";
  readonly taskId: string;
  readonly outcome: CallOutcome;
  readonly settings: BreakerSettings;
}

export interface ResetBreaker {
  readonly kind: "ResetBreaker";
  readonly by: string;
}

/** What an event says of the circuit at the end of an attempt, or of a wait for one. */
export interface CircuitReport {
  readonly target: string;
  /** The attempt that the breaker knows: one that has asked is not begun by that. */
  readonly attempt: number;
  readonly outcome: CallOutcome;
}

export function settingsOf({ onOpen: _, ...settings }: CircuitBreaker): BreakerSettings {
  return settings;
}

const OWN_CODES: ReadonlySet<string> = new Set(CODES);
const FAILURE = /^(TIMEOUT|CONNECTION_FAILED|HTTP_5\d\d|HTTP_429)$/;

/** `isAnswered`: somebody answered for the target, and not the platform in its place. */
export function outcomeOf(error: StepError, isAnswered: boolean): CallOutcome {
  const { code, retryable } = error;
  if (FAILURE.test(code)) return "failure";
  if (code === "CANCELLED") return "none";
  // Nobody took the task, or whoever did was lost: each loss has been reported when it was noticed.
  if (code === "EXECUTOR_UNAVAILABLE") return isAnswered ? "failure" : "none";
  if (OWN_CODES.has(code) || /^HTTP_\d{3}$/.test(code)) return "success";
  return retryable === false ? "success" : "failure";
}

export function circuitOpen(target: string, until: Instant | null, now: Instant, cause: StepError | null): StepError {
  const when = until === null ? "is half open and has no call to spare" : `is open until ${toRfc3339(until)}`;
  return {
    code: "CIRCUIT_OPEN",
    message: `Expected the circuit breaker of "${target}" to let the call through, but it ${when}.`,
    details: { target, until: until === null ? null : toRfc3339(until) },
    // Who retries this all the same does not ask again before there is something new to hear.
    retry_after: until === null ? 1 : Math.max(0.001, (until - now) / 1000),
    ...(cause === null ? {} : { cause }),
  };
}
