import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecutionRow, RowStatus } from "../../ports/store.ts";
import type { Change } from "../changes.ts";
import type { ExecutorRecord } from "../executors.ts";
import { createManualClock } from "../manual-clock.ts";
import { createLiveFeed, type LiveEntry } from "./live-feed.ts";

function changeOf(id: string, status: RowStatus): Change {
  const row = { id, workspace: "w", workflow: "order", status, parentId: null } as ExecutionRow;
  return { row, isNew: false, hasEnded: false, phase: null };
}

function createPlace() {
  const clock = createManualClock(0);
  const executors: ExecutorRecord[] = [];
  const feed = createLiveFeed({
    host: { executors: { list: () => executors } as never },
    clock,
    epoch: "e",
    toText: ({ row }) => `${row.id} ${row.status}`,
  });
  const heard: LiveEntry[] = [];
  const watch = () => feed.watch({ workspace: "w", hear: (entries) => void heard.push(...entries) });
  return { clock, feed, heard, watch, executors, texts: () => heard.map(({ text }) => text) };
}

test("of many changes of an execution in a moment the newest is told, once", () => {
  const { clock, feed, watch, texts } = createPlace();
  watch();
  for (const status of ["running", "paused", "running", "completed"] as const) feed.note(changeOf("a", status));
  feed.note(changeOf("b", "running"));
  assert.deepEqual(texts(), []);
  clock.advance(100);
  assert.deepEqual(texts(), ["a completed", "b running"]);
  clock.advance(1000);
  assert.equal(texts().length, 2);
});

test("while nobody watches nothing is kept, and no timer runs", () => {
  const { clock, feed } = createPlace();
  feed.note(changeOf("a", "running"));
  assert.equal(clock.pending, 0);
  assert.equal(feed.after(0), null);
});

test("who comes back within a minute gets what he has missed, and later he is told that something is missing", () => {
  const { clock, feed, watch } = createPlace();
  const leave = watch();
  feed.note(changeOf("a", "running"));
  clock.advance(100);
  const last = feed.last;
  leave();
  feed.note(changeOf("a", "completed"));
  clock.advance(30_000);
  assert.deepEqual(
    feed.after(last)?.map(({ text }) => text),
    ["a completed"],
  );
  clock.advance(60_000);
  assert.equal(feed.after(last), null);
  assert.equal(clock.pending, 0);
  watch();
  assert.equal(feed.after(last), null);
});

test("no more than the last ten thousand to twenty thousand are kept", () => {
  const { clock, feed, watch } = createPlace();
  watch();
  const first = feed.last;
  for (let i = 0; i < 25_000; i++) feed.note(changeOf(`e${i}`, "running"));
  clock.advance(100);
  assert.equal(feed.after(first), null);
  assert.equal(feed.after(feed.last - 10_000)?.length, 10_000);
});

test("an executor that goes away is told of", () => {
  const { clock, executors, watch, heard } = createPlace();
  const record = { name: "pay", status: "online", health: "healthy", waiting: 0, instances: [] };
  executors.push(record as never);
  watch();
  clock.advance(1000);
  executors[0] = { ...record, status: "offline" } as never;
  clock.advance(1100);
  assert.deepEqual(
    heard.map(({ kind, status }) => [kind, status]),
    [["executor", "offline"]],
  );
});
