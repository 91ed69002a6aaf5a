/** Functions on times. A time is a text by RFC 3339, a date alone (midnight UTC), or a number of seconds since 1970. */

import { parseDuration } from "../../../base/duration.ts";
import type { Json } from "../../../base/json.ts";
import { type Instant, toRfc3339 } from "../../../base/time.ts";
import { spendBytes, spendOperations } from "../budget.ts";
import { fail, failParameter, text } from "./arguments.ts";
import { formatPattern } from "./date-pattern.ts";
import type { Call, FunctionEntry, Prepared } from "./entry.ts";

export const DATE_FUNCTIONS: readonly FunctionEntry[] = [
  {
    name: "now",
    group: "dates",
    parameters: ["form?"],
    summary:
      "The time of this evaluation by RFC 3339 in UTC; now('date') gives the date alone, now('unix') whole seconds since 1970. Kept with the history.",
    examples: [
      { expression: "now()", value: "2026-01-02T03:04:05.678Z" },
      { expression: "now('date')", value: "2026-01-02" },
      { expression: "now('unix')", value: 1767323045 },
    ],
    prepare: ([form]) => (typeof form === "string" && !isForm(form) ? failForm(form) : { ok: true, apply: now }),
  },
  {
    name: "date_add",
    group: "dates",
    parameters: ["date", "duration"],
    summary:
      "The time that much later, by RFC 3339 in UTC. The duration is a text such as '1h30m' or '7d', or a number of seconds; a minus before it goes back.",
    examples: [
      { expression: "date_add('2026-01-31T22:00:00Z', '1h30m')", value: "2026-01-31T23:30:00.000Z" },
      { expression: "date_add('2026-01-31', '1d')", value: "2026-02-01T00:00:00.000Z" },
      { expression: "date_add('2026-01-31', -1)", value: "2026-01-30T23:59:59.000Z" },
    ],
    apply: dateAdd,
  },
  {
    name: "date_diff",
    group: "dates",
    parameters: ["from", "to", "unit?"],
    summary:
      "How much later the second time is than the first, negative if it is earlier: in seconds, or in 'ms', 'seconds', 'minutes', 'hours', 'days' or 'weeks' (or their first letters), with a fraction.",
    examples: [
      { expression: "date_diff('2026-01-01', '2026-01-02')", value: 86400 },
      { expression: "date_diff('2026-01-01T00:00:00+02:00', '2026-01-01T00:00:00Z', 'hours')", value: 2 },
      { expression: "date_diff('2026-01-02', '2026-01-01', 'days')", value: -1 },
    ],
    prepare: ([, , unit]) =>
      typeof unit === "string" && !isUnit(unit) ? failUnit(unit) : { ok: true, apply: dateDiff },
  },
  {
    name: "format_date",
    group: "dates",
    parameters: ["date", "pattern"],
    summary:
      "The time in UTC as the pattern shows it: yyyy yy MMMM MMM MM M dd d EEEE EEE HH H hh h a mm m ss s SSS (YYYY and DD are the same as yyyy and dd); text in single quotes and all other characters stay as they are.",
    examples: [
      { expression: "format_date('2026-01-02T03:04:05Z', 'dd.MM.yyyy HH:mm')", value: "02.01.2026 03:04" },
      { expression: "format_date('2026-01-02', \"EEEE, MMMM d, yyyy 'UTC'\")", value: "Friday, January 2, 2026 UTC" },
      { expression: "format_date(0, 'YYYY-MM-DD')", value: "1970-01-01" },
    ],
    apply: formatDate,
  },
];

function isForm(form: string): boolean {
  return form === "date" || form === "unix";
}

function failForm(form: string): Prepared {
  return { ok: false, message: `Expected "form" of now to be 'date' or 'unix', but it is '${form}'.` };
}

