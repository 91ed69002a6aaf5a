/** What befalls the platform from time to time, and those who put it up again. */

import type { Host } from "../../src/host/host.ts";
import type { Visitation } from "./faults.ts";
import { insist } from "./network.ts";
import { beginProcess } from "./process.ts";
import { newerText, type Scenario } from "./scenarios.ts";
import { WORKSPACE, type World } from "./world.ts";

const UNREADY_MS = 1100;

/** After that a write is given up, and the platform may have recovered. */
const PATIENCE_MS = 29_000;

const DAY_MS = 24 * 3_600_000;

/** As long as things may go wrong, something does every now and then. */
export async function haunt(world: World): Promise<void> {
  const { chance, faults } = world;
  const pause = chance.pick([1000, 3000, 8000]);
  for (;;) {
    await world.sleep(chance.between(100, pause * 2));
    if (!faults.isOn) return;
    const visitation = faults.nextVisitation();
    faults.add(visitation);
    visit(world, visitation);
  }
}

function visit(world: World, visitation: Visitation): void {
  const { chance, timeline } = world;
  const jump = (byMs: number) => setClock(world, byMs);
  switch (visitation) {
    case "the process dies":
      return world.process?.kill("for no reason");
    case "the process is stopped and another one begins":
      return stopInGoodOrder(world);
    case "the process stands still for a while":
      if (world.process !== null) world.process.frozenUntil = timeline.passed + chance.between(500, 15_000);
      return;
    case "the process is replaced, but lives on":
      return replace(world);
    case "somebody takes a shard over":
      return void world.disk.store.acquire(chance.between(0, world.disk.store.shards - 1));
    case "the store is gone for a while":
      return endure(world, "gone");
    case "the store is full for a while":
      return endure(world, "full");
    case "the clock jumps ahead":
      return jump(chance.pick([1, 1000, 30_000, 3_600_000]));
    case "the clock jumps back":
      return jump(-chance.pick([1, 1000, 30_000, 3_600_000]));
    case "the clock jumps by a day":
      return jump(chance.pick([-1, 1]) * DAY_MS);
  }
}

/** Somebody sets the clock on the wall. */
export function setClock(world: World, byMs: number): void {
  world.jumps += 1;
  world.jumpedAt = world.timeline.passed;
  world.wall.jump(byMs);
}

function stopInGoodOrder(world: World): void {
  const { process } = world;
  if (process === null || process.host === null) return;
  process.host = null;
  process.close().then(
    () => process.kill("stopped"),
    (error: unknown) => world.fail("nothing breaks inside the host", String(error)),
  );
  // Whoever stops it does not wait for ever.
  world.timeline.after(10_000, () => process.kill("took too long to stop"));
}

/** As after a pause longer than anybody waits: another one has begun, and the old one goes on for a while. */
function replace(world: World): void {
  const { process } = world;
  if (process === null || world.formerProcess !== null) return;
  world.formerProcess = process;
  beginProcess(world);
  world.timeline.after(world.chance.between(500, 10_000), () => process.kill("was replaced"));
}

function endure(world: World, outage: "gone" | "full"): void {
  world.outage = outage;
  world.timeline.after(world.chance.between(500, 10_000), () => {
    world.outage = null;
  });
}

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
