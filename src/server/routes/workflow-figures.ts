/** How a workflow and its steps did: figures over all executions, steps read off the histories of the newest ones. */

import { toRfc3339 } from "../../core/base/time.ts";
import { upperEnd } from "../../core/protocol/durations.ts";
import {
  HEAT_BOUNDS,
  readWorkflowFigures,
  type SlowExecution,
  type WorkflowFigures,
} from "../../core/protocol/figures.ts";
import { findingsOf } from "../../core/protocol/findings.ts";
import { type Period, pointsOf, type Span, spanOf } from "../../core/protocol/periods.ts";
import { StepTimes } from "../../core/protocol/step-times.ts";
import { ENDS, type Tally } from "../../core/protocol/tallies.ts";
import { type StepFigures, StepGathering } from "../../core/protocol/workflow-figures.ts";
import type { Host } from "../../host/host.ts";
import { createLru } from "../../host/lru.ts";
import type { ExecutionRow } from "../../ports/store.ts";
import { json, refused } from "../answer.ts";
import { eventTexts, parseEvent } from "../history-pages.ts";
import type { RouteContext } from "./context.ts";
import { readFigures, readSteps, tooFine } from "./figures.ts";

const HISTORIES_MAX = 200;
const ROWS_MAX = 1000;
const SLOWEST_SHOWN = 10;
/** Of one history; what is longer is looked at no further. */
const HISTORY_BYTES_MAX = 4 * 1024 * 1024;
const READ_BYTES = 512 * 1024;
/** Events that are folded at a time: a few milliseconds. */
const SLICE = 1000;
const KEPT_MS = 30_000;
const KEPT_MAX = 100;

/** What was read off histories; it is asked for again and again, and changes slowly. */
type Reading = Pick<WorkflowFigures, "looked_at" | "steps" | "critical_path" | "findings" | "slowest">;

/** The steps of the active version; null: there is no such workflow. */
export type StepReader = (workspace: string, workflow: string, span: Span) => Promise<readonly StepFigures[] | null>;

export function bindWorkflowFigures(context: RouteContext): StepReader {
  const { binder, host, clock, insight } = context;
  const kept = createLru<{ readonly at: number; readonly reading: Promise<Reading> }>(KEPT_MAX);

  binder.bind(readWorkflowFigures, async ({ workspace, params, query }) => {
    const { period = "24h", granularity = "auto", version = null, compare = false } = query;
    const outcome = await host.definitions.compiled({ workspace, workflow: params.workflow, version });
    if (!outcome.ok) return refused(outcome.refusal);
    const { definition } = outcome;
    const span = spanOf(clock.now(), period, granularity);
    if (span === null) return tooFine(period, granularity);
    const workflow = definition.name;
    const [figures, tallies, reading] = await Promise.all([
      readFigures(context, { workspace, workflow, span, compare }),
      readSteps(insight, workspace, workflow, span),
      readingOf(workspace, workflow, version, period, span, definition.steps, definition.hash),
    ]);
    const answer: WorkflowFigures = { ...figures, version, ...reading, heat_map: heatMapOf(span, tallies) };
    return json(200, answer);
  });

  return async (workspace, workflow, span) => {
    const outcome = await host.definitions.compiled({ workspace, workflow, version: null });
    if (!outcome.ok) return null;
    const { name, steps, hash } = outcome.definition;
    return (await readingOf(workspace, name, null, span.period, span, steps, hash)).steps;
  };

  function readingOf(
    workspace: string,
    workflow: string,
    version: string | null,
    period: Period,
    span: Span,
    steps: readonly { readonly name: string; readonly type: string }[],
    hash: string,
  ): Promise<Reading> {
    const key = JSON.stringify([workspace, workflow, version, period, hash]);
    const known = kept.get(key);
    if (known !== undefined && Math.abs(clock.now() - known.at) < KEPT_MS) return known.reading;
    const reading = readOff(host, { workspace, workflow, version, from: span.from, steps });
    kept.set(key, { at: clock.now(), reading }, 1);
    reading.catch(() => kept.delete(key));
    return reading;
  }
}

async function readOff(
  host: Host,
  query: {
    workspace: string;
    workflow: string;
    version: string | null;
    from: number;
    steps: readonly { readonly name: string; readonly type: string }[];
  },
): Promise<Reading> {
  const { workspace, workflow, version, from, steps } = query;
  const found = await host.find({
    workspace,
    workflow,
    statuses: ENDS,
    createdFrom: from,
    limit: ROWS_MAX,
    ...(version === null ? {} : { version }),
  });
  const rows = found.rows.filter(({ metadata }) => metadata["test_run"] !== true);
  const gathering = new StepGathering();
  for (const row of rows.slice(0, HISTORIES_MAX)) gathering.add(await timesOf(host, row));
  const figures = gathering.figures(steps);
  return {
    looked_at: gathering.executions,
    steps: figures,
    critical_path: gathering.criticalPath(),
    findings: findingsOf(figures),
    slowest: slowestOf(rows),
  };
}

async function timesOf(host: Host, { workspace, id }: ExecutionRow): Promise<StepTimes> {
  const times = new StepTimes();
  let afterSeq = 0;
  let bytes = 0;
  let folded = 0;
  for (;;) {
    const packs = await host.readHistory({ workspace, executionId: id, afterSeq, bytesMax: READ_BYTES });
    if (packs === null || packs.length === 0 || bytes > HISTORY_BYTES_MAX) return times;
    for (const pack of packs) {
      bytes += pack.text.length;
      for (const event of eventTexts(pack, afterSeq)) {
        times.add(parseEvent(event));
        afterSeq = event.seq;
        folded += 1;
        if (folded % SLICE === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      }
    }
  }
}

function slowestOf(rows: readonly ExecutionRow[]): readonly SlowExecution[] {
  return rows
    .flatMap(({ id, version, status, startedAt, finishedAt }) =>
      startedAt === null || finishedAt === null
        ? []
        : [
            {
              execution_id: id,
              version,
              status,
              started_at: toRfc3339(startedAt),
              duration: (finishedAt - startedAt) / 1000,
            },
          ],
    )
    .toSorted((a, b) => b.duration - a.duration)
    .slice(0, SLOWEST_SHOWN);
}

function heatMapOf(span: Span, tallies: ReadonlyMap<number, Tally>): WorkflowFigures["heat_map"] {
  return {
    bounds: HEAT_BOUNDS,
    points: pointsOf(span).map((at) => {
      const counts = [...HEAT_BOUNDS, 0].map(() => 0);
      for (const [bucket, count] of tallies.get(at)?.durations.buckets ?? []) {
        const seconds = upperEnd(bucket) / 1.05;
        const place = HEAT_BOUNDS.findIndex((bound) => seconds <= bound);
        const index = place === -1 ? HEAT_BOUNDS.length : place;
        counts[index] = (counts[index] ?? 0) + count;
      }
      return { at: toRfc3339(at), counts };
    }),
  };
}
