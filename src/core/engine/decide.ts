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
import { endStepByHand } from "./by-hand.ts";
import type { Command, ForkExecution, StartExecution } from "./commands.ts";
import { Decision, type DecisionContext } from "./decision.ts";
import type { HistoryEvent } from "./events.ts";
import type { Execution } from "./execution.ts";
import { refusalOf } from "./refuse.ts";
import { admit, drop, fireOrQueue, needsSlots, queueAgain, queueIfMoved, releaseIfResting } from "./slots.ts";
import { answerCircuit, askAgain } from "./steps/circuit.ts";
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
  queueIfMoved(decision);
  advance(decision);
  releaseIfResting(decision);
  return decision.events;
}

function apply(decision: Decision, command: Command): void {
  const { execution } = decision;
  if (execution.hasEnded && command.kind !== "Retry" && command.kind !== "Compensate") return;
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
    case "ReplaceInput": {
      const { id, input, metadata, priority, slots } = command;
      if (execution.known.has(id)) return;
      const needs = slots === undefined ? {} : { slots };
      return decision.record("InputReplaced", { command_id: id, input, metadata, priority, ...needs });
    }
    case "Admit":
      return admit(decision, command);
    case "Drop":
      return drop(decision, command);
    case "AnswerCircuit":
      return answerCircuit(decision, command);
    case "WakeUp":
      return fireOrQueue(decision);
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
      if (execution.known.has(command.id) || isPausedEnough(execution.paused, command.by)) return;
      return decision.record("ExecutionPaused", {
        command_id: command.id,
        freeze_timers: command.freezeTimers,
        ...(command.by === undefined ? {} : { by: command.by }),
      });
    case "Resume":
      if (execution.paused === null || execution.known.has(command.id)) return;
      // What was paused for its own sake does not go on because its parent does.
      if (command.by === "parent" && execution.paused.by !== "parent") return;
      return resume(decision, command.id, execution.paused);
    case "Retry": {
      if (!execution.hasEnded || execution.known.has(command.id)) return;
      const left = undoneForGood(execution);
      decision.record("ExecutionReopened", {
        command_id: command.id,
        due: needsSlots(execution) ? null : decision.dueAt(execution.runTimeoutMs),
        ...(needsSlots(execution) ? {} : decision.limitDue()),
      });
      if (left.length > 0) warnOfUndone(decision, left);
      return queueAgain(decision, execution.runTimeoutMs);
    }
    case "Compensate": {
      if (!execution.hasEnded || execution.known.has(command.id)) return;
      const { id, by, reason } = command;
      return decision.record("ExecutionReopened", { command_id: id, due: null, compensates: { by, reason } });
    }
    case "SkipStep":
    case "CompleteStep":
      return endStepByHand(decision, command);
    case "ForkExecution":
      return forkExecution(decision, command);
    default:
      return unreachable(command);
  }
}

/** How many paths a warning names. */
const PATHS_SHOWN_MAX = 100;

/** What was undone in iterations that had completed: of those nothing is kept that could go on. */
function undoneForGood({ undoable, steps }: Execution): readonly string[] {
  const undone = undoable.filter((step) => step.status === "compensated" && steps.get(step.path) !== step);
  return [...new Set(undone.map(({ path }) => path))];
}

function warnOfUndone(decision: Decision, paths: readonly string[]): void {
  const [first] = paths;
  const what = paths.length === 1 ? `Step "${first}" was undone and is` : `${paths.length} steps were undone and are`;
  decision.record("WarningRecorded", {
    code: "UNDONE_STAYS",
    message: `${what} not done again, because the iterations of the loop had completed.`,
    details: { paths: paths.slice(0, PATHS_SHOWN_MAX) },
  });
}

function mayStillBeCancelled({ ending }: Execution): boolean {
  return ending === null || ending.kind === "restart" || ending.kind === "fallback";
}

function start(decision: Decision, command: StartExecution): void {
  const { definition } = decision;
  const { slots = [], timeoutMs } = command;
  decision.record("ExecutionStarted", {
    workflow: definition.name,
    version: definition.version,
    hash: definition.hash,
    input: command.input,
    metadata: command.metadata,
    priority: command.priority,
    due: slots.length === 0 ? decision.dueAt(timeoutMs) : null,
    ...(slots.length === 0 ? decision.limitDue() : {}),
    parent: command.parent,
    origin: command.origin,
  });
  if (slots.length === 0) return;
  decision.record("ExecutionQueued", { slots, begins: true, timeout_ms: timeoutMs ?? definition.timeoutMs });
}

function forkExecution(decision: Decision, command: ForkExecution): void {
  const { id, origin, input, stepInput, timeoutMs, terminatesOrigin } = command;
  decision.record("ExecutionForked", {
    command_id: id,
    origin,
    due: needsSlots(decision.execution) ? null : decision.dueAt(timeoutMs),
    ...(needsSlots(decision.execution) ? {} : decision.limitDue()),
    ...(input === undefined ? {} : { input }),
    ...(stepInput === null ? {} : { step_input: stepInput }),
    ...(terminatesOrigin ? { terminates_origin: true as const } : {}),
  });
  queueAgain(decision, timeoutMs ?? decision.definition.timeoutMs);
}

/** Somebody who pauses what its parent has paused takes the pause over; any other pause of what is paused changes nothing. */
function isPausedEnough(paused: Execution["paused"], by: "parent" | undefined): boolean {
  return paused !== null && (paused.by === "request" || by === "parent");
}

function resume(decision: Decision, commandId: string, { frozenAt }: NonNullable<Execution["paused"]>): void {
  decision.record("ExecutionResumed", {
    command_id: commandId,
    frozen_ms: frozenAt === null ? 0 : decision.now - frozenAt,
  });
  // Timers that came due during the pause act now, and what breakers have said meanwhile is asked again.
  fireOrQueue(decision);
  askAgain(decision);
}
