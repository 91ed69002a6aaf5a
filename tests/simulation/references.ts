/** Runs that are played without faults, and then again with the process killed at every single call of the store. */

import type { JsonObject } from "../../src/core/base/json.ts";
import type { HistoryEvent } from "../../src/core/engine/events.ts";
import type { Host } from "../../src/host/host.ts";
import { type Order, publish } from "./customers.ts";
import { insist } from "./network.ts";
import { type Manners, WORKSPACE, type World } from "./world.ts";

export interface Reference {
  readonly name: string;
  /** What is started, in this order; children need not be named. */
  readonly scenarios: readonly string[];
  readonly inputs?: Readonly<Record<string, JsonObject>>;
  readonly manners?: Manners;
  /** What is done to them afterwards. */
  readonly story?: (world: World, orders: readonly Order[]) => Promise<void>;
}

/** How often somebody looks whether it is time to act. */
const LOOK_MS = 20;

const manners: Manners = ({ function: name, attempt }) => {
  if (name === "decline" || (name === "flaky" && attempt === 1)) return "fails";
  return name === "hang" ? "silent" : null;
};

const undecided: Manners = (task) => (task.function === "charge" && task.attempt === 1 ? "fails" : null);

const unsteady: Manners = ({ function: name, attempt }) =>
  name === "haul" || (name === "mend" && attempt === 1) ? "fails" : null;

export const REFERENCES: readonly Reference[] = [
  { name: "chain", scenarios: ["chain"] },
  { name: "side by side", scenarios: ["first-of"] },
  { name: "loop", scenarios: ["in-turn"], inputs: { "in-turn": { items: ["a", "b", "c"] } } },
  { name: "children and waits", scenarios: ["family"] },
  {
    name: "signals and events",
    scenarios: ["asked", "meeting"],
    story: async (world, orders) => {
      for (const n of [1, 2]) {
        await command(world, orders, (host, place) =>
          host.signal({ ...place, commandId: `signal-${n}`, name: "approve", data: { n } }),
        );
      }
      for (const name of ["paid", "shipped"]) await publish(world, `event-${name}`, name, "key-1");
    },
  },
  { name: "retries and fallbacks", scenarios: ["mended"], manners },
  { name: "time-out and undoing", scenarios: ["overdue"], manners },
  { name: "a rule that undoes", scenarios: ["ruled"], manners },
  {
    name: "pause and resume",
    scenarios: ["asked"],
    story: async (world, orders) => {
      await command(world, orders, (host, place) => host.pause({ ...place, commandId: "pause", freezeTimers: true }));
      for (const n of [1, 2]) {
        await command(world, orders, (host, place) =>
          host.signal({ ...place, commandId: `signal-${n}`, name: "approve", data: { n } }),
        );
      }
      await world.sleep(1000);
      await command(world, orders, (host, place) => host.resume({ ...place, commandId: "resume" }));
    },
  },
  {
    name: "cancel and finally",
    scenarios: ["called-off"],
    story: async (world, orders) => {
      await happens(world, orders, (event) => event.type === "StepStarted" && event.step === "child");
      await world.sleep(500);
      await command(world, orders, (host, place) =>
        host.cancel({ ...place, commandId: "cancel", reason: "changed mind" }),
      );
    },
  },
  {
    name: "events between executions",
    scenarios: ["hearer", "teller"],
  },
  { name: "circuit breaker", scenarios: ["tripped"], manners: unsteady },
  { name: "queue for a slot", scenarios: ["one-at-a-time", "one-at-a-time", "one-at-a-time"] },
  {
    name: "retry of a failed execution",
    scenarios: ["chain"],
    manners: undecided,
    story: async (world, orders) => {
      await happens(world, orders, (event) => event.type === "ExecutionFailed");
      await command(world, orders, (host, place) => host.retry({ ...place, commandId: "retry" }));
    },
  },
  { name: "reset to an event", scenarios: ["undone"], inputs: { undone: { items: ["a", "b"] } }, story: reset },
  { name: "mended by hand", scenarios: ["undone"], inputs: { undone: { items: ["a", "b"] } }, story: mend },
];

/** Goes on from the middle as a new execution, with a wait of its own, in place of the old one. */
async function reset(world: World, orders: readonly Order[]): Promise<void> {
  const isWait = (event: HistoryEvent) => event.type === "StepStarted" && event.path === "wish";
  await happens(world, orders, isWait);
  const executionId = orders[0]?.executionId ?? "";
  const event = world.disk.of(executionId)?.events.find(isWait)?.seq ?? 1;
  await command(world, orders, (host, place) =>
    host.rerun({
      ...place,
      commandId: "reset",
      input: undefined,
      version: null,
      from: { event },
      terminatesOrigin: true,
    }),
  );
  await happens(world, orders, ({ type }) => type === "ExecutionCancelled");
  const made = [...world.disk.records.values()].filter(({ row }) => row.originId === executionId);
  if (made.length !== 1) world.fail("one key, one execution", `A reset has made ${made.length} executions.`);
  await command(world, orders, (host, { workspace }) =>
    host.signal({ workspace, executionId: made[0]?.id ?? "", commandId: "hurry", name: "hurry", data: null }),
  );
}

/** A step by hand, and in the end everything is undone at once. */
async function mend(world: World, orders: readonly Order[]): Promise<void> {
  const by = { reason: "mended", by: "operator" };
  await happens(world, orders, (event) => event.type === "StepStarted" && event.path === "wish");
  await command(world, orders, (host, place) =>
    host.completeStep({ ...place, ...by, commandId: "give", path: "wish", output: { by: "hand" } }),
  );
  await happens(world, orders, ({ type }) => type === "ExecutionCompleted");
  await command(world, orders, (host, place) => host.compensate({ ...place, ...by, commandId: "undo" }));
}

/** Resolves once it is on disk that it has happened to the first of them. */
async function happens(world: World, [order]: readonly Order[], fits: (event: HistoryEvent) => boolean): Promise<void> {
  const has = () => world.disk.of(order?.executionId ?? "")?.events.some(fits) === true;
  while (!has() && world.violation === null) await world.sleep(LOOK_MS);
}

/** Sent until somebody says yes. */
async function command(
  world: World,
  [order]: readonly Order[],
  send: (host: Host, place: { workspace: string; executionId: string }) => ReturnType<Host["resume"]>,
): Promise<void> {
  const place = { workspace: WORKSPACE, executionId: order?.executionId ?? "" };
  const outcome = await insist(world, "operator", (host) => send(host, place));
  if (!outcome.ok) world.fail("a command that fits is taken", outcome.refusal.message);
}
