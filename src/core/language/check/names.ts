/** Names: of the workflow, its steps, branches, conditions, variables and included workflows. */

import type { Outline, OutlineStep } from "../outline.ts";
import type { Node } from "../parse/node.ts";
import { field, items, text } from "../parse/node.ts";
import { positionOf } from "../parse/source.ts";
import type { Report } from "../report.ts";
import { RESERVED_NAMES } from "../roots.ts";

const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/;
const WORKFLOW_NAME = /^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$/;
export function checkNames(outline: Outline, report: Report): void {
  checkMetadata(outline, report);
  checkSteps(outline, report);
  checkList(items(field(outline.spec, "conditions")), "name", "a condition", report);
  for (const include of items(field(outline.spec, "includes"))) {
    const alias = field(include, "alias");
    if (alias !== undefined) checkName(alias, "an included workflow", report);
  }
  checkUnique(
    items(field(outline.spec, "includes")).flatMap((each) => field(each, "alias") ?? field(each, "workflow") ?? []),
    "an included workflow",
    report,
  );
  const categories = items(field(field(outline.spec, "error_handling"), "error_categories"));
  checkUnique(
    categories.flatMap((each) => field(each, "name") ?? []),
    "an error category",
    report,
  );
  for (const step of outline.steps) checkNamesIn(step, outline, report);
}

function checkMetadata({ tree }: Outline, report: Report): void {
  const name = field(field(tree, "metadata"), "name");
  const written = text(name);
  if (name !== undefined && written !== undefined && !WORKFLOW_NAME.test(written)) {
    report.add("workflow-name-invalid", { name: written }, name.place);
  }
}

function checkSteps(outline: Outline, report: Report): void {
  const seen = new Map<string, Node>();
  for (const step of outline.steps) {
    const node = field(step.node, "name");
    if (node === undefined) continue;
    const before = seen.get(step.name);
    if (before === undefined) seen.set(step.name, node);
    else if (step.name !== "")
      report.add("name-twice", { what: "a step", name: step.name, line: lineOf(before) }, node.place, step.name);
    checkName(node, "a step", report, step.name);
  }
}

function checkNamesIn(step: OutlineStep, outline: Outline, report: Report): void {
  if (step.type === "parallel") checkList(items(field(step.node, "branches")), "name", "a branch", report, step.name);
  if (step.type === "loop") {
    for (const name of ["item_variable", "index_variable"]) {
      const node = field(step.node, name);
      if (node === undefined) continue;
      checkName(node, "a loop variable", report, step.name);
      checkVariable(node, outline, report, step.name);
    }
    checkDefaultVariables(step, outline, report);
  }
  for (const handler of step.type === "try" ? items(field(step.node, "catch")) : []) {
    const node = field(handler, "as");
    if (node === undefined || text(node) === "error") continue;
    checkName(node, "the caught error", report, step.name);
    checkVariable(node, outline, report, step.name);
  }
  const variables = step.type === "set" ? field(step.node, "variables") : undefined;
  for (const [name, entry] of variables?.kind === "map" ? variables.entries : []) {
    if (!NAME.test(name)) report.add("name-invalid", { what: "a variable", name }, entry.key, step.name);
  }
}

function checkVariable(node: Node, outline: Outline, report: Report, step: string): void {
  const variable = text(node) ?? "";
  if (outline.stepByName.has(variable)) report.add("variable-names-step", { variable }, node.place, step);
}

/** A variable that is not named is called `item` or `index`, which may be the name of a step. */
function checkDefaultVariables(loop: OutlineStep, outline: Outline, report: Report): void {
  const place = field(loop.node, "name")?.place ?? loop.node.place;
  for (const [name, variable] of [
    ["item_variable", "item"],
    ["index_variable", "index"],
  ] as const) {
    const isGiven = field(loop.node, name) !== undefined;
    if (!isGiven && outline.stepByName.has(variable)) report.add("variable-names-step", { variable }, place, loop.name);
  }
}

function checkList(list: readonly Node[], key: string, what: string, report: Report, step?: string): void {
  const names = list.flatMap((each) => field(each, key) ?? []);
  for (const node of names) checkName(node, what, report, step);
  checkUnique(names, what, report, step);
}

function checkName(node: Node, what: string, report: Report, step?: string): void {
  const name = text(node);
  if (name === undefined) return;
  if (RESERVED_NAMES.has(name)) report.add("name-reserved", { what, name }, node.place, step);
  else if (!NAME.test(name)) report.add("name-invalid", { what, name }, node.place, step);
}

function checkUnique(names: readonly Node[], what: string, report: Report, step?: string): void {
  const seen = new Map<string, Node>();
  for (const node of names) {
    const name = text(node);
    if (name === undefined) continue;
    const before = seen.get(name);
    if (before === undefined) seen.set(name, node);
    else report.add("name-twice", { what, name, line: lineOf(before) }, node.place, step);
  }
}

function lineOf(node: Node): number {
  return positionOf(node.place.source, node.place.start).line;
}
