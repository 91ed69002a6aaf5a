/**
 * A host over a memory store, with a clock that is turned by hand and a store that fails when told to. Shared by the
 * tests beside it.
 */

import assert from "node:assert/strict";

import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import { defined } from "../core/base/bug.ts";
import type { Json } from "../core/base/json.ts";
import type { HistoryEvent } from "../core/engine/events.ts";
import type { ExecutionRow, Store } from "../ports/store.ts";
import type { Definitions } from "./definitions.ts";
import type { Host, Started, StartRequest } from "./host.ts";
import type { HostLimits } from "./loop.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { openHost } from "./open-host.ts";
import { withPatience } from "./patience.ts";
import type { Outcome } from "./refusal.ts";
import { createRegistry } from "./registry.ts";
import { createBoard, type TaskBoard } from "./tasks/create-board.ts";

export const START = 1_800_000_000_000;
export const WORKSPACE = "default";

export interface World {
  readonly host: Host;
  readonly store: Store;
  readonly clock: ManualClock;
  readonly board: TaskBoard;
  /** What went wrong and was dealt with. */
  readonly reports: string[];
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
  /** Turns the clock, letting promises be kept on the way. */
  pass(ms: number, stepMs?: number): Promise<void>;
  /** Waits for a promise that needs no time, only turns. */
  now<T>(promise: Promise<T>): Promise<T>;
  start(workflow: string, more?: Partial<StartRequest>): Promise<Outcome<Started>>;
  /** Its id. */
  started(workflow: string, more?: Partial<StartRequest>): Promise<string>;
  row(executionId: string): Promise<ExecutionRow>;
  history(executionId: string): Promise<readonly HistoryEvent[]>;
  types(executionId: string): Promise<readonly string[]>;
  /** Takes all tasks that wait, and answers each. Tells how many there were. */
  work(answer?: (input: Json, step: string) => Json, functions?: readonly string[]): Promise<number>;
  inMemory(): number;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly store?: Store;
  readonly workflows?: readonly string[];
  readonly limits?: Partial<HostLimits>;
  readonly at?: number;
  /** What compiles differently from what is registered. */
  readonly definitions?: (definitions: Definitions) => Definitions;
  /** Stands between host and store. */
  readonly intercept?: Intercept;
  /** Gives calls up that have no answer. */
  readonly isPatient?: boolean;
}

/** Called for each call of the store; `call` is the call itself. */
export type Intercept = (name: string, call: () => Promise<unknown>, args: readonly unknown[]) => Promise<unknown>;

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const store = options.store ?? openMemoryStore();
  const clock = createManualClock(options.at ?? START);
  const reports: string[] = [];
  const asked = options.intercept === undefined ? store : intercepted(store, options.intercept);
  const seen = options.isPatient === true ? withPatience(asked, clock) : asked;
  const registry = createRegistry(store.documents);
  for (const text of options.workflows ?? []) await register(registry, text);
  const definitions = options.definitions?.(registry) ?? registry;
  let board: TaskBoard | undefined;
  let count = 0;
  const host = await whileSettling(
    openHost({
      store: seen,
      clock,
      entropy: {
        id: () =>
          `${clock.now().toString(16).padStart(12, "0")}${(options.at ?? START).toString(16).slice(-8)}${(count++).toString(16).padStart(10, "0")}`,
      },
      definitions,
      createTasks: (shards, counters) => {
        board = createBoard({ clock, store: seen, shards, counters });
        return board;
      },
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      report: (error, about) => reports.push(`${about}: ${error instanceof Error ? error.message : error}`),
    }),
    clock,
  );
  const world: World = {
    host,
    store,
    clock,
    board: defined(board, "the board to be made"),
    reports,
    settle: () => settle(clock),
    async pass(ms, stepMs = 250) {
      await settle(clock);
      // In steps, because a timer's work may ask the store before the next one comes due.
      for (let left = ms; left > 0; left -= stepMs) {
        clock.advance(Math.min(left, stepMs));
        await settle(clock);
      }
    },
    now: (promise) => whileSettling(promise, clock),
    start: (workflow, more = {}) => whileSettling(host.start(startOf(workflow, more)), clock),
    async started(workflow, more) {
      const outcome = await world.start(workflow, more);
      if (!outcome.ok) assert.fail(outcome.refusal.message);
      return outcome.row.id;
    },
    async row(executionId) {
      const row = await whileSettling(host.read({ workspace: WORKSPACE, executionId }), clock);
      return defined(row, `execution ${executionId} to be there`);
    },
    async history(executionId) {
      const packs = await whileSettling(
        host.readHistory({ workspace: WORKSPACE, executionId, afterSeq: 0, bytesMax: 1e9 }),
        clock,
      );
      const events = (packs ?? []).flatMap(({ text }) =>
        text.split("\n").map((line) => JSON.parse(line) as HistoryEvent),
      );
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, i) => i + 1),
        "a history has no gaps",
      );
      return events;
    },
    types: async (executionId) => (await world.history(executionId)).map(({ type }) => type),
    async work(answer = (input) => input, functions) {
      const tasks = await whileSettling(
        host.executors.poll({
          workspace: WORKSPACE,
          executor: "shop",
          instance: "i1",
          functions: functions ?? null,
          tasksMax: 1000,
          waitMs: 0,
          leaseMs: 30_000,
          held: [],
          labels: {},
          signal: new AbortController().signal,
        }),
        clock,
      );
      const results = tasks.map(({ task }) => ({
        taskId: task.id,
        status: "completed" as const,
        output: answer(task.input, task.step),
        error: null,
        instance: "i1",
        startedAt: null,
      }));
      if (results.length > 0) await whileSettling(host.executors.finish({ workspace: WORKSPACE, results }), clock);
      return results.length;
    },
    inMemory: () => host.health().executionsInMemory,
    async close() {
      await whileSettling(Promise.resolve(host[Symbol.asyncDispose]()), clock);
      await defined(board, "the board to be made")[Symbol.asyncDispose]();
      assert.equal(clock.pending, 0, "no timer is left behind");
    },
  };
  return world;
}

