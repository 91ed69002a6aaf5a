/** What `on_error` says in its several forms, in the words of the canonical form. */

import type { Report } from "../report.ts";
import type { Entry, MapNode, Node } from "./node.ts";
import { field, mapAt, scalarAt, text, withFields } from "./node.ts";
import type { AddField } from "./normalise.ts";

const PARTS = [
  "action",
  "retry",
  "fallback",
  "circuit_breaker",
  "compensation",
  "custom_handler",
  "default_output",
  "message",
];
const ACTIONS = ["retry", "continue", "fail", "fallback", "compensate"];

/** Fields that `on_error: {action: retry, ...}` holds itself. */
const RETRY_WORDS = new Set([
  "max_attempts",
  "backoff",
  "backoff_strategy",
  "initial_delay",
  "initial_backoff",
  "backoff_interval",
  "max_delay",
  "max_backoff",
  "multiplier",
  "backoff_multiplier",
  "jitter",
  "retry_on",
  "conditions",
]);

export function lowerOnError(step: MapNode, report: Report, addField: AddField): MapNode {
  const onError = field(step, "on_error");
  if (onError === undefined) return step;
  const name = text(field(step, "name"));
  const form = onError.kind === "scalar" ? mapAt(onError.place, { action: onError }) : onError;
  if (form.kind !== "map") {
    report.add("field-type", { field: "on_error", expected: "an object", met: "a list" }, onError.place, name);
    return withFields(step, { on_error: undefined });
  }
  const found = lowered(form, report, name);
  let result = withFields(step, { on_error: undefined });
  for (const [target, value] of found) result = addField(result, target, { key: value.place, value }, report);
  return result;
}

function lowered(form: MapNode, report: Report, step: string | undefined): readonly [string, Node][] {
  const found: [string, Node][] = [];
  const action = text(field(form, "action"));
  if (form.entries.has("action") && (action === undefined || !ACTIONS.includes(action))) {
    const node = field(form, "action") as Node;
    report.add(
      "field-choice",
      { field: "action", choices: ACTIONS, met: action ?? "", nearest: null },
      node.place,
      step,
    );
  }
  const own = [...form.entries].filter(([name]) => RETRY_WORDS.has(name));
  if (action === "retry" && !form.entries.has("retry")) {
    found.push(["retry", { kind: "map", place: form.place, entries: new Map(own) }]);
  }
  if (action === "continue" && !form.entries.has("default_output")) {
    found.push(["default_output", mapAt(form.place, {})]);
  }
  for (const [name, entry] of form.entries) {
    const isRetryWord = action === "retry" && RETRY_WORDS.has(name);
    if (isRetryWord || name.startsWith("x-")) continue;
    if (PARTS.includes(name)) found.push(...part(name, entry));
    else
      report.add("field-unknown", { field: name, owner: "on_error", nearest: null, elsewhere: null }, entry.key, step);
  }
  return found;
}

function part(name: string, { value }: Entry): readonly [string, Node][] {
  switch (name) {
    case "retry":
    case "circuit_breaker":
    case "default_output":
      return [[name, value]];
    case "message":
      return [["failure_message", value]];
    case "fallback":
      return [[value.kind === "scalar" ? "fallback_step" : "fallback", value]];
    case "compensation":
      return [["on_failure", mapAt(value.place, { steps: stepsOf(value) })]];
    case "custom_handler":
      return [["on_failure", customHandler(value)]];
    default:
      return [];
  }
}

function stepsOf(node: Node): Node {
  const inner = field(node, "steps");
  if (inner !== undefined) return inner;
  return node.kind === "map" ? { kind: "list", place: node.place, items: [node] } : node;
}

/** `{condition, action}`, where the action is a step in short form. */
function customHandler(node: Node): Node {
  const action = field(node, "action") ?? field(node, "steps");
  if (node.kind !== "map" || action === undefined) return node;
  const condition = field(node, "condition") ?? field(node, "when");
  const step = action.kind === "scalar" ? mapAt(action.place, { type: scalarAt(action.place, action.value) }) : action;
  const steps: Node = step.kind === "list" ? step : { kind: "list", place: action.place, items: [step] };
  return mapAt(node.place, { when: condition, steps });
}
