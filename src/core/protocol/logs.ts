/** A history told as lines for people. Every event has one line; its level says who should care. */

import { unreachable } from "../base/bug.ts";
import { formatDuration } from "../base/duration.ts";
import { quote } from "../base/text.ts";
import type { StepError } from "../engine/error.ts";
import type { HistoryEvent, ManualNote, StartDetail } from "../engine/events.ts";
import type { LogLine } from "./executions.ts";

export function toLogLine(event: HistoryEvent): LogLine {
  const { seq, at, step, path, attempt } = event;
  const [level, message] = tell(event);
  return { seq, at, level, message, step, path, attempt };
}

type Told = readonly [LogLine["level"], string];

function tell(event: HistoryEvent): Told {
  switch (event.type) {
    case "ExecutionStarted":
      return ["info", `Started ${event.data.workflow} ${event.data.version}.`];
    case "ExecutionReopened":
      return event.data.compensates === undefined
        ? ["info", "Re-opened: what failed begins again."]
        : ["warn", `Re-opened by ${event.data.compensates.by} to be undone: ${event.data.compensates.reason}`];
    case "ExecutionForked": {
      const { origin } = event.data;
      const place = origin.kind === "rerun" ? "" : ` after event ${origin.event}`;
      return ["info", `Goes on from here as an execution of its own, begun from ${origin.execution_id}${place}.`];
    }
    case "ExecutionPaused":
      return ["info", pausedWords(event.data)];
    case "ExecutionResumed":
      return [
        "info",
        event.data.frozen_ms > 0 ? `Resumed; timers moved by ${formatDuration(event.data.frozen_ms)}.` : "Resumed.",
      ];
    case "ExecutionQueued":
      return ["info", `Queued for ${event.data.slots.map(({ key }) => quote(key)).join(" and ")}.`];
    case "InputReplaced":
      return ["info", "A later start has replaced the input."];
    case "SlotGranted":
      return ["info", `Holds a slot of ${quote(event.data.key)}.`];
    case "ExecutionAdmitted":
      return ["info", "Admitted."];
    case "SlotsReleased":
      return ["info", `Only waits, and gives back ${event.data.slots.map(({ key }) => quote(key)).join(" and ")}.`];
    case "ExecutionCancelRequested":
      return ["warn", `Asked to cancel: ${event.data.reason}`];
    case "ExecutionTimeoutReached":
      return ["warn", `The time of the workflow is over: ${told(event.data.error)}`];
    case "ErrorRaised":
      return ["error", `Error rule ${event.data.rule + 1} ends it: ${told(event.data.error)}`];
    case "ErrorStepsStarted":
      return ["info", `Steps for errors begin (${event.data.stage}).`];
    case "ErrorStepsEnded":
      return [
        ended(event.data.status),
        `Steps for errors ${event.data.status} (${event.data.stage})${why(event.data.error)}`,
      ];
    case "ExecutionRestarted":
      return ["warn", "Begins the unfinished steps again."];
    case "ExecutionFallbackStarted":
      return ["warn", `Falls back after ${told(event.data.error)}`];
    case "CompensationStarted":
      return ["warn", `Undoes ${event.data.count} completed ${event.data.count === 1 ? "step" : "steps"}.`];
    case "SignalReceived":
      return ["info", `Received signal ${event.data.name}.`];
    case "WarningRecorded":
      return ["warn", `${event.data.code}: ${event.data.message}`];
    case "ExecutionCompleted":
      return ["info", "Completed."];
    case "ExecutionFailed":
      return ["error", `Failed: ${told(event.data.error)}`];
    case "ExecutionCancelled":
      return ["warn", event.data.terminated ? `Terminated: ${event.data.reason}` : `Cancelled: ${event.data.reason}`];
    case "ExecutionTimedOut":
      return ["error", `Timed out: ${told(event.data.error)}`];

    case "StepScheduled":
      return [
        "info",
        `${event.path}: waits for ${event.data.executor} to run ${event.data.function}${again(event.attempt)}.`,
      ];
    case "CircuitAsked":
      return [
        "info",
        `${event.path}: asks the circuit breaker of ${event.data.circuit.target}${again(event.attempt)}.`,
      ];
    case "CallRefused":
      return ["warn", `${event.path}: ${told(event.data.error)} It asks again at ${event.data.retry_at}.`];
    case "StepStarted":
      return ["info", `${event.path}: ${begun(event.data.detail)}${again(event.attempt)}.`];
    case "StepCompleted":
      return ["info", `${event.path}: completed${by(event.data.instance)}${byHand(event.data.manual)}.`];
    case "StepAttemptFailed":
      return [
        "warn",
        `${event.path}: attempt ${event.attempt} failed${by(event.data.instance)}: ${told(event.data.error)} The next one begins at ${event.data.retry_at}.`,
      ];
    case "StepFailed":
      return ["error", `${event.path}: failed${by(event.data.instance)}: ${told(event.data.error)}`];
    case "StepSkipped":
      return ["info", `${event.path}: skipped (${event.data.reason})${byHand(event.data.manual)}.`];
    case "StepClosing":
      return ["debug", `${event.path}: winds up.`];
    case "StepCancelled":
      return ["warn", `${event.path}: cancelled: ${event.data.reason}`];
    case "BranchStarted":
      return ["debug", `${event.path}: branch ${event.data.branch} began.`];
    case "BranchEnded":
      return [
        ended(event.data.status),
        `${event.path}: branch ${event.data.branch} ${event.data.status}${why(event.data.error)}`,
      ];
    case "IterationStarted":
      return ["debug", `${event.path}: iteration ${event.data.index} began.`];
    case "IterationEnded":
      return [
        ended(event.data.status),
        `${event.path}: iteration ${event.data.index} ${event.data.status}${why(event.data.error)}`,
      ];
    case "CatchStarted":
      return ["warn", `${event.path}: caught ${told(event.data.error)}`];
    case "FinallyStarted":
      return ["debug", `${event.path}: finally.`];
    case "RuleFired":
      return ["warn", `${event.path}: error rule ${event.data.rule + 1} fired (${event.data.action}).`];
    case "StepCompensating":
      return ["info", `${event.path}: is undone.`];
    case "StepCompensated":
      return [
        ended(event.data.status),
        event.data.status === "completed"
          ? `${event.path}: was undone.`
          : `${event.path}: could not be undone${why(event.data.error)}`,
      ];
    case "FallbackStarted":
      return ["warn", `${event.path}: falls back after ${told(event.data.error)}`];
    case "FailurePathEnded":
      return [
        ended(event.data.status),
        `${event.path}: the path for its failure ${event.data.status}${why(event.data.error)}`,
      ];
    default:
      return unreachable(event);
  }
}

