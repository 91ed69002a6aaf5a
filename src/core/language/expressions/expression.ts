/** The compiled forms. Made by `parse.ts` (expressions) and `template.ts` (strings and whole trees of values). */

import type { Json } from "../../base/json.ts";
import type { EvaluationContext } from "./evaluation.ts";

export interface Expression {
  readonly source: string;
  /** Every root that the expression reads. What cannot be known (a computed index) is "*". */
  readonly references: readonly Reference[];
  /** Throws `ExpressionError`. */
  evaluate(context: EvaluationContext): Json;
}

/** One read of a root: `$.steps.charge.output.id` is `{ root: "steps", path: ["charge", "output", "id"] }`. */
export interface Reference {
  readonly root: string;
  /** The members that follow, as far as they are constant; an index, wildcard, filter, slice or computed member is "*" and `..` ends it with "**". */
  readonly path: readonly string[];
  /** Where the reference begins in the source of its expression. */
  readonly offset: number;
}

/** A tree of values in which strings may be expressions or templates, compiled as one. */
export interface Value {
  /** The value itself where nothing in it is evaluated; then `evaluate` gives just this. */
  readonly constant: Json | undefined;
  readonly references: readonly PlacedReference[];
  /** Places whose template names a secret, with the names; empty nearly always. */
  readonly secrets: readonly SecretPlace[];
  evaluate(context: EvaluationContext): Json;
}

export interface PlacedReference extends Reference {
  /** Where in the tree the expression stands: member names and indexes. */
  readonly at: readonly (string | number)[];
}

/** A string of the tree that names secrets: which one, and its text cut into pieces. */
export interface SecretPlace {
  readonly at: readonly (string | number)[];
  /** The names of the secrets in the order in which they stand in the text. */
  readonly names: readonly string[];
  /**
   * The pieces of the text: literal and evaluated pieces are strings, a secret is `{ secret: NAME }`. What comes from data
   * is a plain string even if it looks like a placeholder, so it is never filled.
   */
  pieces(context: EvaluationContext): readonly (string | { readonly secret: string })[];
}

/** What is wrong with a text, and where in it. Becomes a diagnostic once it is known in which file the text stands. */
export interface Problem {
  readonly message: string;
  readonly hint: string | null;
  /** UTF-16 units from the beginning of the text. */
  readonly offset: number;
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };
