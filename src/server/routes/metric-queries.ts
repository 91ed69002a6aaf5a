/** What panels ask for. */

import { toRfc3339 } from "../../core/base/time.ts";
import type { BusinessMetric } from "../../core/protocol/business-metrics.ts";
import {
  type Aggregate,
  type BusinessFiguresMessage,
  type CatalogueEntry,
  type GroupBy,
  type MetricAnswer,
  type MetricQuery,
  type MetricSeries,
  PLATFORM_METRICS,
  queryMetrics,
  readBusinessFigures,
  readCatalogue,
} from "../../core/protocol/metric-query.ts";
import { pointsOf, type Span, spanOf } from "../../core/protocol/periods.ts";
import { createTally, ENDS, mergeTally, type Tally } from "../../core/protocol/tallies.ts";
import { labelsOf } from "../../host/insight/business.ts";
import { createNumbers, mergeNumbers, type Numbers } from "../../host/insight/numbers.ts";
import { PLATFORM } from "../../host/insight/system.ts";
import { json, problem } from "../answer.ts";
import { numbersValue, QUANTILES, quantileOfValues, tallyValue } from "../metric-values.ts";
import type { RouteContext } from "./context.ts";
import { tooFine } from "./figures.ts";
import type { StepReader } from "./workflow-figures.ts";

const BUSINESS = "business.";

/** Series that a panel can still tell apart. */
const SERIES_MAX = 50;

/** A query that is in order, with everything that it left out. */
interface Asked {
  readonly query: MetricQuery;
  readonly entry: CatalogueEntry;
  readonly workspace: string;
  readonly span: Span;
  readonly aggregate: Aggregate;
  readonly groupBy: GroupBy;
}

type Groups<C> = ReadonlyMap<string, { readonly total: C; readonly steps: ReadonlyMap<number, C> }>;

