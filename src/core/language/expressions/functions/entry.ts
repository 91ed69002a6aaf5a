/** How a function of the language is described: one entry serves the parser, the evaluation and the reference. */

import type { Json } from "../../../base/json.ts";
import type { EvaluationContext } from "../evaluation.ts";

export interface FunctionEntry {
  readonly name: string;
  readonly group: FunctionGroup;
  /** As the reference shows them; `?` after the name: may be left out, `...`: any number. */
  readonly parameters: readonly string[];
  /** What it gives, in a sentence or two. */
  readonly summary: string;
  readonly examples: readonly FunctionExample[];
  /** What can be known of constant arguments ahead is checked here: a message, or null. */
  check?(parameters: readonly (Json | undefined)[]): string | null;
  /** Missing parameters are not in `values`. Throws `ExpressionError`. */
  apply(call: Call, values: readonly Json[]): Json;
}

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
