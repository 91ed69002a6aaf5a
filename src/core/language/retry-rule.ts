/** Letters, digits and `_` only is a code; anything else is a condition over `error`. */
export function isRetryCode(source: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(source);
}
