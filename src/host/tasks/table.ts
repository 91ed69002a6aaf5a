/**
 * Where every task lies and how it moves. What the shard loop offers waits here until it is handed out; what is handed
 * out comes back as an answer, or with a lost lease, or is given up by the board's own verdict.
 *
 *     offer ──► waiting ──hand──► leased ──answer──► shard loop
 *                  ▲───── lost ─────┘ └──time-out──► shard loop
 *
 * Nothing here is written down. After a crash the executions offer the same tasks again.
 */

import type { Instant } from "../../core/base/time.ts";
import type { StepError } from "../../core/engine/error.ts";
import type { EngineTask } from "../../core/engine/reactions.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Board, FinishTask, Shards } from "../board.ts";
import type { Counters } from "../counters.ts";
import type { LeasedTask } from "../executors.ts";
import { createAlarms } from "./alarms.ts";
import type { Answers, Hear } from "./answers.ts";
import type { Claims } from "./claims.ts";
import { type Entry, type Holder, instanceOf, isBuiltin, leaseOf } from "./entry.ts";
import { createLeases, type Leases } from "./leases.ts";
import { createLedger } from "./ledger.ts";
import type { TaskFilter } from "./queue.ts";
import { createQueues, placeOf, type QueuePlace, type WaitingTasks } from "./queues.ts";
import type { Recent } from "./recent.ts";
import type { Passed } from "./time.ts";
import { fellSilent, LOSSES_MAX, lostTooOften, neverTaken, timedOut } from "./verdicts.ts";

export interface Table extends Omit<Board, "settled"> {
  readonly leases: Pick<Leases, "renew" | "attach" | "beat" | "heldBy" | "countOf">;
  /** A task of this workspace that is on the board. */
  find(workspace: string, taskId: string): Entry | null;
  ofExecution(executionId: string): readonly Entry[];
  /** Up to `most` tasks from one queue. */
  hand(place: QueuePlace, filter: TaskFilter, to: Recipient): readonly LeasedTask[];
  /** Up to `most` tasks of a built-in executor, from all workspaces in turn. */
  handOfAll(executor: string, to: Recipient): readonly LeasedTask[];
  /** Gives a task that nobody holds back to whoever has worked on it all along. */
  adopt(entry: Entry, holder: Holder, leaseMs: number): void;
  /** Nobody works on it any more, and that is nobody's fault. */
  release(entry: Entry): void;
  /** `hear` is called once, after the commit. */
  answer(entry: Entry, finish: FinishTask, hear: Hear): void;
  /** Gives the attempt up. */
  giveUp(entry: Entry, error: StepError): void;
  waiting(place: QueuePlace): number;
  waitingIn(workspace: string): ReadonlyMap<string, WaitingTasks>;
  /** Built-in executors that have tasks waiting. */
  waitingBuiltins(): readonly string[];
  tick(passed: Passed, now: Instant): void;
  /** How many alarms are set. */
  readonly size: number;
}

export interface Recipient {
  readonly holder: Holder | ((task: EngineTask) => Holder);
  readonly most: number;
  readonly leaseMs: number;
}

/** A verdict that could not be committed is repeated: its shard is being loaded again. */
const REPEAT_MS = 1000;

