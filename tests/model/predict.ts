/**
 * What must become of a workflow, said before the product has run it.
 *
 * The outside (executors, clock, caller) follows a schedule that chance decides: one thing at a time, chosen among all
 * that the execution waits for, in the order of their paths. Everything that follows from it inside the execution happens
 * before the next. The prediction lists these moves, each with what was waited for just before it, so that a difference
 * shows at the first wrong move.
 */

import { assert, defined } from "../../src/core/base/bug.ts";
import type { Json } from "../../src/core/base/json.ts";
import { createRandom, type Random } from "../../src/core/base/random.ts";
import { executionOutput } from "./outputs.ts";
import { answer, cancelExecution, createRun, settle, wake } from "./rules.ts";
import { allScopes, type Run, type StepRun } from "./state.ts";
import { answerAt, type Workflow } from "./workflow.ts";

export interface Prediction {
  readonly moves: readonly Move[];
  readonly status: "completed" | "failed" | "cancelled";
  /** Of the error with which the execution failed; null if it did not. */
  readonly code: string | null;
  /** Codes of what failed after it, in the order of their names. */
  readonly suppressed: readonly string[];
  /** Undefined where the language leaves open what it is. */
  readonly output: Json | undefined;
  readonly steps: ReadonlyMap<string, StepOutcome>;
}

export interface StepOutcome {
  readonly status: "completed" | "failed" | "skipped" | "cancelled";
  readonly reason: "condition" | "not_reached" | null;
  readonly code: string | null;
}

export type Move = {
  readonly now: number;
  /** What the execution waits for when the move is made: `task PATH`, `signal PATH`, `timer PATH`, sorted. */
  readonly outstanding: readonly string[];
} & (
  | { readonly kind: "complete"; readonly path: string; readonly output: Json }
  | { readonly kind: "fail"; readonly path: string; readonly code: string; readonly isRetryable: boolean }
  | { readonly kind: "signal"; readonly path: string; readonly data: Json }
  | { readonly kind: "wake" }
  | { readonly kind: "cancel" }
);

/** In which order steps begin that may begin at the same moment: as they became ready, newest first, or by chance. */
export type LocalOrder = "fifo" | "lifo" | { readonly seed: string };

/** A move takes a millisecond. */
const MOVE_MS = 1;

/** More than any generated workflow needs: one that goes on for ever is a mistake of the model. */
const MOVES_MAX = 5_000;

export function predict(workflow: Workflow, random: Random, startedAt: number, order: LocalOrder = "fifo"): Prediction {
  const run = createRun(workflow.steps, startedAt, pickerOf(order));
  settle(run);
  const moves: Move[] = [];
  while (run.root.result === "open") {
    moves.push(makeMove(run, workflow, moves.length, random()));
    settle(run);
    assert(moves.length < MOVES_MAX, "the workflow to end");
  }
  return { moves, ...conclude(run, workflow) };
}

function pickerOf(order: LocalOrder): (choices: number) => number {
  if (order === "fifo") return () => 0;
  if (order === "lifo") return (choices) => choices - 1;
  const random = createRandom(order.seed);
  return (choices) => Math.floor(random() * choices);
}

function makeMove(run: Run, workflow: Workflow, made: number, chance: number): Move {
  const waiting = allScopes(run.root)
    .flatMap((scope) => scope.steps)
    .filter((step) => step.awaits !== null)
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  run.now += MOVE_MS;
  const move = { now: run.now, outstanding: waiting.map((step) => `${step.awaits?.kind} ${step.path}`) };
  if (made === workflow.cancelAfter && run.returned === null) {
    cancelExecution(run);
    return { ...move, kind: "cancel" };
  }
  const timers = waiting.filter((step) => step.awaits?.kind === "timer").toSorted((a, b) => dueOf(a) - dueOf(b));
  const others = waiting.filter((step) => step.awaits?.kind !== "timer");
  const choice = others[Math.floor(chance * (others.length + (timers.length > 0 ? 1 : 0)))];
  const first = timers[0];
  if (choice === undefined || (first !== undefined && dueOf(first) <= run.now)) {
    return wakeDue(run, timers, move.outstanding);
  }
  return choice.awaits?.kind === "signal" ? signal(run, choice, move) : answerTask(run, choice, move);
}

/** The clock goes on to the first timer; all that are due act, the earliest first. */
function wakeDue(run: Run, timers: readonly StepRun[], outstanding: readonly string[]): Move {
  run.now = Math.max(run.now, dueOf(defined(timers[0], "a timer to wait for")));
  for (const step of timers.filter((each) => dueOf(each) <= run.now)) {
    if (step.awaits === null) continue;
    wake(run, step);
    settle(run);
  }
  return { now: run.now, outstanding, kind: "wake" };
}

function dueOf(step: StepRun): number {
  return step.awaits?.kind === "timer" ? step.awaits.due : Number.POSITIVE_INFINITY;
}

function signal(
  run: Run,
  step: StepRun,
  move: { readonly now: number; readonly outstanding: readonly string[] },
): Move {
  const data = { signalled: step.path };
  answer(run, step, { output: data });
  return { ...move, kind: "signal", path: step.path, data };
}

function answerTask(
  run: Run,
  step: StepRun,
  move: { readonly now: number; readonly outstanding: readonly string[] },
): Move {
  const { path } = step;
  const n = run.tasks.get(path) ?? 0;
  run.tasks.set(path, n + 1);
  const given = step.step.action.type === "function" ? answerAt(step.step.action.answers, path, n) : null;
  if (given === null) {
    const output = { answered: path, n };
    answer(run, step, { output });
    return { ...move, kind: "complete", path, output };
  }
  answer(run, step, { error: { ...given, suppressed: [] } });
  return { ...move, kind: "fail", path, ...given };
}

function conclude(run: Run, workflow: Workflow): Omit<Prediction, "moves"> {
  const steps = new Map<string, StepOutcome>();
  for (const step of allScopes(run.root).flatMap((scope) => scope.steps)) {
    const { status, reason, error } = step;
    assert(status !== "pending" && status !== "running", `step ${step.path} to have ended`);
    steps.set(step.path, { status, reason, code: error?.code ?? null });
  }
  const error = run.returned === null ? run.root.error : run.returnFailure;
  const suppressed = error === null ? [] : error.suppressed.toSorted();
  if (run.returned !== null && error === null) {
    return { status: "completed", code: null, suppressed, output: run.returned.output, steps };
  }
  if (run.returned === null && run.root.result === "cancelled") {
    return { status: "cancelled", code: null, suppressed: [], output: undefined, steps };
  }
  if (error !== null) return { status: "failed", code: error.code, suppressed, output: undefined, steps };
  return { status: "completed", code: null, suppressed, output: executionOutput(run, workflow), steps };
}
