/**
 * Business metrics over ended executions. What ends is put into a queue; beside everything else its history is read, its
 * sources are evaluated, and what they give is added to the book and to what Prometheus reads.
 */

import type { Json, JsonObject } from "../../core/base/json.ts";
import type { HistoryEvent } from "../../core/engine/events.ts";
import { type BusinessMetric, type EndedExecution, observe } from "../../core/protocol/business-metrics.ts";
import { StepTimes } from "../../core/protocol/step-times.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Documents, ExecutionRow } from "../../ports/store.ts";
import type { Change } from "../changes.ts";
import type { Host } from "../host.ts";
import { type Book, createBook, MINUTE_MS } from "./book.ts";
import { isTestRun } from "./figures.ts";
import { addNumber, createNumbers, mergeNumbers, type Numbers, numbersKind } from "./numbers.ts";

/** Of those that end faster than they can be looked at, some are left out. */
const QUEUE_MAX = 10_000;
const HISTORY_BYTES_MAX = 4 * 1024 * 1024;
const READ_BYTES = 512 * 1024;
/** More series of one metric than this are counted together, under empty labels. */
const SERIES_MAX = 500;

export interface BusinessFigures {
  readonly metrics: readonly BusinessMetric[];
  /** Series are `seriesOf(metric, labels)`. */
  readonly book: Book<Numbers>;
  /** Executions that were left out because too many ended at once. */
  readonly skipped: number;
  note(change: Change): void;
  /** As Prometheus wants it: since the process began; gauges over their window. */
  expose(workspace: string): Promise<readonly ExposedMetric[]>;
  /** Resolves when everything that has ended was looked at. */
  settled(): Promise<void>;
}

export interface ExposedMetric {
  readonly metric: BusinessMetric;
  readonly series: readonly {
    readonly labels: readonly string[];
    readonly numbers: Numbers;
    /** One for each bucket, and one for what is larger. */
    readonly counts: readonly number[];
  }[];
}

interface Total {
  readonly labels: readonly string[];
  readonly numbers: Numbers;
  readonly counts: number[];
}

export function seriesOf(metric: string, labels: readonly string[]): string {
  return JSON.stringify([metric, ...labels]);
}

/** Null: the series is of another metric. */
export function labelsOf(series: string, metric: string): readonly string[] | null {
  if (!series.startsWith(`[${JSON.stringify(metric)}`)) return null;
  const [name, ...labels] = JSON.parse(series) as string[];
  return name === metric ? labels : null;
}

