/** Every name of a step has to be that of a step which can be reached from there. */

import { quote } from "../../base/text.ts";
import type { Outline, OutlineScope, OutlineStep } from "../outline.ts";
import type { Node } from "../parse/node.ts";
import { field, items, text } from "../parse/node.ts";
import type { Report } from "../report.ts";
import { nearestTo } from "./nearest.ts";

/** Edges join steps of one scope. */
const EDGE_FIELDS = ["on_success", "on_failure", "depends_on"];
/** A step that is called may also stand in a list around. */
const CALL_FIELDS = ["fallback_step", "compensate"];

export function checkReferences(outline: Outline, report: Report): void {
  for (const step of outline.steps) {
    const owner = `step ${quote(step.name)}`;
    const own = new Set([step.scope]);
    for (const name of EDGE_FIELDS)
      checkField(field(step.node, name), { owner, field: name, scopes: own, step }, outline, report);
    const around = new Set(scopesAround(step));
    for (const name of CALL_FIELDS)
      checkField(field(step.node, name), { owner, field: name, scopes: around, step }, outline, report);
  }
  const root = new Set(outline.scopes.slice(0, 1));
  const ofWorkflow = { owner: "the workflow", scopes: root, step: null };
  checkField(field(outline.spec, "fallback_step"), { ...ofWorkflow, field: "fallback_step" }, outline, report);
  items(field(outline.spec, "error_handling")).forEach((rule, i) => {
    const owner = `error rule ${i + 1}`;
    const action = field(rule, "action");
    for (const name of ["step", "steps"]) {
      checkField(field(action, name), { ...ofWorkflow, owner, field: name }, outline, report);
    }
  });
  for (const category of items(field(field(outline.spec, "error_handling"), "error_categories"))) {
    const owner = `error category ${quote(text(field(category, "name")) ?? "")}`;
    const handler = field(category, "handler");
    if (text(handler) !== undefined) checkField(handler, { ...ofWorkflow, owner, field: "handler" }, outline, report);
  }
}

interface Referrer {
  readonly owner: string;
  readonly field: string;
  readonly scopes: ReadonlySet<OutlineScope>;
  readonly step: OutlineStep | null;
}

function checkField(node: Node | undefined, from: Referrer, outline: Outline, report: Report): void {
  for (const each of node?.kind === "list" ? node.items : node === undefined ? [] : [node]) {
    const name = text(each);
    if (name === undefined) continue;
    const target = outline.stepByName.get(name);
    const facts = { owner: from.owner, field: from.field, name };
    if (target === undefined) {
      const others = () => namesIn(from.scopes).filter((each) => each !== from.step?.name);
      const near = nearestTo(name, others, report);
      report.add("step-unknown", { ...facts, nearest: near }, each.place, from.step?.name);
    } else if (!from.scopes.has(target.scope)) {
      report.add("step-elsewhere", facts, each.place, from.step?.name);
    }
  }
}

function namesIn(scopes: ReadonlySet<OutlineScope>): readonly string[] {
  return [...scopes].flatMap((scope) => scope.steps.map((step) => step.name));
}

/** The step's own scope and those around it, from the inside out. */
export function scopesAround(step: OutlineStep): readonly OutlineScope[] {
  const scopes: OutlineScope[] = [];
  for (let scope: OutlineScope | undefined = step.scope; scope !== undefined; scope = scope.owner?.scope)
    scopes.push(scope);
  return scopes;
}
