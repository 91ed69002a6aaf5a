/** What functions ask of the values they are given, and the one form in which they complain. */

import { isObject, type Json, type JsonObject, typeName } from "../../../base/json.ts";
import { quote } from "../../../base/text.ts";
import { ExpressionError } from "../evaluation.ts";
import { withArticle } from "../operators.ts";
import type { Call } from "./entry.ts";

/** `parameter` is the name that the reference gives the value. */
export function failParameter(call: Call, parameter: string, expected: string, met: Json): never {
  throw new ExpressionError(
    `Expected "${parameter}" of ${call.name} to be ${expected}, but it is ${shown(met)}.`,
    call.offset,
  );
}

export function fail(call: Call, message: string): never {
  throw new ExpressionError(message, call.offset);
}

/** The type of a value, and the value itself where it is short. */
function shown(value: Json): string {
  if (typeof value === "string") return `the string ${quote(value)}`;
  if (typeof value === "number") return `the number ${value}`;
  return typeof value === "boolean" ? String(value) : withArticle(typeName(value));
}

export function text(call: Call, parameter: string, value: Json | undefined): string {
  return typeof value === "string" ? value : failParameter(call, parameter, "a string", value ?? null);
}

export function number(call: Call, parameter: string, value: Json | undefined): number {
  return typeof value === "number" ? value : failParameter(call, parameter, "a number", value ?? null);
}

export function integer(call: Call, parameter: string, value: Json | undefined): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  return failParameter(call, parameter, "an integer", value ?? null);
}

export function array(call: Call, parameter: string, value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : failParameter(call, parameter, "an array", value ?? null);
}

export function object(call: Call, parameter: string, value: Json | undefined): JsonObject {
  return isObject(value) ? value : failParameter(call, parameter, "an object", value ?? null);
}
