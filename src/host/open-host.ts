/**
 * Puts the host together and opens it: takes over every shard, then serves.
 *
 *     await using host = await openHost({ store, clock, entropy, definitions, createTasks });
 */

import { shardOfKey } from "../core/base/ids.ts";
import { isLongerThan, type Json } from "../core/base/json.ts";
import type { Command } from "../core/engine/commands.ts";
import type { Clock } from "../ports/clock.ts";
import type { Entropy } from "../ports/entropy.ts";
import type { RowStatus, Store } from "../ports/store.ts";
import type { Board, Shards } from "./board.ts";
import type { Controls } from "./bulk/act.ts";
import { createBulks } from "./bulk/create-bulks.ts";
import { type Counters, createCounters } from "./counters.ts";
import type { Definitions } from "./definitions.ts";
import type { Executors } from "./executors.ts";
import { healthOf } from "./health.ts";
import type { Host, Started } from "./host.ts";
import { type CommandAnswer, commandItem, type Reply } from "./item.ts";
import { createLetters } from "./letters/create-letters.ts";
import {
  type BreakerTransition,
  createLoop,
  HOST_LIMITS,
  type HostLimits,
  type Loop,
  shardAt,
  shardOfExecution,
  submit,
} from "./loop.ts";
import { type Prepared, prepareStart } from "./prepare-start.ts";
import { arm } from "./pulse.ts";
import { followExecution, readHistory, readRow, waitForEnd } from "./reads.ts";
import { takeOverFirst } from "./recovery.ts";
import type { Outcome } from "./refusal.ts";
import { executionUnknown, prepareRerun } from "./rerun.ts";
import { resetQuarantine } from "./reset.ts";
import { createBreakers } from "./shared/breakers.ts";
import { passDoor } from "./shared/door.ts";
import { limitsHeld, lineOf } from "./shared/line.ts";
import { askShared } from "./shared/take-shared.ts";
import { stop } from "./stop.ts";
import { standstillOf } from "./suspects.ts";
import { createShardsFor } from "./task-results.ts";
import { takeTurn } from "./turn.ts";

export interface HostOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly definitions: Definitions;
  /** Called once, before anything is offered. The host does not close what it answers. */
  readonly createTasks: (shards: Shards, counters: Counters) => Tasks;
  /** What `env.` may read. */
  readonly environment?: ReadonlyMap<string, string>;
  readonly limits?: Partial<HostLimits>;
  /** For the log: what went wrong and was dealt with. */
  readonly report?: (error: unknown, about: string) => void;
  /** For the log and the metrics: a circuit breaker has changed. */
  readonly onTransition?: (transition: BreakerTransition) => void;
}

/** The task board with both of its sides. */
export interface Tasks extends Board, Executors {
  leasesOf: Host["leasesOf"];
}

