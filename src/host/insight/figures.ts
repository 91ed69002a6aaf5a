/**
 * What executions did, by workflow and minute. Each commit that begins or ends one adds to a cell in memory; nothing else
 * is done on that path. After an end of the process that was not orderly the last minutes are counted anew from the rows.
 * Test runs are left out.
 */

import type { Instant } from "../../core/base/time.ts";
import {
  addEnd,
  createTally,
  isEnd,
  mergeTally,
  type Tally,
  tallyFromJson,
  tallyToJson,
} from "../../core/protocol/tallies.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Documents, ExecutionRow } from "../../ports/store.ts";
import type { Change } from "../changes.ts";
import type { Host } from "../host.ts";
import { type Book, type Cells, createBook, type Kind, MINUTE_MS, OTHER_SERIES } from "./book.ts";

const TALLIES: Kind<Tally> = {
  name: "tallies",
  create: createTally,
  merge: mergeTally,
  toJson: tallyToJson,
  fromJson: tallyFromJson,
};

/** What came earlier is counted as of now: its minute may be summed up already. */
const LATE_MS_MAX = 3 * MINUTE_MS;

const PAGE = 1000;
/** Between two pages others have the store. */
const REST_MS = 5;

export interface Figures {
  readonly book: Book<Tally>;
  note(change: Change): void;
  /** Resolves when nothing is missing any more. */
  open(): Promise<void>;
  stop(): void;
}

export function createFigures(options: {
  host: Pick<Host, "find">;
  documents: Documents;
  clock: Clock;
  workspaces: readonly string[];
}): Figures {
  const { host, documents, clock, workspaces } = options;
  const book = createBook(TALLIES, documents, clock);
  const openedAt = clock.now();
  let isStopped = false;

  function cellFor(row: ExecutionRow, at: Instant): Tally {
    const now = clock.now();
    return book.cell(row.workspace, now - at > LATE_MS_MAX || at > now ? now : at, row.workflow);
  }

  async function countAnew(from: Instant): Promise<void> {
    const found = new Map<string, Map<Instant, Cells<Tally>>>();
    for (const workspace of workspaces) {
      const minutes = new Map<Instant, Cells<Tally>>();
      found.set(workspace, minutes);
      for (let cursor: string | null = null; !isStopped; ) {
        const page: Awaited<ReturnType<Host["find"]>> = await host.find({
          workspace,
          limit: PAGE,
          ...(cursor === null ? {} : { cursor }),
        });
        for (const row of page.rows) countRow(minutes, row, from, openedAt);
        cursor = page.nextCursor;
        if (cursor === null) break;
        await new Promise<void>((resolve) => void clock.after(REST_MS, resolve));
      }
    }
    if (!isStopped) await book.restate(from, found);
  }

  return {
    book,
    note({ row, isNew, hasEnded }) {
      if ((!isNew && !hasEnded) || isTestRun(row)) return;
      if (isNew) cellFor(row, row.createdAt).started += 1;
      if (hasEnded && row.finishedAt !== null) endIn(cellFor(row, row.finishedAt), row, row.finishedAt);
    },
    async open() {
      const state = await book.readState();
      if (state?.isClean === true) await book.begin();
      else await countAnew(state === null ? 0 : state.through - MINUTE_MS);
    },
    stop() {
      isStopped = true;
    },
  };
}

export function isTestRun({ metadata }: ExecutionRow): boolean {
  return metadata["test_run"] === true;
}

function countRow(minutes: Map<Instant, Cells<Tally>>, row: ExecutionRow, from: Instant, before: Instant): void {
  if (isTestRun(row)) return;
  const { createdAt, finishedAt, workflow } = row;
  const cellAt = (at: Instant): Tally => {
    const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
    const cells = minutes.get(minute) ?? new Map<string, Tally>();
    minutes.set(minute, cells);
    const name = cells.size >= 2000 && !cells.has(workflow) ? OTHER_SERIES : workflow;
    const cell = cells.get(name) ?? createTally();
    cells.set(name, cell);
    return cell;
  };
  const hour = Math.floor(from / 3_600_000) * 3_600_000;
  if (createdAt >= hour && createdAt < before) cellAt(createdAt).started += 1;
  if (finishedAt !== null && finishedAt >= hour && finishedAt < before) endIn(cellAt(finishedAt), row, finishedAt);
}

function endIn(cell: Tally, { status, startedAt }: ExecutionRow, finishedAt: Instant): void {
  if (isEnd(status)) addEnd(cell, status, startedAt === null ? null : (finishedAt - startedAt) / 1000);
}
