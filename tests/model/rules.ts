/**
 * The flow rules, one small step at a time.
 *
 *     settle:  close a scope that is over | look at the branches of a step | skip a dead step | begin a step | else wait
 *
 * Nothing is remembered that can be asked: an edge is taken or dead because of how its first step ended, a step may begin
 * because of its edges. That is slow and short, which is what a yardstick should be. The numbers are those of the rules.
 */

import { unreachable } from "../../src/core/base/bug.ts";
import type { Json } from "../../src/core/base/json.ts";
import { reachableFrom, recovers } from "./graph.ts";
import { isDead, mayBegin } from "./joins.ts";
import { outputOf } from "./outputs.ts";
import {
  createScope,
  type Failure,
  incoming,
  isOver,
  type Run,
  type ScopeRun,
  type StepRun,
  type Verdict,
} from "./state.ts";
import { durationAt, type LoopSource, type Step } from "./workflow.ts";

export function createRun(steps: readonly Step[], now: number, pickNext: Run["pickNext"]): Run {
  const root = createScope("root", null, "", steps);
  return {
    root,
    open: [root],
    agenda: [],
    pickNext,
    now,
    counters: new Map(),
    tasks: new Map(),
    endings: 0,
    returned: null,
    returnFailure: null,
    lostFailures: [],
  };
}

/** Goes on until only the outside can make something happen. */
export function settle(run: Run): void {
  for (;;) {
    const possible = [...run.open.filter(isScopeOver), ...run.open.flatMap((scope) => scope.steps).filter(isDue)];
    run.agenda = [
      ...run.agenda.filter((each) => possible.includes(each)),
      ...possible.filter((each) => !run.agenda.includes(each)),
    ];
    const next = run.agenda[run.pickNext(run.agenda)];
    if (next === undefined) return;
    if ("graph" in next) closeScope(run, next);
    else if (next.isStirred) goOnSideBySide(run, next);
    else if (isDead(next)) skipStep(run, next, "not_reached");
    else beginStep(run, next);
  }
}

/** Rule 11: a scope ends once nothing in it runs, waits or can begin. */
function isScopeOver(scope: ScopeRun): boolean {
  return scope.steps.every(isOver) && (scope.failurePath === null || scope.failurePath.result !== "open");
}

function isDue(step: StepRun): boolean {
  return (step.isStirred && step.status === "running") || isDead(step) || mayBegin(step);
}

/** The outside has done what the step waits for. */
export function answer(
  run: Run,
  step: StepRun,
  outcome: { readonly output: Json | undefined } | { readonly error: Failure },
): void {
  step.awaits = null;
  if ("error" in outcome) failStep(run, step, outcome.error);
  else completeStep(run, step, outcome.output);
}

export function wake(run: Run, step: StepRun): void {
  const isRetry = step.awaits?.kind === "timer" && step.awaits.isRetry;
  step.awaits = null;
  if (isRetry) attempt(run, step);
  else completeStep(run, step, undefined);
}

export function cancelExecution(run: Run): void {
  cancelScope(run, run.root);
}

function closeScope(run: Run, scope: ScopeRun): void {
  run.open = run.open.filter((other) => scope !== other);
  scope.result = scope.isCancelled ? "cancelled" : scope.error === null ? "completed" : "failed";
  if (scope.owner !== null) scopeEnded(run, scope, scope.owner);
}

function beginStep(run: Run, step: StepRun): void {
  if (step.step.when === false) {
    // Rule 6.
    skipStep(run, step, "condition");
  } else {
    step.status = "running";
    attempt(run, step);
  }
}

function skipStep(run: Run, step: StepRun, reason: "condition" | "not_reached"): void {
  step.reason = reason;
  endStep(run, step, "skipped");
}

function attempt(run: Run, step: StepRun): void {
  step.attempt += 1;
  step.children = [];
  step.verdict = null;
  step.firstError = null;
  const action = step.step.action;
  switch (action.type) {
    case "function":
      step.awaits = { kind: "task" };
      return;
    case "wait_for_event":
      step.awaits = { kind: "signal" };
      return;
    case "wait":
      step.awaits = { kind: "timer", due: run.now + durationAt(action.durationMs, step.path), isRetry: false };
      return;
    case "set":
      run.counters.set(action.counter, (run.counters.get(action.counter) ?? 0) + 1);
      completeStep(run, step, undefined);
      return;
    case "transform":
      completeStep(run, step, { from: step.step.name });
      return;
    case "fail":
      // Rule 12: as if nothing handled it; a `fail` step has no handler of its own.
      failStep(run, step, { code: action.code, isRetryable: false, suppressed: [] });
      return;
    case "return":
      returnFrom(run, step);
      return;
    case "condition":
      choose(run, step, action.holds ? action.whenTrue : action.whenFalse);
      return;
    case "switch":
      choose(run, step, (action.chosen === null ? null : action.cases[action.chosen]) ?? action.default);
      return;
    case "try":
      openScope(run, "try", step, step.path, action.steps);
      return;
    case "parallel":
    case "loop":
      step.isStirred = true;
      return;
    default:
      unreachable(action);
  }
}

