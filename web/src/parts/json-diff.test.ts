import { expect, test } from "vitest";
import { diffJson } from "./json-diff.ts";
import { find, openDownTo, rowsOf } from "./json-rows.ts";

test("only what differs is told, by its place", () => {
  expect(diffJson({ a: 1, b: [1, 2], c: { d: "x" } }, { a: 1, b: [1, 3, 4], c: {} })).toEqual([
    { kind: "changed", path: "$.b[1]", before: 2, after: 3 },
    { kind: "added", path: "$.b[2]", after: 4 },
    { kind: "removed", path: "$.c.d", before: "x" },
  ]);
});

test("the order of members is no difference, a member that hides behind the prototype is", () => {
  expect(diffJson({ a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([]);
  expect(diffJson({}, JSON.parse('{"__proto__": 1}'))).toEqual([{ kind: "added", path: "$.__proto__", after: 1 }]);
});

test("a large value has rows only for what is open", () => {
  const large = { items: Array.from({ length: 100_000 }, (_, i) => ({ i })) };
  expect(rowsOf(large, openDownTo(large, 3, 60)).length).toBeLessThan(70);
});

test("what is searched for is found with all that must be open to see it", () => {
  const found = find({ a: { b: [{ c: "needle" }] } }, "NEEDLE", 10);
  expect(found.paths).toEqual(["$.a.b[0].c"]);
  expect([...found.open].sort()).toEqual(["$", "$.a", "$.a.b", "$.a.b[0]"]);
});
