/** Functions on strings. Positions and lengths count Unicode characters, as RFC 9535 does. */

import type { Json } from "../../../base/json.ts";
import { parseRegex, type Regex } from "../../regex.ts";
import { spendBytes, spendOperations, spendSearch } from "../budget.ts";
import { isIn } from "../operators.ts";
import { createPatternSource } from "../pattern.ts";
import { toText } from "../render.ts";
import { array, fail, integer, text } from "./arguments.ts";
import type { Apply, Call, FunctionEntry, Prepared } from "./entry.ts";

export const STRING_FUNCTIONS: readonly FunctionEntry[] = [
  {
    name: "lower",
    group: "strings",
    parameters: ["text"],
    summary: "The text in lower-case letters.",
    examples: [{ expression: "lower('Ada LOVELACE')", value: "ada lovelace" }],
    apply: (call, [value]) => built(call, text(call, "text", value).toLowerCase()),
  },
  {
    name: "upper",
    group: "strings",
    parameters: ["text"],
    summary: "The text in upper-case letters.",
    examples: [{ expression: "upper('de')", value: "DE" }],
    apply: (call, [value]) => built(call, text(call, "text", value).toUpperCase()),
  },
  {
    name: "trim",
    group: "strings",
    parameters: ["text"],
    summary: "The text without white space at both ends.",
    examples: [{ expression: "trim('  a b ')", value: "a b" }],
    apply: (call, [value]) => built(call, text(call, "text", value).trim()),
  },
  {
    name: "split",
    group: "strings",
    parameters: ["text", "separator"],
    summary: "The parts of the text between the separators; with an empty separator its characters.",
    examples: [
      { expression: "split('a,b,,c', ',')", value: ["a", "b", "", "c"] },
      { expression: "split('añ😀', '')", value: ["a", "ñ", "😀"] },
    ],
    apply: split,
  },
  {
    name: "join",
    group: "strings",
    parameters: ["items", "separator?"],
    summary: 'The items of an array as one text, by default with "," between them. Null is empty, objects are JSON.',
    examples: [
      { expression: "join(['a', 1, null, true], '-')", value: "a-1--true" },
      { expression: "join(input.tags)", context: { input: { tags: ["new", "vip"] } }, value: "new,vip" },
    ],
    apply: join,
  },
  {
    name: "replace",
    group: "strings",
    parameters: ["text", "pattern", "replacement"],
    summary:
      "The text with every match of a regular expression (RE2 syntax) replaced. In the replacement $1 is the first group, $& the match, $$ a dollar.",
    examples: [
      { expression: "replace('2026-01-02', '-', '/')", value: "2026/01/02" },
      { expression: "replace('Ada Lovelace', '(\\\\w+) (\\\\w+)', '$2, $1')", value: "Lovelace, Ada" },
      { expression: "replace('1.234.567', '\\\\.', '')", value: "1234567" },
    ],
    prepare: ([, pattern]) => withPattern(pattern, replace),
  },
  {
    name: "contains",
    group: "strings",
    parameters: ["container", "value"],
    summary:
      "Whether a string contains a string, an array an equal item, or an object a member of that name. Null contains nothing. The same as `value in container`.",
    examples: [
      { expression: "contains('checkout', 'check')", value: true },
      { expression: "contains(['a', 'b'], 'c')", value: false },
      { expression: "contains(null, 'c')", value: false },
    ],
    apply: (call, [container, value]) => isIn(call.context, value ?? null, container ?? null, call.offset),
  },
  {
    name: "starts_with",
    group: "strings",
    parameters: ["text", "beginning"],
    summary: "Whether the text begins so.",
    examples: [{ expression: "starts_with('order-17', 'order-')", value: true }],
    apply: (call, [value, part]) => text(call, "text", value).startsWith(text(call, "beginning", part)),
  },
  {
    name: "ends_with",
    group: "strings",
    parameters: ["text", "ending"],
    summary: "Whether the text ends so.",
    examples: [{ expression: "ends_with('report.pdf', '.pdf')", value: true }],
    apply: (call, [value, part]) => text(call, "text", value).endsWith(text(call, "ending", part)),
  },
  {
    name: "matches",
    group: "strings",
    parameters: ["text", "pattern"],
    summary:
      "Whether a regular expression (RE2 syntax) matches somewhere in the text. Begin with ^ and end with $ to match all of it.",
    examples: [
      { expression: "matches('AB-1234', '^[A-Z]{2}-[0-9]+$')", value: true },
      { expression: "matches('order AB-1234 of today', '[A-Z]{2}-[0-9]+')", value: true },
    ],
    prepare: ([, pattern]) => withPattern(pattern, matches),
  },
  {
    name: "substring",
    group: "strings",
    parameters: ["text", "start", "end?"],
    summary:
      "The characters from start (the first is 0) up to but not including end, by default the end of the text. Negative positions count from the end.",
    examples: [
      { expression: "substring('workflow', 4)", value: "flow" },
      { expression: "substring('workflow', 0, 4)", value: "work" },
      { expression: "substring('workflow', -4, -1)", value: "flo" },
    ],
    apply: substring,
  },
];

