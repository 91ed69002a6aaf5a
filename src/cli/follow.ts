/** The steps of an execution as they happen: one line for each thing that a person wants to see. */

import type { HistoryEventMessage } from "../core/protocol/executions.ts";
import type { Client } from "../sdk/client.ts";
import { inert, type Style, type Terminal } from "./terminal.ts";

const SHOWN: Readonly<Record<string, { readonly mark: string; readonly style: Style }>> = {
  StepScheduled: { mark: "○ scheduled", style: "dim" },
  StepStarted: { mark: "● started", style: "blue" },
  StepCompleted: { mark: "✓ completed", style: "green" },
  StepAttemptFailed: { mark: "↻ will retry", style: "yellow" },
  StepFailed: { mark: "✗ failed", style: "red" },
  StepSkipped: { mark: "– skipped", style: "dim" },
  StepCancelled: { mark: "■ cancelled", style: "yellow" },
  CatchStarted: { mark: "⤷ caught", style: "yellow" },
  ExecutionPaused: { mark: "‖ paused", style: "yellow" },
  ExecutionResumed: { mark: "▶ resumed", style: "blue" },
  ExecutionCancelRequested: { mark: "■ cancelling", style: "yellow" },
  ExecutionTimeoutReached: { mark: "✗ timed out", style: "red" },
  SignalReceived: { mark: "→ signal", style: "blue" },
  WarningRecorded: { mark: "! warning", style: "yellow" },
};

/** Resolves when the execution has ended or `signal` aborts. */
export async function followExecution(
  terminal: Terminal,
  client: Client,
  executionId: string,
  signal?: AbortSignal,
): Promise<void> {
  const events = client.executions.follow(executionId, signal === undefined ? {} : { signal });
  for await (const event of events) showEvent(terminal, event);
}

export function showEvent(terminal: Terminal, event: HistoryEventMessage): void {
  if (terminal.isJson) return terminal.printJson(event, { compact: true });
  const shown = SHOWN[event.type];
  if (shown === undefined) return;
  const time = event.at.slice(11, 23);
  const place = event.path ?? "";
  const attempt = event.attempt !== null && event.attempt > 1 ? ` (attempt ${event.attempt})` : "";
  terminal.say(
    `${terminal.style("dim", time)} ${terminal.style(shown.style, shown.mark.padEnd(12))} ${inert(place)}${attempt}${detailOf(event)}`,
  );
}

function detailOf(event: HistoryEventMessage): string {
  const data = event.data as {
    error?: { code: string; message: string };
    reason?: string;
    name?: string;
    message?: string;
  };
  if (data.error !== undefined) return ` ${inert(`${data.error.code}: ${data.error.message}`)}`;
  if (data.reason !== undefined) return ` (${inert(data.reason)})`;
  if (event.type === "SignalReceived") return ` ${inert(data.name ?? "")}`;
  return data.message === undefined ? "" : ` ${inert(data.message)}`;
}
