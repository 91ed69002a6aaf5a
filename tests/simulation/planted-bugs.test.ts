/** That nothing is found is worth something only if something would be: each planted bug is seen. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { PLANTED_BUGS } from "./planted-bugs.ts";
import { find } from "./simulate.ts";

/** Most are seen at once; one that takes longer would be a matter of luck. */
const SEEDS_MAX = 500;

for (const bug of PLANTED_BUGS) {
  test(`sees it: ${bug.name}`, async () => {
    const found = await find(bug, SEEDS_MAX);
    assert.notEqual(found, null, `None of ${SEEDS_MAX} seeds shows it.`);
  });
}
