/**
 * Begins executions, once for each key.
 *
 *     request ──prepare──► workflow found, input checked, shard chosen
 *             ──claim────► key not seen before: decided; seen: the execution of before, or a conflict
 *
 * All starts with one key pass through the shard of that key, one after the other, and the key is written in the commit of
 * the start: whoever asks again, even while the first write is in flight, learns the same id.
 */

import type { KeyRow } from "../ports/store.ts";
import { partOf } from "./commit.ts";
import { begin } from "./decisions.ts";
import type { Started } from "./host.ts";
import { type Claim, refuseItem, type StartItem } from "./item.ts";
import { type Loop, scheduleTurn, shardOfExecution, unavailable } from "./loop.ts";
import { restart } from "./recovery.ts";
import type { Refusal } from "./refusal.ts";
import type { ClaimState, Shard } from "./shard.ts";

const KEY_KEPT_MS = 24 * 3_600_000;

/** The latest instant that a date can hold: the claim on a chosen id is not dropped with old keys. */
const FOREVER = 8_640_000_000_000_000;

/** In the loop: decides the start, or finds out first whether its key is known. */
export function takeStart(loop: Loop, shard: Shard, item: StartItem): void {
  if (item.claim === null) return decideStart(loop, shard, item, null);
  const place = claimPlace(item.workspace, item.claim);
  const state = shard.claims.get(place);
  if (state === undefined) {
    const looking: ClaimState = { kind: "looking", waiting: [item] };
    shard.claims.set(place, looking);
    lookUp(loop, shard, place, looking).catch((error: unknown) => {
      // A bug of ours; what it has left in memory is not to be trusted.
      loop.report(error, "a start could not be decided");
      restart(loop, shard);
    });
  } else if (state.kind === "looking") {
    state.waiting.push(item);
  } else {
    state.part.waiting.push({
      committed: () => answerKnown(loop, item, state.row),
      lost: (refusal) => refuseItem(item, refusal),
    });
  }
}

/** Whether the start was decided before, so that it needs nothing to be answered. */
export async function isKnown(loop: Loop, start: Omit<StartItem, "reply">): Promise<boolean> {
  const { claim } = start;
  if (claim === null) return false;
  if (shardOfExecution(loop, start.executionId).claims.has(claimPlace(start.workspace, claim))) return true;
  const known = await findClaim(loop, start, claim);
  return known !== null;
}

/** Asks the store once for all who ask for the same key meanwhile. */
async function lookUp(
  loop: Loop,
  shard: Shard,
  place: string,
  looking: Extract<ClaimState, { kind: "looking" }>,
): Promise<void> {
  const [first] = looking.waiting;
  if (first === undefined || first.claim === null) return;
  let known: KeyRow | null | "taken";
  try {
    known = await findClaim(loop, first, first.claim);
  } catch (error) {
    if (shard.claims.get(place) !== looking) return;
    loop.report(error, "a key could not be looked up");
    shard.claims.delete(place);
    for (const item of looking.waiting) refuseItem(item, unavailable(loop));
    return;
  }
  // The shard has dropped its memory, and has answered those who waited.
  if (shard.claims.get(place) !== looking) return;
  shard.claims.delete(place);
  if (known === null) {
    // The first one claims the key in the batch that is collected now; the others find it there.
    for (const item of looking.waiting) {
      if (shard.claims.has(place)) takeStart(loop, shard, item);
      else decideStart(loop, shard, item, place);
    }
    scheduleTurn(loop);
  } else {
    for (const item of looking.waiting) {
      if (known === "taken") item.reply.resolve({ ok: false, refusal: conflict(item) });
      else answerKnown(loop, item, known);
    }
  }
}

/** `taken`: the id is that of an execution which no caller has named. */
async function findClaim(loop: Loop, item: Omit<StartItem, "reply">, claim: Claim): Promise<KeyRow | null | "taken"> {
  const row = await loop.store.findKey({ workspace: item.workspace, key: claim.key });
  if (row !== null && row.createdAt > loop.clock.now() - KEY_KEPT_MS) return row;
  if (!claim.isForever) return null;
  return (await loop.store.readExecution(item.executionId)) === null ? null : "taken";
}

function decideStart(loop: Loop, shard: Shard, item: StartItem, place: string | null): void {
  const slot = shard.slots.get(item.executionId);
  // Somebody has asked for it before it was begun, and whether it is there is being found out.
  if (slot?.kind === "loading") return void slot.waiting.push(item);
  if (slot !== undefined) {
    return item.reply.resolve({ ok: false, refusal: conflict(item) });
  }
  let row = item.standsIn;
  try {
    row ??= begin(loop, shard, item).row;
  } catch (error) {
    return item.reply.reject(error);
  }
  const answer: Started = { row, isNew: item.standsIn === undefined };
  const part = partOf(loop.collecting, shard);
  if (item.claim !== null && place !== null) {
    const keyRow: KeyRow = {
      workspace: item.workspace,
      key: item.claim.key,
      executionId: row.id,
      bodyHash: item.claim.bodyHash,
      createdAt: item.claim.isForever ? FOREVER : loop.clock.now(),
    };
    part.keys.push({ claim: place, row: keyRow });
    shard.claims.set(place, { kind: "decided", row: keyRow, part });
  }
  part.waiting.push({
    committed: () => item.reply.resolve({ ok: true, ...answer }),
    lost: (refusal) => refuseItem(item, refusal),
  });
}

function answerKnown(loop: Loop, item: StartItem, known: KeyRow): void {
  if (known.bodyHash !== item.claim?.bodyHash) return item.reply.resolve({ ok: false, refusal: conflict(item) });
  loop.store.readExecution(known.executionId).then(
    (row) => {
      if (row === null) refuseItem(item, unavailable(loop));
      else item.reply.resolve({ ok: true, row, isNew: false });
    },
    () => refuseItem(item, unavailable(loop)),
  );
}

function claimPlace(workspace: string, claim: Claim): string {
  return `${workspace}\n${claim.key}`;
}

function conflict(item: StartItem): Refusal {
  const name = item.claim?.isForever === false ? "idempotency key" : "execution_id";
  return {
    code: "IDEMPOTENCY_CONFLICT",
    message: `Expected the same input, version and options as at the first start with this ${name}, but they differ. Use another ${name} for another start.`,
  };
}
