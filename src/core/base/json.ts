/** Anything that survives a trip through `JSON.stringify`. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a person calls the type of a value. */
export function typeName(value: Json): "null" | "boolean" | "number" | "string" | "array" | "object" {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value as "boolean" | "number" | "string" | "object";
}

/** The own member `key`, never one that is inherited: data may call a field `constructor`. */
export function member(value: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Deep, without coercion; the order of an object's keys does not matter. */
export function equals(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!equals(a[i] as Json, b[i] as Json)) return false;
    return true;
  }
  const left = a as JsonObject;
  const right = b as JsonObject;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  for (const key of keys) {
    if (!Object.hasOwn(right, key) || !equals(left[key] as Json, right[key] as Json)) return false;
  }
  return true;
}

/** JSON text with sorted keys: equal values have equal texts. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}

/**
 * Whether the JSON text of `value` is surely longer than `limit` bytes. Counts characters and stops at the limit, so
 * that a small value costs a short walk and a huge one no more than the limit.
 */
export function isLongerThan(value: Json, limit: number): boolean {
  return bytesLeft(value, limit) < 0;
}

/** About how many bytes the JSON text of `value` has. */
export function bytesOf(value: Json): number {
  return Number.MAX_SAFE_INTEGER - bytesLeft(value, Number.MAX_SAFE_INTEGER);
}

/** What the JSON text of `value` leaves of so many bytes, counted in the same way; negative where it is longer. */
export function bytesLeft(value: Json, left: number): number {
  if (typeof value === "string") return left - utf8Length(value, left) - 2;
  if (typeof value !== "object" || value === null) return left - (typeof value === "number" ? String(value).length : 4);
  let rest = left - 2;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (rest < 0) return rest;
      rest = bytesLeft(item, rest - 1);
    }
    return rest;
  }
  for (const key of Object.keys(value)) {
    if (rest < 0) return rest;
    rest = bytesLeft((value as JsonObject)[key] as Json, rest - key.length - 4);
  }
  return rest;
}

function utf8Length(text: string, enough: number): number {
  if (text.length > enough) return text.length;
  // Short strings, the common case, are near enough by their characters; only long ones are worth the exact count.
  if (text.length < 256) return text.length;
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
