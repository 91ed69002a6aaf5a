import assert from "node:assert/strict";
import { test } from "node:test";
import { createEntropy } from "./entropy.ts";

test("an id has 30 hex digits and begins with the time", () => {
  const id = createEntropy(() => 0x0189_abcd_ef01).id();
  assert.match(id, /^0189abcdef01[0-9a-f]{18}$/);
});

test("ids of one millisecond sort in the order in which they were taken, however many there are", () => {
  const { id } = createEntropy(() => 1_700_000_000_000);
  let last = id();
  for (let n = 0; n < 100_000; n++) {
    const next = id();
    assert.ok(next > last, `${next} after ${last}`);
    assert.equal(next.length, 30);
    last = next;
  }
});

test("each id sorts after the one before, however the clock goes", () => {
  let now = 1_800_000_000_000;
  const entropy = createEntropy(() => now);
  const steps = [0, 0, 0, 1, -5000, 0, 5001, -1, 86_400_000];
  const ids = Array.from({ length: 9000 }, (_, i) => {
    now += steps[i % steps.length] ?? 0;
    return entropy.id();
  });
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids).size, ids.length);
});

test("two sources never agree", () => {
  const ids = Array.from({ length: 1000 }, () => createEntropy(() => 1).id());
  assert.equal(new Set(ids).size, ids.length);
});
