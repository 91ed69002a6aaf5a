/**
 * Fills secrets into a step's input just before the call. Only the places that the compiled definition has marked are
 * filled; text that came as data is never looked through. What is filled in lives no longer than the call.
 */

import type { Json, JsonObject } from "../../core/base/json.ts";
import type { StepError } from "../../core/engine/error.ts";
import type { FilledPlace } from "../../core/engine/events.ts";
import type { Secrets } from "../../ports/secrets.ts";

export type Filled =
  | { readonly ok: true; readonly input: Json; readonly values: readonly string[] }
  /** The workspace has no secrets of these names. */
  | { readonly ok: false; readonly missing: readonly string[] };

export async function fillSecrets(
  secrets: Secrets,
  workspace: string,
  input: Json,
  places: readonly FilledPlace[],
): Promise<Filled> {
  if (places.length === 0) return { ok: true, input, values: [] };
  const names = [
    ...new Set(
      places.flatMap(({ pieces }) => pieces.flatMap((piece) => (typeof piece === "string" ? [] : [piece.secret]))),
    ),
  ];
  const values = new Map<string, string>();
  for (const [i, value] of (await Promise.all(names.map((name) => secrets.read({ workspace, name })))).entries()) {
    if (value !== null) values.set(names[i] ?? "", value);
  }
  const missing = names.filter((name) => !values.has(name));
  if (missing.length > 0) return { ok: false, missing };
  const filled = places.reduce((whole, place) => put(whole, place.at, toText(place, values)), input);
  return { ok: true, input: filled, values: [...values.values()] };
}

/** A copy of `whole` with `text` at the place; what is not on the way there is shared. */
function put(whole: Json, at: FilledPlace["at"], text: string): Json {
  const [key, ...rest] = at;
  if (key === undefined) return text;
  if (Array.isArray(whole)) {
    const items: readonly Json[] = whole;
    return items.map((item, i) => (i === key ? put(item, rest, text) : item));
  }
  if (typeof whole !== "object" || whole === null) return whole;
  const members = whole as JsonObject;
  if (!Object.hasOwn(members, key)) return whole;
  return { ...members, [key]: put(members[key] ?? null, rest, text) };
}

function toText(place: FilledPlace, values: ReadonlyMap<string, string>): string {
  return place.pieces.map((piece) => (typeof piece === "string" ? piece : (values.get(piece.secret) ?? ""))).join("");
}

/** So short a text stands in a message by chance, and hiding it there would hide the message. */
const HIDDEN_LENGTH_MIN = 4;

/** The error without the values of secrets, wherever the other side or a library has quoted them. */
export function hideSecrets(error: StepError, values: readonly string[]): StepError {
  const hidden = values.filter((value) => value.length >= HIDDEN_LENGTH_MIN).sort((a, b) => b.length - a.length);
  if (hidden.length === 0) return error;
  return hideIn(error as unknown as Json, hidden) as unknown as StepError;
}

function hideIn(value: Json, hidden: readonly string[]): Json {
  if (typeof value === "string") return hidden.reduce((text, secret) => text.replaceAll(secret, "***"), value);
  if (Array.isArray(value)) return value.map((item: Json) => hideIn(item, hidden));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [hideIn(key, hidden), hideIn(item, hidden)]));
}
