/**
 * What is known about executions taken together: figures, live changes, the platform's own measurements.
 *
 *     host ──committed changes──► figures, business metrics (by minute, in documents)
 *                            └──► live feed (to readers)
 *
 * It hears of what is committed and reads; nothing in the host waits for it.
 */

import { toRfc3339 } from "../../core/base/time.ts";
import type { BusinessMetric } from "../../core/protocol/business-metrics.ts";
import type { LiveExecution } from "../../core/protocol/live.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Machine } from "../../ports/machine.ts";
import type { Store } from "../../ports/store.ts";
import type { Change } from "../changes.ts";
import type { Host } from "../host.ts";
import { type BusinessFigures, createBusinessFigures } from "./business.ts";
import { createFigures, type Figures } from "./figures.ts";
import { createLiveFeed, type LiveFeed } from "./live-feed.ts";
import { createShelf, type Shelf } from "./shelf.ts";
import { createSystemFigures, SAMPLE_MS, type SystemFigures } from "./system.ts";

const FLUSH_MS = 5000;

export interface Insight extends AsyncDisposable {
  readonly figures: Figures;
  readonly live: LiveFeed;
  readonly system: SystemFigures;
  readonly business: BusinessFigures;
  /** What people keep. */
  readonly shelves: { readonly dashboards: Shelf; readonly views: Shelf };
}

export interface InsightOptions {
  readonly host: Host;
  readonly store: Store;
  readonly clock: Clock;
  readonly machine: Machine;
  /** Of this process, so that numbers of an earlier one are not taken for its own. */
  readonly epoch: string;
  /** Those there are. */
  readonly workspaces: readonly string[];
  /** Those that people have defined. */
  readonly businessMetrics?: readonly BusinessMetric[];
  readonly report?: (error: unknown, about: string) => void;
}

export function openInsight(options: InsightOptions): Insight {
  const { host, store, clock, machine, epoch, workspaces, report = () => {} } = options;
  const { documents } = store;
  const figures = createFigures({ host, documents, clock, workspaces });
  const live = createLiveFeed({ host, clock, epoch, toText: (change) => JSON.stringify(toLiveExecution(change)) });
  const system = createSystemFigures({ host, store, documents, clock, machine, workspaces });
  const business = createBusinessFigures({
    host,
    documents,
    clock,
    metrics: options.businessMetrics ?? [],
    report,
  });
  const books = [figures.book, system.book, business.book];
  const unlisten = host.changes.listen((change) => {
    figures.note(change);
    live.note(change);
    business.note(change);
  });
  let isClosed = false;
  let cancelSample = () => {};
  let cancelFlush = () => {};

  function sampling(): void {
    if (isClosed) return;
    system.sample().catch((error) => report(error, "the platform could not be measured"));
    cancelSample = clock.after(SAMPLE_MS, sampling);
  }

  function flushing(): void {
    if (isClosed) return;
    cancelFlush = clock.after(FLUSH_MS, async () => {
      for (const book of books) await book.flush().catch((error) => report(error, "figures could not be written"));
      flushing();
    });
  }

  const opened = Promise.all([figures.open(), system.book.begin(), business.book.begin()]).catch((error: unknown) => {
    if (!isClosed) report(error, "figures of before could not be read; they are counted anew at the next start");
  });
  sampling();
  flushing();

  return {
    figures,
    live,
    system,
    business,
    shelves: {
      dashboards: createShelf(documents, clock, "dashboards"),
      views: createShelf(documents, clock, "views"),
    },
    async [Symbol.asyncDispose]() {
      if (isClosed) return;
      isClosed = true;
      unlisten();
      cancelSample();
      cancelFlush();
      figures.stop();
      live.close();
      await opened;
      await business.settled();
      for (const book of books) await book.close().catch((error) => report(error, "figures could not be written"));
    },
  };
}

function toLiveExecution({ row, phase }: Change): LiveExecution {
  const { startedAt, finishedAt } = row;
  const timeOf = (at: number | null) => (at === null ? null : toRfc3339(at));
  return {
    execution_id: row.id,
    workflow_name: row.workflow,
    version: row.version,
    status: row.status,
    phase,
    created_at: toRfc3339(row.createdAt),
    started_at: timeOf(startedAt),
    finished_at: timeOf(finishedAt),
    duration: startedAt === null || finishedAt === null ? null : (finishedAt - startedAt) / 1000,
    error_code: row.errorCode,
    parent_id: row.parentId,
    tags: row.tags,
    dead_letter: row.deadLetter,
    test_run: row.metadata["test_run"] === true,
  };
}
