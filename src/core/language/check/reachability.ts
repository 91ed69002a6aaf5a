/** Steps that start by surprise, steps that nothing leads to, and side steps that stand in the way. All warnings. */

import type { Flow } from "../flow.ts";
import type { Outline, OutlineScope, OutlineStep } from "../outline.ts";
import { field } from "../parse/node.ts";
import type { Report } from "../report.ts";

export function checkReachability(outline: Outline, flow: Flow, report: Report): void {
  const isReached = reachedSteps(outline, flow);
  for (const scope of outline.scopes) {
    const mains = scope.steps.filter((step) => flow.isSide[step.index] === false && !step.isOfRule);
    checkSidePlaces(scope, mains.at(-1), flow, report);
    checkEntries(mains, flow, report);
    for (const step of scope.steps) {
      const owner = scope.owner;
      const isOwnersFault = owner !== null && !isReached.has(owner);
      if (!isReached.has(step) && !isOwnersFault)
        report.add("step-unreachable", { step: step.name }, placeOf(step), step.name);
    }
  }
}

function checkSidePlaces(scope: OutlineScope, lastMain: OutlineStep | undefined, flow: Flow, report: Report): void {
  if (lastMain === undefined) return;
  for (const step of scope.steps.slice(0, lastMain.position)) {
    if (flow.isSide[step.index] !== true) continue;
    const main = scope.steps.slice(step.position).find((each) => flow.isSide[each.index] === false) ?? lastMain;
    report.add("side-step-early", { step: step.name, main: main.name }, placeOf(step), step.name);
  }
}

function checkEntries(mains: readonly OutlineStep[], flow: Flow, report: Report): void {
  const [first, ...others] = mains;
  for (const step of others) {
    const isEntry = flow.incoming[step.index]?.length === 0;
    if (!isEntry || step.node.entries.has("depends_on") || first === undefined) continue;
    report.add("step-unled", { step: step.name, first: first.name }, placeOf(step), step.name);
  }
}

function placeOf(step: OutlineStep) {
  return field(step.node, "name")?.place ?? step.node.place;
}

/** Steps that can run, taking every condition to be able to go either way. */
function reachedSteps(outline: Outline, flow: Flow): ReadonlySet<OutlineStep> {
  const reached = new Set<OutlineStep>();
  for (const scope of outline.scopes) {
    const starts = scope.steps.filter(
      (step) => flow.incoming[step.index]?.length === 0 || flow.isCalled[step.index] === true,
    );
    const queue = [...starts];
    for (const step of queue) {
      if (reached.has(step)) continue;
      reached.add(step);
      for (const next of [...(flow.success[step.index] ?? []), flow.failure[step.index] ?? -1]) {
        const target = outline.steps[next];
        if (target !== undefined && !reached.has(target) && canBegin(target, reached, outline, flow))
          queue.push(target);
      }
    }
  }
  return reached;
}

function canBegin(step: OutlineStep, reached: ReadonlySet<OutlineStep>, outline: Outline, flow: Flow): boolean {
  const taken = (flow.incoming[step.index] ?? []).map(({ from, on }) => {
    const source = outline.steps[from];
    return source !== undefined && reached.has(source) && (on === "failure" || canComplete(source));
  });
  const needsAll = step.node.entries.has("depends_on") && !step.node.entries.has("join");
  return needsAll ? taken.every((each) => each) : taken.some((each) => each);
}

/** A `fail` or `return` without a condition is never followed by success. */
function canComplete(step: OutlineStep): boolean {
  return !["fail", "return"].includes(step.type) || step.node.entries.has("when");
}