function built(call: Call, result: string): string {
  spendOperations(call.context, result.length >> 6, call.offset);
  spendBytes(call.context, result.length, call.offset);
  return result;
}

function split(call: Call, [value, by]: readonly Json[]): Json {
  const source = text(call, "text", value);
  const separator = text(call, "separator", by);
  spendOperations(call.context, source.length >> 3, call.offset);
  spendSearch(call.context, source.length, separator.length, call.offset);
  spendBytes(call.context, source.length, call.offset);
  const parts = separator === "" ? Array.from(source) : source.split(separator);
  spendOperations(call.context, parts.length, call.offset);
  spendBytes(call.context, 3 * parts.length, call.offset);
  return parts;
}

function join(call: Call, [value, by]: readonly Json[]): Json {
  const items = array(call, "items", value);
  const separator = text(call, "separator", by ?? ",");
  spendOperations(call.context, items.length, call.offset);
  spendBytes(call.context, items.length * separator.length, call.offset);
  const parts = items.map((item) => {
    const part = toText(call.context, item, call.offset);
    spendBytes(call.context, part.length, call.offset);
    return part;
  });
  return parts.join(separator);
}

function replace(regexOf: RegexOf): Apply {
  return (call, [value, pattern, by]) => {
    const source = text(call, "text", value);
    const replacement = text(call, "replacement", by);
    return regexOf(call, pattern).replaceAll(source, replacement, (operations, characters) => {
      spendOperations(call.context, operations, call.offset);
      spendBytes(call.context, characters, call.offset);
    });
  };
}

function matches(regexOf: RegexOf): Apply {
  return (call, [value, pattern]) => {
    const source = text(call, "text", value);
    const regex = regexOf(call, pattern);
    spendOperations(call.context, regex.price(source.length), call.offset);
    return regex.test(source);
  };
}

type RegexOf = (call: Call, pattern: Json | undefined) => Regex;

/** A constant pattern is compiled, and refused, with the expression; one from data each time it changes. */
function withPattern(constant: Json | undefined, toApply: (regexOf: RegexOf) => Apply): Prepared {
  if (typeof constant === "string") {
    const parsed = parseRegex(constant, "search");
    return parsed.ok ? { ok: true, apply: toApply(() => parsed.regex) } : parsed;
  }
  const source = createPatternSource("search");
  const regexOf: RegexOf = (call, pattern) => {
    const parsed = source(call.context, text(call, "pattern", pattern), call.offset);
    return parsed.ok ? parsed.regex : fail(call, parsed.message);
  };
  return { ok: true, apply: toApply(regexOf) };
}

function substring(call: Call, [value, start, end]: readonly Json[]): Json {
  const source = text(call, "text", value);
  const from = integer(call, "start", start);
  const to = end === undefined || end === null ? undefined : integer(call, "end", end);
  if (!/[\ud800-\udfff]/.test(source)) return built(call, source.slice(from, to));
  spendOperations(call.context, source.length >> 3, call.offset);
  return built(call, Array.from(source).slice(from, to).join(""));
}
