/**
 * Valid workflows by chance: makes one of any plan, leaving out what would be refused (a cycle, a step with `depends_on`
 * that somebody else names as well). So every plan is a valid document, and a smaller plan a smaller document.
 */

import fc from "fast-check";
import { defined } from "../../src/core/base/bug.ts";
import { failureTarget, hasCycle, toGraph } from "./graph.ts";
import { DECLARED, type Plan, plans, sometimes, TEMPORARY } from "./plan.ts";
import type { Action, LoopSource, Retry, Step, Workflow } from "./workflow.ts";

/** What a plan has beyond is left out, save the first step of each list that has begun. */
const STEPS_MAX = 34;

/** All delays of a workflow differ by more than its run has moves, so no two timers end together by accident. */
const DELAY_MS = 10_000;

export function workflows(): fc.Arbitrary<Workflow> {
  return fc
    .record({ plans: plans(), showsStatuses: fc.boolean(), cancelAfter: sometimes(1, 8, fc.nat(12)) })
    .map(({ plans, ...rest }) => ({ name: "generated", steps: build(plans), ...rest }));
}

/** Of the branches of a parallel step; a number never asks for more than there are. */
const JOINS = [null, null, "all", "any", 1, 2] as const;

/** What a catch asks for; none is any. */
const CAUGHT = [
  [],
  ["DECLARED_A"],
  ["TEMPORARY_A"],
  [],
  ["TEMPORARY_B", "FINAL_A"],
  ["ITERATION_LIMIT", "FINAL_B"],
] as const;

interface Place {
  /** Shared by the whole workflow. */
  readonly count: { steps: number };
  /** Not below a `finally`: no rule says what a `return` means there while everything else winds up. */
  readonly mayReturn: boolean;
}

function build(plans: readonly Plan[]): readonly Step[] {
  return buildList(plans, { count: { steps: 0 }, mayReturn: true });
}

function buildList(plans: readonly Plan[], place: Place, first: readonly Step[] = []): readonly Step[] {
  let steps = first;
  for (const plan of plans) {
    if (place.count.steps >= STEPS_MAX && steps.length > 0) break;
    steps = [...steps, buildStep(plan, place)];
  }
  plans.slice(0, steps.length - first.length).forEach((plan, i) => {
    steps = addEdges(steps, first.length + i, plan);
  });
  return steps;
}

function buildStep(plan: Plan, place: Place): Step {
  place.count.steps += 1;
  const number = place.count.steps;
  const action = buildAction(plan, number, place);
  const isEnd = action.type === "fail" || action.type === "return";
  return {
    name: `s${number}`,
    action,
    onSuccess: null,
    onFailure:
      !isEnd && plan.failure !== null && "steps" in plan.failure
        ? { steps: buildList(plan.failure.steps, place) }
        : null,
    dependsOn: null,
    // On a parallel step the field is about its branches.
    join: action.type === "parallel" ? null : plan.join,
    when: plan.when,
    retry: isEnd ? null : buildRetry(plan, action, number),
  };
}

/** A container says which codes it retries; a function may leave that to its executor. Nothing else ever fails. */
function buildRetry(plan: Plan, action: Action, number: number): Retry | null {
  if (plan.attemptsMax === null || ["set", "transform", "wait", "wait_for_event"].includes(action.type)) return null;
  const isOpen = action.type === "function" && choose(plan, 3, 2) === 0;
  return {
    attemptsMax: plan.attemptsMax,
    delayMs: number * DELAY_MS,
    codes: isOpen ? null : TEMPORARY.slice(choose(plan, 3, 2)),
  };
}

function buildAction(plan: Plan, number: number, place: Place): Action {
  const lists = plan.lists;
  const list = (i: number) => buildList(lists[i] ?? [], place);
  const listOrNull = (i: number) => (lists[i] === undefined ? null : list(i));
  const failFast = [null, true, false, false][choose(plan, 0, 4)] ?? null;
  switch (plan.type) {
    case "function":
      return { type: "function", answers: plan.answers };
    case "set":
      return { type: "set", counter: "any" };
    case "wait":
      return { type: "wait", durationMs: number * DELAY_MS + DELAY_MS / 2 };
    case "fail":
      return { type: "fail", code: DECLARED[choose(plan, 0, 2)] ?? DECLARED[0] };
    case "return":
      return place.mayReturn ? { type: "return" } : { type: "transform" };
    case "transform":
    case "wait_for_event":
      return { type: plan.type };
    case "condition":
      return { type: "condition", holds: choose(plan, 0, 3) > 0, whenTrue: list(0), whenFalse: listOrNull(1) };
    case "switch": {
      const chosen = choose(plan, 0, 3);
      const cases = lists.slice(0, 2).map((_, i) => list(i));
      return { type: "switch", chosen: chosen < cases.length ? chosen : null, cases, default: listOrNull(2) };
    }
    case "parallel":
      return {
        type: "parallel",
        branches: lists.map((_, i) => ({ name: `b${i + 1}`, steps: list(i) })),
        join: buildJoin(plan),
        failFast,
        concurrencyMax: [null, null, 1, 2][choose(plan, 2, 4)] ?? null,
      };
    case "loop":
      return buildLoop(plan, number, place, failFast);
    case "try":
      return buildTry(plan, number, place);
  }
}

