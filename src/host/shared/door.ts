/**
 * What a start meets before it is decided: the rate of its workflow, a start that stands for several, a slot that must be
 * free at once. A start that is refused here leaves nothing behind; one that passes is decided like any other.
 *
 *     start ──► known by its key? answered as before
 *           ──► rate_limit ──► 429
 *           ──► debounce ────► answered with the execution that waits already, its input replaced
 *           ──► singleton ───► answered with the execution that runs already
 *           ──► on_limit: reject ──► 429
 *           ──► decided
 */

import type { Admission } from "../../core/engine/admission.ts";
import type { StartExecution } from "../../core/engine/commands.ts";
import type { SlotNeed } from "../../core/engine/sharing.ts";
import type { Slots } from "../../core/shared/slots.ts";
import { countRefusal } from "../counters.ts";
import type { Started } from "../host.ts";
import { type CommandAnswer, commandItem } from "../item.ts";
import { type Loop, shardOfExecution, submit, unavailable } from "../loop.ts";
import type { Prepared } from "../prepare-start.ts";
import { readRow } from "../reads.ts";
import type { Outcome, Refusal } from "../refusal.ts";
import { hasEnded } from "../rows.ts";
import { isKnown } from "../start.ts";
import { peekRecord } from "./records.ts";
import { askShared } from "./take-shared.ts";

type Decide = (start: Prepared) => Promise<Outcome<Started>>;

/** How often, and after how long, it is asked again for an execution that is only just being started. */
const LOOKS_MAX = 40;
const LOOK_AGAIN_MS = 50;

export async function passDoor(loop: Loop, start: Prepared, decide: Decide): Promise<Outcome<Started>> {
  const outcome = await pass(loop, start, decide);
  if (!outcome.ok) countRefusal(loop.counters, outcome.refusal.code);
  return outcome;
}

async function pass(loop: Loop, start: Prepared, decide: Decide): Promise<Outcome<Started>> {
  const { admission } = start;
  const full = fullLine(loop, start);
  if (admission === null && full === null) return await decide(start);
  if (await isKnown(loop, start)) return await decide(start);
  if (full !== null) return { ok: false, refusal: full };
  if (admission === null) return await decide(start);
  const limited = await takeRate(loop, start, admission);
  if (limited !== null) return { ok: false, refusal: limited };
  const { command } = start;
  if (admission.debounce !== null && command.kind === "StartExecution")
    return await postpone(loop, start, command, admission.debounce, decide);
  const slot = admission.slots.find(({ kind }) => kind === "slots");
  if (slot !== undefined && (admission.isSingleton || slot.on_limit === "reject")) {
    return await reserve(loop, start, slot, admission.isSingleton, decide);
  }
  return await decide(start);
}

/** A line that is this long would not be served for hours; who starts more should hear it now. */
function fullLine(loop: Loop, { workspace, command }: Prepared): Refusal | null {
  const slots = command.kind === "StartExecution" ? (command.slots ?? []) : [];
  for (const { kind, key } of slots) {
    if (kind !== "slots") continue;
    const record = peekRecord(loop, workspace, { kind, key });
    const waiting = record === null ? 0 : (record.state as Slots).line.length;
    if (waiting < loop.limits.queuedMax) continue;
    return {
      code: "OVERLOADED",
      message: `Expected fewer than ${loop.limits.queuedMax} executions to wait for "${key}", but ${waiting} do. Send it again later, or raise the limit.`,
      retryAfter: 10,
    };
  }
  return null;
}

async function takeRate(loop: Loop, start: Prepared, { rate }: Admission): Promise<Refusal | null> {
  if (rate === null) return null;
  const { limit, periodMs } = rate;
  const asked = await askShared(
    loop,
    start.workspace,
    { kind: "rate", key: rate.key },
    { kind: "Take", limit, periodMs },
  );
  if (!asked.ok) return asked.refusal;
  if (asked.answer.isTaken) return null;
  const retryAfter = Math.max(1, Math.ceil((asked.answer.nextAt - loop.clock.now()) / 1000));
  return {
    code: "RATE_LIMITED",
    message: `Expected at most ${limit} starts of "${rate.key}" in ${periodMs / 1000} s, but there were more. Send it again in ${retryAfter} s.`,
    retryAfter,
    details: { limit, period: periodMs / 1000, remaining: asked.answer.remaining },
  };
}

