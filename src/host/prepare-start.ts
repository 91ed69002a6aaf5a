/**
 * What can be said of a start before it is decided: which workflow it is, whether its input fits, in which shard it will
 * live, and by what the caller will know it when it asks again.
 */

import { hash } from "node:crypto";

import { EXECUTION_ID, executionIdOf, shardOfKey } from "../core/base/ids.ts";
import { canonicalJson, isLongerThan, type Json } from "../core/base/json.ts";
import { type Admission, admissionOf } from "../core/engine/admission.ts";
import type { StartExecution } from "../core/engine/commands.ts";
import type { OriginLink } from "../core/engine/events.ts";
import { PLATFORM_SLOTS, type SlotNeed } from "../core/engine/sharing.ts";
import type { Definition } from "../core/language/definition.ts";
import { ExpressionError } from "../core/language/expressions/evaluation.ts";
import type { StartRequest } from "./host.ts";
import type { Claim, StartItem } from "./item.ts";
import type { Loop } from "./loop.ts";
import type { Outcome, Refusal } from "./refusal.ts";
import { shardOfPlace } from "./shared/records.ts";

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
  const command: StartExecution = {
    kind: "StartExecution",
    input: checked.input,
    metadata,
    priority,
    timeoutMs,
    parent: null,
    origin: from?.origin ?? null,
  };
  const limited = limitsOf(loop, definition, workspace, command);
  if (!limited.ok) return limited;
  const { admission, slots } = limited;
  const slotShard = slots[0] === undefined ? null : shardOfPlace(loop, workspace, slots[0]).index;
  return {
    ok: true,
    kind: "start",
    workspace,
    // What repeats an execution lives in its shard, whatever place in the history it begins from: one key, one shard.
    executionId: request.executionId ?? (from === null ? newId(loop, claim, slotShard) : idInShard(loop, from.shard)),
    definition,
    command: slots.length === 0 ? command : { ...command, slots },
    claim,
    admission,
  };
}

/**
 * What limits a start, and the slots that it needs: those of its workflow first, then one of the platform. Children run
 * under the platform's slot of the execution that began them.
 */
export function limitsOf(
  loop: Loop,
  definition: Definition,
  workspace: string,
  command: StartExecution,
): Outcome<{ readonly admission: Admission | null; readonly slots: readonly SlotNeed[] }> {
  const { concurrentMax } = loop.limits;
  const isChild = command.parent !== null;
  const covered = new Set(command.parent?.covers);
  try {
    const context = { now: loop.clock.now(), environment: loop.environment, limits: loop.limits };
    const admission = admissionOf(definition, { id: "-", workspace }, command, context);
    const own = (admission?.slots ?? []).filter(({ kind, key }) => !covered.has(key) && (!isChild || kind === "slots"));
    if (concurrentMax === null || isChild) return { ok: true, admission, slots: own };
    const platform = { kind: "slots", key: PLATFORM_SLOTS, limit: concurrentMax, on_limit: "queue" } as const;
    return { ok: true, admission, slots: [...own, platform] };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { ok: false, refusal: keyUnfit(definition, error) };
  }
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

/** A start with a key lives in the key's shard, one that needs a slot beside it, any other anywhere. */
function newId(loop: Loop, claim: Claim | null, slotShard: number | null): string {
  const entropy = loop.entropy.id();
  const { length } = loop.shards;
  if (claim !== null) return executionIdOf(entropy, shardOfKey(claim.key, length));
  // Its first digits are a time, its last ones are chance.
  return executionIdOf(entropy, slotShard ?? Number.parseInt(entropy.slice(-4), 16) % length);
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

function keyUnfit(definition: Definition, error: ExpressionError): Refusal {
  return {
    code: "VALIDATION_FAILED",
    message: `Expected a start whose keys for the limits of workflow "${definition.name}" can be read, but: ${error.message}`,
  };
}
