/**
 * What the simulation must be able to see: bugs that somebody could make, each planted alone. They sit between the host and
 * the world, as wrappers around its ports, so the product knows nothing of them.
 *
 *     host ──► planted bug ──► store, clock, board, callers
 *
 * Most of them strike now and then only, as real ones do.
 */

import type { Execution } from "../../src/core/engine/execution.ts";
import { fromSnapshot, toSnapshot } from "../../src/core/engine/snapshot.ts";
import type { Definition } from "../../src/core/language/definition.ts";
import { BREAKER, type BreakerCommand } from "../../src/core/shared/breaker.ts";
import type { Shards } from "../../src/host/board.ts";
import type { LeasedTask } from "../../src/host/executors.ts";
import type { Host } from "../../src/host/host.ts";
import type { TaskBoard } from "../../src/host/tasks/create-board.ts";
import { WakeUps } from "../../src/host/wake-ups.ts";
import type { Clock } from "../../src/ports/clock.ts";
import {
  type FoundOutboxRow,
  type Removal,
  type ShardBatch,
  type Snapshot,
  type Store,
  StoreError,
} from "../../src/ports/store.ts";
import type { Process } from "./process.ts";
import { definitionOf } from "./scenarios.ts";
import type { World } from "./world.ts";

export interface PlantedBug {
  readonly name: string;
  store?(store: Store, world: World, process: Process): Store;
  clock?(clock: Clock, world: World): Clock;
  shards?(shards: Shards, world: World): Shards;
  board?(board: TaskBoard, world: World): TaskBoard;
  host?(host: Host, world: World): Host;
  /** One that no wrapper can plant. The answer digs it up again. */
  plant?(world: World): () => void;
}

/** A bug in what is written: each batch is changed on its way. */
function inWriting(name: string, change: (batch: ShardBatch, world: World) => ShardBatch): PlantedBug {
  return {
    name,
    store: (store, world) => ({
      ...store,
      append: (batches) => store.append(batches.map((batch) => change(batch, world))),
    }),
  };
}

interface SnapshotWritten {
  readonly snapshot: Snapshot;
  /** What it holds. */
  readonly execution: Execution;
  readonly definition: Definition;
}

function inSnapshots(name: string, change: (written: SnapshotWritten) => Snapshot): PlantedBug {
  return inWriting(name, (batch, { disk }) => ({
    ...batch,
    executions: batch.executions.map((write) => {
      const row = write.row ?? disk.of(write.executionId)?.row ?? null;
      if (write.snapshot === undefined || row === null) return write;
      const definition = { ...definitionOf(row.workflow, row.version), hash: row.hash };
      const execution = fromSnapshot(definition, row, write.snapshot.text);
      if (execution === null) return write;
      return { ...write, snapshot: change({ snapshot: write.snapshot, execution, definition }) };
    }),
  }));
}

