/**
 * For tests of the engine: an execution that is put aside as text and read again before every command must not be told
 * from one that was not. So every test that decides something through here tries the snapshots too.
 */

import assert from "node:assert/strict";

import { defined } from "../base/bug.ts";
import type { Definition } from "../language/definition.ts";
import type { Command } from "./commands.ts";
import { decide } from "./decide.ts";
import type { DecisionContext } from "./decision.ts";
import type { HistoryEvent } from "./events.ts";
import type { Execution } from "./execution.ts";
import { toPlain } from "./plain-execution.ts";
import { fromSnapshot, toSnapshot } from "./snapshot.ts";

const CHARACTERS_MAX = 16 * 1024 * 1024;

/** Longer executions decide alone: to compare whole states before each of a thousand decisions would take minutes. */
const LENGTH_MAX = 1000;

/** Decides on the execution and on its twin from a snapshot; both must come to the same, and end up the same. */
export function decideWithTwin(
  definition: Definition,
  execution: Execution,
  command: Command,
  context: DecisionContext,
): readonly HistoryEvent[] {
  if (execution.length > LENGTH_MAX) return decide(definition, execution, command, context);
  const text = textOf(definition, execution);
  const twin = defined(fromSnapshot(definition, execution, text), "a snapshot that fits");
  assert.equal(textOf(definition, twin), text, "the snapshot of what was read from a snapshot is the same");
  assert.deepEqual(toPlain(twin), toPlain(execution), "what was read from a snapshot is what was written");
  const events = decide(definition, execution, command, context);
  const again = decide(definition, twin, command, context);
  assert.deepEqual(again, events, `${command.kind} gives the same after a snapshot`);
  assert.deepEqual(toPlain(twin), toPlain(execution), `both are the same after ${command.kind}`);
  return events;
}

function textOf(definition: Definition, execution: Execution): string {
  return defined(toSnapshot(definition, execution, CHARACTERS_MAX), "a snapshot that is not too long");
}
