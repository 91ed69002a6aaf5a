/**
 * From a command to what is written: the engine decides, and everything that follows is collected in the shard's part of
 * the batch. Nothing in here acts; acting comes after the commit.
 */

import { Bug } from "../core/base/bug.ts";
import type { ForkExecution, StartExecution } from "../core/engine/commands.ts";
import { decide } from "../core/engine/decide.ts";
import type { DecisionContext } from "../core/engine/decision.ts";
import type { HistoryEvent } from "../core/engine/events.ts";
import { createExecution } from "../core/engine/execution.ts";
import { type Reaction, reactionsOf } from "../core/engine/reactions.ts";
import { refusalOf } from "../core/engine/refuse.ts";
import type { Definition } from "../core/language/definition.ts";
import type { WaitRow } from "../ports/store.ts";
import {
  addEvents,
  type EncodedEvents,
  encode,
  type Part,
  partOf,
  type Waiting,
  type Write,
  writeOf,
} from "./commit.ts";
import { countEvents } from "./counters.ts";
import { addPublish } from "./events.ts";
import type { CommandAnswer, CommandItem, Copied } from "./item.ts";
import { reload } from "./loading.ts";
import { forget, type Loop } from "./loop.ts";
import { send, takeMessage } from "./messages.ts";
import type { Refusal } from "./refusal.ts";
import { hasEnded, rowAfter } from "./rows.ts";
import { createResident, type Resident, type Shard } from "./shard.ts";
import { circuitsFor, withSettingsInForce } from "./shared/breakers.ts";
import { addSnapshot, noGrowth } from "./snapshots.ts";

/** An execution that decides nothing at its own wake-up must not be woken again and again. */
const WAKE_AGAIN_MS = 1000;

const DECIDED: CommandAnswer = { kind: "decided" };
const NOTHING: CommandAnswer = { kind: "nothing" };

export function decideCommand(loop: Loop, resident: Resident, item: CommandItem): void {
  const { execution, definition, shard } = resident;
  if (!isThere(resident, item)) {
    item.reply?.resolve({ kind: "unknown" });
    return letGoIfOver(loop, resident);
  }
  resident.usedAt = loop.clock.now();
  if (item.command.kind === "Continue") resident.isContinuing = false;
  let answer: CommandAnswer;
  try {
    const refusal = refusalOf(execution, item.command);
    if (refusal !== null) {
      answer = { kind: "refused", refusal };
    } else {
      const events = decide(definition, execution, item.command, contextOf(loop, resident));
      countEvents(loop.counters, events, item.command.kind === "WakeUp" || item.command.kind === "Resume");
      if (events.length > 0) record(loop, resident, react(resident, events));
      answer = events.length > 0 ? DECIDED : NOTHING;
    }
  } catch (error) {
    return reload(loop, resident, item, error);
  }
  takeMessage(loop, shard, item.message);
  answerAfterCommit(resident, item, answer);
  wakeAsItSays(loop, resident, item.command.kind === "WakeUp" && answer.kind === "nothing");
  letGoIfOver(loop, resident);
}

/** What has ended was loaded for the sake of a command only. */
function letGoIfOver(loop: Loop, resident: Resident): void {
  if (hasEnded(resident.row.status) && resident.pending === 0) forget(loop, resident);
}

/** Whoever asks sees the executions of his workspace, and a remote executor none of the tasks of built-in ones. */
function isThere({ execution, definition }: Resident, { workspace, command, isRemote }: CommandItem): boolean {
  if (workspace !== null && workspace !== execution.workspace) return false;
  if (!isRemote || (command.kind !== "CompleteTask" && command.kind !== "FailTask")) return true;
  const index = execution.steps.get(command.path)?.index;
  return index === undefined || definition.steps[index]?.spec.kind === "function";
}

export interface NewExecution {
  readonly executionId: string;
  readonly workspace: string;
  readonly definition: Definition;
  readonly command: StartExecution | ForkExecution;
  readonly copied?: Copied;
}

