/**
 * Lets go of executions that only wait, and fetches them before they are due.
 *
 *     resident ──sweep──► row says parked, tasks listed ──commit──► forgotten
 *        ▲                                                             │
 *        └───────────── scan, command, poll: loaded again ◄────────────┘
 *
 * Parked and in memory at the same time is harmless, so each half may fail by itself. What is asked of an execution
 * between the two halves keeps it in memory.
 */

import type { Instant } from "../core/base/time.ts";
import { type EngineTask, openReactions } from "../core/engine/reactions.ts";
import type { TaskRow } from "../ports/store.ts";
import { partOf, writeOf } from "./commit.ts";
import { load } from "./loading.ts";
import { forget, inMemory, type Loop, scheduleTurn } from "./loop.ts";
import { hasEnded, unparked } from "./rows.ts";
import type { Resident, Shard } from "./shard.ts";
import { addSnapshot } from "./snapshots.ts";
import { mayRest } from "./watchdog.ts";

/** Whose next wake-up is nearer than this stays: going and coming would cost more than staying. */
const SLEEP_MS_MIN = 30_000;

/** What is due within this is loaded. Well below `SLEEP_MS_MIN`, so that nothing goes to and fro. */
const SCAN_AHEAD_MS = 15_000;

/** How many are parked, looked at and fetched at a time: a beat stays short, and the rest follows at the next one. */
const PARKED_AT_A_TIME = 2000;
const LOOKS_AT_A_TIME = 5000;
const FETCHED_AT_A_TIME = 500;

interface Sweep {
  readonly now: Instant;
  /** How many may still be parked, and how many of those with tasks still be looked at. */
  parks: number;
  looks: number;
  /** By workspace and executor: whether somebody is there. */
  readonly attendance: Map<string, boolean>;
}

/** Answers false if there may be more to park than one sweep does. */
export function sweep(loop: Loop, now: Instant): boolean {
  const sweep: Sweep = { now, parks: PARKED_AT_A_TIME, looks: LOOKS_AT_A_TIME, attendance: new Map() };
  const excess = inMemory(loop) - loop.limits.executionsInMemory;
  const idle: Resident[] = [];
  for (const shard of loop.shards) {
    if (shard.status !== "running") continue;
    for (const slot of shard.slots.values()) {
      if (slot.kind !== "resident" || !isIdle(slot)) continue;
      if (sleepsLong(slot, now) && !isAttended(loop, slot, sweep) && mayRest(loop, slot)) park(loop, slot, sweep);
      else if (excess > 0) idle.push(slot);
    }
  }
  makeRoom(loop, idle, excess - (PARKED_AT_A_TIME - sweep.parks), sweep);
  if (sweep.parks < PARKED_AT_A_TIME) scheduleTurn(loop);
  return sweep.parks > 0 && sweep.looks > 0;
}

/** Under pressure those go that were idle longest, even if somebody may want them soon. */
function makeRoom(loop: Loop, idle: Resident[], excess: number, sweep: Sweep): void {
  if (excess <= 0) return;
  idle.sort((a, b) => a.usedAt - b.usedAt);
  for (const resident of idle.slice(0, excess)) {
    const { wakeAt } = resident.execution;
    if (wakeAt === null || wakeAt > sweep.now + SCAN_AHEAD_MS) park(loop, resident, sweep);
  }
}

/** The commit that says "parked" is on disk: now it may leave memory, if nothing has come in between. */
export function finishParking(loop: Loop, resident: Resident): void {
  const { execution, shard } = resident;
  if (resident.pending > 0 || !resident.row.parked) return;
  if (resident.lookups === 0 && loop.tasks.board.unload(execution.id)) return forget(loop, resident);
  const part = partOf(loop.collecting, shard);
  resident.row = unparked(resident.row);
  writeOf(part, resident).row = resident.row;
  part.removeTasksOf.add(execution.id);
  scheduleTurn(loop);
}

/** Loads the parked executions of a shard that are due soon. */
export function scan(loop: Loop, shard: Shard): void {
  if (shard.isScanning || shard.status !== "running") return;
  shard.isScanning = true;
  const { generation } = shard;
  const before = loop.clock.now() + SCAN_AHEAD_MS;
  loop.store.findDue({ shard: shard.index, before, limit: FETCHED_AT_A_TIME }).then(
    (due) => {
      shard.isScanning = false;
      if (shard.generation !== generation || shard.status !== "running") return;
      for (const { id } of due) if (!shard.slots.has(id)) load(loop, shard, id, "urgent");
      if (due.length === FETCHED_AT_A_TIME) loop.pulse.scannedAt = 0;
    },
    (error: unknown) => {
      shard.isScanning = false;
      loop.report(error, `what is due soon in shard ${shard.index} could not be asked`);
    },
  );
}

function isIdle(resident: Resident): boolean {
  const { execution, row } = resident;
  if (resident.pending > 0 || resident.lookups > 0 || resident.isContinuing) return false;
  return !execution.hasWork && !hasEnded(row.status) && !row.parked;
}

function sleepsLong(resident: Resident, now: Instant): boolean {
  const { wakeAt, openTasks } = resident.execution;
  if (wakeAt !== null && wakeAt <= now + SLEEP_MS_MIN) return false;
  // A task that was offered a moment ago may be about to be taken.
  return openTasks === 0 || Math.max(resident.usedAt, resident.keptAt) <= now - SLEEP_MS_MIN;
}

/** Whether somebody is there who will take one of its tasks sooner or later, so that it is better kept. */
function isAttended(loop: Loop, resident: Resident, sweep: Sweep): boolean {
  const { execution } = resident;
  if (execution.openTasks === 0) return false;
  if (sweep.looks === 0) return true;
  sweep.looks -= 1;
  const isKept = openTasksOf(resident).some(({ executor }) => {
    const place = `${execution.workspace}\n${executor}`;
    const isThere = sweep.attendance.get(place) ?? loop.tasks.isAttended(execution.workspace, executor);
    sweep.attendance.set(place, isThere);
    return isThere;
  });
  // A backlog is not looked through again at each sweep.
  if (isKept) resident.keptAt = sweep.now;
  return isKept;
}

function openTasksOf({ execution, definition }: Resident): readonly EngineTask[] {
  if (execution.openTasks === 0) return [];
  return openReactions(definition, execution).flatMap((reaction) =>
    reaction.kind === "OfferTask" ? [reaction.task] : [],
  );
}

function park(loop: Loop, resident: Resident, sweep: Sweep): void {
  const { execution, shard } = resident;
  if (sweep.parks === 0) return;
  if (execution.openTasks > 0 && loop.tasks.board.isNeeded(execution.id)) return;
  const tasks = openTasksOf(resident);
  // The platform performs these itself, as soon as it has a hand free.
  if (tasks.some((task) => task.executor.startsWith("@"))) return;
  sweep.parks -= 1;
  const isPaused = execution.status === "paused";
  const part = partOf(loop.collecting, shard);
  const write = writeOf(part, resident);
  resident.row = { ...resident.row, parked: true, wakeAt: isPaused ? null : soonest(execution.wakeAt, tasks) };
  write.row = resident.row;
  write.isParking = true;
  // Tasks of a paused execution are not to be had, so no poll needs to find them.
  if (tasks.length > 0 && !isPaused)
    part.tasks.set(
      execution.id,
      tasks.map((task) => toTaskRow(task, execution.workspace)),
    );
  addSnapshot(loop, part, write, resident);
}

/** The next timer, or the moment at which a task has waited too long for an executor. */
function soonest(wakeAt: Instant | null, tasks: readonly EngineTask[]): Instant | null {
  let next = wakeAt;
  for (const { createdAt, queueTimeoutMs } of tasks) {
    if (queueTimeoutMs === null) continue;
    const due = createdAt + queueTimeoutMs;
    if (next === null || due < next) next = due;
  }
  return next;
}

function toTaskRow(task: EngineTask, workspace: string): TaskRow {
  const { id: taskId, executionId, executor, function: name, priority, createdAt } = task;
  return { taskId, executionId, workspace, executor, function: name, priority, createdAt };
}
