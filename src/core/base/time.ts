/** Milliseconds since 1970, UTC. Time always arrives as an argument: nothing in core reads a clock. */
export type Instant = number;

/** The last instant that a date can hold. */
const LAST = 8_640_000_000_000_000;

/** The last second that was written, and how: times that are written together lie close together. */
let second = Number.NaN;
let text = "";

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
