/** Tasks on their way to executors and results on their way back: the busiest routes, so nothing is done twice here. */

import { streamTasks } from "../../core/protocol/task-stream.ts";
import { finishTasks, LEASE_MS_DEFAULT, pollTasks, renewTasks, TASKS_MAX_DEFAULT } from "../../core/protocol/tasks.ts";
import { json, jsonText, problem } from "../answer.ts";
import { renew, resultsWithoutError, toResult, toTaskText } from "../task-messages.ts";
import { UPGRADE_REQUIRED } from "../upgrades.ts";
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
    return jsonText(200, `{"tasks":[${leased.map(toTaskText).join(",")}]}`);
  });

  binder.bind(finishTasks, async ({ workspace, body }) => {
    const wrong = resultsWithoutError(body.results);
    const [first] = wrong;
    if (first !== undefined) return problem("BAD_REQUEST", `${first.pointer}: ${first.detail}`, wrong);
    const finished = await executors.finish({ workspace, results: body.results.map(toResult) });
    return json(200, { results: finished.map(({ taskId, outcome }) => ({ task_id: taskId, outcome })) });
  });

  binder.bind(renewTasks, ({ workspace, body }) =>
    json(200, { heartbeats: renew(executors, workspace, body.heartbeats) }),
  );

  binder.bind(streamTasks, () => ({ kind: "problem", trouble: UPGRADE_REQUIRED }));
}
