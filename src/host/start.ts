/**
 * Begins executions, once for each key.
 *
 *     request ──prepare──► workflow found, input checked, shard chosen
 *             ──claim────► key not seen before: decided; seen: the execution of before, or a conflict
 *
 * All starts with one key pass through the shard of that key, one after the other, and the key is written in the commit of
 * the start: whoever asks again, even while the first write is in flight, learns the same id.
 */

import { hash } from "node:crypto";

import { EXECUTION_ID, executionIdOf, shardOf, shardOfKey } from "../core/base/ids.ts";
import { canonicalJson, isLongerThan, type Json } from "../core/base/json.ts";
import type { OriginLink } from "../core/engine/events.ts";
import type { Definition } from "../core/language/definition.ts";
import type { KeyRow } from "../ports/store.ts";
import { partOf } from "./commit.ts";
import { begin } from "./decisions.ts";
import type { Started, StartRequest } from "./host.ts";
import { type Claim, type Reply, refuseItem, type StartItem } from "./item.ts";
import { type Loop, scheduleTurn, shardAt, unavailable } from "./loop.ts";
import { restart } from "./recovery.ts";
import type { Outcome, Refusal } from "./refusal.ts";
import type { ClaimState, Shard } from "./shard.ts";

const KEY_KEPT_MS = 24 * 3_600_000;

/** The latest instant that a date can hold: the claim on a chosen id is not dropped with old keys. */
const FOREVER = 8_640_000_000_000_000;

export type Prepared = Omit<StartItem, "reply">;

/** Finds the workflow and says what will be decided. */
export async function prepareStart(loop: Loop, request: StartRequest): Promise<Outcome<Prepared>> {
  const { workspace, workflow, version, executionId, idempotencyKey } = request;
  if (executionId !== null && idempotencyKey !== null) return { ok: false, refusal: BOTH_GIVEN };
  if (executionId !== null && !EXECUTION_ID.test(executionId)) return { ok: false, refusal: ID_UNFIT };
  const found = await loop.definitions.compiled({ workspace, workflow, version });
  if (!found.ok) return found;
  if (found.status === "archived") return { ok: false, refusal: archived(workflow) };
  return prepareWith(loop, request, found.definition, null);
}

/** Checks the input against the schema, its defaults filled in, and says what will be decided. */
export function prepareWith(
  loop: Loop,
  request: StartRequest,
  definition: Definition,
  origin: OriginLink | null,
): Outcome<Prepared> {
  const { workspace, metadata, priority, timeoutMs } = request;
  const checked = checkInput(loop, definition, request.input);
  if (!checked.ok) return checked;
  const claim = claimOf(request, definition);
  return {
    ok: true,
    kind: "start",
    workspace,
    executionId: request.executionId ?? newId(loop, claim),
    definition,
    command: { kind: "StartExecution", input: checked.input, metadata, priority, timeoutMs, parent: null, origin },
    claim,
  };
}

export function checkInput(loop: Loop, definition: Definition, given: Json): Outcome<{ readonly input: Json }> {
  if (isLongerThan(given, loop.limits.payloadBytesMax)) return { ok: false, refusal: inputTooLong(loop) };
  const schema = definition.inputSchema;
  if (schema === null) return { ok: true, input: given };
  const input = schema.withDefaults(given);
  const violations = schema.check(input);
  if (violations.length > 0) return { ok: false, refusal: inputUnfit(definition, violations) };
  return { ok: true, input };
}

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
async function findClaim(loop: Loop, item: StartItem, claim: Claim): Promise<KeyRow | null | "taken"> {
  const row = await loop.store.findKey({ workspace: item.workspace, key: claim.key });
  if (row !== null && row.createdAt > loop.clock.now() - KEY_KEPT_MS) return row;
  if (!claim.isForever) return null;
  return (await loop.store.readExecution(item.executionId)) === null ? null : "taken";
}

