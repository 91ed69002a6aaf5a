/** Periods that end now, and the pieces they are shown in. */

import type { Instant } from "../base/time.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type Period = "15m" | "1h" | "6h" | "24h" | "7d" | "30d";

export const PERIODS: Readonly<Record<Period, number>> = {
  "15m": 15 * MINUTE,
  "1h": HOUR,
  "6h": 6 * HOUR,
  "24h": DAY,
  "7d": 7 * DAY,
  "30d": 30 * DAY,
};

export type Granularity = "1m" | "5m" | "15m" | "1h" | "3h" | "12h" | "1d";

export const GRANULARITIES: Readonly<Record<Granularity, number>> = {
  "1m": MINUTE,
  "5m": 5 * MINUTE,
  "15m": 15 * MINUTE,
  "1h": HOUR,
  "3h": 3 * HOUR,
  "12h": 12 * HOUR,
  "1d": DAY,
};

/** Between 15 and 100 points: enough to see a shape, few enough to draw. */
const USUAL: Readonly<Record<Period, Granularity>> = {
  "15m": "1m",
  "1h": "1m",
  "6h": "5m",
  "24h": "15m",
  "7d": "3h",
  "30d": "12h",
};

/** More points than this no screen shows. */
export const POINTS_MAX = 1500;

export interface Span {
  readonly period: Period;
  readonly granularity: Granularity;
  /** A whole minute, or hour where the pieces are that long: what is kept is no finer. */
  readonly from: Instant;
  readonly to: Instant;
  readonly stepMs: number;
}

/** Null: there would be too many pieces. */
export function spanOf(now: Instant, period: Period, granularity: Granularity | "auto"): Span | null {
  const chosen = granularity === "auto" ? USUAL[period] : granularity;
  const stepMs = GRANULARITIES[chosen];
  if (PERIODS[period] / stepMs > POINTS_MAX) return null;
  const unit = stepMs >= HOUR ? HOUR : MINUTE;
  return { period, granularity: chosen, from: floorTo(now - PERIODS[period], unit), to: now, stepMs };
}

/** The same length of time just before. */
export function spanBefore(span: Span): Span {
  return { ...span, from: span.from - PERIODS[span.period], to: span.from };
}

/** Where the pieces begin. */
export function pointsOf({ from, to, stepMs }: Span): readonly Instant[] {
  const points: Instant[] = [];
  for (let at = floorTo(from, stepMs); at < to; at += stepMs) points.push(at);
  return points;
}

export function floorTo(instant: Instant, ms: number): Instant {
  return Math.floor(instant / ms) * ms;
}