/** Rejects if the store cannot be read. What was active before is in memory soon after, not yet when this resolves. */
export async function openHost(options: HostOptions): Promise<Host> {
  const { store, clock, entropy, definitions, environment = new Map(), report = ignore } = options;
  const counters = createCounters();
  const tasks = options.createTasks(
    createShardsFor(() => loop),
    counters,
  );
  const loop: Loop = createLoop({
    store,
    clock,
    entropy,
    definitions,
    tasks: {
      board: tasks,
      isAttended: (workspace, name) => tasks.read({ workspace, name })?.status === "online",
    },
    environment,
    limits: { ...HOST_LIMITS, ...options.limits },
    counters,
    report,
    onTransition: options.onTransition ?? ignore,
    takeTurn,
  });
  await Promise.all(loop.shards.map((shard) => takeOverFirst(loop, shard)));
  arm(loop);
  const controls: Controls = {
    rerun: async (request) => decideStart(loop, await prepareRerun(loop, request)),
    cancel: ({ commandId: id, reason, ...place }) => ask(loop, place, { kind: "Cancel", id, reason }),
    terminate: ({ commandId: id, reason, ...place }) => ask(loop, place, { kind: "Terminate", id, reason }),
    pause: ({ commandId: id, freezeTimers, ...place }) => ask(loop, place, { kind: "Pause", id, freezeTimers }),
    resume: ({ commandId: id, ...place }) => ask(loop, place, { kind: "Resume", id }),
    signal: async ({ commandId: id, name, data, ...place }) =>
      tooLong(loop, data) ?? (await ask(loop, place, { kind: "Signal", id, name, data })),
    retry: ({ commandId: id, ...place }) => ask(loop, place, { kind: "Retry", id }),
  };
  const bulks = createBulks({ store, clock, entropy, controls, report });
  bulks.recover();

  return {
    ...controls,
    bulks,
    letters: createLetters(loop, controls),
    definitions,
    executors: tasks,
    breakers: createBreakers(loop),
    start: async (request) => decideStart(loop, await prepareStart(loop, request)),
    startMany: async (requests) => {
      const prepared = await Promise.all(requests.map((request) => prepareStart(loop, request)));
      return await Promise.all(prepared.map((start) => decideStart(loop, start)));
    },

    skipStep: ({ commandId: id, path, reason, by, ...place }) =>
      ask(loop, place, { kind: "SkipStep", id, path, reason, by }),
    completeStep: async ({ commandId: id, path, output, reason, by, ...place }) =>
      tooLong(loop, output) ?? (await ask(loop, place, { kind: "CompleteStep", id, path, output, reason, by })),
    compensate: ({ commandId: id, reason, by, ...place }) => ask(loop, place, { kind: "Compensate", id, reason, by }),
    resetQuarantine: (place) => resetQuarantine(loop, place),

    publish: async (event) => tooLong(loop, event.data) ?? (await publish(loop, event)),

    read: (request) => readRow(loop, request),
    readHistory: (request) => readHistory(loop, request),
    measureHistory: (executionId) => store.measureHistory(executionId),
    find: (query) => store.findExecutions(query),
    count: async (query) => ({ ...NOTHING_COUNTED, ...(await store.countExecutions(query)) }),
    waitForEnd: (request) => waitForEnd(loop, request),
    follow: (request) => followExecution(loop, request),
    leasesOf: tasks.leasesOf,
    lineOf: (request) => lineOf(loop, request),
    limits: (workspace) => limitsHeld(loop, workspace),
    takeRate: async ({ workspace, key, limit, periodMs }) => {
      const asked = await askShared(loop, workspace, { kind: "rate", key }, { kind: "Take", limit, periodMs });
      if (!asked.ok) return asked;
      const { isTaken, remaining, nextAt } = asked.answer;
      return { ok: true, isTaken, remaining, nextInMs: Math.max(0, nextAt - clock.now()) };
    },
    changes: loop.changes,
    health: () => healthOf(loop),
    standstillOf: (executionId) => standstillOf(loop.watchdog, executionId),
    counters,
    async [Symbol.asyncDispose]() {
      // What it has sent is answered by the loop as it stops.
      const bulksStopped = bulks.stop();
      await stop(loop);
      await bulksStopped;
    },
  };
}

async function decideStart(loop: Loop, start: Outcome<Prepared>): Promise<Outcome<Started>> {
  if (!start.ok) return start;
  const { admission, command } = start;
  if (admission === null && !("slots" in command)) return submitStart(loop, start);
  return await passDoor(loop, start, (passed) => submitStart(loop, passed));
}

function submitStart(loop: Loop, start: Prepared): Promise<Outcome<Started>> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<Started>>();
  submit(loop, shardOfExecution(loop, start.executionId), { ...start, reply: { resolve, reject } });
  return promise;
}

function ask(
  loop: Loop,
  { workspace, executionId }: { workspace: string; executionId: string },
  command: Command,
): Promise<Outcome<object>> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<object>>();
  const reply: Reply<CommandAnswer> = { reject, resolve: (answer) => resolve(toOutcome(answer, executionId)) };
  submit(loop, shardOfExecution(loop, executionId), commandItem(executionId, command, { workspace, reply }));
  return promise;
}

function toOutcome(answer: CommandAnswer, executionId: string): Outcome<object> {
  switch (answer.kind) {
    // Also a command that changed nothing is fulfilled: it was decided before, or things are as it asks.
    case "decided":
    case "nothing":
      return { ok: true };
    case "unknown":
      return { ok: false, refusal: executionUnknown(executionId) };
    case "refused":
      return { ok: false, refusal: answer.refusal };
  }
}

function publish(loop: Loop, event: Parameters<Host["publish"]>[0]): Promise<Outcome<object>> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<object>>();
  const { workspace, id, name, data, correlationKey } = event;
  const shard = shardAt(loop, shardOfKey(`${name}/${correlationKey ?? id}`, loop.shards.length));
  submit(loop, shard, {
    kind: "publish",
    workspace,
    event: { id, name, data, correlation_key: correlationKey },
    reply: { resolve, reject },
  });
  return promise;
}

function tooLong(loop: Loop, data: Json): Outcome<never> | null {
  const { payloadBytesMax } = loop.limits;
  if (!isLongerThan(data, payloadBytesMax)) return null;
  const message = `Expected data of at most ${payloadBytesMax} bytes of JSON, but it is longer. Pass a reference to it, or raise limits.payload.`;
  return { ok: false, refusal: { code: "PAYLOAD_TOO_LARGE", message } };
}

const NOTHING_COUNTED: Readonly<Record<RowStatus, number>> = {
  queued: 0,
  running: 0,
  paused: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  timed_out: 0,
};

function ignore(): void {
  // Nobody wants to hear of it; whatever was reported has been dealt with.
}
