import { nearest } from "../../base/text.ts";
import type { Report } from "../report.ts";

/** The candidate that was most likely meant; null where nothing comes near, or the report has had help enough. */
export function nearestTo(word: string, candidates: () => Iterable<string>, report: Report): string | null {
  return report.effort.left > 0 ? nearest(word, candidates(), report.effort) : null;
}
