/**
 * JSONPath by RFC 9535: the segments of a path, and the filters in them.
 *
 *     $ .items [?@.price < 10 && match(@.name, 'a.*'), 0] ..name [1:3]
 *
 * In a filter an operand is a value or nothing: a literal, a query that finds at most one value, or one of the functions
 * `length`, `count`, `value`. A test is a query (does it find something?) or one of the functions `match`, `search`.
 * What mixes the two is refused here, so that evaluation has nothing left to check.
 *
 * Two things are ours, and only outside of filters: hyphens in dot names, and `.length`.
 */

import { nearest } from "../../base/text.ts";
import { checkPattern } from "../regex.ts";
import { isDigit, type Reader } from "./reader.ts";
import {
  type ComparisonOperator,
  type Filter,
  isSingular,
  type Operand,
  type Query,
  type Segment,
  type Selector,
} from "./syntax.ts";

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

function parseFilter(reader: Reader): Filter {
  return parseChain(reader, "||", "or", () => parseChain(reader, "&&", "and", () => parseBasic(reader)));
}

function parseChain(reader: Reader, sign: string, kind: "or" | "and", parsePart: () => Filter): Filter {
  const first = parsePart();
  const parts = [first];
  for (;;) {
    const before = reader.position;
    reader.skipSpace();
    if (!reader.accept(sign)) {
      reader.position = before;
      return parts.length === 1 ? first : { kind, parts };
    }
    reader.skipSpace();
    parts.push(parsePart());
  }
}

function parseBasic(reader: Reader): Filter {
  if (reader.startsWith("!") && !reader.startsWith("!=")) {
    reader.accept("!");
    reader.skipSpace();
    return { kind: "not", part: reader.startsWith("(") ? parseParentheses(reader) : parseTest(reader) };
  }
  if (reader.startsWith("(")) return parseParentheses(reader);
  return parseTestOrComparison(reader);
}

function parseParentheses(reader: Reader): Filter {
  return reader.nested(() => {
    reader.expect("(", "to open the group");
    reader.skipSpace();
    const filter = parseFilter(reader);
    reader.skipSpace();
    reader.expect(")", "to close the group");
    return filter;
  });
}

function parseTest(reader: Reader): Filter {
  const start = reader.position;
  const filter = toTest(reader, parseTerm(reader), start);
  const end = reader.position;
  reader.skipSpace();
  if (acceptOperator(reader) !== null) {
    reader.fail("Expected parentheses around a comparison after !, but met none.", "Write !(a == b).", start);
  }
  reader.position = end;
  return filter;
}

function parseTestOrComparison(reader: Reader): Filter {
  const start = reader.position;
  const left = parseTerm(reader);
  const afterLeft = reader.position;
  reader.skipSpace();
  const offset = reader.position;
  const operator = acceptOperator(reader);
  if (operator === null) {
    reader.position = afterLeft;
    return toTest(reader, left, start);
  }
  reader.skipSpace();
  const rightStart = reader.position;
  const right = toOperand(reader, parseTerm(reader), rightStart);
  return { kind: "comparison", operator, left: toOperand(reader, left, start), right, offset };
}

function acceptOperator(reader: Reader): ComparisonOperator | null {
  for (const operator of ["==", "!=", "<=", ">=", "<", ">"] as const) if (reader.accept(operator)) return operator;
  return null;
}

/** What may stand at one side of a comparison or be a test, before it is known which of the two it is. */
type Term = Operand | Extract<Filter, { kind: "match" | "search" }>;

function toTest(reader: Reader, term: Term, start: number): Filter {
  if ("pattern" in term) return term;
  if (term.kind === "query") return { kind: "exists", query: term.query };
  const what = term.kind === "literal" ? "a literal" : `the function ${term.kind}`;
  return reader.fail(`Expected a comparison or a query as the test of a filter, but met ${what} alone.`, null, start);
}

