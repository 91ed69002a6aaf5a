/**
 * Tasks as the pure engine's stage keeps them: what a board does of it, without threads, leases or a store. Time-outs of an
 * attempt are measured here, because they begin when somebody takes the task, of which a history knows nothing.
 */

import type { StepError } from "../../src/core/engine/error.ts";
import type { EngineTask } from "../../src/core/engine/reactions.ts";

export interface DeskTask {
  readonly task: EngineTask;
  takenAt: number | null;
  beatAt: number;
}

export interface Desk {
  offer(task: EngineTask): void;
  withdraw(taskId: string): void;
  find(taskId: string): DeskTask | null;
  /** Those that wait for the function, taken. */
  take(
    executor: string,
    functionName: string,
    now: number,
    isPaused: (task: EngineTask) => boolean,
  ): readonly EngineTask[];
  /** Was offered, and is over. */
  isOver(taskId: string): boolean;
  /** The next moment at which one of them is given up. */
  next(
    isPaused: (task: EngineTask) => boolean,
  ): { readonly due: number; readonly task: EngineTask; readonly error: StepError } | null;
  /** Null: nobody has ever asked for tasks of it. */
  waiting(executor: string): number | null;
}

export function createDesk(): Desk {
  const tasks = new Map<string, DeskTask>();
  const over = new Set<string>();
  const seen = new Set<string>();
  return {
    offer(task) {
      tasks.set(task.id, { task, takenAt: null, beatAt: 0 });
    },
    withdraw(taskId) {
      if (tasks.delete(taskId)) over.add(taskId);
    },
    find: (taskId) => tasks.get(taskId) ?? null,
    take(executor, functionName, now, isPaused) {
      seen.add(executor);
      const fitting = [...tasks.values()].filter(
        ({ task, takenAt }) =>
          takenAt === null && task.executor === executor && task.function === functionName && !isPaused(task),
      );
      for (const each of fitting) {
        each.takenAt = now;
        each.beatAt = now;
      }
      return fitting.map(({ task }) => task);
    },
    isOver: (taskId) => over.has(taskId),
    next(isPaused) {
      const ends = [...tasks.values()].flatMap((each) => endsOf(each, isPaused(each.task)));
      return ends.toSorted((a, b) => a.due - b.due)[0] ?? null;
    },
    waiting: (executor) =>
      seen.has(executor) ? [...tasks.values()].filter(({ task }) => task.executor === executor).length : null,
  };
}

function endsOf({ task, takenAt, beatAt }: DeskTask, isPaused: boolean) {
  const end = (since: number, ms: number | null, code: string, message: string) =>
    ms === null ? [] : [{ due: since + ms, task, error: { code, message } }];
  if (takenAt === null)
    return isPaused ? [] : end(task.createdAt, task.queueTimeoutMs, "EXECUTOR_UNAVAILABLE", "Nobody took it.");
  return [
    ...end(takenAt, task.timeoutMs, "TIMEOUT", "It took too long."),
    ...end(beatAt, task.heartbeatTimeoutMs, "TIMEOUT", "It fell silent."),
  ];
}
