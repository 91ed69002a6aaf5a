/** What the ends of attempts tell the circuit breakers of their targets. It stands in the events, and is sent from there. */

import { type CallOutcome, type CircuitReport, outcomeOf } from "./circuit.ts";
import type { Decision } from "./decision.ts";
import type { StepError } from "./error.ts";
import type { StepEventData } from "./events.ts";
import { isAsking, type StepState } from "./execution.ts";

/** What an event about `step` tells the breaker of its target; null where that would change nothing of it. */
export function reportOf<T extends keyof StepEventData>(
  decision: Decision,
  step: StepState,
  type: T,
  data: StepEventData[T],
): CircuitReport | null {
  const circuit = circuitOf(step);
  if (circuit === null) return null;
  const outcome = outcomeIn(type, data as StepEventData[keyof StepEventData]);
  if (outcome === null) return null;
  const { target, standing } = circuit;
  if (isAsking(step)) return isRefused(data) ? null : { target, attempt: step.attempt + 1, outcome: "none" };
  if (step.status !== "scheduled") return null;
  const report: CircuitReport = { target, attempt: step.attempt, outcome };
  if (standing === "permit" || outcome === "failure") return report;
  if (outcome === "none") return null;
  const isRateCounted = decision.stepOf(step).circuitBreaker?.failureRateThreshold !== null;
  return isRateCounted || !decision.circuit(target).isQuiet ? report : null;
}

/** What the end of an attempt says of its target; null: it is no such end. */
function outcomeIn(type: keyof StepEventData, data: StepEventData[keyof StepEventData]): CallOutcome | null {
  switch (type) {
    case "StepCompleted":
      return "manual" in data ? "none" : "success";
    case "StepAttemptFailed":
    case "StepFailed":
    case "FallbackStarted":
      return "error" in data && data.error !== undefined ? outcomeOf(data.error, "instance" in data) : "none";
    case "StepSkipped":
      return "reason" in data && data.reason === "timeout" ? "failure" : "none";
    case "StepCancelled":
      return "none";
    default:
      return null;
  }
}

/** It hears from the breaker itself that it may not begin. */
function isRefused(data: object): boolean {
  return "error" in data && (data.error as StepError | undefined)?.code === "CIRCUIT_OPEN";
}

function circuitOf({ inner }: StepState) {
  return inner?.kind === "task" ? inner.circuit : null;
}
