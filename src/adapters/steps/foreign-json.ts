/**
 * JSON that strangers wrote: an answer of a server, the result of a script. What later steps could not carry is refused
 * here: text that is no JSON, nesting so deep that walking down it would break, numbers beyond all bounds.
 */

import type { Json } from "../../core/base/json.ts";

export type ForeignJson = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly fault: string };

/** Deeper than any document that people write, and far from where walking down it would break. */
const DEPTH_MAX = 500;

/** `fault` ends a sentence that begins with what was expected: "..., but {fault}". */
export function parseForeignJson(text: string): ForeignJson {
  try {
    const value: Json = JSON.parse(text);
    const fault = faultIn(value);
    return fault === null ? { ok: true, value } : { ok: false, fault };
  } catch (error) {
    return { ok: false, fault: (error as Error).message };
  }
}

/** Walks without recursion: what is too deep must not break the walk that finds it. */
function faultIn(root: Json): string | null {
  let level: readonly Json[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH_MAX) return `it is nested more than ${DEPTH_MAX} levels deep`;
    const below: Json[] = [];
    for (const value of level) {
      if (typeof value === "number" && !Number.isFinite(value)) return "one of its numbers is beyond all bounds";
      if (typeof value === "object" && value !== null) for (const item of Object.values(value)) below.push(item);
    }
    level = below;
  }
  return null;
}