export function createBusinessFigures(options: {
  host: Pick<Host, "readHistory">;
  documents: Documents;
  clock: Clock;
  metrics: readonly BusinessMetric[];
  report: (error: unknown, about: string) => void;
}): BusinessFigures {
  const { host, documents, clock, metrics, report } = options;
  const book = createBook(numbersKind("business"), documents, clock);
  const queue: ExecutionRow[] = [];
  const totals = new Map<string, Map<string, Map<string, Total>>>();
  let skipped = 0;
  let working: Promise<void> | null = null;

  async function work(): Promise<void> {
    for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
      try {
        const ended = await readEnded(host, row);
        for (const { metric, labels, value } of observe(metrics, ended, row.finishedAt ?? clock.now()))
          add(row.workspace, metric, labels, value);
      } catch (error) {
        report(error, `business metrics of execution ${row.id}`);
      }
    }
    working = null;
  }

  function add(workspace: string, metric: BusinessMetric, labels: readonly string[], value: number): void {
    const total = totalOf(workspace, metric, labels);
    addNumber(total.numbers, value);
    const place = metric.buckets.findIndex((bound) => value <= bound);
    const index = place === -1 ? metric.buckets.length : place;
    total.counts[index] = (total.counts[index] ?? 0) + 1;
    addNumber(book.cell(workspace, clock.now(), seriesOf(metric.name, total.labels)), value);
  }

  function totalOf(workspace: string, metric: BusinessMetric, labels: readonly string[]): Total {
    const byMetric = totals.get(workspace) ?? new Map<string, Map<string, Total>>();
    totals.set(workspace, byMetric);
    const bySeries = byMetric.get(metric.name) ?? new Map<string, Total>();
    byMetric.set(metric.name, bySeries);
    const key = JSON.stringify(labels);
    const known = bySeries.get(key);
    if (known !== undefined) return known;
    const none = labels.map(() => "");
    if (bySeries.size >= SERIES_MAX && key !== JSON.stringify(none)) return totalOf(workspace, metric, none);
    const total = { labels, numbers: createNumbers(), counts: [...metric.buckets, 0].map(() => 0) };
    bySeries.set(key, total);
    return total;
  }

  return {
    metrics,
    book,
    get skipped() {
      return skipped;
    },
    note({ row, hasEnded }) {
      if (!hasEnded || metrics.length === 0 || isTestRun(row)) return;
      if (queue.length >= QUEUE_MAX) skipped += 1;
      else queue.push(row);
      working ??= work();
    },
    async expose(workspace) {
      return await Promise.all(
        metrics.map(async (metric) => {
          const series = [...(totals.get(workspace)?.get(metric.name)?.values() ?? [])];
          if (metric.type !== "gauge" || metric.windowMs === null) return { metric, series };
          return { metric, series: await readWindow(workspace, metric, metric.windowMs) };
        }),
      );
    },
    async settled() {
      while (working !== null) await working;
    },
  };

  async function readWindow(workspace: string, metric: BusinessMetric, windowMs: number) {
    const now = clock.now();
    const steps = await book.read({ workspace, from: now - windowMs, to: now + 1, stepMs: MINUTE_MS });
    const sums = new Map<string, { labels: readonly string[]; numbers: Numbers; counts: readonly number[] }>();
    for (const cells of steps.values())
      for (const [series, numbers] of cells) {
        const labels = labelsOf(series, metric.name);
        if (labels === null) continue;
        const sum = sums.get(series) ?? { labels, numbers: createNumbers(), counts: [] };
        sums.set(series, sum);
        mergeNumbers(sum.numbers, numbers);
      }
    return [...sums.values()];
  }
}

async function readEnded(host: Pick<Host, "readHistory">, row: ExecutionRow): Promise<EndedExecution> {
  const { workspace, id } = row;
  const times = new StepTimes();
  let input: Json = null;
  let output: Json = null;
  const steps: Record<string, JsonObject> = {};
  let bytes = 0;
  for (let afterSeq = 0; bytes < HISTORY_BYTES_MAX; ) {
    const packs = await host.readHistory({ workspace, executionId: id, afterSeq, bytesMax: READ_BYTES });
    if (packs === null || packs.length === 0) break;
    for (const pack of packs) {
      bytes += pack.text.length;
      afterSeq = pack.lastSeq;
      for (const line of pack.text.split("\n")) {
        const event = JSON.parse(line) as HistoryEvent;
        times.add(event);
        if (event.type === "ExecutionStarted" || event.type === "InputReplaced") input = event.data.input;
        if (event.type === "ExecutionCompleted") output = event.data.output;
        if (event.type === "StepCompleted")
          steps[event.step] = { status: "completed", output: event.data.output, attempts: event.attempt };
        if (event.type === "StepFailed")
          steps[event.step] = {
            status: "failed",
            output: null,
            attempts: event.attempt,
            error: event.data.error as unknown as JsonObject,
          };
      }
    }
  }
  const { startedAt, finishedAt } = row;
  return {
    input,
    output,
    metadata: row.metadata,
    steps,
    execution: {
      id,
      workflow: row.workflow,
      version: row.version,
      status: row.status,
      priority: row.priority,
      error_code: row.errorCode,
      duration: startedAt === null || finishedAt === null ? null : (finishedAt - startedAt) / 1000,
    },
    runs: times.spans.map((span) => ({
      step: span.step,
      completed: span.outcome === "completed",
      failed: span.outcome === "failed",
      retries: span.retries,
      seconds: (span.ended - span.began) / 1000,
    })),
    workflow: row.workflow,
  };
}
