/**
 * Looks for executions that nothing will ever move, and moves them. There are none unless the platform has a bug; then this
 * is what keeps the bug from being a hang, and its count is what makes it seen.
 *
 *     look at some ──nothing moves it──► suspect ──still so after 10 looks──► counted, told, repaired
 *         ▲                                 └── it has moved ──► forgotten          │
 *         └──────────────────────── next beat ◄───── looked at again ◄──────────────┘
 *
 * A beat looks at a few only, and goes on at the next one where it stopped. What is on its way (a write, a message, a load)
 * is not looked at; one look proves nothing, because a message may be between two places.
 */

import type { Instant } from "../core/base/time.ts";
import { moveTimers } from "../core/engine/dues.ts";
import type { HistoryEvent } from "../core/engine/events.ts";
import { openReactions, taskId } from "../core/engine/reactions.ts";
import { findStandstill } from "../core/engine/standstill.ts";
import { commandItem, type Message, messageItem } from "./item.ts";
import { load } from "./loading.ts";
import { type Loop, residentOf, submitInternal } from "./loop.ts";
import { hasEnded } from "./rows.ts";
import type { Resident } from "./shard.ts";
import type { Finding, Suspect } from "./suspects.ts";

const LOOK_MS = 1000;
/** At a beat: so many executions, or so many of their steps. */
const LOOKS_AT_A_TIME = 200;
const STEPS_AT_A_TIME = 10_000;
/** Longer than anything stays between two places. */
const LOOKS_TO_CONFIRM = 10;
/** What repairing did not help is tried again after so many looks. */
const LOOKS_TO_MEND_AGAIN = 60;
const SUSPECTS_MAX = 1000;
/** Asking the store costs more than looking. */
const ASKED_AT_A_TIME = 20;
const CHILDREN_AT_A_TIME = 20;

export function watch(loop: Loop, now: Instant): void {
  const { watchdog } = loop;
  if (Math.abs(now - watchdog.lookedAt) < LOOK_MS) return;
  watchdog.lookedAt = now;
  for (const [executionId, suspect] of watchdog.suspects) lookAgain(loop, executionId, suspect);
  let steps = 0;
  for (let looks = 0; looks < LOOKS_AT_A_TIME && steps < STEPS_AT_A_TIME; looks++) {
    const resident = next(loop);
    if (resident === null) return;
    steps += resident.execution.steps.size;
    if (!isAtRest(resident) || watchdog.suspects.has(resident.execution.id)) continue;
    const finding = find(loop, resident);
    if (finding !== null) suspect(loop, resident, finding);
    else askForChildren(loop, resident);
  }
}

/** The next one of the round; null at its end. */
function next(loop: Loop): Resident | null {
  loop.watchdog.round ??= residents(loop);
  const { done, value } = loop.watchdog.round.next();
  if (done !== true) return value;
  loop.watchdog.round = null;
  return null;
}

/** Goes on through changes: what is gone is not met, what is new is met now or in the next round. */
function* residents({ shards }: Loop): Generator<Resident> {
  for (const shard of shards) for (const slot of shard.slots.values()) if (slot.kind === "resident") yield slot;
}

/** Nothing of it is on its way: neither to the store nor from it, nor to a decision that we know of. */
function isAtRest({ pending, lookups, isContinuing, row, execution }: Resident): boolean {
  return pending === 0 && lookups === 0 && !isContinuing && !row.parked && execution.status === "running";
}

function find(loop: Loop, resident: Resident): Finding | null {
  const { execution } = resident;
  if (execution.hasWork) return { why: "it has work to go on with, but nothing says so", mend: sendContinue };
  const standstill = findStandstill(execution);
  switch (standstill?.kind) {
    case "timer":
      return { why: `no timer is set for what is due at ${standstill.path ?? "its end"}`, mend: setTimers };
    case "step":
      return { why: `step "${standstill.path}" has begun, but nothing in it goes on`, mend: loadAgain };
    case "execution":
      return { why: "no step goes on and none is about to begin", mend: loadAgain };
  }
  return findWakeUp(resident) ?? findTask(loop, resident);
}

/** The loop must know when to wake it. A moment later than it says is in order: it may have had nothing to do. */
function findWakeUp({ execution, wakeAt, place }: Resident): Finding | null {
  const due = execution.wakeAt;
  if (due === null || (place !== -1 && wakeAt <= due + LOOK_MS)) return null;
  return { why: "it has a timer, but is not going to be woken by it", mend: setWakeUp };
}

