/** Tasks on their way to executors and results on their way back: the busiest routes, so nothing is done twice here. */

import { toRfc3339 } from "../../core/base/time.ts";
import {
  finishTasks,
  LEASE_MS_DEFAULT,
  type PollAnswer,
  pollTasks,
  type Result,
  renewTasks,
  TASKS_MAX_DEFAULT,
  type Task,
} from "../../core/protocol/tasks.ts";
import type { LeasedTask, TaskResult } from "../../host/executors.ts";
import { json, problem } from "../answer.ts";
import type { RouteContext } from "./context.ts";

/** Of a poll that does not wait: nothing aborts it. */
const NEVER = new AbortController().signal;

export function bindTasks({ binder, host: { executors } }: RouteContext): void {
  binder.bind(pollTasks, async (call) => {
    const { workspace, body } = call;
    const waitMs = body.wait_ms ?? 0;
    const leased = await executors.poll({
      workspace,
      executor: body.executor,
      instance: body.instance,
      functions: body.functions ?? null,
      tasksMax: body.max_tasks ?? TASKS_MAX_DEFAULT,
      waitMs,
      leaseMs: body.lease_ms ?? LEASE_MS_DEFAULT,
      held: body.held ?? [],
      labels: body.labels ?? {},
      signal: waitMs === 0 ? NEVER : call.signal(),
    });
    const answer: PollAnswer = { tasks: leased.map(toTask) };
    return json(200, answer);
  });

  binder.bind(finishTasks, async ({ workspace, body }) => {
    const wrong = body.results.flatMap((result, i) =>
      result.status === "failed" && (result.error === undefined || result.error === null)
        ? [
            {
              pointer: `/results/${i}/error`,
              detail: 'Expected "error" with code and message where the status is failed, but it is missing.',
            },
          ]
        : [],
    );
    const [first] = wrong;
    if (first !== undefined) return problem("BAD_REQUEST", `${first.pointer}: ${first.detail}`, wrong);
    const finished = await executors.finish({ workspace, results: body.results.map(toResult) });
    return json(200, { results: finished.map(({ taskId, outcome }) => ({ task_id: taskId, outcome })) });
  });

  binder.bind(renewTasks, ({ workspace, body }) => {
    const renewed = executors.heartbeat({
      workspace,
      heartbeats: body.heartbeats.map(({ task_id, progress, message }) => ({
        taskId: task_id,
        progress: progress ?? null,
        message: message ?? null,
      })),
    });
    return json(200, {
      heartbeats: renewed.map(({ taskId, outcome, cancel }) => ({ task_id: taskId, outcome, cancel })),
    });
  });
}

function toTask({ task, workspace, delivery, leaseMs, deadline }: LeasedTask): Task {
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

function toResult(result: Result): TaskResult {
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
