/**
 * One process of the platform: the real host and the real task board over a simulated store, with a clock of its own that
 * dies with it. A process that is dead hears nothing and says nothing any more; one that stands still does everything
 * later.
 */

import type { Host } from "../../src/host/host.ts";
import { openHost } from "../../src/host/open-host.ts";
import { withPatience } from "../../src/host/patience.ts";
import { RefusedError } from "../../src/host/refusal.ts";
import { createRegistry } from "../../src/host/registry.ts";
import { performBuiltins } from "../../src/host/tasks/builtin.ts";
import { createBoard, type TaskBoard } from "../../src/host/tasks/create-board.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { StoreError } from "../../src/ports/store.ts";
import { simulatedPerformer } from "./simulated-performer.ts";
import { simulatedStore } from "./simulated-store.ts";
import { watchedBoard } from "./watched-board.ts";
import { witnessed } from "./witness.ts";
import type { World } from "./world.ts";

export interface Process {
  readonly name: string;
  isAlive: boolean;
  /** Null until it is open: nobody is connected before. */
  host: Host | null;
  /** The newest epoch of each shard that it has learned. */
  readonly epochs: Map<number, number>;
  /** Numbers of the commits that it knows to have succeeded. */
  readonly heard: Set<number>;
  /** When the oldest of its writes was begun that has had no answer. */
  unansweredSince: number | null;
  /** Timers that are set. */
  readonly timers: Set<() => void>;
  /** Until then nothing happens in it. */
  frozenUntil: number;
  /** Does the work in the process: now, when it moves again, or never. */
  deliver(work: () => void): void;
  kill(why: string): void;
  /** In good order. */
  close(): Promise<void>;
}

/** Begins to open one, and makes it the one that requests go to. */
export function beginProcess(world: World): Process {
  const { timeline, bug } = world;
  let board: TaskBoard | null = null;
  let builtins: AsyncDisposable | null = null;
  world.births += 1;
  const process: Process = {
    name: `process ${world.births}`,
    isAlive: true,
    host: null,
    epochs: new Map(),
    heard: new Set(),
    unansweredSince: null,
    timers: new Set(),
    frozenUntil: 0,
    deliver(work) {
      if (!process.isAlive) return;
      if (process.frozenUntil <= timeline.passed) return work();
      timeline.after(process.frozenUntil - timeline.passed, () => process.deliver(work));
    },
    kill(why) {
      if (!process.isAlive) return;
      world.note(process.name, `dies: ${why}`);
      process.isAlive = false;
      for (const cancel of [...process.timers]) cancel();
      if (world.process === process) world.process = null;
      if (world.formerProcess === process) world.formerProcess = null;
    },
    async close() {
      await builtins?.[Symbol.asyncDispose]();
      await process.host?.[Symbol.asyncDispose]();
      await board?.[Symbol.asyncDispose]();
    },
  };
  world.process = process;
  world.note(process.name, "is born");
  const simulated = { clock: simulatedClock(world, process), store: simulatedStore(world, process) };
  const clock = bug?.clock?.(simulated.clock, world) ?? simulated.clock;
  const store = withPatience(bug?.store?.(simulated.store, world, process) ?? simulated.store, clock);
  openHost({
    store,
    clock,
    entropy: { id: () => world.wall.now().toString(16).padStart(12, "0") + world.chance.digits(18) },
    definitions: createRegistry(store.documents),
    createTasks(shards) {
      board = createBoard({ clock, store, shards: bug?.shards?.(shards, world) ?? shards });
      return watchedBoard(world, process, bug?.board?.(board, world) ?? board);
    },
    limits: world.limits,
    report: (error, about) => heed(world, process, error, about),
  }).then(
    (host) => {
      builtins = performBuiltins({
        builtins: (board as TaskBoard).builtins,
        performers: ["@http", "@script"].map((executor) => simulatedPerformer(world, process, executor)),
        secrets: { read: async () => null },
        clock,
      });
      process.host = witnessed(world, process, bug?.host?.(host, world) ?? host);
      world.note(process.name, "is open");
    },
    (error: unknown) => {
      if (!(error instanceof StoreError)) world.fail("nothing breaks inside the host", String(error));
      process.kill(`could not open: ${String(error)}`);
    },
  );
  return process;
}

/** Whether what the process knows of the shard is the newest: nobody else has taken it over. */
export function owns(world: World, process: Process, shard: number): boolean {
  return process.epochs.get(shard) === world.disk.epochs[shard];
}

function simulatedClock({ timeline, faults, chance, wall }: World, process: Process): Clock {
  function shiftMs(delayMs: number): number {
    if (faults.strikes("a timer is late")) return chance.between(1, 200);
    return delayMs >= 1 && faults.strikes("a timer is early") ? -1 : 0;
  }

  return {
    now: wall.now,
    after(delayMs, work) {
      const callOff = timeline.after(delayMs + shiftMs(delayMs), () => {
        process.deliver(() => {
          // It may have been called off while the process stood still.
          if (process.timers.delete(cancel)) work();
        });
      });
      const cancel = () => {
        process.timers.delete(cancel);
        callOff();
      };
      process.timers.add(cancel);
      return cancel;
    },
    soon: (work) => {
      timeline.after(0, () => process.deliver(work));
    },
  };
}

/** What the host says it has dealt with: failures of the store are to be expected, bugs are not. */
function heed(world: World, process: Process, error: unknown, about: string): void {
  world.note(process.name, `reports: ${about}: ${String(error)}`);
  if (error instanceof StoreError || error instanceof RefusedError) return;
  const isLossOfShards = error instanceof Error && error.message.includes("their epochs are stale");
  if (!isLossOfShards) world.fail("nothing breaks inside the host", `${about}: ${String(error)}`);
}
