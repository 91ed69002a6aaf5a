/**
 * For each, while, or N times; one at a time or several. State is kept of live iterations only, so that the cost of an
 * iteration does not grow with those before it.
 */

import { unreachable } from "../../base/bug.ts";
import type { Json } from "../../base/json.ts";
import { typeName } from "../../base/json.ts";
import type { LoopSpec } from "../../language/definition.ts";
import { ExpressionError } from "../../language/expressions/evaluation.ts";
import { type Decision, errorFrom, StepFailure } from "../decision.ts";
import { complete, fail, finishClosing } from "../ends.ts";
import type { StepError } from "../error.ts";
import type { StartDetail } from "../events.ts";
import type { LoopInner, ScopeState, StepState } from "../execution.ts";
import type { Extras } from "../roots.ts";
import { errorOf } from "../scopes.ts";
import { countOf, iterationsOf } from "../views.ts";
import { recordStart } from "./start.ts";

export function beginLoop(decision: Decision, step: StepState, spec: LoopSpec): void {
  recordStart(decision, step, startOf(decision, step, spec));
}

function startOf(decision: Decision, step: StepState, spec: LoopSpec): StartDetail {
  const { over } = spec;
  switch (over.kind) {
    case "each": {
      const items = decision.evaluate(over.items, step);
      if (!Array.isArray(items)) {
        throw new ExpressionError(`Expected iterate_over to give an array, but it gave ${typeName(items)}.`, 0);
      }
      const chunks = spec.chunkSize === null ? items : cut(items, spec.chunkSize);
      checkCount(spec, chunks.length);
      decision.checkPayload(step, chunks, "input");
      return { kind: "loop", items: chunks };
    }
    case "times": {
      const count = decision.evaluate(over.times, step);
      if (typeof count !== "number" || !Number.isInteger(count) || count < 0) {
        throw new ExpressionError(
          `Expected times to give a whole number from 0, but it gave ${JSON.stringify(count).slice(0, 60)}.`,
          0,
        );
      }
      checkCount(spec, count);
      return { kind: "loop", count };
    }
    case "while":
      return { kind: "loop" };
    default:
      return unreachable(over);
  }
}

function cut(items: readonly Json[], size: number): readonly Json[] {
  const chunks: Json[] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}

function checkCount(spec: LoopSpec, count: number): void {
  if (count > spec.iterationsMax) throw new StepFailure(limitError(spec, count));
}

function limitError(spec: LoopSpec, count: number): StepError {
  return {
    code: "ITERATION_LIMIT",
    message: `Expected at most ${spec.iterationsMax} iterations, but the loop has ${count}. Raise max_iterations, or take several items at a time with chunk_size.`,
  };
}

export function endIteration(decision: Decision, step: StepState, scope: ScopeState): void {
  const index = scope.iteration ?? 0;
  const path = `${step.path}[${index}]`;
  if (scope.status === "failing") {
    decision.recordPlace("IterationEnded", step, path, { index, status: "failed", error: errorOf(scope) });
  } else {
    decision.recordPlace("IterationEnded", step, path, {
      index,
      status: scope.status === "cancelling" ? "cancelled" : "completed",
    });
  }
}

/** Starts what may start, and ends the step once that is settled. Looks again where the decision is full. */
export function lookAtLoop(decision: Decision, step: StepState, spec: LoopSpec): void {
  const { inner } = step;
  if (step.status !== "running" || inner?.kind !== "loop") return;
  if (step.closing !== null) {
    if (inner.running.size === 0) finishClosing(decision, step, () => resultOf(decision, step, inner));
    return;
  }
  if (spec.failFast && inner.failed > 0) return closeWith(decision, step, inner, firstError(inner));
  const runningMax = spec.concurrencyMax ?? Number.POSITIVE_INFINITY;
  try {
    while (inner.running.size < runningMax && hasNext(decision, step, spec, inner)) {
      if (decision.isFull) return decision.execution.agenda.addStep(step);
      const index = inner.started;
      decision.recordPlace("IterationStarted", step, `${step.path}[${index}]`, { index });
    }
  } catch (thrown) {
    return closeWith(decision, step, inner, errorFrom(thrown));
  }
  if (inner.running.size === 0) end(decision, step, inner);
}

function hasNext(decision: Decision, step: StepState, spec: LoopSpec, inner: LoopInner): boolean {
  if (inner.count !== null) return inner.started < inner.count;
  if (spec.over.kind !== "while") return false;
  if (!decision.holds(spec.over.condition, step, { [spec.indexVariable]: inner.started })) return false;
  if (inner.started >= spec.iterationsMax) throw new StepFailure(limitError(spec, inner.started + 1));
  return true;
}

function closeWith(decision: Decision, step: StepState, inner: LoopInner, error: StepError): void {
  if (inner.running.size === 0) fail(decision, step, error);
  else decision.recordStep("StepClosing", step, { then: { kind: "fail", error } });
}

function end(decision: Decision, step: StepState, inner: LoopInner): void {
  const count = countOf(inner);
  if (inner.failed > 0 && inner.failed === count) return fail(decision, step, firstError(inner));
  if (inner.failed > 0) {
    decision.record("WarningRecorded", {
      code: "ITERATIONS_FAILED",
      message: `${inner.failed} of ${count} iterations of step "${step.path}" failed.`,
      details: { path: step.path, failed: inner.failed },
    });
  }
  const { result, extras } = resultOf(decision, step, inner);
  complete(decision, step, result, { extras });
}

function resultOf(decision: Decision, step: StepState, inner: LoopInner): { result: Json; extras: Extras } {
  // `iterations` is made only for a mapping: without one the output is the count.
  const iterations = decision.stepOf(step).output === null ? [] : iterationsOf(decision.definition, step);
  return { result: { count: countOf(inner) }, extras: { iterations } };
}

function firstError(inner: LoopInner): StepError {
  return inner.firstError ?? { code: "CANCELLED", message: "No iteration completed." };
}
