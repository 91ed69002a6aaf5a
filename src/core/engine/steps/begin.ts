/**
 * Begins a step: its condition, its input, and then what its type does. One line for each type: the table of contents of
 * this folder.
 */

import { unreachable } from "../../base/bug.ts";
import type { Step } from "../../language/definition.ts";
import { type Decision, errorFrom } from "../decision.ts";
import { fail } from "../ends.ts";
import type { StepState } from "../execution.ts";
import { beginCondition, beginSwitch } from "./choice.ts";
import { beginEmit } from "./emit.ts";
import { beginFail } from "./fail.ts";
import { beginLoop } from "./loop.ts";
import { beginMapping } from "./mapping.ts";
import { beginParallel } from "./parallel.ts";
import { beginReturn } from "./return.ts";
import { beginSet } from "./set.ts";
import { beginTask } from "./task.ts";
import { beginTry } from "./try.ts";
import { beginValidate } from "./validate.ts";
import { beginWait } from "./wait.ts";
import { beginWaitForEvent } from "./wait-for-event.ts";
import { beginWorkflow } from "./workflow.ts";

/** The first attempt of a step whose turn has come. */
export function begin(decision: Decision, step: StepState): void {
  const { when } = decision.stepOf(step);
  try {
    if (when !== null && !decision.holds(when, step)) {
      return decision.recordStep("StepSkipped", step, { reason: "condition" });
    }
  } catch (thrown) {
    return fail(decision, step, errorFrom(thrown));
  }
  beginAttempt(decision, step);
}

/** The first or a further attempt. What cannot be evaluated fails the step. */
export function beginAttempt(decision: Decision, step: StepState): void {
  try {
    beginType(decision, step, decision.stepOf(step));
  } catch (thrown) {
    const error = errorFrom(thrown);
    // An open circuit breaker uses no attempt up.
    fail(decision, step, error, { attempt: error.code === "CIRCUIT_OPEN" ? step.attempt : step.attempt + 1 });
  }
}

function beginType(decision: Decision, step: StepState, definition: Step): void {
  const { spec } = definition;
  switch (spec.kind) {
    case "function":
    case "http":
    case "script":
    case "external":
      return beginTask(decision, step, definition);
    case "mapping":
      return beginMapping(decision, step, spec);
    case "validate":
      return beginValidate(decision, step, spec);
    case "set":
      return beginSet(decision, step, spec);
    case "condition":
      return beginCondition(decision, step, spec);
    case "switch":
      return beginSwitch(decision, step, spec);
    case "parallel":
      return beginParallel(decision, step);
    case "loop":
      return beginLoop(decision, step, spec);
    case "try":
      return beginTry(decision, step);
    case "workflow":
      return beginWorkflow(decision, step, spec);
    case "wait":
      return beginWait(decision, step, spec);
    case "wait_for_event":
      return beginWaitForEvent(decision, step, spec);
    case "emit":
      return beginEmit(decision, step, spec);
    case "fail":
      return beginFail(decision, step, spec);
    case "return":
      return beginReturn(decision, step, spec);
    default:
      return unreachable(spec);
  }
}
