/** That nothing is found is worth something only if something would be: each planted bug is seen. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { PLANTED_BUGS } from "./planted-bugs.ts";
import { find } from "./simulate.ts";

/** Most are seen at once; one that takes longer would be a matter of luck. */
const SEEDS_MAX = 500;

/** Where those that take longer were seen last: tried first, so that the search is short. Any other seed will do as well. */
const SEEN_AT: ReadonlyMap<string, number> = new Map([
  ["ignore a stale epoch", 10],
  ["take a shard over without a new epoch", 7],
  ["forget a wait", 11],
  ["find nobody who is due", 7],
  ["hand out while paused", 12],
  ["say that a dead letter is dropped, and forget it", 17],
  ["lose the report of a failed call", 78],
  ["do not give a permit back", 85],
  ["let nobody out of the line", 74],
  ["forget at a restart which breakers are open", 74],
  ["forget at a restart which starts are put off", 29],
  ["take a message from another shard twice", 22],
]);

for (const bug of PLANTED_BUGS) {
  test(`sees it: ${bug.name}`, async () => {
    const found = await find(bug, SEEDS_MAX, SEEN_AT.get(bug.name) ?? 1);
    assert.notEqual(found, null, `None of ${SEEDS_MAX} seeds shows it.`);
  });
}
