/**
 * How many expressions one thread evaluates in a second.
 *
 *     node bench/expressions.ts
 *
 * Each figure stands beside that of a bare property walk in the same run, so that a noisy machine does not lie.
 */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the language look like those of TypeScript.

import type { Json, JsonObject } from "../src/core/base/json.ts";
import { member } from "../src/core/base/json.ts";
import { type EvaluationContext, OPERATIONS_MAX, View } from "../src/core/language/expressions/evaluation.ts";
import { parseExpression } from "../src/core/language/expressions/parse.ts";
import { compileValue } from "../src/core/language/expressions/template.ts";

const MEASURE_MS = 400;

const INPUT = {
  name: "Ada",
  tier: "premium",
  total: 129.5,
  address: { city: "London", lines: ["12 St James's Square"] },
  items: Array.from({ length: 10 }, (_, index) => ({
    sku: `sku-${index}`,
    price: index * 3,
    quantity: 1 + (index % 3),
  })),
};

class StepView extends View {
  member(name: string): Json | View | undefined {
    return name === "charge" ? { output: { id: "ch_1", status: "paid" }, status: "completed" } : undefined;
  }

  whole(): JsonObject {
    return { charge: this.member("charge") as Json };
  }
}

const ROOTS: Readonly<Record<string, Json | View | undefined>> = {
  input: INPUT,
  steps: new StepView(),
  create_account: { user_id: "u-1", status: "completed" },
};

function contextOf(): EvaluationContext {
  return {
    root: (name) => ROOTS[name],
    whole: () => ({ input: INPUT }),
    now: 0,
    random: () => 0.5,
    budget: { operations: OPERATIONS_MAX, bytes: 1_048_576 },
  };
}

function perSecond(run: () => void): number {
  for (let i = 0; i < 20_000; i++) run();
  const start = performance.now();
  let rounds = 0;
  while (performance.now() - start < MEASURE_MS) {
    for (let i = 0; i < 1_000; i++) run();
    rounds += 1_000;
  }
  return (rounds / (performance.now() - start)) * 1000;
}

function report(name: string, run: () => void, baseline: number): void {
  const rate = perSecond(run);
  const ratio = (rate / baseline).toFixed(3);
  console.log(`${Math.round(rate).toLocaleString("en").padStart(12)}/s  ${ratio.padStart(6)}  ${name}`);
}

const baseline = perSecond(() => {
  if (member(ROOTS["input"] as JsonObject, "tier") !== "premium") throw new Error("unreachable");
});
console.log(`${Math.round(baseline).toLocaleString("en").padStart(12)}/s   1.000  (a bare property walk)`);

for (const source of [
  "$.input.name",
  "$.steps.charge.output.id",
  "$.input.tier == 'premium'",
  "$.input.tier == 'premium' && input.total > 100 || create_account.status == 'failed'",
  "input.total * 1.19 + 4.9",
  "input.name ?? 'nobody'",
  "input.tier in ['basic', 'premium']",
  "len(input.items) > 0 && matches(input.name, '^[A-Z][a-z]+$')",
  "$.input.items[?@.price > 10].sku",
  "sum($.input.items[*].price)",
]) {
  const parsed = parseExpression(source, { bareRoots: true });
  if (!parsed.ok) throw new Error(parsed.problem.message);
  report(source, () => parsed.value.evaluate(contextOf()), baseline);
}

const MAPPING = {
  customer: "$.input.name",
  city: "$.input.address.city",
  charge: { id: "$.steps.charge.output.id", amount: "$.input.total" },
  url: "/customers/${create_account.user_id}/orders",
  kind: "order",
};
const { value } = compileValue(MAPPING);
report("a mapping of four paths, a template and a constant", () => value.evaluate(contextOf()), baseline);
report(
  "parsing $.input.tier == 'premium'",
  () => parseExpression("$.input.tier == 'premium'", { bareRoots: true }),
  baseline,
);
