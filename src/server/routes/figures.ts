/** Figures over a period, and the platform at this moment. */

import { toRfc3339 } from "../../core/base/time.ts";
import { quantile } from "../../core/protocol/durations.ts";
import {
  type Component,
  type ExecutionFigures,
  type FigurePoint,
  readExecutionFigures,
  readSystemStatus,
  type SystemStatus,
} from "../../core/protocol/figures.ts";
import {
  type Granularity,
  PERIODS,
  type Period,
  pointsOf,
  type Span,
  spanBefore,
  spanOf,
} from "../../core/protocol/periods.ts";
import { createTally, mergeTally, type Tally, type Totals, totalsOf } from "../../core/protocol/tallies.ts";
import type { HostHealth } from "../../host/host.ts";
import type { Insight } from "../../host/insight/insight.ts";
import { type Answer, json, problem } from "../answer.ts";
import type { RouteContext } from "./context.ts";

const DAY_MS = 24 * 3_600_000;
const RECENT_MS = 15 * 60_000;

export function bindFigures(context: RouteContext): void {
  const { binder, host, clock, facts, insight } = context;

  binder.bind(readExecutionFigures, async ({ workspace, query }) => {
    const { period = "24h", granularity = "auto", workflow = null, compare = false } = query;
    const span = spanOf(clock.now(), period, granularity);
    if (span === null) return tooFine(period, granularity);
    return json(200, await readFigures(context, { workspace, workflow, span, compare }));
  });

  binder.bind(readSystemStatus, async ({ workspace }) => {
    const { system, live } = insight;
    const sample = system.measure();
    const { machine } = sample;
    const health = host.health();
    const [storage, counts] = await Promise.all([
      system.storage(),
      host.count({ workspace, workflow: null }).catch(() => null),
    ]);
    const executors = host.executors.list({ workspace });
    const now = clock.now();
    const ageOf = (since: number | null) => (since === null ? null : Math.max(0, now - since) / 1000);
    const oldest = executors.flatMap(({ oldestWaiting }) => (oldestWaiting === null ? [] : [oldestWaiting]));
    const open = counts === null ? 0 : (counts["running"] ?? 0) + (counts["queued"] ?? 0) + (counts["paused"] ?? 0);
    const status: SystemStatus = {
      at: toRfc3339(now),
      version: facts.version,
      uptime: Math.max(0, now - facts.startedAt) / 1000,
      cpu: { used: sample.cpu, processors: machine.processors, seconds: machine.cpuSeconds },
      memory: { resident: machine.residentBytes, heap: machine.heapBytes, available: machine.memoryBytes },
      event_loop: machine.loopDelay,
      store: {
        status: health.store.status,
        error: health.store.error,
        bytes: storage?.bytes ?? null,
        executions: storage?.executions ?? null,
        commit_latency: system.latency(),
        write_queue: health.shards.reduce((sum, { inbox }) => sum + inbox, 0),
        writes_failed: host.counters.writesFailed,
      },
      tasks: {
        waiting: executors.reduce((sum, { waiting }) => sum + waiting, 0),
        leased: executors.reduce((sum, { instances }) => sum + leasedOf(instances), 0),
        oldest_age: oldest.length === 0 ? null : ageOf(Math.min(...oldest)),
        executors: executors.map(({ name, status: reached, waiting, instances, oldestWaiting }) => ({
          name,
          status: reached,
          waiting,
          leased: leasedOf(instances),
          instances: instances.length,
          oldest_age: ageOf(oldestWaiting),
        })),
      },
      cache: { definitions: host.definitions.cacheFacts() },
      connections: {
        http: facts.connections(),
        live: live.readers,
        executors: executors.reduce((sum, { instances }) => sum + instances.length, 0),
      },
      executions: {
        in_memory: health.executionsInMemory,
        parked: counts === null ? null : Math.max(0, open - health.executionsInMemory),
        quarantined: health.quarantined,
        by_status: counts,
      },
      status: health.status,
      components: componentsOf(health, executors),
      series: system.samples(now - RECENT_MS).map(({ at, cpu, machine: then, values }) => ({
        at: toRfc3339(at),
        cpu,
        memory: then.residentBytes,
        loop_delay: then.loopDelay.p99,
        waiting: values["tasks.waiting"],
      })),
    };
    return json(200, status);
  });
}

function leasedOf(instances: readonly { readonly leased: number }[]): number {
  return instances.reduce((sum, { leased }) => sum + leased, 0);
}

