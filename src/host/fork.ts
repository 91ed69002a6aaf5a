/**
 * A new execution that begins with the history of an old one, up to a step or an event.
 *
 *     stored events ──up to the place──► replayed under the new id ──ForkExecution──► one commit: copy, fork, what follows
 *
 * It lives in the shard of the old one. So the message that terminates the old one, where that is asked for, is in the
 * commit that begins the new one: never is there neither of the two, and a crash between them only delays the end of the
 * old one.
 */

import { hash } from "node:crypto";

import { shardOf } from "../core/base/ids.ts";
import { canonicalJson } from "../core/base/json.ts";
import { nearest, quote } from "../core/base/text.ts";
import type { ForkExecution } from "../core/engine/commands.ts";
import type { HistoryEvent, OriginLink } from "../core/engine/events.ts";
import { evolve } from "../core/engine/evolve.ts";
import { createExecution, type Execution } from "../core/engine/execution.ts";
import { belongsToNext, forkRefusal } from "../core/engine/fork.ts";
import type { Definition, StepSpec } from "../core/language/definition.ts";
import type { ExecutionRow } from "../ports/store.ts";
import type { RerunPlace, RerunRequest } from "./host.ts";
import type { Loop } from "./loop.ts";
import { checkInput, idInShard, type Prepared, payloadRefusal } from "./prepare-start.ts";
import { quarantined } from "./quarantine.ts";
import { readHistory } from "./reads.ts";
import type { Outcome, Refusal } from "./refusal.ts";
import { timeoutGiven } from "./start-events.ts";

/** What is copied is replayed and written at a stretch, while everybody else waits: some tens of milliseconds. */
const EVENTS_MAX = 10_000;
const CHARACTERS_MAX = 4 * 1024 * 1024;

/** One read of a history, and the events that are replayed before others have their turn. */
const READ_BYTES = 512 * 1024;
const EVENTS_AT_A_STRETCH = 1000;

/** How far behind the place it may stand what belongs to the last event: the rules that fired, and the end they were about. */
const EVENTS_BEHIND = 200;

export async function prepareFork(
  loop: Loop,
  request: RerunRequest & { readonly from: RerunPlace },
  { row, definition }: { readonly row: ExecutionRow; readonly definition: Definition },
): Promise<Outcome<Prepared>> {
  const { workspace, executionId, commandId, from, stepInput } = request;
  if (row.quarantine !== null) return { ok: false, refusal: quarantined(executionId, row.quarantine) };
  const input = request.input === undefined ? null : checkInput(loop, definition, request.input);
  if (input?.ok === false) return input;
  const unfit = stepInput === undefined ? null : stepInputRefusal(loop, definition, from, stepInput);
  if (unfit !== null) return { ok: false, refusal: unfit };

  const lines = await readLines(loop, row, from);
  if (!lines.ok) return lines;
  const cut =
    "event" in from
      ? cutAtEvent(row, lines.events, from.event)
      : await cutAtStep(loop, row, definition, lines.events, from.step);
  if (!cut.ok) return cut;

  const newId = idInShard(loop, shardOf(executionId, loop.shards.length));
  const execution = createExecution({ id: newId, workspace });
  const seq = await replay(loop, definition, execution, lines.events, cut.seq);
  const reason = forkRefusal(execution);
  if (reason !== null)
    return {
      ok: false,
      refusal: placeUnfit(
        `Expected event ${seq} of execution ${executionId} to be one after which it could go on, but ${reason}.`,
      ),
    };
  const [first] = lines.events;
  if (first === undefined) return { ok: false, refusal: eventUnknown(row, cut.seq) };

  const origin: OriginLink =
    "event" in from
      ? { kind: "event", execution_id: executionId, event: seq }
      : { kind: "step", execution_id: executionId, event: seq, step: from.step };
  const command: ForkExecution = {
    kind: "ForkExecution",
    id: commandId,
    origin,
    input: input?.input,
    stepInput: stepInput === undefined || !("step" in from) ? null : { path: from.step, input: stepInput },
    timeoutMs: timeoutGiven(lines.events),
    terminatesOrigin: request.terminatesOrigin === true,
  };
  return {
    ok: true,
    kind: "start",
    workspace,
    executionId: newId,
    definition,
    command,
    // What was accepted long ago waits for its turn, and is not refused for what came after it.
    admission: null,
    copied: { execution, first, text: lines.texts.slice(0, seq).join("\n") },
    claim: {
      key: `${definition.name}/rerun/${executionId}/${commandId}`,
      bodyHash: bodyHashOf(request, definition),
      isForever: false,
    },
  };
}

function bodyHashOf({ from, input, stepInput, terminatesOrigin }: RerunRequest, { name, version }: Definition): string {
  const body = {
    workflow: name,
    version,
    from: { ...from },
    terminates_origin: terminatesOrigin === true,
    ...(input === undefined ? {} : { input }),
    ...(stepInput === undefined ? {} : { step_input: stepInput }),
  };
  return hash("sha256", canonicalJson(body));
}

interface Lines {
  readonly events: readonly HistoryEvent[];
  readonly texts: readonly string[];
}

