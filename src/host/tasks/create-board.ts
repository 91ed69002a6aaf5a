/**
 * The task board, put together:
 *
 *     shard loop ──offer──► table ◄──poll, results, heartbeats── desk ◄── executors
 *                             ▲──────take, answer── built-in executors
 *
 * `table` knows where every task lies, `desk` speaks with executors. Everything that lasts is awaited on one timer, which
 * runs only while there is something to await.
 */

import type { Instant } from "../../core/base/time.ts";
import type { EngineTask } from "../../core/engine/reactions.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import type { Board, FinishTask, Shards } from "../board.ts";
import { type Counters, createCounters } from "../counters.ts";
import type { Executors, LeasedTask, ResultOutcome } from "../executors.ts";
import { TICK_MS } from "./alarms.ts";
import { createAnswers, type Hear } from "./answers.ts";
import { createClaims } from "./claims.ts";
import { createDesk } from "./desk.ts";
import { instanceOf, isBuiltin, leaseOf } from "./entry.ts";
import { createLateNotes } from "./late.ts";
import { createParkedTasks } from "./parked.ts";
import { createPolls } from "./polls.ts";
import type { QueuePlace } from "./queues.ts";
import { createReceivers } from "./receivers.ts";
import { createRecent } from "./recent.ts";
import { createRegistry } from "./registry.ts";
import { createTable } from "./table.ts";
import { createPassedTime } from "./time.ts";
import { notInThisBuild } from "./verdicts.ts";

export interface TaskBoard extends Board, Executors, AsyncDisposable {
  /** Which tasks of an execution are leased: path -> since when, by whom. */
  leasesOf(executionId: string): ReadonlyMap<string, LeaseView>;
  /** Where the built-in executors take their tasks. */
  readonly builtins: BuiltinTasks;
}

export interface LeaseView {
  readonly since: Instant;
  readonly instance: string;
  readonly progress: number | null;
  readonly message: string | null;
}

export interface BuiltinTasks {
  /** From now on this build has `executor`; `wake` is called when there may be tasks for it. The answer ends that. */
  attend(executor: string, wake: () => void): () => void;
  /** The lease lasts until the answer; `cancel` is called when the attempt is over before. */
  take(request: { executor: string; most: number; cancel: (taskId: string) => void }): readonly LeasedTask[];
  /** Resolves after the commit; rejects if it is not known whether there was one. */
  answer(request: {
    workspace: string;
    task: EngineTask;
    answer: FinishTask["answer"];
    startedAt: Instant;
  }): Promise<ResultOutcome>;
}

