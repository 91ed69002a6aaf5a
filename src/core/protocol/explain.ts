/**
 * Why an execution has not ended.
 *
 *     view ──► steps that have begun and not ended ──► one wait each ──► the sentence of the one that matters most
 *               + who polls, who has leased, what children do
 *
 * What the history cannot know (executors, leases, the state of children) is given; the rest is read off the execution.
 * Containers say nothing of their own: what goes on inside of them does.
 */

import type { Json, JsonObject } from "../base/json.ts";
import { quote } from "../base/text.ts";
import { toRfc3339 } from "../base/time.ts";
import { type ChildInner, type Ending, type Execution, isAsking, isOpen, type StepState } from "../engine/execution.ts";
import { PLATFORM_SLOTS } from "../engine/sharing.ts";
import { because, type ExplainFacts, sentence, waitOf } from "./explain-step.ts";
import type { ExplanationMessage, WaitKind, WaitMessage } from "./explanations.ts";
import type { View } from "./view.ts";

/** So many waits are told one by one. */
const WAITS_MAX = 100;

/** Ids of the children that the execution waits for: whoever explains it looks them up first. */
export function awaitedChildren({ execution }: View): readonly string[] {
  const waits = openSteps(execution).filter(({ inner, status }) => status === "waiting" && inner?.kind === "child");
  return waits.slice(0, WAITS_MAX).map(({ inner }) => (inner as ChildInner).executionId);
}

/** The targets whose circuit breakers it waits for. */
export function awaitedBreakers({ execution }: View): ReadonlySet<string> {
  const asking = openSteps(execution).filter(isAsking).slice(0, WAITS_MAX);
  return new Set(
    asking.flatMap(({ inner }) => (inner?.kind === "task" && inner.circuit !== null ? [inner.circuit.target] : [])),
  );
}

export function explain(view: View, facts: ExplainFacts): ExplanationMessage {
  const { execution } = view;
  const status = execution.status === "new" ? facts.status : execution.status;
  const answer = { execution_id: execution.id, status };
  if (execution.hasEnded) return { ...answer, sentence: endOf(view), waits: [], hidden: 0 };
  const whole = [...pauseOf(execution), ...lineOf(facts, execution), ...phaseOf(view)];
  const steps = openSteps(execution).filter(waitsItself);
  const told = steps.slice(0, WAITS_MAX).map((step) => waitOf(view, facts, step));
  const waits = [...whole, ...told];
  return { ...answer, sentence: sentenceOf(facts, waits, steps.length), waits, hidden: steps.length - told.length };
}

function openSteps(execution: Execution): readonly StepState[] {
  return [...execution.steps.values()].filter(isOpen);
}

function waitsItself(step: StepState): boolean {
  return step.status !== "running";
}

function endOf({ execution, error, finishedAt }: View): string {
  const at = finishedAt === null ? "" : ` at ${toRfc3339(finishedAt)}`;
  switch (execution.status) {
    case "completed":
      return `It completed${at}.`;
    case "cancelled":
      return `It was cancelled${at}: ${sentence(error?.message ?? "no reason was given")}`;
    case "timed_out":
      return `It timed out${at}${because(error)}`;
    default:
      return `It failed${at}${because(error)}`;
  }
}

/** What the execution as a whole waits for goes before what a step does, and what is stuck before what goes on. */
const WEIGHT: Readonly<Record<WaitKind, number>> = {
  paused: 0,
  slot: 1,
  compensating: 1,
  closing: 1,
  executor: 2,
  circuit: 2,
  retry: 3,
  event: 4,
  child: 5,
  timer: 6,
  running: 7,
};

function sentenceOf(facts: ExplainFacts, waits: readonly WaitMessage[], stepCount: number): string {
  if (facts.quarantine !== null) return `It was put into quarantine: ${sentence(facts.quarantine)}`;
  if (facts.standstill != null)
    return `It stands still because of a fault of the platform, which tries to move it: ${sentence(facts.standstill)}`;
  const first = waits.toSorted((a, b) => WEIGHT[a.kind] - WEIGHT[b.kind])[0];
  if (first === undefined) {
    return facts.status === "queued"
      ? `It was accepted at ${toRfc3339(facts.createdAt)} and has not begun.`
      : "It waits for nothing: its next step is about to begin.";
  }
  const [rest, more] = first.path === null ? [stepCount, ""] : [stepCount - 1, "more "];
  if (rest === 0) return first.sentence;
  const steps = rest === 1 ? `1 ${more}step has` : `${rest} ${more}steps have`;
  return `${first.sentence.slice(0, -1)}; ${steps} begun and not ended.`;
}