export function createTable(parts: {
  readonly clock: Clock;
  readonly passed: () => Passed;
  /** An alarm was set. */
  readonly awaited: () => void;
  readonly answers: Answers;
  readonly recent: Recent;
  readonly counters: Counters;
  readonly claims: Claims;
  /** The longest time of an attempt, whatever its step says; null: none. */
  readonly attemptMsMax: number | null;
  /** For the circuit breaker of the task. */
  readonly reportLoss: Shards["reportLoss"];
  /** There is something to take at `place`. */
  readonly arrived: (place: QueuePlace) => void;
}): Table {
  const { clock, answers, recent, counters } = parts;
  const ledger = createLedger();
  const queues = createQueues();
  const paused = new Set<string>();
  const deadlines = createAlarms<Entry>(reachDeadline, parts.awaited);
  const leases = createLeases({
    ...parts,
    isBeingAnswered,
    lost: loseLease,
    silent(entry) {
      counters.timeOuts.heartbeat += 1;
      giveUp(entry, fellSilent(entry));
    },
  });

  function offer(request: { workspace: string; task: EngineTask; notBefore: Instant }): void {
    if (ledger.find(request.task.id) !== null) return;
    const entry = toEntry(request, clock.now(), parts.attemptMsMax);
    // The execution says that the attempt is open, whatever became of an answer before its shard was loaded again.
    recent.forget(entry.task.id);
    ledger.add(entry);
    const claim = parts.claims.take({ ...placeOf(entry), taskId: entry.task.id });
    if (entry.isReoffer && claim !== null) {
      adopt(entry, { kind: "instance", instance: claim.instance, connection: claim.connection }, claim.leaseMs);
    } else if (entry.place.kind === "held_back") armDeadline(entry);
    else wait(entry);
  }

  /** Puts it where it can be taken, unless its execution is paused. */
  function wait(entry: Entry): void {
    entry.place = paused.has(entry.task.executionId) ? { kind: "paused" } : { kind: "waiting" };
    armDeadline(entry);
    if (entry.place.kind === "paused") return;
    queues.add(entry);
    parts.arrived(placeOf(entry));
  }

  function hand(take: () => Entry | null, to: Recipient): readonly LeasedTask[] {
    const handed: LeasedTask[] = [];
    while (handed.length < to.most) {
      const entry = take();
      if (entry === null) break;
      leases.deliver(entry, typeof to.holder === "function" ? to.holder(entry.task) : to.holder, to.leaseMs);
      armDeadline(entry);
      handed.push(toLeased(entry));
    }
    return handed;
  }

  function adopt(entry: Entry, holder: Holder, leaseMs: number): void {
    if (entry.place.kind === "waiting") queues.remove(entry);
    leases.adopt(entry, holder, leaseMs);
    armDeadline(entry);
  }

  function loseLease(entry: Entry): void {
    counters.leasesLost += 1;
    entry.losses += 1;
    // With the last of them the attempt fails, and that is told with its end.
    if (entry.losses >= LOSSES_MAX) return giveUp(entry, lostTooOften(entry));
    const { workspace, task } = entry;
    if (task.circuit !== null) parts.reportLoss({ workspace, taskId: task.id, circuit: task.circuit });
    release(entry);
  }

  function release(entry: Entry): void {
    leases.end(entry);
    wait(entry);
  }

  function reachDeadline(entry: Entry): void {
    const due = deadlineOf(entry);
    if (due === null) return;
    const isOver = due <= clock.now() && !isBeingAnswered(entry);
    if (!isOver) deadlines.set(entry, Math.max(due, clock.now() + REPEAT_MS));
    else if (entry.place.kind === "held_back") wait(entry);
    else {
      counters.timeOuts[entry.takenAt === null ? "queue" : "attempt"] += 1;
      giveUp(entry, entry.takenAt === null ? neverTaken(entry) : timedOut(entry));
    }
  }

  function armDeadline(entry: Entry): void {
    const due = deadlineOf(entry);
    if (due === null) deadlines.clear(entry);
    else deadlines.set(entry, due);
  }

  function giveUp(entry: Entry, error: StepError): void {
    const lease = leaseOf(entry);
    if (lease?.holder.kind === "builtin") lease.holder.cancel();
    const finish: FinishTask = {
      workspace: entry.workspace,
      executionId: entry.task.executionId,
      path: entry.task.path,
      attempt: entry.task.attempt,
      answer: { status: "failed", error },
      startedAt: entry.takenAt,
      instance: lease === null ? null : instanceOf(lease),
    };
    const again = () => {
      if (ledger.find(entry.task.id) !== entry) return;
      // What was over still is, and the alarms say so once more.
      if (entry.place.kind === "leased") leases.postpone(entry);
      deadlines.set(entry, clock.now() + REPEAT_MS);
    };
    settle(entry, finish, "board", (outcome) => {
      if (typeof outcome !== "string") again();
    });
  }

  function settle(entry: Entry, finish: FinishTask, by: "executor" | "board", hear: Hear): void {
    setAside(entry);
    const giver = isBuiltin(entry.task.executor) ? "builtin" : by;
    answers.give({ taskId: entry.task.id, finish, by: giver, isOpen: true }, (outcome) => {
      if (typeof outcome === "string") {
        if (by === "board") leaseOf(entry)?.connection?.withdrawn(entry.task.id, "timed_out");
        remove(entry);
      } else if (ledger.find(entry.task.id) === entry && entry.place.kind === "answering") {
        wait(entry);
      }
      hear(outcome);
    });
  }

  function isBeingAnswered(entry: Entry): boolean {
    return answers.isBeingGiven(entry.workspace, entry.task.id);
  }

  /** Nobody else gets the task while its answer is on its way. */
  function setAside(entry: Entry): void {
    if (entry.place.kind === "leased") return;
    if (entry.place.kind === "waiting") queues.remove(entry);
    entry.place = { kind: "answering" };
  }

  function remove(entry: Entry): void {
    if (ledger.find(entry.task.id) !== entry) return;
    ledger.remove(entry);
    if (entry.place.kind === "waiting") queues.remove(entry);
    leases.end(entry);
    deadlines.clear(entry);
  }

  return {
    leases,
    offer,
    withdraw({ taskId, reason }) {
      const entry = ledger.find(taskId);
      if (entry === null) return;
      const lease = leaseOf(entry);
      if (lease?.holder.kind === "builtin") lease.holder.cancel();
      // While its own answer is being committed, that answer says how it ended.
      const isMissed = entry.deliveries > 0 && !isBuiltin(entry.task.executor) && !isBeingAnswered(entry);
      if (isMissed) {
        recent.remember(entry.workspace, taskId, "over");
        lease?.connection?.withdrawn(taskId, reason);
      }
      remove(entry);
    },
    pause(executionId) {
      paused.add(executionId);
      for (const entry of ledger.ofExecution(executionId)) {
        if (entry.place.kind !== "waiting") continue;
        queues.remove(entry);
        entry.place = { kind: "paused" };
        armDeadline(entry);
      }
    },
    resume(executionId, frozenMs) {
      if (!paused.delete(executionId)) return;
      for (const entry of ledger.ofExecution(executionId)) {
        if (entry.place.kind !== "paused") continue;
        entry.queuedAt += frozenMs;
        wait(entry);
      }
    },
    isNeeded: (executionId) => ledger.ofExecution(executionId).some(isNeeded),
    unload(executionId) {
      const entries = ledger.ofExecution(executionId);
      if (entries.some(isNeeded)) return false;
      entries.forEach(remove);
      paused.delete(executionId);
      return true;
    },
    drop(executionId) {
      ledger.ofExecution(executionId).forEach(remove);
      paused.delete(executionId);
    },
    has: (workspace, taskId) => ledger.find(taskId)?.workspace === workspace,
    find(workspace, taskId) {
      const entry = ledger.find(taskId);
      return entry?.workspace === workspace ? entry : null;
    },
    ofExecution: ledger.ofExecution,
    hand: (place, filter, to) => hand(() => queues.take(place, filter, clock.now()), to),
    handOfAll: (executor, to) => hand(() => queues.takeOfAll(executor, clock.now()), to),
    adopt,
    release,
    answer: (entry, finish, hear) => settle(entry, finish, "executor", hear),
    giveUp,
    waiting: queues.length,
    waitingIn: queues.waiting,
    waitingBuiltins: queues.builtins,
    tick(passed, now) {
      leases.tick(passed);
      deadlines.tick(now);
    },
    get size() {
      return leases.size + deadlines.size;
    },
  };
}

