import assert from "node:assert/strict";
import { test } from "node:test";
import { startRig } from "../engine/rig.test.ts";
import { toLogLine } from "./logs.ts";

test("a history reads as lines, and what is wrong stands out", () => {
  const rig = startRig(`
steps:
  - { name: a, executor: e, function: f, retry: { max_attempts: 2, initial_delay: 1s, jitter: false } }
  - { name: w, type: wait, duration: 1h }
`);
  rig.fail("a");
  rig.pass(1000);
  rig.complete("a");
  rig.send({ kind: "Cancel", id: "c", reason: "Enough." });
  const lines = rig.history.map(toLogLine);
  assert.deepEqual(
    lines.map(({ level, message }) => `${level} ${message}`),
    [
      "info Started test 1.0.0.",
      "info a: waits for e to run f.",
      "warn a: attempt 1 failed: BROKEN: It broke. The next one begins at 2027-01-01T00:00:01.000Z.",
      "info a: waits for e to run f (attempt 2).",
      "info a: completed.",
      "info w: waits until 2027-01-01T01:00:01.000Z.",
      "warn Asked to cancel: Enough.",
      "warn w: cancelled: Enough.",
      "warn Cancelled: Enough.",
    ],
  );
  assert.deepEqual(
    lines.map(({ seq }) => seq),
    rig.history.map(({ seq }) => seq),
  );
});
