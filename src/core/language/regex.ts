/**
 * Users' regular expressions, in time linear to the text.
 *
 * The engine is re2js: no backtracking, so no pattern can hang the process, and no look-around or back references,
 * which need it. Linear is not yet cheap: a big pattern over a big text still counts its product, so each use has a
 * price in operations that the caller takes off its budget before it starts.
 *
 * Two flavours. `search` is the syntax as RE2 reads it. `iregexp` is RFC 9485 as JSONPath wants it: the same signs,
 * but a dot is everything except \n and \r.
 */

import { RE2JS } from "re2js";
import { quote } from "../base/text.ts";

export type RegexFlavour = "search" | "iregexp";

export interface Regex {
  /** Whether some part of the text matches. */
  test(text: string): boolean;
  matchesWhole(text: string): boolean;
  /**
   * Each match replaced. In the replacement `$1` to `$99` stand for groups, `$&` for the match, `$$` for a dollar.
   * `spend` is told the price of each search before it is made and the length of what it adds, and may throw.
   */
  replaceAll(text: string, replacement: string, spend: Spend): string;
  /** What one search through `length` characters costs at most, in operations. */
  price(length: number): number;
}

export type Spend = (operations: number, characters: number) => void;

export type ParsedRegex =
  | { readonly ok: true; readonly regex: Regex }
  | { readonly ok: false; readonly message: string };

/** Longer patterns are lists of words or attacks. */
export const PATTERN_LENGTH_MAX = 1_000;

/** Steps of the compiled program. `[a-z]{1000}` has a thousand; what has more takes long to compile and to run. */
const PROGRAM_SIZE_MAX = 2_000;

/** Enough for every pattern of a workflow and for a handful from its data. */
const CACHE_SIZE_MAX = 256;

const cache = new Map<string, ParsedRegex>();

/** Never throws. The same pattern gives the same answer from a cache of bounded size. */
export function parseRegex(pattern: string, flavour: RegexFlavour): ParsedRegex {
  if (pattern.length > PATTERN_LENGTH_MAX) {
    const message = `Expected a regular expression of at most ${PATTERN_LENGTH_MAX} characters, but met one of ${pattern.length}.`;
    return { ok: false, message };
  }
  const key = flavour + pattern;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const parsed = compile(pattern, flavour);
  if (cache.size >= CACHE_SIZE_MAX) cache.delete(cache.keys().next().value as string);
  cache.set(key, parsed);
  return parsed;
}

/** What is wrong with the pattern, null if nothing is. */
export function checkPattern(pattern: string, flavour: RegexFlavour): string | null {
  const parsed = parseRegex(pattern, flavour);
  return parsed.ok ? null : parsed.message;
}

/** What compiling the pattern costs at most, in operations. */
export function patternPrice(pattern: string): number {
  return 500 + 50 * pattern.length + 20 * Math.min(estimateSize(pattern), PROGRAM_SIZE_MAX);
}

function compile(pattern: string, flavour: RegexFlavour): ParsedRegex {
  if (estimateSize(pattern) > PROGRAM_SIZE_MAX) {
    return { ok: false, message: `Expected a smaller regular expression, but ${quote(pattern)} repeats too much.` };
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(flavour === "iregexp" ? withDotOfIRegexp(pattern) : pattern);
  } catch (error) {
    return { ok: false, message: explain(pattern, error) };
  }
  return { ok: true, regex: toRegex(compiled, pattern) };
}

/**
 * About how many steps the pattern has once its repetitions are written out, which is what compiling does with them. For
 * a pattern that is none it gives some number.
 */
function estimateSize(pattern: string): number {
  let open: readonly number[] = [];
  let size = 0;
  let last = 0;
  for (const [token] of pattern.matchAll(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\{\d+(?:,\d*)?\}|[\s\S]/g)) {
    if (token === "(") {
      open = [...open, size];
      size = 0;
    } else if (token === ")") {
      last = size + 2;
      size = (open.at(-1) ?? 0) + last;
      open = open.slice(0, -1);
    } else if (token.startsWith("{") && token.length > 1) {
      const most = Math.max(...(token.match(/\d+/g) ?? []).map(Number), 1);
      size += last * (most - 1);
      last *= most;
    } else {
      last = 1;
      size += 1;
    }
    if (size > PROGRAM_SIZE_MAX) return size;
  }
  return size;
}

function explain(pattern: string, error: unknown): string {
  const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "";
  const unsupported = /\(\?(?:[=!]|<[=!])|\\[1-9]/.test(pattern)
    ? " Look-around and back references are not supported, as they cannot run in linear time."
    : "";
  return `Expected a regular expression, but ${quote(pattern)} is none: ${reason}.${unsupported}`;
}

/** Outside of character classes a dot leaves out both ends of line, as RFC 9485 says. */
function withDotOfIRegexp(pattern: string): string {
  return pattern.replaceAll(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\./g, (part) =>
    part === "." ? "[^\\n\\r]" : part,
  );
}

function toRegex(compiled: RE2JS, pattern: string): Regex {
  const size = compiled.programSize();
  const price = (length: number) => 1 + Math.ceil((length * (size + 8)) / 32);
  const isLocal = LOCAL_PATTERN.test(pattern);
  return {
    test: (text) => compiled.test(text),
    matchesWhole: (text) => compiled.testExact(text),
    price,
    replaceAll: (text, replacement, spend) =>
      replaceAll(compiled, text, replacement, isLocal ? LOCAL_PRICE : price, spend),
  };
}

/**
 * One character or class, perhaps repeated: the search never looks past the end of its match. All other patterns may
 * look through the rest of the text for each match, so finding all of them has the price of that.
 */
const LOCAL_PATTERN = /^(?:[^\\[\](){}.*+?|^$]|\\[dDsSwW\\[\](){}.*+?|^$]|\[\^?[^\]\\[]+\])\+?$/;

const LOCAL_PRICE = (): number => 8;

function replaceAll(
  compiled: RE2JS,
  text: string,
  replacement: string,
  price: (length: number) => number,
  spend: Spend,
): string {
  spend(1 + (text.length >> 3), text.length);
  const matcher = compiled.matcher(text);
  const pieces: string[] = [];
  let end = 0;
  for (;;) {
    spend(price(text.length - end), 0);
    if (!matcher.find()) break;
    const put = expand(replacement, matcher);
    spend(0, put.length);
    pieces.push(text.slice(end, matcher.start()), put);
    end = matcher.end();
  }
  pieces.push(text.slice(end));
  return pieces.join("");
}

function expand(replacement: string, matcher: ReturnType<RE2JS["matcher"]>): string {
  if (!replacement.includes("$")) return replacement;
  return replacement.replaceAll(/\$(?:\$|&|[1-9][0-9]?)/g, (sign) => {
    if (sign === "$$") return "$";
    if (sign === "$&") return matcher.group() ?? "";
    const groups = matcher.groupCount();
    const both = Number(sign.slice(1));
    if (both <= groups) return matcher.group(both) ?? "";
    const first = Number(sign[1]);
    return first <= groups ? (matcher.group(first) ?? "") + sign.slice(2) : sign;
  });
}
