import assert from "node:assert/strict";
import { test } from "node:test";
import { type Effort, nearest, quote } from "./text.ts";

test("the nearest candidate is the one with the fewest slips", () => {
  assert.equal(nearest("secnd", ["first", "second"]), "second");
  assert.equal(nearest("frist", ["first", "fist"]), "first", "Letters that change places are one slip.");
  assert.equal(nearest("Input", ["output", "input"]), "input", "Case is no slip.");
  assert.equal(nearest("paralel", ["parallel"]), "parallel");
  assert.equal(nearest("ab", ["xb"]), "xb");
});

test("what differs in more than a third of its letters, or in more than five, is another word", () => {
  assert.equal(nearest("timer", ["input", "mixer"]), null);
  assert.equal(nearest("a", ["xyz"]), null);
  const long = "a-name-of-over-thirty-characters-in-all";
  assert.equal(nearest(long, [long.replace("thirty", "twenty")]), long.replace("thirty", "twenty"));
  assert.equal(nearest(long, [long.replace("characters", "xxxxxxxxxx")]), null);
  assert.equal(nearest("x".repeat(101), ["x".repeat(100)]), null);
});

test("out of effort, nothing comes near", () => {
  const names = Array.from({ length: 1000 }, (_, i) => `name-${i}`);
  const effort: Effort = { left: 500 };
  assert.equal(nearest("nam-3", names, effort), "name-3");
  assert.ok(effort.left < 0);
  assert.equal(nearest("nam-3", names, effort), null);
});

test("a quoted text is cut at 60 characters and shows what cannot be seen", () => {
  assert.equal(quote("a\nb"), '"a\\u000ab"');
  assert.equal(quote("x".repeat(61)), `"${"x".repeat(59)}…"`);
});
