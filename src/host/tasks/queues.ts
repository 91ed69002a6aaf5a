/** The queues of all executors: one for each executor of each workspace, there as long as something waits in it. */

import type { Instant } from "../../core/base/time.ts";
import { type Entry, isBuiltin } from "./entry.ts";
import { createQueue, type TaskFilter, type TaskQueue } from "./queue.ts";

export interface Queues {
  add(entry: Entry): void;
  remove(entry: Entry): void;
  take(place: QueuePlace, filter: TaskFilter, now: Instant): Entry | null;
  /** The next task of an executor in whatever workspace; workspaces take turns. */
  takeOfAll(executor: string, now: Instant): Entry | null;
  length(place: QueuePlace): number;
  /** Built-in executors that have tasks waiting in any workspace. */
  builtins(): readonly string[];
  /** What waits for each executor of users in a workspace. */
  waiting(workspace: string): ReadonlyMap<string, WaitingTasks>;
}

export interface WaitingTasks {
  readonly count: number;
  /** When the oldest was made; null: none waits. */
  readonly oldest: Instant | null;
}

export interface QueuePlace {
  readonly workspace: string;
  readonly executor: string;
}

const ANY: TaskFilter = { functions: null, labels: {} };

export function createQueues(): Queues {
  /** Executor, then workspace. The order of workspaces is that of their next turns. */
  const executors = new Map<string, Map<string, TaskQueue>>();

  function find(place: QueuePlace): TaskQueue | null {
    return executors.get(place.executor)?.get(place.workspace) ?? null;
  }

  function open(place: QueuePlace): TaskQueue {
    const known = find(place);
    if (known !== null) return known;
    const queue = createQueue();
    const workspaces = executors.get(place.executor);
    if (workspaces === undefined) executors.set(place.executor, new Map([[place.workspace, queue]]));
    else workspaces.set(place.workspace, queue);
    return queue;
  }

  function closeIfEmpty(place: QueuePlace): void {
    if (find(place)?.length !== 0) return;
    const workspaces = executors.get(place.executor);
    workspaces?.delete(place.workspace);
    if (workspaces?.size === 0) executors.delete(place.executor);
  }

  return {
    add(entry) {
      open(placeOf(entry)).add(entry);
    },
    remove(entry) {
      if (find(placeOf(entry))?.remove(entry)) closeIfEmpty(placeOf(entry));
    },
    take(place, filter, now) {
      const entry = find(place)?.take(filter, now) ?? null;
      if (entry !== null) closeIfEmpty(place);
      return entry;
    },
    takeOfAll(executor, now) {
      for (const [workspace, queue] of executors.get(executor) ?? []) {
        const entry = queue.take(ANY, now);
        if (entry === null) continue;
        executors.get(executor)?.delete(workspace);
        if (queue.length > 0) executors.get(executor)?.set(workspace, queue);
        if (executors.get(executor)?.size === 0) executors.delete(executor);
        return entry;
      }
      return null;
    },
    length: (place) => find(place)?.length ?? 0,
    builtins: () => [...executors.keys()].filter(isBuiltin),
    waiting(workspace) {
      const counts = new Map<string, WaitingTasks>();
      for (const [executor, workspaces] of executors) {
        const queue = workspaces.get(workspace);
        if (queue !== undefined && !isBuiltin(executor)) {
          counts.set(executor, { count: queue.length, oldest: queue.oldest });
        }
      }
      return counts;
    },
  };
}

export function placeOf(entry: Entry): QueuePlace {
  return { workspace: entry.workspace, executor: entry.task.executor };
}
