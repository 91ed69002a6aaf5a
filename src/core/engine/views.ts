/** What expressions see of steps, branches and iterations. Members are worked out only when they are read. */

import type { Json, JsonObject } from "../base/json.ts";
import { isObject, member } from "../base/json.ts";
import { toRfc3339 } from "../base/time.ts";
import type { Definition, Step } from "../language/definition.ts";
import { View } from "../language/expressions/evaluation.ts";
import type { StepError } from "./error.ts";
import { isOpen, type LoopInner, type ScopeState, type StepState } from "./execution.ts";

/** `$.NAME`: the fields of the step's output, and its own `status`, `error`, `attempts`, `branches` and `iterations`. */
export class NamedStepView extends View {
  private readonly definition: Definition;
  private readonly step: StepState;

  constructor(definition: Definition, step: StepState) {
    super();
    this.definition = definition;
    this.step = step;
  }

  member(name: string): Json | undefined {
    switch (name) {
      case "status":
        return this.step.status;
      case "error":
        return toJson(this.step.error);
      case "attempts":
        return this.step.attempt;
      case "branches":
        if (this.step.inner?.kind === "parallel") return branchesOf(this.definition, this.step);
        break;
      case "iterations":
        if (this.step.inner?.kind === "loop") return iterationsOf(this.definition, this.step);
        break;
    }
    return isObject(this.step.output) ? member(this.step.output, name) : undefined;
  }

  whole(): JsonObject {
    const output = isObject(this.step.output) ? this.step.output : {};
    return { ...output, status: this.step.status, error: toJson(this.step.error), attempts: this.step.attempt };
  }
}

/** `$.steps.NAME` */
export class StepRecordView extends View {
  private readonly step: StepState;

  constructor(step: StepState) {
    super();
    this.step = step;
  }

  member(name: string): Json | undefined {
    switch (name) {
      case "output":
        return this.step.output;
      case "status":
        return this.step.status;
      case "error":
        return toJson(this.step.error);
      case "attempts":
        return this.step.attempt;
      case "started_at":
        return this.step.startedAt === null ? null : toRfc3339(this.step.startedAt);
      case "finished_at":
        return this.step.finishedAt === null ? null : toRfc3339(this.step.finishedAt);
      default:
        return undefined;
    }
  }

  whole(): JsonObject {
    return recordOf(this.step);
  }
}

export function recordOf(step: StepState): JsonObject {
  return {
    output: step.output,
    status: step.status,
    error: toJson(step.error),
    attempts: step.attempt,
    started_at: step.startedAt === null ? null : toRfc3339(step.startedAt),
    finished_at: step.finishedAt === null ? null : toRfc3339(step.finishedAt),
  };
}

/** `branches`: by name `{status, error, steps}` and the outputs of the branch's steps, merged in the order of their ends. */
export function branchesOf(definition: Definition, step: StepState): JsonObject {
  const { spec } = definition.steps[step.index] as Step;
  const { inner } = step;
  if (spec.kind !== "parallel" || inner?.kind !== "parallel") return {};
  const branches: Record<string, Json> = {};
  spec.branches.forEach((index, place) => {
    const name = definition.scopes[index]?.name ?? String(place);
    const scope = inner.branches[place] ?? null;
    branches[name] = scope === null ? { status: "cancelled", error: null, steps: {} } : branchOf(definition, scope);
  });
  return branches;
}

function branchOf(definition: Definition, scope: ScopeState): JsonObject {
  const fields: Record<string, Json> = {};
  for (const step of inOrderOfEnds(scope)) {
    if (step.status === "completed" && isObject(step.output)) Object.assign(fields, step.output);
  }
  return {
    ...fields,
    status: scope.outcome ?? "running",
    error: toJson(scope.error),
    steps: stepsOf(definition, scope, "all"),
  };
}

/** What was read of loops that have ended: a later loop may read it again in each of its iterations. */
const readBefore = new WeakMap<LoopInner, { readonly endSeq: number; readonly iterations: readonly Json[] }>();

/** `iterations`: what is kept of the finished ones and all of those that are there, by their numbers. */
export function iterationsOf(definition: Definition, step: StepState): readonly Json[] {
  const { inner, endSeq } = step;
  if (inner?.kind !== "loop" || step.finishedAt === null || isOpen(step)) return readIterations(definition, step);
  const known = readBefore.get(inner);
  if (known?.endSeq === endSeq) return known.iterations;
  const iterations = readIterations(definition, step);
  readBefore.set(inner, { endSeq, iterations });
  return iterations;
}

function readIterations(definition: Definition, step: StepState): readonly Json[] {
  const { spec } = definition.steps[step.index] as Step;
  const { inner } = step;
  if (spec.kind !== "loop" || inner?.kind !== "loop") return [];
  const running = [...inner.running].map(([index, scope]) => ({
    index,
    status: scope.outcome ?? "running",
    error: toJson(scope.error),
    steps: stepsOf(definition, scope, spec.keeps === "nothing" ? [] : spec.keeps),
  }));
  const finished = [...inner.kept.values()].map((kept) => ({ ...kept, error: toJson(kept.error) }));
  return [...finished, ...running].sort((a, b) => a.index - b.index);
}

export function iterationStepsKept(definition: Definition, scope: ScopeState, keeps: LoopKeeps): JsonObject {
  return keeps === "nothing" ? {} : stepsOf(definition, scope, keeps);
}

type LoopKeeps = "nothing" | "all" | readonly string[];

function stepsOf(definition: Definition, scope: ScopeState, names: "all" | readonly string[]): JsonObject {
  const records: Record<string, Json> = {};
  for (const step of scope.steps) {
    const { name } = definition.steps[step.index] as Step;
    if (step.status === "pending" || (names !== "all" && !names.includes(name))) continue;
    records[name] = recordOf(step);
  }
  return records;
}

/** How many iterations of a loop have ended. */
export function countOf(inner: LoopInner): number {
  return inner.completed + inner.failed + inner.cancelled;
}

export function inOrderOfEnds(scope: ScopeState): readonly StepState[] {
  return scope.steps.filter((step) => step.endSeq > 0).sort((a, b) => a.endSeq - b.endSeq);
}

export function toJson(error: StepError | null): Json {
  return error as unknown as Json;
}
