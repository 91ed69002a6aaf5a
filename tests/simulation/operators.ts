/** Those who run the platform: they start it again, look after it, and register what it runs. */

import type { Host } from "../../src/host/host.ts";
import { insist } from "./network.ts";
import { beginProcess } from "./process.ts";
import { newerText, type Scenario } from "./scenarios.ts";
import { WORKSPACE, type World } from "./world.ts";

/** A write without an answer makes the platform unready after this long. */
const UNREADY_MS = 1100;

/** After that a write is given up, and the platform may have recovered. */
const PATIENCE_MS = 29_000;

/** Starts the process again whenever it is not there. */
export async function supervise(world: World): Promise<void> {
  while (!world.isOver) {
    if (world.process === null) {
      await world.sleep(world.isCalm ? 100 : world.chance.between(50, 4000));
      if (world.process === null) beginProcess(world);
    }
    await world.sleep(100);
  }
}

/** Registers new versions of what runs, puts workflows away and takes them out again. */
export async function curate(world: World): Promise<void> {
  const { chance, cast } = world;
  if (!chance.happens(0.4)) return;
  for (const scenario of cast.registered) {
    if (!chance.happens(0.5)) continue;
    await world.sleep(chance.between(1000, 15_000));
    if (chance.happens(0.4)) {
      const place = { workspace: WORKSPACE, workflow: scenario.name, ifMatch: null };
      await insist(world, "librarian", (host) => host.definitions.archive({ ...place, now: world.wall.now() }), NEWEST);
      await world.sleep(chance.between(1000, 15_000));
    }
    await register(world, scenario, chance.happens(0.5) ? newerText(scenario) : scenario.text);
  }
}

/** Also takes a workflow out again that was put away. */
export async function register(world: World, { name }: Scenario, text: string): Promise<void> {
  const request = { workspace: WORKSPACE, text, name, ifMatch: null, dryRun: false };
  const send = (host: Host) => host.definitions.register({ ...request, now: world.wall.now() });
  const outcome = await insist(world, "librarian", send, NEWEST);
  if (!outcome.ok) world.fail("a workflow can be registered again", outcome.refusal.message);
}

const NEWEST = { isOfTheNewest: true };

/** A storage that serves nobody makes the platform unready within a second of its noticing. */
export async function checkUp(world: World): Promise<void> {
  while (!world.isOver) {
    await world.sleep(500);
    const { process } = world;
    const since = process?.unansweredSince ?? null;
    if (process === null || process.host === null || since === null || process.frozenUntil > world.timeline.passed)
      continue;
    const waitedMs = world.timeline.passed - since;
    const isLong = waitedMs > UNREADY_MS && waitedMs < PATIENCE_MS && world.jumpedAt < since;
    if (isLong && process.host.health().status === "ok") {
      world.fail("a storage that does not answer makes unready", `Since ${since} there is no answer.`);
    }
  }
}
