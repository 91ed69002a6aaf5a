/**
 * What happened to executions in some time: how many began, how many ended and how, and how long they took. A tally is kept
 * for each workflow and minute; those of hours, days and all workflows are sums of them.
 */

import type { Json } from "../base/json.ts";
import { addDuration, createDurations, type Durations, mean, mergeDurations, quantile, rounded } from "./durations.ts";

export const ENDS = ["completed", "failed", "cancelled", "timed_out"] as const;
export type End = (typeof ENDS)[number];

export interface Tally {
  started: number;
  readonly ended: Record<End, number>;
  /** Of those that had begun, from the start to the end. */
  readonly durations: Durations;
}

export interface Totals {
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly timed_out: number;
  readonly success_rate: number | null;
  readonly throughput_per_second: number;
  readonly duration: {
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
    readonly avg: number | null;
  };
}

export function createTally(): Tally {
  return { started: 0, ended: { completed: 0, failed: 0, cancelled: 0, timed_out: 0 }, durations: createDurations() };
}

export function isEnd(status: string): status is End {
  return (ENDS as readonly string[]).includes(status);
}

/** `seconds` null: it never began. */
export function addEnd(tally: Tally, end: End, seconds: number | null): void {
  tally.ended[end] += 1;
  if (seconds !== null) addDuration(tally.durations, Math.max(0, seconds));
}

export function mergeTally(into: Tally, from: Tally): void {
  into.started += from.started;
  for (const end of ENDS) into.ended[end] += from.ended[end];
  mergeDurations(into.durations, from.durations);
}

export function totalsOf(tally: Tally, seconds: number): Totals {
  const { started, ended, durations } = tally;
  const all = ENDS.reduce((sum, end) => sum + ended[end], 0);
  return {
    started,
    ...ended,
    success_rate: successRate(tally),
    throughput_per_second: seconds <= 0 ? 0 : rounded(all / seconds),
    duration: {
      p50: quantile(durations, 0.5),
      p95: quantile(durations, 0.95),
      p99: quantile(durations, 0.99),
      avg: mean(durations),
    },
  };
}

/** Of those that completed or failed; what somebody has cancelled says nothing about the workflow. */
export function successRate({ ended }: Tally): number | null {
  const judged = ended.completed + ended.failed + ended.timed_out;
  return judged === 0 ? null : rounded(ended.completed / judged);
}

/** As it is stored: numbers in this order, the buckets last. */
export function tallyToJson({ started, ended, durations }: Tally): Json {
  return [started, ...ENDS.map((end) => ended[end]), durations.count, durations.sum, [...durations.buckets].flat()];
}

export function tallyFromJson(json: Json): Tally {
  const tally = createTally();
  if (!Array.isArray(json)) return tally;
  const [started, completed, failed, cancelled, timedOut, count, sum, buckets] = json;
  const numberOf = (value: Json | undefined) => (typeof value === "number" ? value : 0);
  tally.started = numberOf(started);
  Object.assign(tally.ended, {
    completed: numberOf(completed),
    failed: numberOf(failed),
    cancelled: numberOf(cancelled),
    timed_out: numberOf(timedOut),
  });
  tally.durations.count = numberOf(count);
  tally.durations.sum = numberOf(sum);
  const list: readonly Json[] = Array.isArray(buckets) ? buckets : [];
  for (let i = 0; i + 1 < list.length; i += 2) tally.durations.buckets.set(numberOf(list[i]), numberOf(list[i + 1]));
  return tally;
}