/** Rule 12. */
function returnFrom(run: Run, step: StepRun): void {
  run.returned = { output: { from: step.step.name } };
  endStep(run, step, "completed");
  cancelScope(run, run.root);
}

function choose(run: Run, step: StepRun, steps: readonly Step[] | null): void {
  openScope(run, "choice", step, step.path, steps ?? []);
}

function openScope(run: Run, kind: ScopeRun["kind"], owner: StepRun, prefix: string, steps: readonly Step[]): ScopeRun {
  const scope = createScope(kind, owner, prefix, steps);
  if (kind !== "failure") owner.children.push(scope);
  run.open.push(scope);
  return scope;
}

function completeStep(run: Run, step: StepRun, output: Json | undefined): void {
  step.output = output;
  endStep(run, step, "completed");
}

function endStep(run: Run, step: StepRun, status: "completed" | "failed" | "skipped" | "cancelled"): void {
  step.status = status;
  step.awaits = null;
  run.endings += 1;
  step.ended = run.endings;
}

/** Rule 7: first another attempt; then the edges, which are asked for by those that they lead to. */
function failStep(run: Run, step: StepRun, error: Failure): void {
  const retry = step.step.retry;
  const isRetried = retry !== null && (retry.codes === null ? error.isRetryable : retry.codes.includes(error.code));
  if (isRetried && step.attempt < retry.attemptsMax) {
    step.awaits = { kind: "timer", due: run.now + retry.delayMs, isRetry: true };
    return;
  }
  step.error = error;
  endStep(run, step, "failed");
  const { scope } = step;
  const handler = step.step.onFailure;
  if (handler === null) {
    // Rule 9.
    failScope(scope, error);
    cancelRest(run, scope, new Set());
  } else if ("steps" in handler) {
    // Rule 8: an inline path is always final.
    failScope(scope, error);
    cancelRest(run, scope, new Set());
    scope.failurePath = openScope(run, "failure", step, `${step.path}:on_failure`, handler.steps);
  } else {
    // Rule 8: recovered, or the path from the handler is all that goes on.
    const target = scope.steps.findIndex((other) => other.step.name === handler.step);
    if (recovers(scope.graph, target)) return;
    failScope(scope, error);
    cancelRest(run, scope, reachableFrom(scope.graph, target));
  }
}

/** Rule 8: the first error is the one that counts. */
function failScope(scope: ScopeRun, error: Failure): void {
  if (scope.error === null) scope.error = error;
  else suppress(scope.error, error);
}

function suppress(first: Failure, second: Failure): void {
  first.suppressed.push(second.code, ...second.suppressed);
}

/** Rules 8 and 9: all steps but the spared ones are cancelled; a side step to which nothing has led is just skipped. */
function cancelRest(run: Run, scope: ScopeRun, spared: ReadonlySet<number>): void {
  const rest = scope.steps.filter((step) => !isOver(step) && !spared.has(step.index));
  const unreached = rest.filter(
    (step) => step.status === "pending" && scope.graph.isSide[step.index] && incoming(step).taken === 0,
  );
  for (const step of rest) {
    if (unreached.includes(step)) {
      skipStep(run, step, "not_reached");
    } else {
      cancelStep(run, step);
    }
  }
  if (scope.failurePath?.result === "open") cancelScope(run, scope.failurePath);
}

/** A container is cancelled once everything in it has ended; a `finally` block still runs, and one that runs goes on. */
function cancelStep(run: Run, step: StepRun): void {
  if (!step.isCancelling) step.isLeaving = run.returned !== null && !isInFinally(step.scope);
  step.isCancelling = true;
  if (running(step).length === 0) endStep(run, step, "cancelled");
  for (const scope of running(step)) if (scope.kind !== "finally") cancelScope(run, scope);
}

/** A `return` cancels nothing in a `finally` block: what is cancelled there has failed for a reason of its own. */
function isInFinally(scope: ScopeRun): boolean {
  return scope.kind === "finally" || (scope.owner !== null && isInFinally(scope.owner.scope));
}

function cancelScope(run: Run, scope: ScopeRun): void {
  scope.isCancelled = true;
  cancelRest(run, scope, new Set());
}

/** Rule 10: how a scope ended decides how its container goes on. */
function scopeEnded(run: Run, scope: ScopeRun, owner: StepRun): void {
  switch (scope.kind) {
    case "failure":
      // Rule 8: what fails on the path adds to the error of the scope that the path stands in.
      if (scope.error !== null && owner.scope.error !== null) suppress(owner.scope.error, scope.error);
      return;
    case "choice":
      if (scope.error === null) owner.verdict = { kind: "complete" };
      else owner.verdict = { kind: "fail", error: scope.error };
      finish(run, owner);
      return;
    case "branch":
    case "iteration":
      if (scope.result === "failed") owner.firstError ??= scope.error;
      owner.isStirred = true;
      return;
    case "try":
    case "catch":
    case "finally":
      goOnTrying(run, scope, owner);
      return;
    case "root":
      return;
  }
}

