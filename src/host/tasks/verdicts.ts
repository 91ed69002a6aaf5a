/** The board's own answers for attempts that no executor answers for. */

import { formatDuration } from "../../core/base/duration.ts";
import type { StepError } from "../../core/engine/error.ts";
import type { EngineTask } from "../../core/engine/reactions.ts";
import type { Entry } from "./entry.ts";

/** An executor that loses a task this often will not do better the next time. */
export const LOSSES_MAX = 5;

export function timedOut(entry: Entry): StepError {
  const limit = formatDuration(entry.task.timeoutMs ?? 0);
  const time = entry.isLimited ? `the platform's limit of ${limit} (limits.step_timeout)` : limit;
  return { code: "TIMEOUT", message: `Expected ${target(entry.task)} to answer within ${time}, but it did not.` };
}

export function fellSilent(entry: Entry): StepError {
  const limit = formatDuration(entry.task.heartbeatTimeoutMs ?? 0);
  return {
    code: "TIMEOUT",
    message: `Expected a heartbeat from ${target(entry.task)} at least every ${limit}, but there was none.`,
  };
}

export function neverTaken(entry: Entry): StepError {
  const limit = formatDuration(entry.task.queueTimeoutMs ?? 0);
  return {
    code: "EXECUTOR_UNAVAILABLE",
    message: `Expected an instance to take the task for ${target(entry.task)} within ${limit}, but none did.`,
  };
}

export function lostTooOften(entry: Entry): StepError {
  return {
    code: "EXECUTOR_UNAVAILABLE",
    message: `Expected ${target(entry.task)} to answer or to send heartbeats, but ${LOSSES_MAX} leases ran out one after the other.`,
  };
}

/** Trying again cannot help: the build has no such executor. */
export function notInThisBuild(entry: Entry): StepError {
  return {
    code: "EXECUTOR_UNAVAILABLE",
    message: `Expected this build to perform steps of type "${entry.task.executor.slice(1)}", but it does not have them.`,
    retryable: false,
  };
}

function target(task: EngineTask): string {
  return task.executor.startsWith("@")
    ? `the call of step "${task.step}"`
    : `function "${task.function}" of executor "${task.executor}"`;
}
