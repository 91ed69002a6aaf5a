/** Typical expressions, evaluated as a decision does it: against an execution with an input, steps that have ended, and a loop. */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the language look like those of TypeScript.

import type { Json } from "../../src/core/base/json.ts";
import { Decision, ENGINE_LIMITS } from "../../src/core/engine/decision.ts";
import type { StepState } from "../../src/core/engine/execution.ts";
import { parseCondition } from "../../src/core/language/expressions/parse.ts";
import { compileValue } from "../../src/core/language/expressions/template.ts";
import { startSubject } from "./engine.ts";
import { type Metered, meter } from "./meter.ts";

/** Evaluations between two looks at the clock. */
const AT_ONCE = 1000;

const SPEC = `
  steps:
    - { name: check, executor: shop, function: check }
    - { name: create_account, executor: shop, function: create }
    - name: each
      type: loop
      iterate_over: $.input.items
      steps:
        - { name: reserve, executor: shop, function: reserve, input: { sku: $.item.sku } }
`;

const INPUT: Json = {
  amount: 129.5,
  tier: "premium",
  customer: { name: "Ada", address: { city: "London", lines: ["12 St James's Square"] } },
  items: Array.from({ length: 10 }, (_, index) => ({ sku: `sku-${index}`, price: index * 3 })),
};

const CONDITIONS: readonly string[] = [
  "$.input.amount > 100 && steps.check.status == 'completed'",
  "$.input.tier == 'premium'",
  "input.tier == 'premium' && input.amount > 100 || create_account.status == 'failed'",
  "input.tier in ['basic', 'premium']",
  "len(input.items) > 0 && starts_with(input.customer.name, 'A')",
  "item.price >= 0 && index < 100",
];

const MAPPINGS: Readonly<Record<string, Json>> = {
  "a path: $.input.customer.address.city": "$.input.customer.address.city",
  "a path into a step: $.steps.check.output.id": "$.steps.check.output.id",
  "a path into a step by its name: $.check.id": "$.check.id",
  "a calculation: $.input.amount * 1.19 + 4.9": "$.input.amount * 1.19 + 4.9",
  "a default: ${input.customer.nick ?? 'nobody'}": "${input.customer.nick ?? 'nobody'}",
  "a function: ${upper(input.tier)}": "${upper(input.tier)}",
  "a template: /customers/${create_account.user_id}/orders/${input.tier}":
    "/customers/${create_account.user_id}/orders/${input.tier}",
  "a mapping of four paths, a template and a constant": {
    customer: "$.input.customer.name",
    city: "$.input.customer.address.city",
    check: { id: "$.steps.check.output.id", amount: "$.input.amount" },
    url: "/customers/${create_account.user_id}/orders",
    kind: "order",
  },
};

export interface MeteredExpressions {
  readonly expressions: readonly Metered[];
  /** All of them in turn: microseconds for each. */
  readonly mixed: number;
}

export function meterExpressions(seconds: number): MeteredExpressions {
  const { definition, execution, send } = startSubject(SPEC, INPUT);
  send({ ...ANSWER, path: "check", output: { id: "ch_1", score: 7 } });
  send({ ...ANSWER, path: "create_account", output: { user_id: "u-1" } });
  const from = execution.steps.get("each[0].reserve") as StepState;
  const context = { now: execution.lastAt, environment: new Map<string, string>(), limits: ENGINE_LIMITS };
  const decision = new Decision(definition, execution, context);

  const conditions = CONDITIONS.map((source): Typical => {
    const parsed = parseCondition(source);
    if (!parsed.ok) throw new Error(parsed.problem.message);
    if (!decision.holds(parsed.value, from)) throw new Error(`Expected ${source} to hold.`);
    return { name: source, evaluate: () => decision.holds(parsed.value, from) };
  });
  const mappings = Object.entries(MAPPINGS).map(([name, tree]): Typical => {
    const { value, problems } = compileValue(tree);
    if (problems.length > 0) throw new Error(`Expected ${name} to be right.`);
    return { name, evaluate: () => decision.evaluate(value, from) };
  });
  const all = [...conditions, ...mappings];
  const mixed = meter("in turn", seconds, () => {
    for (let n = 0; n < AT_ONCE; n++) for (const { evaluate } of all) evaluate();
    return AT_ONCE * all.length;
  });
  const expressions = all.map(({ name, evaluate }) =>
    meter(name, seconds, () => {
      for (let n = 0; n < AT_ONCE; n++) evaluate();
      return AT_ONCE;
    }),
  );
  return { expressions, mixed: mixed.usForEach };
}

interface Typical {
  readonly name: string;
  readonly evaluate: () => unknown;
}

const ANSWER = { kind: "CompleteTask", attempt: 1, http: null, startedAt: null, instance: null } as const;