function now(call: Call, [form]: readonly Json[]): Json {
  const instant = call.context.now;
  switch (form) {
    case undefined:
    case null:
      return toRfc3339(instant);
    case "date":
      return toRfc3339(instant).slice(0, 10);
    case "unix":
      return Math.floor(instant / 1000);
    default:
      return failParameter(call, "form", "'date' or 'unix'", form);
  }
}

function dateAdd(call: Call, [date, duration]: readonly Json[]): Json {
  const result = toInstant(call, "date", date) + toMs(call, duration);
  return toRfc3339(within(call, result));
}

function toMs(call: Call, duration: Json | undefined): number {
  if (typeof duration === "number") return duration * 1000;
  if (typeof duration === "string" && duration.length < 100) {
    const isBack = duration.trimStart().startsWith("-");
    const ms = parseDuration(isBack ? duration.replace("-", "") : duration);
    if (ms !== null) return isBack ? -ms : ms;
  }
  return failParameter(call, "duration", "a duration such as '1h30m' or a number of seconds", duration ?? null);
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ...["ms", "millisecond", "milliseconds"].map((name) => [name, 1] as const),
  ...["s", "second", "seconds"].map((name) => [name, 1000] as const),
  ...["m", "minute", "minutes"].map((name) => [name, 60_000] as const),
  ...["h", "hour", "hours"].map((name) => [name, 3_600_000] as const),
  ...["d", "day", "days"].map((name) => [name, 86_400_000] as const),
  ...["w", "week", "weeks"].map((name) => [name, 604_800_000] as const),
]);

function isUnit(unit: string): boolean {
  return UNIT_MS.has(unit);
}

function failUnit(unit: string): Prepared {
  const units = "'ms', 'seconds', 'minutes', 'hours', 'days' or 'weeks'";
  return { ok: false, message: `Expected "unit" of date_diff to be ${units}, but it is '${unit}'.` };
}

function dateDiff(call: Call, [from, to, unit]: readonly Json[]): Json {
  const name = text(call, "unit", unit ?? "seconds");
  const unitMs = UNIT_MS.get(name) ?? failParameter(call, "unit", "a unit such as 'days'", name);
  return (toInstant(call, "to", to) - toInstant(call, "from", from)) / unitMs;
}

function formatDate(call: Call, [date, pattern]: readonly Json[]): Json {
  const instant = toInstant(call, "date", date);
  const source = text(call, "pattern", pattern);
  spendOperations(call.context, 1 + (source.length >> 2), call.offset);
  const result = formatPattern(instant, source);
  spendBytes(call.context, result.length, call.offset);
  return result;
}

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2})))?$/;

function toInstant(call: Call, parameter: string, value: Json | undefined): Instant {
  if (typeof value === "number") return within(call, value * 1000);
  const instant = typeof value === "string" && value.length < 50 ? parseInstant(value) : null;
  if (instant !== null) return instant;
  return failParameter(call, parameter, "a time such as '2026-01-31T12:00:00Z' or a number of seconds", value ?? null);
}

function parseInstant(source: string): Instant | null {
  const found = RFC_3339.exec(source);
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((digits) => Number(digits ?? 0)) as Sextet;
  const [fraction, sign, offsetHours, offsetMinutes] = found.slice(7);
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 59 || Number(offsetHours ?? 0) > 23 || Number(offsetMinutes ?? 0) > 59)
    return null;
  const ms = Math.floor(Number(`0.${fraction ?? 0}`) * 1000);
  const offsetMs = (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0)) * 60_000;
  // Date.UTC takes years below 100 for those of the 1900s, so such a date is set part by part.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, ms);
  return date.getTime() - (sign === "-" ? -offsetMs : offsetMs);
}

type Sextet = [number, number, number, number, number, number];

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const YEAR_0 = -62_167_219_200_000;
const YEAR_10000 = 253_402_300_800_000;

/** RFC 3339 knows years of four digits only. */
function within(call: Call, instant: number): Instant {
  if (instant >= YEAR_0 && instant < YEAR_10000) return Math.round(instant);
  return fail(call, `Expected ${call.name} to stay between the years 0 and 9999, but it does not.`);
}
