/** What expressions read: roots that exist there, steps that exist, conditions that are defined, no secrets astray. */

import { quote } from "../../base/text.ts";
import type { PlacedReference, Reference } from "../expressions/expression.ts";
import type { Flow } from "../flow.ts";
import type { Outline, OutlineStep } from "../outline.ts";
import type { Place } from "../parse/node.ts";
import { descend, field, items, text } from "../parse/node.ts";
import type { Reading } from "../parts.ts";
import type { Report } from "../report.ts";
import { COMMON_ROOTS, loopVariables, OUTPUT_ROOTS } from "../roots.ts";
import { STEP_TYPES } from "../step-fields.ts";
import { placeIn } from "./leaves.ts";
import { nearestTo } from "./nearest.ts";
import { checkOrder } from "./order.ts";
import { pathTo } from "./scopes.ts";

/** Parts of a workflow whose expressions see something else than an execution. */
const FOREIGN_FIELDS = new Set(["triggers", "monitoring", "notifications"]);

export function checkRoots(outline: Outline, flow: Flow, readings: readonly Reading[], report: Report): void {
  const conditions = items(field(outline.spec, "conditions")).flatMap((each) => text(field(each, "name")) ?? []);
  for (const reading of readings) {
    checkSecrets(reading, report);
    if (reading.step === null && FOREIGN_FIELDS.has(reading.fields[1] ?? "")) continue;
    const local = localRoots(reading, outline, flow);
    for (const reference of reading.references) {
      const place = placeOf(reading, reference);
      checkReference(reference, place, { reading, local, outline, flow, conditions, report });
    }
  }
}

interface Context {
  readonly reading: Reading;
  readonly local: ReadonlySet<string>;
  readonly outline: Outline;
  readonly flow: Flow;
  readonly conditions: readonly string[];
  readonly report: Report;
}

function checkReference(reference: Reference, place: Place, context: Context): void {
  const { reading, local, outline, report, conditions } = context;
  const { root, path } = reference;
  const [member = "*"] = path;
  const step = reading.step?.name;
  if (root === "*" || local.has(root)) return;
  if (root === "steps") {
    if (member !== "*" && member !== "**") checkStepRead(member, "steps", place, context);
  } else if (root === "conditions") {
    if (member === "*" || member === "**" || conditions.includes(member)) return;
    report.add(
      "condition-unknown",
      { name: member, nearest: nearestTo(member, () => conditions, report) },
      place,
      step,
    );
  } else if (COMMON_ROOTS.includes(root)) {
    return;
  } else if (root === "secrets") {
    report.add("secret-forbidden", { field: reading.fields.at(-1) ?? "", name: `secrets.${member}` }, place, step);
  } else if (outline.stepByName.has(root)) {
    checkStepRead(root, "", place, context);
  } else if (root === "error" || OUTPUT_ROOTS.has(root)) {
    report.add("root-elsewhere", { root, where: whereOf(root) }, place, step);
  } else {
    const known = () => [...COMMON_ROOTS, ...local, ...outline.stepByName.keys()];
    report.add("root-unknown", { root, nearest: nearestTo(root, known, report) }, place, step);
  }
}

function checkStepRead(name: string, root: string, place: Place, context: Context): void {
  const { reading, outline, flow, report } = context;
  const target = outline.stepByName.get(name);
  if (target !== undefined) return checkOrder(reading, target, place, flow, report);
  const owner = reading.step === null ? "the workflow" : `step ${quote(reading.step.name)}`;
  const facts = {
    owner,
    field: reading.fields.at(-1) ?? root,
    name,
    nearest: nearestTo(name, () => outline.stepByName.keys(), report),
  };
  report.add("step-unknown", facts, place, reading.step?.name);
}

function whereOf(root: string): string {
  if (root === "error") return "where a failure is handled";
  const types = OUTPUT_ROOTS.get(root) ?? null;
  return types === null ? "in the output of a step" : `in the output of a step of type ${types.join(" or ")}`;
}

/** The roots that are there besides the common ones: loop variables, errors and results. */
function localRoots(reading: Reading, outline: Outline, flow: Flow): ReadonlySet<string> {
  const roots = new Set<string>();
  const { step } = reading;
  const [top, inner] = reading.fields;
  if (step === null) {
    if (inner === "error_handling" || inner === "retry_policy") roots.add("error");
    // A named condition is evaluated where it is used, so that it may read what is there.
    if (inner === "conditions") for (const each of outline.steps) addLoopVariables(each, roots);
    return roots;
  }
  for (const each of pathTo(step)) addScopeRoots(each, flow, roots);
  if (top === "output" && step.type !== "return") {
    for (const [root, types] of OUTPUT_ROOTS) if (types === null || types.includes(step.type)) roots.add(root);
  }
  if (top === "filter" && step.type === "wait_for_event") roots.add("event");
  if (top === "while") addLoopVariables(step, roots);
  if (["retry", "fallback", "on_failure", "failure_message", "catch", "default_output"].includes(top ?? ""))
    roots.add("error");
  for (const handler of top === "catch" ? items(field(step.node, "catch")) : []) {
    const name = text(field(handler, "as"));
    if (name !== undefined) roots.add(name);
  }
  return roots;
}

function addLoopVariables(step: OutlineStep, roots: Set<string>): void {
  if (step.type !== "loop") return;
  const { item, index } = loopVariables(step);
  roots.add(item).add(index);
}

/** What a step sees because of the scope that it is in and of the edges that lead to it. */
function addScopeRoots(step: OutlineStep, flow: Flow, roots: Set<string>): void {
  const { scope } = step;
  if (scope.kind === "body" && scope.owner !== null) addLoopVariables(scope.owner, roots);
  const isAfterFailure = flow.hasFailureEdges[scope.index] === true;
  const isHandler = ["catch", "failure", "called", "finally"].includes(scope.kind);
  if (isHandler || isAfterFailure || flow.isSide[step.index] === true) roots.add("error");
  if (scope.kind !== "catch" || scope.owner === null) return;
  for (const handler of items(field(scope.owner.node, "catch"))) {
    const name = text(field(handler, "as"));
    if (name !== undefined && field(handler, "steps")?.place === scope.place) roots.add(name);
  }
}

function checkSecrets(reading: Reading, report: Report): void {
  const { step, fields } = reading;
  if (step === null && fields[1] === "notifications") return;
  const type = STEP_TYPES.get(step?.type ?? "");
  const isOwnField = type?.fields.some((each) => each.name === fields[0]) === true;
  if (type?.mayNameSecrets === true && (isOwnField || fields[0] === "input")) return;
  for (const { at, names } of reading.secrets) {
    const node = descend(reading.node, at);
    const facts = { field: fields.at(-1) ?? "", name: `secrets.${names[0] ?? ""}` };
    report.add("secret-forbidden", facts, node.place, step?.name);
  }
}

function placeOf(reading: Reading, reference: Reference | PlacedReference): Place {
  const node = "at" in reference ? descend(reading.node, reference.at) : reading.node;
  return placeIn(node, reference.offset);
}