async function reserve(
  loop: Loop,
  start: Prepared,
  { key, limit }: SlotNeed,
  isSingleton: boolean,
  decide: Decide,
): Promise<Outcome<Started>> {
  const { workspace, executionId } = start;
  const place = { kind: "slots", key } as const;
  for (let look = 0; look < LOOKS_MAX; look++) {
    const asked = await askShared(loop, workspace, place, { kind: "Reserve", executionId, limit });
    if (!asked.ok) return asked;
    if (asked.answer.isReserved) {
      const outcome = await decide(start);
      const isUsed = outcome.ok && outcome.isNew;
      if (!isUsed) void askShared(loop, workspace, place, { kind: "Unreserve", executionId }).catch(() => {});
      return outcome;
    }
    // The same start may have come twice, and the other one have the slot.
    if (await isKnown(loop, start)) return await decide(start);
    if (!isSingleton) return { ok: false, refusal: limitReached(key, limit) };
    const [running] = asked.answer.holders;
    const row = running === undefined ? null : await readRow(loop, { workspace, executionId: running });
    if (row !== null && !hasEnded(row.status)) return await standIn(start, row, decide);
    await pause(loop);
  }
  return { ok: false, refusal: unavailable(loop) };
}

async function postpone(
  loop: Loop,
  start: Prepared,
  { input, metadata, priority, slots = [] }: StartExecution,
  { key, periodMs, waitMsMax }: NonNullable<Admission["debounce"]>,
  decide: Decide,
): Promise<Outcome<Started>> {
  const { workspace, executionId } = start;
  const place = { kind: "debounce", key } as const;
  for (let look = 0; look < LOOKS_MAX; look++) {
    const asked = await askShared(loop, workspace, place, { kind: "Join", executionId, periodMs, waitMsMax });
    if (!asked.ok) return asked;
    const pending = asked.answer.executionId;
    if (pending === executionId || pending === null) {
      const outcome = await decide(start);
      if (!outcome.ok || !outcome.isNew)
        void askShared(loop, workspace, place, { kind: "GiveUp", executionId }).catch(() => {});
      return outcome;
    }
    const answer = await replaceInput(loop, pending, {
      kind: "ReplaceInput",
      // A start that is sent again with its key must not undo what came after it.
      id: start.claim?.key ?? executionId,
      input,
      metadata,
      priority,
      slots,
    });
    if (answer.kind === "refused" && answer.refusal.code !== "EXECUTION_BEGUN") {
      return { ok: false, refusal: answer.refusal };
    }
    const isReplaced = answer.kind === "decided" || answer.kind === "nothing";
    const row = isReplaced ? await readRow(loop, { workspace, executionId: pending }) : null;
    if (row !== null && !hasEnded(row.status)) return await standIn(start, row, decide);
    // It has begun meanwhile, or is only just being started, or its start was lost with a crash.
    if (look > LOOKS_MAX / 2) await askShared(loop, workspace, place, { kind: "GiveUp", executionId: pending });
    await pause(loop);
  }
  return { ok: false, refusal: unavailable(loop) };
}

/** Another execution stands for the start: its key, if it has one, is from now on known as that one's. */
async function standIn(start: Prepared, row: Started["row"], decide: Decide): Promise<Outcome<Started>> {
  if (start.claim === null) return { ok: true, row, isNew: false };
  return await decide({ ...start, standsIn: row });
}

function replaceInput(
  loop: Loop,
  executionId: string,
  command: Extract<Parameters<typeof commandItem>[1], { kind: "ReplaceInput" }>,
): Promise<CommandAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandAnswer>();
  submit(loop, shardOfExecution(loop, executionId), commandItem(executionId, command, { reply: { resolve, reject } }));
  return promise;
}

function pause(loop: Loop): Promise<void> {
  return new Promise((resolve) => loop.clock.after(LOOK_AGAIN_MS, resolve));
}

function limitReached(key: string, limit: number): Refusal {
  return {
    code: "LIMIT_REACHED",
    message: `Expected fewer than ${limit} executions to run or wait under "${key}", but ${limit === 1 ? "one does" : `${limit} do`}. Send it again once one has ended.`,
    retryAfter: 1,
    details: { key, limit },
  };
}