function pauseOf({ paused, parent }: Execution): readonly WaitMessage[] {
  if (paused === null) return [];
  const at = toRfc3339(paused.at);
  const isFrozen = paused.frozenAt !== null;
  const parentId = paused.by === "parent" ? (parent?.execution_id ?? null) : null;
  const [why, who] = parentId === null ? ["", "it"] : [` with its parent ${quote(parentId)}`, "that"];
  const how = isFrozen ? "its timers stand still" : "its timers go on, and act then";
  const text = `It is paused since ${at}${why} and goes on when ${who} is resumed; ${how}.`;
  const details = { timers: isFrozen ? "freeze" : "run", by: paused.by, parent_id: parentId };
  return [whole("paused", at, text, details)];
}

/** What a limit holds back: before it begins, or before it goes on. */
function lineOf({ line, queuedAt }: ExplainFacts, { slots, ending }: Execution): readonly WaitMessage[] {
  const need = slots?.needs[slots.held];
  if (slots === null || need === undefined || !slots.isQueued || ending !== null) return [];
  const since = queuedAt === null ? null : toRfc3339(queuedAt);
  const { kind, key, limit } = need;
  const found = line(need);
  const { held = 0, holders = [], ahead = null, until = null } = found ?? {};
  if (kind === "debounce") {
    const at = until === null ? "" : ` It begins at ${toRfc3339(until)} if none does.`;
    const text = `It is put off, for further starts of ${quote(key.replace(/^debounce\//, ""))} may come and stand in its place.${at}`;
    return [{ ...whole("slot", since, text, { key }), until: until === null ? null : toRfc3339(until) }];
  }
  const where = key === PLATFORM_SLOTS ? "The platform" : quote(key);
  const who = holders.length === 0 ? "" : `, held by ${holders.slice(0, 3).join(", ")}${held > 3 ? " and others" : ""}`;
  const before =
    ahead === null || ahead === 0 ? "it is the next" : ahead === 1 ? "one goes before it" : `${ahead} go before it`;
  const text = `It waits for a slot: ${where} has ${held} of ${limit} taken${who}; ${before}.`;
  return [whole("slot", since, text, { key, limit, held, holders, ahead })];
}

function phaseOf({ execution, phaseSince }: View): readonly WaitMessage[] {
  const { compensation, ending } = execution;
  const since = phaseSince === null ? null : toRfc3339(phaseSince);
  if (compensation !== null) {
    const { steps, running, next, ended } = compensation;
    const count = steps.length;
    const place = [...running.keys()][0] ?? next;
    const step = steps[place];
    const doing =
      step === undefined
        ? `It has undone what had completed (${count} of ${count}) and winds up.`
        : running.size > 1
          ? `It undoes what had completed: ${running.size} steps at once, and ${ended} of ${count} are done.`
          : `It undoes what had completed: ${quote(step.path)} is number ${place + 1} of ${count}.`;
    return [whole("compensating", since, doing, { path: step?.path ?? null, undone: ended, total: count })];
  }
  if (ending === null) return [];
  const error = "error" in ending ? ending.error : null;
  return [
    whole("closing", since, `It winds up, because ${causeOf(ending)}`, {
      cause: ending.kind,
      error: error as unknown as Json,
    }),
  ];
}

function causeOf(ending: Ending): string {
  switch (ending.kind) {
    case "cancel":
      return `it was asked to cancel: ${sentence(ending.reason)}`;
    case "timeout":
      return `its time is over: ${sentence(ending.error.message)}`;
    case "restart":
      return "its time is over; then it begins the unfinished steps again.";
    case "fallback":
      return `its time is over; then its fallback step runs.`;
    case "error":
      return `an error rule ended it${because(ending.error)}`;
    case "return":
      return "a return step has ended it.";
  }
}

function whole(kind: WaitKind, since: string | null, text: string, details: JsonObject): WaitMessage {
  return { kind, path: null, step: null, since, until: null, sentence: text, details };
}
