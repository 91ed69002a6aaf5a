import assert from "node:assert/strict";
import { test } from "node:test";
import { createRecent } from "./recent.ts";
import { parseTaskId } from "./task-id.ts";

test("the last endings are remembered, older ones are not", () => {
  const recent = createRecent(10);
  recent.remember("w", "first", "answered");
  for (let i = 0; i < 9; i++) recent.remember("w", `a${i}`, "over");
  recent.remember("w", "b", "over");
  assert.equal(recent.find("w", "first"), "answered");
  for (let i = 0; i < 10; i++) recent.remember("w", `c${i}`, "over");
  assert.equal(recent.find("w", "first"), null);
  assert.equal(recent.find("w", "b"), "over");
  assert.equal(recent.find("v", "b"), null);
});

test("what was forgotten is not found, whenever it was remembered", () => {
  const recent = createRecent(2);
  for (const key of ["a", "b", "c"]) recent.remember("w", key, "over");
  recent.forget("a");
  recent.forget("c");
  assert.deepEqual(
    ["a", "b", "c"].map((key) => recent.find("w", key)),
    [null, "over", null],
  );
});

test("a task's id is read from both ends, and what is none is refused", () => {
  assert.deepEqual(parseTaskId("e.1/l[3].pay:fallback.x/12"), {
    executionId: "e.1",
    path: "l[3].pay:fallback.x",
    attempt: 12,
  });
  for (const id of [
    "",
    "/",
    "a/b",
    "a//1",
    "/b/1",
    "a/b/",
    "a/b/0",
    "a/b/01",
    "a/b/-1",
    "a/b/1e9",
    "a/b/9999999999",
    `a/${"b".repeat(9000)}/1`,
  ]) {
    assert.equal(parseTaskId(id), null, id.slice(0, 20));
  }
});
