import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemoryStore } from "../../adapters/stores/memory/store.ts";
import type { Tally } from "../../core/protocol/tallies.ts";
import type { ExecutionQuery, ExecutionRow } from "../../ports/store.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { HOUR_MS, MINUTE_MS } from "./book.ts";
import { createFigures, type Figures } from "./figures.ts";

const START = Date.UTC(2026, 5, 1, 10, 0);

function rowOf(
  id: string,
  createdAt: number,
  finishedAt: number | null,
  more: Partial<ExecutionRow> = {},
): ExecutionRow {
  return {
    id,
    shard: 0,
    workspace: "w",
    workflow: "order",
    version: "1.0.0",
    hash: "h",
    status: finishedAt === null ? "running" : "completed",
    priority: 5,
    createdAt,
    startedAt: createdAt,
    finishedAt,
    parked: false,
    wakeAt: null,
    tags: [],
    metadata: {},
    parentId: null,
    originId: null,
    errorCode: null,
    errorMessage: null,
    quarantine: null,
    deadLetter: false,
    replays: 0,
    dropped: null,
    ...more,
  };
}

interface Place {
  readonly clock: ManualClock;
  readonly rows: ExecutionRow[];
  open(): Promise<Figures>;
}

/** A store whose rows are given; figures can be opened over it again and again, as after a restart. */
function createPlace(): Place {
  const clock = createManualClock(START);
  const { documents } = openMemoryStore();
  const rows: ExecutionRow[] = [];
  return {
    clock,
    rows,
    async open() {
      const find = async ({ workspace }: ExecutionQuery) => ({
        rows: rows.filter((row) => row.workspace === workspace),
        nextCursor: null,
      });
      const figures = createFigures({ host: { find }, documents, clock, workspaces: ["w"] });
      await figures.open();
      return figures;
    },
  };
}

function run({ clock, rows }: Place, figures: Figures, id: string, seconds: number, more: Partial<ExecutionRow> = {}) {
  const started = rowOf(id, clock.now(), null, more);
  figures.note({ row: started, isNew: true, hasEnded: false, phase: null });
  clock.advance(seconds * 1000);
  const ended = rowOf(id, started.createdAt, clock.now(), more);
  rows.push(ended);
  figures.note({ row: ended, isNew: false, hasEnded: true, phase: null });
}

async function sums(figures: Figures, from: number, to: number, stepMs = MINUTE_MS) {
  const steps = await figures.book.read({ workspace: "w", from, to, stepMs });
  const all = [...steps.values()].flatMap((cells) => [...cells.values()]);
  const add = (read: (tally: Tally) => number) => all.reduce((sum, tally) => sum + read(tally), 0);
  return { started: add(({ started }) => started), completed: add(({ ended }) => ended.completed) };
}

test("what is not flushed yet is counted, and once only when it is", async () => {
  const place = createPlace();
  const figures = await place.open();
  run(place, figures, "a", 5);
  assert.deepEqual(await sums(figures, START, START + HOUR_MS), { started: 1, completed: 1 });
  await figures.book.flush();
  assert.deepEqual(await sums(figures, START, START + HOUR_MS), { started: 1, completed: 1 });
  run(place, figures, "b", 5);
  const [, read] = await Promise.all([figures.book.flush(), sums(figures, START, START + HOUR_MS)]);
  assert.deepEqual(read, { started: 2, completed: 2 });
});

test("after an orderly stop nothing is lost and nothing counted twice", async () => {
  const place = createPlace();
  const first = await place.open();
  run(place, first, "a", 5);
  await first.book.close();
  place.clock.advance(MINUTE_MS);
  const second = await place.open();
  run(place, second, "b", 5);
  assert.deepEqual(await sums(second, START, START + HOUR_MS), { started: 2, completed: 2 });
});

test("after a crash what was not flushed is counted from the rows, and what was is not counted again", async () => {
  const place = createPlace();
  const first = await place.open();
  run(place, first, "a", 5);
  await first.book.flush();
  run(place, first, "b", 5);
  run(place, first, "test", 5, { metadata: { test_run: true } });
  // Here the process dies.
  place.clock.advance(2 * MINUTE_MS);
  const second = await place.open();
  run(place, second, "c", 5);
  await second.book.flush();
  assert.deepEqual(await sums(second, START, START + HOUR_MS), { started: 3, completed: 3 });
});

test("a store with executions of before is counted from its rows, long ago by hours", async () => {
  const place = createPlace();
  const longAgo = START - 10 * 24 * HOUR_MS;
  place.rows.push(rowOf("old", longAgo, longAgo + 1000), rowOf("new", START - 5 * MINUTE_MS, START - 4 * MINUTE_MS));
  const figures = await place.open();
  assert.deepEqual(await sums(figures, START - 30 * 24 * HOUR_MS, START + 1, 12 * HOUR_MS), {
    started: 2,
    completed: 2,
  });
  assert.deepEqual(await sums(figures, START - HOUR_MS, START + 1), { started: 1, completed: 1 });
});

test("hours that are over are summed up, and weeks are read from them", async () => {
  const place = createPlace();
  const figures = await place.open();
  const hours = 30;
  for (let hour = 0; hour < hours; hour++) {
    run(place, figures, `e${hour}`, 5);
    await figures.book.flush();
    place.clock.advance(HOUR_MS - 5000);
    await figures.book.flush();
  }
  const now = place.clock.now();
  assert.deepEqual(await sums(figures, START, now + 1, HOUR_MS), { started: hours, completed: hours });
  assert.deepEqual(await sums(figures, now - 24 * HOUR_MS, now + 1), { started: 24, completed: 24 });
});
