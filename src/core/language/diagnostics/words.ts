/** Turns of phrase that several messages share. */

import { quote } from "../../base/text.ts";

export function didYouMean(nearest: string | null): string | null {
  return nearest === null ? null : `Did you mean ${quote(nearest)}?`;
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

export function quoted(words: readonly string[]): readonly string[] {
  return words.map((word) => quote(word));
}
