/** Branches side by side, at most `max_concurrency` of them at a time. */

import type { Json } from "../../base/json.ts";
import type { ParallelSpec } from "../../language/definition.ts";
import type { Decision } from "../decision.ts";
import { complete, fail, finishClosing } from "../ends.ts";
import type { StepError } from "../error.ts";
import type { ParallelInner, ScopeState, StepState } from "../execution.ts";
import type { Extras } from "../roots.ts";
import { errorOf } from "../scopes.ts";
import { branchesOf } from "../views.ts";
import { recordStart } from "./start.ts";

export function beginParallel(decision: Decision, step: StepState): void {
  recordStart(decision, step, { kind: "parallel" });
}

export function endBranch(decision: Decision, step: StepState, scope: ScopeState): void {
  const branch = decision.definition.scopes[scope.index]?.name ?? "";
  const path = `${step.path}.${branch}`;
  if (scope.status === "failing") {
    decision.recordPlace("BranchEnded", step, path, { branch, status: "failed", error: errorOf(scope) });
  } else {
    decision.recordPlace("BranchEnded", step, path, {
      branch,
      status: scope.status === "cancelling" ? "cancelled" : "completed",
    });
  }
}

/** Starts what may start, and ends the step once that is settled. */
export function lookAtParallel(decision: Decision, step: StepState, spec: ParallelSpec): void {
  const { inner } = step;
  if (step.status !== "running" || inner?.kind !== "parallel") return;
  if (step.closing !== null) {
    if (inner.running === 0) finishClosing(decision, step, () => resultOf(decision, step));
    return;
  }
  const verdict = verdictOf(spec, inner);
  if (verdict.kind === "wait") return startBranches(decision, step, spec, inner);
  if (inner.running > 0) {
    return decision.recordStep("StepClosing", step, {
      then: verdict.kind === "fail" ? { kind: "fail", error: verdict.error } : { kind: "complete" },
    });
  }
  if (verdict.kind === "fail") return fail(decision, step, verdict.error);
  if (inner.failed > 0) warn(decision, step, inner);
  const { result, extras } = resultOf(decision, step);
  complete(decision, step, result, { extras });
}

type Verdict =
  | { readonly kind: "wait" }
  | { readonly kind: "complete" }
  | { readonly kind: "fail"; readonly error: StepError };

function verdictOf(spec: ParallelSpec, inner: ParallelInner): Verdict {
  const total = spec.branches.length;
  const begun = inner.branches.filter((branch) => branch !== null).length;
  const lost = begun - inner.running - inner.completed;
  const error = inner.firstError ?? { code: "CANCELLED", message: "No branch completed." };
  if (spec.join !== "all") {
    if (inner.completed >= spec.join) return { kind: "complete" };
    return total - lost < spec.join ? { kind: "fail", error } : { kind: "wait" };
  }
  if (spec.failFast && inner.failed > 0) return { kind: "fail", error };
  if (begun < total || inner.running > 0) return { kind: "wait" };
  return inner.failed === total && total > 0 ? { kind: "fail", error } : { kind: "complete" };
}

function startBranches(decision: Decision, step: StepState, spec: ParallelSpec, inner: ParallelInner): void {
  const runningMax = spec.concurrencyMax ?? Number.POSITIVE_INFINITY;
  spec.branches.forEach((index, place) => {
    if (inner.running >= runningMax || inner.branches[place] !== null) return;
    const branch = decision.definition.scopes[index]?.name ?? String(place);
    decision.recordPlace("BranchStarted", step, `${step.path}.${branch}`, { branch });
  });
}

function resultOf(decision: Decision, step: StepState): { result: Json; extras: Extras } {
  const branches = branchesOf(decision.definition, step);
  return { result: { branches }, extras: { branches } };
}

function warn(decision: Decision, step: StepState, inner: ParallelInner): void {
  decision.record("WarningRecorded", {
    code: "BRANCHES_FAILED",
    message: `${inner.failed} of ${inner.branches.length} branches of step "${step.path}" failed.`,
    details: { path: step.path, failed: inner.failed },
  });
}
