/** Whether a request fits the execution as it is. Asked before `decide`, so that who asks hears why nothing follows. */

import { bytesOf, type Json } from "../base/json.ts";
import { byHandRefusal } from "./by-hand.ts";
import type { Command } from "./commands.ts";
import type { Execution } from "./execution.ts";

/** More signals than this waiting to be taken are surely a mistake. */
const SIGNALS_MAX = 10_000;
const SIGNAL_BYTES_MAX = 16 * 1_048_576;

export interface EngineRefusal {
  readonly code:
    | "EXECUTION_BEGUN"
    | "EXECUTION_ENDED"
    | "EXECUTION_NOT_ENDED"
    | "EXECUTION_COMPLETED"
    | "EXECUTION_CLOSING"
    | "NOTHING_TO_COMPENSATE"
    | "STEP_UNKNOWN"
    | "STEP_ENDED"
    | "STEP_CLOSING"
    | "SIGNALS_FULL";
  readonly message: string;
}

export function refusalOf(execution: Execution, command: Command): EngineRefusal | null {
  switch (command.kind) {
    case "Cancel":
    case "Terminate":
      // Cancelling what is cancelled is what the caller wanted.
      return execution.hasEnded && execution.status !== "cancelled" ? ended(execution) : null;
    case "Pause":
      if (execution.known.has(command.id)) return null;
      if (execution.hasEnded) return ended(execution);
      return mayBePaused(execution) ? null : closing(execution);
    case "Resume":
      return execution.hasEnded ? ended(execution) : null;
    case "Signal":
      if (execution.known.has(command.id)) return null;
      if (execution.hasEnded) return ended(execution);
      return hasRoomFor(execution, command.data) ? null : signalsFull(execution);
    case "ReplaceInput":
      return isPutOff(execution) || execution.known.has(command.id) ? null : begun(execution);
    case "Retry":
      if (execution.known.has(command.id)) return null;
      if (!execution.hasEnded)
        return {
          code: "EXECUTION_NOT_ENDED",
          message: `Expected execution ${execution.id} to have ended before it is retried, but it is ${execution.status}.`,
        };
      if (execution.status === "completed") {
        return {
          code: "EXECUTION_COMPLETED",
          message: `Expected execution ${execution.id} to have failed, but it completed. Use rerun to run it once more.`,
        };
      }
      return null;
    case "Compensate":
      if (execution.known.has(command.id)) return null;
      if (!execution.hasEnded)
        return {
          code: "EXECUTION_NOT_ENDED",
          message: `Expected execution ${execution.id} to have ended before it is undone by hand, but it is ${execution.status}. Cancel it: that undoes what completed as well.`,
        };
      return execution.undoable.some((step) => step.status === "completed") ? null : nothingToUndo(execution);
    case "SkipStep":
    case "CompleteStep":
      if (execution.known.has(command.id)) return null;
      if (execution.hasEnded)
        return {
          code: "EXECUTION_ENDED",
          message: `Expected execution ${execution.id} to go on, but it is ${execution.status}. Retry it first, if it did not complete.`,
        };
      return byHandRefusal(execution, command.path);
    default:
      return null;
  }
}

function hasRoomFor({ signals }: Execution, data: Json): boolean {
  if (signals.length >= SIGNALS_MAX) return false;
  return signals.reduce((sum, { bytes }) => sum + bytes, bytesOf(data)) <= SIGNAL_BYTES_MAX;
}

function ended(execution: Execution): EngineRefusal {
  return {
    code: "EXECUTION_ENDED",
    message: `Expected execution ${execution.id} to go on, but it is ${execution.status}.`,
  };
}

/** What only winds up is not held back. A time-out that begins again or falls back is no end: it is held like anything. */
function mayBePaused({ ending }: Execution): boolean {
  return ending === null || ending.kind === "restart" || ending.kind === "fallback";
}

function closing(execution: Execution): EngineRefusal {
  return {
    code: "EXECUTION_CLOSING",
    message: `Expected execution ${execution.id} to go on, but it winds up, which a pause does not hold back. Terminate it if it must stop at once.`,
  };
}

function nothingToUndo(execution: Execution): EngineRefusal {
  return {
    code: "NOTHING_TO_COMPENSATE",
    message: `Expected execution ${execution.id} to have a completed step with \`compensate\` that is not undone yet, but it has none.`,
  };
}

function signalsFull(execution: Execution): EngineRefusal {
  return {
    code: "SIGNALS_FULL",
    message: `Expected at most ${SIGNALS_MAX} signals of together ${SIGNAL_BYTES_MAX} bytes to wait in execution ${execution.id}. Let a step take some before sending more.`,
  };
}

/** It has not begun, and waits for the end of a quiet time. */
function isPutOff({ slots }: Execution): boolean {
  return slots?.begins === true && slots.isQueued && slots.needs[slots.held]?.kind === "debounce";
}

function begun(execution: Execution): EngineRefusal {
  return {
    code: "EXECUTION_BEGUN",
    message: `Expected execution ${execution.id} to wait for further starts, but it has begun.`,
  };
}
