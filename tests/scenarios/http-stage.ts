/** A platform that is spoken to over HTTP, however its time passes. */

import assert from "node:assert/strict";
import type { Json, JsonObject } from "../../src/core/base/json.ts";
import type { HistoryEvent } from "../../src/core/engine/events.ts";
import type { Level } from "./scenario.ts";
import type { Answer, Stage } from "./stage.ts";

/** How time passes for it. */
export interface Pace extends Pick<Stage, "wait" | "pass" | "patienceMs"> {
  /** Whatever has to be done for an answer to come. */
  during<T>(promise: Promise<T>): Promise<T>;
  /** How long a poll may stay open. */
  readonly pollMs: number;
}

/** Longer than any story: no lease is lost by accident. */
const LEASE_MS = 600_000;
const REQUEST_MS_MAX = 60_000;
const INSTANCE = "scenario";

export function createHttpStage(level: Level, url: string, pace: Pace): Stage {
  async function request(method: string, path: string, body: Json | undefined): Promise<Answer> {
    const response = await fetch(url + path, {
      method,
      signal: AbortSignal.timeout(REQUEST_MS_MAX),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as JsonObject };
  }
  const call = (method: string, path: string, body?: Json) => pace.during(request(method, path, body));
  const get = async (path: string): Promise<JsonObject> => {
    const { status, body } = await call("GET", path);
    assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
    return body;
  };
  const post = async (path: string, message: Json): Promise<JsonObject> => {
    const { status, body } = await call("POST", path, message);
    assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
    return body;
  };
  const one = (executionId: string) => `/api/v1/executions/${encodeURIComponent(executionId)}`;

  return {
    level,
    start: (workflow, body) => call("POST", `/api/v1/workflows/${workflow}/execute`, body),
    operate: (executionId, operation, body) => call("POST", `${one(executionId)}/${operation}`, body),
    publish: (event) => call("POST", "/api/v1/events", event),
    call,
    async poll(executor, functionName) {
      const poll = { executor, instance: INSTANCE, functions: [functionName], max_tasks: 100, lease_ms: LEASE_MS };
      const { tasks } = await post("/api/v1/tasks/poll", { ...poll, wait_ms: pace.pollMs });
      return tasks as never;
    },
    async finish(result) {
      const { results } = await post("/api/v1/tasks/results", { results: [{ instance: INSTANCE, ...result } as Json] });
      return String((results as readonly JsonObject[])[0]?.["outcome"]);
    },
    async beat(heartbeat) {
      const { heartbeats } = await post("/api/v1/tasks/heartbeats", { heartbeats: [heartbeat] });
      return (heartbeats as never[])[0] as never;
    },
    read: async (executionId) => (await get(one(executionId))) as never,
    async history(executionId) {
      const events: HistoryEvent[] = [];
      for (let cursor = "0"; ; ) {
        const page = await get(`${one(executionId)}/history?limit=1000&cursor=${cursor}`);
        events.push(...(page["events"] as never[]));
        if (page["next_cursor"] === null) return events;
        cursor = String(page["next_cursor"]);
      }
    },
    explain: async (executionId) => (await get(`${one(executionId)}/explain`)) as never,
    wait: pace.wait,
    pass: pace.pass,
    patienceMs: pace.patienceMs,
  };
}

export async function register(url: string, texts: readonly string[], during: Pace["during"]): Promise<void> {
  for (const text of texts) {
    const sent = fetch(`${url}/api/v1/workflows`, {
      method: "POST",
      headers: { "content-type": "application/yaml" },
      body: text,
    });
    const response = await during(sent);
    assert.ok(response.ok, await during(response.text()));
  }
}
