/** That loading costs what is alive, shown by counting: events that are read, and characters that are written. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import type { EventPack, ShardBatch, Snapshot, Store } from "../ports/store.ts";
import { StoreError } from "../ports/store.ts";
import { type Intercept, ORDER, openWorld, until, workflow } from "./world.test.ts";

/** Counts to `times`, then waits for somebody. */
function counting(times: number): string {
  return workflow(
    "counting",
    `    - name: each
      type: loop
      times: ${times}
      steps: [ { name: note, type: set, variables: { last: $.index } } ]
    - { name: last, executor: shop, function: last, input: { last: $.context.last } }
`,
  );
}

/** A host whose execution has counted to `times` and waits. It is left as a process that was killed leaves it. */
async function grown(times: number): Promise<{ id: string; store: Store; snapshots: readonly Snapshot[] }> {
  const store = openMemoryStore();
  const snapshots: Snapshot[] = [];
  const intercept: Intercept = (name, call, args) => {
    if (name === "append") {
      for (const { executions } of args[0] as readonly ShardBatch[])
        snapshots.push(...executions.flatMap(({ snapshot }) => (snapshot === undefined ? [] : [snapshot])));
    }
    return call();
  };
  const world = await openWorld({ workflows: [counting(times), ORDER], store, intercept });
  const id = await world.started("counting");
  await until(async () => (await store.measureHistory(id)).events === 3 * times + 4, world.settle);
  return { id, store, snapshots };
}

/** Loads it in a process of its own and tells how many events were read for that; then the execution has to end well. */
async function load(store: Store, id: string, change: (store: Store) => Store = (same) => same) {
  let events = 0;
  const seen: Store = change({
    ...store,
    async readHistory(request) {
      const packs = await store.readHistory(request);
      events += eventsIn(packs);
      return packs;
    },
  });
  const world = await openWorld({ store: seen });
  let done = 0;
  let read = 0;
  await until(
    async () => {
      read = events;
      done = await world.work();
      return done > 0;
    },
    () => world.pass(250),
  );
  assert.equal(done, 1, "it waits for what it has waited for");
  const last = (await world.history(id)).at(-1);
  assert.equal(last?.type, "ExecutionCompleted");
  const reports = [...world.reports];
  await world.close();
  return { read, reports, output: last.data };
}

function eventsIn(packs: readonly EventPack[]): number {
  return packs.reduce((sum, { firstSeq, lastSeq }) => sum + lastSeq - firstSeq + 1, 0);
}

test("after a kill no more is read than a bound, however much has happened", async () => {
  const reads: number[] = [];
  for (const times of [2000, 20_000]) {
    const { id, store } = await grown(times);
    const { read, reports } = await load(store, id);
    assert.deepEqual(reports, []);
    reads.push(read);
  }
  const [short = 0, long = 0] = reads;
  assert.ok(Math.max(short, long) <= 12_000, `${short} events were read of 6,004, and ${long} of 60,004`);
});

test("snapshots cost a fraction of the history", async () => {
  const { id, store, snapshots } = await grown(20_000);
  const { bytes } = await store.measureHistory(id);
  const written = snapshots.reduce((sum, { text }) => sum + text.length, 0);
  assert.ok(snapshots.length > 3);
  assert.ok(written < bytes / 10, `${written} characters were written for ${bytes} bytes of history`);
});

test("what is short has none, and is not asked for one", async () => {
  const store = openMemoryStore();
  const calls: string[] = [];
  const intercept: Intercept = (name, call) => {
    calls.push(name);
    return call();
  };
  const first = await openWorld({ workflows: [ORDER], store });
  const id = await first.started("order");
  await first.close();
  const second = await openWorld({ store, intercept });
  await second.pass(2000);
  assert.equal(await second.work(), 1);
  assert.equal(await store.readSnapshot(id), null);
  assert.equal(calls.filter((name) => name === "readHistory").length, 1);
  assert.equal(calls.filter((name) => name === "readSnapshot" || name === "measureHistory").length, 0);
  await second.close();
});

const DAMAGES: readonly {
  readonly name: string;
  readonly isTold: boolean;
  readonly change: (of: Snapshot) => Snapshot;
}[] = [
  { name: "was written by another version", isTold: false, change: (of) => ({ ...of, version: "0.old" }) },
  { name: "is no longer JSON", isTold: false, change: (of) => ({ ...of, text: of.text.slice(1) }) },
  {
    name: "is of another definition",
    isTold: false,
    change: (of) => ({ ...of, text: of.text.replace(/\w{8}/, "00000000") }),
  },
  { name: "does not follow its number", isTold: true, change: (of) => ({ ...of, seq: of.seq - 1 }) },
];

for (const { name, isTold, change } of DAMAGES) {
  test(`a snapshot that ${name} is left alone, and the history is replayed`, async () => {
    const { id, store } = await grown(2000);
    const { read, reports, output } = await load(store, id, (seen) => ({
      ...seen,
      async readSnapshot(executionId) {
        const found = await seen.readSnapshot(executionId);
        assert.notEqual(found, null);
        return found === null ? null : change(found);
      },
    }));
    assert.ok(read >= 6004, `only ${read} events were read`);
    assert.deepEqual(output, { output: { last: 1999 } });
    assert.equal(reports.length, isTold ? 1 : 0, reports.join("\n"));
  });
}

test("a snapshot that the store finds damaged is reported, and the history is replayed", async () => {
  const { id, store } = await grown(2000);
  const { reports } = await load(store, id, (seen) => ({
    ...seen,
    readSnapshot: () => Promise.reject(new StoreError("corrupt", "Expected the snapshot as it was written.")),
  }));
  assert.match(reports.join("\n"), /cannot be used; it is loaded from its whole history: Expected the snapshot/);
});

test("while the store does not answer, an execution is neither given up nor loaded without its snapshot", async () => {
  const { id, store } = await grown(2000);
  let asked = 0;
  const { reports } = await load(store, id, (seen) => ({
    ...seen,
    readSnapshot: (executionId) =>
      ++asked <= 3 ? Promise.reject(new StoreError("gone", "Away.")) : seen.readSnapshot(executionId),
  }));
  assert.equal(reports.length, 3);
  assert.equal(asked, 4);
});

test("the bytes of a history are known after a restart, with a snapshot and without", async () => {
  for (const times of [10, 2000]) {
    const { id, store } = await grown(times);
    const { bytes } = await store.measureHistory(id);
    const world = await openWorld({ store, limits: { historyBytesMax: bytes } });
    await until(async () => (await world.row(id)).finishedAt !== null, world.settle);
    const last = (await world.history(id)).at(-1);
    assert.equal(last?.type, "ExecutionFailed");
    assert.equal(last.data.error.code, "HISTORY_LIMIT");
    await world.close();
  }
});

test("an execution that keeps too much alive fails, and says so", async () => {
  const text = workflow(
    "gathering",
    `    - name: each
      type: loop
      times: 1000
      steps: [ { name: note, type: set, variables: { last: $.input.much }, output: { much: $.input.much } } ]
    - { name: read, type: set, variables: { count: "$.each.iterations[0].steps.note.output" } }
`,
  );
  const limits = { stateBytesMax: 200_000, replay: { bytes: 50_000, events: 10, growth: 2 } };
  const world = await openWorld({ workflows: [text], limits });
  const id = await world.started("gathering", { input: { much: "x".repeat(1000) } });
  await until(async () => (await world.row(id)).finishedAt !== null, world.settle);
  const last = (await world.history(id)).at(-1);
  assert.equal(last?.type, "ExecutionFailed");
  assert.match(last.data.error.message, /limits\.state/);
  await world.close();
});
