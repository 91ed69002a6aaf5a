/** What a form must know of a JSON Schema: which kind of field a value needs, where its parts are, and what a new one is. */

import { isObject, type Json, type JsonObject } from "../../../src/core/base/json.ts";
import { parseSchema } from "../../../src/core/language/schema.ts";

export type FieldKind =
  | { readonly kind: "object"; readonly properties: readonly Property[]; readonly isOpen: boolean }
  | { readonly kind: "array"; readonly item: Json; readonly itemsMin: number }
  | { readonly kind: "choice"; readonly values: readonly Json[] }
  | { readonly kind: "either"; readonly options: readonly Json[] }
  | { readonly kind: "text"; readonly format: string | null; readonly isLong: boolean }
  | { readonly kind: "number"; readonly isWhole: boolean }
  | { readonly kind: "boolean" }
  | { readonly kind: "null" }
  | { readonly kind: "json" };

export interface Property {
  readonly name: string;
  readonly schema: Json;
  readonly isRequired: boolean;
}

/** References may go round in a circle; after so many a schema says nothing. */
const REFERENCES_MAX = 20;

/** Texts that may be longer than this get room for several lines. */
const LINE_LENGTH = 200;

export function resolve(schema: Json | undefined, root: Json): JsonObject {
  let found = schema;
  for (let i = 0; i < REFERENCES_MAX && isObject(found) && typeof found["$ref"] === "string"; i++) {
    const { $ref, ...beside } = found;
    const target = at(root, String($ref));
    found = isObject(target) ? { ...target, ...beside } : beside;
  }
  return isObject(found) ? found : {};
}

export function fieldKindOf(schema: JsonObject): FieldKind {
  if ("const" in schema) return { kind: "choice", values: [schema["const"] ?? null] };
  if (Array.isArray(schema["enum"])) return { kind: "choice", values: schema["enum"] };
  const either = schema["oneOf"] ?? schema["anyOf"];
  if (Array.isArray(either) && schema["properties"] === undefined) return { kind: "either", options: either };
  const { type } = schema;
  if (Array.isArray(type)) return { kind: "either", options: type.map((one) => ({ ...schema, type: one })) };
  if (type === "object" || isObject(schema["properties"])) return objectField(schema);
  if (type === "array") return { kind: "array", item: schema["items"] ?? {}, itemsMin: whole(schema["minItems"]) };
  if (type === "string") return textField(schema);
  if (type === "number" || type === "integer") return { kind: "number", isWhole: type === "integer" };
  if (type === "boolean") return { kind: "boolean" };
  if (type === "null") return { kind: "null" };
  return { kind: "json" };
}

/** What a field begins with: defaults and required members are there, everything else is left out. */
export function initialOf(schema: Json, root: Json, depth = 0): Json {
  const found = resolve(schema, root);
  if ("default" in found) return found["default"] ?? null;
  if (depth > REFERENCES_MAX) return null;
  const field = fieldKindOf(found);
  switch (field.kind) {
    case "object":
      return Object.fromEntries(
        field.properties
          .filter((property) => property.isRequired || "default" in resolve(property.schema, root))
          .map((property) => [property.name, initialOf(property.schema, root, depth + 1)]),
      );
    case "array":
      return Array.from({ length: Math.min(field.itemsMin, 20) }, () => initialOf(field.item, root, depth + 1));
    case "choice":
      return field.values[0] ?? null;
    case "either":
      return initialOf(field.options[0] ?? {}, root, depth + 1);
    case "text":
      return "";
    case "number":
      return whole(found["minimum"]);
    case "boolean":
      return false;
    case "null":
      return null;
    case "json":
      return {};
  }
}

/** What the platform would say of the value, by the pointer of the place that it is about. */
export function violationsOf(schema: Json, value: Json): ReadonlyMap<string, string> {
  const parsed = parseSchema(schema).schema;
  const found = new Map<string, string>();
  if (parsed === null) return found;
  for (const { pointer, message } of parsed.check(parsed.withDefaults(value))) {
    if (!found.has(pointer)) found.set(pointer, message);
  }
  return found;
}

/** Which of the options a value is of; the first where none fits. */
export function optionOf(options: readonly Json[], root: Json, value: Json): number {
  const fits = options.findIndex((option) => violationsOf(withDefinitions(option, root), value).size === 0);
  return Math.max(0, fits);
}

export function labelOf(schema: JsonObject, root: Json): string {
  if (typeof schema["title"] === "string") return schema["title"];
  const field = fieldKindOf(resolve(schema, root));
  if (field.kind === "choice") return field.values.map((value) => JSON.stringify(value)).join(", ");
  if (field.kind === "number") return field.isWhole ? "whole number" : "number";
  return field.kind;
}

export function pointerTo(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function withDefinitions(schema: Json, root: Json): Json {
  if (!isObject(schema) || !isObject(root)) return schema;
  const { $defs, definitions } = root;
  return {
    ...($defs === undefined ? {} : { $defs }),
    ...(definitions === undefined ? {} : { definitions }),
    ...schema,
  };
}

function objectField(schema: JsonObject): FieldKind {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return {
    kind: "object",
    properties: Object.entries(properties).map(([name, property]) => ({
      name,
      schema: property,
      isRequired: required.includes(name) || (isObject(property) && property["required"] === true),
    })),
    isOpen: schema["additionalProperties"] !== false,
  };
}

function textField(schema: JsonObject): FieldKind {
  const { format, maxLength, contentMediaType } = schema;
  const isLong = contentMediaType !== undefined || (typeof maxLength === "number" && maxLength > LINE_LENGTH);
  return { kind: "text", format: typeof format === "string" ? format : null, isLong };
}

function at(root: Json, reference: string): Json | undefined {
  if (!reference.startsWith("#")) return undefined;
  let found: Json | undefined = root;
  for (const part of reference
    .slice(1)
    .split("/")
    .filter((text) => text !== "")) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}

function whole(value: Json | undefined): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
