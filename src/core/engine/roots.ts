/**
 * What the names in an expression stand for, seen from one place of an execution.
 *
 *     extras (response, event, error, branches ...) ─► fixed roots (input, steps, context ...) ─► loop variables ─► steps
 *
 * Names are looked up from the scope outwards. Steps inside a container are found through it once it has ended; steps of a
 * loop body only from within their own iteration.
 */

import type { Json, JsonObject } from "../base/json.ts";
import type { Random } from "../base/random.ts";
import { type Instant, toRfc3339 } from "../base/time.ts";
import type { Definition, Step, StepIndex } from "../language/definition.ts";
import { type Budget, type EvaluationContext, OPERATIONS_MAX, View } from "../language/expressions/evaluation.ts";
import type { StepError } from "./error.ts";
import type { Execution, ScopeState, StepState } from "./execution.ts";
import { CALL_SCOPE, scopesIn } from "./execution.ts";
import { NamedStepView, StepRecordView } from "./views.ts";

export type Extras = Readonly<Record<string, Json>>;

/** What is looked at, and what evaluations may use besides; a decision is such a thing. */
export interface Seen {
  readonly definition: Definition;
  readonly execution: Execution;
  readonly now: Instant;
  readonly random: Random;
  readonly environment: ReadonlyMap<string, string>;
  readonly limits: { readonly payloadBytesMax: number };
}

export class Roots implements EvaluationContext {
  readonly now: Instant;
  readonly random: Random;
  readonly budget: Budget;
  private readonly definition: Definition;
  private readonly execution: Execution;
  private readonly scope: ScopeState;
  /** The step that looks; null where a list of steps does. */
  private readonly step: StepState | null;
  private readonly environment: ReadonlyMap<string, string>;
  /** Null where there are none: they are asked before every other root. */
  private readonly extras: Extras | null;
  private readonly ended: StepState | null;

  constructor(seen: Seen, from: StepState | ScopeState, extras?: Extras, ended?: StepState) {
    this.definition = seen.definition;
    this.execution = seen.execution;
    this.step = "scope" in from ? from : null;
    this.scope = "scope" in from ? from.scope : from;
    this.now = seen.now;
    this.random = seen.random;
    this.environment = seen.environment;
    this.extras = extras ?? null;
    this.ended = ended ?? null;
    this.budget = { operations: OPERATIONS_MAX, bytes: seen.limits.payloadBytesMax };
  }

  root(name: string): Json | View | undefined {
    const { extras } = this;
    if (extras !== null && Object.hasOwn(extras, name)) return extras[name];
    const { execution, definition } = this;
    switch (name) {
      case "input":
        return execution.input;
      case "steps":
        return new StepsView(definition, this.scope, this.ended);
      case "context":
        return new MapView(execution.variables);
      case "metadata":
        return execution.metadata;
      case "execution":
        return {
          id: execution.id,
          started_at: toRfc3339(execution.startedAt),
          duration: (this.now - execution.startedAt) / 1000,
        };
      case "workflow":
        return {
          name: definition.name,
          version: definition.version,
          labels: definition.labels,
          tags: definition.tags,
          owner: definition.owner,
        };
      case "conditions":
        return new ConditionsView(this.definition, this);
      case "env":
        return new MapView(this.environment);
      case "error":
        return this.error();
      default:
        return this.named(name);
    }
  }

  /** The failure that is being handled: by the path that the step is on, or by a list of steps around it. */
  private error(): Json | undefined {
    let step = this.step;
    for (let scope: ScopeState | null = this.scope; scope !== null; scope = scope.parent) {
      const error = step?.scope === scope ? handledBy(this.definition, step) : null;
      if (error !== null) return error as unknown as Json;
      if (scope.names?.has("error") === true) return scope.names.get("error");
      step = scope.owner;
    }
    return undefined;
  }

  whole(): Json {
    const roots: Record<string, Json> = {};
    for (const name of ["input", "steps", "context", "metadata", "execution", "workflow"])
      roots[name] = this.wholeOf(name);
    for (const step of visibleSteps(this.scope)) {
      roots[(this.definition.steps[step.index] as Step).name] = new NamedStepView(this.definition, step).whole();
    }
    for (let scope: ScopeState | null = this.scope; scope !== null; scope = scope.parent) {
      for (const [name, value] of scope.names ?? []) if (!Object.hasOwn(roots, name)) roots[name] = value;
    }
    return this.extras === null ? roots : { ...roots, ...this.extras };
  }

  private wholeOf(name: string): Json {
    const value = this.root(name);
    return value instanceof View ? value.whole() : (value ?? null);
  }

