/** What a scenario expects to be seen of an execution. Every member of an expectation is one of the functions below. */

import { parseDuration } from "../../src/core/base/duration.ts";
import { isObject, type Json, type JsonObject } from "../../src/core/base/json.ts";
import type { HistoryEvent } from "../../src/core/engine/events.ts";
import type { ExecutionMessage } from "../../src/core/protocol/executions.ts";
import { mismatches } from "./match.ts";
import type { Stage } from "./stage.ts";

export interface Observed {
  readonly stage: Stage;
  readonly executionId: string;
  readonly scale: number;
  readonly execution: ExecutionMessage;
  readonly history: readonly HistoryEvent[];
}

type Expectation = (expected: Json, observed: Observed) => readonly string[] | Promise<readonly string[]>;

const EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  status: (expected, { execution }) => mismatches(expected, execution.status, "the status"),
  phase: (expected, { execution }) => mismatches(expected, execution.phase, "the phase"),
  output: (expected, { execution }) => mismatches(expected, execution.output, "the output"),
  error: (expected, { execution }) => mismatches(expected, execution.error as unknown as Json, "the error"),
  warnings: (expected, { execution }) =>
    mismatches(
      expected,
      execution.warnings.map(({ code }) => code),
      "the warnings",
    ),
  steps: (expected, { execution }) =>
    Object.entries(expected as JsonObject).flatMap(([path, wanted]) => expectStep(path, wanted, execution)),
  history: (expected, observed) => expectEvents(expected as readonly Json[], observed),
  never: (expected, { history }) =>
    (expected as readonly string[]).flatMap((line) => {
      const met = history.find((event) => isEvent(event, line));
      return met === undefined ? [] : [`Expected no ${line}, but it is event ${met.seq}.`];
    }),
  /** How often each happened. */
  times: (expected, { history }) =>
    Object.entries(expected as JsonObject).flatMap(([line, count]) =>
      mismatches(count, history.filter((event) => isEvent(event, line)).length, `the number of ${line}`),
    ),
  /** Parts of the sentence. */
  explain: async (expected, { stage, executionId }) => {
    const { sentence } = await stage.explain(executionId);
    const parts = typeof expected === "string" ? [expected] : (expected as readonly string[]);
    return parts.flatMap((part) => mismatches(`~${part}`, sentence, "the explanation"));
  },
  /** What it waits for, by kind: `[retry, event]`. */
  waits: async (expected, { stage, executionId }) => {
    const { waits } = await stage.explain(executionId);
    return mismatches(
      expected,
      waits.map(({ kind }) => kind),
      "the waits",
    );
  },
};

export async function unmet(expected: JsonObject, observed: Observed): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [name, wanted] of Object.entries(expected)) {
    const look = EXPECTATIONS[name];
    if (look === undefined)
      throw new Error(`Expected one of ${Object.keys(EXPECTATIONS).join(", ")}, but met an expectation "${name}".`);
    found.push(...(await look(wanted, observed)));
  }
  return found;
}

/** `completed`, `skipped timeout`, or an object of members. */
function expectStep(path: string, wanted: Json, { steps }: ExecutionMessage): readonly string[] {
  const step = steps.find((each) => each.path === path);
  if (step === undefined) return [`Expected a step at ${path}, but there are ${steps.map((each) => each.path)}.`];
  if (typeof wanted !== "string") return mismatches(wanted, step as unknown as Json, path);
  const is = step.reason === null ? step.status : `${step.status} ${step.reason}`;
  return mismatches(wanted, step.fallback ? `${is} fallback` : is, path);
}

/**
 * The events come in this order, with others between them. Each is a line, or `{event: line, after, data}`: at least so
 * long after the one before it in this list, and in a time that is turned by hand at most a second later than that.
 */
function expectEvents(lines: readonly Json[], { history, scale, stage }: Observed): readonly string[] {
  let place = 0;
  let before: HistoryEvent | undefined;
  for (const wanted of lines) {
    const line = isObject(wanted) ? String(wanted["event"]) : String(wanted);
    const isOne = (event: HistoryEvent, i: number) => i >= place && isEvent(event, line);
    const exact = history.findIndex((event, i) => isOne(event, i) && (!isObject(wanted) || hasData(wanted, event)));
    // What is of the type only tells what differs.
    const found = exact >= 0 ? exact : history.findIndex(isOne);
    const event = history[found];
    if (event === undefined) {
      const rest = history.slice(place).map(toLine);
      return [`Expected ${line} after event ${place}, but after that come ${rest.join(", ") || "none"}.`];
    }
    place = found + 1;
    if (isObject(wanted)) {
      const wrong = [...expectData(wanted, event), ...expectDelay(wanted["after"], before, event, scale, stage)];
      if (wrong.length > 0) return wrong;
    }
    before = event;
  }
  return [];
}

function hasData(wanted: JsonObject, event: HistoryEvent): boolean {
  return expectData(wanted, event).length === 0;
}

function expectData(wanted: JsonObject, event: HistoryEvent): readonly string[] {
  return wanted["data"] === undefined ? [] : mismatches(wanted["data"], event.data as unknown as Json, toLine(event));
}

const LATE_MS = 1000;

function expectDelay(
  after: Json | undefined,
  before: HistoryEvent | undefined,
  event: HistoryEvent,
  scale: number,
  { level }: Stage,
): readonly string[] {
  if (after === undefined || before === undefined) return [];
  const least = Math.round((parseDuration(after as string) ?? 0) / scale);
  const took = Date.parse(event.at) - Date.parse(before.at);
  const isLate = level !== "process" && took > least + LATE_MS;
  return took >= least && !isLate
    ? []
    : [`Expected ${toLine(event)} ${least} ms after ${toLine(before)}, but it came ${took} ms after it.`];
}

/** `StepScheduled pay 2`: the type, the path and the attempt, as far as they are given. */
function isEvent(event: HistoryEvent, line: string): boolean {
  const [type, path, attempt] = line.split(" ");
  if (event.type !== type) return false;
  return (path === undefined || event.path === path) && (attempt === undefined || event.attempt === Number(attempt));
}

function toLine(event: HistoryEvent): string {
  return event.path === null ? event.type : `${event.type} ${event.path} ${event.attempt}`;
}
