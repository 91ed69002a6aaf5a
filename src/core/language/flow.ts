/**
 * How the steps of a workflow lead to one another: which are side steps, and which edges there are.
 *
 *     explicit edges (on_success, on_failure, depends_on) ──► side steps ──► implicit edges between main steps
 *
 * Names that lead nowhere are left out; `check/` reports them.
 */

import type { Edge, StepIndex } from "./definition.ts";
import type { Outline, OutlineScope, OutlineStep } from "./outline.ts";
import type { Node } from "./parse/node.ts";
import { field, items, text } from "./parse/node.ts";

export interface Flow {
  readonly isSide: readonly boolean[];
  readonly incoming: readonly (readonly Edge[])[];
  readonly success: readonly (readonly StepIndex[])[];
  /** The step to which the failure edge leads; null where there is none or the path is inline. */
  readonly failure: readonly (StepIndex | null)[];
  /** Steps that are called: by name as a fallback, a compensation or by a rule. */
  readonly isCalled: readonly boolean[];
  /** By scope: whether a failure leads to another step of it. */
  readonly hasFailureEdges: readonly boolean[];
  /** Higher than the ranks of all steps that lead to it, so that two numbers answer most questions of order. */
  readonly ranks: readonly number[];
}

export function createFlow(outline: Outline): Flow {
  const called = calledNames(outline);
  const isSide: boolean[] = outline.steps.map(() => false);
  const success: StepIndex[][] = outline.steps.map(() => []);
  const failure: (StepIndex | null)[] = outline.steps.map(() => null);
  for (const scope of outline.scopes) {
    for (const step of sideSteps(scope, called)) isSide[step.index] = true;
  }
  for (const scope of outline.scopes) {
    for (const edge of successEdges(scope, isSide)) success[edge.from.index]?.push(edge.to.index);
    const named = byName(scope);
    for (const step of scope.steps) failure[step.index] = failureTarget(step, named)?.index ?? null;
  }
  const incoming: Edge[][] = outline.steps.map(() => []);
  for (const { index } of outline.steps) {
    for (const target of success[index] ?? []) incoming[target]?.push({ from: index, on: "success" });
    const target = failure[index];
    if (target !== null && target !== undefined) incoming[target]?.push({ from: index, on: "failure" });
  }
  const isCalled = outline.steps.map((step) => called.has(step.name) || isInlineCompensation(step));
  const hasFailureEdges = outline.scopes.map((scope) => scope.steps.some(({ index }) => failure[index] !== null));
  const ranks = ranksOf(incoming, success, failure);
  return { isSide, incoming, success, failure, isCalled, hasFailureEdges, ranks };
}

/** Steps of a circle, which is an error, keep the rank 0. */
function ranksOf(
  incoming: readonly (readonly Edge[])[],
  success: readonly (readonly StepIndex[])[],
  failure: readonly (StepIndex | null)[],
): readonly number[] {
  const ranks = incoming.map(() => 0);
  const open = incoming.map((edges) => edges.length);
  const queue = open.flatMap((count, index) => (count === 0 ? [index] : []));
  for (const index of queue) {
    for (const next of [...(success[index] ?? []), failure[index] ?? -1]) {
      if (next < 0) continue;
      ranks[next] = Math.max(ranks[next] ?? 0, (ranks[index] ?? 0) + 1);
      open[next] = (open[next] ?? 0) - 1;
      if (open[next] === 0) queue.push(next);
    }
  }
  return ranks;
}

/** All steps that can be reached from `start` along edges, the start included, in the order of their indexes. */
export function reachableFrom(flow: Flow, start: StepIndex): readonly StepIndex[] {
  const reached = new Set([start]);
  for (const index of reached) {
    for (const next of flow.success[index] ?? []) reached.add(next);
    const failure = flow.failure[index];
    if (failure !== null && failure !== undefined) reached.add(failure);
  }
  return [...reached].sort((a, b) => a - b);
}

/** The names that a field holds, be it one or a list. */
export function namesIn(node: Node | undefined): readonly string[] {
  const one = text(node);
  return one === undefined ? items(node).flatMap((item) => text(item) ?? []) : [one];
}

// --- side steps ----------------------------------------------------------------------------------------------------

