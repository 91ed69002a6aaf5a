/**
 * Steps read steps that can have run by then. Anything else gives null when it runs, which is a warning.
 *
 *     later    the read step comes after the reader, or is on another way than the reader
 *     hidden   the read step is in a loop body or in a branch beside
 */

import { quote } from "../../base/text.ts";
import type { Flow } from "../flow.ts";
import { reachableFrom } from "../flow.ts";
import type { OutlineStep } from "../outline.ts";
import type { Place } from "../parse/node.ts";
import type { Reading } from "../parts.ts";
import type { Report } from "../report.ts";
import { relate } from "./scopes.ts";

/** Fields that are read before the step has done anything. */
const EARLY_FIELDS = new Set(["input", "when", "condition", "cases", "iterate_over", "times", "branches"]);

export function checkOrder(reading: Reading, target: OutlineStep, place: Place, flow: Flow, report: Report): void {
  const found = verdict(reading, target, flow);
  if (found === null) return;
  const { step } = reading;
  const reader = step === null ? "the workflow" : `step ${quote(step.name)}`;
  if (found === "later") report.add("step-later", { reader, name: target.name }, place, step?.name);
  else report.add("step-hidden", { reader, name: target.name, why: found.why }, place, step?.name);
}

type Verdict = null | "later" | { readonly why: string };

const IN_LOOP: Verdict = { why: "in the body of a loop" };
const BESIDE: Verdict = { why: "in a branch that runs beside it" };

function verdict(reading: Reading, target: OutlineStep, flow: Flow): Verdict {
  const { step } = reading;
  if (step === null) return target.scope.index !== 0 && isInLoop(target) ? IN_LOOP : null;
  if (step === target) return EARLY_FIELDS.has(reading.fields[0] ?? "") ? "later" : null;
  const relation = relate(step, target);
  if (relation === null) return null;
  if (relation.targetScopes.some((scope) => scope.kind === "body")) return IN_LOOP;
  if (relation.reader === relation.target) return within(reading, relation, flow);
  const isCalledLate = [...relation.readerScopes, relation.scope].some((scope) =>
    ["called", "failure"].includes(scope.kind),
  );
  const isSide = flow.isSide[relation.reader.index] === true || flow.isCalled[relation.target.index] === true;
  if (isCalledLate || isSide) return null;
  return comesAfter(relation.target, relation.reader, flow) ? "later" : null;
}

function isInLoop(step: OutlineStep): boolean {
  for (let each: OutlineStep | null = step; each !== null; each = each.scope.owner) {
    if (each.scope.kind === "body") return true;
  }
  return false;
}

/** Both are in one container, or one of them is the container of the other. */
function within(reading: Reading, relation: NonNullable<ReturnType<typeof relate>>, flow: Flow): Verdict {
  const reader = relation.readerScopes[0];
  const target = relation.targetScopes[0];
  // The container reads a step of its own, which has run when its output is picked.
  if (reader === undefined) return EARLY_FIELDS.has(reading.fields[0] ?? "") ? "later" : null;
  const isHandler = ["called", "failure"].includes(reader.kind);
  // A step reads the container that it is in, which has no output yet.
  if (target === undefined) return isHandler || flow.isSide[relation.reader.index] === true ? null : "later";
  if (isHandler) return null;
  if (reader.kind === "branch" && target.kind === "branch") return BESIDE;
  if (reader.kind === "catch" && target.kind === "try") return null;
  if (reader.kind === "finally" && ["try", "catch"].includes(target.kind)) return null;
  return "later";
}

/** Whether edges lead from `reader` to `target`. */
function comesAfter(target: OutlineStep, reader: OutlineStep, flow: Flow): boolean {
  if ((flow.ranks[target.index] ?? 0) <= (flow.ranks[reader.index] ?? 0)) return false;
  return reachableFrom(flow, reader.index).includes(target.index);
}