/** Leaves some out. */
function some<T>(items: readonly T[], { chance }: World, part = 0.3): readonly T[] {
  return items.filter(() => !chance.happens(part));
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "acknowledge before commit",
    store: (store) => ({
      ...store,
      append(batches) {
        store.append(batches).catch(() => {});
        return Promise.resolve({ refused: [] });
      },
    }),
  },
  {
    name: "take an unknown outcome for success",
    store: (store) => ({
      ...store,
      append: (batches) =>
        store.append(batches).catch((error: unknown) => {
          if (error instanceof StoreError && error.kind === "unknown") return { refused: [] };
          throw error;
        }),
    }),
  },
  {
    name: "repeat a write whose outcome is unknown",
    store: (store) => ({
      ...store,
      append: (batches) =>
        store.append(batches).catch((error: unknown) => {
          if (error instanceof StoreError && error.kind === "unknown") return store.append(batches);
          throw error;
        }),
    }),
  },
  {
    name: "do not hear that a shard was refused",
    store: (store) => ({ ...store, append: async (batches) => ({ ...(await store.append(batches)), refused: [] }) }),
  },
  {
    name: "ignore a stale epoch",
    store: (store, { disk }) => ({
      ...store,
      append: (batches) =>
        store.append(batches.map((batch) => ({ ...batch, epoch: disk.epochs[batch.shard] ?? batch.epoch }))),
    }),
  },
  {
    name: "take a shard over without a new epoch",
    store: (store, { disk }) => ({
      ...store,
      acquire: async (shard) => disk.epochs[shard] || store.acquire(shard),
    }),
  },
  inWriting("drop an outbox row", (batch, world) => ({ ...batch, addOutbox: some(batch.addOutbox, world) })),
  inWriting("leave a message in the outbox", (batch, world) => ({
    ...batch,
    removeOutbox: some(batch.removeOutbox, world),
  })),
  inWriting("remove a message before it is taken", (batch) => ({
    ...batch,
    removeOutbox: [...batch.removeOutbox, ...batch.addOutbox.map(({ id }) => id)],
  })),
  inWriting("forget an idempotency key", (batch, world) => ({ ...batch, addKeys: some(batch.addKeys, world) })),
  inWriting("compare no bodies under a key", (batch) => ({
    ...batch,
    addKeys: batch.addKeys.map((key) => ({ ...key, bodyHash: "" })),
  })),
  inWriting("skip a number in a history", (batch, world) => ({
    ...batch,
    executions: batch.executions.map((write) => {
      if (write.events === null || !world.chance.happens(0.05)) return write;
      return { ...write, events: { ...write.events, text: write.events.text.replace(/^.*\n/, "") } };
    }),
  })),
  inWriting("write a row that is behind its history", (batch, world) => ({
    ...batch,
    executions: batch.executions.map((write) =>
      write.row !== null && write.row.finishedAt !== null && world.chance.happens(0.2)
        ? { ...write, row: { ...write.row, status: "running", finishedAt: null } }
        : write,
    ),
  })),
  inWriting("forget a wait", (batch, world) => ({ ...batch, addWaits: some(batch.addWaits, world) })),
  inWriting("leave a wait behind", (batch, world) => ({ ...batch, removeWaits: some(batch.removeWaits, world) })),
  inWriting("do not keep an event", (batch, world) => ({ ...batch, addEvents: some(batch.addEvents, world) })),
  inSnapshots("forget the timers in a snapshot", ({ snapshot }) => {
    const [place, state, , ...lists] = JSON.parse(snapshot.text) as readonly unknown[];
    return { ...snapshot, text: JSON.stringify([place, state, [], ...lists]) };
  }),
  inSnapshots("forget in a snapshot which commands were taken", ({ snapshot, execution, definition }) => {
    execution.known.clear();
    return { ...snapshot, text: toSnapshot(definition, execution, snapshot.text.length) ?? "" };
  }),
  inSnapshots("give a snapshot the number of the event before", ({ snapshot }) => ({
    ...snapshot,
    seq: snapshot.seq - 1,
  })),
  inWriting("park without a wake-up", (batch) => ({
    ...batch,
    executions: batch.executions.map((write) =>
      write.row?.parked === true ? { ...write, row: { ...write.row, wakeAt: null } } : write,
    ),
  })),
  inWriting("do not list the tasks of who is parked", (batch) => ({ ...batch, addTasks: [] })),
  inWriting("leave the tasks of who is back", (batch) => ({ ...batch, removeTasksOf: [] })),
  {
    name: "recover only some of what was active",
    store: (store, world) => ({
      ...store,
      findActive: async (shard) => some(await store.findActive(shard), world, 0.2),
    }),
  },
  {
    name: "do not read the outbox at the start",
    store: (store) => ({ ...store, readOutbox: async () => [] }),
  },
  {
    name: "find nobody who is due",
    store: (store) => ({ ...store, findDue: async () => [] }),
  },
  {
    name: "read what was once",
    store(store) {
      const rows = new Map<string, Awaited<ReturnType<Store["readExecution"]>>>();
      return {
        ...store,
        async readExecution(id) {
          const row = rows.get(id) ?? (await store.readExecution(id));
          if (row !== null) rows.set(id, row);
          return row;
        },
      };
    },
  },
  {
    name: "a clock that is 1 ms early",
    clock: (clock) => ({ ...clock, now: () => clock.now() + 1 }),
  },
  {
    name: "count time instead of reading the clock",
    clock(clock, { timeline }) {
      const start = clock.now() - timeline.passed;
      return { ...clock, now: () => start + timeline.passed };
    },
  },
  {
    name: "lose a timer",
    clock: (clock, { chance }) => ({
      ...clock,
      after: (ms, work) => clock.after(ms, chance.happens(0.001) ? () => {} : work),
    }),
  },
  {
    name: "lose a signal",
    host: (host, { chance }) => ({
      ...host,
      signal: async (request) => (chance.happens(0.1) ? { ok: true } : await host.signal(request)),
    }),
  },
  {
    name: "answer a cancel without doing it",
    host: (host, { chance }) => ({
      ...host,
      cancel: async (request) => (chance.happens(0.3) ? { ok: true } : await host.cancel(request)),
    }),
  },
  {
    name: "let anybody into a workspace",
    host: (host) => ({ ...host, read: (request) => host.read({ ...request, workspace: "default" }) }),
  },
  {
    name: "leave a pack out of a stream",
    host: (host, { chance }) => ({
      ...host,
      async follow(request) {
        const stream = await host.follow(request);
        if (stream === null) return null;
        return (async function* () {
          for await (const pack of stream) if (!chance.happens(0.1)) yield pack;
        })();
      },
    }),
  },
  {
    name: "acknowledge a result without committing it",
    shards: (shards, { chance }) => ({
      ...shards,
      finishTask(request, hear) {
        if (chance.happens(0.05)) queueMicrotask(() => hear("accepted"));
        else shards.finishTask(request, hear);
      },
    }),
  },
  {
    name: "give a result to the next attempt",
    shards: (shards, { chance }) => ({
      ...shards,
      finishTask: (request, hear) =>
        shards.finishTask(chance.happens(0.05) ? { ...request, attempt: request.attempt + 1 } : request, hear),
    }),
  },
  {
    name: "do not wake who is parked",
    shards: (shards) => ({ ...shards, wake: () => {} }),
  },
  {
    name: "dispatch twice without counting",
    board(board, { chance }) {
      let last: readonly LeasedTask[] = [];
      return {
        ...board,
        async poll(request) {
          const tasks = await board.poll(request);
          const again = chance.happens(0.2) ? last.filter(({ task }) => task.executor === request.executor) : [];
          last = tasks;
          return [...tasks, ...again];
        },
      };
    },
  },
  {
    name: "do not offer a task",
    board: (board, { chance }) => ({
      ...board,
      offer: (request) => (chance.happens(0.05) ? undefined : board.offer(request)),
    }),
  },
  {
    name: "do not go on with an operation on many executions",
    store: (store) => ({
      ...store,
      documents: {
        ...store.documents,
        list: async (query) => (query.collection === "bulk_open" ? [] : store.documents.list(query)),
      },
    }),
  },
  {
    name: "lose a task that was offered",
    board: (board, { chance, timeline }) => ({
      ...board,
      offer(request) {
        board.offer(request);
        const lose = () => board.withdraw({ taskId: request.task.id, reason: "ended" });
        if (chance.happens(0.05)) timeline.after(1, lose);
      },
    }),
  },
  {
    name: "forget when to wake an execution",
    plant({ chance }) {
      const { set } = WakeUps.prototype;
      WakeUps.prototype.set = function (sleeper, wakeAt) {
        if (wakeAt === null || !chance.happens(0.02)) set.call(this, sleeper, wakeAt);
      };
      return () => {
        WakeUps.prototype.set = set;
      };
    },
  },
  {
    name: "do not withdraw a task",
    board: (board) => ({ ...board, withdraw: () => {} }),
  },
  {
    name: "hand out while paused",
    board: (board) => ({ ...board, pause: () => {} }),
  },
  {
    name: "forget to go on after a pause",
    board: (board) => ({ ...board, resume: () => {} }),
  },
  inWriting("leave failed executions out of the dead letters", (batch, { chance }) => ({
    ...batch,
    executions: batch.executions.map((write) =>
      write.row?.deadLetter === true && chance.happens(0.5)
        ? { ...write, row: { ...write.row, deadLetter: false } }
        : write,
    ),
  })),
  {
    name: "say that a dead letter is dropped, and forget it",
    host: (host) => ({ ...host, letters: { ...host.letters, drop: () => Promise.resolve({ ok: true }) } }),
  },
  {
    name: "lose the report of a failed call",
    plant: ({ chance }) =>
      deaf((command) => command.kind === "ReportCall" && command.outcome === "failure" && chance.happens(0.5)),
  },
  {
    name: "do not give a permit back",
    plant: ({ chance }) =>
      deaf((command) => command.kind === "ReportCall" && command.outcome !== "failure" && chance.happens(0.5)),
  },
  {
    name: "let nobody out of the line",
    plant: () => deaf((command) => command.kind === "Tick"),
  },
  {
    name: "forget at a restart which breakers are open",
    store: (store) => ({
      ...store,
      readShared: async (shard) => (await store.readShared(shard)).filter(({ kind }) => kind !== "breaker"),
    }),
  },
  inWriting("leave the row of a slot that was given back", (batch, { chance }) => ({
    ...batch,
    putShared: batch.putShared.filter(({ kind, body }) => kind !== "slots" || body !== null || chance.happens(0.7)),
  })),
  {
    name: "forget at a restart who holds a slot",
    store: (store) => ({
      ...store,
      readShared: async (shard) =>
        (await store.readShared(shard)).filter(({ kind, body }) => kind !== "slots" || !isHeld(body)),
    }),
  },
  {
    name: "forget at a restart which starts are put off",
    store: (store) => ({
      ...store,
      readShared: async (shard) => (await store.readShared(shard)).filter(({ kind }) => kind !== "debounce"),
    }),
  },
  {
    name: "take a message from another shard twice",
    store(store) {
      const rows = new Map<string, FoundOutboxRow>();
      return {
        ...store,
        append(batches) {
          for (const row of batches.flatMap(({ addOutbox }) => addOutbox)) {
            if (row.id.startsWith("mail/")) rows.set(row.id, row);
          }
          return store.append(batches);
        },
        async readOutbox(shard) {
          const found = await store.readOutbox(shard);
          const known = new Set(found.map(({ id }) => id));
          return [...[...rows.values()].filter((row) => row.shard === shard && !known.has(row.id)), ...found];
        },
      };
    },
  },
  {
    name: "remove executions before their time",
    // Looked for too early, and not looked at once more when they are removed.
    store: (store) => ({
      ...store,
      findOver: (query) => store.findOver({ ...query, endedBefore: FOREVER }),
      append: (batches) =>
        store.append(
          batches.map((batch) =>
            withRemovals(batch, (removal) => ({ ...removal, endedBefore: FOREVER, lettersBefore: FOREVER })),
          ),
        ),
    }),
  },
  inWriting("remove executions whose keys are known", (batch) =>
    withRemovals(batch, (removal) => ({ ...removal, keysSince: Infinity })),
  ),
  inWriting("leave children behind", (batch) =>
    withRemovals(batch, (removal) => ({ ...removal, executionIds: removal.executionIds.slice(-1) })),
  ),
  inWriting("remove nothing", (batch) => withRemovals(batch, (removal) => ({ ...removal, executionIds: [] }))),
];

const FOREVER = Number.POSITIVE_INFINITY;

function withRemovals(batch: ShardBatch, change: (removal: Removal) => Removal): ShardBatch {
  return batch.remove === undefined ? batch : { ...batch, remove: batch.remove.map(change) };
}

function isHeld(body: unknown): boolean {
  return typeof body === "object" && body !== null && "state" in body && body.state === "held";
}

/** Breakers that pass over some of what is said to them. */
function deaf(to: (command: BreakerCommand) => boolean): () => void {
  const { decide } = BREAKER;
  const breaker = BREAKER as { decide: typeof decide };
  breaker.decide = (state, command, now) => (to(command) ? { events: [], answer: null } : decide(state, command, now));
  return () => {
    breaker.decide = decide;
  };
}