function begun(detail: StartDetail): string {
  switch (detail.kind) {
    case "workflow":
      return `started execution ${detail.execution_id} of ${detail.workflow}`;
    case "wait":
      return `waits until ${detail.until}`;
    case "wait_for_event":
      return `waits for event ${detail.event}${detail.correlation === null ? "" : ` with key ${detail.correlation}`}`;
    case "choice":
      return detail.chosen === null ? "began; nothing fits" : "began";
    case "parallel":
    case "loop":
    case "try":
      return "began";
    default:
      return unreachable(detail);
  }
}

/** As a whole sentence, however the message of an executor ends. */
function told({ code, message }: StepError): string {
  return `${code}: ${message}${/[.!?]$/.test(message) ? "" : "."}`;
}

function why(error: StepError | undefined): string {
  return error === undefined ? "." : `: ${told(error)}`;
}

function ended(status: "completed" | "failed" | "cancelled"): LogLine["level"] {
  return status === "completed" ? "debug" : "warn";
}

function again(attempt: number): string {
  return attempt > 1 ? ` (attempt ${attempt})` : "";
}

function byHand(manual: ManualNote | undefined): string {
  if (manual === undefined) return "";
  return ` by hand (${manual.by}${manual.reason === "" ? "" : `: ${manual.reason}`})`;
}

function by(instance: string | undefined): string {
  return instance === undefined ? "" : ` by ${instance}`;
}

function pausedWords({ freeze_timers, by }: { readonly freeze_timers: boolean; readonly by?: "parent" }): string {
  const timers = freeze_timers ? ", and all timers with it" : "";
  return `Paused${by === "parent" ? " with its parent" : ""}${timers}.`;
}