/**
 * Why it stays in memory: somebody works on it, or the platform itself will as soon as it has a hand free, or its time
 * runs, which began when it was taken and is written down nowhere.
 */
function isNeeded(entry: Entry): boolean {
  if (entry.takenAt !== null && entry.task.timeoutMs !== null) return true;
  return entry.place.kind === "leased" || entry.place.kind === "answering" || isBuiltin(entry.task.executor);
}

function toEntry(
  request: { workspace: string; task: EngineTask; notBefore: Instant },
  now: Instant,
  attemptMsMax: number | null,
): Entry {
  const isReoffer = request.notBefore > now;
  const { timeoutMs } = request.task;
  const isLimited = attemptMsMax !== null && (timeoutMs === null || attemptMsMax < timeoutMs);
  return {
    task: isLimited ? { ...request.task, timeoutMs: attemptMsMax } : request.task,
    workspace: request.workspace,
    isReoffer,
    isLimited,
    // Before a restart it may have been taken in time, which nobody remembers: it gets the whole time once more.
    queuedAt: isReoffer ? request.notBefore : request.task.createdAt,
    deliveries: 0,
    losses: 0,
    takenAt: null,
    lastInstance: null,
    place: isReoffer ? { kind: "held_back", until: request.notBefore } : { kind: "waiting" },
  };
}

/** When something must be done about it by the wall clock; null: nothing before somebody moves it. */
function deadlineOf(entry: Entry): Instant | null {
  if (entry.place.kind === "held_back") return entry.place.until;
  const { timeoutMs, queueTimeoutMs } = entry.task;
  if (entry.takenAt !== null) return timeoutMs === null ? null : entry.takenAt + timeoutMs;
  // Nobody can take it while its execution is paused: that time-out acts when it goes on.
  if (entry.place.kind === "paused") return null;
  return queueTimeoutMs === null ? null : entry.queuedAt + queueTimeoutMs;
}

function toLeased(entry: Entry): LeasedTask {
  const { task } = entry;
  const attemptEnd = entry.takenAt === null || task.timeoutMs === null ? null : entry.takenAt + task.timeoutMs;
  return {
    task,
    workspace: entry.workspace,
    delivery: entry.deliveries,
    leaseMs: leaseOf(entry)?.leaseMs ?? 0,
    deadline: attemptEnd === null ? task.deadline : Math.min(attemptEnd, task.deadline ?? attemptEnd),
  };
}
