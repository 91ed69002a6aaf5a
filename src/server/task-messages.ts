/** Tasks and results between the host's types and those of the wire, whichever way they take. */

import { parseInstant, toRfc3339 } from "../core/base/time.ts";
import type { ProblemError } from "../core/protocol/problems.ts";
import type { Heartbeat, HeartbeatOutcome, Result } from "../core/protocol/tasks.ts";
import type { Executors, LeasedTask, TaskResult } from "../host/executors.ts";

/**
 * A `Task` as JSON. Most members are the same from task to task, so it takes a third of the time to put the text together
 * from them.
 */
export function toTaskText({ task, workspace, delivery, leaseMs, deadline }: LeasedTask): string {
  const { metadata } = task;
  const traceparent = typeof metadata.traceparent === "string" ? JSON.stringify(metadata.traceparent) : "null";
  const names = `"workspace":${word(workspace)},"workflow":${word(task.workflow)},"version":${word(task.version)}`;
  const place = `"execution_id":${JSON.stringify(task.executionId)},"step":${word(task.step)},"path":${JSON.stringify(task.path)}`;
  const work = `"executor":${word(task.executor)},"function":${word(task.function)}`;
  const count = `"attempt":${task.attempt},"max_attempts":${task.attemptsMax},"delivery":${delivery}`;
  const data = `"input":${JSON.stringify(task.input)},"metadata":${JSON.stringify(metadata)}`;
  const due = deadline === null ? "null" : `"${toRfc3339(deadline)}"`;
  const times = `"timeout_ms":${task.timeoutMs},"lease_ms":${leaseMs},"deadline":${due}`;
  const end = `"traceparent":${traceparent},"created_at":"${toRfc3339(task.createdAt)}"`;
  return `{"id":${JSON.stringify(task.id)},${names},${place},${work},${count},${data},${times},${end}}`;
}

/** More names than this are surely made up. */
const WORDS_MAX = 10_000;

const words = new Map<string, string>();

/** A name as JSON. */
function word(name: string): string {
  const known = words.get(name);
  if (known !== undefined) return known;
  if (words.size >= WORDS_MAX) words.clear();
  const text = JSON.stringify(name);
  words.set(name, text);
  return text;
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
