/** New values as YAML, in the manner of the place they are put into: on one line, or as a block at a column. */

import { Document, stringify } from "yaml";
import { isObject, type Json } from "../../base/json.ts";

const STYLE = { lineWidth: 0, indent: 2, version: "1.2" } as const;

export function flowText(value: Json): string {
  if (typeof value !== "object" || value === null) return scalarText(value, true);
  const document = new Document(value, { version: "1.2" });
  if (document.contents !== null && "flow" in document.contents) document.contents.flow = true;
  // What is within a flow is flow.
  return document.toString({ lineWidth: 0, collectionStyle: "flow" }).trimEnd();
}

/** On one line, quoted where it must be. */
export function scalarText(value: Json, isInFlow = false): string {
  if (typeof value === "object" && value !== null) return flowText(value);
  if (typeof value === "string" && (/[\n\r]/.test(value) || (isInFlow && /[,[\]{}]/.test(value)))) {
    return JSON.stringify(value);
  }
  return stringify(value, STYLE).trimEnd();
}

/** What stands after a colon, in a block whose fields begin at `column`. */
export function blockText(value: Json, column: number, itemText?: string): string {
  const inner = " ".repeat(column + 2);
  if (itemText !== undefined) return `\n${inner}- ${indented(itemText.trimEnd(), `${inner}  `).trimStart()}`;
  if (typeof value === "string" && value.trimEnd().includes("\n")) {
    const text = stringify({ x: value }, STYLE).slice(2).trimEnd();
    return text.replaceAll(/\n(?=[^\n])/g, `\n${" ".repeat(column)}`);
  }
  const isLong = Array.isArray(value) ? value.length > 0 : isObject(value) && Object.keys(value).length > 0;
  if (!isLong) return ` ${scalarText(value)}`;
  if (Array.isArray(value) && value.every((item) => typeof item !== "object" || item === null)) {
    return ` ${flowText(value)}`;
  }
  return `\n${indented(stringify(value, STYLE).trimEnd(), inner)}`;
}

/** A field with its line break, at a column. */
export function pairText(name: string, value: Json, column: number, itemText?: string): string {
  return `${" ".repeat(column)}${scalarText(name)}:${blockText(value, column, itemText)}\n`;
}

/** Every line moved to the right; empty ones stay empty. */
export function indented(text: string, indent: string): string {
  return text
    .split("\n")
    .map((line) => (line.trim() === "" ? "" : indent + line))
    .join("\n");
}
