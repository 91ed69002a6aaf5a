import assert from "node:assert/strict";
import { test } from "node:test";

import { createManualClock } from "../manual-clock.ts";
import { createLateNotes } from "./late.ts";

test("late answers are told one by one, and a flood of them is counted", () => {
  const clock = createManualClock(1_800_000_000_000);
  const lines: string[] = [];
  const tell = createLateNotes(clock, (line) => lines.push(line));
  for (let n = 0; n < 25; n++) tell(`e/a/${n}`);
  assert.equal(lines.length, 10);
  assert.equal(lines[0], "the answer for task e/a/0 came too late and changes nothing");
  clock.advance(1000);
  tell("e/a/25");
  assert.equal(lines.at(-1), "the answer for task e/a/25 came too late and changes nothing (and 15 others before)");
});
