/** Long polls: instances that wait for a task, first come first served. */

import type { LeasedTask, PollRequest } from "../executors.ts";
import { createAlarms } from "./alarms.ts";
import type { TaskFilter } from "./queue.ts";
import type { QueuePlace } from "./queues.ts";
import type { InstanceName } from "./registry.ts";
import type { Taker } from "./share.ts";
import type { Passed } from "./time.ts";

export interface Polls {
  /** Resolves with the first tasks, or with none after `waitMs`, at abort, or at the end of the board. */
  wait(request: PollRequest, filter: TaskFilter): Promise<readonly LeasedTask[]>;
  /** Those who wait at `place`, in the order in which they came. */
  at(place: QueuePlace): readonly Waiter[];
  /** Ends the polls of an instance that has left. */
  dismiss(name: InstanceName): void;
  dismissAll(): void;
  tick(passed: Passed): void;
  readonly size: number;
}

export interface Waiter extends Taker {
  readonly request: PollRequest;
  readonly filter: TaskFilter;
}

export function createPolls(passed: () => Passed, awaited: () => void): Polls {
  const places = new Map<string, Set<Waiter>>();
  const alarms = createAlarms<Waiter>((waiter) => waiter.give([]), awaited);

  function waitersAt(place: QueuePlace): readonly Waiter[] {
    return [...(places.get(keyOf(place)) ?? [])];
  }

  return {
    wait(request, filter) {
      return new Promise((resolve) => {
        const key = keyOf(request);
        const waiters = places.get(key) ?? new Set<Waiter>();
        const stop = () => waiter.give([]);
        const waiter: Waiter = {
          request,
          filter,
          most: request.tasksMax,
          give(tasks) {
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
    at: waitersAt,
    dismiss(name) {
      for (const waiter of waitersAt(name)) if (waiter.request.instance === name.instance) waiter.give([]);
    },
    dismissAll() {
      for (const waiters of [...places.values()]) for (const waiter of [...waiters]) waiter.give([]);
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
