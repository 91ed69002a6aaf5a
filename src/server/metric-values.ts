/** From what is kept to the one number that a panel shows. */

import { mean, quantile } from "../core/protocol/durations.ts";
import type { Aggregate } from "../core/protocol/metric-query.ts";
import { ENDS, successRate, type Tally } from "../core/protocol/tallies.ts";
import type { Numbers } from "../host/insight/numbers.ts";

export const QUANTILES: Readonly<Partial<Record<Aggregate, number>>> = { p50: 0.5, p95: 0.95, p99: 0.99 };

/** Of `executions.*`; null: there is nothing to say. */
export function tallyValue(tally: Tally, metric: string, aggregate: Aggregate, seconds: number): number | null {
  if (metric === "executions.success_rate") return successRate(tally);
  if (metric === "executions.duration") return durationValue(tally, aggregate, seconds);
  const count = countOf(tally, metric);
  return aggregate === "rate" ? perSecond(count, seconds) : count;
}

function durationValue({ durations }: Tally, aggregate: Aggregate, seconds: number): number | null {
  switch (aggregate) {
    case "avg":
      return mean(durations);
    case "min":
      return quantile(durations, 0);
    case "max":
      return quantile(durations, 1);
    case "sum":
      return durations.sum;
    case "count":
      return durations.count;
    case "rate":
      return perSecond(durations.count, seconds);
    default:
      return quantile(durations, QUANTILES[aggregate] ?? 0.5);
  }
}

function countOf({ started, ended }: Tally, metric: string): number {
  if (metric === "executions.started") return started;
  if (metric === "executions.ended") return ENDS.reduce((sum, end) => sum + ended[end], 0);
  const end = ENDS.find((one) => metric === `executions.${one}`);
  return end === undefined ? 0 : ended[end];
}

/** Of what was measured or observed; null: nothing was. */
export function numbersValue(numbers: Numbers, aggregate: Aggregate, seconds: number): number | null {
  const { count, sum, min, max } = numbers;
  if (aggregate === "count") return count;
  if (aggregate === "rate") return perSecond(sum, seconds);
  if (count === 0) return aggregate === "sum" ? 0 : null;
  switch (aggregate) {
    case "sum":
      return sum;
    case "min":
      return min;
    case "max":
      return max;
    default:
      return sum / count;
  }
}

/** The value below which a share of the values lies; those that are missing do not count. */
export function quantileOfValues(values: readonly (number | null)[], share: number): number | null {
  const sorted = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

function perSecond(count: number, seconds: number): number {
  return seconds <= 0 ? 0 : Number((count / seconds).toPrecision(4));
}
