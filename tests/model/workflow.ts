/**
 * A workflow as the model knows it: only what decides how it flows.
 *
 * The model does not read YAML and knows no expressions. A condition is a constant, a function is a table of what it will
 * answer, and a `while` loop counts up to a bound. `yaml.ts` writes the same thing as text for the real product.
 */

export interface Workflow {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Whether `spec.output` lists the status of each outermost step; else it is left out. */
  readonly showsStatuses: boolean;
  /** The caller cancels the execution once so many things have been answered; null: never. */
  readonly cancelAfter: number | null;
}

export interface Step {
  readonly name: string;
  readonly action: Action;
  /** Null: the default of the language. */
  readonly onSuccess: readonly string[] | null;
  readonly onFailure: { readonly step: string } | { readonly steps: readonly Step[] } | null;
  readonly dependsOn: readonly string[] | null;
  readonly join: Join | null;
  readonly when: boolean | null;
  readonly retry: Retry | null;
}

export type Join = "settled" | "all" | "any";

export interface Retry {
  readonly attemptsMax: number;
  readonly delayMs: number;
  /** Retries these codes; null: whatever the executor does not mark otherwise. */
  readonly codes: readonly string[] | null;
}

export type Action =
  | { readonly type: "function"; readonly answers: Answers }
  /** Adds one to a workflow variable. */
  | { readonly type: "set"; readonly counter: string }
  | { readonly type: "transform" }
  | {
      readonly type: "condition";
      readonly holds: boolean;
      readonly whenTrue: readonly Step[];
      readonly whenFalse: readonly Step[] | null;
    }
  | {
      readonly type: "switch";
      /** The first case that fits; null: none does. */
      readonly chosen: number | null;
      readonly cases: readonly (readonly Step[])[];
      readonly default: readonly Step[] | null;
    }
  | {
      readonly type: "parallel";
      readonly branches: readonly { readonly name: string; readonly steps: readonly Step[] }[];
      readonly join: "all" | "any" | number | null;
      readonly failFast: boolean | null;
      readonly concurrencyMax: number | null;
    }
  | {
      readonly type: "loop";
      readonly over: LoopSource;
      /** How many iterations at a time: 1 is one after the other, null is all at once. */
      readonly concurrencyMax: number | null;
      readonly failFast: boolean | null;
      readonly steps: readonly Step[];
    }
  | {
      readonly type: "try";
      readonly steps: readonly Step[];
      /** No codes: catches everything. */
      readonly catches: readonly { readonly codes: readonly string[]; readonly steps: readonly Step[] }[];
      readonly finally: readonly Step[] | null;
    }
  | { readonly type: "wait"; readonly durationMs: number }
  | { readonly type: "wait_for_event" }
  | { readonly type: "fail"; readonly code: string }
  | { readonly type: "return" };

export type LoopSource =
  | { readonly kind: "each"; readonly items: number; readonly chunkSize: number | null }
  | { readonly kind: "times"; readonly times: number }
  /** Goes on while the counter is below the bound; `iterationsMax` ends it where nothing counts. */
  | { readonly kind: "while"; readonly counter: string; readonly below: number; readonly iterationsMax: number };

/** What a function answers: one row for each iteration (by the sum of its indexes; used again from the first), in it one answer for each task. */
export type Answers = readonly (readonly Answer[])[];

/** Null: it completes. */
export type Answer = null | { readonly code: string; readonly isRetryable: boolean };

/** The answer to the `n`th task (from 0) at `path`; past the end of a row its last answer holds. */
export function answerAt(answers: Answers, path: string, n: number): Answer {
  const iteration = indexesOf(path).reduce((sum, index) => sum + index, 0);
  const row = answers[iteration % answers.length] ?? [];
  return row[Math.min(n, row.length - 1)] ?? null;
}

/** Indexes of the iterations that a path goes through, outermost first. */
export function indexesOf(path: string): readonly number[] {
  return [...path.matchAll(/\[(\d+)\]/g)].map((match) => Number(match[1]));
}

/** A wait lasts a little longer in each iteration, so that no two end at the same time. */
export function durationAt(durationMs: number, path: string): number {
  return durationMs + ITERATION_MS * indexesOf(path).reduce((number, index) => number * ITERATION_BASE + index, 0);
}

/** No loop of a generated workflow has more iterations than this. */
export const ITERATION_BASE = 10;
export const ITERATION_MS = 13;

/** The lists directly inside a step, in the order of the text. */
export function listsOf(step: Step): readonly (readonly Step[])[] {
  const failure = step.onFailure !== null && "steps" in step.onFailure ? [step.onFailure.steps] : [];
  return [...listsOfAction(step.action), ...failure];
}

function listsOfAction(action: Action): readonly (readonly Step[])[] {
  switch (action.type) {
    case "condition":
      return action.whenFalse === null ? [action.whenTrue] : [action.whenTrue, action.whenFalse];
    case "switch":
      return action.default === null ? action.cases : [...action.cases, action.default];
    case "parallel":
      return action.branches.map((branch) => branch.steps);
    case "loop":
      return [action.steps];
    case "try":
      return [
        action.steps,
        ...action.catches.map((each) => each.steps),
        ...(action.finally === null ? [] : [action.finally]),
      ];
    default:
      return [];
  }
}

/** All steps at any depth. */
export function allSteps(steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step) => [step, ...listsOf(step).flatMap(allSteps)]);
}