/** The container ends as decided, unless it has been cancelled meanwhile. */
function finish(run: Run, owner: StepRun): void {
  if (owner.isCancelling) endStep(run, owner, "cancelled");
  else if (owner.verdict?.kind === "fail") failStep(run, owner, owner.verdict.error);
  else completeStep(run, owner, outputOf(owner));
}

/** Rule 10: a failed body looks for a handler first; `finally` comes last, however the rest ended. */
function goOnTrying(run: Run, scope: ScopeRun, owner: StepRun): void {
  const action = owner.step.action;
  if (action.type !== "try") return;
  if (scope.kind === "finally") {
    if (scope.error !== null) finallyFailed(run, owner, scope.error);
    finish(run, owner);
    return;
  }
  const { error } = scope;
  const handler = action.catches.find((each) => each.codes.length === 0 || each.codes.includes(error?.code ?? ""));
  if (error !== null && scope.kind === "try" && handler !== undefined && !owner.isCancelling) {
    openScope(run, "catch", owner, owner.path, handler.steps);
    return;
  }
  owner.verdict = error === null ? { kind: "complete" } : { kind: "fail", error };
  if (action.finally === null) finish(run, owner);
  else openScope(run, "finally", owner, owner.path, action.finally);
}

function finallyFailed(run: Run, owner: StepRun, error: Failure): void {
  if (owner.isCancelling) {
    run.lostFailures.push(error);
    if (owner.isLeaving) run.returnFailure ??= error;
  } else if (owner.verdict?.kind === "fail") {
    suppress(owner.verdict.error, error);
  } else {
    owner.verdict = { kind: "fail", error };
  }
}

/** Branches and iterations: ends when enough is known, begins the next ones while it is not. */
function goOnSideBySide(run: Run, owner: StepRun): void {
  owner.isStirred = false;
  if (owner.verdict === null && !owner.isCancelling) {
    owner.verdict = judge(owner) ?? beginNext(run, owner);
    if (owner.verdict !== null) for (const scope of running(owner)) cancelScope(run, scope);
  }
  if ((owner.verdict !== null || owner.isCancelling) && running(owner).length === 0) finish(run, owner);
}

function running(owner: StepRun): readonly ScopeRun[] {
  return owner.children.filter((scope) => scope.result === "open");
}

/** What is already certain, whatever the rest does. */
function judge(owner: StepRun): Verdict | null {
  const { action } = owner.step;
  if (action.type !== "parallel" && action.type !== "loop") return null;
  const failed = owner.children.filter((scope) => scope.result === "failed").length;
  const completed = owner.children.filter((scope) => scope.result === "completed").length;
  const error = owner.firstError;
  if (action.type === "parallel" && action.join !== null && action.join !== "all") {
    const needed = action.join === "any" ? 1 : action.join;
    if (completed >= needed) return { kind: "complete" };
    return error !== null && action.branches.length - failed < needed ? { kind: "fail", error } : null;
  }
  return error !== null && action.failFast !== false ? { kind: "fail", error } : null;
}

/** Begins what may run beside the rest. With nothing left to begin or to wait for, only "all failed" is a failure. */
function beginNext(run: Run, owner: StepRun): Verdict | null {
  const { action } = owner.step;
  if (action.type !== "parallel" && action.type !== "loop") return null;
  while (running(owner).length < (action.concurrencyMax ?? Number.POSITIVE_INFINITY)) {
    const begun = owner.children.length;
    if (action.type === "parallel") {
      const branch = action.branches[begun];
      if (branch === undefined) break;
      openScope(run, "branch", owner, `${owner.path}.${branch.name}`, branch.steps);
    } else {
      if (!hasIteration(run, action.over, begun)) break;
      if (action.over.kind === "while" && begun === action.over.iterationsMax) {
        return { kind: "fail", error: { code: "ITERATION_LIMIT", isRetryable: false, suppressed: [] } };
      }
      openScope(run, "iteration", owner, `${owner.path}[${begun}]`, action.steps);
    }
  }
  if (running(owner).length > 0) return null;
  const allFailed = owner.children.every((scope) => scope.result === "failed");
  return owner.firstError !== null && allFailed ? { kind: "fail", error: owner.firstError } : { kind: "complete" };
}

function hasIteration(run: Run, over: LoopSource, index: number): boolean {
  switch (over.kind) {
    case "each":
      return index < Math.ceil(over.items / (over.chunkSize ?? 1));
    case "times":
      return index < over.times;
    case "while":
      return (run.counters.get(over.counter) ?? 0) < over.below;
  }
}