export function createBoard(world: {
  readonly clock: Clock;
  readonly store: Pick<Store, "findTasks">;
  readonly shards: Shards;
  /** The longest time of an attempt, whatever its step says; left out: none. */
  readonly attemptMsMax?: number | null;
  readonly counters?: Counters;
  /** For the log: what is worth a line, though nothing is wrong. */
  readonly note?: (message: string) => void;
}): TaskBoard {
  const { clock, store, shards, attemptMsMax = null, counters = createCounters(), note = ignore } = world;
  /** Places where something has come in since the last turn. One turn's commits are handed out together. */
  const arrivals = new Map<string, QueuePlace>();
  /** Tasks of one commit come many at a time for the same executor. */
  let lastArrival: QueuePlace | null = null;
  const attendants = new Map<string, () => void>();
  let stopTicking: (() => void) | null = null;
  let isClosed = false;

  const noteLate = createLateNotes(clock, note);
  const passed = createPassedTime(clock);
  const recent = createRecent();
  const answers = createAnswers(shards, recent);
  const claims = createClaims(passed);
  const polls = createPolls(passed, awaited);
  const receivers = createReceivers();
  const parked = createParkedTasks(store, shards, passed, awaited);
  const table = createTable({
    clock,
    passed,
    awaited,
    answers,
    recent,
    claims,
    arrived,
    attemptMsMax,
    reportLoss: shards.reportLoss,
    counters,
  });
  const registry = createRegistry({ now: clock.now, leased: table.leases.countOf });
  const desk = createDesk({
    passed,
    table,
    polls,
    receivers,
    parked,
    registry,
    claims,
    recent,
    answers,
    told(taskId, outcome) {
      counters.results[outcome] += 1;
      if (outcome === "stale") noteLate(taskId);
    },
    isClosed: () => isClosed,
  });

  function arrived({ workspace, executor }: QueuePlace): void {
    if (lastArrival?.workspace === workspace && lastArrival.executor === executor) return;
    if (arrivals.size === 0) clock.soon(serveArrivals);
    lastArrival = { workspace, executor };
    arrivals.set(`${workspace}\n${executor}`, lastArrival);
  }

  function serveArrivals(): void {
    if (arrivals.size === 0) return;
    const places = [...arrivals.values()];
    arrivals.clear();
    lastArrival = null;
    for (const place of places) {
      if (isBuiltin(place.executor)) serveBuiltin(place.executor);
      else desk.serve(place);
    }
  }

  function serveBuiltin(executor: string): void {
    const wake = attendants.get(executor);
    if (wake !== undefined) wake();
    // Before the first of them has come nobody can say which are missing: a start-up offers tasks before it is done.
    else if (attendants.size > 0) giveUpBuiltin(executor);
  }

  function giveUpBuiltin(executor: string): void {
    const holder = { kind: "builtin", cancel: ignore } as const;
    for (const { workspace, task } of table.handOfAll(executor, {
      holder,
      most: Number.MAX_SAFE_INTEGER,
      leaseMs: 0,
    })) {
      const entry = table.find(workspace, task.id);
      if (entry !== null) table.giveUp(entry, notInThisBuild(entry));
    }
  }

  function awaited(): void {
    if (stopTicking === null && !isClosed) stopTicking = clock.after(TICK_MS, tick);
  }

  function tick(): void {
    stopTicking = null;
    const time = passed();
    table.tick(time, clock.now());
    polls.tick(time);
    parked.tick(time);
    if (table.size + polls.size + parked.size > 0) awaited();
  }

  const builtins: BuiltinTasks = {
    attend(executor, wake) {
      attendants.set(executor, wake);
      clock.soon(() => table.waitingBuiltins().forEach(serveBuiltin));
      return () => attendants.delete(executor);
    },
    take: ({ executor, most, cancel }) =>
      table.handOfAll(executor, {
        holder: (task) => ({ kind: "builtin", cancel: () => cancel(task.id) }),
        most: isClosed ? 0 : most,
        leaseMs: 0,
      }),
    answer({ workspace, task, answer, startedAt }) {
      const { executionId, path, attempt } = task;
      const finish: FinishTask = { workspace, executionId, path, attempt, answer, startedAt, instance: null };
      const entry = table.find(workspace, task.id);
      return new Promise((resolve, reject) => {
        const hear: Hear = (outcome) => (typeof outcome === "string" ? resolve(outcome) : reject(outcome));
        if (entry === null) answers.give({ taskId: task.id, finish, by: "builtin", isOpen: false }, hear);
        else table.answer(entry, finish, hear);
      });
    },
  };

  return {
    offer: table.offer,
    settled: serveArrivals,
    withdraw: table.withdraw,
    has: table.has,
    pause: table.pause,
    resume: table.resume,
    isNeeded: table.isNeeded,
    unload: table.unload,
    drop: table.drop,
    poll: desk.poll,
    connect: desk.connect,
    finish: desk.finish,
    heartbeat: desk.heartbeat,
    report: desk.report,
    list: desk.list,
    read: desk.read,
    leave: desk.leave,
    leasesOf(executionId) {
      const leases = new Map<string, LeaseView>();
      for (const entry of table.ofExecution(executionId)) {
        const lease = leaseOf(entry);
        if (lease === null) continue;
        const { since, progress, message } = lease;
        leases.set(entry.task.path, { since, instance: instanceOf(lease) ?? "", progress, message });
      }
      return leases;
    },
    builtins,
    async [Symbol.asyncDispose]() {
      isClosed = true;
      stopTicking?.();
      stopTicking = null;
      polls.dismissAll();
      receivers.dismissAll();
    },
  };
}

function ignore(): void {
  // The attempt is given up in the same turn; there is no call to end.
}
