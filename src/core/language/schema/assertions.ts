/** The keywords that look at a value itself and not into it: types, fixed values, numbers, strings. */

import { defined } from "../../base/bug.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { equals } from "../../base/json.ts";
import type { Compiling } from "./compile.ts";
import { FORMATS } from "./formats.ts";
import type { Check } from "./run.ts";
import { fail, matches } from "./run.ts";
import { parametersOf, VALIDATORS } from "./validators.ts";
import { count, listed, show } from "./violation.ts";

export function compileAssertions(compiling: Compiling, schema: JsonObject): readonly Check[] {
  const checks: Check[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    const check = compileAssertion(compiling, schema, keyword, value);
    if (check !== null) checks.push(check);
  }
  return checks;
}

function compileAssertion(compiling: Compiling, schema: JsonObject, keyword: string, value: Json): Check | null {
  switch (keyword) {
    case "type":
      return type(value);
    case "const":
      return constant(value);
    case "enum":
      return oneOfValues(value as readonly Json[]);
    case "minimum":
      return number(
        value,
        (met, limit) => met >= limit,
        (limit) => `a number of at least ${limit}`,
      );
    case "maximum":
      return number(
        value,
        (met, limit) => met <= limit,
        (limit) => `a number of at most ${limit}`,
      );
    case "exclusiveMinimum":
      return number(
        value,
        (met, limit) => met > limit,
        (limit) => `a number above ${limit}`,
      );
    case "exclusiveMaximum":
      return number(
        value,
        (met, limit) => met < limit,
        (limit) => `a number below ${limit}`,
      );
    case "multipleOf":
      return number(value, isMultiple, (limit) => `a multiple of ${limit}`);
    case "minLength":
      return length(value as number, (met, limit) => met >= limit, "at least");
    case "maxLength":
      return length(value as number, (met, limit) => met <= limit, "at most");
    case "pattern":
      return pattern(compiling, value as string);
    case "format":
      return format(value as string);
    case "x-validator":
      return validator(compiling, schema, value as string);
    default:
      return null;
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  null: "null",
  boolean: "true or false",
  number: "a number",
  integer: "a whole number",
  string: "a string",
  array: "an array",
  object: "an object",
};

function type(value: Json): Check {
  const names = (Array.isArray(value) ? value : [value]) as readonly string[];
  const [only] = names;
  const expected = names.map((name) => TYPE_NAMES[name]).join(" or ");
  const fits: (value: Json) => boolean =
    names.length === 1 && only !== undefined
      ? (met) => isOfType(met, only)
      : (met) => names.some((name) => isOfType(met, name));
  return (met, run) => fits(met) || fail(run, () => `Expected ${expected}, but got ${show(met)}.`);
}

function isOfType(value: Json, name: string): boolean {
  switch (name) {
    case "null":
      return value === null;
    case "integer":
      return typeof value === "number" && Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === name;
  }
}

function constant(value: Json): Check {
  return (met, run) => equals(met, value) || fail(run, () => `Expected ${show(value)}, but got ${show(met)}.`);
}

function oneOfValues(values: readonly Json[]): Check {
  // Most lists hold scalars only, which a set finds at once; `-0` and `0` are one there too.
  const scalars = new Set(values.filter((value) => typeof value !== "object" || value === null));
  const others = values.filter((value) => typeof value === "object" && value !== null);
  return (met, run) => {
    const fits =
      typeof met === "object" && met !== null ? others.some((value) => equals(met, value)) : scalars.has(met);
    return fits || fail(run, () => `Expected one of ${listed(values.map(show))}, but got ${show(met)}.`);
  };
}

function number(
  value: Json,
  fits: (met: number, limit: number) => boolean,
  expected: (limit: number) => string,
): Check {
  const limit = value as number;
  return (met, run) =>
    typeof met !== "number" ||
    fits(met, limit) ||
    fail(run, () => `Expected ${expected(limit)}, but got ${show(met)}.`);
}

/** In whole units of the last decimal place: 0.3 is a multiple of 0.1, although the division says 2.9999999999999996. */
function isMultiple(met: number, of: number): boolean {
  if (met % of === 0 || Number.isInteger(met / of)) return true;
  const scale = 10 ** Math.max(decimals(met), decimals(of));
  const [units, step] = [Math.round(met * scale), Math.round(of * scale)];
  return Number.isSafeInteger(units) && step !== 0 && units % step === 0;
}

function decimals(value: number): number {
  const [, fraction = "", exponent = "0"] = /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  return Math.max(0, fraction.length - Number(exponent));
}

/** Lengths count characters, not UTF-16 units. */
function length(limit: number, fits: (met: number, limit: number) => boolean, bound: string): Check {
  return (met, run) => {
    if (typeof met !== "string") return true;
    const characters = charactersOf(met);
    return (
      fits(characters, limit) ||
      fail(run, () => `Expected ${bound} ${count(limit, "character")}, but got ${characters}: ${show(met)}.`)
    );
  };
}

function charactersOf(text: string): number {
  let pairs = 0;
  for (let i = 1; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) pairs++;
  }
  return text.length - pairs;
}

function pattern(compiling: Compiling, source: string): Check {
  const regex = defined(compiling.patterns.get(source), "every pattern to be compiled");
  return (met, run) =>
    typeof met !== "string" ||
    matches(run, regex, met) ||
    fail(run, () => `Expected a text that matches ${show(source)}, but got ${show(met)}.`);
}

function format(name: string): Check | null {
  const known = FORMATS.get(name);
  if (known === undefined) return null;
  return (met, run) =>
    typeof met !== "string" || known.fits(met) || fail(run, () => `Expected ${known.name}, but got ${show(met)}.`);
}

/** Numbers are looked at by their digits: card numbers are sometimes sent as such. */
function validator(compiling: Compiling, schema: JsonObject, name: string): Check {
  const known = defined(VALIDATORS.get(name), "every validator to be known");
  const parameters = parametersOf(name, schema, compiling.root);
  return (met, run) => {
    if (typeof met !== "string" && typeof met !== "number") return true;
    const expected = known.expected(String(met), parameters);
    return expected === null || fail(run, () => `Expected ${expected}, but got ${show(met)}.`);
  };
}
