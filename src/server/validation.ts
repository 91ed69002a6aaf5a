/**
 * Checks requests by the schemas of their route, and says in words what does not fit.
 *
 * A first pass stops at the first mistake and is all that most requests ever see. Only a small text that failed is looked
 * through for all of them: naming eight million mistakes would be an attack on ourselves.
 */

import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { isObject, type Json, member, typeName } from "../core/base/json.ts";
import { nearest, quote } from "../core/base/text.ts";
import type { ProblemError } from "../core/protocol/problems.ts";

/** Past this a request is told its first mistake only. */
const ALL_ERRORS_BYTES_MAX = 64 * 1024;
const ERRORS_MAX = 50;

export interface Validator {
  /** Empty: it fits. Queries and path parameters are converted to the types of their schema, in place. */
  check(value: unknown, bytes: number): readonly ProblemError[];
}

/** `where` goes before the pointers: empty for bodies, else `query` or `path`. */
export function createValidator(schema: object, where: "" | "query" | "path"): Validator {
  // Compiling takes milliseconds, and most routes are not used by most processes: each schema waits for its first request.
  let first: ValidateFunction | null = null;
  let all: ValidateFunction | null = null;
  return {
    check(value, bytes) {
      first ??= compiler(where !== "", false).compile(schema);
      if (first(value)) return [];
      if (bytes > ALL_ERRORS_BYTES_MAX) return toErrors(first.errors ?? [], where);
      all ??= compiler(where !== "", true).compile(schema);
      return all(value) ? [] : toErrors(all.errors ?? [], where);
    },
  };
}

const compilers = new Map<string, Ajv2020>();

function compiler(coerces: boolean, allErrors: boolean): Ajv2020 {
  const key = `${coerces} ${allErrors}`;
  const known = compilers.get(key);
  if (known !== undefined) return known;
  const ajv = new Ajv2020({ allErrors, coerceTypes: coerces, strict: false, verbose: true, validateSchema: false });
  formats.default(ajv, ["date-time"]);
  rememberLastTime(ajv);
  compilers.set(key, ajv);
  return ajv;
}

/** Times that come together are often the same one. */
function rememberLastTime(ajv: Ajv2020): void {
  const format = ajv.formats["date-time"];
  if (typeof format !== "object" || format instanceof RegExp || typeof format.validate !== "function") return;
  const check = format.validate as (text: string) => boolean;
  let last: string | null = null;
  ajv.addFormat("date-time", {
    validate(text: string) {
      if (text === last) return true;
      if (!check(text)) return false;
      last = text;
      return true;
    },
  });
}

function toErrors(found: readonly ErrorObject[], where: string): readonly ProblemError[] {
  return withoutAlternatives(found)
    .slice(0, ERRORS_MAX)
    .map((error) => {
      const place = error.instancePath + innerPlace(error);
      return { pointer: where === "" ? place : where + place, detail: messageOf(error) };
    });
}

/**
 * Of a union that fits nothing each alternative complains. Who is wrong about the type of the value itself is left out;
 * where somebody complains about what is inside, that is the mistake; else the union as a whole is.
 */
function withoutAlternatives(found: readonly ErrorObject[]): readonly ErrorObject[] {
  const unions = found.filter(({ keyword }) => keyword === "anyOf");
  const hidden = new Set<ErrorObject>();
  for (const union of unions) {
    const complaints = found.filter(
      (error) =>
        error !== union &&
        error.schemaPath.startsWith(`${union.schemaPath}/`) &&
        error.instancePath.startsWith(union.instancePath),
    );
    const isAboutItself = (error: ErrorObject) => error.instancePath === union.instancePath && SELF.has(error.keyword);
    const inner = complaints.filter((error) => !isAboutItself(error));
    for (const error of complaints) if (inner.length === 0 || isAboutItself(error)) hidden.add(error);
    if (inner.length > 0) hidden.add(union);
  }
  return found.filter((error) => !hidden.has(error));
}

const SELF: ReadonlySet<string> = new Set(["type", "const", "enum"]);

/** Errors about a member are reported at that member. */
function innerPlace({ keyword, params }: ErrorObject): string {
  if (keyword === "required") return `/${params.missingProperty}`;
  if (keyword === "additionalProperties") return `/${params.additionalProperty}`;
  return "";
}

function messageOf(error: ErrorObject): string {
  const { keyword, params, data, parentSchema, schema } = error;
  const met = describe(data as Json);
  switch (keyword) {
    case "required":
      return `Expected ${quote(params.missingProperty)} to be given, but it is missing.`;
    case "additionalProperties": {
      const known = isObject(parentSchema?.properties) ? Object.keys(parentSchema.properties) : [];
      const meant = nearest(params.additionalProperty, known);
      const hint = meant === null ? ` Known are ${known.join(", ")}.` : ` Did you mean ${quote(meant)}?`;
      return `Expected no ${quote(params.additionalProperty)}: there is no such field.${known.length === 0 ? "" : hint}`;
    }
    case "type":
      return `Expected ${[params.type].flat().map(withArticle).join(" or ")}, but met ${met}.`;
    case "enum": {
      const values: readonly Json[] = Array.isArray(schema) ? schema : [];
      const meant =
        typeof data === "string"
          ? nearest(
              data,
              values.filter((value) => typeof value === "string"),
            )
          : null;
      return `Expected one of ${values.join(", ")}, but met ${met}.${meant === null ? "" : ` Did you mean ${quote(meant)}?`}`;
    }
    case "const":
      return `Expected ${JSON.stringify(schema)}, but met ${met}.`;
    case "anyOf":
      return `Expected ${alternatives(schema)}, but met ${met}.`;
    case "pattern":
      return `Expected a text that matches ${schema}, but met ${met}.`;
    case "format":
      return `Expected a time such as 2026-01-31T12:00:00Z, but met ${met}.`;
    case "minimum":
      return `Expected ${schema} or more, but met ${met}.`;
    case "maximum":
      return `Expected ${schema} or less, but met ${met}.`;
    case "minLength":
      return `Expected a text of ${schema} characters or more, but met ${met}.`;
    case "maxLength":
      return `Expected a text of ${schema} characters or fewer, but it has more.`;
    case "minItems":
      return `Expected ${schema} items or more, but there are ${Array.isArray(data) ? data.length : 0}.`;
    case "maxItems":
      return `Expected ${schema} items or fewer, but there are ${Array.isArray(data) ? data.length : "more"}.`;
    default:
      return `Expected a value that ${error.message ?? "fits the schema"}, but met ${met}.`;
  }
}

function alternatives(schema: unknown): string {
  if (!Array.isArray(schema)) return "another value";
  const words = schema.flatMap((one: Json) => {
    if (!isObject(one)) return [];
    const values = member(one, "enum");
    if (Array.isArray(values)) return values.map((value) => JSON.stringify(value));
    const type = member(one, "type");
    return typeof type === "string" ? [withArticle(type)] : [];
  });
  return [...new Set(words)].join(" or ");
}

function withArticle(type: string): string {
  if (type === "null") return "null";
  if (type === "string") return "a text";
  return `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;
}

function describe(value: Json): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  return `an ${typeName(value)}`;
}
