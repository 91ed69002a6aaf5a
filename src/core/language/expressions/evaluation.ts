/**
 * What an evaluation gets from outside, and how it fails.
 *
 * An expression is compiled once, into closures, and evaluated often. All that it may read or use up comes in by the
 * context: the roots, the time, chance, and a budget that ends a runaway. It reaches nothing else of the host language.
 */

import type { Json, JsonObject } from "../../base/json.ts";
import type { Random } from "../../base/random.ts";
import type { Instant } from "../../base/time.ts";

export interface EvaluationContext {
  /** What root `name` stands for (`input`, `steps`, a step's name, a loop variable ...); undefined if there is none. */
  root(name: string): Json | View | undefined;
  /** The value of `$` alone: all roots as one object, or the document itself. */
  whole(): Json;
  /** The time that `now()` gives. */
  readonly now: Instant;
  /** Where `random()` and `uuid()` draw from. */
  readonly random: Random;
  readonly budget: Budget;
  /**
   * Called for each place of a template that names a secret. The text gets a placeholder in its place; who performs the
   * step fills the marked places just before the call. Absent where no secret may stand.
   */
  secret?(name: string): void;
}

/** An object whose members are worked out one by one, and all of them only where somebody asks for the whole. */
export abstract class View {
  abstract member(name: string): Json | View | undefined;
  abstract whole(): JsonObject;
}

/** Used up by one evaluation. A fresh one is made for each; running out is an `ExpressionError`. */
export interface Budget {
  /** Operations left: each call, operator, visited node and produced item takes one. */
  operations: number;
  /** Bytes of values that may still be built. */
  bytes: number;
}

/** One evaluation may take this many operations. */
export const OPERATIONS_MAX = 1_000_000;

/** Code `EXPRESSION_ERROR`. `offset` is the place in the expression's source, in UTF-16 units. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
