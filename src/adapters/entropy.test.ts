import assert from "node:assert/strict";
import { test } from "node:test";
import { createEntropy } from "./entropy.ts";

test("ids are 30 hex digits that begin with the time", () => {
  const at = Date.parse("2026-11-23T08:00:00Z");
  assert.match(createEntropy(() => at).id(), /^[0-9a-f]{30}$/);
  assert.equal(
    Number.parseInt(
      createEntropy(() => at)
        .id()
        .slice(0, 12),
      16,
    ),
    at,
  );
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
