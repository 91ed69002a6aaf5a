/**
 * Those who start executions and care for them: they send what an execution waits for, ask again when they hear nothing,
 * and change their minds.
 */

import type { JsonObject } from "../../src/core/base/json.ts";
import type { Host, Started, StartRequest } from "../../src/host/host.ts";
import { isPassing, type Outcome } from "../../src/host/refusal.ts";
import { ask, insist } from "./network.ts";
import { register } from "./operators.ts";
import { isOfRemoved, KEPT } from "./removals.ts";
import { repair } from "./repairers.ts";
import type { Scenario } from "./scenarios.ts";
import { OTHER_WORKSPACE, WORKSPACE, type World } from "./world.ts";

/** One execution that somebody wants, as long as it takes. */
export interface Order {
  /** In the metadata of every execution that comes of it. */
  readonly token: string;
  readonly scenario: Scenario;
  readonly naming: "key" | "id" | "none";
  /** What its events are correlated by. Two orders may share it: both hear the same events. */
  readonly key: string;
  readonly input: JsonObject;
  executionId: string | null;
  /** How often a start without a name was sent: each may have become an execution. */
  sent: number;
  isDone: boolean;
}

export function drawOrder(world: World, number: number): Order {
  const { chance, cast } = world;
  const [first, ...rest] = cast.scenarios;
  const scenario = chance.pick([first as Scenario, ...rest]);
  const token = `order-${number}`;
  const key = `key-${chance.between(1, 4)}`;
  return {
    token,
    scenario,
    // What was removed may be begun again under its chosen id, and nobody could tell the two apart.
    naming: chance.pick(["key", "key", world.limits.retention === KEPT ? "id" : "none", "none"]),
    key,
    input: scenario.input({ token, key, now: world.wall.now(), chance }),
    executionId: null,
    sent: 0,
    isDone: false,
  };
}

/** Ends when there is nothing left to do for it but to wait. */
export async function careFor(world: World, order: Order): Promise<void> {
  const { chance } = world;
  const { scenario } = order;
  const later = (ms: number) => world.sleep(world.isCalm ? 0 : chance.between(0, ms));
  const early = scenario.events.map(async (name, i) => {
    await later(30_000);
    await publish(world, `${order.token}-${name}-${i}`, name, order.key);
  });
  await later(10_000);
  order.executionId = await begin(world, order);
  const cares: Promise<unknown>[] = [...early];
  if (order.executionId !== null) {
    const place = { workspace: WORKSPACE, executionId: order.executionId };
    cares.push(
      ...scenario.signals.map(async (name, i) => {
        await later(20_000);
        const commandId = `${order.token}-${name}-${i}`;
        const times = chance.happens(0.2) ? 2 : 1;
        for (let n = 0; n < times; n++) {
          await command(world, order, (host) => host.signal({ ...place, commandId, name, data: { by: order.token } }));
        }
      }),
      ...scenario.announcements.map(async (name, i) => {
        await later(30_000);
        await publish(world, `${order.token}-${name}-${i}`, name, null);
      }),
      meddle(world, order, place),
      repair(world, order.token, place.executionId),
      askAgain(world, order),
      ...(chance.happens(0.5) ? [waitForEnd(world, order, place)] : []),
    );
  }
  await Promise.all(cares);
  order.isDone = true;
}

export function publish(world: World, id: string, name: string, correlationKey: string | null): Promise<unknown> {
  const event = { workspace: WORKSPACE, id, name, data: { told: id }, correlationKey };
  return insist(world, id, (host) => host.publish(event));
}

/** Refused for now; the next try may fit. */
const LATER: ReadonlySet<string> = new Set(["WORKFLOW_ARCHIVED", "LIMIT_REACHED", "RATE_LIMITED"]);

/** Null if it is refused for good, or if the order does not care whether it was heard. */
async function begin(world: World, order: Order): Promise<string | null> {
  for (;;) {
    order.sent += 1;
    const outcome = await ask(world, (host) => sendStart(world, host, order), { who: order.token });
    if (outcome?.ok) {
      checkStart(world, order, outcome.row.id);
      return outcome.row.id;
    }
    if (outcome === null && order.naming === "none" && world.chance.happens(0.5)) return null;
    const isLater = outcome !== null && (isPassing(outcome.refusal) || LATER.has(outcome.refusal.code));
    if (outcome !== null && !isLater) {
      world.fail("a start that fits is taken", `${order.token}: ${outcome.refusal.code} ${outcome.refusal.message}`);
      return null;
    }
    // Somebody has put it away; a request of his that came late may have done so for the second time.
    if (outcome?.refusal.code === "WORKFLOW_ARCHIVED" && world.isCalm) {
      await register(world, order.scenario, order.scenario.text);
    }
    await world.sleep(world.chance.between(100, 2000));
  }
}

/** Alone, or twice in one batch: under a name that is one execution all the same. */
async function sendStart(world: World, host: Host, order: Order): ReturnType<Host["start"]> {
  const request = requestOf(order);
  if (order.naming === "none" || world.chance.happens(0.8)) return host.start(request);
  const { jumps } = world;
  const [first, second] = await host.startMany([request, request]);
  // A clock that jumps by a day between the two makes the key of the first an old one.
  const isOne = !first?.ok || !second?.ok || first.row.id === second.row.id || world.jumps !== jumps;
  if (!isOne) world.fail("one key, one execution", `${order.token} is two in one batch.`);
  return first as Outcome<Started>;
}

