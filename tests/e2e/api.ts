/** The platform's HTTP interface as a test speaks it: typed by the protocol, and with every request bounded in time. */

import assert from "node:assert/strict";
import type { Json, JsonObject } from "../../src/core/base/json.ts";
import type { ExecutionMessage, HistoryAnswer, HistoryEventMessage } from "../../src/core/protocol/executions.ts";
import type { Problem } from "../../src/core/protocol/problems.ts";
import type { StartAnswer, StartMessage } from "../../src/core/protocol/starts.ts";
import type { PollAnswer, PollRequest, Result, ResultsAnswer, Task } from "../../src/core/protocol/tasks.ts";
import type { RegisterAnswer } from "../../src/core/protocol/workflows.ts";

export interface Answered<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; null where it is none. */
  readonly body: T;
}

export interface SendOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly text?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StreamedEvent {
  readonly id: number;
  readonly type: string;
  readonly event: HistoryEventMessage;
}

export interface Api {
  readonly url: string;
  send<T = JsonObject>(method: string, path: string, options?: SendOptions): Promise<Answered<T>>;
  get<T = JsonObject>(path: string, headers?: Readonly<Record<string, string>>): Promise<Answered<T>>;
  post<T = JsonObject>(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answered<T>>;
  /** Sends what must be refused, and answers the problem. */
  refused(status: number, code: string, method: string, path: string, options?: SendOptions): Promise<Problem>;
  /** Registers a text that must be fine. */
  register(text: string): Promise<RegisterAnswer>;
  /** Starts what must be accepted. */
  start(workflow: string, input?: Json, more?: Omit<StartMessage, "input">): Promise<StartAnswer>;
  read(executionId: string): Promise<ExecutionMessage>;
  waitForEnd(executionId: string): Promise<ExecutionMessage>;
  history(executionId: string): Promise<readonly HistoryEventMessage[]>;
  /** The execution's stream, until it ends or the loop over it is left. */
  stream(executionId: string, options?: { readonly lastEventId?: number }): AsyncIterable<StreamedEvent>;
  /** Resolves with the first event of the execution that fits. */
  waitForEvent(executionId: string, fits: (event: HistoryEventMessage) => boolean): Promise<HistoryEventMessage>;
  /** Takes the tasks that come within 20 seconds. */
  poll(request: Omit<PollRequest, "instance"> & { readonly instance?: string }): Promise<readonly Task[]>;
  finish(results: readonly Result[]): Promise<ResultsAnswer["results"]>;
}

/** Longer than any request may take, those included that wait for a minute on purpose. */
const PATIENCE_MS = 90_000;

export function createApi(url: string): Api {
  async function send<T>(method: string, path: string, options: SendOptions = {}): Promise<Answered<T>> {
    const { body, text } = options;
    const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(url + path, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...options.headers },
      ...(content === undefined ? {} : { body: content as string }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, text: answer, body: parse(answer) as T };
  }

  const api: Api = {
    url,
    send,
    get: (path, headers) => send("GET", path, headers === undefined ? {} : { headers }),
    post: (path, body, headers) =>
      send("POST", path, { ...(body === undefined ? {} : { body }), ...(headers === undefined ? {} : { headers }) }),
    async refused(status, code, method, path, options) {
      const answer = await send<Problem>(method, path, options);
      assert.deepEqual(
        { status: answer.status, code: answer.body?.code },
        { status, code },
        answer.text.slice(0, 2000),
      );
      assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
      assert.equal(answer.body.status, status);
      assert.equal(answer.body.request_id, answer.headers.get("x-request-id"));
      assert.notEqual(answer.body.detail, "");
      return answer.body;
    },
    async register(text) {
      const answer = await send<RegisterAnswer>("POST", "/api/v1/workflows", {
        text,
        headers: { "content-type": "application/yaml" },
      });
      assert.ok(answer.status === 201 || answer.status === 200, answer.text);
      return answer.body;
    },
    async start(workflow, input = {}, more = {}) {
      const answer = await api.post<StartAnswer>(`/api/v1/workflows/${workflow}/execute`, { input, ...more });
      assert.equal(answer.status, 202, answer.text);
      return answer.body;
    },
    async read(executionId) {
      const answer = await api.get<ExecutionMessage>(`/api/v1/executions/${executionId}`);
      assert.equal(answer.status, 200, answer.text);
      return answer.body;
    },
    async waitForEnd(executionId) {
      const answer = await api.get<{ finished_at: string | null }>(
        `/api/v1/executions/${executionId}/results?wait=60s`,
      );
      assert.equal(answer.status, 200, answer.text);
      const execution = await api.read(executionId);
      assert.notEqual(execution.finished_at, null, `Expected ${executionId} to end, but: ${JSON.stringify(execution)}`);
      return execution;
    },
    async history(executionId) {
      const events: HistoryEventMessage[] = [];
      for (let cursor: string | null = "0"; cursor !== null; ) {
        const answer: Answered<HistoryAnswer> = await api.get(
          `/api/v1/executions/${executionId}/history?limit=1000&cursor=${cursor}`,
        );
        assert.equal(answer.status, 200, answer.text);
        events.push(...answer.body.events);
        cursor = answer.body.next_cursor;
      }
      return events;
    },
    async *stream(executionId, options = {}) {
      const left = new AbortController();
      try {
        const response = await fetch(`${url}/api/v1/executions/${executionId}/stream`, {
          headers: options.lastEventId === undefined ? {} : { "last-event-id": String(options.lastEventId) },
          signal: AbortSignal.any([left.signal, AbortSignal.timeout(PATIENCE_MS)]),
        });
        if (response.status === 204) return;
        assert.equal(response.status, 200);
        assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
        assert(response.body !== null, "a stream to have a body");
        let rest = "";
        for await (const chunk of response.body.pipeThrough(new TextDecoderStream()) as AsyncIterable<string>) {
          const blocks = (rest + chunk).split("\n\n");
          rest = blocks.pop() ?? "";
          for (const block of blocks) {
            const fields = new Map(block.split("\n").map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
            const data = fields.get("data");
            if (data === undefined) continue;
            yield {
              id: Number(fields.get("id")),
              type: fields.get("event") ?? "",
              event: JSON.parse(data) as HistoryEventMessage,
            };
          }
        }
      } finally {
        left.abort();
      }
    },
    async waitForEvent(executionId, fits) {
      for await (const { event } of api.stream(executionId)) if (fits(event)) return event;
      throw new Error(`Expected ${executionId} to meet a certain event, but it ended without.`);
    },
    async poll(request) {
      const answer = await api.post<PollAnswer>("/api/v1/tasks/poll", {
        instance: "by-hand",
        wait_ms: 20_000,
        ...request,
      });
      assert.equal(answer.status, 200, answer.text);
      return answer.body.tasks;
    },
    async finish(results) {
      const answer = await api.post<ResultsAnswer>("/api/v1/tasks/results", { results });
      assert.equal(answer.status, 200, answer.text);
      return answer.body.results;
    },
  };
  return api;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
