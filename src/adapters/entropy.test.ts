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

test("ids still sort after the one before while the clock stands behind where it has been", () => {
  let now = 2_000_000;
  const { id } = createEntropy(() => now);
  const before = id();
  now = 1_000_000;
  const behind = id();
  assert.ok(behind > before);
  now = 3_000_000;
  assert.ok(id() > behind);
});

test("two sources never agree", () => {
  const ids = Array.from({ length: 1000 }, () => createEntropy(() => 1).id());
  assert.equal(new Set(ids).size, ids.length);
});
