/** Functions on numbers and on arrays of numbers. */

import { type Json, typeName } from "../../../base/json.ts";
import { spendOperations } from "../budget.ts";
import { compareText, withArticle } from "../operators.ts";
import { array, fail, failParameter, integer, number } from "./arguments.ts";
import type { Call, FunctionEntry } from "./entry.ts";

export const NUMBER_FUNCTIONS: readonly FunctionEntry[] = [
  {
    name: "sum",
    group: "numbers",
    parameters: ["numbers"],
    summary: "The sum of an array of numbers; 0 if it is empty.",
    examples: [
      {
        expression: "sum($.input.items[*].price)",
        context: { input: { items: [{ price: 5 }, { price: 7 }] } },
        value: 12,
      },
      { expression: "sum([])", value: 0 },
    ],
    apply: (call, [values]) => sum(call, numbers(call, values)),
  },
  {
    name: "avg",
    group: "numbers",
    parameters: ["numbers"],
    summary: "The mean of an array of numbers; null if it is empty.",
    examples: [
      { expression: "avg([1, 2, 6])", value: 3 },
      { expression: "avg([])", value: null },
    ],
    apply: (call, [values]) => {
      const list = numbers(call, values);
      return list.length === 0 ? null : sum(call, list) / list.length;
    },
  },
  {
    name: "min",
    group: "numbers",
    parameters: ["values", "more..."],
    summary: "The least of an array of numbers or strings, or of the values given; null if there is none.",
    examples: [
      { expression: "min([3, 1, 2])", value: 1 },
      { expression: "min(3, 1)", value: 1 },
      { expression: "min([])", value: null },
    ],
    apply: (call, values) => extreme(call, values, -1),
  },
  {
    name: "max",
    group: "numbers",
    parameters: ["values", "more..."],
    summary: "The greatest of an array of numbers or strings, or of the values given; null if there is none.",
    examples: [
      { expression: "max([3, 1, 2])", value: 3 },
      { expression: "max(['2026-01-02', '2025-12-31'])", value: "2026-01-02" },
    ],
    apply: (call, values) => extreme(call, values, 1),
  },
  {
    name: "round",
    group: "numbers",
    parameters: ["number", "digits?"],
    summary:
      "The number rounded to so many decimal digits, by default none. Halves go away from zero; negative digits round to tens, hundreds and so on.",
    examples: [
      { expression: "round(2.5)", value: 3 },
      { expression: "round(-2.5)", value: -3 },
      { expression: "round(1.005, 2)", value: 1.01 },
      { expression: "round(1250, -2)", value: 1300 },
    ],
    apply: (call, [value, digits]) => round(number(call, "number", value), integer(call, "digits", digits ?? 0)),
  },
  {
    name: "floor",
    group: "numbers",
    parameters: ["number"],
    summary: "The greatest integer that is not greater.",
    examples: [{ expression: "floor(-1.5)", value: -2 }],
    apply: (call, [value]) => Math.floor(number(call, "number", value)),
  },
  {
    name: "ceil",
    group: "numbers",
    parameters: ["number"],
    summary: "The least integer that is not less.",
    examples: [{ expression: "ceil(1.2)", value: 2 }],
    apply: (call, [value]) => Math.ceil(number(call, "number", value)),
  },
  {
    name: "abs",
    group: "numbers",
    parameters: ["number"],
    summary: "The number without its sign.",
    examples: [{ expression: "abs(-7)", value: 7 }],
    apply: (call, [value]) => Math.abs(number(call, "number", value)),
  },
  {
    name: "random",
    group: "numbers",
    parameters: [],
    summary: "A number from 0 up to but not including 1, drawn anew for each call and kept with the history.",
    examples: [{ expression: "random() < 1", value: true }],
    apply: (call) => call.context.random(),
  },
];

function numbers(call: Call, values: Json | undefined): readonly number[] {
  const items = array(call, "numbers", values);
  spendOperations(call.context, items.length, call.offset);
  for (const item of items) if (typeof item !== "number") failParameter(call, "numbers", "an array of numbers", item);
  return items as readonly number[];
}

function sum(call: Call, values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  if (!Number.isFinite(total))
    fail(call, `Expected ${call.name} to give a number that fits a double, but it is too large.`);
  return total;
}

function extreme(call: Call, values: readonly Json[], sign: 1 | -1): Json {
  const items = values.length === 1 ? array(call, "values", values[0]) : values;
  spendOperations(call.context, items.length, call.offset);
  let best: Json = null;
  for (const item of items) {
    if (typeof item !== "number" && typeof item !== "string") failParameter(call, "values", "numbers or strings", item);
    if (best === null || sign * order(call, item, best) > 0) best = item;
  }
  return best;
}

function order(call: Call, left: Json, right: Json): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "string" && typeof right === "string") return compareText(left, right);
  const met = `${withArticle(typeName(left))} and ${withArticle(typeName(right))}`;
  return fail(call, `Expected ${call.name} to compare numbers or strings alone, but met ${met}.`);
}

/** Shifts the decimal point in the number's text, where it is exact; multiplying 1.005 by 100 would give 100.49999. */
function round(value: number, digits: number): number {
  const rounded = shift(Math.round(shift(Math.abs(value), digits)), -digits);
  return Number.isFinite(rounded) ? Math.sign(value) * rounded : value;
}

function shift(value: number, digits: number): number {
  const [mantissa, exponent] = String(value).split("e");
  return Number(`${mantissa}e${Number(exponent ?? 0) + digits}`);
}
