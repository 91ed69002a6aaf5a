/**
 * What has happened since the process began, as plain numbers: counting must cost nothing. Who wants to show them (the
 * `/metrics` page) reads them; nothing in here is reset or forgotten.
 */

import type { BreakerPhase } from "../core/engine/circuit.ts";
import type { HistoryEvent } from "../core/engine/events.ts";
import type { RowStatus } from "../ports/store.ts";
import type { ResultOutcome } from "./executors.ts";

export interface Counters {
  /** By workflow; past the bound all others are counted under one name. */
  readonly workflows: Map<string, WorkflowCounters>;
  /** Answers of executors, by what they were told. */
  readonly results: Record<ResultOutcome, number>;
  /** Attempts that are tried again. */
  retries: number;
  /** Attempts, waits and executions whose time was over. */
  readonly timeOuts: Record<TimeOut, number>;
  /** Leases that ended without a sign of life. */
  leasesLost: number;
  /** How often circuit breakers have come to a state. */
  readonly breakers: Record<BreakerPhase, number>;
  /** Starts that a limit has refused, by the code that they were answered with. */
  readonly refused: Record<"LIMIT_REACHED" | "RATE_LIMITED" | "OVERLOADED", number>;
  readonly writes: Histogram;
  writesFailed: number;
  /** Shards that were taken over again after a failure. */
  takeovers: number;
  /** Executions that nothing would ever have moved, and how many of them go on again. */
  stuck: number;
  unstuck: number;
}

export interface WorkflowCounters {
  started: number;
  readonly ended: Record<Ended, number>;
}

export type Ended = Extract<RowStatus, "completed" | "failed" | "cancelled" | "timed_out">;

/**
 * `queue`: nobody took the task. `attempt`: it took too long. `heartbeat`: the signs of life that its step demands did not
 * come. `step`: a wait, a child or a container took too long, or all attempts together. `execution`: the workflow did.
 */
export type TimeOut = "queue" | "attempt" | "heartbeat" | "step" | "execution";

export interface Histogram {
  /** How many were at most as long as the bound of the same place; each counts once. */
  readonly counts: number[];
  /** Those that were longer than all bounds. */
  over: number;
  sum: number;
  count: number;
}

/** Seconds. */
export const WRITE_BOUNDS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** More names than this would make the page of metrics grow without end. */
export const WORKFLOWS_COUNTED_MAX = 200;

/** No workflow has this name: an underscore begins none. */
export const OTHER_WORKFLOWS = "_other";

export function createCounters(): Counters {
  return {
    workflows: new Map(),
    results: { accepted: 0, duplicate: 0, stale: 0, unknown: 0 },
    retries: 0,
    timeOuts: { queue: 0, attempt: 0, heartbeat: 0, step: 0, execution: 0 },
    leasesLost: 0,
    breakers: { closed: 0, open: 0, half_open: 0 },
    refused: { LIMIT_REACHED: 0, RATE_LIMITED: 0, OVERLOADED: 0 },
    writes: { counts: WRITE_BOUNDS.map(() => 0), over: 0, sum: 0, count: 0 },
    writesFailed: 0,
    takeovers: 0,
    stuck: 0,
    unstuck: 0,
  };
}

export function countStart(counters: Counters, workflow: string): void {
  countersOf(counters, workflow).started += 1;
}

export function countEnd(counters: Counters, workflow: string, status: RowStatus): void {
  const { ended } = countersOf(counters, workflow);
  if (Object.hasOwn(ended, status)) ended[status as Ended] += 1;
}

/** What a decision says of retries and time-outs. Those that the board has found count there: they come as answers. */
export function countEvents(counters: Counters, events: readonly HistoryEvent[], isByTime: boolean): void {
  for (const event of events) {
    if (event.type === "StepAttemptFailed") counters.retries += 1;
    if (event.type === "ExecutionTimeoutReached") counters.timeOuts.execution += 1;
    if (isByTime && isTimeOut(event)) counters.timeOuts.step += 1;
  }
}

function isTimeOut(event: HistoryEvent): boolean {
  if (event.type === "StepFailed" || event.type === "StepAttemptFailed") return event.data.error.code === "TIMEOUT";
  return event.type === "StepClosing" && event.data.then.kind === "fail" && event.data.then.error.code === "TIMEOUT";
}

export function countRefusal({ refused }: Counters, code: string): void {
  if (Object.hasOwn(refused, code)) refused[code as keyof Counters["refused"]] += 1;
}

export function countWrite({ writes }: Counters, seconds: number): void {
  const place = WRITE_BOUNDS.findIndex((bound) => seconds <= bound);
  if (place === -1) writes.over += 1;
  else writes.counts[place] = (writes.counts[place] ?? 0) + 1;
  writes.sum += seconds;
  writes.count += 1;
}

function countersOf({ workflows }: Counters, workflow: string): WorkflowCounters {
  const known = workflows.get(workflow);
  if (known !== undefined) return known;
  if (workflows.size >= WORKFLOWS_COUNTED_MAX && workflow !== OTHER_WORKFLOWS)
    return countersOf({ workflows } as Counters, OTHER_WORKFLOWS);
  const fresh = { started: 0, ended: { completed: 0, failed: 0, cancelled: 0, timed_out: 0 } };
  workflows.set(workflow, fresh);
  return fresh;
}
