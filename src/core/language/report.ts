/** Where a load collects what it finds. Everything that can be wrong with a text ends as a call of `add`. */

import type { Effort } from "../base/text.ts";
import type { Code, Facts } from "./diagnostics/facts.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { createDiagnostic } from "./diagnostics.ts";
import type { Place } from "./parse/node.ts";

/** A text of ten thousand mistakes is one mistake; nobody reads further than this. */
const DIAGNOSTICS_MAX = 1000;

/** Letters compared in search of what was meant, in all documents of a load: some hundredths of a second. */
const EFFORT = 1_000_000;

export interface Report {
  /** `step` is the name of the step that it is about. */
  add<C extends Code>(code: C, facts: Facts[C], place: Place, step?: string): void;
  /** Takes over what another report has collected. */
  include(other: Report): void;
  readonly diagnostics: readonly Diagnostic[];
  hasErrors(): boolean;
  /** What may still be spent on telling what was meant. */
  readonly effort: Effort;
}

export function createReport(effort: Effort = { left: EFFORT }): Report {
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  return {
    diagnostics,
    effort,
    add(code, facts, place, step) {
      if (diagnostics.length >= DIAGNOSTICS_MAX) return;
      const diagnostic = createDiagnostic(code, facts, place, step);
      // An anchor that is used twice brings its mistakes twice; one place needs to be told once.
      const key = `${code} ${diagnostic.file} ${place.start} ${diagnostic.message}`;
      if (seen.has(key)) return;
      seen.add(key);
      diagnostics.push(diagnostic);
    },
    include: (other) => {
      diagnostics.push(...other.diagnostics.slice(0, DIAGNOSTICS_MAX - diagnostics.length));
    },
    hasErrors: () => diagnostics.some((diagnostic) => diagnostic.severity === "error"),
  };
}
