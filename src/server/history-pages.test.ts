import assert from "node:assert/strict";
import { test } from "node:test";
import type { Host } from "../host/host.ts";
import type { EventPack } from "../ports/store.ts";
import { eventTexts, readLastEvent, readPage, typeOfEvent } from "./history-pages.ts";

const PLACE = { workspace: "default", executionId: "e" };

/** A host of which only the history is asked: `length` events in packs of `packed`. */
function hostWith(length: number, packed: number): { readonly host: Host; readonly reads: { count: number } } {
  const reads = { count: 0 };
  const packs: EventPack[] = [];
  for (let firstSeq = 1; firstSeq <= length; firstSeq += packed) {
    const lastSeq = Math.min(length, firstSeq + packed - 1);
    const texts = Array.from(
      { length: lastSeq - firstSeq + 1 },
      (_, i) => `{"seq":${firstSeq + i},"type":"T${firstSeq + i}"}`,
    );
    packs.push({ firstSeq, lastSeq, version: 1, text: texts.join("\n") });
  }
  const readHistory: Host["readHistory"] = async ({ afterSeq, bytesMax }) => {
    reads.count += 1;
    const found: EventPack[] = [];
    let bytes = 0;
    for (const pack of packs) {
      if (pack.lastSeq <= afterSeq) continue;
      found.push(pack);
      bytes += pack.text.length;
      if (bytes > bytesMax) break;
    }
    return found;
  };
  return {
    host: { readHistory, measureHistory: async () => ({ events: length, bytes: 0 }) } as unknown as Host,
    reads,
  };
}

test("a pack is cut into its events, from the one that was asked for", () => {
  const pack = { firstSeq: 4, lastSeq: 6, version: 1, text: '{"seq":4}\n{"seq":5}\n{"seq":6}' };
  assert.deepEqual(
    [...eventTexts(pack, 4)],
    [
      { seq: 5, text: '{"seq":5}' },
      { seq: 6, text: '{"seq":6}' },
    ],
  );
  assert.throws(() => [...eventTexts({ ...pack, lastSeq: 9 }, 4)], /as many lines/);
});

test("the type of an event is its own, not one that stands in its data", () => {
  assert.equal(typeOfEvent('{"seq":1,"type":"StepCompleted","data":{"type":"Other"}}'), "StepCompleted");
});

test("the last event is found wherever it is, in one read", async () => {
  for (const [length, packed] of [
    [0, 1],
    [1, 1],
    [2, 1],
    [3, 2],
    [7, 3],
    [100, 1],
    [5000, 7],
    [50_000, 13],
  ] as const) {
    const { host, reads } = hostWith(length, packed);
    assert.equal((await readLastEvent(host, PLACE))?.seq ?? 0, length, `${length} by ${packed}`);
    assert.equal(reads.count, 1);
  }
});

test("pages have as many events as were asked for, and say whether there are more", async () => {
  const { host } = hostWith(10, 3);
  const page = async (afterSeq: number, limit: number) => {
    const read = await readPage(host, { ...PLACE, afterSeq, limit });
    return [read?.events.map(({ seq }) => seq), read?.hasMore];
  };
  assert.deepEqual(await page(0, 4), [[1, 2, 3, 4], true]);
  assert.deepEqual(await page(4, 6), [[5, 6, 7, 8, 9, 10], false]);
  assert.deepEqual(await page(4, 100), [[5, 6, 7, 8, 9, 10], false]);
  assert.deepEqual(await page(10, 5), [[], false]);
});
