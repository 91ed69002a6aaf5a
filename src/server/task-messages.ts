/** Tasks and results between the host's types and those of the wire, whichever way they take. */

import { parseInstant, toRfc3339 } from "../core/base/time.ts";
import type { ProblemError } from "../core/protocol/problems.ts";
import type { Heartbeat, HeartbeatOutcome, Result } from "../core/protocol/tasks.ts";
import type { Executors, LeasedTask, TaskResult } from "../host/executors.ts";

/** A `Task` as JSON: put together from what it shares with other tasks of its step, which is most of it, and its own. */
export function toTaskText({ task, workspace, delivery, leaseMs, deadline }: LeasedTask): string {
  const { id, metadata, path, executionId, attempt, input, timeoutMs } = task;
  const traceparent = typeof metadata.traceparent === "string" ? JSON.stringify(metadata.traceparent) : "null";
  const due = deadline === null ? "null" : `"${toRfc3339(deadline)}"`;
  return `{"id":${JSON.stringify(id)},${sharedText(task, workspace)},"execution_id":${JSON.stringify(executionId)},"path":${JSON.stringify(path)},"attempt":${attempt},"delivery":${delivery},"input":${JSON.stringify(input)},"metadata":${JSON.stringify(metadata)},"timeout_ms":${timeoutMs},"lease_ms":${leaseMs},"deadline":${due},"traceparent":${traceparent},"created_at":"${toRfc3339(task.createdAt)}"}`;
}

interface Shared
  extends Pick<LeasedTask["task"], "workflow" | "version" | "step" | "executor" | "function" | "attemptsMax"> {
  readonly workspace: string;
  readonly text: string;
}

/** Of the last task of a step of each name. More names than the bound are surely made up. */
const lastOfStep = new Map<string, Shared>();
const STEPS_MAX = 10_000;

function sharedText(task: LeasedTask["task"], workspace: string): string {
  const last = lastOfStep.get(task.step);
  if (last !== undefined && isShared(last, task, workspace)) return last.text;
  const { workflow, version, step, executor, function: called, attemptsMax } = task;
  const names = { workspace, workflow, version, step, executor, function: called };
  const text = JSON.stringify({ ...names, max_attempts: attemptsMax }).slice(1, -1);
  if (lastOfStep.size >= STEPS_MAX) lastOfStep.clear();
  lastOfStep.set(step, { ...names, attemptsMax, text });
  return text;
}

function isShared(last: Shared, task: LeasedTask["task"], workspace: string): boolean {
  return (
    last.workspace === workspace &&
    last.workflow === task.workflow &&
    last.version === task.version &&
    last.executor === task.executor &&
    last.function === task.function &&
    last.attemptsMax === task.attemptsMax
  );
}

export function toResult(result: Result): TaskResult {
  const { task_id, status, output, error, instance, started_at } = result;
  return {
    taskId: task_id,
    status,
    output: output ?? null,
    error: error ?? null,
    instance: instance ?? null,
    startedAt: started_at === undefined ? null : parseInstant(started_at),
  };
}

/** What the schema of results cannot say: whoever failed says why. */
export function resultsWithoutError(results: readonly Result[]): readonly ProblemError[] {
  const wrong: ProblemError[] = [];
  for (const [i, { status, error }] of results.entries()) {
    if (status === "completed" || (error !== undefined && error !== null)) continue;
    const detail = 'Expected "error" with code and message where the status is failed, but it is missing.';
    wrong.push({ pointer: `/results/${i}/error`, detail });
  }
  return wrong;
}

export function renew(
  executors: Executors,
  workspace: string,
  heartbeats: readonly Heartbeat[],
): readonly HeartbeatOutcome[] {
  const signs = heartbeats.map(({ task_id, progress, message }) => ({
    taskId: task_id,
    progress: progress ?? null,
    message: message ?? null,
  }));
  const renewed = executors.heartbeat({ workspace, heartbeats: signs });
  return renewed.map(({ taskId, outcome, cancel }) => ({ task_id: taskId, outcome, cancel }));
}