function toOperand(reader: Reader, term: Term, start: number): Operand {
  if ("pattern" in term) {
    return reader.fail(
      `Expected a value to compare, but the function ${term.kind} gives true or false already.`,
      "Use it as a test of its own.",
      start,
    );
  }
  if (term.kind === "query" && !isSingular(term.query.segments)) {
    return reader.fail(
      "Expected a query that finds at most one value in a comparison, but this one may find many.",
      "Only names and single indexes may stand in it; count(...) and value(...) take any query.",
      start,
    );
  }
  return term;
}

function parseTerm(reader: Reader): Term {
  const unit = reader.unit();
  if (reader.startsWith("@") || reader.startsWith("$")) return { kind: "query", query: parseQuery(reader) };
  if (reader.startsWith('"') || reader.startsWith("'")) return { kind: "literal", value: reader.readString(false) };
  if (isDigit(unit) || reader.startsWith("-")) return { kind: "literal", value: parseNumber(reader) };
  const start = reader.position;
  const word = reader.acceptName(false);
  if (word === null) {
    return reader.fail(`Expected a query, a literal or a function in the filter, but met ${reader.met()}.`);
  }
  if (reader.startsWith("(")) return reader.nested(() => parseFunction(reader, word, start));
  if (word === "true") return { kind: "literal", value: true };
  if (word === "false") return { kind: "literal", value: false };
  if (word === "null") return { kind: "literal", value: null };
  return reader.fail(
    `Expected a query, a literal or a function in the filter, but met "${word}".`,
    `Write @.${word} for a member of the tested value, $.${word} for a root.`,
    start,
  );
}

function parseNumber(reader: Reader): number {
  const isNegative = reader.accept("-");
  const value = reader.acceptNumber();
  if (value === null) return reader.fail(`Expected a number after the minus, but met ${reader.met()}.`);
  return isNegative ? -value : value;
}

function parseQuery(reader: Reader): Query {
  const offset = reader.position;
  const from = reader.accept("@") ? "current" : "document";
  if (from === "document") reader.expect("$", "to begin the query");
  return { from, segments: parseSegments(reader, "filter"), offset };
}

const FILTER_FUNCTIONS = ["length", "count", "value", "match", "search"] as const;

function parseFunction(reader: Reader, name: string, start: number): Term {
  const known = FILTER_FUNCTIONS.find((candidate) => candidate === name);
  if (known === undefined) {
    const near = nearest(name, FILTER_FUNCTIONS);
    reader.fail(
      `Expected one of the functions ${FILTER_FUNCTIONS.join(", ")} in the filter, but there is no "${name}" here.`,
      near === null ? null : `Did you mean "${near}"?`,
      start,
    );
  }
  reader.expect("(", "to open the arguments");
  reader.skipSpace();
  const term = parseArguments(reader, known, start);
  reader.skipSpace();
  reader.expect(")", `to close the arguments of ${name}`);
  return term;
}

function parseArguments(reader: Reader, name: (typeof FILTER_FUNCTIONS)[number], start: number): Term {
  switch (name) {
    case "length":
      return { kind: name, operand: parseOperand(reader) };
    case "count":
    case "value": {
      const at = reader.position;
      const term = parseTerm(reader);
      if (term.kind === "query") return { kind: name, query: term.query };
      return reader.fail(`Expected ${name} to get a query that begins with @ or $, but met another value.`, null, at);
    }
    case "match":
    case "search": {
      const text = parseOperand(reader);
      reader.skipSpace();
      reader.expect(",", `between the two arguments of ${name}`);
      reader.skipSpace();
      const at = reader.position;
      const pattern = parseOperand(reader);
      checkLiteralPattern(reader, pattern, at);
      return { kind: name, text, pattern, offset: start };
    }
  }
}

function parseOperand(reader: Reader): Operand {
  const start = reader.position;
  return toOperand(reader, parseTerm(reader), start);
}

/** A pattern that is known ahead and cannot work is refused now; one from data makes the test false. */
function checkLiteralPattern(reader: Reader, pattern: Operand, at: number): void {
  if (pattern.kind !== "literal" || typeof pattern.value !== "string") return;
  const problem = checkPattern(pattern.value, "iregexp");
  if (problem !== null) reader.fail(problem, null, at);
}
