/**
 * Regular expressions whose pattern comes from data: compiled within the budget, and once for as long as one evaluation
 * meets the same pattern at the same place. What an evaluation costs must not hang on what others did before it, so the
 * cache of compiled patterns saves time here, but not the price.
 */

import { type ParsedRegex, parseRegex, patternPrice, type RegexFlavour } from "../regex.ts";
import { spendOperations } from "./budget.ts";
import type { Budget, EvaluationContext } from "./evaluation.ts";

export type PatternSource = (context: EvaluationContext, pattern: string, offset: number) => ParsedRegex;

/** One for each place of an expression. */
export function createPatternSource(flavour: RegexFlavour): PatternSource {
  let last: { readonly budget: Budget; readonly pattern: string; readonly parsed: ParsedRegex } | null = null;
  return (context, pattern, offset) => {
    const { budget } = context;
    if (last?.budget === budget && last.pattern === pattern) return last.parsed;
    spendOperations(context, patternPrice(pattern), offset);
    const parsed = parseRegex(pattern, flavour);
    last = { budget, pattern, parsed };
    return parsed;
  };
}
