/** Times at which something is due: each is kept where it belongs, and a timer points there. */

import { unreachable } from "../base/bug.ts";
import type { Instant } from "../base/time.ts";
import { type Execution, isOpen, type StepState } from "./execution.ts";
import type { Timer } from "./timers.ts";

export function setDue(execution: Execution, due: string | null): void {
  execution.due = due === null ? null : Date.parse(due) - frozenMsSoFar(execution);
  addExecutionTimer(execution);
}

function addExecutionTimer(execution: Execution): void {
  const { due } = execution;
  if (due === null) return;
  execution.timers.add({
    due,
    order: execution.length,
    kind: "execution",
    step: null,
    counts: () => execution.due === due && execution.ending === null,
  });
}

export function setLimitDue(execution: Execution, due: string | undefined): void {
  if (due === undefined) return;
  execution.limitDue = Date.parse(due) - frozenMsSoFar(execution);
  addLimitTimer(execution);
}

function addLimitTimer(execution: Execution): void {
  const { limitDue: due } = execution;
  if (due === null) return;
  execution.timers.add({
    due,
    order: execution.length,
    kind: "limit",
    step: null,
    counts: () => isLimitDue(execution, due),
  });
}

/** A run that begins its unfinished steps again or falls back goes on, and so does the platform's patience with it. */
function isLimitDue({ limitDue, ending }: Execution, due: Instant): boolean {
  return limitDue === due && (ending === null || ending.kind === "restart" || ending.kind === "fallback");
}

export function setDeadline(execution: Execution, step: StepState, due: Instant): void {
  step.deadline = due;
  execution.timers.add({
    due,
    order: execution.length,
    kind: "deadline",
    step,
    counts: () => step.deadline === due && step.closing === null,
  });
}

export function setTotalDeadline(execution: Execution, step: StepState, due: Instant): void {
  step.totalDeadline = due;
  execution.timers.add({
    due,
    order: execution.length,
    kind: "deadline",
    step,
    counts: () => step.totalDeadline === due && step.closing === null,
  });
}

export function setWake(execution: Execution, step: StepState, due: Instant): void {
  // At the resume all timers move by the whole pause; of that this one has not seen what was before it.
  due -= frozenMsSoFar(execution);
  step.wake = due;
  execution.timers.add({ due, order: execution.length, kind: "wake", step, counts: () => step.wake === due });
}

/** A timer that was set before, with its turn among those of the same time. */
export function restoreTimer(execution: Execution, timer: Omit<Timer, "counts">): void {
  execution.timers.add({ ...timer, counts: () => isDue(execution, timer) });
}

function isDue(execution: Execution, { kind, step, due }: Omit<Timer, "counts">): boolean {
  switch (kind) {
    case "execution":
      return execution.due === due && execution.ending === null;
    case "limit":
      return isLimitDue(execution, due);
    case "deadline":
      return step !== null && step.closing === null && (step.deadline === due || step.totalDeadline === due);
    case "wake":
      return step?.wake === due;
    default:
      return unreachable(kind);
  }
}

function frozenMsSoFar({ paused, lastAt }: Execution): number {
  return paused === null || paused.frozenAt === null ? 0 : lastAt - paused.frozenAt;
}

/** A pause that froze the timers moves all of them, and the time for which tasks may wait to be taken as well. */
export function moveTimers(execution: Execution, byMs: number): void {
  execution.timers.clear();
  if (execution.due !== null) execution.due += byMs;
  addExecutionTimer(execution);
  if (execution.limitDue !== null) execution.limitDue += byMs;
  addLimitTimer(execution);
  for (const step of execution.steps.values()) {
    if (!isOpen(step)) continue;
    if (step.inner?.kind === "task") step.inner.scheduledAt += byMs;
    if (step.deadline !== null) setDeadline(execution, step, step.deadline + byMs);
    if (step.totalDeadline !== null) setTotalDeadline(execution, step, step.totalDeadline + byMs);
    if (step.wake !== null) setWake(execution, step, step.wake + byMs);
  }
}
