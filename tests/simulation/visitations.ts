/** What befalls the platform of itself, now and then. */

import type { Visitation } from "./faults.ts";
import { beginProcess } from "./process.ts";
import type { World } from "./world.ts";

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
