/** Long polls: instances that wait for a task, first come first served, and share what comes in evenly. */

import type { LeasedTask, PollRequest } from "../executors.ts";
import { createAlarms } from "./alarms.ts";
import type { TaskFilter } from "./queue.ts";
import type { QueuePlace } from "./queues.ts";
import type { InstanceName } from "./registry.ts";
import type { Passed } from "./time.ts";

export interface Polls {
  /** Resolves with the first tasks, or with none after `waitMs`, at abort, or at the end of the board. */
  wait(request: PollRequest, filter: TaskFilter): Promise<readonly LeasedTask[]>;
  /** Gives those who wait at `place` what `take` hands out, as long as there is something. `waiting` is how much that is. */
  serve(place: QueuePlace, waiting: number, take: (waiter: Waiter, most: number) => readonly LeasedTask[]): void;
  /** Ends the polls of an instance that has left. */
  dismiss(name: InstanceName): void;
  dismissAll(): void;
  tick(passed: Passed): void;
  readonly size: number;
}

export interface Waiter {
  readonly request: PollRequest;
  readonly filter: TaskFilter;
  readonly end: (tasks: readonly LeasedTask[]) => void;
}

export function createPolls(passed: () => Passed, awaited: () => void): Polls {
  const places = new Map<string, Set<Waiter>>();
  const alarms = createAlarms<Waiter>((waiter) => waiter.end([]), awaited);

  function waitersAt(place: QueuePlace): readonly Waiter[] {
    return [...(places.get(keyOf(place)) ?? [])];
  }

  return {
    wait(request, filter) {
      return new Promise((resolve) => {
        const key = keyOf(request);
        const waiters = places.get(key) ?? new Set<Waiter>();
        const stop = () => waiter.end([]);
        const waiter: Waiter = {
          request,
          filter,
          end(tasks) {
            if (!waiters.delete(waiter)) return;
            if (waiters.size === 0) places.delete(key);
            alarms.clear(waiter);
            request.signal.removeEventListener("abort", stop);
            resolve(tasks);
          },
        };
        waiters.add(waiter);
        places.set(key, waiters);
        alarms.set(waiter, passed() + request.waitMs);
        request.signal.addEventListener("abort", stop);
        if (request.signal.aborted) stop();
      });
    },
    serve(place, waiting, take) {
      const waiters = waitersAt(place);
      if (waiters.length === 0) return;
      // The first may not take everything while others stand idle; only what the others do not want is his as well.
      const share = Math.max(1, Math.ceil(waiting / waiters.length));
      const given = waiters.map((waiter) => [...take(waiter, Math.min(share, waiter.request.tasksMax))]);
      waiters.forEach((waiter, i) => {
        const tasks = given[i] ?? [];
        if (tasks.length > 0 && tasks.length < waiter.request.tasksMax) {
          tasks.push(...take(waiter, waiter.request.tasksMax - tasks.length));
        }
        if (tasks.length > 0) waiter.end(tasks);
      });
    },
    dismiss(name) {
      for (const waiter of waitersAt(name)) if (waiter.request.instance === name.instance) waiter.end([]);
    },
    dismissAll() {
      for (const waiters of [...places.values()]) for (const waiter of [...waiters]) waiter.end([]);
    },
    tick: alarms.tick,
    get size() {
      return alarms.size;
    },
  };
}

function keyOf(place: QueuePlace): string {
  return `${place.workspace}\n${place.executor}`;
}
