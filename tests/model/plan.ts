/**
 * What chance decides about a workflow: a tree of choices that knows nothing of names or of what is allowed. Drawn by
 * fast-check, so a plan that shows a mistake shrinks to the smallest that still does.
 */

import fc from "fast-check";
import type { Action, Answer, Answers, Join } from "./workflow.ts";

export interface Plan {
  readonly type: Action["type"];
  readonly lists: readonly (readonly Plan[])[];
  /** Numbers below `CHOICE_MAX` from which the action's own details are made. */
  readonly choices: readonly number[];
  readonly answers: Answers;
  /** Distances to other steps of the list, going on at its beginning. */
  readonly success: readonly number[] | null;
  readonly failure: { readonly distance: number } | { readonly steps: readonly Plan[] } | null;
  readonly depends: readonly number[] | null;
  readonly join: Join | null;
  readonly when: boolean | null;
  readonly attemptsMax: number | null;
}

/** Codes that an executor leaves open to a retry, codes it marks as final, and those of `fail` steps. */
export const TEMPORARY = ["TEMPORARY_A", "TEMPORARY_B"] as const;
export const FINAL = ["FINAL_A", "FINAL_B"] as const;
export const DECLARED = ["DECLARED_A", "DECLARED_B"] as const;

/** Divisible by what the choices are asked for: 2, 3, 4 and 6. */
export const CHOICE_MAX = 12;

/** Containers in containers; below that a finding is no easier to read and says nothing new. */
const DEPTH_MAX = 3;
const LIST_MAX = 8;
const INNER_LIST_MAX = 4;

/**
 * Most workflows call functions and wait for them; in some nearly everything happens within one decision, which is where
 * one end overtakes another.
 */
export function plans(): fc.Arbitrary<readonly Plan[]> {
  return fc.oneof({ weight: 3, arbitrary: plansAt(0, CALLING) }, { weight: 1, arbitrary: plansAt(0, LOCAL) });
}

interface Taste {
  /** Weight of functions among ten other steps that contain none. */
  readonly functions: number;
  readonly containers: readonly Action["type"][];
}

const CALLING: Taste = { functions: 20, containers: ["condition", "switch", "parallel", "loop", "try"] };
const LOCAL: Taste = { functions: 8, containers: ["condition", "parallel", "parallel", "loop", "try", "try"] };

function plansAt(depth: number, taste: Taste): fc.Arbitrary<readonly Plan[]> {
  return fc.array(planAt(depth, taste), {
    minLength: 1,
    maxLength: depth === 0 ? LIST_MAX : INNER_LIST_MAX,
    size: "max",
  });
}

function planAt(depth: number, taste: Taste): fc.Arbitrary<Plan> {
  const leaf = planOf(depth, taste, leafTypes(taste), fc.constant([]));
  if (depth === DEPTH_MAX) return leaf;
  const types = fc.constantFrom(...taste.containers);
  const container = planOf(depth, taste, types, fc.array(plansAt(depth + 1, taste), { minLength: 1, maxLength: 3 }));
  return fc.oneof({ weight: 3 + depth, arbitrary: leaf }, { weight: 2, arbitrary: container });
}

function leafTypes(taste: Taste): fc.Arbitrary<Action["type"]> {
  return fc.oneof(
    { weight: taste.functions, arbitrary: fc.constant<Action["type"]>("function") },
    { weight: 4, arbitrary: fc.constantFrom<Action["type"]>("set", "transform") },
    { weight: 3, arbitrary: fc.constantFrom<Action["type"]>("wait", "wait_for_event") },
    { weight: 3, arbitrary: fc.constantFrom<Action["type"]>("fail", "return") },
  );
}

function planOf(
  depth: number,
  taste: Taste,
  type: fc.Arbitrary<Action["type"]>,
  lists: fc.Arbitrary<readonly (readonly Plan[])[]>,
): fc.Arbitrary<Plan> {
  return fc.record({
    type,
    lists,
    choices: fc.array(fc.nat(CHOICE_MAX - 1), { minLength: 4, maxLength: 4 }),
    answers: answers(),
    success: sometimes(1, 2, distances()),
    failure: sometimes(1, 1, failures(depth, taste)),
    depends: sometimes(1, 5, distances()),
    join: sometimes(1, 3, fc.constantFrom<Join>("settled", "all", "any")),
    when: sometimes(1, 6, fc.boolean()),
    attemptsMax: sometimes(1, 3, fc.integer({ min: 2, max: 3 })),
  });
}

function distances(): fc.Arbitrary<readonly number[]> {
  return fc.uniqueArray(fc.nat(LIST_MAX - 1), { maxLength: 2 });
}

function failures(depth: number, taste: Taste): fc.Arbitrary<NonNullable<Plan["failure"]>> {
  const step = fc.record({ distance: fc.nat(LIST_MAX - 1) });
  if (depth === DEPTH_MAX) return step;
  const inline = fc.record({ steps: plansAt(depth + 1, taste) });
  return fc.oneof({ weight: 4, arbitrary: step }, { weight: 1, arbitrary: inline });
}

function answers(): fc.Arbitrary<Answers> {
  const failure = fc.oneof<fc.MaybeWeightedArbitrary<Answer>[]>(
    { weight: 2, arbitrary: fc.record({ code: fc.constantFrom(...TEMPORARY), isRetryable: fc.constant(true) }) },
    { weight: 1, arbitrary: fc.record({ code: fc.constantFrom(...FINAL), isRetryable: fc.constant(false) }) },
  );
  const row = fc.array(sometimes(2, 3, failure), { minLength: 1, maxLength: 3 });
  return fc.array(row, { minLength: 1, maxLength: 2 });
}

/** Null is the smaller choice, to which a plan shrinks. */
export function sometimes<T>(weight: number, nullWeight: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: nullWeight, arbitrary: fc.constant(null) }, { weight, arbitrary });
}
