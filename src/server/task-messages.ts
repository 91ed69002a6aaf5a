/** Tasks and results between the host's types and those of the wire, whichever way they take. */

import { toRfc3339 } from "../core/base/time.ts";
import type { ProblemError } from "../core/protocol/problems.ts";
import type { Heartbeat, HeartbeatOutcome, Result, Task } from "../core/protocol/tasks.ts";
import type { Executors, LeasedTask, TaskResult } from "../host/executors.ts";

export function toTask({ task, workspace, delivery, leaseMs, deadline }: LeasedTask): Task {
  const { metadata } = task;
  return {
    id: task.id,
    workspace,
    workflow: task.workflow,
    version: task.version,
    execution_id: task.executionId,
    step: task.step,
    path: task.path,
    executor: task.executor,
    function: task.function,
    attempt: task.attempt,
    max_attempts: task.attemptsMax,
    delivery,
    input: task.input,
    metadata,
    timeout_ms: task.timeoutMs,
    lease_ms: leaseMs,
    deadline: deadline === null ? null : toRfc3339(deadline),
    traceparent: typeof metadata.traceparent === "string" ? metadata.traceparent : null,
    created_at: toRfc3339(task.createdAt),
  };
}

export function toResult(result: Result): TaskResult {
  const { task_id, status, output, error, instance, started_at } = result;
  return {
    taskId: task_id,
    status,
    output: output ?? null,
    error: error ?? null,
    instance: instance ?? null,
    startedAt: started_at === undefined ? null : Date.parse(started_at),
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
