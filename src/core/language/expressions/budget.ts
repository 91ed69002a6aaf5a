/** What an evaluation uses up. Every operation says its price before it does the work. */

import { type EvaluationContext, ExpressionError } from "./evaluation.ts";

/** Values nested deeper than this are not walked: whoever made them wants our stack, not our answer. */
export const VALUE_DEPTH_MAX = 1_000;

export function spendOperations(context: EvaluationContext, amount: number, offset: number): void {
  context.budget.operations -= amount;
  if (context.budget.operations < 0) failOperations(offset);
}

/** Before looking for `part` in a text: at worst both lengths count, multiplied. */
export function spendSearch(context: EvaluationContext, length: number, partLength: number, offset: number): void {
  spendOperations(context, Math.ceil((length * Math.min(partLength, length)) / 1024), offset);
}

function failOperations(offset: number): never {
  throw new ExpressionError(
    "Expected an evaluation to take at most 1,000,000 operations, but this one takes more.",
    offset,
  );
}

export function spendBytes(context: EvaluationContext, amount: number, offset: number): void {
  context.budget.bytes -= amount;
  if (context.budget.bytes < 0) failBytes(offset);
}

function failBytes(offset: number): never {
  throw new ExpressionError(
    "Expected an evaluation to build values up to the payload limit, but this one builds larger ones.",
    offset,
  );
}

export function failValueDepth(offset: number): never {
  throw new ExpressionError(`Expected values nested at most ${VALUE_DEPTH_MAX} deep, but met a deeper one.`, offset);
}
