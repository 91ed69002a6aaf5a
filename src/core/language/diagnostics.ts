/**
 * What can be wrong with a document, and how it is told.
 *
 * A diagnostic is a value with a permanent code; its facts become a message in one place, `diagnostics/`. Every message
 * says what was expected and what was met, every hint how to mend it, and each code has a page in the documentation.
 */

import { DOCUMENT_MESSAGES } from "./diagnostics/document.ts";
import { EXPRESSION_MESSAGES } from "./diagnostics/expressions.ts";
import type { Code, Facts } from "./diagnostics/facts.ts";
import { FLOW_MESSAGES } from "./diagnostics/flow.ts";
import { TEXT_MESSAGES } from "./diagnostics/text.ts";
import type { Place } from "./parse/node.ts";
import { positionOf } from "./parse/source.ts";

export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  /** How to mend it; null where the message says all there is. */
  readonly hint: string | null;
  readonly file: string | null;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** The place just after. */
  readonly end: { readonly line: number; readonly column: number };
  /** Of the node as it was written: `spec.steps[2].retry`. */
  readonly path: string;
  /** The step that it is about. */
  readonly step?: string;
}

export type Severity = "error" | "warning";

/** How one code speaks. `wrong` and `right` are short documents or parts of one, before and after mending. */
export interface Message<F> {
  readonly severity: Severity;
  message(facts: F): string;
  hint(facts: F): string | null;
  readonly explanation: string;
  readonly wrong: string;
  readonly right: string;
}

export const CATALOGUE: { readonly [C in Code]: Message<Facts[C]> } = {
  ...TEXT_MESSAGES,
  ...DOCUMENT_MESSAGES,
  ...FLOW_MESSAGES,
  ...EXPRESSION_MESSAGES,
};

export function createDiagnostic<C extends Code>(code: C, facts: Facts[C], place: Place, step?: string): Diagnostic {
  const entry: Message<Facts[C]> = CATALOGUE[code];
  const hint = entry.hint(facts);
  const { line, column } = positionOf(place.source, place.start);
  return {
    code,
    severity: entry.severity,
    message: shorten(entry.message(facts), MESSAGE_LENGTH_MAX),
    hint: hint === null ? null : shorten(hint, MESSAGE_LENGTH_MAX),
    file: place.source.file,
    line,
    column,
    end: positionOf(place.source, Math.max(place.start, place.end)),
    path: place.path,
    ...(step === undefined || step === "" ? {} : { step: shorten(step, NAME_LENGTH_MAX) }),
  };
}

/** A text can hold a name of a megabyte, and a thousand mistakes about it. */
const MESSAGE_LENGTH_MAX = 1000;
const NAME_LENGTH_MAX = 100;

function shorten(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}
