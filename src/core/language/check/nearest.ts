import { nearest } from "../../base/text.ts";

/** More names than this are not compared letter by letter: a text of a megabyte can hold a hundred thousand. */
const CANDIDATES_MAX = 2000;

/** The candidate that was most likely meant; null where nothing comes near. */
export function nearestTo(word: string, candidates: Iterable<string>): string | null {
  if (word.length > 100) return null;
  const few: string[] = [];
  for (const candidate of candidates) {
    if (few.push(candidate) >= CANDIDATES_MAX) break;
  }
  return nearest(word, few);
}
