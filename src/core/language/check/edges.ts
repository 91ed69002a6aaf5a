/** Edges: none is given twice, none leads back, and steps that are called have none. */

import type { StepIndex } from "../definition.ts";
import type { Flow } from "../flow.ts";
import { namesIn } from "../flow.ts";
import type { Outline, OutlineStep } from "../outline.ts";
import { field, text } from "../parse/node.ts";
import type { Report } from "../report.ts";

export function checkEdges(outline: Outline, flow: Flow, report: Report): void {
  checkConflicts(outline, report);
  const edges = outline.steps.map(({ index }) => [...(flow.success[index] ?? []), ...toList(flow.failure[index])]);
  for (const cycle of cyclesOf(edges)) reportCycle("step-cycle", cycle, outline, report);
  const calls = outline.steps.map(({ node }) =>
    toList(outline.stepByName.get(text(field(node, "fallback_step")) ?? "")?.index),
  );
  for (const cycle of cyclesOf(calls)) reportCycle("call-cycle", cycle, outline, report);
  checkCalled(outline, flow, report);
}

function toList(index: StepIndex | null | undefined): readonly StepIndex[] {
  return index === null || index === undefined ? [] : [index];
}

/** `depends_on` says all incoming edges of a step, so that no other step may name it. */
function checkConflicts(outline: Outline, report: Report): void {
  for (const step of outline.steps) {
    for (const name of ["on_success", "on_failure"]) {
      const node = field(step.node, name);
      for (const target of namesIn(node)) {
        const to = outline.stepByName.get(target);
        if (to?.scope !== step.scope || !to.node.entries.has("depends_on") || node === undefined) continue;
        report.add("edge-twice", { from: step.name, to: target, field: name }, node.place, step.name);
      }
    }
  }
}

/** One cycle for each edge that leads back to a step on the way to it. Without recursion: lists can be long. */
function cyclesOf(edges: readonly (readonly StepIndex[])[]): readonly (readonly StepIndex[])[] {
  const cycles: StepIndex[][] = [];
  const state = new Map<StepIndex, "open" | "done">();
  for (let start = 0; start < edges.length; start++) {
    if (state.has(start)) continue;
    const path: { readonly step: StepIndex; next: number }[] = [{ step: start, next: 0 }];
    state.set(start, "open");
    while (path.length > 0) {
      const top = path[path.length - 1] as { readonly step: StepIndex; next: number };
      const target = edges[top.step]?.[top.next++];
      if (target === undefined) {
        state.set(top.step, "done");
        path.pop();
      } else if (state.get(target) === "open") {
        const from = path.findIndex((each) => each.step === target);
        cycles.push(path.slice(from).map((each) => each.step));
      } else if (!state.has(target)) {
        state.set(target, "open");
        path.push({ step: target, next: 0 });
      }
    }
  }
  return cycles;
}

/** A long circle is told by its beginning and its end. */
const CYCLE_SHOWN_MAX = 10;

function reportCycle(
  code: "step-cycle" | "call-cycle",
  cycle: readonly StepIndex[],
  outline: Outline,
  report: Report,
): void {
  const steps = cycle.map((index) => outline.steps[index] as OutlineStep);
  const [first] = steps;
  if (first === undefined) return;
  const names = [...steps, first].map((step) => step.name);
  const shown = names.length <= CYCLE_SHOWN_MAX ? names : [...names.slice(0, CYCLE_SHOWN_MAX - 2), "…", first.name];
  report.add(code, { steps: shown }, field(first.node, "name")?.place ?? first.node.place, first.name);
}

function checkCalled(outline: Outline, flow: Flow, report: Report): void {
  for (const step of outline.steps) {
    const isOnlyCalled = flow.isCalled[step.index] === true && flow.incoming[step.index]?.length === 0;
    if (!isOnlyCalled || flow.isSide[step.index] !== true) continue;
    for (const name of ["on_success", "on_failure", "depends_on"]) {
      const entry = step.node.entries.get(name);
      if (entry !== undefined) report.add("called-edges", { step: step.name, field: name }, entry.key, step.name);
    }
  }
}
