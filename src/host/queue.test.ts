import assert from "node:assert/strict";
import { test } from "node:test";

import { Queue } from "./queue.ts";

test("what goes in first comes out first, through thousands of items", () => {
  const queue = new Queue<number>();
  let next = 0;
  for (let n = 0; n < 10_000; n++) {
    queue.push(2 * n);
    queue.push(2 * n + 1);
    assert.equal(queue.take(), next++);
  }
  assert.equal(queue.length, 10_000);
  for (let n = 0; n < 5000; n++) assert.equal(queue.take(), next++);
  assert.deepEqual(
    queue.drain(),
    Array.from({ length: 5000 }, (_, i) => next + i),
  );
  assert.equal(queue.take(), undefined);
  assert.equal(queue.length, 0);
});
