import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json, JsonObject } from "../../base/json.ts";
import { documentContext } from "./document.ts";
import { type EvaluationContext, ExpressionError, View } from "./evaluation.ts";
import { FUNCTIONS } from "./functions/catalogue.ts";
import { evaluateCondition, parseCondition, parseExpression } from "./parse.ts";

function parse(source: string, bareRoots = true) {
  const parsed = parseExpression(source, { bareRoots });
  if (!parsed.ok) assert.fail(parsed.problem.message);
  return parsed.value;
}

function checkReferences(source: string, expected: readonly string[]): void {
  const shown = parse(source).references.map(({ root, path, offset }) => `${[root, ...path].join(" ")} @${offset}`);
  assert.deepEqual(shown, expected);
}

/** An object that counts how it is read. */
class CountingView extends View {
  readonly asked: string[] = [];
  wholes = 0;
  private readonly object: { readonly [key: string]: Json | View };

  constructor(object: { readonly [key: string]: Json | View }) {
    super();
    this.object = object;
  }

  member(name: string): Json | View | undefined {
    this.asked.push(name);
    return Object.hasOwn(this.object, name) ? this.object[name] : undefined;
  }

  whole(): JsonObject {
    this.wholes++;
    const members = Object.entries(this.object).map(([name, value]) => [
      name,
      value instanceof View ? value.whole() : value,
    ]);
    return Object.fromEntries(members) as JsonObject;
  }
}

function viewContext(steps: View): EvaluationContext {
  const context = documentContext({ n: 1 }, { now: 0, random: () => 0, bytesMax: 10_000 });
  return { ...context, root: (name) => (name === "steps" ? steps : context.root(name)) };
}

test("references name the root and the members as far as they are constant", () => {
  checkReferences("$.steps.charge.output.id", ["steps charge output id @0"]);
  checkReferences("  create-account.status == 'x'", ["create-account status @2"]);
  checkReferences("input.items[0]['a'].b", ["input items * a b @0"]);
  checkReferences("input.items[*].b", ["input items * b @0"]);
  checkReferences("input..b.c", ["input ** @0"]);
  checkReferences("input.items[other.key].x", ["input items * x @0", "other key @12"]);
  checkReferences("(input.a).b", ["input a b @1"]);
  checkReferences("len(input.a).b", ["input a @4"]);
  checkReferences("$.a[?@.x == $.b.c && match(@.y, $.d)].e", ["a * e @0", "b c @12", "d @32"]);
  checkReferences("a ? b : [c, {k: d}]", ["a @0", "b @4", "c @9", "d @16"]);
  checkReferences("1 + 2", []);
});

test("what reads an unknown root says so", () => {
  checkReferences("$", ["* @0"]);
  checkReferences("$..a", ["* ** @0"]);
  checkReferences("$[*].a", ["* a @0"]);
  checkReferences("$[0] == 1", ["* @0"]);
  checkReferences("$['a','b'].c", ["* c @0"]);
  checkReferences("($[n]).a", ["* a @1", "n @3"]);
});

test("a view is asked for the members on the way and for nothing else", () => {
  const charge = new CountingView({ output: { id: "ch_1" }, status: "completed" });
  const steps = new CountingView({ charge, other: new CountingView({}) });
  assert.equal(parse("$.steps.charge.output.id").evaluate(viewContext(steps)), "ch_1");
  assert.equal(parse("steps['cha' + 'rge'].status == 'completed'").evaluate(viewContext(steps)), true);
  assert.equal(parse("(steps.charge).output.id").evaluate(viewContext(steps)), "ch_1");
  assert.deepEqual(parse("$.steps.charge.output[*]").evaluate(viewContext(steps)), ["ch_1"]);
  assert.deepEqual(parse("$.x[?@ == $.steps.charge.status]").evaluate(viewContext(steps)), []);
  assert.equal(parse("$.steps.missing.output").evaluate(viewContext(steps)), null);
  assert.deepEqual([steps.wholes, charge.wholes], [0, 0]);
  assert.deepEqual(new Set(steps.asked), new Set(["charge", "missing"]));
});

test("the whole of a view is asked for where it is the value, or where a query looks into it", () => {
  const charge = new CountingView({ status: "completed" });
  const steps = new CountingView({ charge });
  assert.deepEqual(parse("$.steps.charge").evaluate(viewContext(steps)), { status: "completed" });
  assert.deepEqual(parse("$.steps[*].status").evaluate(viewContext(steps)), ["completed"]);
  assert.equal(parse("len(steps)").evaluate(viewContext(steps)), 1);
  assert.equal(parse("steps.charge.length").evaluate(viewContext(steps)), null);
});

test("a value must begin with $ and write its roots with it", () => {
  for (const source of ["input.a", "1", "'a'", "len($.a)", " input"]) {
    assert.ok(!parseExpression(source, { bareRoots: false }).ok, source);
  }
  const mixed = parseExpression("$.a == b.c", { bareRoots: false });
  assert.ok(!mixed.ok);
  assert.deepEqual(mixed.problem, {
    message: 'Expected "$." before the name of a root, but met "b" alone.',
    hint: "Write $.b.",
    offset: 7,
  });
  assert.equal(
    parse("$.a == len($.b)", false).evaluate(
      documentContext({ a: 1, b: "x" }, { now: 0, random: () => 0, bytesMax: 9 }),
    ),
    true,
  );
});

test("a condition may have white space around it, and its problems count it", () => {
  const parsed = parseCondition("\n  $.n\n");
  assert.ok(parsed.ok);
  const wrong = parseCondition("\n  n = 1\n");
  assert.ok(!wrong.ok);
  assert.equal(wrong.problem.offset, 5);
});

test("a condition holds if it is true, does not if it is false or null, and fails otherwise", () => {
  const context = () => documentContext({ n: 1, yes: true }, { now: 0, random: () => 0, bytesMax: 100 });
  assert.equal(evaluateCondition(parse("yes"), context()), true);
  assert.equal(evaluateCondition(parse("!yes"), context()), false);
  assert.equal(evaluateCondition(parse("missing"), context()), false);
  assert.throws(
    () => evaluateCondition(parse("n"), context()),
    (error) => error instanceof ExpressionError && /the condition .* a number/.test(error.message),
  );
});

test("an error says where in the expression it arose", () => {
  const context = documentContext({ a: "x" }, { now: 0, random: () => 0, bytesMax: 100 });
  assert.throws(
    () => parse("1 == 2 || upper(a) * 2 > 1").evaluate(context),
    (error) => error instanceof ExpressionError && error.offset === 19,
  );
});

test("functions beyond those of the language can be given", () => {
  const functions = new Map([
    ...FUNCTIONS,
    [
      "p50",
      { name: "p50", group: "numbers" as const, parameters: ["samples"], summary: "", examples: [], apply: () => 42 },
    ] as const,
  ]);
  const parsed = parseExpression("p50(latency) > max([1, 2])", { bareRoots: true, functions });
  assert.ok(parsed.ok);
  assert.equal(parsed.value.evaluate(documentContext({}, { now: 0, random: () => 0, bytesMax: 100 })), true);
});
