/** What is left in the store when all has ended and its time is over. */

import type { Retention } from "../../src/host/loop.ts";
import type { Recorded } from "./disk.ts";
import type { Pass } from "./judge.ts";
import { setClock } from "./visitations.ts";
import type { World } from "./world.ts";

const DAY_MS = 24 * 3_600_000;

/** Two searches with their rests, and the time that each takes. */
const SEARCH_MS = 150_000;

/** All has ended: after a day and a search only dead letters are left, with what belongs to them. */
export async function checkRetention(world: World, pass: Pass): Promise<void> {
  const { disk, fail } = world;
  const { retention } = world.limits;
  if (retention.completedMs !== null) {
    setClock(world, DAY_MS + 60_000);
    await pass(SEARCH_MS);
  }
  const all = [...disk.records.values()];
  for (const recorded of all) {
    const { id, isRemoved } = recorded;
    const isStored = (await disk.store.readExecution(id)) !== null;
    if (isStored === isRemoved) fail("what is removed stays away", `${id} is ${isStored ? "there" : "lost"}.`);
    if (retention.completedMs === null || isRemoved || hasLetter(rootOf(recorded), retention)) continue;
    fail("what is over for long enough is removed", `${id} is still there.`);
  }

  function rootOf(recorded: Recorded): Recorded {
    const parent = disk.of(recorded.row.parentId ?? "");
    return parent === null ? recorded : rootOf(parent);
  }

  function hasLetter({ id, row }: Recorded, { deadLettersMs }: Retention): boolean {
    if (row.deadLetter && deadLettersMs === null) return true;
    return all.some((child) => child.row.parentId === id && hasLetter(child, retention));
  }
}
