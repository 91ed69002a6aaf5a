/** All rules of the language, one after the other. Every rule sees the whole document, so that all problems are told at once. */

import type { Outline } from "../outline.ts";
import type { Parts } from "../parts.ts";
import type { Report } from "../report.ts";
import { checkShape } from "./shape.ts";

export function check(outline: Outline, report: Report): Parts {
  return checkShape(outline, report);
}
