/**
 * What must become of a workflow.
 *
 * The outside (executors, clock, caller) follows a schedule that chance decides: one move at a time, chosen among all that
 * the execution waits for, in the order of their paths. Everything that follows from it inside the execution happens
 * before the next. Each move says what was waited for just before it, so that a difference shows at the first wrong one.
 */

import { assert, defined } from "../../src/core/base/bug.ts";
import type { Json } from "../../src/core/base/json.ts";
import type { Random } from "../../src/core/base/random.ts";
import { isDead } from "./joins.ts";
import { executionOutput } from "./outputs.ts";
import { answer, cancelExecution, createRun, settle, wake } from "./rules.ts";
import { type Agenda, allScopes, type Run, type StepRun } from "./state.ts";
import { answerAt, type Workflow } from "./workflow.ts";

export interface Prediction extends Conclusion {
  readonly moves: readonly Move[];
}

export interface Conclusion {
  readonly status: "completed" | "failed" | "cancelled";
  /** Of the error with which the execution failed; null if it did not. */
  readonly code: string | null;
  /** Codes of what failed after it, in the order of their names. */
  readonly suppressed: readonly string[];
  /** Codes that may stand there as well. */
  readonly perhapsSuppressed: readonly string[];
  /** Undefined where the language leaves open what it is. */
  readonly output: Json | undefined;
  readonly steps: ReadonlyMap<string, StepOutcome>;
}

export interface StepOutcome {
  readonly status: "completed" | "failed" | "skipped" | "cancelled";
  readonly reason: "condition" | "not_reached" | null;
  readonly code: string | null;
}

type Answered =
  | { readonly kind: "complete"; readonly path: string; readonly output: Json }
  | { readonly kind: "fail"; readonly path: string; readonly code: string; readonly isRetryable: boolean };

export type Move = {
  readonly now: number;
  /** What the execution waits for when the move is made: `task PATH`, `signal PATH`, `timer PATH`, sorted. */
  readonly outstanding: readonly string[];
} & (
  | Answered
  | { readonly kind: "signal"; readonly path: string; readonly data: Json }
  | { readonly kind: "wake" }
  | { readonly kind: "cancel" }
);

export interface Model {
  readonly workflow: Workflow;
  readonly run: Run;
  readonly random: Random;
  movesMade: number;
}

/** A move takes a millisecond. */
const MOVE_MS = 1;

/** More than any generated workflow needs: one that goes on for ever is a mistake of the model. */
const MOVES_MAX = 5_000;

/** The whole run, with what has ended or can no longer run before what begins. */
export function predict(workflow: Workflow, random: Random, startedAt: number): Prediction {
  const model = createModel(workflow, random, startedAt, closingFirst);
  settle(model.run);
  const moves: Move[] = [];
  while (!hasEnded(model)) {
    const move = chooseMove(model);
    makeMove(model, move);
    moves.push(move);
  }
  return { moves, ...conclude(model) };
}

/** `pickNext` decides where no rule says what comes first; the model stands before its first step until it is settled. */
export function createModel(
  workflow: Workflow,
  random: Random,
  startedAt: number,
  pickNext: (agenda: Agenda) => number,
): Model {
  return { workflow, run: createRun(workflow.steps, startedAt, pickNext), random, movesMade: 0 };
}

export function closingFirst(agenda: Agenda): number {
  const urgent = [
    agenda.findIndex((each) => "graph" in each),
    agenda.findIndex((each) => "step" in each && each.isStirred),
    agenda.findIndex((each) => "step" in each && isDead(each)),
  ];
  return urgent.find((place) => place !== -1) ?? 0;
}

export function hasEnded(model: Model): boolean {
  return model.run.root.result !== "open";
}

/** What the outside does next; nothing has happened yet. */
export function chooseMove({ run, workflow, random, movesMade }: Model): Move {
  assert(movesMade < MOVES_MAX, "the workflow to end");
  const waiting = whatWaits(run);
  const now = run.now + MOVE_MS;
  const outstanding = waiting.map((step) => `${step.awaits?.kind} ${step.path}`);
  if (movesMade === workflow.cancelAfter && run.returned === null) return { now, outstanding, kind: "cancel" };
  const due = Math.min(...waiting.map(dueOf));
  const others = waiting.filter((step) => step.awaits?.kind !== "timer");
  const choice = others[Math.floor(random() * (others.length + (due < Number.POSITIVE_INFINITY ? 1 : 0)))];
  if (choice === undefined || due <= now) return { now: Math.max(now, due), outstanding, kind: "wake" };
  const { path } = choice;
  if (choice.awaits?.kind === "signal") return { now, outstanding, kind: "signal", path, data: { signalled: path } };
  return { now, outstanding, ...answerTo(run, choice) };
}

function whatWaits(run: Run): readonly StepRun[] {
  return allScopes(run.root)
    .flatMap((scope) => scope.steps)
    .filter((step) => step.awaits !== null)
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function dueOf(step: StepRun): number {
  return step.awaits?.kind === "timer" ? step.awaits.due : Number.POSITIVE_INFINITY;
}

function answerTo(run: Run, { step, path }: StepRun): Answered {
  const n = run.tasks.get(path) ?? 0;
  const failure = step.action.type === "function" ? answerAt(step.action.answers, path, n) : null;
  return failure === null
    ? { kind: "complete", path, output: { answered: path, n } }
    : { kind: "fail", path, ...failure };
}

/** The move, and everything that follows from it. */
export function makeMove(model: Model, move: Move): void {
  const { run } = model;
  run.now = move.now;
  model.movesMade += 1;
  if (move.kind === "wake") return wakeDue(run);
  if (move.kind === "cancel") {
    cancelExecution(run);
  } else {
    const step = defined(
      whatWaits(run).find((each) => each.path === move.path),
      `${move.path} to wait`,
    );
    if (move.kind !== "signal") run.tasks.set(move.path, (run.tasks.get(move.path) ?? 0) + 1);
    if (move.kind === "complete") answer(run, step, { output: move.output });
    if (move.kind === "signal") answer(run, step, { output: move.data });
    if (move.kind === "fail") {
      answer(run, step, { error: { code: move.code, isRetryable: move.isRetryable, suppressed: [] } });
    }
  }
  settle(run);
}

/** All timers that are due act, the earliest first. */
function wakeDue(run: Run): void {
  for (const step of whatWaits(run).toSorted((a, b) => dueOf(a) - dueOf(b))) {
    if (dueOf(step) > run.now) continue;
    wake(run, step);
    settle(run);
  }
}

export function conclude({ run, workflow }: Model): Conclusion {
  const steps = new Map<string, StepOutcome>();
  for (const step of allScopes(run.root).flatMap((scope) => scope.steps)) {
    const { status, reason, error } = step;
    assert(status !== "pending" && status !== "running", `step ${step.path} to have ended`);
    steps.set(step.path, { status, reason, code: error?.code ?? null });
  }
  const error = run.returned === null ? run.root.error : run.returnFailure;
  const suppressed = error === null ? [] : error.suppressed.toSorted();
  const perhapsSuppressed = run.lostFailures.flatMap((lost) => [lost.code, ...lost.suppressed]);
  const rest = { suppressed, perhapsSuppressed, steps };
  if (run.returned === null && run.root.result === "cancelled") {
    return { ...rest, status: "cancelled", code: null, output: undefined };
  }
  if (error !== null) return { ...rest, status: "failed", code: error.code, output: undefined };
  const output = run.returned === null ? executionOutput(run, workflow) : run.returned.output;
  return { ...rest, status: "completed", code: null, output };
}
