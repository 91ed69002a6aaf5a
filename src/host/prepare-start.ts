/**
 * What can be said of a start before it is decided: which workflow it is, whether its input fits, in which shard it will
 * live, and by what the caller will know it when it asks again.
 */

import { hash } from "node:crypto";

import { EXECUTION_ID, executionIdOf, shardOfKey } from "../core/base/ids.ts";
import { canonicalJson, isLongerThan, type Json } from "../core/base/json.ts";
import type { OriginLink } from "../core/engine/events.ts";
import type { Definition } from "../core/language/definition.ts";
import type { StartRequest } from "./host.ts";
import type { Claim, StartItem } from "./item.ts";
import type { Loop } from "./loop.ts";
import type { Outcome, Refusal } from "./refusal.ts";

export interface Prepared extends Omit<StartItem, "reply"> {
  /** What its workflow limits; null: nothing. */
  readonly admission: Admission | null;
}

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
  from: { readonly origin: OriginLink; readonly shard: number } | null,
): Outcome<Prepared> {
  const { workspace, metadata, priority, timeoutMs } = request;
  const checked = checkInput(loop, definition, request.input);
  if (!checked.ok) return checked;
  const claim = claimOf(request, definition);
  return {
    ok: true,
    kind: "start",
    workspace,
    // What repeats an execution lives in its shard, whatever place in the history it begins from: one key, one shard.
    executionId: request.executionId ?? (from === null ? newId(loop, claim) : idInShard(loop, from.shard)),
    definition,
    command: {
      kind: "StartExecution",
      input: checked.input,
      metadata,
      priority,
      timeoutMs,
      parent: null,
      origin: from?.origin ?? null,
    },
    claim,
  };
}

export function checkInput(loop: Loop, definition: Definition, given: Json): Outcome<{ readonly input: Json }> {
  const tooLong = payloadRefusal(loop, given);
  if (tooLong !== null) return { ok: false, refusal: tooLong };
  const schema = definition.inputSchema;
  if (schema === null) return { ok: true, input: given };
  const input = schema.withDefaults(given);
  const violations = schema.check(input);
  if (violations.length > 0) return { ok: false, refusal: inputUnfit(definition, violations) };
  return { ok: true, input };
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

/** A start with a key lives in the key's shard, one without anywhere. */
function newId(loop: Loop, claim: Claim | null): string {
  const entropy = loop.entropy.id();
  const { length } = loop.shards;
  // Its first digits are a time, its last ones are chance.
  const shard = claim === null ? Number.parseInt(entropy.slice(-4), 16) % length : shardOfKey(claim.key, length);
  return executionIdOf(entropy, shard);
}

export function idInShard(loop: Loop, shard: number): string {
  return executionIdOf(loop.entropy.id(), shard);
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

export function payloadRefusal(loop: Loop, given: Json): Refusal | null {
  if (!isLongerThan(given, loop.limits.payloadBytesMax)) return null;
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
