import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";
import { RATE } from "./rate.ts";
import { openRecord } from "./record.test.ts";

const NOW = Date.UTC(2027, 0, 1);

describe("a rate", () => {
  test("lets a burst of exactly the limit through, whatever the limit", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.constantFrom(1000, 10_000, 60_000, 3_600_000),
        fc.integer({ min: 0, max: 1e9 }),
        (limit, periodMs, at) => {
          const rig = openRecord(RATE);
          const take = () => rig.send({ kind: "Take", limit, periodMs }, NOW + at).answer;
          for (let n = 1; n <= limit; n++) assert.deepEqual([take().isTaken, n], [true, n]);
          const { isTaken, remaining, nextAt } = take();
          assert.ok(!isTaken);
          assert.equal(remaining, 0);
          assert.ok(nextAt - NOW - at <= Math.ceil(periodMs / limit) + 1);
        },
      ),
    );
  });

  test("says how many are left, and when one more is let through", () => {
    const rig = openRecord(RATE);
    const take = (ms: number) => rig.send({ kind: "Take", limit: 3, periodMs: 10_000 }, NOW + ms).answer;
    assert.deepEqual([take(0).remaining, take(0).remaining, take(0).remaining], [2, 1, 0]);
    const { nextAt } = take(0);
    assert.equal(nextAt, NOW + 3334);
    assert.ok(!take(3300).isTaken);
    assert.ok(take(3334).isTaken);
    assert.ok(!take(3334).isTaken);
  });

  test("in no period are more than twice the limit let through, and in the long run no more than the limit each", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 200 }),
        (limit, gaps) => {
          const rig = openRecord(RATE);
          const periodMs = 1000;
          const taken: number[] = [];
          let now = NOW;
          for (const gap of gaps) {
            now += gap;
            if (rig.send({ kind: "Take", limit, periodMs }, now).answer.isTaken) taken.push(now);
          }
          for (const [i, from] of taken.entries()) {
            for (const [j, to] of taken.entries()) {
              if (j < i) continue;
              assert.ok(j - i + 1 <= limit + ((to - from + 1) / periodMs) * limit, `${j - i + 1} in ${to - from} ms`);
            }
          }
        },
      ),
    );
  });

  test("is forgotten once all of it is renewed", () => {
    const rig = openRecord(RATE);
    rig.send({ kind: "Take", limit: 3, periodMs: 10_000 }, NOW);
    assert.deepEqual(rig.restored(), rig.state);
    const due = rig.dueAt() ?? 0;
    rig.send({ kind: "Tick" }, due);
    assert.ok(rig.isIdle());
    assert.equal(rig.rows.size, 0);
  });

  test("of a clock that was set back holds nobody up for longer than a period", () => {
    const rig = openRecord(RATE);
    const take = (now: number) => rig.send({ kind: "Take", limit: 1, periodMs: 10_000 }, now).answer;
    take(NOW + 86_400_000);
    assert.ok(take(NOW).nextAt <= NOW + 10_000);
    assert.ok(!take(NOW + 100).isTaken);
  });
});
