/** Who the executors are and how they are. */

import { toRfc3339 } from "../../core/base/time.ts";
import {
  type ExecutorMessage,
  type ExecutorStatus,
  type InstanceMessage,
  listExecutors,
  readExecutor,
  readInstance,
  removeInstance,
  reportInstance,
} from "../../core/protocol/executors.ts";
import type { ExecutorRecord, InstanceStatus } from "../../host/executors.ts";
import { type Answer, answerOf, json, NO_CONTENT, problem } from "../answer.ts";
import { pageAnswer } from "../paging.ts";
import type { RouteContext } from "./context.ts";

export function bindExecutors({ binder, host: { executors } }: RouteContext): void {
  function instanceAnswer(place: { workspace: string; executor: string; instance: string }): Answer {
    const record = executors.read({ workspace: place.workspace, name: place.executor });
    const found = record?.instances.find(({ instance }) => instance === place.instance);
    if (found !== undefined) return json(200, toInstance(found));
    return problem(
      "EXECUTOR_NOT_FOUND",
      `Expected executor ${JSON.stringify(place.executor)} to have an instance ${JSON.stringify(place.instance)}, but none of that name has polled or registered.`,
    );
  }

  binder.bind(listExecutors, (call) => {
    const items = executors.list({ workspace: call.workspace });
    return pageAnswer({ items, nameOf: ({ name }) => name, toMessage: toExecutor }, call);
  });

  binder.bind(readExecutor, ({ workspace, params }) => {
    const record = executors.read({ workspace, name: params.executor });
    if (record !== null) return json(200, toExecutor(record));
    return problem(
      "EXECUTOR_NOT_FOUND",
      `Expected an executor ${JSON.stringify(params.executor)}, but none of that name has polled or registered.`,
    );
  });

  binder.bind(reportInstance, ({ workspace, params, body }) => {
    const wrong = (["executor", "instance"] as const).filter(
      (name) => body[name] !== undefined && body[name] !== params[name],
    );
    if (wrong.length > 0) {
      const errors = wrong.map((name) => ({
        pointer: `/${name}`,
        detail: `Expected ${JSON.stringify(params[name])} as in the path, but met ${JSON.stringify(body[name])}.`,
      }));
      return problem("BAD_REQUEST", errors[0]?.detail ?? "", errors);
    }
    executors.report({ workspace, status: toStatus(params, body) });
    return instanceAnswer({ workspace, ...params });
  });

  binder.bind(readInstance, ({ workspace, params }) => instanceAnswer({ workspace, ...params }));

  binder.bind(removeInstance, ({ workspace, params }) =>
    answerOf(executors.leave({ workspace, ...params }), () => NO_CONTENT),
  );
}

function toStatus(
  { executor, instance }: { executor: string; instance: string },
  body: ExecutorStatus,
): InstanceStatus {
  return {
    executor,
    instance,
    functions: body.functions ?? [],
    concurrency: body.concurrency ?? null,
    running: body.running ?? null,
    health: body.health ?? "healthy",
    checks: (body.checks ?? []).map((check) => ({
      name: check.name,
      status: check.status,
      function: check.function ?? null,
      message: check.message ?? null,
    })),
    version: body.version ?? null,
    labels: body.labels ?? {},
  };
}

function toExecutor({ name, status, health, functions, waiting, instances }: ExecutorRecord): ExecutorMessage {
  return { name, status, health, functions, waiting, instances: instances.map(toInstance) };
}

function toInstance({ lastSeen, ...status }: ExecutorRecord["instances"][number]): InstanceMessage {
  return { ...status, last_seen: toRfc3339(lastSeen) };
}
