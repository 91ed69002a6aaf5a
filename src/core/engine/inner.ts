/** What is inside a step that has begun, and the iterations of a loop as they end. */

import { Bug, unreachable } from "../base/bug.ts";
import type { Json } from "../base/json.ts";
import type { Definition, LoopSpec, Step, StepSpec } from "../language/definition.ts";
import { setWake } from "./dues.ts";
import type { StartDetail, StepEvent } from "./events.ts";
import type { Execution, Inner, LoopInner, StepState } from "./execution.ts";
import { createScope, endScope, forgetScope, keepAttempts } from "./scopes.ts";
import { iterationStepsKept } from "./views.ts";

export function innerOf(definition: Definition, execution: Execution, step: StepState, detail: StartDetail): Inner {
  const prefix = `${step.path}.`;
  switch (detail.kind) {
    case "choice":
      if (detail.chosen === null) execution.agenda.addStep(step);
      return {
        kind: "choice",
        scope:
          detail.chosen === null
            ? null
            : createScope(definition, execution, { index: detail.chosen, prefix, owner: step }),
      };
    case "parallel": {
      const spec = specAs(definition, step, "parallel");
      execution.agenda.addStep(step);
      return {
        kind: "parallel",
        branches: spec.branches.map(() => null),
        running: 0,
        completed: 0,
        failed: 0,
        firstError: null,
      };
    }
    case "loop":
      execution.agenda.addStep(step);
      return {
        kind: "loop",
        items: detail.items ?? null,
        count: detail.items?.length ?? detail.count ?? null,
        started: 0,
        running: new Map(),
        completed: 0,
        failed: 0,
        cancelled: 0,
        firstError: null,
        kept: new Map(),
        broken: new Map(),
        attempts: new Map(),
      };
    case "try": {
      const spec = specAs(definition, step, "try");
      const body = createScope(definition, execution, { index: spec.body, prefix, owner: step });
      return { kind: "try", phase: "body", body, catch: null, finally: null };
    }
    case "workflow":
      execution.childrenCount += 1;
      return { kind: "child", executionId: detail.execution_id, workflow: detail.workflow, version: detail.version };
    case "wait":
      setWake(execution, step, Date.parse(detail.until));
      return { kind: "wait" };
    case "wait_for_event":
      execution.eventWaits.add(step);
      return { kind: "event", event: detail.event, correlation: detail.correlation };
    default:
      return unreachable(detail);
  }
}

export function loopNames(spec: LoopSpec, inner: LoopInner, index: number): ReadonlyMap<string, Json> {
  const item = inner.items === null ? index : (inner.items[index] as Json);
  return new Map<string, Json>().set(spec.itemVariable, item).set(spec.indexVariable, index);
}

export function endIteration(
  definition: Definition,
  execution: Execution,
  step: StepState,
  end: Extract<StepEvent, { type: "IterationEnded" }>["data"],
): void {
  const inner = innerAs(step, "loop");
  const spec = specAs(definition, step, "loop");
  const scope = inner.running.get(end.index) ?? failIteration(step, end.index);
  endScope(scope);
  inner.running.delete(end.index);
  if (spec.keeps !== "nothing") {
    inner.kept.set(end.index, {
      index: end.index,
      status: end.status,
      error: end.error ?? null,
      steps: iterationStepsKept(definition, scope, spec.keeps),
    });
  }
  if (end.status === "completed") {
    inner.completed += 1;
    keepAttempts(inner.attempts, scope, scope.prefix.length);
    forgetScope(execution, scope);
    return;
  }
  if (end.status === "failed") {
    inner.failed += 1;
    inner.firstError ??= end.error ?? null;
  } else {
    inner.cancelled += 1;
  }
  inner.broken.set(end.index, scope);
}

/** A loop that completed in spite of failed iterations: nobody will go on in them. */
export function forgetBroken(execution: Execution, inner: LoopInner): void {
  for (const scope of inner.broken.values()) forgetScope(execution, scope);
  inner.broken.clear();
}

function failIteration({ path }: StepState, index: number): never {
  throw new Bug(`Expected iteration ${index} of "${path}" to run, but it does not.`);
}

export function innerAs<K extends Inner["kind"]>(step: StepState, kind: K): Extract<Inner, { kind: K }> {
  if (step.inner?.kind !== kind) throw new Bug(`Expected ${kind} in "${step.path}", but met ${step.inner?.kind}.`);
  return step.inner as Extract<Inner, { kind: K }>;
}

export function specAs<K extends StepSpec["kind"]>(
  definition: Definition,
  step: StepState,
  kind: K,
): Extract<StepSpec, { kind: K }> {
  const { spec } = definition.steps[step.index] as Step;
  if (spec.kind !== kind) throw new Bug(`Expected step "${step.path}" to be of kind ${kind}, but it is ${spec.kind}.`);
  return spec as Extract<StepSpec, { kind: K }>;
}
