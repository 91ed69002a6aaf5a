/**
 * Reads the words of an expression: white space, names, strings and numbers.
 *
 * Expressions and JSONPath queries have different words at the same places (`-1` is an index here and a subtraction
 * there, `a-b` one name or an error), so there is no list of tokens made ahead: the parsers ask for the word that may
 * stand where they are.
 */

import { quote } from "../../base/text.ts";
import type { Parsed, Problem } from "./expression.ts";

/** Longer expressions are programs; those belong into a script. Also bounds what parsing may cost. */
export const EXPRESSION_LENGTH_MAX = 32_768;

/** Nobody reads an expression nested this deep, and every part of the machinery survives it on a small stack. */
export const EXPRESSION_DEPTH_MAX = 200;

/** Thrown and caught inside the parser only. No `Error`: nobody reads its stack, and taking one costs more than parsing. */
class SyntaxProblem {
  readonly problem: Problem;

  constructor(problem: Problem) {
    this.problem = problem;
  }
}

/** Runs a parser and gives its problem as a value. */
export function attempt<T>(parse: () => T): Parsed<T> {
  try {
    return { ok: true, value: parse() };
  } catch (error) {
    if (error instanceof SyntaxProblem) return { ok: false, problem: error.problem };
    throw error;
  }
}

export class Reader {
  readonly source: string;
  position = 0;
  private nesting = 0;

  constructor(source: string) {
    this.source = source;
  }

  isAtEnd(): boolean {
    return this.position >= this.source.length;
  }

  /** The UTF-16 unit here, -1 at the end. */
  unit(ahead = 0): number {
    const at = this.position + ahead;
    return at < this.source.length ? this.source.charCodeAt(at) : -1;
  }

  startsWith(text: string): boolean {
    return this.source.startsWith(text, this.position);
  }

  /** Steps over `text` if it stands here. */
  accept(text: string): boolean {
    if (!this.startsWith(text)) return false;
    this.position += text.length;
    return true;
  }

  expect(text: string, purpose: string): void {
    if (!this.accept(text)) this.fail(`Expected "${text}" ${purpose}, but met ${this.met()}.`);
  }

  skipSpace(): void {
    while (isSpace(this.unit())) this.position++;
  }

  /** Runs `parse` one level deeper. */
  nested<T>(parse: () => T): T {
    if (++this.nesting > EXPRESSION_DEPTH_MAX) this.failDepth();
    const result = parse();
    this.nesting--;
    return result;
  }

  failDepth(): never {
    this.fail(`Expected at most ${EXPRESSION_DEPTH_MAX} levels of nesting, but this goes deeper.`);
  }

  fail(message: string, hint: string | null = null, offset: number = this.position): never {
    throw new SyntaxProblem({ message, hint, offset: Math.min(offset, this.source.length) });
  }

  /** What stands here, as a message says it. */
  met(): string {
    if (this.isAtEnd()) return "the end";
    const rest = this.source.slice(this.position, this.position + 64);
    const word = /^[A-Za-z0-9_$@.-]+/.exec(rest)?.[0] ?? String.fromCodePoint(rest.codePointAt(0) as number);
    return quote(word);
  }

  /** A name by RFC 9535, with hyphens after its first character where `hyphens` says so; null if none stands here. */
  acceptName(hyphens: boolean): string | null {
    const start = this.position;
    let width = nameWidth(this.source, start, true);
    while (width > 0) {
      this.position += width;
      width = nameWidth(this.source, this.position, false);
      if (width === 0 && hyphens && this.unit() === HYPHEN) width = 1;
    }
    return this.position === start ? null : this.source.slice(start, this.position);
  }