function decideStart(loop: Loop, shard: Shard, item: StartItem, place: string | null): void {
  if (shard.slots.has(item.executionId)) {
    return item.reply.resolve({ ok: false, refusal: conflict(item) });
  }
  let row: Started["row"];
  try {
    row = begin(loop, shard, item).row;
  } catch (error) {
    return item.reply.reject(error);
  }
  const part = partOf(loop.collecting, shard);
  if (item.claim !== null && place !== null) {
    const keyRow: KeyRow = {
      workspace: item.workspace,
      key: item.claim.key,
      executionId: item.executionId,
      bodyHash: item.claim.bodyHash,
      createdAt: item.claim.isForever ? FOREVER : loop.clock.now(),
    };
    part.keys.push({ claim: place, row: keyRow });
    shard.claims.set(place, { kind: "decided", row: keyRow, part });
  }
  part.waiting.push({
    committed: () => item.reply.resolve({ ok: true, row, isNew: true }),
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

export function shardOfStart(loop: Loop, start: Prepared): Shard {
  return shardAt(loop, shardOf(start.executionId, loop.shards.length));
}

export function toStartItem(start: Prepared, reply: Reply<Outcome<Started>>): StartItem {
  return { ...start, reply };
}

function claimOf(request: StartRequest, definition: Definition): Claim | null {
  const { executionId, idempotencyKey } = request;
  if (executionId !== null) return { key: `/${executionId}`, bodyHash: hashOf(request, definition), isForever: true };
  if (idempotencyKey === null) return null;
  return { key: `${definition.name}/${idempotencyKey}`, bodyHash: hashOf(request, definition), isForever: false };
}

/** Of what must be equal for two starts to be the same: the workflow, the input as it was sent, version and options. */
function hashOf(request: StartRequest, definition: Definition): string {
  const { input, version, priority, timeoutMs } = request;
  return hash("sha256", canonicalJson({ workflow: definition.name, input, version, priority, timeoutMs }));
}

function claimPlace(workspace: string, claim: Claim): string {
  return `${workspace}\n${claim.key}`;
}

/** A start with a key lives in the key's shard, one without anywhere. */
function newId(loop: Loop, claim: Claim | null): string {
  const entropy = loop.entropy.id();
  const { length } = loop.shards;
  // Its first digits are a time, its last ones are chance.
  const shard = claim === null ? Number.parseInt(entropy.slice(-4), 16) % length : shardOfKey(claim.key, length);
  return executionIdOf(entropy, shard);
}

const BOTH_GIVEN: Refusal = {
  code: "BAD_REQUEST",
  message: "Expected either an execution_id or an idempotency key, but both are given. Leave one of them out.",
};

const ID_UNFIT: Refusal = {
  code: "BAD_REQUEST",
  message: "Expected an execution_id of 1 to 128 letters, digits, underscores and hyphens, but it is not.",
};

export function archived(workflow: string): Refusal {
  return {
    code: "WORKFLOW_ARCHIVED",
    message: `Expected workflow "${workflow}" to be active, but it is archived. Register it again to start it.`,
  };
}

function inputTooLong(loop: Loop): Refusal {
  return {
    code: "PAYLOAD_TOO_LARGE",
    message: `Expected the input to be at most ${loop.limits.payloadBytesMax} bytes of JSON, but it is longer. Pass a reference to the data, or raise limits.payload.`,
  };
}

function inputUnfit(definition: Definition, violations: readonly { pointer: string; message: string }[]): Refusal {
  const [first] = violations;
  const rest = violations.length === 1 ? "" : ` (and ${violations.length - 1} more)`;
  return {
    code: "VALIDATION_FAILED",
    message: `Expected an input that fits the schema of workflow "${definition.name}", but ${first?.pointer === "" ? "it does not" : `${first?.pointer} does not`}: ${first?.message}${rest}`,
    errors: violations.map(({ pointer, message }) => ({ pointer, message })),
  };
}

function conflict(item: StartItem): Refusal {
  const name = item.claim?.isForever === false ? "idempotency key" : "execution_id";
  return {
    code: "IDEMPOTENCY_CONFLICT",
    message: `Expected the same input, version and options as at the first start with this ${name}, but they differ. Use another ${name} for another start.`,
  };
}
