/** Another workflow as a child, waited for or not. */

import type { WorkflowSpec } from "../../language/definition.ts";
import type { EndChild } from "../commands.ts";
import { type Decision, StepFailure } from "../decision.ts";
import { complete, fail, finishClosing, textOf } from "../ends.ts";
import type { StepError } from "../error.ts";
import type { StepState } from "../execution.ts";
import { inputOf, recordStart } from "./start.ts";

/** Deeper is surely a workflow that starts itself. */
const DEPTH_MAX = 20;

export function beginWorkflow(decision: Decision, step: StepState, spec: WorkflowSpec): void {
  const { execution } = decision;
  if ((execution.parent?.depth ?? 0) >= DEPTH_MAX) {
    throw new StepFailure({
      code: "WORKFLOW_ERROR",
      message: `Expected child workflows to be nested at most ${DEPTH_MAX} deep, but "${decision.stepOf(step).name}" would begin another level.`,
    });
  }
  const workflow = textOf(decision.evaluate(spec.workflow, step));
  const childId = `${execution.id}.${execution.childrenCount + 1}`;
  recordStart(
    decision,
    step,
    { kind: "workflow", execution_id: childId, workflow, version: spec.version },
    inputOf(decision, step),
  );
  if (!spec.wait) complete(decision, step, { execution_id: childId });
}

export function endChild(decision: Decision, command: EndChild): void {
  const step = decision.execution.steps.get(command.path);
  if (step?.status !== "waiting" || step.inner?.kind !== "child" || step.inner.executionId !== command.executionId)
    return;
  if (step.closing !== null) return finishClosing(decision, step, () => ({ result: command.output, extras: {} }));
  if (command.status === "completed") return complete(decision, step, command.output);
  fail(decision, step, childError(command));
}

function childError({ executionId, status, error }: EndChild): StepError {
  const code =
    status === "timed_out" ? "TIMEOUT" : status === "cancelled" ? "CANCELLED" : (error?.code ?? "WORKFLOW_ERROR");
  return {
    code,
    message: error?.message ?? `The child execution ${executionId} ended as ${status}.`,
    ...(error === null ? {} : { cause: error }),
  };
}