  /** A number by the JSON grammar without its sign; null if none stands here. */
  acceptNumber(): number | null {
    const found = this.matchHere(/(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y);
    if (found === null) return null;
    const value = Number(found);
    if (!Number.isFinite(value)) {
      this.fail(`Expected a number that fits a double, but met ${quote(found)}.`, null, this.position - found.length);
    }
    const follows = this.unit();
    if (isDigit(follows) || nameWidth(this.source, this.position, true) > 0) {
      this.fail(`Expected a number without leading zeros or letters, but met ${this.met()} after ${quote(found)}.`);
    }
    return value;
  }

  matchHere(sticky: RegExp): string | null {
    sticky.lastIndex = this.position;
    const found = sticky.exec(this.source);
    if (found === null) return null;
    this.position += found[0].length;
    return found[0];
  }

  /**
   * A string in single or double quotes, with the escapes of RFC 9535. Each kind of quote may be escaped within its own
   * kind only; `anyQuote` allows both.
   */
  readString(anyQuote: boolean): string {
    const opening = this.position;
    const quoteUnit = this.unit();
    this.position++;
    let text = "";
    let copied = this.position;
    for (;;) {
      const unit = this.unit();
      if (unit === -1) this.fail("Expected the string to end with its quote, but met the end.", null, opening);
      if (unit === quoteUnit) break;
      if (unit === BACKSLASH) {
        text += this.source.slice(copied, this.position) + this.readEscape(quoteUnit, anyQuote);
        copied = this.position;
        continue;
      }
      if (unit < 0x20) {
        this.fail("Expected control characters of a string to be escaped, but met one as it is.", "Write \\n or \\t.");
      }
      const width = isSurrogate(unit) ? scalarWidth(this.source, this.position) : 1;
      if (width === 0) this.fail("Expected well-formed text, but met half of a surrogate pair.");
      this.position += width;
    }
    text += this.source.slice(copied, this.position);
    this.position++;
    return text;
  }

  private readEscape(quoteUnit: number, anyQuote: boolean): string {
    const start = this.position;
    const sign = this.source[start + 1] ?? "";
    const simple = SIMPLE_ESCAPES[sign];
    const isQuote = sign === '"' || sign === "'";
    if (simple !== undefined || (isQuote && (anyQuote || sign.charCodeAt(0) === quoteUnit))) {
      this.position += 2;
      return simple ?? sign;
    }
    if (sign !== "u") {
      this.fail(
        `Expected a known escape in a string, but met ${quote(`\\${sign}`)}.`,
        "Known are \\b \\f \\n \\r \\t \\/ \\\\ \\uXXXX and the quote itself.",
      );
    }
    const first = this.readHexUnit(start);
    if (!isSurrogate(first)) return String.fromCharCode(first);
    const second = first < 0xdc00 && this.startsWith("\\u") ? this.readHexUnit(this.position) : 0;
    if (second < 0xdc00 || second > 0xdfff) {
      this.fail("Expected a high surrogate to be followed by a low one, but it stands alone.", null, start);
    }
    return String.fromCharCode(first, second);
  }

  private readHexUnit(start: number): number {
    const digits = this.source.slice(start + 2, start + 6);
    if (!/^[0-9A-Fa-f]{4}$/.test(digits)) this.fail("Expected four hex digits after \\u.", null, start);
    this.position = start + 6;
    return Number.parseInt(digits, 16);
  }
}

const HYPHEN = 0x2d;
const BACKSLASH = 0x5c;
const SIMPLE_ESCAPES: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  "/": "/",
  "\\": "\\",
});

export function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x09 || unit === 0x0a || unit === 0x0d;
}

export function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** Units of the name character at `at`, 0 if there is none: letters, `_`, everything beyond ASCII, digits not first. */
function nameWidth(source: string, at: number, isFirst: boolean): number {
  if (at >= source.length) return 0;
  const unit = source.charCodeAt(at);
  if (unit < 0x80) {
    const isLetter = (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a) || unit === 0x5f;
    return isLetter || (!isFirst && isDigit(unit)) ? 1 : 0;
  }
  return isSurrogate(unit) ? scalarWidth(source, at) : 1;
}

/** 2 for a whole surrogate pair, 0 for half of one. */
function scalarWidth(source: string, at: number): number {
  const code = source.codePointAt(at) as number;
  return code > 0xffff ? 2 : 0;
}