/** Begins an execution and keeps it in memory. Throws what the engine throws, after a second try. */
export function begin(loop: Loop, shard: Shard, start: NewExecution): Resident {
  if (start.copied !== undefined) return beginFork(loop, shard, start, start.copied);
  try {
    return beginOnce(loop, shard, start);
  } catch (error) {
    loop.report(error, `execution ${start.executionId} could not be started and is tried once more`);
    return beginOnce(loop, shard, start);
  }
}

function beginOnce(loop: Loop, shard: Shard, start: NewExecution): Resident {
  const { executionId, workspace, definition, command } = start;
  const execution = createExecution({ id: executionId, workspace });
  const growth = noGrowth();
  const events = decide(definition, execution, command, contextOf(loop, { execution, growth }));
  const row = rowAfter(null, events, { execution, definition, shard: shard.index });
  if (row === null) throw new Bug(`Expected the start of ${executionId} to be decided, but nothing followed from it.`);
  const resident = createResident({ shard, definition, execution, row, usedAt: loop.clock.now(), growth });
  const decided = react(resident, events);
  shard.slots.set(executionId, resident);
  record(loop, resident, { ...decided, row, isRowNew: true });
  wakeAsItSays(loop, resident, false);
  return resident;
}

/**
 * Begins an execution with the events of another one. They are written, and nothing follows from them: what they ask for
 * has been done for the other one. Tried once only, because what they have made is changed by the try.
 */
function beginFork(loop: Loop, shard: Shard, start: NewExecution, copied: Copied): Resident {
  const { definition, command } = start;
  const { execution, first, text } = copied;
  const lastSeq = execution.length;
  const growth = noGrowth();
  const events = decide(definition, execution, command, contextOf(loop, { execution, growth }));
  const row = rowAfter(null, [first], { execution, definition, shard: shard.index });
  if (row === null) throw new Bug(`Expected ${start.executionId} to begin with a start.`);
  const resident = createResident({ shard, definition, execution, row, usedAt: loop.clock.now(), growth });
  const decided = react(resident, events);
  shard.slots.set(start.executionId, resident);
  const part = partOf(loop.collecting, shard);
  addEvents(part, writeOf(part, resident), { firstSeq: 1, lastSeq, text });
  record(loop, resident, { ...decided, isRowNew: true });
  wakeAsItSays(loop, resident, false);
  return resident;
}

/** Answers once everything that the execution has decided so far is on disk: also a refusal may rest on it. */
function answerAfterCommit(resident: Resident, item: CommandItem, answer: CommandAnswer): void {
  const { reply } = item;
  if (reply === null) return;
  if (resident.pending === 0 || resident.lastPart === null) return reply.resolve(answer);
  resident.lastPart.waiting.push(new Answering(reply, answer));
}

/** Thousands of them may wait for one commit: one object each, and no closures. */
class Answering implements Waiting {
  private readonly reply: NonNullable<CommandItem["reply"]>;
  private readonly answer: CommandAnswer;

  constructor(reply: NonNullable<CommandItem["reply"]>, answer: CommandAnswer) {
    this.reply = reply;
    this.answer = answer;
  }

  committed(): void {
    this.reply.resolve(this.answer);
  }

  lost(refusal: Refusal): void {
    this.reply.resolve({ kind: "refused", refusal });
  }
}

/** The `n`th reaction to an event. */
interface Follows {
  readonly seq: number;
  readonly n: number;
  readonly reaction: Reaction;
}

interface Decided {
  readonly encoded: EncodedEvents;
  readonly row: Resident["row"];
  readonly isRowNew: boolean;
  readonly reactions: readonly Follows[];
  /** For how long a pause that is over has frozen the timers. */
  readonly frozenMs: number;
}

