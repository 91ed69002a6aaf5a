/** Those who only look: again and again at one execution, or at all that happens in it. */

import type { EventPack } from "../../src/ports/store.ts";
import { isLast, type Recorded } from "./disk.ts";
import { ask } from "./network.ts";
import { WORKSPACE, type World } from "./world.ts";

/** Looks at whatever has been started; what he has seen never goes away again. */
export async function read(world: World): Promise<void> {
  const seen = new Map<string, number>();
  while (!world.isOver) {
    await world.sleep(world.chance.between(500, 4000));
    const recorded = drawRecorded(world);
    if (recorded !== null) await look(world, recorded, seen);
  }
}

async function look(world: World, recorded: Recorded, seen: Map<string, number>): Promise<void> {
  const place = { workspace: WORKSPACE, executionId: recorded.id };
  const before = seen.get(recorded.id) ?? 0;
  const row = await ask(world, async (host) => ({ row: await host.read(place) }), { who: "reader" });
  if (recorded.isRemoved) return;
  if (row !== null && row.row === null) world.fail("reads never go back", `${recorded.id} is gone.`);
  const packs = await ask(world, (host) => host.readHistory({ ...place, afterSeq: before, bytesMax: 1_000_000 }), {
    who: "reader",
  });
  if (packs === null || recorded.isRemoved) return;
  for (const pack of packs) checkPack(world, recorded, pack);
  const newest = Math.max(before, packs.at(-1)?.lastSeq ?? 0);
  seen.set(recorded.id, newest);
  // The row was read first: if the execution had ended by then, its end could be read.
  const knowsEnd = recorded.events.slice(0, newest).some(isLast);
  if (row?.row?.finishedAt != null && !knowsEnd) {
    world.fail("reads never go back", `${recorded.id} has ended, and its history goes up to event ${newest} only.`);
  }
}

/** Hears everything that happens in an execution, once and in order, however often the line breaks. */
export async function follow(world: World): Promise<void> {
  while (!world.isOver) {
    await world.sleep(world.chance.between(500, 5000));
    const recorded = drawRecorded(world);
    if (recorded === null) continue;
    for (let heard: Heard = { seq: 0, isOver: false }; !heard.isOver; ) {
      heard = await listen(world, recorded, heard.seq);
      await world.sleep(world.chance.between(1, 500));
    }
  }
}

interface Heard {
  readonly seq: number;
  readonly isOver: boolean;
}

/** Until the stream ends or the line breaks. */
async function listen(world: World, recorded: Recorded, afterSeq: number): Promise<Heard> {
  const { chance, timeline } = world;
  const line = new AbortController();
  const request = { workspace: WORKSPACE, executionId: recorded.id, afterSeq, signal: line.signal };
  const stream = await ask(world, (host) => host.follow(request), { who: "follower" });
  if (stream === null) return { seq: afterSeq, isOver: recorded.isRemoved };
  const packs = stream[Symbol.asyncIterator]();
  const breaksAt = timeline.passed + chance.between(1000, 20_000);
  let seq = afterSeq;
  for (;;) {
    const next = await Promise.race([packs.next(), world.sleep(breaksAt - timeline.passed)]).catch(() => undefined);
    if (next === undefined) break;
    if (next.done === true) {
      const last = recorded.events[seq - 1];
      const isEnd = last !== undefined && isLast(last);
      if (!isEnd && !recorded.isRemoved)
        world.fail("a follower hears everything", `${recorded.id}: the stream ended after event ${seq}.`);
      return { seq, isOver: true };
    }
    const pack = next.value;
    checkPack(world, recorded, pack);
    if (pack.firstSeq > seq + 1) world.fail("a follower hears everything", `${recorded.id}: lacks event ${seq + 1}.`);
    seq = Math.max(seq, pack.lastSeq);
  }
  line.abort();
  return { seq, isOver: false };
}

function drawRecorded({ disk, chance }: World): Recorded | null {
  const [first, ...rest] = disk.records.values();
  return first === undefined ? null : chance.pick([first, ...rest]);
}

/** Shown is what is stored, to the letter, and nothing that is not yet stored. */
function checkPack(world: World, recorded: Recorded, pack: EventPack): void {
  const stored = recorded.texts.slice(pack.firstSeq - 1, pack.lastSeq).join("\n");
  if (stored === pack.text) return;
  world.fail("shown is what is stored", `${recorded.id}: events ${pack.firstSeq} to ${pack.lastSeq} differ.`);
}
