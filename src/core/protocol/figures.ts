/** Figures of executions over a period, and those of the platform at this moment. */

import { Type } from "typebox";
import type { Finding } from "./findings.ts";
import { CLOSED, type Message, message, orNull, time, unnamed } from "./message.ts";
import { GRANULARITIES, type Granularity, PERIODS, type Period } from "./periods.ts";
import type { Route } from "./route.ts";
import type { Totals } from "./tallies.ts";
import type { CriticalStep, StepFigures } from "./workflow-figures.ts";
import { WorkflowParams } from "./workflow-routes.ts";

export interface FigurePoint {
  readonly at: string;
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly timed_out: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface ExecutionFigures {
  readonly period: Period;
  readonly granularity: Granularity;
  readonly from: string;
  readonly to: string;
  readonly workflow: string | null;
  readonly totals: Totals;
  readonly previous: Totals | null;
  readonly series: readonly FigurePoint[];
  readonly active: number;
  readonly queued: number;
  readonly paused: number;
  readonly today: Omit<Totals, "throughput_per_second" | "duration">;
}

const COUNT = Type.Integer({ minimum: 0 });
const SECONDS = orNull(Type.Number());

const COUNTS = { started: COUNT, completed: COUNT, failed: COUNT, cancelled: COUNT, timed_out: COUNT };

const RATE = orNull(
  Type.Number({ description: "Completed of those that completed, failed or timed out, 0 to 1; null: none has." }),
);

export const TotalsMessage: Message<Totals> = message<Totals>("ExecutionTotals")(
  Type.Object({
    ...COUNTS,
    success_rate: RATE,
    throughput_per_second: Type.Number({ description: "Executions that ended, for each second of the period." }),
    duration: Type.Object(
      { p50: SECONDS, p95: SECONDS, p99: SECONDS, avg: SECONDS },
      { description: "Seconds from start to end of those that ended, within 5 %." },
    ),
  }),
);

const POINT = Type.Object({
  at: time("Where the piece begins."),
  ...COUNTS,
  p50: SECONDS,
  p95: SECONDS,
  p99: SECONDS,
});

const PERIOD = Type.Enum(Object.keys(PERIODS) as Period[]);
const GRANULARITY = Type.Enum(Object.keys(GRANULARITIES) as Granularity[]);

const FIGURES = {
  period: PERIOD,
  granularity: GRANULARITY,
  from: time("The whole minute or hour with which it begins."),
  to: time("The moment of the answer."),
  workflow: orNull(Type.String()),
  totals: TotalsMessage,
  previous: orNull(TotalsMessage),
  series: Type.Array(POINT),
  active: Type.Integer({ description: "Running now." }),
  queued: COUNT,
  paused: COUNT,
  today: Type.Object({ ...COUNTS, success_rate: RATE }, { description: "Since midnight, UTC." }),
};

export const ExecutionFigures: Message<ExecutionFigures> = message<ExecutionFigures>("ExecutionFigures")(
  Type.Object(FIGURES),
);

export interface FiguresQuery {
  readonly period?: Period;
  readonly granularity?: Granularity | "auto";
  readonly workflow?: string;
  readonly compare?: boolean;
}

const PERIOD_QUERY = {
  period: Type.Optional(
    Type.Enum(Object.keys(PERIODS) as Period[], { description: "The time that ends now (default `24h`)." }),
  ),
  granularity: Type.Optional(
    Type.Enum(["auto", ...(Object.keys(GRANULARITIES) as Granularity[])], {
      description: "How long the pieces of the series are (default: as suits the period).",
    }),
  ),
};

const FiguresQuery: Message<FiguresQuery> = unnamed<FiguresQuery>()(
  Type.Object(
    {
      ...PERIOD_QUERY,
      workflow: Type.Optional(
        Type.String({ minLength: 1, maxLength: 200, description: "Only executions of this one." }),
      ),
      compare: Type.Optional(Type.Boolean({ description: "The totals of the period before as well." })),
    },
    CLOSED,
  ),
);

export const readExecutionFigures: Route<object, FiguresQuery, unknown> = {
  method: "GET",
  path: "/api/v1/metrics/executions",
  operationId: "readExecutionFigures",
  tag: "metrics",
  summary: "Read how executions did over a period",
  description: "Over everything that was committed, restarts included. Test runs are left out.",
  permission: "metrics:read",
  params: null,
  query: FiguresQuery,
  body: null,
  answers: { 200: { description: "The figures.", schema: ExecutionFigures } },
  problems: [],
};

/** How durations are told apart in a heat map: upper ends in seconds; what is longer has a place of its own at the end. */
export const HEAT_BOUNDS: readonly number[] = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 86_400];

