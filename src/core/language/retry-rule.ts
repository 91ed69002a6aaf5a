/** Letters, digits and `_` only is a code; anything else is a condition over `error`. */
export function isRetryCode(source: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(source);
}

/** Codes are upper case; `HTTP_4xx` and `HTTP_5xx` stand for all of theirs. */
export function toRetryCode(source: string): string {
  return source.toUpperCase().replace(/^(HTTP_[45])XX$/, "$1xx");
}