/** Names in `fallback_step`, `compensate`, error rules, error categories and `spec.fallback_step`, wherever they stand. */
function calledNames(outline: Outline): ReadonlySet<string> {
  const names = new Set(namesIn(field(outline.spec, "fallback_step")));
  for (const { node } of outline.steps) {
    for (const name of namesIn(field(node, "fallback_step"))) names.add(name);
    for (const name of namesIn(field(node, "compensate"))) names.add(name);
  }
  for (const rule of items(field(outline.spec, "error_handling"))) {
    const action = field(rule, "action");
    for (const name of namesIn(field(action, "step"))) names.add(name);
    for (const name of namesIn(field(action, "steps"))) names.add(name);
    for (const step of items(field(action, "steps"))) for (const name of namesIn(field(step, "name"))) names.add(name);
  }
  for (const category of items(field(field(outline.spec, "error_handling"), "error_categories"))) {
    for (const name of namesIn(field(category, "handler"))) names.add(name);
  }
  return names;
}

function isInlineCompensation(step: OutlineStep): boolean {
  return step.scope.kind === "called" && step.scope.name === "compensate";
}

/**
 * A side step is named by a failure edge, a fallback, a compensation or a rule, and by no success edge of a main step;
 * or it follows a side step in the list and only side steps name it.
 */
function sideSteps(scope: OutlineScope, called: ReadonlySet<string>): ReadonlySet<OutlineStep> {
  const named = byName(scope);
  const namesOf = (step: OutlineStep, name: string) =>
    namesIn(field(step.node, name)).flatMap((each) => named.get(each) ?? []);

  // An `on_failure` that names the very next step means "go on anyway" and makes no side step of it.
  const goesOnAnyway = (step: OutlineStep) => {
    const [target] = namesOf(step, "on_failure");
    return target?.position === step.position + 1 && !target.isOfRule;
  };
  const candidates = new Set(scope.steps.filter((step) => called.has(step.name) || isInlineCompensation(step)));
  for (const step of scope.steps) {
    if (!goesOnAnyway(step)) for (const target of namesOf(step, "on_failure")) candidates.add(target);
  }

  const presumedMain = scope.steps.filter((step) => !candidates.has(step));
  const ledToByMain = new Set(
    presumedMain.flatMap((step) => [...namesOf(step, "on_success"), ...namesOf(step, "depends_on")]),
  );
  for (const step of presumedMain) {
    if (goesOnAnyway(step)) for (const target of namesOf(step, "on_failure")) ledToByMain.add(target);
  }
  const side = new Set([...candidates].filter((step) => !ledToByMain.has(step)));

  const namedBy = new Map<OutlineStep, OutlineStep[]>();
  for (const step of scope.steps) {
    for (const name of ["on_success", "on_failure", "depends_on"]) {
      for (const target of namesOf(step, name)) namedBy.set(target, [...(namedBy.get(target) ?? []), step]);
    }
  }
  for (const step of scope.steps) {
    const before = scope.steps[step.position - 1];
    if (before === undefined || !side.has(before) || called.has(step.name)) continue;
    const namers = [...(namedBy.get(step) ?? []), ...namesOf(step, "depends_on")];
    if (namers.length > 0 && namers.every((namer) => side.has(namer))) side.add(step);
  }
  return side;
}

// --- edges ---------------------------------------------------------------------------------------------------------

interface SuccessEdge {
  readonly from: OutlineStep;
  readonly to: OutlineStep;
}

function successEdges(scope: OutlineScope, isSide: readonly boolean[]): readonly SuccessEdge[] {
  const edges: SuccessEdge[] = [];
  const named = byName(scope);
  const targets = (step: OutlineStep, name: string) =>
    new Set(namesIn(field(step.node, name)).flatMap((each) => named.get(each) ?? []));
  // A step that an error rule writes out has no place in the list: nothing follows it, and it follows nothing.
  const mains = scope.steps.filter((step) => isSide[step.index] === false && !step.isOfRule);
  const nextMain = new Map(mains.map((step, i) => [step, mains[i + 1]]));
  for (const step of scope.steps) {
    const next = nextMain.get(step);
    const implied = next === undefined ? [] : [next];
    for (const to of step.node.entries.has("on_success") ? targets(step, "on_success") : implied) {
      if (!to.node.entries.has("depends_on")) edges.push({ from: step, to });
    }
  }
  for (const step of scope.steps) {
    for (const from of targets(step, "depends_on")) edges.push({ from, to: step });
  }
  return edges;
}

function failureTarget(step: OutlineStep, named: ReadonlyMap<string, OutlineStep>): OutlineStep | undefined {
  const name = text(field(step.node, "on_failure"));
  return name === undefined ? undefined : named.get(name);
}

function byName(scope: OutlineScope): ReadonlyMap<string, OutlineStep> {
  const named = new Map<string, OutlineStep>();
  for (const step of scope.steps) if (step.name !== "" && !named.has(step.name)) named.set(step.name, step);
  return named;
}
