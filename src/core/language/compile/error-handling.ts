/** `error_handling` in both its forms: rules as a list, or the steps of the object form. */

import { defined } from "../../base/bug.ts";
import type {
  CategoryStrategy,
  Definition,
  ErrorCategory,
  ErrorPattern,
  ErrorRule,
  Fallback,
  RuleAction,
  StepIndex,
} from "../definition.ts";
import type { Value } from "../expressions/expression.ts";
import { field, items, type Node, scalar, text } from "../parse/node.ts";
import { parseRegex } from "../regex.ts";
import { isRetryCode, toRetryCode } from "../retry-rule.ts";
import type { Lookup } from "./lookup.ts";
import { compileRetry } from "./resilience.ts";

/** What a notice may say. */
const NOTICE_FIELDS = ["message", "details", "channel", "channels", "data", "template"] as const;

export function compileErrorHandling(
  lookup: Lookup,
): Pick<Definition, "errorRules" | "errorCategories" | "failureSteps" | "compensationSteps" | "keepsDeadLetters"> {
  const handling = field(lookup.outline.spec, "error_handling");
  const isList = handling?.kind === "list";
  return {
    errorRules: isList ? items(handling).flatMap((rule) => compileRule(rule, lookup)) : [],
    errorCategories: items(isList ? undefined : field(handling, "error_categories")).map((category) =>
      compileCategory(category, lookup),
    ),
    failureSteps: isList ? null : lookup.scope(field(field(handling, "on_failure"), "steps")),
    compensationSteps: isList ? null : lookup.scope(field(handling, "compensation")),
    keepsDeadLetters: !isOff(isList ? undefined : field(handling, "dead_letter_queue")),
  };
}

function compileCategory(category: Node, lookup: Lookup): ErrorCategory {
  return {
    name: text(field(category, "name")) ?? "",
    patterns: items(field(category, "patterns")).map((pattern) => compilePattern(text(pattern) ?? "")),
    strategy: text(field(category, "strategy")) as CategoryStrategy,
    retry: compileRetry(field(category, "retry_policy") ?? field(lookup.outline.spec, "retry_policy"), lookup),
    handler: compileHandler(field(category, "handler"), lookup),
  };
}

/** Letters, digits and `_` only is a code, as in `retry_on`; anything else looks through the message. */
function compilePattern(source: string): ErrorPattern {
  if (isRetryCode(source)) return { kind: "code", code: toRetryCode(source) };
  const parsed = parseRegex(source, "search");
  return { kind: "message", regex: defined(parsed.ok ? parsed.regex : null, "a checked pattern") };
}

function compileHandler(handler: Node | undefined, lookup: Lookup): Fallback | null {
  const step = lookup.step(text(handler));
  if (step !== null) return { kind: "step", step };
  const scope = lookup.scope(field(handler, "steps"));
  return scope === null ? null : { kind: "inline", scope, when: null };
}

/** `false`, or an object that says `enabled: false`. */
function isOff(queue: Node | undefined): boolean {
  return scalar(queue) === false || scalar(field(queue, "enabled")) === false;
}

function compileRule(rule: Node, lookup: Lookup): readonly ErrorRule[] {
  const condition = lookup.condition(field(rule, "condition"));
  const action = field(rule, "action");
  return condition === null || action === undefined ? [] : [{ condition, action: compileAction(action, lookup) }];
}

function compileAction(action: Node, lookup: Lookup): RuleAction {
  const value = (name: string) => lookup.value(field(action, name));
  switch (text(field(action, "type"))) {
    case "return_error":
      return { kind: "return_error", code: value("code"), message: value("message"), details: value("details") };
    case "compensate":
      return { kind: "compensate", steps: stepsOf(action, lookup), message: value("message") };
    case "fallback":
      return {
        kind: "fallback",
        step: defined(lookup.step(text(field(action, "step"))), "a rule's fallback to name a step"),
      };
    case "notify": {
      const notice: Record<string, Value> = {};
      for (const name of NOTICE_FIELDS) {
        const given = value(name);
        if (given !== null) notice[name] = given;
      }
      return { kind: "notify", notice };
    }
    default:
      return { kind: "continue" };
  }
}

/** Names, and steps that are written out in the rule. */
function stepsOf(action: Node, lookup: Lookup): readonly StepIndex[] {
  return items(field(action, "steps")).flatMap((node) => {
    const step =
      node.kind === "map"
        ? (lookup.stepOfNode(node) ?? lookup.step(text(field(node, "name"))))
        : lookup.step(text(node));
    return step === null ? [] : [step];
  });
}
