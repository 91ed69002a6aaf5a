/**
 * The segments of a path by RFC 9535.
 *
 *     $ .items [?@.price > 10, 0] ..name [1:3]
 *
 * Two things are ours, and only outside of filters: hyphens in dot names, and `.length`.
 */

import { parseFilter } from "./parse-filter.ts";
import { isDigit, isSpace, type Reader } from "./reader.ts";
import type { Segment, Selector } from "./syntax.ts";

/** `filter`: inside `[?...]`, where the RFC holds to the letter. */
export type Place = "outside" | "filter";

/** All segments that follow; the position ends behind the last one, before any white space after it. */
export function parseSegments(reader: Reader, place: Place): readonly Segment[] {
  const segments: Segment[] = [];
  for (;;) {
    const segment = parseSegment(reader, place);
    if (segment === null) return segments;
    segments.push(segment);
  }
}

/** The next segment, null if none stands here. */
export function parseSegment(reader: Reader, place: Place): Segment | null {
  const before = reader.position;
  reader.skipSpace();
  if (reader.accept("..")) return { descends: true, selectors: parseAfterDots(reader, place) };
  if (reader.accept(".")) return { descends: false, selectors: [parseDotSelector(reader, place)] };
  if (reader.startsWith("[")) return { descends: false, selectors: parseBrackets(reader) };
  reader.position = before;
  return null;
}

function parseAfterDots(reader: Reader, place: Place): readonly Selector[] {
  if (reader.startsWith("[")) return parseBrackets(reader);
  const selector = parseDotSelector(reader, place);
  return [selector.kind === "name" ? { ...selector, measures: false } : selector];
}

function parseDotSelector(reader: Reader, place: Place): Selector {
  if (reader.accept("*")) return { kind: "wildcard" };
  const name = reader.acceptName(place === "outside");
  if (name === null) {
    const hint = isDigit(reader.unit()) ? "Write an index as [0]." : "Write other names as ['...'].";
    reader.fail(`Expected a name or * after the dot, but met ${reader.met()}.`, hint);
  }
  if (place === "outside" && name.endsWith("-") && isSpace(reader.unit())) {
    reader.fail(`Expected a name, but "${name}" ends in a hyphen.`, "Write spaces on both sides of a minus.");
  }
  return { kind: "name", name, measures: place === "outside" && name === "length" };
}

/** `[` selector, selector ... `]`. */
function parseBrackets(reader: Reader): readonly Selector[] {
  const opening = reader.position;
  reader.expect("[", "to open the selectors");
  const selectors: Selector[] = [];
  do {
    reader.skipSpace();
    selectors.push(parseSelector(reader));
    reader.skipSpace();
  } while (reader.accept(","));
  if (reader.isAtEnd()) reader.fail('Expected "]" to close the bracket, but met the end.', null, opening);
  reader.expect("]", "after the selector");
  return selectors;
}

function parseSelector(reader: Reader): Selector {
  const unit = reader.unit();
  if (reader.startsWith('"') || reader.startsWith("'")) {
    return { kind: "name", name: reader.readString(false), measures: false };
  }
  if (reader.accept("*")) return { kind: "wildcard" };
  if (reader.accept("?")) {
    reader.skipSpace();
    return { kind: "filter", filter: reader.nested(() => parseFilter(reader)) };
  }
  if (unit === COLON || unit === MINUS || isDigit(unit)) return parseIndexOrSlice(reader);
  return reader.fail(
    `Expected a name in quotes, an index, a slice, * or a filter in the brackets, but met ${reader.met()}.`,
    /[A-Za-z_]/.test(reader.source[reader.position] ?? "") ? "Write names in brackets in quotes: ['name']." : null,
  );
}

const COLON = 0x3a;
const MINUS = 0x2d;

function parseIndexOrSlice(reader: Reader): Selector {
  const start = acceptInteger(reader);
  const afterStart = reader.position;
  reader.skipSpace();
  if (!reader.accept(":")) {
    reader.position = afterStart;
    return { kind: "index", index: start ?? 0 };
  }
  reader.skipSpace();
  const end = acceptInteger(reader);
  const afterEnd = reader.position;
  reader.skipSpace();
  if (!reader.accept(":")) {
    reader.position = afterEnd;
    return { kind: "slice", start, end, step: 1 };
  }
  const afterColon = reader.position;
  reader.skipSpace();
  const step = acceptInteger(reader);
  if (step === null) reader.position = afterColon;
  return { kind: "slice", start, end, step: step ?? 1 };
}

/** An integer within the range that every JSON reader keeps exactly (RFC 7493). */
function acceptInteger(reader: Reader): number | null {
  const start = reader.position;
  const found = reader.matchHere(/-?[0-9]+/y);
  if (found === null) {
    if (reader.unit() === MINUS) reader.fail(`Expected digits after the minus, but met ${reader.met()}.`);
    return null;
  }
  if (!/^(?:0|-?[1-9][0-9]*)$/.test(found)) {
    reader.fail(`Expected an integer without leading zeros, but met "${found}".`, null, start);
  }
  const value = Number(found);
  if (!Number.isSafeInteger(value)) {
    reader.fail("Expected an integer between -(2^53 - 1) and 2^53 - 1, but met one beyond.", null, start);
  }
  return value;
}