export function bindMetricQueries(context: RouteContext, readSteps: StepReader): void {
  const { binder, host, insight, clock } = context;
  const { business, figures, system } = insight;
  const catalogue = [...PLATFORM_METRICS, ...business.metrics.map(toEntry)];
  const known = new Map(catalogue.map((entry) => [entry.name, entry]));

  binder.bind(readCatalogue, () => json(200, { items: catalogue }));

  binder.bind(readBusinessFigures, async ({ workspace }) => {
    const exposed = await business.expose(workspace);
    const answer: BusinessFiguresMessage = {
      items: exposed.map(({ metric, series }) => ({
        name: metric.name,
        description: metric.description,
        type: metric.type,
        unit: metric.unit,
        series: series.map(({ labels, numbers: { count, sum, last } }) => ({
          labels: Object.fromEntries(metric.labels.map(({ name }, i) => [name, labels[i] ?? ""])),
          count,
          sum,
          mean: count === 0 ? null : sum / count,
          last,
        })),
      })),
    };
    return json(200, answer);
  });

  binder.bind(queryMetrics, async ({ workspace, body }) => {
    const asked: Asked[] = [];
    for (const [place, query] of body.queries.entries()) {
      const entry = known.get(query.metric);
      const pointer = `/queries/${place}`;
      if (entry === undefined) {
        const detail = `Expected a metric of the catalogue, but there is none named ${JSON.stringify(query.metric)}.`;
        return problem("BAD_REQUEST", detail, [{ pointer: `${pointer}/metric`, detail }]);
      }
      const { period = "24h", granularity = "auto", group_by: groupBy = "none", aggregate = entry.aggregate } = query;
      if (!entry.group_by.includes(groupBy)) {
        const detail = `Expected ${entry.name} to be grouped by ${entry.group_by.join(", ")}, but it is by ${groupBy}.`;
        return problem("BAD_REQUEST", detail, [{ pointer: `${pointer}/group_by`, detail }]);
      }
      if (entry.name.startsWith("steps.") && query.workflow === undefined) {
        const detail = `Expected a workflow, because ${entry.name} is of the steps of one, but there is none.`;
        return problem("BAD_REQUEST", detail, [{ pointer: `${pointer}/workflow`, detail }]);
      }
      const span = spanOf(clock.now(), period, granularity);
      if (span === null) return tooFine(period, granularity);
      asked.push({ query, entry, workspace, span, aggregate, groupBy });
    }
    return json(200, { results: await Promise.all(asked.map(answer)) });
  });

  async function answer(asked: Asked): Promise<MetricAnswer> {
    const { query, entry, span, aggregate, groupBy } = asked;
    const { series, value } = await valuesFor(asked);
    return {
      id: query.id ?? null,
      metric: entry.name,
      unit: entry.unit,
      aggregate,
      group_by: groupBy,
      from: toRfc3339(span.from),
      to: toRfc3339(span.to),
      granularity: span.granularity,
      value,
      series,
    };
  }

  async function valuesFor(asked: Asked): Promise<Pick<MetricAnswer, "series" | "value">> {
    const { name } = asked.entry;
    if (name.startsWith(BUSINESS)) return fromNumbers(asked, await readBusiness(asked));
    if (name.startsWith("steps.")) return fromSteps(asked);
    if (asked.groupBy === "executor") return byExecutor(asked);
    const isTallied = name.startsWith("executions.") && !SAMPLED.has(name);
    return isTallied ? fromTallies(asked, await readTallies(asked)) : fromNumbers(asked, await readSystem(asked));
  }

  async function readTallies({ workspace, span, groupBy, query: { workflow } }: Asked): Promise<Groups<Tally>> {
    const found = await figures.book.read({ workspace, from: span.from, to: span.to, stepMs: span.stepMs });
    return groupCells(found, createTally, mergeTally, (name) =>
      workflow !== undefined && name !== workflow ? null : groupBy === "workflow" ? name : "",
    );
  }

  async function readSystem({ span, entry }: Asked): Promise<Groups<Numbers>> {
    const found = await system.book.read({ workspace: PLATFORM, from: span.from, to: span.to, stepMs: span.stepMs });
    return groupCells(found, createNumbers, mergeNumbers, (name) => (name === entry.name ? "" : null));
  }

  async function readBusiness({ workspace, span, entry, groupBy, query }: Asked): Promise<Groups<Numbers>> {
    const metric = entry.name.slice(BUSINESS.length);
    const found = await business.book.read({ workspace, from: span.from, to: span.to, stepMs: span.stepMs });
    const place = groupBy === "label" ? entry.labels.indexOf(query.label ?? entry.labels[0] ?? "") : -1;
    const filters = Object.entries(query.filters ?? {}).map(([name, value]) => [entry.labels.indexOf(name), value]);
    return groupCells(found, createNumbers, mergeNumbers, (series) => {
      const labels = labelsOf(series, metric);
      if (labels === null || !filters.every(([at, value]) => labels[Number(at)] === value)) return null;
      return place === -1 ? "" : (labels[place] ?? "");
    });
  }

  async function fromSteps(asked: Asked): Promise<Pick<MetricAnswer, "series" | "value">> {
    const { workspace, entry, span, aggregate, groupBy, query } = asked;
    const steps = await readSteps(workspace, query.workflow ?? "", span);
    const values = (steps ?? []).map((step) => {
      const { time, runs, failures, retries } = step;
      const count = entry.name === "steps.runs" ? runs : entry.name === "steps.failures" ? failures : retries;
      const duration = aggregate === "p95" || aggregate === "p99" ? time.total.p95 : time.total.mean;
      return { key: step.step, value: entry.name === "steps.duration" ? duration : count, points: [] };
    });
    const total = values.reduce((sum, { value }) => sum + (value ?? 0), 0);
    return groupBy === "step"
      ? { series: values, value: total }
      : { series: [{ key: "", value: total, points: [] }], value: total };
  }

  /** As it is now: by executor nothing is kept. */
  function byExecutor({ workspace, entry }: Asked): Pick<MetricAnswer, "series" | "value"> {
    const at = toRfc3339(clock.now());
    const series = host.executors.list({ workspace }).map(({ name, waiting, instances }) => {
      const value = entry.name === "tasks.waiting" ? waiting : instances.reduce((sum, { leased }) => sum + leased, 0);
      return { key: name, value, points: [{ at, value }] };
    });
    return { series, value: series.reduce((sum, { value }) => sum + value, 0) };
  }
}

