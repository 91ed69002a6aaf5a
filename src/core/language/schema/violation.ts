/** How a violation is said: where it is, and what the value looks like. */

import type { Json } from "../../base/json.ts";
import { quote } from "../../base/text.ts";
import type { Path } from "./keywords.ts";

/** How much of a value a message shows. */
const SHOWN_LENGTH_MAX = 60;

export function toPointer(path: Path): string {
  let pointer = "";
  for (const part of path) {
    pointer += typeof part === "number" ? `/${part}` : `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  }
  return pointer;
}

/** The value as a message shows it: JSON, cut at 60 characters. Reads no more of a large value than it shows. */
export function show(value: Json): string {
  if (typeof value === "string") return quote(value);
  const text = beginning(value, SHOWN_LENGTH_MAX + 1);
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX - 1)}…` : text;
}

function beginning(value: Json, enough: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, enough));
  if (typeof value !== "object" || value === null) return String(value);
  const isArray = Array.isArray(value);
  let text = isArray ? "[" : "{";
  for (const [key, item] of entries(value)) {
    if (text.length >= enough) return text;
    if (text.length > 1) text += ", ";
    if (!isArray) text += `${JSON.stringify(key)}: `;
    text += beginning(item, enough - text.length);
  }
  return text + (isArray ? "]" : "}");
}

function* entries(value: object): Iterable<[string, Json]> {
  for (const key in value) if (Object.hasOwn(value, key)) yield [key, (value as Record<string, Json>)[key] as Json];
}

/** `"a", "b" and 3 more`: the first few of a list that may be long. */
export function listed(items: readonly string[], most = 8): string {
  if (items.length <= most) return items.join(", ");
  return `${items.slice(0, most).join(", ")} and ${items.length - most} more`;
}

export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
