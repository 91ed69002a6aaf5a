/**
 * JSON from strangers: the text is looked at before it is parsed, and the value after it, so that nothing comes in that
 * would later be something else than it seems.
 *
 * - Nesting is counted on the bytes: a hundred thousand brackets are refused before anything recursive sees them.
 * - `__proto__` as a name is refused: no program of ours would fall for it, but executors in other languages might.
 * - Numbers beyond the range of a double are refused: they would come back as null.
 * - Of a name that stands twice in an object the last value counts; there is one parser, so nobody sees the other.
 */

import { isUtf8 } from "node:buffer";
import { quote } from "../core/base/text.ts";
import { firstFault } from "./json-place.ts";

/** Deeper data is not written by people or programs that mean well, and everything recursive is safe below it. */
export const JSON_DEPTH_MAX = 200;

/** How much of a fault a message shows. */
const QUOTED = 20;

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly message: string;
      readonly pointer: string;
      readonly line?: number;
      readonly column?: number;
    };

export function parseJsonText(bytes: Buffer): ParsedJson {
  if (!isUtf8(bytes)) return refused("Expected JSON in UTF-8, but the bytes are not valid UTF-8.");
  if (depthOf(bytes) > JSON_DEPTH_MAX) {
    return refused(`Expected JSON nested at most ${JSON_DEPTH_MAX} deep, but it is deeper.`);
  }
  const text = bytes.toString("utf8", hasByteOrderMark(bytes) ? 3 : 0);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return malformed(text);
  }
  return isSuspicious(text) ? checkValue(value, "") : { ok: true, value };
}

/** How deep brackets are nested; stops counting past the limit. */
function depthOf(bytes: Buffer): number {
  // A text of so few bytes has no room for more brackets.
  if (bytes.length <= JSON_DEPTH_MAX) return 0;
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x22) {
      i = endOfString(bytes, i + 1);
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
      if (deepest > JSON_DEPTH_MAX) return deepest;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
    }
  }
  return deepest;
}

/** The place of the closing quote: the first that an even number of backslashes stands before. */
function endOfString(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(0x22, start); end !== -1; end = bytes.indexOf(0x22, end + 1)) {
    let slashes = 0;
    while (bytes[end - 1 - slashes] === 0x5c) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return bytes.length;
}

function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** The common text passes by this one look; what might hold something bad is walked through. */
function isSuspicious(text: string): boolean {
  return /__proto__|\\u005[fF]|(?:^|[\s:[,])-?\d[\d.]*[eE]\+?\d{3}|\d{200}/.test(text);
}

function checkValue(value: unknown, pointer: string): ParsedJson {
  if (typeof value === "number" && !Number.isFinite(value)) {
    return refused("Expected a number that a double can hold, but this one is too large.", pointer);
  }
  if (typeof value !== "object" || value === null) return { ok: true, value };
  for (const [key, item] of Object.entries(value)) {
    const place = `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (key === "__proto__") return refused('Expected no member named "__proto__", but there is one.', place);
    const checked = checkValue(item, place);
    if (!checked.ok) return checked;
  }
  return { ok: true, value };
}

function malformed(text: string): ParsedJson {
  if (text.trim() === "") return refused("Expected a JSON text, but it is empty.");
  const offset = firstFault(text);
  const before = text.slice(0, offset).split("\n");
  const rest = text.slice(offset, offset + QUOTED);
  return {
    ok: false,
    message:
      rest === ""
        ? "Expected well-formed JSON, but it ends too early."
        : `Expected well-formed JSON, but it breaks at ${quote(rest)}.`,
    pointer: "",
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
  };
}

function refused(message: string, pointer = ""): ParsedJson {
  return { ok: false, message, pointer };
}
