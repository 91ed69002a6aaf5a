/** Somebody who does one thing to many executions at once, asks again when he hears nothing, and waits until it is done. */

import type { BulkAction, BulkRequest, Selection } from "../../src/host/bulk/bulk.ts";
import { ask, insist } from "./network.ts";
import { WORKSPACE, type World } from "./world.ts";

export async function herd(world: World): Promise<void> {
  const { chance } = world;
  if (!chance.happens(0.4)) return;
  await world.sleep(chance.between(2000, 25_000));
  const selection: Selection = { kind: "filter", filter: chance.happens(0.5) ? {} : { statuses: ["running"] } };
  const freezeTimers = chance.happens(0.5);
  await drive(world, "pause", { operation: "pause", freezeTimers }, selection);
  if (chance.happens(0.3)) await drive(world, "tell", { operation: "signal", name: "moo", data: null }, selection);
  await drive(world, "resume", { operation: "resume" }, { kind: "filter", filter: {} });
}

async function drive(world: World, name: string, action: BulkAction, selection: Selection): Promise<void> {
  const { chance } = world;
  const request: BulkRequest = { workspace: WORKSPACE, action, selection, idempotencyKey: `herd-${name}` };
  const first = await insist(world, "herdsman", (host) => host.bulks.create(request));
  const again = await insist(world, "herdsman", (host) => host.bulks.create(request));
  if (!first.ok || !again.ok) return world.fail("what fits is taken", `The herdsman was refused to ${name}.`);
  const isYoung = world.wall.highest() - first.bulk.createdAt < 24 * 3_600_000;
  if (isYoung && first.bulk.id !== again.bulk.id)
    return world.fail("one key, one operation", `${first.bulk.id} and ${again.bulk.id} are the same ${name}.`);
  const place = { workspace: WORKSPACE, id: first.bulk.id };
  if (chance.happens(0.1)) {
    await insist(world, "herdsman", (host) => host.bulks.cancel(place));
    return;
  }
  while (!world.isOver) {
    await world.sleep(chance.between(200, 3000));
    const bulk = await ask(world, (host) => host.bulks.read(place), { who: "herdsman" });
    if (bulk !== null && bulk.finishedAt !== null) return;
  }
}
