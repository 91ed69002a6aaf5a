/**
 * Kills the process at every single call of the store that a reference run makes, once before the store has it and once
 * after it is done but not answered; another process goes on. Nothing else goes wrong.
 *
 *     without a kill ──► how many calls there are, and what comes of it
 *     killed at call n ──► the same must come of it, and every invariant must hold
 */

import type { Order } from "./customers.ts";
import { hire } from "./executors.ts";
import { bringToEnd } from "./judge.ts";
import { insist } from "./network.ts";
import { supervise } from "./operators.ts";
import type { PlantedBug } from "./planted-bugs.ts";
import { reckon } from "./reckoning.ts";
import type { Reference } from "./references.ts";
import { definitionOf, scenarioOf } from "./scenarios.ts";
import { act, pass, register, watchRejections } from "./simulate.ts";
import { viewOf } from "./views.ts";
import { createWorld, type KillPoint, type Violation, WORKSPACE, type World } from "./world.ts";

export interface KilledRun {
  readonly killPoint: KillPoint | null;
  readonly storeCalls: number;
  readonly violation: Violation | null;
  /** What came of every execution, without what differs from run to run. */
  readonly outcome: string;
  readonly trace: readonly string[];
}

export interface KillReport {
  readonly reference: string;
  readonly storeCalls: number;
  readonly runs: number;
  /** Those in which something was found. */
  readonly broken: readonly KilledRun[];
}

/** The dice decide details only: how long an answer takes, who polls first. */
const SEED = 1;

export async function killEverywhere(reference: Reference, bug: PlantedBug | null = null): Promise<KillReport> {
  const whole = await playReference(reference, null, bug);
  const broken: KilledRun[] = whole.violation === null ? [] : [whole];
  let runs = 1;
  for (let call = 1; call <= whole.storeCalls && broken.length === 0; call++) {
    for (const when of ["before", "after"] as const) {
      const killed = await playReference(reference, { call, when }, bug);
      runs += 1;
      if (killed.violation !== null) broken.push(killed);
      else if (killed.outcome !== whole.outcome) broken.push({ ...killed, violation: differs(whole, killed) });
    }
  }
  return { reference: reference.name, storeCalls: whole.storeCalls, runs, broken };
}

function differs(whole: KilledRun, killed: KilledRun): Violation {
  const message = `Without a kill it is\n${whole.outcome}\nbut here it is\n${killed.outcome}`;
  return { rule: "a kill changes nothing of what comes of it", message };
}

export async function playReference(
  reference: Reference,
  killPoint: KillPoint | null,
  bug: PlantedBug | null = null,
): Promise<KilledRun> {
  const { manners = () => null } = reference;
  const plan = { scenarios: reference.scenarios.map(scenarioOf), killPoint, manners };
  const world = createWorld(SEED, bug, plan);
  const stop = watchRejections(world);
  let storeCalls = 0;
  try {
    world.faults.isOn = false;
    world.calmAt = 0;
    await register(world);
    hire(world);
    act(world, supervise(world));
    const orders = reference.scenarios.map((name, i) => orderOf(world, { name, token: `order-${i + 1}` }, reference));
    act(world, tell(world, reference, orders));
    await bringToEnd(world, orders, (ms) => pass(world, ms));
    storeCalls = world.storeCalls;
    if (world.violation === null) {
      await reckon(world, { all: orders, afterwards: [] }, (ms) => pass(world, ms));
    }
    if (killPoint !== null && world.births < 2) {
      world.fail("the process is killed", `The store was called ${world.storeCalls} times only.`);
    }
  } catch (error) {
    world.fail("the simulation itself does not break", error instanceof Error ? (error.stack ?? "") : String(error));
  } finally {
    stop();
  }
  const { violation, trace } = world;
  return { killPoint, storeCalls, violation, outcome: violation === null ? outcomeOf(world) : "", trace: trace.lines };
}

function orderOf(
  world: World,
  { name, token }: { readonly name: string; readonly token: string },
  { inputs = {} }: Reference,
): Order {
  const given = { token, key: "key-1", now: world.wall.now(), chance: world.chance };
  return {
    token,
    scenario: scenarioOf(name),
    naming: "key",
    key: "key-1",
    input: { ...scenarioOf(name).input(given), ...inputs[name] },
    executionId: null,
    sent: 0,
    isDone: false,
  };
}

/** Starts everything, then does what the reference tells. */
async function tell(world: World, { story = async () => {} }: Reference, orders: readonly Order[]): Promise<void> {
  for (const order of orders) {
    order.sent += 1;
    const request = {
      workspace: WORKSPACE,
      workflow: order.scenario.name,
      version: null,
      input: order.input,
      metadata: { token: order.token },
      priority: 5,
      timeoutMs: null,
      executionId: null,
      idempotencyKey: order.token,
    };
    const outcome = await insist(world, order.token, (host) => host.start(request));
    if (!outcome.ok) return world.fail("a start that fits is taken", outcome.refusal.message);
    order.executionId = outcome.row.id;
  }
  await story(world, orders);
  for (const order of orders) order.isDone = true;
}

/** Status, output, error and steps of every execution, in the order of their workflows' names. */
function outcomeOf({ disk }: World): string {
  const lines = [...disk.records.values()].map((recorded) => {
    const { row } = recorded;
    return `${row.workflow}: ${viewOf(recorded, definitionOf(row.workflow, row.version))}`;
  });
  return lines.toSorted().join("\n");
}
