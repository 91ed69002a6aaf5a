/** Functions that turn values into others of another type, or choose among them. */

import { isObject, type Json } from "../../../base/json.ts";
import { quote } from "../../../base/text.ts";
import { failValueDepth, spendBytes, spendOperations, VALUE_DEPTH_MAX } from "../budget.ts";
import { toJsonText, toText } from "../render.ts";
import { fail, failParameter, text } from "./arguments.ts";
import type { Call, FunctionEntry } from "./entry.ts";

export const VALUE_FUNCTIONS: readonly FunctionEntry[] = [
  {
    name: "default",
    group: "values",
    parameters: ["value", "fallback"],
    summary: "The value, or the fallback if it is null. The same as `value ?? fallback`.",
    examples: [
      { expression: "default(input.name, 'nobody')", context: { input: {} }, value: "nobody" },
      { expression: "default(0, 1)", value: 0 },
    ],
    apply: (_, [value, fallback]) => value ?? fallback ?? null,
  },
  {
    name: "coalesce",
    group: "values",
    parameters: ["values..."],
    summary: "The first of the values that is not null; null if all are.",
    examples: [{ expression: "coalesce(null, false, 1)", value: false }],
    apply: (_, values) => values.find((value) => value !== null) ?? null,
  },
  {
    name: "string",
    group: "values",
    parameters: ["value"],
    summary: "The value as a template shows it: null is empty, arrays and objects are JSON.",
    examples: [
      { expression: "string(12.5)", value: "12.5" },
      { expression: "string({a: [1]})", value: '{"a":[1]}' },
      { expression: "string(null)", value: "" },
    ],
    apply: (call, [value]) => toText(call.context, value ?? null, call.offset),
  },
  {
    name: "number",
    group: "values",
    parameters: ["value"],
    summary: "The number that a text shows; true is 1, false is 0. A text that shows no number is an error.",
    examples: [
      { expression: "number(' 12.50 ')", value: 12.5 },
      { expression: "number(true)", value: 1 },
    ],
    apply: toNumber,
  },
  {
    name: "bool",
    group: "values",
    parameters: ["value"],
    summary: "True or false of the texts 'true' and 'false'; 0 and null are false, other numbers true.",
    examples: [
      { expression: "bool('true')", value: true },
      { expression: "bool(0)", value: false },
      { expression: "bool(null)", value: false },
    ],
    apply: toBool,
  },
  {
    name: "json",
    group: "values",
    parameters: ["value"],
    summary: "The value as JSON text.",
    examples: [
      { expression: "json({a: 'b'})", value: '{"a":"b"}' },
      { expression: "json('b')", value: '"b"' },
    ],
    apply: (call, [value]) => toJsonText(call.context, value ?? null, call.offset),
  },
  {
    name: "parse_json",
    group: "values",
    parameters: ["text"],
    summary: "The value of a JSON text. A text that is no JSON is an error.",
    examples: [{ expression: "parse_json('[1, {\"a\": null}]')", value: [1, { a: null }] }],
    apply: parseJson,
  },
];

const NUMBER_TEXT = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** Longer ones say nothing more that a double could keep. */
const NUMBER_TEXT_LENGTH_MAX = 400;

function toNumber(call: Call, [value]: readonly Json[]): Json {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  const source = typeof value === "string" && value.length <= NUMBER_TEXT_LENGTH_MAX ? value.trim() : "";
  const result = NUMBER_TEXT.test(source) ? Number(source) : Number.NaN;
  return Number.isFinite(result)
    ? result
    : failParameter(call, "value", "a number, or a text that shows one", value ?? null);
}

function toBool(call: Call, [value]: readonly Json[]): Json {
  if (typeof value === "boolean") return value;
  if (value === null || value === undefined) return false;
  if (typeof value === "number") return value !== 0;
  const word = typeof value === "string" && value.length < 16 ? value.trim().toLowerCase() : "";
  if (word === "true" || word === "false") return word === "true";
  return failParameter(call, "value", 'true, false, a number, "true" or "false"', value);
}

function parseJson(call: Call, [value]: readonly Json[]): Json {
  const source = text(call, "text", value);
  spendOperations(call.context, source.length >> 3, call.offset);
  spendBytes(call.context, source.length, call.offset);
  checkNesting(call, source);
  let result: Json;
  try {
    result = JSON.parse(source) as Json;
  } catch {
    return fail(call, `Expected "text" of parse_json to be JSON, but ${quote(source)} is none.`);
  }
  checkNumbers(call, result);
  return result;
}

/** Before parsing, so that no value comes to be that is too deep to walk. */
function checkNesting(call: Call, source: string): void {
  let depth = 0;
  let isQuoted = false;
  for (let i = 0; i < source.length; i++) {
    const unit = source.charCodeAt(i);
    if (isQuoted && unit === BACKSLASH) i++;
    else if (unit === QUOTE) isQuoted = !isQuoted;
    else if (!isQuoted && (unit === BRACKET || unit === BRACE)) depth++;
    else if (!isQuoted && (unit === BRACKET + 2 || unit === BRACE + 2)) depth--;
    if (depth > VALUE_DEPTH_MAX) failValueDepth(call.offset);
  }
}

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const BRACKET = 0x5b;
const BRACE = 0x7b;

/** JSON.parse makes Infinity of 1e400, which is no value of ours. */
function checkNumbers(call: Call, value: Json): void {
  if (typeof value === "number" && !Number.isFinite(value)) {
    fail(call, 'Expected "text" of parse_json to hold numbers that fit a double, but one does not.');
  }
  if (typeof value !== "object" || value === null) return;
  for (const child of isObject(value) ? Object.values(value) : value) checkNumbers(call, child);
}
