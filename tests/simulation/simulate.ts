/**
 * Plays one seed: the platform with everything that goes wrong, then in peace, then the reckoning.
 *
 *     storm: faults ......... at least twenty ──► calm: everything must come to its end ──► everything is held to its word
 *
 * The same seed plays the same run, to the letter.
 */

import { createRegistry } from "../../src/host/registry.ts";
import { careFor, drawOrder } from "./customers.ts";
import { forgetAll, hire } from "./executors.ts";
import { FAULTS_MIN } from "./faults.ts";
import { herd } from "./herding.ts";
import { bringToEnd } from "./judge.ts";
import { sortLetters } from "./letter-openers.ts";
import { checkUp, curate, supervise } from "./operators.ts";
import type { PlantedBug } from "./planted-bugs.ts";
import { follow, read } from "./readers.ts";
import { reckon } from "./reckoning.ts";
import { haunt, setClock } from "./visitations.ts";
import { createWorld, START, type Violation, WORKSPACE, type World } from "./world.ts";

export interface Simulated {
  readonly seed: number;
  readonly violation: Violation | null;
  readonly faults: number;
  readonly executions: number;
  /** Of all that happened: equal runs have equal ones. */
  readonly fingerprint: string;
  readonly trace: readonly string[];
}

export interface SimulateOptions {
  readonly bug?: PlantedBug;
  /** Looks at what is left of the world at the end. */
  readonly inspect?: (world: World) => void;
}

/** A storm without enough faults goes on for another while. */
const STORM_MORE_MS = 5000;

/** Answers that were very slow have come by then. */
const AFTERMATH_MS = 40_000;

export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Simulated> {
  const world = createWorld(seed, options.bug ?? null);
  const stop = watchRejections(world);
  const digUp = options.bug?.plant?.(world);
  try {
    await play(world);
  } catch (error) {
    world.fail("the simulation itself does not break", error instanceof Error ? (error.stack ?? "") : String(error));
  } finally {
    stop();
    digUp?.();
  }
  options.inspect?.(world);
  return {
    seed,
    violation: world.violation,
    faults: world.faults.count,
    executions: world.disk.records.size,
    fingerprint: world.trace.fingerprint(),
    trace: world.trace.lines,
  };
}

/** The first seed with which a planted bug is seen; null if it is seen with none of them. */
export async function find(bug: PlantedBug, seeds: number, first: number): Promise<Simulated | null> {
  for (const seed of [first, ...Array.from({ length: seeds }, (_, n) => n + 1)]) {
    const played = await simulate(seed, { bug });
    if (played.violation !== null) return played;
  }
  return null;
}

async function play(world: World): Promise<void> {
  const { chance, faults } = world;
  await register(world);
  const staff = hire(world);
  const orders = Array.from({ length: chance.between(3, 9) }, (_, i) => drawOrder(world, i + 1));
  for (const order of orders) act(world, careFor(world, order));
  for (const actor of [supervise, haunt, curate, read, follow, checkUp, sortLetters, herd]) act(world, actor(world));

  await pass(world, chance.between(15_000, 60_000));
  while (faults.count < FAULTS_MIN && world.violation === null) await pass(world, STORM_MORE_MS);
  calm(world);
  for (const instance of staff) forgetAll(instance);
  world.note("world", `is calm after ${faults.count} faults`);

  await pass(world, AFTERMATH_MS);
  const afterwards = [1, 2].map((n) => drawOrder(world, orders.length + n));
  for (const order of afterwards) act(world, careFor(world, order));
  const all = [...orders, ...afterwards];
  await bringToEnd(world, all, (ms) => pass(world, ms));
  if (world.violation === null) await reckon(world, { all, afterwards }, (ms) => pass(world, ms));
}

/** Lets somebody act; whoever breaks has found something, be it in himself. */
export function act(world: World, actor: Promise<unknown>): void {
  actor.catch((error: unknown) => {
    world.fail("the simulation itself does not break", error instanceof Error ? (error.stack ?? "") : String(error));
  });
}

export async function register(world: World): Promise<void> {
  const registry = createRegistry(world.disk.store.documents);
  for (const { text } of world.cast.registered) {
    await registry.register({ workspace: WORKSPACE, text, name: null, ifMatch: null, now: START, dryRun: false });
  }
}

/** From here on the world is as it should be. */
function calm(world: World): void {
  world.faults.isOn = false;
  world.calmAt = world.timeline.passed;
  world.outage = null;
  world.formerProcess?.kill("was replaced");
  if (world.process !== null) world.process.frozenUntil = 0;
  // Somebody sets the clock right: what was dated ahead would have to be waited for otherwise.
  setClock(world, Math.max(0, world.wall.highest() - world.wall.now()));
}

/** Lets happen what happens within that time, or until something is found. */
export async function pass(world: World, ms: number): Promise<void> {
  const until = world.timeline.passed + ms;
  await promisesKept();
  while (world.violation === null && world.timeline.step(until)) await promisesKept();
}

/** After everything that happens, whatever was promised and can be kept is kept before the next thing happens. */
function promisesKept(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A promise that is broken with nobody listening is a bug of the platform, or of the simulation. */
export function watchRejections(world: World): () => void {
  const heed = (error: unknown) => {
    world.fail("no promise is broken unheard", error instanceof Error ? (error.stack ?? error.message) : String(error));
  };
  process.on("unhandledRejection", heed);
  return () => process.off("unhandledRejection", heed);
}
