/** What the operators do with two values. No coercion: a mix that has no one meaning is an error that names both. */

import { type Json, type JsonObject, typeName } from "../../base/json.ts";
import { failValueDepth, spendBytes, spendOperations, spendSearch, VALUE_DEPTH_MAX } from "./budget.ts";
import { type EvaluationContext, ExpressionError } from "./evaluation.ts";
import type { ComparisonOperator } from "./syntax.ts";

/** A condition's value: null counts as false. `what` names the value in the message. */
export function toBoolean(value: Json, what: string, offset: number): boolean {
  if (value === true) return true;
  if (value === false || value === null) return false;
  return failBoolean(value, what, offset);
}

const MENDS = {
  string: 'x != "" or x != null',
  number: "x != 0",
  array: "len(x) > 0",
  object: "x != null",
} as const;

function failBoolean(value: Json, what: string, offset: number): never {
  const type = typeName(value) as keyof typeof MENDS;
  throw new ExpressionError(
    `Expected ${what} to be true or false, but it is ${withArticle(type)}. Compare it, as in ${MENDS[type]}.`,
    offset,
  );
}

export function withArticle(type: string): string {
  if (type === "null") return type;
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

export function add(context: EvaluationContext, left: Json, right: Json, offset: number): Json {
  if (typeof left === "number" && typeof right === "number") return finite(left + right, "+", offset);
  if (typeof left === "string" && typeof right === "string") {
    spendBytes(context, left.length + right.length, offset);
    return left + right;
  }
  const isMix = typeof left === "string" || typeof right === "string";
  throw new ExpressionError(
    `Expected + to add two numbers or to join two strings, but met ${both(left, right)}.${isMix ? " Write string(x) to join other values." : ""}`,
    offset,
  );
}

export function calculate(operator: "-" | "*" | "/" | "%", left: Json, right: Json, offset: number): number {
  if (typeof left !== "number" || typeof right !== "number") {
    throw new ExpressionError(`Expected two numbers for ${operator}, but met ${both(left, right)}.`, offset);
  }
  switch (operator) {
    case "-":
      return finite(left - right, operator, offset);
    case "*":
      return finite(left * right, operator, offset);
    default:
      if (right === 0) throw new ExpressionError(`Expected a divisor other than 0 for ${operator}, but met 0.`, offset);
      return finite(operator === "/" ? left / right : left % right, operator, offset);
  }
}

export function negate(value: Json, offset: number): number {
  if (typeof value === "number") return -value;
  throw new ExpressionError(`Expected a number after the minus, but met ${withArticle(typeName(value))}.`, offset);
}

function finite(value: number, operator: string, offset: number): number {
  if (Number.isFinite(value)) return value;
  throw new ExpressionError(
    `Expected ${operator} to give a number that fits a double, but the result is too large.`,
    offset,
  );
}

function both(left: Json, right: Json): string {
  return `${withArticle(typeName(left))} and ${withArticle(typeName(right))}`;
}

/** `<` and its kin: numbers by value, strings by code point; unequal types are false, other equal types know only =. */
export function compare(
  context: EvaluationContext,
  operator: ComparisonOperator,
  left: Json | undefined,
  right: Json | undefined,
  offset: number,
): boolean {
  switch (operator) {
    case "==":
      return isEqual(context, left, right, offset);
    case "!=":
      return !isEqual(context, left, right, offset);
    case "<":
      return isLess(context, left, right, offset);
    case ">":
      return isLess(context, right, left, offset);
    case "<=":
      return isLess(context, left, right, offset) || isEqual(context, left, right, offset);
    case ">=":
      return isLess(context, right, left, offset) || isEqual(context, left, right, offset);
  }
}

function isLess(context: EvaluationContext, left: Json | undefined, right: Json | undefined, offset: number): boolean {
  if (typeof left === "number" && typeof right === "number") return left < right;
  if (typeof left !== "string" || typeof right !== "string") return false;
  spendOperations(context, Math.min(left.length, right.length) >> 5, offset);
  return compareText(left, right) < 0;
}

/** By code points. UTF-16 order differs where a character beyond U+FFFF meets one from U+E000 on. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b) return codePointOrder(a) - codePointOrder(b);
  }
  return left.length - right.length;
}

/** Lifts surrogates above the rest of the plane, where their characters belong. */
function codePointOrder(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Deep and without coercion; undefined is the RFC's "nothing", equal to itself alone. */
export function isEqual(
  context: EvaluationContext,
  left: Json | undefined,
  right: Json | undefined,
  offset: number,
): boolean {
  if (typeof left === "string") spendOperations(context, left.length >> 8, offset);
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  return isDeeplyEqual(context, left, right, offset, 0);
}

function isDeeplyEqual(context: EvaluationContext, left: Json, right: Json, offset: number, depth: number): boolean {
  if (typeof left === "string") spendOperations(context, left.length >> 8, offset);
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (depth > VALUE_DEPTH_MAX) failValueDepth(offset);
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    spendOperations(context, left.length, offset);
    for (let i = 0; i < left.length; i++) {
      if (!isDeeplyEqual(context, left[i] as Json, right[i] as Json, offset, depth + 1)) return false;
    }
    return true;
  }
  const names = Object.keys(left);
  const other = right as JsonObject;
  const otherNames = Object.keys(other);
  spendOperations(context, names.length + otherNames.length, offset);
  if (names.length !== otherNames.length) return false;
  for (const name of names) {
    if (!Object.hasOwn(other, name)) return false;
    const mine = (left as JsonObject)[name] as Json;
    if (!isDeeplyEqual(context, mine, other[name] as Json, offset, depth + 1)) return false;
  }
  return true;
}

/** An item of an array, a part of a string, a name of an object. Nothing is in null. */
export function isIn(context: EvaluationContext, left: Json, right: Json, offset: number): boolean {
  if (right === null) return false;
  if (Array.isArray(right)) {
    spendOperations(context, right.length, offset);
    return right.some((item: Json) => isEqual(context, left, item, offset));
  }
  if (typeof right === "string" && typeof left === "string") {
    spendSearch(context, right.length, left.length, offset);
    return right.includes(left);
  }
  if (typeof right === "object" && typeof left === "string") return Object.hasOwn(right, left);
  throw new ExpressionError(
    `Expected "in" to look for a value in an array, or for a string in a string or among an object's names, but met ${both(left, right)}.`,
    offset,
  );
}
