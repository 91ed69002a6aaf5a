/**
 * Runs a workflow on the engine and on the model, move by move, and compares.
 *
 * Before each command the execution is put aside as text and read again, and both must decide the same. Each command is
 * delivered again, at once and after the next one: that must change nothing. After the last move the history has to be gapless, its
 * replay has to be the execution, and what it tells has to be what was predicted.
 */

import assert from "node:assert/strict";
import { defined } from "../../src/core/base/bug.ts";
import type { Random } from "../../src/core/base/random.ts";
import type { Command } from "../../src/core/engine/commands.ts";
import { decide } from "../../src/core/engine/decide.ts";
import { ENGINE_LIMITS } from "../../src/core/engine/decision.ts";
import type { StepError } from "../../src/core/engine/error.ts";
import type { HistoryEvent } from "../../src/core/engine/events.ts";
import { replay } from "../../src/core/engine/evolve.ts";
import { createExecution, type Execution } from "../../src/core/engine/execution.ts";
import { toPlain } from "../../src/core/engine/plain-execution.ts";
import { decideWithTwin } from "../../src/core/engine/twin.test.ts";
import type { Definition } from "../../src/core/language/definition.ts";
import { createGuide } from "./guide.ts";
import { endingsIn, outcomesIn, outstandingIn } from "./history.ts";
import { type Conclusion, chooseMove, conclude, createModel, hasEnded, type Move, makeMove } from "./predict.ts";
import { settle } from "./rules.ts";
import type { Workflow } from "./workflow.ts";
import { INPUT, signalNameOf } from "./yaml.ts";

const IDENTITY = { id: "model", workspace: "default" };

/** `mismatch` says what differs; it is null if nothing does. */
export function drive(definition: Definition, workflow: Workflow, random: Random, startedAt: number): Driven {
  const guide = createGuide();
  const model = createModel(workflow, random, startedAt, guide.pickNext);
  const run = { definition, execution: createExecution(IDENTITY), history: [], before: START };
  const moves: Move[] = [];
  try {
    guide.decision = deliver(run, START, startedAt);
    settle(model.run);
    while (!hasEnded(model)) {
      const move = chooseMove(model);
      assert.deepEqual(outstandingIn(run.history), move.outstanding, "What is waited for after the last move.");
      moves.push(move);
      guide.decision = deliver(run, toCommand(move, run.history), move.now);
      makeMove(model, move);
    }
    compare(run.history, conclude(model));
    checkHistory(run);
    return { moves, mismatch: null };
  } catch (mismatch) {
    return { moves, mismatch: mismatch instanceof Error ? mismatch.message : String(mismatch) };
  }
}

export interface Driven {
  readonly moves: readonly Move[];
  readonly mismatch: string | null;
}

interface EngineRun {
  readonly definition: Definition;
  readonly execution: Execution;
  readonly history: HistoryEvent[];
  /** The command before the last. */
  before: Command;
}

const START: Command = {
  kind: "StartExecution",
  input: INPUT,
  metadata: {},
  priority: 5,
  timeoutMs: null,
  parent: null,
  origin: null,
};

/** Answers what was decided. The same command once more changes nothing, and neither does the one before it, come late. */
function deliver(run: EngineRun, command: Command, now: number): readonly HistoryEvent[] {
  const events = decideAll(run, command, now, decideWithTwin);
  run.history.push(...events);
  const expected = toPlain(run.execution);
  for (const again of [command, run.before]) {
    assert.deepEqual(decideAll(run, again, now, decide), [], `A second ${again.kind} decides nothing.`);
  }
  assert.deepEqual(toPlain(run.execution), expected, `A second ${command.kind} changes nothing.`);
  run.before = command;
  return events;
}

/** A decision that stopped at its limit is gone on with. */
function decideAll(run: EngineRun, command: Command, now: number, by: typeof decide): readonly HistoryEvent[] {
  const context = { now, environment: new Map<string, string>(), limits: ENGINE_LIMITS };
  const events = [...by(run.definition, run.execution, command, context)];
  while (run.execution.hasWork) events.push(...by(run.definition, run.execution, { kind: "Continue" }, context));
  return events;
}

