/** Server-sent events of one execution, resumed by the number of the last event until the execution has ended. */

import type { HistoryEventMessage } from "../core/protocol/executions.ts";
import { MagicFlowError } from "./errors.ts";
import { type Connection, delayMs, pause } from "./http.ts";

export async function* followEvents(
  connection: Connection,
  path: string,
  options: { readonly afterSeq?: number; readonly signal?: AbortSignal },
): AsyncIterable<HistoryEventMessage> {
  const { signal } = options;
  let last = options.afterSeq ?? 0;
  let hasBeenReached = false;
  for (let attempt = 0; signal?.aborted !== true; attempt++) {
    try {
      const answer = await connection.open({
        method: "GET",
        path,
        headers: { accept: "text/event-stream", "last-event-id": String(last) },
        ...(signal === undefined ? {} : { signal }),
      });
      hasBeenReached = true;
      // No content: it has ended, and everything was seen.
      if (answer.status === 204 || answer.body === null) return;
      for await (const event of parseEvents(answer.body)) {
        attempt = 0;
        last = event.seq;
        yield event;
      }
    } catch (error) {
      if (isAborted(signal)) return;
      if (error instanceof MagicFlowError && error.status >= 400 && error.status < 500 && error.status !== 429)
        throw error;
      // Who never answered is more likely not there than away for a moment.
      if (!hasBeenReached && attempt >= connection.retries) throw error;
    }
    // Both a cut and a regular end come here: the next try sees which it was.
    await pause(attempt === 0 ? 0 : delayMs(attempt), signal);
  }
}

export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

async function* parseEvents(body: ReadableStream<Uint8Array>): AsyncIterable<HistoryEventMessage> {
  for await (const { data } of parseMessages(body)) yield JSON.parse(data) as HistoryEventMessage;
}

export interface StreamMessage {
  /** Empty where it has none. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Comments and messages without data are passed over. */
export async function* parseMessages(body: ReadableStream<Uint8Array>): AsyncIterable<StreamMessage> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n");
      const data = fieldOf(lines, "data").join("\n");
      if (data === "") continue;
      yield { id: fieldOf(lines, "id").at(-1) ?? "", event: fieldOf(lines, "event").at(-1) ?? "message", data };
    }
  }
}

function fieldOf(lines: readonly string[], name: string): readonly string[] {
  return lines
    .filter((line) => line.startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).replace(/^ /, ""));
}