function findTask(loop: Loop, { execution }: Resident): Finding | null {
  if (execution.openTasks === 0) return null;
  for (const step of execution.steps.values()) {
    if (step.status !== "scheduled") continue;
    const id = taskId(execution, step.path, step.attempt);
    if (loop.tasks.board.has(execution.workspace, id)) continue;
    return { why: `the task of step "${step.path}" is nowhere to be had`, mend: offerTasks };
  }
  return null;
}

function suspect({ watchdog }: Loop, { execution }: Resident, finding: Finding): void {
  if (watchdog.suspects.size >= SUSPECTS_MAX) return;
  watchdog.suspects.set(execution.id, { length: execution.length, finding, looks: 1, isConfirmed: false });
}

function lookAgain(loop: Loop, executionId: string, suspect: Suspect): void {
  const { watchdog } = loop;
  const resident = residentOf(loop, executionId);
  if (resident === null) {
    // It is being loaded again, maybe by ourselves; or it is gone.
    if (!suspect.isConfirmed) watchdog.suspects.delete(executionId);
    else if (suspect.looks++ > LOOKS_TO_MEND_AGAIN) watchdog.suspects.delete(executionId);
    return;
  }
  if (resident.execution.length !== suspect.length) return forget(loop, executionId, suspect);
  if (!isAtRest(resident)) return;
  const finding = find(loop, resident);
  if (finding !== null) return count(loop, resident, suspect, finding);
  if (suspect.finding.mend === startChild || suspect.finding.mend === endChild) return askForChildren(loop, resident);
  forget(loop, executionId, suspect);
}

function forget({ watchdog, counters }: Loop, executionId: string, { isConfirmed }: Suspect): void {
  watchdog.suspects.delete(executionId);
  if (isConfirmed) counters.unstuck += 1;
}

function count(loop: Loop, resident: Resident, suspect: Suspect, finding: Finding): void {
  suspect.finding = finding;
  suspect.looks += 1;
  if (suspect.looks < LOOKS_TO_CONFIRM) return;
  if (suspect.isConfirmed && (suspect.looks - LOOKS_TO_CONFIRM) % LOOKS_TO_MEND_AGAIN !== 0) return;
  if (!suspect.isConfirmed) {
    suspect.isConfirmed = true;
    loop.counters.stuck += 1;
    const error = new Error(`Expected something to move execution ${resident.execution.id}, but ${finding.why}.`);
    loop.report(error, "the watchdog has found an execution that stood still, and tries to move it");
  }
  finding.mend(loop, resident);
}

/**
 * Whether it may leave memory, where nobody looks at it any more: not before it is known that its children are there to end
 * one day, and not while something is wrong with it.
 */
export function mayRest(loop: Loop, resident: Resident): boolean {
  if (loop.watchdog.suspects.has(resident.execution.id)) return false;
  if (resident.verifiedLength === resident.execution.length) return true;
  askForChildren(loop, resident);
  return resident.verifiedLength === resident.execution.length;
}

/**
 * A child that is in memory moves by itself. Of others the store knows: one that was never begun, or that has ended without
 * its parent's hearing of it, is waited for in vain.
 */
function askForChildren(loop: Loop, resident: Resident): void {
  const { watchdog } = loop;
  const { execution, shard } = resident;
  const isKnown = watchdog.suspects.has(execution.id);
  if (resident.isBeingVerified || (resident.verifiedLength === execution.length && !isKnown)) return;
  const children = childrenOf(resident).filter(({ childId }) => !shard.slots.has(childId));
  if (children.length === 0) {
    resident.verifiedLength = execution.length;
    return;
  }
  if (watchdog.asking >= ASKED_AT_A_TIME) return;
  watchdog.asking += 1;
  resident.isBeingVerified = true;
  void verify(loop, resident, children).finally(() => {
    watchdog.asking -= 1;
    resident.isBeingVerified = false;
  });
}

interface Awaited {
  readonly childId: string;
  readonly path: string;
}

/** Of very many, some are looked at: a message that is lost is seldom the only one. */
function childrenOf({ execution }: Resident): readonly Awaited[] {
  const children: Awaited[] = [];
  if (execution.childrenCount === 0) return children;
  for (const { status, inner, path } of execution.steps.values()) {
    if (status !== "waiting" || inner?.kind !== "child") continue;
    children.push({ childId: inner.executionId, path });
    if (children.length === CHILDREN_AT_A_TIME) break;
  }
  return children;
}

