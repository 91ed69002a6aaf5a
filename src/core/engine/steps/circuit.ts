/** A step before the circuit breaker of its target: whether the next attempt may begin. */

import { circuitOpen } from "../circuit.ts";
import type { AnswerCircuit } from "../commands.ts";
import { type Decision, StepFailure } from "../decision.ts";
import { fail } from "../ends.ts";
import { isAsking, type StepState } from "../execution.ts";

export type Passage = "may begin" | "must ask";

/** Throws `StepFailure` with `CIRCUIT_OPEN` where the call must not be made. */
export function passageOf(decision: Decision, step: StepState, target: string): Passage {
  const { state, until, isFull } = decision.circuit(target);
  if (state === "closed") return "may begin";
  if (decision.stepOf(step).circuitBreaker?.onOpen === "wait") return "must ask";
  const isOpen = state === "open" && until !== null && decision.now < until;
  if (isOpen) throw refused(decision, step, target, until);
  if (isFull) throw refused(decision, step, target, null);
  return "must ask";
}

/** A breaker's answer. One that comes for an attempt that does not ask (any more) changes nothing. */
export function answerCircuit(decision: Decision, command: AnswerCircuit): void {
  const { execution } = decision;
  const { path, attempt, target, verdict, until } = command;
  const step = execution.steps.get(path);
  // While it is paused nothing new begins; then it asks again.
  if (execution.status !== "running" || step === undefined || !isAsking(step)) return;
  if (step.attempt + 1 !== attempt || circuitOf(step)?.target !== target) return;
  try {
    if (verdict === "open") throw refused(decision, step, target, until);
    const { state } = decision.circuit(target);
    // The answer has been on its way for a while, and things may have changed since.
    const isVoid = state === "open" || (state === "half_open" && verdict !== "permit");
    if (!isVoid) schedule(decision, step, target, verdict === "permit");
    else if (passageOf(decision, step, target) === "must ask") ask(decision, step);
  } catch (thrown) {
    if (!(thrown instanceof StepFailure)) throw thrown;
    fail(decision, step, thrown.error);
  }
}

/** Answers that came meanwhile were passed over. Who asks twice is answered twice. */
export function askAgain(decision: Decision): void {
  if (decision.execution.status !== "running") return;
  for (const step of [...decision.execution.steps.values()].filter(isAsking)) ask(decision, step);
}

function schedule(decision: Decision, step: StepState, target: string, hasPermit: boolean): void {
  const { inner } = step;
  if (inner?.kind !== "task") return;
  const { executor, function: name } = inner;
  const circuit = hasPermit ? { target, permit: true as const } : { target };
  decision.recordStep("StepScheduled", step, { executor, function: name, circuit }, step.attempt + 1);
}

function ask(decision: Decision, step: StepState): void {
  const { inner } = step;
  const mode = decision.stepOf(step).circuitBreaker?.onOpen;
  if (inner?.kind !== "task" || inner.circuit === null || mode === undefined) return;
  const { executor, function: name, circuit } = inner;
  const data = { executor, function: name, circuit: { target: circuit.target, mode } };
  decision.recordStep("CircuitAsked", step, data, step.attempt + 1);
}

function refused(decision: Decision, step: StepState, target: string, until: number | null): StepFailure {
  return new StepFailure(circuitOpen(target, until, decision.now, step.error));
}

function circuitOf({ inner }: StepState) {
  return inner?.kind === "task" ? inner.circuit : null;
}