function toCommand(move: Move, history: readonly HistoryEvent[]): Command {
  switch (move.kind) {
    case "complete":
      return {
        kind: "CompleteTask",
        path: move.path,
        attempt: attemptAt(history, move.path),
        output: move.output,
        http: null,
        startedAt: move.now,
        instance: "model-1",
      };
    case "fail": {
      const message = `${move.path} was told to fail.`;
      const error = { code: move.code, message, ...(move.isRetryable ? {} : { retryable: false }) };
      const attempt = attemptAt(history, move.path);
      return { kind: "FailTask", path: move.path, attempt, error, startedAt: move.now, instance: "model-1" };
    }
    case "signal":
      return { kind: "Signal", id: `signal ${move.now}`, name: signalNameOf(move.path), data: move.data };
    case "wake":
      return { kind: "WakeUp" };
    case "cancel":
      return { kind: "Cancel", id: "cancel", reason: "The caller says so." };
  }
}

function attemptAt(history: readonly HistoryEvent[], path: string): number {
  const scheduled = history.findLast((event) => event.type === "StepScheduled" && event.path === path);
  return defined(scheduled?.attempt, `a task at ${path}`);
}

function compare(history: readonly HistoryEvent[], prediction: Conclusion): void {
  const last = history.at(-1);
  const ends = history.filter((event) => TERMINAL.has(event.type));
  assert.deepEqual(ends, [last], "The last event, and no other, is terminal.");
  const found = Object.fromEntries([...outcomesIn(history)].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const expected = Object.fromEntries([...prediction.steps].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  assert.deepEqual(found, expected, "How each step ended.");
  assert.equal(last?.type, TERMINAL_TYPE[prediction.status], "How the execution ended.");
  if (last?.type === "ExecutionFailed") {
    assert.equal(last.data.error.code, prediction.code, "The code of the execution's error.");
    compareSuppressed(suppressedCodes(last.data.error), prediction);
  }
  if (last?.type === "ExecutionCompleted" && prediction.output !== undefined) {
    assert.deepEqual(last.data.output, prediction.output, "The output of the execution.");
  }
}

/** What was predicted must be there, and nothing that does not come from a `finally` of something cancelled. */
function compareSuppressed(found: readonly string[], prediction: Conclusion): void {
  const surplus = [...found];
  for (const code of prediction.suppressed) {
    const place = surplus.indexOf(code);
    assert.notEqual(place, -1, `What failed after the first error: ${code} is kept in ${JSON.stringify(found)}.`);
    surplus.splice(place, 1);
  }
  for (const code of surplus) {
    assert.ok(
      prediction.perhapsSuppressed.includes(code),
      `What failed after the first error: ${code} is not among it.`,
    );
  }
}

function suppressedCodes(error: StepError): readonly string[] {
  return (error.suppressed ?? []).flatMap((each) => [each.code, ...suppressedCodes(each)]);
}

const TERMINAL_TYPE = {
  completed: "ExecutionCompleted",
  failed: "ExecutionFailed",
  cancelled: "ExecutionCancelled",
} as const;

const TERMINAL: ReadonlySet<string> = new Set([...Object.values(TERMINAL_TYPE), "ExecutionTimedOut"]);

function checkHistory({ definition, execution, history }: EngineRun): void {
  assert.deepEqual(
    history.map((event) => event.seq),
    history.map((_, i) => i + 1),
    "The history is numbered without gaps.",
  );
  for (const [path, count] of endingsIn(history)) assert.equal(count, 1, `Step ${path} ended once.`);
  assert.equal(execution.wakeAt, null, "An execution that has ended has no timer.");
  assert.deepEqual(toPlain(replay(definition, IDENTITY, history)), toPlain(execution), "The replay is the execution.");
}
