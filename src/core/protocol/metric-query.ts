/** What panels of dashboards ask for: a metric over a period, in pieces, by something. */

import { Type } from "typebox";
import { CLOSED, type Message, message, orNull, time } from "./message.ts";
import { GRANULARITIES, type Granularity, PERIODS, type Period } from "./periods.ts";
import type { Route } from "./route.ts";

export const AGGREGATES = ["sum", "avg", "min", "max", "count", "rate", "p50", "p95", "p99"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

export const GROUPS = ["none", "workflow", "status", "step", "executor", "label"] as const;
export type GroupBy = (typeof GROUPS)[number];

export type MetricKind = "counter" | "gauge" | "histogram";

export interface CatalogueEntry {
  readonly name: string;
  readonly kind: MetricKind;
  readonly unit: string;
  readonly group_by: readonly GroupBy[];
  readonly aggregate: Aggregate;
  readonly labels: readonly string[];
  readonly help: string;
}

function entry(
  name: string,
  kind: MetricKind,
  unit: string,
  groupBy: readonly GroupBy[],
  aggregate: Aggregate,
  help: string,
): CatalogueEntry {
  return { name, kind, unit, group_by: ["none", ...groupBy], aggregate, labels: [], help };
}

/** Those of the platform; business metrics come after them. */
export const PLATFORM_METRICS: readonly CatalogueEntry[] = [
  entry("executions.started", "counter", "executions", ["workflow"], "sum", "Executions that were accepted."),
  entry("executions.ended", "counter", "executions", ["workflow", "status"], "sum", "Executions that ended."),
  entry("executions.completed", "counter", "executions", ["workflow"], "sum", "Executions that completed."),
  entry("executions.failed", "counter", "executions", ["workflow"], "sum", "Executions that failed."),
  entry("executions.cancelled", "counter", "executions", ["workflow"], "sum", "Executions that were cancelled."),
  entry("executions.timed_out", "counter", "executions", ["workflow"], "sum", "Executions that ran out of time."),
  entry("executions.duration", "histogram", "seconds", ["workflow"], "p95", "From start to end of those that ended."),
  entry(
    "executions.success_rate",
    "gauge",
    "ratio",
    ["workflow"],
    "avg",
    "Completed of those that completed, failed or timed out.",
  ),
  entry("executions.active", "gauge", "executions", [], "avg", "Executions that run."),
  entry("executions.queued", "gauge", "executions", [], "avg", "Executions that a limit holds back."),
  entry("executions.in_memory", "gauge", "executions", [], "avg", "Executions in memory."),
  entry("steps.runs", "counter", "runs", ["step"], "sum", "Runs of steps, of the newest 200 executions of a workflow."),
  entry("steps.failures", "counter", "runs", ["step"], "sum", "Runs that failed for good, of the same executions."),
  entry("steps.retries", "counter", "attempts", ["step"], "sum", "Further attempts, of the same executions."),
  entry(
    "steps.duration",
    "histogram",
    "seconds",
    ["step"],
    "p95",
    "How long runs took, of the same executions: avg and p95.",
  ),
  entry("tasks.waiting", "gauge", "tasks", ["executor"], "avg", "Tasks that wait for an executor."),
  entry("tasks.leased", "gauge", "tasks", ["executor"], "avg", "Tasks that executors work on."),
  entry("system.cpu", "gauge", "ratio", [], "avg", "Processors in use, of all there are."),
  entry("system.memory", "gauge", "bytes", [], "avg", "Memory of the process."),
  entry("system.heap", "gauge", "bytes", [], "avg", "Memory of the process that JavaScript uses."),
  entry("system.loop_delay", "gauge", "seconds", [], "avg", "How late the event loop is, 99th percentile."),
  entry("store.bytes", "gauge", "bytes", [], "avg", "Storage in use."),
  entry("store.commit_latency", "gauge", "seconds", [], "avg", "How long a write takes, median."),
  entry("store.write_queue", "gauge", "requests", [], "avg", "Requests that wait to be decided and written."),
];

export interface MetricQuery {
  readonly id?: string | undefined;
  readonly metric: string;
  readonly workflow?: string | undefined;
  readonly group_by?: GroupBy | undefined;
  readonly label?: string | undefined;
  readonly filters?: Readonly<Record<string, string>> | undefined;
  readonly period?: Period | undefined;
  readonly granularity?: Granularity | "auto" | undefined;
  readonly aggregate?: Aggregate | undefined;
}

export interface MetricQueries {
  readonly queries: readonly MetricQuery[];
}

export const MetricQueries: Message<MetricQueries> = message<MetricQueries>("MetricQueries")(
  Type.Object(
    {
      queries: Type.Array(
        Type.Object(
          {
            id: Type.Optional(Type.String({ maxLength: 100, description: "Comes back with the answer." })),
            metric: Type.String({ minLength: 1, maxLength: 200, description: "A name of the catalogue." }),
            workflow: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
            group_by: Type.Optional(Type.Enum([...GROUPS])),
            label: Type.Optional(
              Type.String({ maxLength: 100, description: "With `group_by: label`: which label of a business metric." }),
            ),
            filters: Type.Optional(
              Type.Record(Type.String({ maxLength: 100 }), Type.String({ maxLength: 200 }), {
                maxProperties: 10,
                description: "Labels of a business metric that must have these values.",
              }),
            ),
            period: Type.Optional(Type.Enum(Object.keys(PERIODS) as Period[])),
            granularity: Type.Optional(Type.Enum(["auto", ...(Object.keys(GRANULARITIES) as Granularity[])])),
            aggregate: Type.Optional(Type.Enum([...AGGREGATES])),
          },
          CLOSED,
        ),
        { minItems: 1, maxItems: 50 },
      ),
    },
    CLOSED,
  ),
);

export interface MetricSeries {
  /** What it is of: a workflow, a status, a step, an executor; empty where nothing was grouped by. */
  readonly key: string;
  /** Over the whole period. */
  readonly value: number | null;
  readonly points: readonly { readonly at: string; readonly value: number | null }[];
}

export interface MetricAnswer {
  readonly id: string | null;
  readonly metric: string;
  readonly unit: string;
  readonly aggregate: Aggregate;
  readonly group_by: GroupBy;
  readonly from: string;
  readonly to: string;
  readonly granularity: Granularity;
  /** Over the whole period and everything that was grouped; null where there is nothing, or it has no meaning. */
  readonly value: number | null;
  readonly series: readonly MetricSeries[];
}

const VALUE = orNull(Type.Number());

export const MetricAnswers: Message<{ readonly results: readonly MetricAnswer[] }> = message<{
  readonly results: readonly MetricAnswer[];
}>("MetricAnswers")(
  Type.Object({
    results: Type.Array(
      Type.Object({
        id: orNull(Type.String()),
        metric: Type.String(),
        unit: Type.String(),
        aggregate: Type.Enum([...AGGREGATES]),
        group_by: Type.Enum([...GROUPS]),
        from: time("Where the period begins."),
        to: time("Where it ends."),
        granularity: Type.Enum(Object.keys(GRANULARITIES) as Granularity[]),
        value: VALUE,
        series: Type.Array(
          Type.Object({
            key: Type.String(),
            value: VALUE,
            points: Type.Array(Type.Object({ at: time("Where the piece begins."), value: VALUE })),
          }),
        ),
      }),
      { description: "In the order of the queries." },
    ),
  }),
);

export const queryMetrics: Route<object, object, MetricQueries> = {
  method: "POST",
  path: "/api/v1/metrics/query",
  operationId: "queryMetrics",
  tag: "metrics",
  summary: "Ask for metrics, as panels show them",
  permission: "metrics:read",
  params: null,
  query: null,
  body: { schema: MetricQueries, isRequired: true, size: "single" },
  answers: { 200: { description: "One answer for each query.", schema: MetricAnswers } },
  problems: ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"],
};

export const MetricCatalogue: Message<{ readonly items: readonly CatalogueEntry[] }> = message<{
  readonly items: readonly CatalogueEntry[];
}>("MetricCatalogue")(
  Type.Object({
    items: Type.Array(
      Type.Object({
        name: Type.String(),
        kind: Type.Enum(["counter", "gauge", "histogram"]),
        unit: Type.String(),
        group_by: Type.Array(Type.Enum([...GROUPS])),
        aggregate: Type.Enum([...AGGREGATES], { description: "What is meant where a query says nothing." }),
        labels: Type.Array(Type.String()),
        help: Type.String(),
      }),
    ),
  }),
);

export const readCatalogue: Route<object, object, unknown> = {
  method: "GET",
  path: "/api/v1/metrics/catalogue",
  operationId: "readMetricCatalogue",
  tag: "metrics",
  summary: "List the metrics that can be asked for",
  permission: "metrics:read",
  params: null,
  query: null,
  body: null,
  answers: { 200: { description: "Those of the platform, then business metrics.", schema: MetricCatalogue } },
  problems: [],
};

export interface BusinessFiguresMessage {
  readonly items: readonly {
    readonly name: string;
    readonly description: string;
    readonly type: MetricKind;
    readonly unit: string;
    readonly series: readonly {
      readonly labels: Readonly<Record<string, string>>;
      readonly count: number;
      readonly sum: number;
      readonly mean: number | null;
      readonly last: number;
    }[];
  }[];
}

export const BusinessFiguresMessage: Message<BusinessFiguresMessage> = message<BusinessFiguresMessage>(
  "BusinessFigures",
)(
  Type.Object({
    items: Type.Array(
      Type.Object({
        name: Type.String(),
        description: Type.String(),
        type: Type.Enum(["counter", "gauge", "histogram"]),
        unit: Type.String(),
        series: Type.Array(
          Type.Object({
            labels: Type.Record(Type.String(), Type.String()),
            count: Type.Integer(),
            sum: Type.Number(),
            mean: VALUE,
            last: Type.Number(),
          }),
        ),
      }),
    ),
  }),
);

export const readBusinessFigures: Route<object, object, unknown> = {
  method: "GET",
  path: "/api/v1/metrics/business",
  operationId: "readBusinessFigures",
  tag: "metrics",
  summary: "Read the business metrics as they are now",
  description: "Counters and histograms since the process began, gauges over their windows: what `/metrics` shows.",
  permission: "metrics:read",
  params: null,
  query: null,
  body: null,
  answers: { 200: { description: "Each metric with its series.", schema: BusinessFiguresMessage } },
  problems: [],
};
