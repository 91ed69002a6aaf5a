/** Times and durations as people read them; the exact value is in the title and for machines in `datetime`. */

import { useEffect, useState } from "react";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `1.2 ms`, `340 ms`, `2.4 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 0) return `−${durationText(-ms)}`;
  if (ms < 10) return `${trim(ms, 1)} ms`;
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${trim(ms / SECOND, ms < 10 * SECOND ? 2 : 1)} s`;
  if (ms < HOUR) return two(Math.floor(ms / MINUTE), "min", Math.floor((ms % MINUTE) / SECOND), "s");
  if (ms < DAY) return two(Math.floor(ms / HOUR), "h", Math.floor((ms % HOUR) / MINUTE), "min");
  return two(Math.floor(ms / DAY), "d", Math.floor((ms % DAY) / HOUR), "h");
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

/** `just now`, `12 s ago`, `4 min ago`; what is over a day ago is a date. */
export function agoText(at: number, now: number): string {
  const ms = now - at;
  if (ms < 2 * SECOND) return "just now";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  return dateText(at);
}

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "medium",
});
const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hour12: false,
});

export function dateText(at: number): string {
  return DATE.format(at);
}

/** `14:02:11.345` */
export function clockText(at: number): string {
  return CLOCK.format(at);
}

export function Ago({ at }: { readonly at: string }) {
  const now = useNow(SECOND);
  const instant = Date.parse(at);
  return (
    <time dateTime={at} title={EXACT.format(instant)} className="mf-figures">
      {agoText(instant, now)}
    </time>
  );
}

/** From `from` to `to`; while there is no `to` it runs on. */
export function Elapsed({ from, to }: { readonly from: string | null; readonly to: string | null }) {
  const now = useNow(from !== null && to === null ? SECOND / 4 : null);
  if (from === null) return <span>–</span>;
  const end = to === null ? Math.max(now, Date.parse(from)) : Date.parse(to);
  return <span className="mf-figures">{durationText(end - Date.parse(from))}</span>;
}

/** The time, again and again; null: only once. Whoever is on a hidden page is not woken. */
export function useNow(everyMs: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => (everyMs === null ? undefined : subscribe(everyMs, setNow)), [everyMs]);
  return now;
}

interface Ticker {
  readonly listeners: Set<(now: number) => void>;
  readonly timer: ReturnType<typeof setInterval>;
}

/** One timer for all who want to know as often: a list has thousands of times in it. */
const tickers = new Map<number, Ticker>();

function subscribe(everyMs: number, listener: (now: number) => void): () => void {
  const ticker = tickers.get(everyMs) ?? startTicker(everyMs);
  ticker.listeners.add(listener);
  return () => {
    ticker.listeners.delete(listener);
    if (ticker.listeners.size > 0) return;
    clearInterval(ticker.timer);
    tickers.delete(everyMs);
  };
}

function startTicker(everyMs: number): Ticker {
  const listeners = new Set<(now: number) => void>();
  const timer = setInterval(() => {
    if (document.hidden) return;
    const now = Date.now();
    for (const listener of listeners) listener(now);
  }, everyMs);
  const ticker = { listeners, timer };
  tickers.set(everyMs, ticker);
  return ticker;
}
