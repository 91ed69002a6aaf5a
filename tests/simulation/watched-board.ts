/**
 * The task board with somebody looking over its shoulder: what is handed out has been committed, is held by one instance
 * at a time, is counted, and is not of an execution that was paused.
 */

import type { TaskBoard } from "../../src/host/tasks/create-board.ts";
import { lastOf, overSince, pausedBy } from "./histories.ts";
import { owns, type Process } from "./process.ts";
import type { World } from "./world.ts";

/** A task on the board, from the time it was offered until it is taken off. */
interface Seen {
  deliveries: number;
  instance: string;
  leasedUntil: number;
  /** How often the clock had been set by then: a jump may cost a lease. */
  jumps: number;
}

const LEASE_MS_MIN = 1000;

export function watchedBoard(world: World, process: Process, board: TaskBoard): TaskBoard {
  const { disk, timeline, fail } = world;
  const seen = new Map<string, Seen>();

  function forgetAllOf(executionId: string): void {
    for (const taskId of [...seen.keys()]) if (taskId.startsWith(`${executionId}/`)) seen.delete(taskId);
  }

  function see(executionId: string, taskId: string, delivery: number, lease: { instance: string; ms: number }): void {
    const before = seen.get(taskId);
    if (before !== undefined && delivery <= before.deliveries) {
      fail("a further delivery counts on", `${taskId} was delivered twice as delivery ${delivery}.`);
    }
    const isHeld = before !== undefined && before.leasedUntil > timeline.passed && before.jumps === world.jumps;
    if (isHeld) fail("a leased task is nobody else's", `${taskId} is still leased to ${before.instance}.`);
    const recorded = disk.of(executionId);
    const pause = recorded === null ? null : pausedBy(recorded);
    const isKnownPaused = pause !== null && world.pausesHeard.has(pause);
    if (recorded !== null && isKnownPaused && owns(world, process, recorded.row.shard)) {
      fail("nothing is handed out while paused", `${taskId} was handed out.`);
    }
    const over = recorded === null ? null : overSince(recorded, taskId);
    if (over !== null && process.heard.has(over.commit)) {
      fail("what is over is not handed out", `${taskId} has been over for ${timeline.passed - over.passed} ms.`);
    }
    const leasedUntil = timeline.passed + Math.max(LEASE_MS_MIN, lease.ms);
    seen.set(taskId, { deliveries: delivery, instance: lease.instance, leasedUntil, jumps: world.jumps });
    world.deliveries.set(taskId, [
      ...(world.deliveries.get(taskId) ?? []),
      { at: world.wall.now(), passed: timeline.passed, delivery },
    ]);
  }

  return {
    ...board,
    offer(request) {
      const { task } = request;
      const recorded = disk.of(task.executionId);
      const scheduled = recorded === null ? null : lastOf(recorded, task.path, "StepScheduled");
      const isCommitted = scheduled !== null && (scheduled.attempt ?? 0) >= task.attempt;
      if (!isCommitted) fail("nothing is known before it is committed", `${task.id} was offered.`);
      board.offer(request);
    },
    withdraw(request) {
      seen.delete(request.taskId);
      board.withdraw(request);
    },
    unload(executionId) {
      const isUnloaded = board.unload(executionId);
      if (isUnloaded) forgetAllOf(executionId);
      return isUnloaded;
    },
    drop(executionId) {
      forgetAllOf(executionId);
      board.drop(executionId);
    },
    async poll(request) {
      const tasks = await board.poll(request);
      for (const { task, delivery, leaseMs } of tasks) {
        world.note(process.name, `hands ${task.id} to ${request.instance} (${delivery})`);
        see(task.executionId, task.id, delivery, { instance: request.instance, ms: leaseMs });
      }
      return tasks;
    },
    leave(name) {
      for (const lease of seen.values()) if (lease.instance === name.instance) lease.leasedUntil = 0;
      return board.leave(name);
    },
  };
}
