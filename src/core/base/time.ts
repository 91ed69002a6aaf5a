/** Milliseconds since 1970, UTC. Time always arrives as an argument: nothing in core reads a clock. */
export type Instant = number;

/** RFC 3339 in UTC with milliseconds, the only form in which a time leaves the platform. */
export function toRfc3339(instant: Instant): string {
  return new Date(instant).toISOString();
}