export function tooFine(period: Period, granularity: Granularity | "auto"): Answer {
  const detail = `Expected pieces of which a period of ${period} has at most 1500, but of ${granularity} it has more.`;
  return problem("BAD_REQUEST", detail, [{ pointer: "query/granularity", detail }]);
}

export async function readFigures(
  { host, insight, clock }: Pick<RouteContext, "host" | "insight" | "clock">,
  request: { workspace: string; workflow: string | null; span: Span; compare: boolean },
): Promise<ExecutionFigures> {
  const { workspace, workflow, span, compare } = request;
  const { period, granularity, from, to } = span;
  const midnight = Math.floor(clock.now() / DAY_MS) * DAY_MS;
  const [steps, today, previous, counts] = await Promise.all([
    readSteps(insight, workspace, workflow, span),
    readTotal(insight, workspace, workflow, { from: midnight, to }),
    compare ? readTotal(insight, workspace, workflow, spanBefore(span)) : null,
    host.count({ workspace, workflow }),
  ]);
  const total = createTally();
  for (const tally of steps.values()) mergeTally(total, tally);
  const { throughput_per_second: _, duration: __, ...todayCounts } = totalsOf(today, 1);
  return {
    period,
    granularity,
    from: toRfc3339(from),
    to: toRfc3339(to),
    workflow,
    totals: totalsOf(total, (to - from) / 1000),
    previous: previous === null ? null : totalsOf(previous, PERIODS[period] / 1000),
    series: pointsOf(span).map((at) => toPoint(at, steps.get(at) ?? createTally())),
    active: counts["running"] ?? 0,
    queued: counts["queued"] ?? 0,
    paused: counts["paused"] ?? 0,
    today: todayCounts satisfies Omit<Totals, "throughput_per_second" | "duration">,
  };
}

/** By the beginning of the piece. */
export async function readSteps(
  insight: Insight,
  workspace: string,
  workflow: string | null,
  { from, to, stepMs }: Pick<Span, "from" | "to" | "stepMs">,
): Promise<ReadonlyMap<number, Tally>> {
  const found = await insight.figures.book.read({ workspace, from, to, stepMs });
  const steps = new Map<number, Tally>();
  for (const [at, cells] of found) {
    const sum = createTally();
    for (const [name, tally] of cells) if (workflow === null || name === workflow) mergeTally(sum, tally);
    steps.set(at, sum);
  }
  return steps;
}

async function readTotal(
  insight: Insight,
  workspace: string,
  workflow: string | null,
  { from, to }: Pick<Span, "from" | "to">,
): Promise<Tally> {
  const total = createTally();
  const stepMs = to - from > DAY_MS ? 3_600_000 : 60_000;
  for (const tally of (await readSteps(insight, workspace, workflow, { from, to, stepMs })).values())
    mergeTally(total, tally);
  return total;
}

function toPoint(at: number, { started, ended, durations }: Tally): FigurePoint {
  return {
    at: toRfc3339(at),
    started,
    ...ended,
    p50: quantile(durations, 0.5),
    p95: quantile(durations, 0.95),
    p99: quantile(durations, 0.99),
  };
}

function componentsOf(
  health: HostHealth,
  executors: readonly { readonly name: string; readonly status: string; readonly waiting: number }[],
): readonly Component[] {
  const stopped = health.shards.filter(({ status }) => status === "stopped").length;
  const loading = health.shards.filter(({ status }) => status === "loading").length;
  const missing = executors.filter(({ status, waiting }) => status !== "online" && waiting > 0);
  const { standing } = health.watchdog;
  return [
    { name: "store", status: health.store.status, message: health.store.error },
    {
      name: "shards",
      status: stopped > 0 ? "failing" : loading > 0 ? "degraded" : "ok",
      message: stopped > 0 ? `${stopped} stand still` : loading > 0 ? `${loading} are being read` : null,
    },
    {
      name: "event_loop",
      status: health.loopDelayMs > 1000 ? "degraded" : "ok",
      message: health.loopDelayMs > 1000 ? `${Math.round(health.loopDelayMs)} ms late` : null,
    },
    {
      name: "watchdog",
      status: standing > 0 ? "degraded" : "ok",
      message: standing > 0 ? `${standing} executions that nothing moves` : null,
    },
    {
      name: "executors",
      status: missing.length > 0 ? "degraded" : "ok",
      message:
        missing.length > 0
          ? `Tasks wait for ${missing
              .slice(0, 3)
              .map(({ name }) => name)
              .join(", ")}, and no instance is there`
          : null,
    },
  ];
}
