/** What the model remembers of a running workflow: a tree of scopes and steps, and nothing that follows from it. */

import type { Json } from "../../src/core/base/json.ts";
import { type Edge, type Graph, toGraph } from "./graph.ts";
import type { Step } from "./workflow.ts";

export interface Run {
  readonly root: ScopeRun;
  /** Scopes that have not ended, oldest first. */
  open: ScopeRun[];
  /** What can happen by itself: scopes that are over, steps that may begin or are dead; in the order in which they came to be so. */
  agenda: Agenda;
  /** The place in the agenda of what happens next. */
  readonly pickNext: (agenda: Agenda) => number;
  now: number;
  readonly counters: Map<string, number>;
  /** How many tasks each path has had. */
  readonly tasks: Map<string, number>;
  endings: number;
  /** Set by a `return` step. */
  returned: { readonly output: Json } | null;
  /** The first failure of a `finally` block while a `return` winds up. */
  returnFailure: Failure | null;
  /** Failures of `finally` blocks of steps that were cancelled: no rule says in which error they are kept. */
  readonly lostFailures: Failure[];
}

export type Agenda = readonly (ScopeRun | StepRun)[];

export interface ScopeRun {
  readonly kind: "root" | "choice" | "branch" | "iteration" | "try" | "catch" | "finally" | "failure";
  readonly owner: StepRun | null;
  readonly prefix: string;
  readonly graph: Graph;
  readonly steps: readonly StepRun[];
  /** With what it will fail, once everything in it has ended. */
  error: Failure | null;
  isCancelled: boolean;
  /** The inline failure path of one of its steps. */
  failurePath: ScopeRun | null;
  result: "open" | "completed" | "failed" | "cancelled";
}

export interface StepRun {
  readonly step: Step;
  readonly scope: ScopeRun;
  readonly index: number;
  readonly path: string;
  status: "pending" | "running" | "completed" | "failed" | "skipped" | "cancelled";
  reason: "condition" | "not_reached" | null;
  error: Failure | null;
  /** Undefined where the language leaves open what it is. */
  output: Json | undefined;
  /** The place among all endings; 0 while it has not ended. */
  ended: number;
  attempt: number;
  /** What the outside must do before the step goes on. */
  awaits: Awaited | null;
  /** A container's scopes of the current attempt, in the order in which they began. */
  children: ScopeRun[];
  /** Cancelled from outside; it ends as soon as everything in it has ended. */
  isCancelling: boolean;
  /** Cancelled by a `return`, and by nothing before it: what its `finally` fails with counts for the execution. */
  isLeaving: boolean;
  /** How the container will end, once everything in it has ended. */
  verdict: Verdict | null;
  /** A parallel or loop step that has just begun, or in which a branch or iteration has ended: to be looked at. */
  isStirred: boolean;
  /** Of the branch or iteration that failed first. */
  firstError: Failure | null;
}

export type Awaited =
  | { readonly kind: "task" }
  | { readonly kind: "signal" }
  | { readonly kind: "timer"; readonly due: number; readonly isRetry: boolean };

export type Verdict = { readonly kind: "complete" } | { readonly kind: "fail"; readonly error: Failure };

export interface Failure {
  readonly code: string;
  readonly isRetryable: boolean;
  readonly suppressed: string[];
}

export function createScope(
  kind: ScopeRun["kind"],
  owner: StepRun | null,
  prefix: string,
  steps: readonly Step[],
): ScopeRun {
  const runs: StepRun[] = [];
  const scope: ScopeRun = {
    kind,
    owner,
    prefix,
    graph: toGraph(steps),
    steps: runs,
    error: null,
    isCancelled: false,
    failurePath: null,
    result: "open",
  };
  steps.forEach((step, index) => {
    runs.push({
      step,
      scope,
      index,
      path: prefix === "" ? step.name : `${prefix}.${step.name}`,
      status: "pending",
      reason: null,
      error: null,
      output: undefined,
      ended: 0,
      attempt: 0,
      awaits: null,
      children: [],
      isCancelling: false,
      isLeaving: false,
      verdict: null,
      isStirred: false,
      firstError: null,
    });
  });
  return scope;
}

export function isOver(step: StepRun): boolean {
  return step.status !== "pending" && step.status !== "running";
}

/** Rules 2, 5 and 6: what has become of an edge follows from how the step that it leaves has ended. */
export function edgeState(scope: ScopeRun, edge: Edge): "open" | "taken" | "dead" {
  const from = scope.steps[edge.from];
  if (from === undefined || !isOver(from)) return "open";
  const goesOn = from.status === "completed" || (from.status === "skipped" && from.reason === "condition");
  const hasFailed = from.status === "failed";
  return (edge.on === "success" ? goesOn : hasFailed) ? "taken" : "dead";
}

/** How many edges into the step are open, taken and dead. */
export function incoming(step: StepRun): { readonly open: number; readonly taken: number; readonly dead: number } {
  const states = step.scope.graph.edges
    .filter((edge) => edge.to === step.index)
    .map((edge) => edgeState(step.scope, edge));
  const count = (state: string) => states.filter((each) => each === state).length;
  return { open: count("open"), taken: count("taken"), dead: count("dead") };
}

/** Every scope below, the failure paths too. */
export function allScopes(scope: ScopeRun): readonly ScopeRun[] {
  const inside = scope.steps.flatMap((step) => step.children.flatMap(allScopes));
  return [scope, ...inside, ...(scope.failurePath === null ? [] : allScopes(scope.failurePath))];
}
