/**
 * An execution and its slots: what it needs before it may run, when it waits for them, and when it gives them back.
 *
 *     started ──► queued ──granted, one key after the other──► admitted ──► running ──► ended: all are given back
 *                    ▲                                                        │
 *                    └──── it wants to go on ◄──── slots released ◄───────────┘  it only waits (`hold: running | waiting`)
 *
 * While it is queued it is like a paused one: results are recorded, nothing new begins, and timers that come due meanwhile
 * act at the admission.
 */

import { toRfc3339 } from "../base/time.ts";
import type { Definition } from "../language/definition.ts";
import type { Command } from "./commands.ts";
import type { Decision } from "./decision.ts";
import { type Execution, isAsking, isOpen, type StepState } from "./execution.ts";
import { fire } from "./fire.ts";
import type { SlotNeed } from "./sharing.ts";

/** Whether it has to wait for its turn when it goes on. */
export function needsSlots({ slots }: Execution): boolean {
  return slots?.needs.some(({ kind }) => kind === "slots") === true;
}

/**
 * It goes on, and needs its slots for that. It was accepted long ago, so it waits for its turn whatever its workflow says
 * about new ones. `timeoutMs` is the time-out that begins anew with the admission.
 */
export function queueAgain(decision: Decision, timeoutMs?: number | null): void {
  const { slots } = decision.execution;
  if (slots === null || !needsSlots(decision.execution)) return;
  const needs = slots.needs
    .filter(({ kind }) => kind === "slots")
    .map((need): SlotNeed => ({ ...need, on_limit: "queue" }));
  const timeout = timeoutMs === undefined ? {} : { timeout_ms: timeoutMs };
  decision.record("ExecutionQueued", { slots: needs, begins: false, ...timeout });
}

export function admit(decision: Decision, { key, turn }: Extract<Command, { kind: "Admit" }>): void {
  const { execution } = decision;
  const { slots, ending } = execution;
  if (slots === null || !slots.isQueued || slots.turn !== turn || ending !== null) return;
  if (slots.needs[slots.held]?.key !== key) return;
  decision.record("SlotGranted", { key, next: slots.needs[slots.held + 1] ?? null });
  if (slots.held < slots.needs.length) return;
  const { timeoutMs } = slots;
  decision.record(
    "ExecutionAdmitted",
    timeoutMs === undefined
      ? {}
      : { due: timeoutMs === null ? null : toRfc3339(decision.now + timeoutMs), ...decision.limitDue() },
  );
  // Timers that came due while it was queued act now.
  fire(decision);
}

export function drop(decision: Decision, { key, turn, limit }: Extract<Command, { kind: "Drop" }>): void {
  const { slots, ending } = decision.execution;
  if (slots === null || !slots.isQueued || slots.turn !== turn || ending !== null) return;
  const reason = `Dropped: ${limit === 1 ? "another execution runs" : `${limit} executions run`} under "${key}" already.`;
  decision.record("ExecutionCancelled", { reason, terminated: false });
}

/** Timers that are due act; where the slots have been given back, only once there are new ones. */
export function fireOrQueue(decision: Decision): void {
  const { execution, now } = decision;
  if (!mayGoOnWithout(execution) && execution.timers.peekDue(now) !== null) return queueAgain(decision);
  fire(decision);
}

/**
 * What a command has set in motion needs the slots again; it goes on once it has them. Where nothing was recorded nothing
 * has moved: what is to be looked at comes of a replay.
 */
export function queueIfMoved(decision: Decision): void {
  const { execution, events } = decision;
  if (events.length > 0 && !execution.agenda.isEmpty && !mayGoOnWithout(execution)) queueAgain(decision);
}

/** It only waits: where its definition says so, others may have its slots meanwhile. */
export function releaseIfResting(decision: Decision): void {
  const { execution, definition } = decision;
  const { slots, status, ending } = execution;
  if (slots === null || slots.isQueued || slots.held === 0 || status !== "running" || ending !== null) return;
  if (execution.openTasks > 0 || execution.hasWork || execution.compensation !== null) return;
  if (!rests(definition, execution)) return;
  decision.record("SlotsReleased", { slots: slots.needs });
}

/** It has its slots, needs none, is held back anyway, or only winds up. */
function mayGoOnWithout({ slots, status, ending }: Execution): boolean {
  return slots === null || slots.isQueued || slots.held > 0 || status !== "running" || ending !== null;
}

function rests(definition: Definition, execution: Execution): boolean {
  const hold = definition.concurrency?.hold ?? "tree";
  if (hold === "tree") return false;
  const open = [...execution.steps.values()].filter((step) => isOpen(step) && step.status !== "running");
  // To wait for a breaker is like waiting for an executor: the next call is about to begin.
  if (open.some(isAsking)) return false;
  return open.length > 0 && (hold === "running" || open.every(isChild));
}

function isChild(step: StepState): boolean {
  return step.inner?.kind === "child";
}
