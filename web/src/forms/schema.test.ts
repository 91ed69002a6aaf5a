import { expect, test } from "vitest";
import { fieldKindOf, initialOf, optionOf, resolve, violationsOf } from "./schema.ts";

const ORDER = {
  type: "object",
  required: ["id", "lines"],
  properties: {
    id: { type: "string", minLength: 1 },
    lines: { type: "array", minItems: 1, items: { $ref: "#/$defs/line" } },
    method: { type: "string", enum: ["card", "invoice"], default: "card" },
    note: { type: "string" },
  },
  $defs: {
    line: { type: "object", required: ["quantity"], properties: { quantity: { type: "integer", minimum: 1 } } },
  },
} as const;

test("a new value has what is required and what has a default, and nothing else", () => {
  expect(initialOf(ORDER, ORDER)).toEqual({ id: "", lines: [{ quantity: 1 }], method: "card" });
});

test("what is wrong is said at its place, in the platform's words", () => {
  const found = violationsOf(ORDER, { id: "", lines: [{ quantity: 0 }] });
  expect([...found.keys()].sort()).toEqual(["/id", "/lines/0/quantity"]);
  expect(found.get("/lines/0/quantity")).toMatch(/^Expected/);
});

test("a schema that refers to itself ends", () => {
  const tree = { $ref: "#/$defs/node", $defs: { node: { $ref: "#/$defs/node" } } };
  expect(fieldKindOf(resolve(tree, tree)).kind).toBe("json");
  const list = { type: "object", required: ["next"], properties: { next: { $ref: "#" } } };
  expect(() => initialOf(list, list)).not.toThrow();
});

test("of several forms a value is shown in the one that it fits", () => {
  const options = [{ type: "string" }, { type: "integer" }, { type: "null" }];
  expect(options.map((_, i) => optionOf(options, {}, ["a", 3, null][i] ?? null))).toEqual([0, 1, 2]);
});

test("names of a value cannot reach what every object has", () => {
  expect(resolve({ $ref: "#/constructor/prototype" }, {})).toEqual({});
});