/** The language asks for a handler: a body alone becomes a condition. The last list is a catch or the finally. */
function buildTry(plan: Plan, number: number, place: Place): Action {
  const [body, ...handlers] = plan.lists;
  if (body === undefined || handlers.length === 0) return buildAction({ ...plan, type: "condition" }, number, place);
  const last = choose(plan, 0, 3) > 0 ? handlers.at(-1) : undefined;
  return {
    type: "try",
    steps: buildList(body, place),
    catches: (last === undefined ? handlers : handlers.slice(0, -1)).map((handler, i) => ({
      codes: catchCodes(plan, i),
      steps: buildList(handler, place),
    })),
    finally: last === undefined ? null : buildList(last, { ...place, mayReturn: false }),
  };
}

function catchCodes(plan: Plan, place: number): readonly string[] {
  return CAUGHT[(choose(plan, 1, CAUGHT.length) + place) % CAUGHT.length] ?? [];
}

function buildJoin(plan: Plan): "all" | "any" | number | null {
  const join = JOINS[choose(plan, 1, JOINS.length)] ?? null;
  return typeof join === "number" ? Math.min(join, plan.lists.length) : join;
}

function buildLoop(plan: Plan, number: number, place: Place, failFast: boolean | null): Action {
  const counter = `count_s${number}`;
  const count = choose(plan, 1, 4);
  const sources: readonly LoopSource[] = [
    { kind: "each", items: count, chunkSize: null },
    { kind: "each", items: 2 * count, chunkSize: 2 },
    { kind: "times", times: count },
    { kind: "while", counter, below: count, iterationsMax: 1 + choose(plan, 3, 4) },
  ];
  const over = defined(sources[choose(plan, 2, sources.length)], "one of the sources");
  // The counting step stands first; where the rest of the plan cuts it off, the limit of iterations ends the loop.
  const counting: Step = { ...buildStep({ ...plan, type: "set", failure: null }, place), join: null, when: null };
  const isWhile = over.kind === "while";
  return {
    type: "loop",
    over,
    concurrencyMax: isWhile ? 1 : ([1, 1, 2, null][choose(plan, 3, 4)] ?? null),
    failFast,
    steps: buildList(plan.lists[0] ?? [], place, isWhile ? [{ ...counting, action: { type: "set", counter } }] : []),
  };
}

/** Adds what the plan says about the step's edges, one after the other, each only if the list stays valid. */
function addEdges(steps: readonly Step[], i: number, plan: Plan): readonly Step[] {
  const names = (distances: readonly number[]) => [
    ...new Set(distances.flatMap((distance) => nameAt(steps, i, distance))),
  ];
  const isEnd = steps[i]?.action.type === "fail" || steps[i]?.action.type === "return";
  const changes: readonly Partial<Step>[] = [
    ...(plan.depends === null ? [] : [{ dependsOn: names(plan.depends) }]),
    ...(plan.success === null ? [] : [{ onSuccess: names(plan.success) }]),
    ...(plan.failure === null || "steps" in plan.failure || isEnd
      ? []
      : names([plan.failure.distance]).map((step) => ({ onFailure: { step } }))),
  ];
  return changes.reduce<readonly Step[]>((before, change) => {
    const after = before.map((step, j) => (i === j ? { ...step, ...change } : step));
    return isValid(after) ? after : before;
  }, steps);
}

/** Most distances lead forwards; the step itself is no target. */
function nameAt(steps: readonly Step[], i: number, distance: number): readonly string[] {
  const target = steps[(i + 1 + distance) % steps.length];
  return target === undefined || target === steps[i] ? [] : [target.name];
}

function isValid(steps: readonly Step[]): boolean {
  const handlers = new Set(steps.flatMap((step) => failureTarget(step) ?? []));
  const isNamedTwice = steps.some(
    (step) =>
      step.dependsOn !== null &&
      (handlers.has(step.name) || steps.some((other) => other.onSuccess?.includes(step.name))),
  );
  // Rule 3 does not say whether "go on anyway" means anything where the step that says it is a handler itself.
  const isOpen = steps.some((step, i) => handlers.has(step.name) && failureTarget(step) === steps[i + 1]?.name);
  return !isNamedTwice && !isOpen && !hasCycle(toGraph(steps));
}

function choose(plan: Plan, index: number, count: number): number {
  return (plan.choices[index] ?? 0) % count;
}
