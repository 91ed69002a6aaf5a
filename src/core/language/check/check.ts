/**
 * All rules of the language, a file for each. Every rule sees the whole document and goes on after what it has found, so
 * that all problems are told at once.
 */

import { createFlow } from "../flow.ts";
import type { Outline } from "../outline.ts";
import type { Parts } from "../parts.ts";
import type { Report } from "../report.ts";
import { checkEdges } from "./edges.ts";
import { checkNames } from "./names.ts";
import { checkReachability } from "./reachability.ts";
import { checkReferences } from "./references.ts";
import { checkResilience } from "./resilience.ts";
import { checkRoots } from "./roots.ts";
import { checkShape } from "./shape.ts";
import { checkSlips } from "./slips.ts";
import { checkTypes } from "./types.ts";

export function check(outline: Outline, report: Report): Parts {
  const parts = checkShape(outline, report);
  const flow = createFlow(outline);
  checkNames(outline, report);
  checkTypes(outline, report);
  checkReferences(outline, report);
  checkEdges(outline, flow, report);
  checkResilience(outline, report);
  checkRoots(outline, flow, parts.readings, report);
  checkSlips(outline, parts.readings, report);
  // In a circle nothing is reached; the circle is what has to be mended.
  if (!report.diagnostics.some(({ code }) => code === "step-cycle")) checkReachability(outline, flow, report);
  return parts;
}
