/** Making scopes and letting go of them, and what an end of a step means for the steps behind it. */

import type { Json } from "../base/json.ts";
import type { Definition, ScopeIndex, Step, StepIndex } from "../language/definition.ts";
import type { StepError } from "./error.ts";
import {
  CALL_SCOPE,
  type CallRole,
  type Execution,
  isOpen,
  type ScopeState,
  type StepState,
  scopesIn,
} from "./execution.ts";

export function createScope(definition: Definition, execution: Execution, place: ScopePlace): ScopeState {
  const scope = createEmptyScope(place);
  for (const index of (definition.scopes[place.index] as { steps: readonly number[] }).steps) {
    const step = definition.steps[index] as Step;
    const state = createStep(execution, index, place.prefix + step.name, scope);
    scope.steps.push(state);
    execution.steps.set(state.path, state);
    if (isEntry(step)) markReady(scope, state, "run");
  }
  execution.agenda.addScope(scope);
  return scope;
}

/** A scope for one step that is called by name, at a path of its own. Its edges are not followed. */
export function createCall(
  execution: Execution,
  call: {
    role: CallRole;
    step: StepIndex;
    owner: StepState | null;
    names?: ReadonlyMap<string, Json>;
    path?: string;
  },
): ScopeState {
  const { role, step, owner, names } = call;
  const path = call.path ?? `${owner?.path ?? ""}:${role}`;
  const scope = createEmptyScope({
    index: CALL_SCOPE,
    prefix: `${path}.`,
    owner,
    role,
    ...(owner === null && execution.root !== null ? { parent: execution.root } : {}),
    ...(names === undefined ? {} : { names }),
  });
  const state = createStep(execution, step, path, scope);
  scope.steps.push(state);
  execution.steps.set(path, state);
  markReady(scope, state, "run");
  execution.agenda.addScope(scope);
  return scope;
}

export interface ScopePlace {
  readonly index: ScopeIndex;
  readonly prefix: string;
  readonly owner: StepState | null;
  readonly parent?: ScopeState;
  readonly names?: ReadonlyMap<string, Json>;
  readonly iteration?: number;
  readonly role?: CallRole;
}

const NOBODY: ReadonlySet<StepIndex> = new Set();

/** Without steps. */
export function createEmptyScope(place: ScopePlace): ScopeState {
  return {
    index: place.index,
    prefix: place.prefix,
    owner: place.owner,
    parent: place.parent ?? place.owner?.scope ?? null,
    names: place.names ?? null,
    iteration: place.iteration ?? null,
    role: place.role ?? null,
    status: "running",
    outcome: null,
    error: null,
    suppressed: [],
    spared: NOBODY,
    failurePath: null,
    open: 0,
    steps: [],
    ready: [],
  };
}

function createStep(execution: Execution, index: number, path: string, scope: ScopeState): StepState {
  return createEmptyStep(
    index,
    path,
    scope,
    execution.steps.get(path)?.attempt ?? takeAttempts(execution.attempts, path),
  );
}

/** As it is before anything has happened in it. */
export function createEmptyStep(index: StepIndex, path: string, scope: ScopeState, attempt: number): StepState {
  return {
    index,
    path,
    scope,
    status: "pending",
    reason: null,
    attempt,
    attemptBase: attempt,
    startedAt: null,
    finishedAt: null,
    endSeq: 0,
    input: undefined,
    output: null,
    error: null,
    taken: 0,
    dead: 0,
    settled: null,
    holdsEdges: false,
    closing: null,
    deadline: null,
    totalDeadline: null,
    wake: null,
    inner: null,
    fallback: null,
  };
}

/** The number of attempts before, which the step itself knows from here on. */
function takeAttempts(attempts: Map<string, number>, path: string): number {
  if (attempts.size === 0) return 0;
  const own = attempts.get(path);
  if (own !== undefined) {
    attempts.delete(path);
    return own;
  }
  for (let open = path.lastIndexOf("["); open > 0; open = path.lastIndexOf("[", open - 1)) {
    const ofAll = attempts.get(path.slice(0, open) + ofAnyIteration(path.slice(open)));
    if (ofAll !== undefined) return ofAll;
  }
  return 0;
}

function ofAnyIteration(path: string): string {
  return path.includes("[") ? path.replaceAll(/\[\d+\]/g, "[]") : path;
}

/** The most attempts of each step below the scope, by its path without the first `cut` characters. */
export function keepAttempts(attempts: Map<string, number>, scope: ScopeState, cut: number): void {
  for (const step of scope.steps) {
    if (step.attempt === 0) continue;
    const path = ofAnyIteration(step.path.slice(cut));
    keepMost(attempts, path, step.attempt);
    keepAttemptsOfIterations(attempts, step, path);
    for (const inner of scopesIn(step)) keepAttempts(attempts, inner, cut);
  }
  if (scope.failurePath !== null) keepAttempts(attempts, scope.failurePath, cut);
}

export function keepAttemptsOfIterations(attempts: Map<string, number>, { inner }: StepState, path: string): void {
  if (inner?.kind !== "loop") return;
  for (const [name, count] of inner.attempts) keepMost(attempts, `${path}[].${name}`, count);
}

function keepMost(attempts: Map<string, number>, path: string, count: number): void {
  if (count > (attempts.get(path) ?? 0)) attempts.set(path, count);
}

