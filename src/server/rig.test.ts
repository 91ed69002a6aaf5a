/** A server over a real host and a memory store, on a free port. Shared by the tests beside it. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import type { Json, JsonObject } from "../core/base/json.ts";
import type { BusinessMetric } from "../core/protocol/business-metrics.ts";
import { openDrafts } from "../host/drafts/drafts.ts";
import type { Host } from "../host/host.ts";
import { type Insight, openInsight } from "../host/insight/insight.ts";
import { openHost } from "../host/open-host.ts";
import { createRegistry } from "../host/registry.ts";
import { createBoard } from "../host/tasks/create-board.ts";
import type { Clock } from "../ports/clock.ts";
import type { Entropy } from "../ports/entropy.ts";
import type { Machine } from "../ports/machine.ts";
import type { Store } from "../ports/store.ts";
import { createServer, type Server, type ServerConfig } from "./server.ts";

export interface Rig extends AsyncDisposable {
  readonly url: string;
  readonly dashboardUrl: string;
  readonly server: Server;
  readonly host: Host;
  readonly insight: Insight;
  readonly store: Store;
  /** What the server has reported. */
  readonly reports: string[];
  get(path: string, headers?: Record<string, string>): Promise<Answered>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
  send(method: string, path: string, body?: string | Uint8Array, headers?: Record<string, string>): Promise<Answered>;
  /** Registers the text, which must be fine. */
  register(text: string): Promise<JsonObject>;
  /** Starts and answers the id. */
  start(workflow: string, body?: unknown): Promise<string>;
  /** Takes the tasks that come within a second. */
  poll(executor: string, more?: object): Promise<readonly JsonObject[]>;
  complete(task: JsonObject, output: Json): Promise<void>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; null where it is none. */
  readonly body: JsonObject;
}

export const CONFIG: ServerConfig = {
  host: "127.0.0.1",
  port: 0,
  dashboardPort: 0,
  authEnabled: null,
  publicUrl: null,
  limits: { payloadBytesMax: 1024 * 1024, batchBytesMax: 8 * 1024 * 1024 },
  version: "2.0.0-test",
};

const clock: Clock = {
  now: () => Date.now(),
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
  soon: (work) => void setImmediate(work),
};

/** One that does nothing. */
const MACHINE: Machine = {
  measure: () => ({
    cpuSeconds: 1,
    processors: 2,
    residentBytes: 1_000_000,
    heapBytes: 500_000,
    memoryBytes: 4_000_000,
    loopDelay: { p50: 0, p99: 0, max: 0 },
  }),
};

const entropy: Entropy = {
  id: () => Date.now().toString(16).padStart(12, "0") + randomBytes(9).toString("hex"),
};

export async function openRig(
  options: {
    config?: Partial<ServerConfig>;
    store?: Store;
    change?: (host: Host) => Host;
    businessMetrics?: readonly BusinessMetric[];
  } = {},
): Promise<Rig> {
  const store = options.store ?? openMemoryStore();
  const reports: string[] = [];
  let board: ReturnType<typeof createBoard> | null = null;
  const opened = await openHost({
    store,
    clock,
    entropy,
    definitions: createRegistry(store.documents),
    createTasks: (shards, counters) => {
      board = createBoard({ clock, store, shards, counters });
      return board;
    },
  });
  const host = options.change?.(opened) ?? opened;
  const insight = openInsight({
    host,
    store,
    clock,
    machine: MACHINE,
    epoch: "rig",
    workspaces: ["default"],
    businessMetrics: options.businessMetrics ?? [],
  });
  const drafts = openDrafts({
    documents: store.documents,
    clock,
    entropy,
    report: (error, about) => reports.push(`${about}: ${error}`),
  });
  const server = createServer({
    host,
    insight,
    drafts,
    clock,
    entropy,
    config: { ...CONFIG, ...options.config },
    report: (error, about) => reports.push(`${about}: ${error}`),
  });
  const closeRest = async () => {
    await drafts[Symbol.asyncDispose]();
    await insight[Symbol.asyncDispose]();
    await opened[Symbol.asyncDispose]();
    await board?.[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  };
  const { url, dashboardUrl } = await server.listen().catch(async (error: unknown) => {
    await closeRest();
    throw error;
  });

  async function send(
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<Answered> {
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: body as string }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parse(text) };
  }

  const rig: Rig = {
    url,
    dashboardUrl: dashboardUrl ?? url,
    server,
    host,
    insight,
    store,
    reports,
    send,
    get: (path, headers) => send("GET", path, undefined, headers),
    post: (path, body, headers) =>
      send("POST", path, body === undefined ? undefined : JSON.stringify(body), {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      }),
    async register(text) {
      const answer = await send("POST", "/api/v1/workflows", text, { "content-type": "application/yaml" });
      assert.ok(answer.status === 201 || answer.status === 200, answer.text);
      return answer.body;
    },
    async start(workflow, body = {}) {
      const answer = await rig.post(`/api/v1/workflows/${workflow}/execute`, body);
      assert.equal(answer.status, 202, answer.text);
      return String(answer.body.execution_id);
    },
    async poll(executor, more = {}) {
      const answer = await rig.post("/api/v1/tasks/poll", { executor, instance: "test-1", wait_ms: 1000, ...more });
      assert.equal(answer.status, 200, answer.text);
      return answer.body.tasks as readonly JsonObject[];
    },
    async complete(task, output) {
      const result = { task_id: task.id, status: "completed", output };
      const answer = await rig.post("/api/v1/tasks/results", { results: [result] });
      assert.deepEqual(answer.body, { results: [{ task_id: task.id, outcome: "accepted" }] });
    },
    async [Symbol.asyncDispose]() {
      await server.close(500);
      await closeRest();
    },
  };
  return rig;
}

function parse(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}

export const HELLO = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: hello, version: 1.0.0 }
spec:
  input_schema:
    type: object
    required: [name]
    properties: { name: { type: string }, title: { type: string, default: "Dr" } }
  steps:
    - name: greet
      type: set
      variables: { greeting: "Hello, \${input.title} \${input.name}!" }
  output: { greeting: $.context.greeting }
`;

export const ORDER = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: order, version: 1.0.0, tags: [shop] }
spec:
  steps:
    - { name: charge, executor: payments, function: charge, input: { amount: $.input.amount } }
    - { name: ship, executor: payments, function: ship, input: {} }
  output: { receipt: $.charge.receipt }
`;

export const WAITING = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: waiting, version: 1.0.0 }
spec:
  steps:
    - { name: paid, type: wait_for_event, event: payment, correlation: $.input.order }
  output: { amount: $.paid.amount }
`;
