import { expect, test } from "vitest";
import type { StepMessage } from "../../../src/core/protocol/executions.ts";
import { align } from "./align.ts";

const steps = (...paths: readonly string[]) => paths.map((path) => ({ path }) as StepMessage);

test("steps of both stand side by side, what only one has stands where it came", () => {
  const pairs = align(steps("a", "b", "d"), steps("a", "c", "d", "e"));
  expect(pairs.map(({ path, a, b }) => [path, a !== null, b !== null])).toEqual([
    ["a", true, true],
    ["b", true, false],
    ["c", false, true],
    ["d", true, true],
    ["e", false, true],
  ]);
});

test("steps that came in another order stand side by side once", () => {
  expect(align(steps("a", "b"), steps("b", "a")).map(({ path }) => path)).toEqual(["a", "b"]);
});