async function verify(loop: Loop, resident: Resident, children: readonly Awaited[]): Promise<void> {
  const { execution, shard } = resident;
  const { length } = execution;
  const { generation } = shard;
  let found: readonly (Finding | null)[];
  try {
    found = await Promise.all(children.map((child) => findChild(loop, child)));
  } catch {
    // The store is away; it is asked again at the next look.
    return;
  }
  if (shard.generation !== generation || residentOf(loop, execution.id) !== resident) return;
  if (execution.length !== length || !isAtRest(resident)) return;
  // What has come into memory meanwhile moves by itself.
  const finding = found.find((each, i) => each !== null && !shard.slots.has(children[i]?.childId ?? "")) ?? null;
  const known = loop.watchdog.suspects.get(execution.id);
  if (finding === null) {
    resident.verifiedLength = length;
    if (known !== undefined) forget(loop, execution.id, known);
  } else if (known === undefined) suspect(loop, resident, finding);
  else count(loop, resident, known, finding);
}

async function findChild(loop: Loop, { childId, path }: Awaited): Promise<Finding | null> {
  const row = await loop.store.readExecution(childId);
  if (row === null) return { why: `the child ${childId} of step "${path}" was never begun`, mend: startChild };
  if (!hasEnded(row.status)) return null;
  return { why: `the child ${childId} of step "${path}" has ended, and it was not told`, mend: endChild };
}

function sendContinue(loop: Loop, resident: Resident): void {
  resident.isContinuing = true;
  submitInternal(loop, resident.shard, commandItem(resident.execution.id, { kind: "Continue" }));
}

function setTimers(loop: Loop, resident: Resident): void {
  moveTimers(resident.execution, 0);
  setWakeUp(loop, resident);
}

function setWakeUp(loop: Loop, resident: Resident): void {
  loop.wakeUps.set(resident, null);
  loop.wakeUps.set(resident, resident.execution.wakeAt);
}

function offerTasks(loop: Loop, { definition, execution }: Resident): void {
  const { board } = loop.tasks;
  const { workspace } = execution;
  for (const reaction of openReactions(definition, execution)) {
    if (reaction.kind !== "OfferTask" || board.has(workspace, reaction.task.id)) continue;
    board.offer({ workspace, task: reaction.task, notBefore: reaction.task.createdAt });
  }
}

/** What its history says is right, whatever memory makes of it. */
function loadAgain(loop: Loop, resident: Resident): void {
  const { execution, shard } = resident;
  loop.wakeUps.set(resident, null);
  loop.tasks.board.drop(execution.id);
  shard.slots.delete(execution.id);
  load(loop, shard, execution.id, "urgent");
}

/** As after a restart: one that has been begun meanwhile is not begun again. */
function startChild(loop: Loop, { definition, execution, shard }: Resident): void {
  const { workspace } = execution;
  for (const reaction of openReactions(definition, execution)) {
    if (reaction.kind !== "StartChild" || shard.slots.has(reaction.start.executionId)) continue;
    const body = { kind: "child", workspace, start: reaction.start } as const;
    const id = `${execution.id}/watchdog/${reaction.start.executionId}`;
    const message: Message = { id, body, isForeign: false, isStored: false, isTaken: false };
    const item = messageItem(message, true);
    if (item !== null) submitInternal(loop, shard, item);
  }
}

function endChild(loop: Loop, resident: Resident): void {
  const { execution, shard } = resident;
  for (const step of execution.steps.values()) {
    if (step.status !== "waiting" || step.inner?.kind !== "child") continue;
    const { executionId } = step.inner;
    if (shard.slots.has(executionId)) continue;
    readLast(loop, executionId).then(
      (event) => {
        const end = event === null ? null : endOf(event);
        if (end === null) return;
        const command = { kind: "EndChild", path: step.path, executionId, ...end } as const;
        submitInternal(loop, shard, commandItem(execution.id, command));
      },
      (error: unknown) => loop.report(error, `the end of child ${executionId} could not be read`),
    );
  }
}

function endOf(event: HistoryEvent) {
  switch (event.type) {
    case "ExecutionCompleted":
      return { status: "completed", output: event.data.output, error: null } as const;
    case "ExecutionFailed":
      return { status: "failed", output: null, error: event.data.error } as const;
    case "ExecutionCancelled":
      return { status: "cancelled", output: null, error: null } as const;
    case "ExecutionTimedOut":
      return { status: "timed_out", output: null, error: event.data.error } as const;
    default:
      return null;
  }
}

async function readLast(loop: Loop, executionId: string): Promise<HistoryEvent | null> {
  const { events } = await loop.store.measureHistory(executionId);
  const [pack] = await loop.store.readHistory({ executionId, afterSeq: events - 1, bytesMax: 1 });
  if (pack === undefined) return null;
  return JSON.parse(pack.text.slice(pack.text.lastIndexOf("\n") + 1)) as HistoryEvent;
}
