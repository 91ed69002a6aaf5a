/**
 * The heart of the engine: what follows from a command.
 *
 *     command ──► decide ──► history events ──evolve──► execution
 *
 * `decide` applies the command, then runs the execution forward until nothing more can happen without the outside. Each
 * event is applied by `evolve` as it is made, so the rest of the decision reads the state that its events have made. The
 * clock, the environment and the limits come in as arguments; chance is drawn from the execution's id and length.
 *
 * A command that no longer fits (an executor answering twice, a timer after a cancel) is not an error. The network delivers
 * such things every day; the answer is "no events".
 */

import { unreachable } from "../base/bug.ts";
import type { Definition } from "../language/definition.ts";
import { advance } from "./advance.ts";
import type { Command, StartExecution } from "./commands.ts";
import { Decision, type DecisionContext } from "./decision.ts";
import type { HistoryEvent } from "./events.ts";
import type { Execution } from "./execution.ts";
import { fire } from "./fire.ts";
import { refusalOf } from "./refuse.ts";
import { completeTask, failTask } from "./steps/task.ts";
import { deliverEvent, receiveSignal } from "./steps/wait-for-event.ts";
import { endChild } from "./steps/workflow.ts";

export function decide(
  definition: Definition,
  execution: Execution,
  command: Command,
  context: DecisionContext,
): readonly HistoryEvent[] {
  const isStart = command.kind === "StartExecution";
  if (isStart !== (execution.status === "new")) return [];
  if (refusalOf(execution, command) !== null) return [];
  const decision = new Decision(definition, execution, context);
  apply(decision, command);
  advance(decision);
  return decision.events;
}

function apply(decision: Decision, command: Command): void {
  const { execution } = decision;
  if (execution.hasEnded && command.kind !== "Retry") return;
  switch (command.kind) {
    case "StartExecution":
      return start(decision, command);
    case "CompleteTask":
      return completeTask(decision, command);
    case "FailTask":
      return failTask(decision, command);
    case "EndChild":
      return endChild(decision, command);
    case "DeliverEvent":
      return deliverEvent(decision, command);
    case "Signal":
      return receiveSignal(decision, command);
    case "WakeUp":
      return fire(decision);
    case "Continue":
      return;
    case "Cancel":
      // What winds up already does so to its end; only terminating stops that. A time-out that begins again or falls back
      // is no end.
      if (execution.compensation !== null || !mayStillBeCancelled(execution)) return;
      return decision.record("ExecutionCancelRequested", { command_id: command.id, reason: command.reason });
    case "Terminate":
      return decision.record("ExecutionCancelled", { reason: command.reason, terminated: true });
    case "Pause":
      if (execution.status === "paused" || execution.ending !== null || execution.known.has(command.id)) return;
      return decision.record("ExecutionPaused", { command_id: command.id, freeze_timers: command.freezeTimers });
    case "Resume":
      if (execution.paused === null || execution.known.has(command.id)) return;
      return resume(decision, command.id, execution.paused);
    case "Retry":
      if (!execution.hasEnded || execution.known.has(command.id)) return;
      return decision.record("ExecutionReopened", { command_id: command.id, due: decision.dueAt(null) });
    default:
      return unreachable(command);
  }
}

function mayStillBeCancelled({ ending }: Execution): boolean {
  return ending === null || ending.kind === "restart" || ending.kind === "fallback";
}

function start(decision: Decision, command: StartExecution): void {
  const { definition } = decision;
  decision.record("ExecutionStarted", {
    workflow: definition.name,
    version: definition.version,
    hash: definition.hash,
    input: command.input,
    metadata: command.metadata,
    priority: command.priority,
    due: decision.dueAt(command.timeoutMs),
    parent: command.parent,
    origin: command.origin,
  });
}

function resume(decision: Decision, commandId: string, paused: NonNullable<Execution["paused"]>): void {
  decision.record("ExecutionResumed", {
    command_id: commandId,
    frozen_ms: paused.freezeTimers ? decision.now - paused.at : 0,
  });
  // Timers that came due during the pause act now.
  fire(decision);
}
