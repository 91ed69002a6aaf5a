/**
 * The vocabulary of JSON Schema 2020-12: which keyword takes what.
 *
 * Two readers share the table: the check that a schema is well-formed, and the walk that finds the schemas inside a schema.
 * A keyword that is not listed is an annotation, and everything below it is plain data.
 */

import type { Json, JsonObject } from "../../base/json.ts";
import { isObject } from "../../base/json.ts";

/** Member names and indexes from the root of the schema. */
export type Path = readonly (string | number)[];

export type Shape =
  | "schema"
  | "list of schemas"
  | "schemas by name"
  | "schema or names by name"
  | "types"
  | "names"
  | "names by name"
  | "count"
  | "number"
  | "positive number"
  | "boolean"
  | "text"
  | "list";

export const KEYWORDS: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["$id", "text"],
  ["$schema", "text"],
  ["$ref", "text"],
  ["$anchor", "text"],
  ["$dynamicRef", "text"],
  ["$dynamicAnchor", "text"],
  ["$comment", "text"],
  ["$defs", "schemas by name"],
  // The older name of `$defs`; people still write it.
  ["definitions", "schemas by name"],

  ["type", "types"],
  ["enum", "list"],

  ["multipleOf", "positive number"],
  ["maximum", "number"],
  ["exclusiveMaximum", "number"],
  ["minimum", "number"],
  ["exclusiveMinimum", "number"],

  ["maxLength", "count"],
  ["minLength", "count"],
  ["pattern", "text"],
  ["format", "text"],

  ["prefixItems", "list of schemas"],
  ["items", "schema"],
  ["contains", "schema"],
  ["maxContains", "count"],
  ["minContains", "count"],
  ["maxItems", "count"],
  ["minItems", "count"],
  ["uniqueItems", "boolean"],
  ["unevaluatedItems", "schema"],

  ["properties", "schemas by name"],
  ["patternProperties", "schemas by name"],
  ["additionalProperties", "schema"],
  ["propertyNames", "schema"],
  ["maxProperties", "count"],
  ["minProperties", "count"],
  ["required", "names"],
  ["dependentRequired", "names by name"],
  ["dependentSchemas", "schemas by name"],
  // The older name of the two before; it is understood because a schema that means it must not be ignored.
  ["dependencies", "schema or names by name"],
  ["unevaluatedProperties", "schema"],

  ["allOf", "list of schemas"],
  ["anyOf", "list of schemas"],
  ["oneOf", "list of schemas"],
  ["not", "schema"],
  ["if", "schema"],
  ["then", "schema"],
  ["else", "schema"],

  ["title", "text"],
  ["description", "text"],
  ["deprecated", "boolean"],
  ["readOnly", "boolean"],
  ["writeOnly", "boolean"],
  ["contentEncoding", "text"],
  ["contentMediaType", "text"],
  ["contentSchema", "schema"],
]);

/** A schema inside a schema: `key` is its name or index below the keyword, null where the keyword holds it directly. */
export interface Part {
  readonly keyword: string;
  readonly key: string | number | null;
  readonly schema: JsonObject | boolean;
}

/** The schemas directly inside `schema`. What is malformed is passed over: the check of keywords speaks of it. */
export function partsOf(schema: JsonObject): readonly Part[] {
  const parts: Part[] = [];
  const add = (keyword: string, key: string | number | null, met: Json) => {
    if (isSchema(met)) parts.push({ keyword, key, schema: met });
  };
  for (const [keyword, value] of Object.entries(schema)) {
    switch (KEYWORDS.get(keyword)) {
      case "schema":
        add(keyword, null, value);
        break;
      case "list of schemas":
        if (Array.isArray(value)) value.forEach((item: Json, index) => void add(keyword, index, item));
        break;
      case "schemas by name":
      case "schema or names by name":
        if (isObject(value)) for (const [name, item] of Object.entries(value)) add(keyword, name, item);
        break;
      default:
    }
  }
  return parts;
}

export function isSchema(value: Json | undefined): value is JsonObject | boolean {
  return typeof value === "boolean" || isObject(value);
}

/** The keywords whose schemas speak of the same value as the schema that they stand in, references apart. */
export const IN_PLACE: ReadonlySet<string> = new Set([
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "dependentSchemas",
  "dependencies",
]);
