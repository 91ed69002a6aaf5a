/** An exported history: read from a file, kept in memory for as long as the pages are open, and never sent anywhere. */

import { isObject, type Json } from "../../../src/core/base/json.ts";
import type { HistoryEvent } from "../../../src/core/engine/events.ts";
import type { ExecutionSummary } from "../../../src/core/protocol/executions.ts";

export interface RunFile {
  readonly execution: ExecutionSummary;
  readonly events: readonly HistoryEvent[];
}

const files = new Map<string, RunFile>();

export function keepRunFile(file: RunFile): void {
  files.set(file.execution.execution_id, file);
}

export function runFile(id: string): RunFile | null {
  return files.get(id) ?? null;
}

/** Throws an error that says what is wrong with the text. */
export function parseRunFile(text: string): RunFile {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const [first, ...rest] = lines.map((line, i) => parseLine(line, i + 1));
  const execution = isObject(first ?? null) ? (first as { readonly [name: string]: Json })["execution"] : undefined;
  if (!isObject(execution ?? null) || typeof (execution as { execution_id?: unknown }).execution_id !== "string") {
    throw new Error(
      "Expected a history as `magicflow executions export` writes it, but the first line has no member `execution`.",
    );
  }
  for (const [i, event] of rest.entries()) {
    if (!isEvent(event, i + 1)) throw new Error(`Expected event ${i + 1} in line ${i + 2}, but met something else.`);
  }
  return {
    execution: execution as unknown as ExecutionSummary,
    events: rest as unknown as readonly HistoryEvent[],
  };
}

function parseLine(line: string, number: number): Json {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`Expected JSON in line ${number}, but met ${JSON.stringify(line.slice(0, 40))}.`);
  }
}

function isEvent(value: Json, seq: number): boolean {
  if (!isObject(value)) return false;
  return (
    value["seq"] === seq &&
    typeof value["type"] === "string" &&
    typeof value["at"] === "string" &&
    !Number.isNaN(Date.parse(value["at"])) &&
    isObject(value["data"] ?? null) &&
    (value["path"] === null || typeof value["path"] === "string")
  );
}
