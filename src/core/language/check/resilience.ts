/** Fallbacks: a step has one at most, and whatever asks for one finds one. */

import { quote } from "../../base/text.ts";
import type { Outline, OutlineStep } from "../outline.ts";
import type { Node } from "../parse/node.ts";
import { field, items, text } from "../parse/node.ts";
import type { Report } from "../report.ts";

const FALLBACKS = ["fallback_step", "fallback", "default_output"];

export function checkResilience(outline: Outline, report: Report): void {
  const action = field(outline.spec, "timeout_action");
  if (action !== undefined && text(action) === "fallback" && field(outline.spec, "fallback_step") === undefined) {
    report.add("fallback-missing", { owner: "the workflow" }, action.place);
  }
  for (const step of outline.steps) checkStep(step, report);
  for (const category of items(field(field(outline.spec, "error_handling"), "error_categories"))) {
    checkCategory(category, report);
  }
  items(field(outline.spec, "error_handling")).forEach((rule, i) => {
    checkRule(rule, `error rule ${i + 1}`, report);
  });
}

/** What an action of a rule cannot do without. */
const NEEDS: ReadonlyMap<string, string> = new Map([["fallback", "step"]]);

function checkRule(rule: Node, owner: string, report: Report): void {
  const action = field(rule, "action");
  const needed = NEEDS.get(text(field(action, "type")) ?? "");
  if (action === undefined || needed === undefined || field(action, needed) !== undefined) return;
  report.add("field-missing", { field: needed, owner }, action.place);
}

/** A category without patterns fits nothing, and one that lets a step stand in has to say which. */
function checkCategory(category: Node, report: Report): void {
  const owner = `error category ${quote(text(field(category, "name")) ?? "")}`;
  const patterns = field(category, "patterns");
  if (patterns?.kind === "list" && patterns.items.length === 0) {
    report.add("field-missing", { field: "patterns", owner }, patterns.place);
  }
  const strategy = field(category, "strategy");
  if (strategy === undefined || text(strategy) !== "handler" || field(category, "handler") !== undefined) return;
  report.add("field-missing", { field: "handler", owner }, strategy.place);
}

function checkStep(step: OutlineStep, report: Report): void {
  const given = FALLBACKS.filter((name) => field(step.node, name) !== undefined);
  if (given.length > 1) {
    const place = step.node.entries.get(given[1] ?? "")?.key ?? step.node.place;
    report.add("fields-exclusive", { owner: `step ${quote(step.name)}`, fields: given }, place, step.name);
  }
  const action = field(step.node, "timeout_action");
  if (action !== undefined && text(action) === "fallback" && given.length === 0) {
    report.add("fallback-expected", { step: step.name }, action.place, step.name);
  }
}