  private named(name: string): Json | View | undefined {
    for (let scope: ScopeState | null = this.scope; scope !== null; scope = scope.parent) {
      if (scope.names?.has(name) === true) return scope.names.get(name);
    }
    const index = this.definition.stepByName.get(name);
    if (index === undefined) return undefined;
    const step = asEnded(findStep(this.definition, this.scope, index), this.ended);
    return step === null ? null : new NamedStepView(this.definition, step);
  }
}

/** With what the step failed whose failure edge leads to this one, at once or over further side steps; the newest of several. */
function handledBy(definition: Definition, step: StepState): StepError | null {
  if (step.scope.index === CALL_SCOPE) return null;
  const { incoming, isSide } = definition.steps[step.index] as Step;
  let newest: StepState | null = null;
  for (const { from, on } of incoming) {
    const before = step.scope.steps[(definition.steps[from] as Step).position] as StepState;
    const isTaken = on === "failure" ? before.status === "failed" : isSide && ENDED_WELL.has(before.status);
    if (isTaken && (newest === null || before.endSeq > newest.endSeq)) newest = before;
  }
  return newest === null || newest.status === "failed" ? (newest?.error ?? null) : handledBy(definition, newest);
}

const ENDED_WELL: ReadonlySet<string> = new Set(["completed", "skipped", "compensated"]);

/** A step that is about to end is seen as if it had. */
function asEnded(step: StepState | null, ended: StepState | null): StepState | null {
  return ended !== null && step?.path === ended.path ? ended : step;
}

/** The step of that index as seen from `scope`; null where it did not run or may not be seen. */
export function findStep(definition: Definition, scope: ScopeState, index: StepIndex): StepState | null {
  const step = definition.steps[index] as Step;
  for (let outer: ScopeState | null = scope; outer !== null; outer = outer.parent) {
    if (outer.index === step.scope) return outer.steps[step.position] ?? null;
    if (outer.failurePath?.index === step.scope) return outer.failurePath.steps[step.position] ?? null;
  }
  const owner = definition.scopes[step.scope]?.owner ?? null;
  if (owner === null || (definition.steps[owner] as Step).spec.kind === "loop") return null;
  const container = findStep(definition, scope, owner);
  if (container === null) return null;
  const inside =
    scopesIn(container).find((inner) => inner.index === step.scope) ?? failurePathOf(container, step.scope);
  return inside?.steps[step.position] ?? null;
}

function failurePathOf(step: StepState, index: number): ScopeState | null {
  const path = step.scope.failurePath;
  return path !== null && path.index === index ? path : null;
}

function visibleSteps(scope: ScopeState): readonly StepState[] {
  const steps: StepState[] = [];
  for (let outer: ScopeState | null = scope; outer !== null; outer = outer.parent) {
    for (const step of outer.steps) if (step.status !== "pending") steps.push(step);
  }
  return steps;
}

/** `$.steps` */
class StepsView extends View {
  private readonly definition: Definition;
  private readonly scope: ScopeState;
  private readonly ended: StepState | null;

  constructor(definition: Definition, scope: ScopeState, ended: StepState | null) {
    super();
    this.definition = definition;
    this.scope = scope;
    this.ended = ended;
  }

  member(name: string): Json | View | undefined {
    const index = this.definition.stepByName.get(name);
    if (index === undefined) return undefined;
    const step = asEnded(findStep(this.definition, this.scope, index), this.ended);
    return step === null ? null : new StepRecordView(step);
  }

  whole(): JsonObject {
    const records: Record<string, Json> = {};
    for (const step of visibleSteps(this.scope)) {
      records[(this.definition.steps[step.index] as Step).name] = new StepRecordView(step).whole();
    }
    return records;
  }
}

class MapView extends View {
  private readonly values: ReadonlyMap<string, Json>;

  constructor(values: ReadonlyMap<string, Json>) {
    super();
    this.values = values;
  }

  member(name: string): Json | undefined {
    return this.values.get(name);
  }

  whole(): JsonObject {
    return Object.fromEntries(this.values);
  }
}

/** `$.conditions.NAME`: worked out when it is read, in the place that reads it. */
class ConditionsView extends View {
  private readonly definition: Definition;
  private readonly context: Roots;

  constructor(definition: Definition, context: Roots) {
    super();
    this.definition = definition;
    this.context = context;
  }

  member(name: string): Json | undefined {
    return this.definition.conditions.get(name)?.evaluate(this.context);
  }

  whole(): JsonObject {
    return Object.fromEntries(
      [...this.definition.conditions].map(([name, condition]) => [name, condition.evaluate(this.context)]),
    );
  }
}
