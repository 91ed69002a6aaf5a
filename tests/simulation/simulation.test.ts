/**
 * The part of the simulation that every run of the tests plays. More seeds: `npm run simulate -- --runs 10000`.
 *
 *     SEED=417 node --test tests/simulation/simulation.test.ts     plays one seed again
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { FAULTS_MIN } from "./faults.ts";
import { SCENARIOS } from "./scenarios.ts";
import { simulate } from "./simulate.ts";

const SEEDS_OF_A_TEST = 20;
const TESTS = 12;

/** Enough to draw every scenario once. */
const SEEDS_FOR_ALL = 150;

const { SEED } = process.env;

for (const [first, last] of SEED === undefined ? blocks() : [[Number(SEED), Number(SEED)] as const]) {
  test(`seeds ${first} to ${last}: whatever goes wrong, what was answered holds and everything comes to its end`, async () => {
    for (let seed = first; seed <= last; seed++) {
      const { violation, faults } = await simulate(seed);
      const again = `npm run simulate -- --seed ${seed}`;
      assert.equal(violation, null, `Seed ${seed}: ${violation?.rule}. ${violation?.message} Play it: ${again}`);
      assert.ok(faults >= FAULTS_MIN, `Seed ${seed} has ${faults} faults only.`);
    }
  });
}

test("the same seed plays the same run, and another one another", async () => {
  const [first, again, other] = [await simulate(7), await simulate(7), await simulate(8)];
  assert.deepEqual(again.trace, first.trace);
  assert.equal(again.fingerprint, first.fingerprint);
  assert.notEqual(other.fingerprint, first.fingerprint);
});

test("every scenario is played", async () => {
  const played = new Set<string>();
  for (let seed = 1; seed <= SEEDS_FOR_ALL && played.size < SCENARIOS.size; seed++) {
    await simulate(seed, {
      inspect: ({ disk }) => {
        for (const { row } of disk.records.values()) played.add(row.workflow);
      },
    });
  }
  assert.deepEqual(
    [...SCENARIOS.keys()].filter((name) => !played.has(name)),
    [],
  );
});

function blocks(): readonly (readonly [first: number, last: number])[] {
  return Array.from({ length: TESTS }, (_, i) => [i * SEEDS_OF_A_TEST + 1, (i + 1) * SEEDS_OF_A_TEST]);
}
