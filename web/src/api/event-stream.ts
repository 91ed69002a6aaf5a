/**
 * Server-sent events, read with `fetch`: unlike `EventSource` it hands over events of any name, says when the stream is over,
 * and goes on where it was cut off.
 */

import { Problem } from "./call.ts";

export interface StreamMessage {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

export interface FollowOptions {
  readonly path: (lastId: string | null) => string;
  readonly lastId: string | null;
  /** All messages that came in one piece. */
  readonly hear: (messages: readonly StreamMessage[]) => void;
  readonly signal: AbortSignal;
  /** Whether the end of the stream is the end of what there is; else it is asked again. */
  readonly endsForGood: boolean;
}

const AGAIN_MS = [250, 1000, 2000, 5000] as const;

/** Resolves at the end. Rejects with a `Problem` where the platform refuses; what cannot be reached is tried again. */
export async function followStream({ path, lastId, hear, signal, endsForGood }: FollowOptions): Promise<void> {
  let last = lastId;
  for (let failures = 0; !signal.aborted; ) {
    try {
      const response = await fetch(path(last), {
        headers: { accept: "text/event-stream", ...(last === null ? {} : { "last-event-id": last }) },
        signal,
      });
      if (response.status === 204) return;
      if (!response.ok || response.body === null) throw await refusal(response);
      for await (const messages of messagesOf(response.body)) {
        failures = 0;
        last = messages.at(-1)?.id ?? last;
        hear(messages);
      }
      if (endsForGood) return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status < 500) throw error;
    }
    await pause(AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)] ?? 5000, signal);
    failures += 1;
  }
}

async function refusal(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  const detail =
    typeof body === "object" && body !== null && "detail" in body && typeof body.detail === "string"
      ? body.detail
      : `Expected a stream, but the platform answered ${response.status}.`;
  const code = typeof body === "object" && body !== null && "code" in body ? String(body.code) : "HTTP_ERROR";
  return new Problem({ title: "The stream was refused", status: response.status, code, detail });
}

async function* messagesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<readonly StreamMessage[]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const end = rest.lastIndexOf("\n\n");
      if (end === -1) continue;
      const messages = parseMessages(rest.slice(0, end));
      rest = rest.slice(end + 2);
      if (messages.length > 0) yield messages;
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

/** Comments and settings are passed over. */
export function parseMessages(text: string): readonly StreamMessage[] {
  const messages: StreamMessage[] = [];
  for (const block of text.split("\n\n")) {
    let id = "";
    let type = "message";
    const data: string[] = [];
    for (const line of block.split("\n")) {
      if (line.startsWith("data: ")) data.push(line.slice(6));
      else if (line.startsWith("id: ")) id = line.slice(4);
      else if (line.startsWith("event: ")) type = line.slice(7);
    }
    if (data.length > 0) messages.push({ id, type, data: data.join("\n") });
  }
  return messages;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