const SAMPLED: ReadonlySet<string> = new Set(["executions.active", "executions.queued", "executions.in_memory"]);

function toEntry({ name, type, unit, labels, description }: BusinessMetric): CatalogueEntry {
  return {
    name: BUSINESS + name,
    kind: type,
    unit,
    group_by: labels.length > 0 ? ["none", "label"] : ["none"],
    aggregate: type === "counter" ? "sum" : "avg",
    labels: labels.map((label) => label.name),
    help: description,
  };
}

/** `groupOf` null: the series does not belong to it. */
function groupCells<C>(
  found: ReadonlyMap<number, ReadonlyMap<string, C>>,
  create: () => C,
  merge: (into: C, from: C) => void,
  groupOf: (series: string) => string | null,
): Groups<C> {
  const groups = new Map<string, { total: C; steps: Map<number, C> }>();
  for (const [at, cells] of found)
    for (const [series, cell] of cells) {
      const key = groupOf(series);
      if (key === null) continue;
      const group = groups.get(key) ?? { total: create(), steps: new Map<number, C>() };
      groups.set(key, group);
      const step = group.steps.get(at) ?? create();
      group.steps.set(at, step);
      merge(step, cell);
      merge(group.total, cell);
    }
  return groups;
}

function fromTallies(asked: Asked, groups: Groups<Tally>): Pick<MetricAnswer, "series" | "value"> {
  const { entry, aggregate, groupBy, span } = asked;
  const all = createTally();
  for (const { total } of groups.values()) mergeTally(all, total);
  const seconds = (span.to - span.from) / 1000;
  const value = tallyValue(all, entry.name, aggregate, seconds);
  if (groupBy === "status") {
    const steps = groups.get("")?.steps ?? new Map<number, Tally>();
    const series = ENDS.map((end) => toSeries(end, steps, all, `executions.${end}`));
    return { series, value };
  }
  const series = [...groups].map(([key, { total, steps }]) => toSeries(key, steps, total, entry.name));
  return {
    series: ranked(series.length === 0 && groupBy === "none" ? [toSeries("", new Map(), all, entry.name)] : series),
    value,
  };

  function toSeries(key: string, steps: ReadonlyMap<number, Tally>, total: Tally, metric: string): MetricSeries {
    return {
      key,
      value: tallyValue(total, metric, aggregate, seconds),
      points: pointsOf(span).map((at) => ({
        at: toRfc3339(at),
        value: tallyValue(steps.get(at) ?? createTally(), metric, aggregate, span.stepMs / 1000),
      })),
    };
  }
}

function fromNumbers({ aggregate, span }: Asked, groups: Groups<Numbers>): Pick<MetricAnswer, "series" | "value"> {
  const share = QUANTILES[aggregate];
  const seconds = (span.to - span.from) / 1000;
  const all = createNumbers();
  const series = [...groups].map(([key, { total, steps }]) => {
    mergeNumbers(all, total);
    const points = pointsOf(span).map((at) => ({
      at: toRfc3339(at),
      value: numbersValue(steps.get(at) ?? createNumbers(), aggregate, span.stepMs / 1000),
    }));
    // Of measurements no more is kept than their means: a quantile is one of those.
    const value =
      share === undefined
        ? numbersValue(total, aggregate, seconds)
        : quantileOfValues(
            points.map((point) => point.value),
            share,
          );
    return { key, value, points };
  });
  const [only] = series;
  const value = series.length === 1 && only !== undefined ? only.value : numbersValue(all, aggregate, seconds);
  return { series: ranked(series), value };
}

/** The largest first. */
function ranked(series: readonly MetricSeries[]): readonly MetricSeries[] {
  return series.toSorted((a, b) => (b.value ?? 0) - (a.value ?? 0)).slice(0, SERIES_MAX);
}
