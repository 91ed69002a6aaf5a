/** How a function of the language is described: one entry serves the parser, the evaluation and the reference. */

import type { Json } from "../../../base/json.ts";
import type { EvaluationContext } from "../evaluation.ts";

export type FunctionEntry = FunctionDescription &
  (
    | { readonly apply: Apply }
    /** For what can be checked and made ready once, when the expression is parsed: constants are given, others undefined. */
    | { prepare(constants: readonly (Json | undefined)[]): Prepared }
  );

export interface FunctionDescription {
  readonly name: string;
  readonly group: FunctionGroup;
  /** As the reference shows them; `?` after the name: may be left out, `...`: any number. */
  readonly parameters: readonly string[];
  /** What it gives, in a sentence or two. */
  readonly summary: string;
  readonly examples: readonly FunctionExample[];
}

/** Parameters that were left out are not in `values`. Throws `ExpressionError`. */
export type Apply = (call: Call, values: readonly Json[]) => Json;

export type Prepared = { readonly ok: true; readonly apply: Apply } | { readonly ok: false; readonly message: string };

export const FUNCTION_GROUPS = ["strings", "numbers", "arrays and objects", "values", "dates", "encoding"] as const;
export type FunctionGroup = (typeof FUNCTION_GROUPS)[number];

export interface FunctionExample {
  readonly expression: string;
  readonly context?: Json;
  readonly value: Json;
}

/** One call while it runs: where it stands in the source, and what it may read and use up. */
export interface Call {
  readonly name: string;
  readonly offset: number;
  readonly context: EvaluationContext;
}

/** How few and how many values the parameters take. */
export function arity(parameters: readonly string[]): { readonly least: number; readonly most: number } {
  const least = parameters.filter((name) => !name.endsWith("?") && !name.endsWith("...")).length;
  const most = parameters.some((name) => name.endsWith("...")) ? Number.POSITIVE_INFINITY : parameters.length;
  return { least, most };
}
