/** `error_handling` in both its forms: rules as a list, or the steps of the object form. */

import { defined } from "../../base/bug.ts";
import type { Definition, ErrorRule, RuleAction, StepIndex } from "../definition.ts";
import type { Value } from "../expressions/expression.ts";
import { field, items, type Node, scalar, text } from "../parse/node.ts";
import type { Lookup } from "./lookup.ts";

/** What a notice may say. */
const NOTICE_FIELDS = ["message", "details", "channel", "channels", "data", "template"] as const;

export function compileErrorHandling(
  lookup: Lookup,
): Pick<Definition, "errorRules" | "failureSteps" | "compensationSteps" | "keepsDeadLetters"> {
  const handling = field(lookup.outline.spec, "error_handling");
  const isList = handling?.kind === "list";
  return {
    errorRules: isList ? items(handling).flatMap((rule) => compileRule(rule, lookup)) : [],
    failureSteps: isList ? null : lookup.scope(field(field(handling, "on_failure"), "steps")),
    compensationSteps: isList ? null : lookup.scope(field(handling, "compensation")),
    keepsDeadLetters: !isOff(isList ? undefined : field(handling, "dead_letter_queue")),
  };
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