export interface WorkflowFigures extends ExecutionFigures {
  readonly version: string | null;
  /** How many executions, the newest that ended, the steps were read off. */
  readonly looked_at: number;
  readonly steps: readonly StepFigures[];
  readonly critical_path: readonly CriticalStep[];
  readonly findings: readonly Finding[];
  readonly heat_map: {
    readonly bounds: readonly number[];
    readonly points: readonly { readonly at: string; readonly counts: readonly number[] }[];
  };
  readonly slowest: readonly SlowExecution[];
}

export interface SlowExecution {
  readonly execution_id: string;
  readonly version: string;
  readonly status: string;
  readonly started_at: string;
  readonly duration: number;
}

const SPREAD = Type.Object({ mean: SECONDS, p95: SECONDS });

export const WorkflowFigures: Message<WorkflowFigures> = message<WorkflowFigures>("WorkflowFigures")(
  Type.Object({
    ...FIGURES,
    version: orNull(Type.String({ description: "Only of this version; null: of all." })),
    looked_at: Type.Integer({
      description: "How many executions, the newest that ended in the period, the steps were read off; at most 200.",
    }),
    steps: Type.Array(
      Type.Object({
        step: Type.String(),
        type: Type.String(),
        is_container: Type.Boolean({ description: "It has no time of its own: what is in it has." }),
        runs: COUNT,
        failures: COUNT,
        retries: COUNT,
        fallbacks: COUNT,
        time: Type.Object(
          { executor: SPREAD, running: SPREAD, retrying: SPREAD, waiting: SPREAD, total: SPREAD },
          {
            description:
              "Seconds of a run: waiting for an executor, running, in back-off, waiting for a time, an event or a child.",
          },
        ),
        critical_share: Type.Number({ description: "Its part of the time of an execution, on the critical path." }),
        errors: Type.Array(Type.Object({ code: Type.String(), count: COUNT })),
      }),
    ),
    critical_path: Type.Array(Type.Object({ step: Type.String(), share: Type.Number(), mean: Type.Number() }), {
      description: "What an execution is waited for, in the order in which it usually begins.",
    }),
    findings: Type.Array(
      Type.Object({
        code: Type.Enum(["executor_wait", "retries", "failures", "fallbacks", "long_step", "external_wait"]),
        level: Type.Enum(["info", "warning", "critical"]),
        step: Type.String(),
        message: Type.String({ description: "What is so, and what to change." }),
      }),
    ),
    heat_map: Type.Object({
      bounds: Type.Array(Type.Number(), { description: "Upper ends in seconds." }),
      points: Type.Array(
        Type.Object({
          at: time("Where the piece begins."),
          counts: Type.Array(COUNT, { description: "One for each bound, and one for what is longer." }),
        }),
      ),
    }),
    slowest: Type.Array(
      Type.Object({
        execution_id: Type.String(),
        version: Type.String(),
        status: Type.String(),
        started_at: time("When it began."),
        duration: Type.Number(),
      }),
      { description: "Of the newest 1,000 that ended in the period." },
    ),
  }),
);

export interface WorkflowFiguresQuery {
  readonly period?: Period;
  readonly granularity?: Granularity | "auto";
  readonly version?: string;
  readonly compare?: boolean;
}

const WorkflowFiguresQuery: Message<WorkflowFiguresQuery> = unnamed<WorkflowFiguresQuery>()(
  Type.Object(
    {
      ...PERIOD_QUERY,
      version: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 200,
          description: "Steps and slowest executions of this version only.",
        }),
      ),
      compare: Type.Optional(Type.Boolean({ description: "The totals of the period before as well." })),
    },
    CLOSED,
  ),
);

export const readWorkflowFigures: Route<WorkflowParams, WorkflowFiguresQuery, unknown> = {
  method: "GET",
  path: "/api/v1/workflows/{workflow}/metrics",
  operationId: "readWorkflowFigures",
  tag: "metrics",
  summary: "Read how a workflow and its steps did over a period",
  description: "Totals and series are over all executions; steps are read off the histories of the newest ones.",
  permission: "metrics:read",
  params: WorkflowParams,
  query: WorkflowFiguresQuery,
  body: null,
  answers: { 200: { description: "The figures.", schema: WorkflowFigures } },
  problems: ["WORKFLOW_NOT_FOUND", "VERSION_NOT_FOUND"],
};

