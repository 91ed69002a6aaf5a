/**
 * Open connections of instances: tasks are given to them as they come, one for each credit. Who was given some goes to
 * the end of the line, so that all who have credit get their part.
 *
 * A sign of life over a connection is one for everything that was handed out over it.
 */

import type { ConnectRequest, LeasedTask } from "../executors.ts";
import type { Connection } from "./entry.ts";
import type { TaskFilter } from "./queue.ts";
import type { QueuePlace } from "./queues.ts";
import type { InstanceName } from "./registry.ts";
import type { Taker } from "./share.ts";
import type { Passed } from "./time.ts";

export interface Receiver extends Connection, Taker {
  readonly request: ConnectRequest;
  readonly filter: TaskFilter;
  credits: number;
  /** The peer does not read what it is sent: nothing more is handed to it for now. */
  isHeldBack: boolean;
  isOpen: boolean;
}

export interface Receivers {
  open(request: ConnectRequest, filter: TaskFilter, now: Passed): Receiver;
  /** Those at `place` who can be given something, in the order of their turns. */
  at(place: QueuePlace): readonly Receiver[];
  close(receiver: Receiver): void;
  /** The connections of an instance that has left are closed, and it is told. */
  dismiss(name: InstanceName): void;
  dismissAll(): void;
}

export function createReceivers(): Receivers {
  const places = new Map<string, Set<Receiver>>();

  function close(receiver: Receiver): void {
    receiver.isOpen = false;
    const key = keyOf(receiver.request);
    const others = places.get(key);
    others?.delete(receiver);
    if (others?.size === 0) places.delete(key);
  }

  function dismiss(receiver: Receiver): void {
    close(receiver);
    receiver.request.ended();
  }

  return {
    open(request, filter, now) {
      const others = places.get(keyOf(request)) ?? new Set<Receiver>();
      places.set(keyOf(request), others);
      const receiver: Receiver = {
        request,
        filter,
        credits: request.credits,
        isHeldBack: false,
        isOpen: true,
        seenAt: now,
        get most() {
          return receiver.isHeldBack ? 0 : receiver.credits;
        },
        give(tasks: readonly LeasedTask[]) {
          receiver.credits -= tasks.length;
          others.delete(receiver);
          others.add(receiver);
          request.receive(tasks);
        },
        withdrawn(taskId, reason) {
          if (receiver.isOpen) request.withdrawn(taskId, reason);
        },
      };
      others.add(receiver);
      return receiver;
    },
    at(place) {
      const all = places.get(keyOf(place));
      return all === undefined ? NOBODY : [...all].filter(({ most }) => most > 0);
    },
    close,
    dismiss(name) {
      const all = [...(places.get(keyOf(name)) ?? NOBODY)];
      for (const receiver of all) if (receiver.request.instance === name.instance) dismiss(receiver);
    },
    dismissAll() {
      for (const all of [...places.values()]) for (const receiver of [...all]) dismiss(receiver);
    },
  };
}

const NOBODY: readonly Receiver[] = [];

function keyOf(place: QueuePlace): string {
  return `${place.workspace}\n${place.executor}`;
}
