/** Whether something is as expected. Objects may have more members than are expected; `~text` expects that text within. */

import { equals, isObject, type Json } from "../../src/core/base/json.ts";

/** What differs, in words; empty where nothing does. */
export function mismatches(expected: Json, actual: Json | undefined, place: string): readonly string[] {
  if (typeof expected === "string" && expected.startsWith("~")) {
    const isWithin = typeof actual === "string" && actual.includes(expected.slice(1));
    return isWithin ? [] : [`Expected ${place} to have "${expected.slice(1)}" in it, but it is ${show(actual)}.`];
  }
  if (isObject(expected) && isObject(actual)) {
    return Object.entries(expected).flatMap(([key, item]) => mismatches(item, actual[key], `${place}.${key}`));
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((item: Json, i) => mismatches(item, actual[i] as Json, `${place}[${i}]`));
  }
  const isEqual = actual !== undefined && equals(expected, actual);
  return isEqual ? [] : [`Expected ${place} to be ${show(expected)}, but it is ${show(actual)}.`];
}

function show(value: Json | undefined): string {
  return (JSON.stringify(value) ?? "missing").slice(0, 300);
}
