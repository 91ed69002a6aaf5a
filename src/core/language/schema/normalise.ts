/**
 * One spelling for what people write in two ways: `required: true` on a property means that the property is listed in
 * the `required` of the schema around it.
 */

import type { Json, JsonObject } from "../../base/json.ts";
import { isObject } from "../../base/json.ts";
import { isSchema, KEYWORDS } from "./keywords.ts";

export function normaliseSchema(schema: JsonObject | boolean): JsonObject | boolean {
  if (typeof schema === "boolean") return schema;
  const members = Object.entries(schema).map(([keyword, value]): [string, Json] => [keyword, inner(keyword, value)]);
  const marked = markedProperties(schema);
  if (marked.length === 0) return Object.fromEntries(members);

  const listed = schema["required"];
  // A malformed list stays as it is, to be reported.
  if (listed !== undefined && !Array.isArray(listed)) return Object.fromEntries(members);
  const names: Json[] = [...(listed ?? [])];
  for (const name of marked) if (!names.includes(name)) names.push(name);
  return Object.fromEntries([...members.filter(([keyword]) => keyword !== "required"), ["required", names]]);
}

function inner(keyword: string, value: Json): Json {
  switch (KEYWORDS.get(keyword)) {
    case "schema":
      return isSchema(value) ? normaliseSchema(value) : value;
    case "list of schemas":
      return Array.isArray(value) ? value.map((item: Json) => (isSchema(item) ? normaliseSchema(item) : item)) : value;
    case "schemas by name":
    case "schema or names by name": {
      if (!isObject(value)) return value;
      const isProperties = keyword === "properties";
      return mapMembers(value, (item) => {
        if (!isSchema(item)) return item;
        return normaliseSchema(isProperties && isObject(item) ? withoutMark(item) : item);
      });
    }
    default:
      return value;
  }
}

function markedProperties(schema: JsonObject): readonly string[] {
  const properties = schema["properties"];
  if (!isObject(properties)) return [];
  return Object.entries(properties)
    .filter(([, property]) => isObject(property) && property["required"] === true)
    .map(([name]) => name);
}

function withoutMark(property: JsonObject): JsonObject {
  if (typeof property["required"] !== "boolean") return property;
  return Object.fromEntries(Object.entries(property).filter(([keyword]) => keyword !== "required"));
}

/** `Object.fromEntries` defines members and never assigns them, so that one named `__proto__` is data like any other. */
function mapMembers(value: JsonObject, convert: (item: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, convert(item)]));
}