export function startOf(workflow: string, more: Partial<StartRequest> = {}): StartRequest {
  return {
    workspace: WORKSPACE,
    workflow,
    version: null,
    input: {},
    metadata: {},
    priority: 5,
    timeoutMs: null,
    executionId: null,
    idempotencyKey: null,
    ...more,
  };
}

/** `steps` as YAML, two spaces deep or more. */
export function workflow(name: string, steps: string, more = ""): string {
  return `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: ${name}, version: 1.0.0 }
spec:
${more}  steps:
${steps}`;
}

/** Two tasks, one after the other. */
export const ORDER: string = workflow(
  "order",
  `    - { name: reserve, executor: shop, function: reserve }
    - { name: charge, executor: shop, function: charge, input: { amount: 3 } }
`,
);

/** Ends within its first decision. */
export const SHORT: string = workflow(
  "short",
  `    - { name: note, type: set, variables: { noted: true } }
`,
);

export async function until(done: () => boolean | Promise<boolean>, step: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < 1000; n++) {
    if (await done()) return;
    await step();
  }
  assert.fail("Expected it to be done by now, but it is not.");
}

export function refused(outcome: Outcome<object>): string {
  return outcome.ok ? "ok" : outcome.refusal.code;
}

export async function settle(clock: ManualClock): Promise<void> {
  // Whatever the loop does takes a few turns: a store's answer, then a turn, then the next answer.
  for (let n = 0; n < 12; n++) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.flush();
  }
}

export async function whileSettling<T>(promise: Promise<T>, clock: ManualClock): Promise<T> {
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  promise.then(done, done);
  for (let n = 0; n < 5000 && !isDone; n++) {
    clock.flush();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(isDone, "Expected an answer without time passing, but there is none.");
  return await promise;
}

async function register(definitions: Definitions, text: string): Promise<void> {
  const outcome = await definitions.register({
    workspace: WORKSPACE,
    text,
    name: null,
    ifMatch: null,
    now: START,
    dryRun: false,
  });
  if (!outcome.ok) assert.fail(`${outcome.refusal.message} ${JSON.stringify(outcome.refusal.errors)}`);
}

function intercepted(store: Store, intercept: Intercept): Store {
  return new Proxy(store, {
    get(target, name) {
      const member = target[name as keyof Store];
      if (typeof member !== "function" || typeof name !== "string") return member;
      return (...args: readonly unknown[]) =>
        intercept(
          name,
          () => (member as (...args: readonly unknown[]) => Promise<unknown>).apply(target, args as unknown[]),
          args,
        );
    },
  });
}
