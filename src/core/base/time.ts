/** Milliseconds since 1970, UTC. Time always arrives as an argument: nothing in core reads a clock. */
export type Instant = number;

/** The last instant that a date can hold. */
const LAST = 8_640_000_000_000_000;

/** The last second that was written, and how: times that are written together lie close together. */
let second = Number.NaN;
let text = "";

/** The last time that was read: events of one decision have the same one. */
let lastRead = "";
let lastInstant = Number.NaN;

/** Its second, in the form in which times are written here, and when it began. */
let secondRead = "";
let secondBegan = 0;

const WRITTEN_LENGTH = "2026-01-02T03:04:05.678Z".length;
const MS_AT = "2026-01-02T03:04:05.".length;

/** What `Date.parse` gives. Times that are read together lie close together too. */
export function parseInstant(written: string): Instant {
  if (written !== lastRead) {
    lastInstant = read(written);
    lastRead = written;
  }
  return lastInstant;
}

function read(written: string): Instant {
  const ms = written.length === WRITTEN_LENGTH ? msOf(written) : -1;
  if (ms === -1) return Date.parse(written);
  if (!written.startsWith(secondRead) || secondRead === "") {
    const began = Date.parse(written) - ms;
    if (Number.isNaN(began)) return began;
    secondRead = written.slice(0, MS_AT);
    secondBegan = began;
  }
  return secondBegan + ms;
}

/** The milliseconds at the end of a time as it is written here; -1 where it ends otherwise. */
function msOf(written: string): number {
  const hundreds = written.charCodeAt(MS_AT) - DIGIT_0;
  const tens = written.charCodeAt(MS_AT + 1) - DIGIT_0;
  const ones = written.charCodeAt(MS_AT + 2) - DIGIT_0;
  const areDigits = isDigit(hundreds) && isDigit(tens) && isDigit(ones);
  const isWhole = areDigits && written.charCodeAt(MS_AT - 1) === DOT && written.charCodeAt(MS_AT + 3) === LETTER_Z;
  return isWhole ? hundreds * 100 + tens * 10 + ones : -1;
}

const DIGIT_0 = 48;
const DOT = 46;
const LETTER_Z = 90;

function isDigit(value: number): boolean {
  return value >= 0 && value <= 9;
}

/** RFC 3339 in UTC with milliseconds, the only form in which a time leaves the platform. */
export function toRfc3339(instant: Instant): string {
  // Before 1970 fractions are rounded the other way; the end, and what is no time at all, is for the language to say.
  if (!(instant >= 0 && instant < LAST)) return new Date(instant).toISOString();
  const itsSecond = Math.floor(instant / 1000);
  if (itsSecond !== second) {
    text = new Date(instant).toISOString().slice(0, -"000Z".length);
    second = itsSecond;
  }
  const ms = Math.floor(instant - itsSecond * 1000);
  return `${text}${ms < 10 ? "00" : ms < 100 ? "0" : ""}${ms}Z`;
}
