/** Evaluation against a document alone, as in a request to try an expression: `$` is whatever JSON it is. */

import { isObject, type Json, member } from "../../base/json.ts";
import type { Random } from "../../base/random.ts";
import type { Instant } from "../../base/time.ts";
import { type EvaluationContext, OPERATIONS_MAX } from "./evaluation.ts";

export interface DocumentOptions {
  readonly now: Instant;
  readonly random: Random;
  /** How much an evaluation may build. */
  readonly bytesMax: number;
}

/** Good for one evaluation: it holds the budget. */
export function documentContext(document: Json, { now, random, bytesMax }: DocumentOptions): EvaluationContext {
  return {
    root: (name) => (isObject(document) ? member(document, name) : undefined),
    whole: () => document,
    now,
    random,
    budget: { operations: OPERATIONS_MAX, bytes: bytesMax },
  };
}