/** What is needed of the history: up to the event; for a step all of it, because it may have begun more than once. */
async function readLines(loop: Loop, row: ExecutionRow, from: RerunPlace): Promise<Outcome<Lines>> {
  const events: HistoryEvent[] = [];
  const texts: string[] = [];
  const last = "event" in from ? from.event : Number.POSITIVE_INFINITY;
  let characters = 0;
  while (events.length < last + EVENTS_BEHIND) {
    const place = { workspace: row.workspace, executionId: row.id };
    const packs = (await readHistory(loop, { ...place, afterSeq: events.length, bytesMax: READ_BYTES })) ?? [];
    if (packs.length === 0) break;
    for (const text of packs.flatMap((pack) => pack.text.split("\n"))) {
      const event = JSON.parse(text) as HistoryEvent;
      if (event.seq !== events.length + 1) continue;
      events.push(event);
      texts.push(text);
      if (event.seq <= last) characters += text.length;
    }
    const isTooLong = Math.min(events.length, last) > EVENTS_MAX || characters > CHARACTERS_MAX;
    if (isTooLong) return { ok: false, refusal: tooLong(row) };
  }
  return { ok: true, events, texts };
}

type Cut = Outcome<{ readonly seq: number }>;

function cutAtEvent(row: ExecutionRow, { length }: readonly HistoryEvent[], seq: number): Cut {
  return seq > length ? { ok: false, refusal: eventUnknown(row, seq) } : { ok: true, seq };
}

/** Just before the step began for the last time, as far as the execution could have gone on from there. */
async function cutAtStep(
  loop: Loop,
  row: ExecutionRow,
  definition: Definition,
  events: readonly HistoryEvent[],
  path: string,
): Promise<Cut> {
  const execution = createExecution({ id: row.id, workspace: row.workspace });
  const paths = new Set<string>();
  let seq: number | null = null;
  let reason: string | null = null;
  let before: HistoryEvent | null = null;
  for (const event of events) {
    if (event.path !== null) paths.add(event.path);
    if (event.path === path && isBeginning(execution, event, before)) {
      reason = forkRefusal(execution);
      if (reason === null) seq = event.seq - 1;
    }
    apply(definition, execution, event);
    before = event;
    if (event.seq % EVENTS_AT_A_STRETCH === 0) await nextTurn(loop);
  }
  if (seq !== null) return { ok: true, seq };
  const expected = `Expected step ${quote(path)} of execution ${row.id} to have begun`;
  if (reason !== null)
    return { ok: false, refusal: placeUnfit(`${expected} before that, but ${reason} when it began.`) };
  if (execution.steps.has(path)) return { ok: false, refusal: placeUnfit(`${expected}, but it has not.`) };
  const near = nearest(path, new Set([...paths, ...execution.steps.keys()]));
  const message = `Expected a step at ${quote(path)} of execution ${row.id}, but there is none.${near === null ? "" : ` Did you mean ${quote(near)}?`}`;
  return { ok: false, refusal: { code: "STEP_UNKNOWN", message } };
}

/** A step that had not begun before the event begins with it, or with the rules that fired upon its end. */
function isBeginning({ steps }: Execution, event: HistoryEvent, before: HistoryEvent | null): boolean {
  if (steps.get(event.path ?? "")?.status !== "pending") return false;
  if (before?.type === "RuleFired" && before.path === event.path) return false;
  return event.type !== "StepCancelled" && !(event.type === "StepSkipped" && event.data.reason === "not_reached");
}

/** Up to `seq`, and on to the end of what belongs together; answers the number of the last event. */
async function replay(
  loop: Loop,
  definition: Definition,
  execution: Execution,
  events: readonly HistoryEvent[],
  seq: number,
): Promise<number> {
  for (const [i, event] of events.entries()) {
    apply(definition, execution, event);
    const next = events[i + 1];
    if (next === undefined || (event.seq >= seq && !belongsToNext(execution, event, next))) return event.seq;
    if (event.seq % EVENTS_AT_A_STRETCH === 0) await nextTurn(loop);
  }
  return execution.length;
}

function apply(definition: Definition, execution: Execution, event: HistoryEvent): void {
  evolve(definition, execution, event);
  execution.agenda.tidy();
}

function nextTurn(loop: Loop): Promise<void> {
  return new Promise((resolve) => loop.clock.soon(resolve));
}

/** Of these types an input is read; the others take what stands in their own fields. */
const WITH_INPUT: ReadonlySet<StepSpec["kind"]> = new Set([
  "function",
  "http",
  "script",
  "external",
  "mapping",
  "validate",
  "workflow",
]);

function stepInputRefusal(
  loop: Loop,
  definition: Definition,
  from: RerunPlace,
  stepInput: RerunRequest["stepInput"],
): Refusal | null {
  if (!("step" in from) || stepInput === undefined) {
    return { code: "BAD_REQUEST", message: "Expected step_input only with from.step: it is the input of that step." };
  }
  const tooLarge = payloadRefusal(loop, stepInput);
  if (tooLarge !== null) return tooLarge;
  const name = /([^.[\]:]+)$/.exec(from.step)?.[1] ?? "";
  const index = definition.stepByName.get(name);
  const step = index === undefined ? undefined : definition.steps[index];
  if (step === undefined || WITH_INPUT.has(step.spec.kind)) return null;
  const message = `Expected step ${quote(from.step)} to be of a type that has an input, but it is of type "${step.type}". Leave step_input out.`;
  return { code: "BAD_REQUEST", message };
}

function placeUnfit(message: string): Refusal {
  return { code: "RERUN_PLACE_UNFIT", message };
}

function eventUnknown({ id }: ExecutionRow, seq: number): Refusal {
  return {
    code: "EVENT_UNKNOWN",
    message: `Expected an event ${seq} in the history of execution ${id}, but there is none.`,
  };
}

function tooLong({ id }: ExecutionRow): Refusal {
  const message = `Expected at most ${EVENTS_MAX} events and ${CHARACTERS_MAX} characters of execution ${id} to be copied, but there are more. Name an earlier event in from.event, or rerun from the start.`;
  return { code: "HISTORY_TOO_LONG", message };
}