/** Everything that may throw happens here, before the batch is touched. */
function react(resident: Resident, events: readonly HistoryEvent[]): Decided {
  const { execution, definition, shard } = resident;
  const encoded = encode(events);
  const row = rowAfter(resident.row, events, { execution, definition, shard: shard.index });
  if (encoded === null || row === null)
    throw new Bug(`Expected events of ${execution.id} to be recorded, but there are none.`);
  const reactions: Follows[] = [];
  for (const event of events) {
    let n = 0;
    for (const reaction of reactionsOf(definition, execution, event))
      reactions.push({ seq: event.seq, n: n++, reaction });
  }
  return { encoded, row, isRowNew: row !== resident.row, reactions, frozenMs: frozenMsOf(events) };
}

function frozenMsOf(events: readonly HistoryEvent[]): number {
  return events.reduce((sum, event) => sum + (event.type === "ExecutionResumed" ? event.data.frozen_ms : 0), 0);
}

function record(loop: Loop, resident: Resident, decided: Decided): void {
  const { execution, row: before } = resident;
  const part = partOf(loop.collecting, resident.shard);
  const write = writeOf(part, resident);
  addEvents(part, write, decided.encoded);
  if (decided.isRowNew) {
    if (before.parked) part.removeTasksOf.add(execution.id);
    write.row = decided.row;
    write.isParking = false;
    part.tasks.delete(execution.id);
  }
  resident.row = decided.row;
  write.hasEnded = hasEnded(decided.row.status);
  if (before.status === "paused" && decided.row.status !== "paused")
    write.effects.push({ kind: "ResumeTasks", frozenMs: decided.frozenMs });
  for (const follows of decided.reactions) collect(loop, part, write, resident, follows);
  if (before.status !== "paused" && decided.row.status === "paused") write.effects.push({ kind: "PauseTasks" });
  addSnapshot(loop, part, write, resident);
}

function collect(loop: Loop, part: Part, write: Write, resident: Resident, { seq, n, reaction }: Follows): void {
  if (reaction.kind === "OfferTask" || reaction.kind === "WithdrawTask") return void write.effects.push(reaction);
  const { id: executionId, workspace } = resident.execution;
  const id = messageId(executionId, seq, n);
  switch (reaction.kind) {
    case "AddWait": {
      const { path, event, correlation } = reaction;
      setWait(part, executionId, path, { executionId, path, workspace, event, correlation });
      write.effects.push(reaction);
      return;
    }
    case "RemoveWait":
      return setWait(part, executionId, reaction.path, null);
    case "StartChild":
      return send(loop, part, id, { kind: "child", workspace, start: reaction.start });
    case "SendCommand":
      return send(loop, part, id, { kind: "command", executionId: reaction.executionId, command: reaction.command });
    case "SendShared":
      return send(loop, part, id, {
        kind: "shared",
        workspace,
        place: reaction.place,
        command: withSettingsInForce(loop, workspace, reaction.place, reaction.command),
      });
    case "PublishEvent":
      write.effects.push(addPublish(loop, part, { workspace, event: reaction.event, outboxId: id }));
      return;
  }
}

function setWait(part: Part, executionId: string, path: string, row: WaitRow | null): void {
  part.waits.set(`${executionId}/${path}`, { executionId, path, row });
}

function messageId(executionId: string, seq: number, n: number): string {
  return n === 0 ? `${executionId}/${seq}` : `${executionId}/${seq}.${n}`;
}

function wakeAsItSays(loop: Loop, resident: Resident, hasSlept: boolean): void {
  const { wakeAt } = resident.execution;
  const soonest = hasSlept ? loop.clock.now() + WAKE_AGAIN_MS : 0;
  loop.wakeUps.set(resident, wakeAt === null ? null : Math.max(wakeAt, soonest));
}

function contextOf(loop: Loop, { execution, growth }: Pick<Resident, "execution" | "growth">): DecisionContext {
  const { clock, environment, limits } = loop;
  const { bytes: historyBytes, isStateFull } = growth;
  const circuit = circuitsFor(loop, execution.workspace);
  return { now: clock.now(), environment, limits, historyBytes, isStateFull, circuit };
}
