/** Why executions have not ended. */

import { Bug } from "../../core/base/bug.ts";
import { explainExecution } from "../../core/protocol/execution-routes.ts";
import type { ExecutionStatus } from "../../core/protocol/executions.ts";
import { awaitedBreakers, awaitedChildren, explain } from "../../core/protocol/explain.ts";
import type { BreakerFacts, ExecutorFacts } from "../../core/protocol/explain-step.ts";
import type { ExplanationMessage } from "../../core/protocol/explanations.ts";
import type { BreakerRecord } from "../../host/shared/breakers.ts";
import { ONLINE_MS } from "../../host/tasks/registry.ts";
import type { ExecutionRow } from "../../ports/store.ts";
import { json, problem } from "../answer.ts";
import type { RouteContext } from "./context.ts";

export function bindExplanations({ binder, host, clock, views }: RouteContext): void {
  binder.bind(explainExecution, async ({ workspace, params }) => {
    const row = await host.read({ workspace, executionId: params.execution_id });
    if (row !== null) return json(200, await explainRow(row));
    const id = JSON.stringify(params.execution_id);
    return problem("EXECUTION_NOT_FOUND", `Expected an execution ${id}, but there is none.`);
  });

  async function explainRow(row: ExecutionRow): Promise<ExplanationMessage> {
    const { workspace, workflow, version, quarantine } = row;
    const outcome = await host.definitions.compiled({ workspace, workflow, version });
    if (!outcome.ok) return explainUnreadable(row);
    try {
      const view = await views.read(row, outcome.definition);
      const children = new Map<string, ExecutionStatus>();
      for (const executionId of awaitedChildren(view)) {
        const child = await host.read({ workspace, executionId });
        if (child !== null) children.set(executionId, child.status);
      }
      const breakers = new Map<string, BreakerFacts>();
      for (const target of awaitedBreakers(view)) {
        const record = await host.breakers.read({ workspace, target });
        if (record !== null) breakers.set(target, toFacts(record));
      }
      return explain(view, {
        status: row.status,
        createdAt: row.createdAt,
        quarantine,
        leases: host.leasesOf(row.id),
        executor: (name) => readExecutor(workspace, name),
        breaker: (target) => breakers.get(target) ?? null,
        queuedAt: view.queuedAt,
        line: (need) => host.lineOf({ workspace, executionId: row.id, need }),
        childStatus: (executionId) => children.get(executionId) ?? null,
        standstill: host.standstillOf(row.id),
      });
    } catch (error) {
      // What put an execution into quarantine may be its history; its row can be explained all the same.
      if (error instanceof Bug && quarantine !== null) return explainUnreadable(row);
      throw error;
    }
  }

  function readExecutor(workspace: string, name: string): ExecutorFacts | null {
    const record = host.executors.read({ workspace, name });
    if (record === null) return null;
    const { status, health, waiting } = record;
    const instances = record.instances.map(({ lastSeen, functions, labels }) => ({
      isOnline: clock.now() - lastSeen < ONLINE_MS,
      lastSeen,
      functions,
      labels,
    }));
    return { status, health, waiting, instances };
  }
}

function toFacts({ state, until, trials, settings, line }: BreakerRecord): BreakerFacts {
  const callsMax = settings?.halfOpenCallsMax ?? 1;
  return { state, until, callsOut: trials.length, callsMax, waiting: line.length };
}

function explainUnreadable({ id, status, quarantine, errorCode, errorMessage }: ExecutionRow): ExplanationMessage {
  const error = errorCode === null ? "" : `: ${errorCode}: ${errorMessage ?? ""}`;
  const sentence =
    quarantine === null
      ? `It is ${status.replace("_", " ")}${error}. Its definition cannot be read any more.`
      : `It was put into quarantine: ${quarantine}`;
  return { execution_id: id, status, sentence, waits: [], hidden: 0 };
}