/** The same start once more, and another one under the same name. */
async function askAgain(world: World, order: Order): Promise<void> {
  if (order.naming === "none" || !world.chance.happens(0.4)) return;
  await world.sleep(world.chance.between(0, 20_000));
  const again = await insist(world, order.token, (host) => host.start(requestOf(order)));
  if (again.ok) checkStart(world, order, again.row.id);
  else if (again.refusal.code !== "WORKFLOW_ARCHIVED" && isFresh(world, order)) {
    world.fail("one key, one execution", `${order.token} asked again and heard ${again.refusal.code}.`);
  }
  const other = { ...requestOf(order), input: { ...order.input, other: true } };
  const rival = await insist(world, order.token, (host) => host.start(other));
  if (rival.ok && isFresh(world, order))
    world.fail("one key, one execution", `${order.token} got ${rival.row.id} for another input.`);
}

function checkStart(world: World, order: Order, id: string): void {
  if (order.executionId !== null && order.executionId !== id && isFresh(world, order)) {
    world.fail("one key, one execution", `${order.token} is ${order.executionId}, and now ${id}.`);
  }
}

/** A key is forgotten after a day; the clock may have been a day ahead for a while. */
function isFresh(world: World, order: Order): boolean {
  const createdAt = order.executionId === null ? 0 : (world.disk.of(order.executionId)?.row.createdAt ?? 0);
  return order.naming === "id" || isYoung(world, createdAt);
}

function isYoung(world: World, createdAt: number): boolean {
  return world.wall.highest() - createdAt < 24 * 3_600_000;
}

/** People change their minds; what they begin they also end. */
async function meddle(world: World, order: Order, place: { workspace: string; executionId: string }): Promise<void> {
  const { chance } = world;
  const later = () => world.sleep(world.isCalm ? 0 : chance.between(0, 15_000));
  const id = (what: string) => `${order.token}-${what}`;
  if (chance.happens(0.25)) {
    await later();
    const freezeTimers = chance.happens(0.5);
    await command(world, order, (host) => host.pause({ ...place, commandId: id("pause"), freezeTimers }));
    await later();
    await command(world, order, (host) => host.resume({ ...place, commandId: id("resume") }));
  }
  if (chance.happens(0.12)) {
    await later();
    await command(world, order, (host) => host.cancel({ ...place, commandId: id("cancel"), reason: "changed mind" }));
  }
  if (chance.happens(0.06)) {
    await later();
    await command(world, order, (host) =>
      host.terminate({ ...place, commandId: id("terminate"), reason: "lost patience" }),
    );
  }
  if (chance.happens(0.15)) await spy(world, place.executionId);
  if (chance.happens(0.08)) await rerun(world, order, place);
  for (let n = 0; n < 2; n++) {
    await later();
    await command(world, order, (host) => host.retry({ ...place, commandId: id(`retry-${n}`) }));
  }
}

/** The same work once more, as an execution of its own; asked for twice it is done once. */
async function rerun(world: World, order: Order, place: { workspace: string; executionId: string }): Promise<void> {
  const request = { ...place, commandId: `${order.token}-rerun`, input: undefined, version: null };
  const first = await insist(world, order.token, (host) => host.rerun(request));
  const again = await insist(world, order.token, (host) => host.rerun(request));
  if (first.ok && again.ok && first.row.id !== again.row.id && isYoung(world, first.row.createdAt)) {
    world.fail("one key, one execution", `${order.token} was run again as ${first.row.id} and ${again.row.id}.`);
  }
}

/** Asks for as long as it takes; what it hears is checked where it is said. */
async function waitForEnd(
  world: World,
  order: Order,
  place: { workspace: string; executionId: string },
): Promise<void> {
  for (let hasEnded = false; !hasEnded && world.disk.of(place.executionId)?.isRemoved !== true; ) {
    const timeoutMs = world.chance.between(100, 20_000);
    const request = { ...place, timeoutMs, signal: new AbortController().signal };
    const patienceMs = timeoutMs + 5000;
    hasEnded = (await ask(world, (host) => host.waitForEnd(request), { who: order.token, patienceMs })) ?? false;
    await world.sleep(world.chance.between(100, 2000));
  }
}

/** Somebody of another workspace tries the same: for him there is nothing. */
async function spy(world: World, executionId: string): Promise<void> {
  const place = { workspace: OTHER_WORKSPACE, executionId, commandId: "spy" };
  const outcome = await insist(world, "spy", (host) => host.cancel({ ...place, reason: "spite" }));
  if (outcome.ok || outcome.refusal.code !== "EXECUTION_NOT_FOUND") {
    world.fail("no workspace sees another", `A stranger may cancel ${executionId}.`);
  }
  const row = await ask(world, (host) => host.read(place), { who: "spy" });
  if (row !== null) world.fail("no workspace sees another", `A stranger may read ${executionId}.`);
}

/** What a command may be told of an execution that has been answered for. */
const FITTING: ReadonlySet<string> = new Set([
  "EXECUTION_ENDED",
  "EXECUTION_NOT_ENDED",
  "EXECUTION_COMPLETED",
  // Nobody can hold back what winds up.
  "EXECUTION_CLOSING",
]);

async function command(world: World, order: Order, send: (host: Host) => ReturnType<Host["resume"]>): Promise<void> {
  const outcome = await insist(world, order.token, send);
  if (outcome.ok || FITTING.has(outcome.refusal.code) || isOfRemoved(world, outcome.refusal)) return;
  world.fail("what was answered is there", `${order.token}: ${outcome.refusal.code} ${outcome.refusal.message}`);
}

function requestOf(order: Order): StartRequest {
  const { token, scenario, naming, input } = order;
  return {
    workspace: WORKSPACE,
    workflow: scenario.name,
    version: null,
    input,
    metadata: { token },
    priority: 5,
    timeoutMs: null,
    executionId: naming === "id" ? `id-${token}` : null,
    idempotencyKey: naming === "key" ? token : null,
  };
}
