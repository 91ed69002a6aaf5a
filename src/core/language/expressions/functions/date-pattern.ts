/** Times as a pattern shows them: letters of Unicode's date patterns, of which those that one needs without a calendar. */

import type { Instant } from "../../../base/time.ts";

/** In UTC, with English names. */
export function formatPattern(instant: Instant, pattern: string): string {
  const date = new Date(instant);
  return pattern.replaceAll(PART, (part) => {
    if (part === "''") return "'";
    if (part.startsWith("'")) return part.slice(1, -1).replaceAll("''", "'");
    return FIELDS[part]?.(date) ?? part;
  });
}

/** Quoted text, or a run of one letter: a run that is no field stays as it is. */
const PART = /''|'(?:[^']|'')+'|([A-Za-z])\1*/g;

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

type Field = (date: Date) => string;

const year: Field = (date) => String(date.getUTCFullYear()).padStart(4, "0");
const yearInCentury: Field = (date) => year(date).slice(2);
const month: Field = (date) => String(date.getUTCMonth() + 1);
const monthName: Field = (date) => MONTHS[date.getUTCMonth()] ?? "";
const day: Field = (date) => String(date.getUTCDate());
const dayName: Field = (date) => DAYS[date.getUTCDay()] ?? "";
const hour: Field = (date) => String(date.getUTCHours());
const hourOfHalf: Field = (date) => String(date.getUTCHours() % 12 || 12);
const minute: Field = (date) => String(date.getUTCMinutes());
const second: Field = (date) => String(date.getUTCSeconds());

const FIELDS: Readonly<Record<string, Field | undefined>> = Object.assign(Object.create(null), {
  yyyy: year,
  YYYY: year,
  yy: yearInCentury,
  YY: yearInCentury,
  MMMM: monthName,
  MMM: (date: Date) => monthName(date).slice(0, 3),
  MM: two(month),
  M: month,
  dd: two(day),
  DD: two(day),
  d: day,
  D: day,
  EEEE: dayName,
  EEE: (date: Date) => dayName(date).slice(0, 3),
  HH: two(hour),
  H: hour,
  hh: two(hourOfHalf),
  h: hourOfHalf,
  a: (date: Date) => (date.getUTCHours() < 12 ? "AM" : "PM"),
  mm: two(minute),
  m: minute,
  ss: two(second),
  s: second,
  SSS: (date: Date) => String(date.getUTCMilliseconds()).padStart(3, "0"),
});

function two(field: Field): Field {
  return (date) => field(date).padStart(2, "0");
}
