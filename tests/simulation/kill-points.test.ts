/**
 * The process is killed at every single call of the store of the reference runs.
 *
 *     npm run simulate -- --kill-points            all of them, with figures
 *     npm run simulate -- --kill-points chain      one of them; prints what happened where something is found
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { killEverywhere, playReference } from "./kill-points.ts";
import { PLANTED_BUGS } from "./planted-bugs.ts";
import { REFERENCES } from "./references.ts";

/** The first of them waits for the platform to open; even the shortest execution takes far more. */
const CALLS_MIN = 10;

for (const reference of REFERENCES) {
  test(`${reference.name}: killed at any call of the store, it comes to the same end`, async () => {
    const { broken, storeCalls } = await killEverywhere(reference);
    const [first] = broken;
    const place = first?.killPoint == null ? "without a kill" : `${first.killPoint.when} call ${first.killPoint.call}`;
    const again = `Play it: npm run simulate -- --kill-points "${reference.name}"`;
    assert.equal(first, undefined, `${place}: ${first?.violation?.rule}. ${first?.violation?.message} ${again}`);
    assert.ok(storeCalls >= CALLS_MIN, `The store was called ${storeCalls} times only.`);
  });
}

test("the same kill plays the same run", async () => {
  const [reference] = REFERENCES;
  assert.ok(reference !== undefined);
  const killPoint = { call: 12, when: "after" } as const;
  const [first, again] = [await playReference(reference, killPoint), await playReference(reference, killPoint)];
  assert.deepEqual(again.trace, first.trace);
});

/** Bugs that only a kill at the right moment shows. */
const SEEN = ["recover only some of what was active", "do not read the outbox at the start"];

for (const name of SEEN) {
  test(`a kill at the right call shows a platform that does this: ${name}`, async () => {
    const bug = PLANTED_BUGS.find((planted) => planted.name === name);
    assert.ok(bug !== undefined);
    for (const reference of REFERENCES) {
      const { broken } = await killEverywhere(reference, bug);
      if (broken.some(({ killPoint }) => killPoint !== null)) return;
    }
    assert.fail("Nothing was found.");
  });
}
