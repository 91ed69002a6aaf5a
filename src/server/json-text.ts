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
  const survey = surveyOf(bytes);
  if (survey.depth > JSON_DEPTH_MAX) {
    return refused(`Expected JSON nested at most ${JSON_DEPTH_MAX} deep, but it is deeper.`);
  }
  const text = bytes.toString("utf8", hasByteOrderMark(bytes) ? 3 : 0);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return malformed(text);
  }
  // The common text passes by these looks; what might hold something bad is walked through.
  const isSuspicious = survey.hasLargeNumber || survey.hasEscapes || text.includes("__proto__");
  return isSuspicious ? checkValue(value, "") : { ok: true, value };
}

interface Survey {
  /** How deep brackets are nested; not counted on past the limit. */
  readonly depth: number;
  /** A number has an exponent, or so many digits that it may be more than a double holds. */
  readonly hasLargeNumber: boolean;
  /** A character is given by its code: a name may be another one than it seems. */
  readonly hasEscapes: boolean;
}

/** The largest doubles have 309 digits. */
const DIGITS_MAX = 200;

/** One walk over the bytes, before anything recursive sees them. Of a text that is no JSON it says nothing of use. */
function surveyOf(bytes: Buffer): Survey {
  let depth = 0;
  let deepest = 0;
  let digits = 0;
  let hasLargeNumber = false;
  let hasEscapes = false;
  for (let i = 0; i < bytes.length && deepest <= JSON_DEPTH_MAX; i++) {
    const byte = bytes[i] as number;
    if (byte >= DIGIT_0 && byte <= DIGIT_9) {
      digits += 1;
      if (digits >= DIGITS_MAX) hasLargeNumber = true;
      continue;
    }
    if (digits > 0 && (byte | 0x20) === LETTER_E) hasLargeNumber = true;
    if (byte !== POINT) digits = 0;
    if (byte === QUOTE) {
      for (i += 1; i < bytes.length && bytes[i] !== QUOTE; i++) {
        if (bytes[i] !== BACKSLASH) continue;
        i += 1;
        if (bytes[i] === LETTER_U) hasEscapes = true;
      }
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
    }
  }
  return { depth: deepest, hasLargeNumber, hasEscapes };
}

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const LETTER_E = 0x65;
const LETTER_U = 0x75;
const POINT = 0x2e;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
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