export interface SystemStatus {
  readonly at: string;
  readonly version: string;
  readonly uptime: number;
  readonly cpu: { readonly used: number; readonly processors: number; readonly seconds: number };
  readonly memory: { readonly resident: number; readonly heap: number; readonly available: number };
  readonly event_loop: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly store: {
    readonly status: "ok" | "failing";
    readonly error: string | null;
    readonly bytes: number | null;
    readonly executions: number | null;
    readonly commit_latency: { readonly p50: number | null; readonly p99: number | null };
    readonly write_queue: number;
    readonly writes_failed: number;
  };
  readonly tasks: {
    readonly waiting: number;
    readonly leased: number;
    readonly oldest_age: number | null;
    readonly executors: readonly SystemExecutor[];
  };
  readonly cache: {
    readonly definitions: { readonly entries: number; readonly hits: number; readonly misses: number };
  };
  readonly connections: { readonly http: number; readonly live: number; readonly executors: number };
  readonly executions: {
    readonly in_memory: number;
    readonly parked: number | null;
    readonly quarantined: number;
    readonly by_status: Readonly<Record<string, number>> | null;
  };
  readonly status: "ok" | "degraded" | "failing";
  readonly components: readonly Component[];
  readonly series: readonly SystemPoint[];
}

export interface SystemPoint {
  readonly at: string;
  readonly cpu: number;
  readonly memory: number;
  readonly loop_delay: number;
  readonly waiting: number;
}

export interface Component {
  readonly name: string;
  readonly status: "ok" | "degraded" | "failing";
  readonly message: string | null;
}

export interface SystemExecutor {
  readonly name: string;
  readonly status: "online" | "stale" | "offline";
  readonly waiting: number;
  readonly leased: number;
  readonly instances: number;
  readonly oldest_age: number | null;
}

const HEALTH = Type.Enum(["ok", "degraded", "failing"]);
const BYTES = Type.Integer({ minimum: 0, description: "In bytes." });
const AGE = orNull(
  Type.Number({ description: "Seconds since the task that waits longest was made; null: none waits." }),
);

export const SystemStatus: Message<SystemStatus> = message<SystemStatus>("SystemStatus")(
  Type.Object({
    at: time("When this was so."),
    version: Type.String(),
    uptime: Type.Number({ description: "Seconds since the process began to serve." }),
    cpu: Type.Object({
      used: Type.Number({ description: "Of all processors, 0 to 1." }),
      processors: COUNT,
      seconds: Type.Number({ description: "Processor time since the process began." }),
    }),
    memory: Type.Object({ resident: BYTES, heap: BYTES, available: BYTES }),
    event_loop: Type.Object(
      { p50: Type.Number(), p99: Type.Number(), max: Type.Number() },
      { description: "How late it is, in seconds." },
    ),
    store: Type.Object({
      status: Type.Enum(["ok", "failing"]),
      error: orNull(Type.String()),
      bytes: orNull(BYTES),
      executions: orNull(COUNT),
      commit_latency: Type.Object(
        { p50: SECONDS, p99: SECONDS },
        { description: "Seconds, of the writes of the last five minutes." },
      ),
      write_queue: Type.Integer({ description: "Requests and messages that wait to be decided and written." }),
      writes_failed: COUNT,
    }),
    tasks: Type.Object({
      waiting: COUNT,
      leased: COUNT,
      oldest_age: AGE,
      executors: Type.Array(
        Type.Object({
          name: Type.String(),
          status: Type.Enum(["online", "stale", "offline"]),
          waiting: COUNT,
          leased: COUNT,
          instances: COUNT,
          oldest_age: AGE,
        }),
      ),
    }),
    cache: Type.Object({ definitions: Type.Object({ entries: COUNT, hits: COUNT, misses: COUNT }) }),
    connections: Type.Object({
      http: COUNT,
      live: Type.Integer({ description: "Readers of `/api/v1/stream`." }),
      executors: Type.Integer({ description: "Instances of executors." }),
    }),
    executions: Type.Object({
      in_memory: COUNT,
      parked: orNull(Type.Integer({ description: "Open ones that wait on disk." })),
      quarantined: COUNT,
      by_status: orNull(Type.Record(Type.String(), COUNT)),
    }),
    status: HEALTH,
    components: Type.Array(Type.Object({ name: Type.String(), status: HEALTH, message: orNull(Type.String()) })),
    series: Type.Array(
      Type.Object({
        at: time("When it was measured."),
        cpu: Type.Number(),
        memory: Type.Number(),
        loop_delay: Type.Number(),
        waiting: Type.Number(),
      }),
      { description: "The last 15 minutes, each ten seconds." },
    ),
  }),
);

export const readSystemStatus: Route<object, object, unknown> = {
  method: "GET",
  path: "/api/v1/metrics/system",
  operationId: "readSystemStatus",
  tag: "metrics",
  summary: "Read how the platform is",
  permission: "metrics:read",
  params: null,
  query: null,
  body: null,
  answers: { 200: { description: "The platform at this moment.", schema: SystemStatus } },
  problems: [],
};
