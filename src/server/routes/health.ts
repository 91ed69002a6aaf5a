/** Alive, ready, and how the parts are. Nothing here waits for the storage: the host says what it has seen last. */

import {
  type Check,
  type Readiness,
  readComponents,
  readLiveness,
  readLivez,
  readReadiness,
  readReadyz,
  readStartupz,
  readWorkflowHealth,
  type WorkflowHealth,
} from "../../core/protocol/health.ts";
import type { ExecutorRecord } from "../../host/executors.ts";
import type { HostHealth } from "../../host/host.ts";
import { type Answer, json } from "../answer.ts";
import type { RouteContext } from "./context.ts";

/** A loop that is this late answers nothing in time. */
const LOOP_DELAY_MS_MAX = 1000;

export function bindHealth({ binder, host, facts }: RouteContext): void {
  const alive = (): Answer => json(200, { status: "ok" });
  const ready = (): Answer => {
    const readiness = readinessOf(host.health(), facts.isDraining());
    return json(readiness.status === "ok" || readiness.status === "degraded" ? 200 : 503, readiness);
  };

  binder.bind(readLiveness, alive);
  binder.bind(readLivez, alive);
  binder.bind(readReadiness, ready);
  binder.bind(readReadyz, ready);
  binder.bind(readStartupz, ready);
  binder.bind(readComponents, () => json(200, readinessOf(host.health(), facts.isDraining())));

  binder.bind(readWorkflowHealth, async ({ workspace }) => {
    const executions = await host.count({ workspace, workflow: null });
    const { status, quarantined } = host.health();
    const executors = host.executors.list({ workspace });
    const lacks = executors.some((executor) => executor.status !== "online" && executor.waiting > 0);
    const isUnwell =
      quarantined > 0 || lacks || executors.some(({ health }) => health === "unhealthy" || health === "degraded");
    const answer: WorkflowHealth = {
      status: status === "failing" ? "failing" : isUnwell || status === "degraded" ? "degraded" : "ok",
      executions,
      quarantined,
      executors: executors.map((executor) => ({
        name: executor.name,
        status: executor.status,
        health: executor.health,
        waiting: executor.waiting,
        functions: executor.functions.map((name) => functionHealth(executor, name)),
      })),
    };
    return json(200, answer);
  });
}

function readinessOf(health: HostHealth, isDraining: boolean): Readiness {
  const checks: Record<string, Check> = {
    store: { status: health.store.status, latency_ms: health.store.lastWriteMs, error: health.store.error },
    event_loop: {
      status: health.loopDelayMs > LOOP_DELAY_MS_MAX ? "degraded" : "ok",
      latency_ms: health.loopDelayMs,
      error: null,
    },
  };
  const stopped = health.shards.filter(({ status }) => status === "stopped").map(({ shard }) => shard);
  const loading = health.shards.filter(({ status }) => status === "loading").length;
  checks.shards = {
    status: stopped.length > 0 ? "failing" : loading > 0 ? "degraded" : "ok",
    latency_ms: null,
    error:
      stopped.length > 0
        ? `Expected all shards to run, but ${stopped.join(", ")} stand still until the storage answers.`
        : null,
  };
  const { standing } = health.watchdog;
  checks.watchdog = {
    status: standing > 0 ? "degraded" : "ok",
    latency_ms: null,
    error: standing > 0 ? `Expected something to move every execution, but ${standing} stand still.` : null,
  };
  return { status: isDraining ? "draining" : health.status, checks };
}

const ORDER = ["healthy", "degraded", "unhealthy"];

/** The worst that any instance reports, of the function by name or of the whole. */
function functionHealth(
  executor: ExecutorRecord,
  name: string,
): WorkflowHealth["executors"][number]["functions"][number] {
  const checks = executor.instances
    .filter(({ functions }) => functions.includes(name))
    .flatMap((instance) => instance.checks.filter((check) => check.function === null || check.function === name));
  const worst = checks.toSorted((a, b) => ORDER.indexOf(b.status) - ORDER.indexOf(a.status))[0];
  return { name, status: worst?.status ?? "healthy", message: worst?.message ?? null };
}
