/** A schema as a table that people read: one row for each field, with its type in words. */

import { isObject, type Json, type JsonObject } from "../../core/base/json.ts";
import { type Html, html, prose } from "./html.ts";

/** Fields of fields are shown this deep; what lies deeper has a name of its own, or none to tell. */
const DEPTH_MAX = 3;

export function schemaTable(schema: JsonObject): Html {
  const rows = fieldRows(schema, "", 0);
  if (rows.length === 0) return html`<p>${typeWords(schema)}</p>`;
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">About</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function fieldRows(schema: JsonObject, prefix: string, depth: number): readonly Html[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(properties).flatMap(([name, field]) => {
    if (!isObject(field)) return [];
    const isRequired = required.includes(name);
    const row = html`<tr><td><code>${prefix}${name}</code></td><td>${typeWords(field)}${isRequired ? "" : html` <span class="quiet">(optional)</span>`}</td><td>${about(field)}</td></tr>`;
    const inner = innerObject(field);
    return inner === null || depth + 1 >= DEPTH_MAX
      ? [row]
      : [row, ...fieldRows(inner.schema, `${prefix}${name}${inner.suffix}.`, depth + 1)];
  });
}

/** Objects without a name of their own are shown in place. */
function innerObject(field: JsonObject): { readonly schema: JsonObject; readonly suffix: string } | null {
  const inner = withoutNull(field);
  if (inner.type === "array" && isObject(inner.items)) {
    const item = innerObject(inner.items);
    return item === null ? null : { schema: item.schema, suffix: `[]${item.suffix}` };
  }
  return typeof inner.title !== "string" && isObject(inner.properties) ? { schema: inner, suffix: "" } : null;
}

function withoutNull(field: JsonObject): JsonObject {
  const others = alternatives(field).filter((one) => one.type !== "null");
  const [only, second] = others;
  return only !== undefined && second === undefined ? only : field;
}

function alternatives(field: JsonObject): readonly JsonObject[] {
  return Array.isArray(field.anyOf) ? field.anyOf.filter(isObject) : [];
}

function about(field: JsonObject): Html {
  const { description } = field;
  const inner = withoutNull(field);
  const text =
    typeof description === "string" ? description : typeof inner.description === "string" ? inner.description : "";
  return prose(text);
}

export function typeWords(schema: JsonObject): Html {
  if (typeof schema.title === "string") return html`<a href="#message-${schema.title}">${schema.title}</a>`;
  const others = alternatives(schema);
  if (others.length > 0) return joined(others.map(typeWords), " or ");
  if (Array.isArray(schema.enum))
    return joined(
      schema.enum.map((value: Json) => html`<code>${String(value)}</code>`),
      ", ",
    );
  if (schema.const !== undefined) return html`<code>${String(schema.const)}</code>`;
  if (schema.type === "array" && isObject(schema.items)) return html`list of ${typeWords(schema.items)}`;
  if (schema.format === "date-time") return html`time`;
  if (schema.type === "string") return html`text`;
  if (typeof schema.type === "string") return html`${schema.type}`;
  return html`any JSON`;
}

function joined(parts: readonly Html[], separator: string): Html {
  return html`${parts.map((part, i) => (i === 0 ? part : html`${separator}${part}`))}`;
}
