/**
 * What nothing will ever move. Whatever runs must have something that moves it on: work on its agenda, a timer, or a step
 * that waits for somebody outside (an executor, an event, a child, a breaker). Where that is missing, the engine has a bug.
 *
 *     running container ──► an open step inside ──► task | event | child | breaker | timer
 *
 * Whether the tasks are with executors and the children there is not known here: the host looks.
 */

import type { Instant } from "../base/time.ts";
import { type Execution, isAsking, isOpen, type StepState } from "./execution.ts";

export type Standstill =
  /** At `due` something was to happen, and no timer says so. */
  | { readonly kind: "timer"; readonly path: string | null; readonly due: Instant }
  /** The step has begun and not ended, and nothing in it goes on. */
  | { readonly kind: "step"; readonly path: string }
  /** No step goes on, none is about to begin, and the execution has not ended. */
  | { readonly kind: "execution" };

/** Null where everything has something that moves it, and for what does not run. */
export function findStandstill(execution: Execution): Standstill | null {
  if (execution.status !== "running" || execution.hasWork) return null;
  const open = [...execution.steps.values()].filter(isOpen);
  if (open.length === 0) return { kind: "execution" };
  return findIdle(open) ?? findForgotten(execution, open);
}

function findIdle(open: readonly StepState[]): Standstill | null {
  const around = new Set<StepState>();
  for (const step of open) {
    for (let owner = step.scope.owner; owner !== null && !around.has(owner); owner = owner.scope.owner)
      around.add(owner);
  }
  const idle = open.find((step) => !around.has(step) && !isMoved(step));
  return idle === undefined ? null : { kind: "step", path: idle.path };
}

/** By itself, not by what it contains. */
function isMoved(step: StepState): boolean {
  if (step.status === "scheduled") return true;
  if (step.status !== "waiting") return false;
  const { inner } = step;
  return inner?.kind === "event" || inner?.kind === "child" || isAsking(step) || step.wake !== null;
}

/** The soonest time that an open step or the execution names, where no timer is set for it. */
function findForgotten(execution: Execution, open: readonly StepState[]): Standstill | null {
  let soonest: { readonly path: string | null; readonly due: Instant } | null = null;
  const take = (path: string | null, due: Instant | null) => {
    if (due !== null && (soonest === null || due < soonest.due)) soonest = { path, due };
  };
  if (execution.ending === null) take(null, execution.due);
  for (const step of open) {
    take(step.path, step.wake);
    if (step.closing !== null) continue;
    take(step.path, step.deadline);
    take(step.path, step.totalDeadline);
  }
  const found = soonest as { readonly path: string | null; readonly due: Instant } | null;
  if (found === null) return null;
  const next = execution.timers.next();
  return next !== null && next <= found.due ? null : { kind: "timer", ...found };
}
