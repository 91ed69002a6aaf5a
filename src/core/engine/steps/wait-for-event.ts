/**
 * Until a signal of this execution or an event of the workspace arrives.
 *
 * A signal is used up by one wait, the one that has waited longest; it is kept until a wait takes it. An event wakes every
 * wait that fits; an execution takes one event at most once.
 */

import { defined } from "../../base/bug.ts";
import type { Json } from "../../base/json.ts";
import type { WaitForEventSpec } from "../../language/definition.ts";
import type { DeliverEvent, Signal } from "../commands.ts";
import { type Decision, errorFrom } from "../decision.ts";
import { complete, textOf } from "../ends.ts";
import type { KeptSignal, StepState } from "../execution.ts";
import { correlationText } from "./emit.ts";
import { recordStart } from "./start.ts";

export function beginWaitForEvent(decision: Decision, step: StepState, spec: WaitForEventSpec): void {
  const event = textOf(decision.evaluate(spec.event, step));
  const correlation = spec.correlation === null ? null : decision.evaluate(spec.correlation, step);
  recordStart(decision, step, {
    kind: "wait_for_event",
    event,
    correlation: correlationText(correlation, "correlation"),
  });
  const signal = decision.execution.signals.find((kept) => fitsSignal(decision, step, kept));
  if (signal !== undefined) takeSignal(decision, step, signal);
}

export function receiveSignal(decision: Decision, command: Signal): void {
  const { execution } = decision;
  if (execution.known.has(command.id)) return;
  decision.record("SignalReceived", { command_id: command.id, name: command.name, data: command.data });
  const kept = defined(execution.signals.at(-1), "the signal to be kept");
  const step = [...execution.eventWaits].find((waiting) => fitsSignal(decision, waiting, kept));
  if (step !== undefined) takeSignal(decision, step, kept);
}

export function deliverEvent(decision: Decision, { event }: DeliverEvent): void {
  const { execution } = decision;
  if (execution.known.has(event.id)) return;
  const facts = { id: event.id, name: event.name, data: event.data, correlation_key: event.correlationKey };
  for (const step of [...execution.eventWaits]) {
    const { inner } = step;
    if (inner?.kind !== "event" || inner.event !== event.name) continue;
    if (inner.correlation !== null && inner.correlation !== event.correlationKey) continue;
    if (!passesFilter(decision, step, facts)) continue;
    complete(decision, step, event.data, { extras: { event: facts }, data: { took: { kind: "event", id: event.id } } });
  }
}

function fitsSignal(decision: Decision, step: StepState, signal: KeptSignal): boolean {
  const { inner } = step;
  return inner?.kind === "event" && inner.event === signal.name && passesFilter(decision, step, factsOf(signal));
}

function takeSignal(decision: Decision, step: StepState, signal: KeptSignal): void {
  complete(decision, step, signal.data, {
    extras: { event: factsOf(signal) },
    data: { took: { kind: "signal", seq: signal.seq } },
  });
}

function factsOf(signal: KeptSignal): { name: string; data: Json } {
  return { name: signal.name, data: signal.data };
}

/** A filter that cannot be evaluated over what came does not fit: a strange event must not end who waits for a good one. */
function passesFilter(decision: Decision, step: StepState, event: Json): boolean {
  const { spec } = decision.stepOf(step);
  if (spec.kind !== "wait_for_event" || spec.filter === null) return true;
  try {
    return decision.holds(spec.filter, step, { event });
  } catch (thrown) {
    errorFrom(thrown);
    return false;
  }
}
