/**
 * The text of a scalar. Whoever wrote it chose quotes, block or folding for a reason, so its own text is kept wherever it
 * still means the value; only its indentation changes.
 */

import * as yaml from "yaml";
import type { Place, ScalarNode } from "../parse/node.ts";

export interface ScalarText {
  /** What stands after `key: ` or `- `. */
  readonly head: string;
  /** Further lines, without the indentation of what they belong to. */
  readonly body: readonly string[];
  /** Whether a comment may follow the head. */
  readonly canTrail: boolean;
}

export function scalarText(node: ScalarNode): ScalarText {
  const { value } = node;
  const written = sliceOf(node.place);
  if (typeof value !== "string") return oneLine(written === "" && value === null ? "" : plainText(written, value));
  if (/^[|>]/.test(written)) return blockText(written, value) ?? textOf(value);
  if (written.includes("\n")) return foldedText(written, value) ?? textOf(value);
  return means(written, value) ? oneLine(written) : textOf(value);
}

/** The scalar as it may stand between braces and commas; null where it takes several lines. */
export function flowText(node: ScalarNode): string | null {
  const { value } = node;
  const written = sliceOf(node.place);
  if (typeof value !== "string") return plainText(written, value);
  if (/^[|>]/.test(written) && value.includes("\n")) return null;
  if (written.includes("\n")) return null;
  return means(written, value) ? flowSafe(written, value) : flowSafe(generated(value), value);
}

/** A name of a field, as it was written if that still says the name. */
export function keyText(name: string, place: Place): string {
  const written = sliceOf(place);
  if (written.includes("\n") || !means(written, name)) return generated(name);
  return written;
}

export function flowKeyText(name: string, place: Place): string {
  return flowSafe(keyText(name, place), name);
}

function sliceOf({ source, start, end }: Place): string {
  return source.text.slice(start, end);
}

function oneLine(head: string): ScalarText {
  return { head, body: [], canTrail: true };
}

/** Numbers keep their notation; words have one spelling. */
function plainText(written: string, value: boolean | number | null): string {
  return typeof value === "number" && means(written, value) ? written : String(value);
}

/** Quotes that are written, or plain text that cannot be taken for anything else. */
function flowSafe(text: string, value: string): string {
  if (/^["']/.test(text) || /^[\w$./][^,[\]{}#:]*$/.test(text)) return text;
  return JSON.stringify(value);
}

/** Whether YAML reads `text` as `value`. The usual spellings are told without the parser, which takes longer. */
function means(text: string, value: string | number): boolean {
  if (typeof value === "number") return text === String(value) || parsed(text) === value;
  if (
    text === value &&
    /^[A-Za-z_$/][\w$./-]*(?: [\w$./()=!<>+*?|&-]+)*$/.test(text) &&
    !/^(?:true|false|null)$/i.test(text)
  )
    return true;
  if (text === `"${value}"` && !/["\\]/.test(value)) return true;
  if (text === `'${value}'` && !value.includes("'")) return true;
  return text !== "" && parsed(text) === value;
}

function parsed(text: string): unknown {
  try {
    return yaml.parse(text, { version: "1.2", schema: "core", logLevel: "silent" });
  } catch {
    return undefined;
  }
}

function generated(value: string): string {
  const text = yaml.stringify(value, { version: "1.2", schema: "core", lineWidth: 0, blockQuote: false }).trimEnd();
  return text.includes("\n") ? JSON.stringify(value) : text;
}

function textOf(value: string): ScalarText {
  return (value.includes("\n") ? literal(value) : null) ?? oneLine(generated(value));
}

// --- several lines -------------------------------------------------------------------------------------------------

function blockText(written: string, value: string): ScalarText | null {
  return written.startsWith("|") ? literal(value) : folded(written, value);
}

function literal(value: string): ScalarText | null {
  if (value.trim() === "") return null;
  const chomp = value.endsWith("\n\n") ? "+" : value.endsWith("\n") ? "" : "-";
  const body = value.split("\n");
  if (chomp !== "-") body.pop();
  return block("|", chomp, body, value);
}

/** Where the lines are broken is the writer's choice, so they stay as they are. */
function folded(written: string, value: string): ScalarText | null {
  const [header = "", ...lines] = written.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const chomp = /[+-]/.exec(header)?.[0] ?? "";
  if (chomp !== "+") while (lines.at(-1)?.trim() === "") lines.pop();
  const columns = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  const dedent = Math.min(...columns);
  return block(
    ">",
    chomp,
    lines.map((line) => line.slice(dedent)),
    value,
  );
}

/** Read back, because scripts must not change by a blank; null if the text would mean something else. */
function block(style: "|" | ">", chomp: string, body: readonly string[], value: string): ScalarText | null {
  const first = body.find((line) => line.trim() !== "") ?? "";
  const head = `${style}${first.startsWith(" ") ? "2" : ""}${chomp}`;
  const text: ScalarText = { head, body, canTrail: true };
  return readBack(text) === value ? text : null;
}

/** Quoted or plain text over several lines: breaks are blanks there, and so is indentation. */
function foldedText(written: string, value: string): ScalarText | null {
  const [first = "", ...rest] = written.split("\n");
  const text: ScalarText = { head: first.trimEnd(), body: rest.map((line) => line.trim()), canTrail: false };
  return readBack(text) === value ? text : null;
}

function readBack({ head, body }: ScalarText): unknown {
  const lines = body.map((line) => (line === "" ? "" : `  ${line}`));
  const read = parsed(`a: ${[head, ...lines].join("\n")}\n`);
  return typeof read === "object" && read !== null && "a" in read ? read.a : undefined;
}
