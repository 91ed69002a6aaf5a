/**
 * Documents drawn from the tables of fields: every field of every step type, with values of its kind, right and wrong.
 * Whatever comes out is either told to be wrong or compiled; nothing in between.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Field, FieldKind } from "./fields.ts";
import { loadDocuments } from "./load.ts";
import { STEP_TYPES, stepFields } from "./step-fields.ts";

const NAMES = ["a", "b", "c", "d"];
const DEPTH_MAX = 3;

type Arbitrary = fc.Arbitrary<unknown>;

function ofKind(kind: FieldKind, depth: number): Arbitrary {
  switch (kind.is) {
    case "text":
    case "source":
    case "sql":
      return fc.constantFrom("a", "check", "select 1");
    case "version":
      return fc.constantFrom("1.0.0", "1.0");
    case "path":
    case "pattern":
      return fc.constantFrom("$.input.x", "TIMEOUT", "(");
    case "choice":
      return fc.constantFrom(...kind.of);
    case "boolean":
      return fc.boolean();
    case "integer":
    case "number":
      return fc.integer({ min: 0, max: 3 });
    case "duration":
      return fc.constantFrom("1s", 5, "soon", null);
    case "schema":
      return fc.constantFrom<unknown>({ type: "object" }, true, { type: "text" });
    case "condition":
      return fc.constantFrom<unknown>("$.a.x == 1", "error.code == 'X'", "TIMEOUT", true, "(");
    case "value":
    case "mapping":
      return fc.constantFrom<unknown>({ a: "$.a.x" }, "$.b", "text", 5, { i: "$.iterations[*].steps.b" });
    case "any":
      return fc.constantFrom<unknown>(200, { a: 1 });
    case "reference":
      return fc.constantFrom(...NAMES);
    case "steps":
      return depth > DEPTH_MAX ? fc.constant([]) : fc.array(step(depth + 1), { maxLength: 2 });
    case "step":
      return step(depth + 1);
    case "object":
      return ofFields(kind.fields, depth);
    case "list":
      return fc.array(ofKind(kind.of, depth), { maxLength: 2 });
    case "map":
      return fc.dictionary(fc.constantFrom("k", "l"), ofKind(kind.of, depth), { maxKeys: 2 });
    case "either":
      return fc.oneof(...kind.of.map((each) => ofKind(each, depth)));
  }
}

function ofFields(fields: readonly Field[], depth: number): fc.Arbitrary<{ [name: string]: unknown }> {
  const arbitraries = Object.fromEntries(fields.map((each) => [each.name, ofKind(each.kind, depth + 1)]));
  const requiredKeys = fields.filter((each) => each.required === true).map((each) => each.name);
  return fc.record(arbitraries, { requiredKeys });
}

/** All fields of the type itself, and two of those that every step may have. */
function step(depth: number): Arbitrary {
  if (depth > DEPTH_MAX) return fc.constant({ name: "leaf", type: "wait", duration: "1s" });
  return fc.constantFrom(...STEP_TYPES.values()).chain((type) => {
    const common = stepFields(type).filter((each) => !type.fields.includes(each) && each.required !== true);
    return fc
      .shuffledSubarray([...common], { maxLength: 2 })
      .chain((few) => ofFields([...type.fields, ...few], depth).map((fields) => ({ ...fields, type: type.name })));
  });
}

/** Gives every step a name of its own, the first ones those that others refer to. */
function named(value: unknown, names: { next: number }): unknown {
  if (Array.isArray(value)) return value.map((item) => named(item, names));
  if (typeof value !== "object" || value === null) return value;
  const isStep = "type" in value && STEP_TYPES.has(String(value.type));
  const name = isStep ? (NAMES[names.next++] ?? `step-${names.next}`) : undefined;
  const members = Object.entries(value).map(([key, member]) => [key, named(member, names)]);
  return { ...Object.fromEntries(members), ...(name === undefined ? {} : { name }) };
}

test("whatever is drawn from the tables of fields is told to be wrong, or compiled", () => {
  const steps = fc.array(step(0), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(steps, (drawn) => {
      const spec = { steps: named(drawn, { next: 0 }), includes: [{ workflow: "other", alias: "check" }] };
      const text = JSON.stringify({ apiVersion: "magicflow.io/v2", kind: "Workflow", metadata: { name: "x" }, spec });
      const { workflows, diagnostics } = loadDocuments([{ file: null, text }]);
      const hasErrors = diagnostics.some(({ severity }) => severity === "error");
      assert.equal(workflows[0]?.definition === null, hasErrors);
    }),
    { numRuns: 300 },
  );
});
