/**
 * Commands to shared records, decided in the loop of the shard that owns the key and committed there, like everything else.
 *
 *     execution ──message──► decide ──► rows of the record, commands to executions ──commit──► answer
 */

import type { Instant } from "../../core/base/time.ts";
import type { SharedPlace } from "../../core/engine/sharing.ts";
import type { Breaker } from "../../core/shared/breaker.ts";
import type { Transition } from "../../core/shared/breaker-state.ts";
import type { Consequences } from "../../core/shared/kind.ts";
import { type Part, partOf } from "../commit.ts";
import type { Message, SharedItem } from "../item.ts";
import { type Loop, submit, submitInternal } from "../loop.ts";
import { send, takeMessage } from "../messages.ts";
import type { Outcome } from "../refusal.ts";
import type { Shard } from "../shard.ts";
import {
  recordId,
  recordOf,
  type SharedCommand,
  type SharedRecord,
  type SharedTalk,
  shardOfPlace,
  workspaceOf,
} from "./records.ts";

export function takeShared(loop: Loop, shard: Shard, item: SharedItem): void {
  const { place, command, message, reply } = item;
  const workspace = workspaceOf(item.workspace, place);
  const record = recordOf(shard, workspace, place);
  const before = transitionsOf(record).at(-1);
  const { answer, follows } = record.decide(command, loop.clock.now());
  tellTransitions(loop, shard, record, before);
  if (follows.length > 0) write(loop, partOf(loop.collecting, shard), workspace, place, follows);
  takeMessage(loop, shard, message);
  settleAlarm(loop, shard, record);
  if (record.isIdle()) forgetRecord(shard, record);
  if (reply === null) return;
  // Where nothing follows, nothing was promised that a crash could undo.
  if (follows.length === 0) return reply.resolve({ ok: true, answer });
  partOf(loop.collecting, shard).waiting.push({
    committed: () => reply.resolve({ ok: true, answer }),
    lost: (refusal) => reply.resolve({ ok: false, refusal }),
  });
}

function write(loop: Loop, part: Part, workspace: string, place: SharedPlace, follows: readonly Consequences[]): void {
  for (const { rows, sends } of follows) {
    for (const { member, body } of rows) {
      part.shared.set(`${recordId(workspace, place)}\n${member}`, { workspace, ...place, member, body });
    }
    for (const { executionId, command } of sends) {
      send(loop, part, `${place.kind}/${loop.entropy.id()}`, { kind: "command", executionId, command });
    }
  }
}

function transitionsOf({ place, state }: SharedRecord): readonly Transition[] {
  return place.kind === "breaker" ? (state as Breaker).transitions : [];
}

/** Once they are on disk. */
function tellTransitions(loop: Loop, shard: Shard, record: SharedRecord, before: Transition | undefined): void {
  const transitions = transitionsOf(record);
  const news = transitions.slice(before === undefined ? 0 : transitions.indexOf(before) + 1);
  if (news.length === 0) return;
  const { workspace, place } = record;
  partOf(loop.collecting, shard).waiting.push({
    committed() {
      for (const transition of news) {
        loop.counters.breakers[transition.to] += 1;
        loop.onTransition({ workspace, target: place.key, ...transition });
      }
    },
    lost: ignore,
  });
}

function ignore(): void {
  // What is not on disk has not happened.
}

/** From outside the loop, or from another shard: resolves once what was decided is on disk. */
export async function askShared<Kind extends SharedPlace["kind"]>(
  loop: Loop,
  workspace: string,
  place: SharedPlace & { readonly kind: Kind },
  command: SharedTalk[Kind]["command"],
): Promise<Outcome<{ readonly answer: SharedTalk[Kind]["answer"] }>> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<{ answer: unknown }>>();
  submit(loop, shardOfPlace(loop, workspace, place), {
    kind: "shared",
    workspace,
    place,
    command: command as SharedCommand,
    message: null,
    reply: { resolve, reject },
  });
  return (await promise) as Outcome<{ readonly answer: SharedTalk[Kind]["answer"] }>;
}

export function sharedItem(
  workspace: string,
  place: SharedPlace,
  command: SharedCommand,
  message: Message | null,
): SharedItem {
  return { kind: "shared", workspace, place, command, message, reply: null };
}

function settleAlarm(loop: Loop, shard: Shard, record: SharedRecord): void {
  const due = record.dueAt();
  if (due === null) {
    shard.alarms.delete(record);
  } else {
    shard.alarms.set(record, due);
    loop.pulse.alarmAt = Math.min(loop.pulse.alarmAt ?? due, due);
  }
}

function forgetRecord(shard: Shard, record: SharedRecord): void {
  shard.alarms.delete(record);
  shard.records.delete(recordId(record.workspace, record.place));
}

/** After its records were read: those that want to be told of a time. */
export function setAlarms(loop: Loop, shard: Shard): void {
  for (const record of shard.records.values()) settleAlarm(loop, shard, record);
}

/** Records whose time has come, by the wall clock: never early. Looks through all of them, and only when one may be due. */
export function ringAlarms(loop: Loop, now: Instant): void {
  const { pulse } = loop;
  if (pulse.alarmAt === null || pulse.alarmAt > now) return;
  pulse.alarmAt = null;
  for (const shard of loop.shards) {
    for (const [record, due] of shard.alarms) {
      if (due <= now) submitInternal(loop, shard, sharedItem(record.workspace, record.place, { kind: "Tick" }, null));
      // It is set anew by what the record makes of the tick; till then it is looked at each time.
      else pulse.alarmAt = Math.min(pulse.alarmAt ?? due, due);
    }
  }
}
