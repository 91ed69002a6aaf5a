/** The API document as the page reads it: operations by their tags, and schemas with their references followed. */

import { isObject, type Json, type JsonObject } from "../../../src/core/base/json.ts";

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly permission: string;
  readonly parameters: readonly Parameter[];
  /** By content type; null: it takes none. */
  readonly body: { readonly isRequired: boolean; readonly types: readonly string[]; readonly schema: Json } | null;
  readonly answers: readonly OperationAnswer[];
}

export interface Parameter {
  readonly name: string;
  readonly place: "path" | "query" | "header";
  readonly isRequired: boolean;
  readonly description: string;
  readonly schema: Json;
}

export interface OperationAnswer {
  readonly status: string;
  readonly description: string;
  readonly type: string | null;
  readonly schema: Json;
}

export interface ApiDocument {
  readonly version: string;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly operations: readonly Operation[];
  readonly schemas: JsonObject;
}

export function readDocument(json: JsonObject): ApiDocument {
  const paths = objectAt(json, "paths");
  return {
    version: textAt(objectAt(json, "info"), "version"),
    tags: listAt(json, "tags").map((tag) => ({ name: textAt(tag, "name"), description: textAt(tag, "description") })),
    operations: Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(isObject(methods) ? methods : {}).map(([method, operation]) =>
        readOperation(path, method.toUpperCase(), isObject(operation) ? operation : {}),
      ),
    ),
    schemas: objectAt(objectAt(json, "components"), "schemas"),
  };
}

/** The schema that a `$ref` names, and its name; any other schema as it is. */
export function follow(
  schema: Json,
  schemas: JsonObject,
): { readonly schema: JsonObject; readonly name: string | null } {
  if (!isObject(schema)) return { schema: {}, name: null };
  const { $ref } = schema;
  if (typeof $ref !== "string") return { schema, name: null };
  const name = $ref.slice($ref.lastIndexOf("/") + 1);
  return { schema: objectAt(schemas, name), name };
}

/** `string`, `Step[]`, `integer or null`, `"a" | "b"`: a type in a few words. */
export function typeText(schema: Json, schemas: JsonObject): string {
  const { schema: found, name } = follow(schema, schemas);
  if (name !== null) return name;
  if (Array.isArray(found["enum"])) return found["enum"].map((value) => JSON.stringify(value)).join(" | ");
  if ("const" in found) return JSON.stringify(found["const"]);
  const either = found["anyOf"] ?? found["oneOf"];
  if (Array.isArray(either)) return either.map((part) => typeText(part, schemas)).join(" or ");
  if (found["type"] === "array") return `${typeText(found["items"] ?? {}, schemas)}[]`;
  if (typeof found["type"] === "string") return found["type"];
  return "any JSON";
}

/** A value that the schema lets through: what a form begins with. */
export function exampleOf(schema: Json, schemas: JsonObject, depth = 0): Json {
  const { schema: found } = follow(schema, schemas);
  if ("default" in found) return found["default"] ?? null;
  if ("const" in found) return found["const"] ?? null;
  if (Array.isArray(found["enum"])) return found["enum"][0] ?? null;
  const either = found["anyOf"] ?? found["oneOf"];
  if (Array.isArray(either)) return exampleOf(either[0] ?? {}, schemas, depth);
  switch (found["type"]) {
    case "object":
      return exampleObject(found, schemas, depth);
    case "array":
      return depth > DEPTH_MAX ? [] : [exampleOf(found["items"] ?? {}, schemas, depth + 1)];
    case "integer":
    case "number":
      return typeof found["minimum"] === "number" ? found["minimum"] : 0;
    case "boolean":
      return false;
    case "string":
      return "";
    default:
      return {};
  }
}

/** Messages may contain themselves. */
const DEPTH_MAX = 4;

function exampleObject(schema: JsonObject, schemas: JsonObject, depth: number): JsonObject {
  if (depth > DEPTH_MAX) return {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const entries = Object.entries(objectAt(schema, "properties")).filter(([name]) => required.includes(name));
  return Object.fromEntries(entries.map(([name, property]) => [name, exampleOf(property, schemas, depth + 1)]));
}

function readOperation(path: string, method: string, operation: JsonObject): Operation {
  const requestBody = objectAt(operation, "requestBody");
  const content = objectAt(requestBody, "content");
  const [first] = Object.values(content);
  return {
    id: textAt(operation, "operationId"),
    method,
    path,
    tag: String(listOf(operation["tags"])[0] ?? ""),
    summary: textAt(operation, "summary"),
    description: textAt(operation, "description"),
    permission: textAt(operation, "x-permission"),
    parameters: listAt(operation, "parameters").map((parameter) => ({
      name: textAt(parameter, "name"),
      place: placeOf(parameter["in"]),
      isRequired: parameter["required"] === true,
      description: textAt(parameter, "description"),
      schema: parameter["schema"] ?? {},
    })),
    body:
      first === undefined
        ? null
        : {
            isRequired: requestBody["required"] === true,
            types: Object.keys(content),
            schema: isObject(first) ? (first["schema"] ?? {}) : {},
          },
    answers: Object.entries(objectAt(operation, "responses")).map(([status, answer]) => readAnswer(status, answer)),
  };
}

function readAnswer(status: string, answer: Json): OperationAnswer {
  const described = isObject(answer) ? answer : {};
  const [entry] = Object.entries(objectAt(described, "content"));
  return {
    status,
    description: textAt(described, "description"),
    type: entry?.[0] ?? null,
    schema: isObject(entry?.[1]) ? (entry[1]["schema"] ?? null) : null,
  };
}

function placeOf(value: Json | undefined): Parameter["place"] {
  return value === "path" || value === "header" ? value : "query";
}

function objectAt(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

function textAt(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === "string" ? value : "";
}

function listAt(object: JsonObject, name: string): readonly JsonObject[] {
  return listOf(object[name]).filter(isObject);
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
