/** A server that asks for more has probably made a mistake, and the retry policy's own limits should decide. */
const SECONDS_MAX = 86_400;

/** Seconds to wait, from a `Retry-After` header: a number of seconds or a date. Null where there is none that makes sense. */
export function parseRetryAfter(header: unknown, now: number): number | null {
  if (typeof header !== "string") return null;
  const text = header.trim();
  if (/^\d{1,12}$/.test(text)) return Math.min(Number(text), SECONDS_MAX);
  // Only the form that the standard asks for: `Date.parse` would read much else as some date.
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.min(Math.max(0, Math.ceil((at - now) / 1000)), SECONDS_MAX);
}