export function isEntry(step: Step): boolean {
  return !step.isSide && step.incoming.length === 0;
}

export function markReady(scope: ScopeState, step: StepState, settled: "run" | "dead"): void {
  step.settled = settled;
  // What is dead is settled before anything else begins: its own edges belong to the end that made it so.
  if (settled === "dead") scope.ready.unshift(step);
  else scope.ready.push(step);
}

/** Marks the edges that leave `step`: which are taken follows from how it ended. */
export function settleEdges(
  definition: Definition,
  execution: Execution,
  step: StepState,
  taken: "success" | "failure" | "none",
): void {
  execution.agenda.addScope(step.scope);
  if (step.scope.index === CALL_SCOPE) return;
  const { success, failure } = definition.steps[step.index] as Step;
  const settle = (target: number, isTaken: boolean) => {
    settleEdge(definition, execution, { scope: step.scope, target, isTaken });
  };
  for (const target of success) settle(target, taken === "success");
  if (failure.kind === "step") settle(failure.step, taken === "failure");
}

function settleEdge(
  definition: Definition,
  execution: Execution,
  { scope, target, isTaken }: { readonly scope: ScopeState; readonly target: number; readonly isTaken: boolean },
): void {
  const { incoming, join, position } = definition.steps[target] as Step;
  const state = scope.steps[position] as StepState;
  if (isTaken) state.taken += 1;
  else state.dead += 1;
  if ((state.status !== "pending" && !state.holdsEdges) || state.settled !== null) return;
  const settled = settledBy(join, incoming.length, state);
  if (settled === null) return;
  if (!state.holdsEdges) return markReady(scope, state, settled);
  state.settled = settled;
  settleEdges(definition, execution, state, settled === "run" ? "success" : "none");
}

function settledBy(join: Step["join"], edges: number, { taken, dead }: StepState): "run" | "dead" | null {
  const isComplete = taken + dead === edges;
  switch (join) {
    case "settled":
      return isComplete ? (taken > 0 ? "run" : "dead") : null;
    case "all":
      return dead > 0 ? "dead" : isComplete ? "run" : null;
    case "any":
      return taken > 0 ? "run" : isComplete ? "dead" : null;
  }
}

/** A failure that the scope does not recover from. The first one stays; later ones are kept beside it. */
export function beginFailing(
  execution: Execution,
  scope: ScopeState,
  error: StepError,
  spared: readonly number[],
): void {
  if (scope.status === "running") {
    scope.status = "failing";
    scope.error = error;
    scope.spared = new Set(spared);
  } else if (scope.status === "failing") {
    suppress(scope, error);
    scope.spared = new Set(spared);
  }
  execution.agenda.addScope(scope);
}

/** More errors than this beside the first say nothing new; each has its event. */
const SUPPRESSED_MAX = 100;

/** Kept beside the error with which the scope fails. */
export function suppress(scope: ScopeState, error: StepError): void {
  if (scope.suppressed.length < SUPPRESSED_MAX) scope.suppressed.push(error);
}

/** From here on nothing begins in the scope, and what is open in it is cancelled. */
export function beginCancelling(execution: Execution, scope: ScopeState): void {
  if (scope.status === "ended") return;
  // Looked at again even where it was told before: the look may have given way to what was further out.
  scope.status = "cancelling";
  if (scope.failurePath !== null) beginCancelling(execution, scope.failurePath);
  execution.agenda.addScope(scope);
}

export function endScope(scope: ScopeState): void {
  if (scope.status === "ended") return;
  scope.outcome = scope.status === "failing" ? "failed" : scope.status === "cancelling" ? "cancelled" : "completed";
  scope.status = "ended";
  scope.ready = [];
}

/** Everything below the scope is over, and what stands there may begin again: its attempts go on counting. */
export function dropScope(execution: Execution, scope: ScopeState): void {
  for (const step of scope.steps) {
    if (step.attempt > 0) execution.attempts.set(step.path, step.attempt);
    keepAttemptsOfIterations(execution.attempts, step, step.path);
    for (const inner of scopesIn(step)) dropScope(execution, inner);
  }
  if (scope.failurePath !== null) dropScope(execution, scope.failurePath);
  forgetScope(execution, scope);
}

/** Everything below the scope is over for good, and nobody can read it any more. */
export function forgetScope(execution: Execution, scope: ScopeState): void {
  endScope(scope);
  for (const step of scope.steps) {
    execution.steps.delete(step.path);
    execution.eventWaits.delete(step);
    if (step.inner?.kind === "task" && step.status === "scheduled") execution.openTasks -= 1;
    if (isOpen(step)) step.status = "cancelled";
    for (const inner of scopesIn(step)) forgetScope(execution, inner);
    step.inner = null;
    step.fallback = null;
  }
  if (scope.failurePath !== null) forgetScope(execution, scope.failurePath);
}

/** The error with which a scope fails: its first, with the later ones beside it. */
export function errorOf(scope: ScopeState): StepError {
  const error = scope.error ?? { code: "INTERNAL", message: "The scope failed without an error." };
  if (scope.suppressed.length === 0) return error;
  return { ...error, suppressed: [...(error.suppressed ?? []), ...scope.suppressed] };
}
