import assert from "node:assert/strict";
import { test } from "node:test";
import type { Host } from "../host/host.ts";
import { createManualClock } from "../host/manual-clock.ts";
import type { ExecutionRow } from "../ports/store.ts";
import { createEstimates } from "./estimates.ts";

const WORKFLOW = { workspace: "default", workflow: "w", version: "1.0.0" };

function rig() {
  const clock = createManualClock(10_000);
  const durations: number[] = [];
  const asked = { count: 0 };
  const find: Host["find"] = async ({ limit, statuses, version }) => {
    asked.count += 1;
    assert.deepEqual([limit, statuses, version], [100, ["completed"], "1.0.0"]);
    return {
      rows: durations.map((ms) => ({ startedAt: 0, finishedAt: ms }) as unknown as ExecutionRow),
      nextCursor: null,
    };
  };
  return { clock, durations, asked, estimates: createEstimates({ find } as unknown as Host, clock) };
}

test("with fewer than five runs nobody can tell", async () => {
  const { durations, estimates } = rig();
  durations.push(1, 2, 3, 4);
  assert.equal(await estimates.read(WORKFLOW), null);
  durations.push(100);
  assert.equal(await estimates.read(WORKFLOW), 3, "The median, not the mean.");
});

test("what is known is renewed once a second, and nobody waits for that", async () => {
  const { clock, durations, asked, estimates } = rig();
  durations.push(1, 2, 3, 4, 5, 6);
  assert.equal(await estimates.read(WORKFLOW), 3.5);
  for (let i = 0; i < 100; i++) await estimates.read(WORKFLOW);
  assert.equal(asked.count, 1);
  durations.splice(0, 6, 10, 10, 10, 10, 10, 10);
  clock.advance(1000);
  assert.equal(await estimates.read(WORKFLOW), 3.5);
  await new Promise(setImmediate);
  assert.equal(await estimates.read(WORKFLOW), 10);
  assert.equal(asked.count, 2);
});

test("a flood of starts of a new workflow does not become a flood of questions", async () => {
  const { clock, asked, estimates } = rig();
  for (let i = 0; i < 1000; i++) await estimates.read(WORKFLOW);
  assert.equal(asked.count, 50);
  clock.advance(1000);
  await estimates.read(WORKFLOW);
  assert.equal(asked.count, 51);
});
