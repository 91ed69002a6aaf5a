/** Limits over HTTP: who is queued and why, who is refused and when to come again, and what a kill leaves of it. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { ExecutionMessage } from "../../src/core/protocol/executions.ts";
import type { ExplanationMessage } from "../../src/core/protocol/explanations.ts";
import type { StartAnswer } from "../../src/core/protocol/starts.ts";
import { type Platform, startPlatform } from "./platform.ts";

const HEAD = "apiVersion: magicflow.io/v2\nkind: Workflow\n";

function limited(name: string, limit: string): string {
  return `${HEAD}metadata: { name: ${name}, version: 1.0.0 }
spec:
  ${limit}
  steps: [{ name: work, executor: hands, function: work }]
`;
}

async function completeOne({ api }: Platform): Promise<string> {
  const [task] = await api.poll({ executor: "hands", max_tasks: 1, wait_ms: 20_000 });
  assert.ok(task !== undefined);
  const [result] = await api.finish([{ task_id: task.id, status: "completed", output: {} }]);
  assert.equal(result?.outcome, "accepted");
  return task.execution_id;
}

describe("a workflow with a limit", () => {
  test("queues what is too much, says why, and keeps the line over a kill", { timeout: 120_000 }, async () => {
    await using platform = await startPlatform();
    const { api } = platform;
    await api.register(limited("one", "concurrency: { limit: 1, key: $.input.tenant }"));
    const first = await api.start("one", { tenant: "t7" });
    await api.waitForEvent(first.execution_id, ({ type }) => type === "ExecutionAdmitted");
    const second = await api.start("one", { tenant: "t7" });
    const third = await api.start("one", { tenant: "t7" });
    const queued = await api.read(second.execution_id);
    assert.deepEqual([queued.status, queued.started_at, queued.duration], ["queued", null, null]);
    const explained = await api.get<ExplanationMessage>(`/api/v1/executions/${third.execution_id}/explain`);
    assert.equal(
      explained.body.sentence,
      `It waits for a slot: "one/t7" has 1 of 1 taken, held by ${first.execution_id}; one goes before it.`,
    );
    const listed = await api.get<{ items: { execution_id: string }[] }>("/api/v1/executions?status=queued");
    assert.deepEqual(
      listed.body.items.map((item) => item.execution_id).toSorted(),
      [second.execution_id, third.execution_id].toSorted(),
    );

    await platform.kill();
    await platform.start();
    assert.equal(await completeOne(platform), first.execution_id);
    assert.equal(await completeOne(platform), second.execution_id);
    assert.equal(await completeOne(platform), third.execution_id);
    const ended: ExecutionMessage = await platform.api.waitForEnd(third.execution_id);
    assert.equal(ended.status, "completed");
    assert.ok(ended.started_at !== null && ended.started_at > ended.created_at);
    assert.deepEqual(platform.faults, []);
  });

  test("refuses what is too much where it says so, with the time to come again", async () => {
    await using platform = await startPlatform();
    const { api } = platform;
    await api.register(limited("strict", "concurrency: { limit: 1, on_limit: reject }"));
    await api.start("strict");
    const refused = await api.post("/api/v1/workflows/strict/execute", { input: {} });
    assert.deepEqual(
      [refused.status, refused.body["code"], refused.headers.get("retry-after")],
      [429, "LIMIT_REACHED", "1"],
    );
  });

  test("answers with the one that runs where there may be only one", async () => {
    await using platform = await startPlatform();
    const { api } = platform;
    await api.register(limited("only", "singleton: true"));
    const first = await api.start("only");
    const second = await api.post<StartAnswer>("/api/v1/workflows/only/execute", { input: {} });
    assert.deepEqual([second.status, second.body.execution_id], [200, first.execution_id]);
  });

  test("counts the starts of a time, also over a kill", { timeout: 60_000 }, async () => {
    await using platform = await startPlatform();
    await platform.api.register(limited("seldom", "rate_limit: { limit: 1, period: 1h }"));
    await platform.api.start("seldom");
    await platform.kill();
    await platform.start();
    const refused = await platform.api.post("/api/v1/workflows/seldom/execute", { input: {} });
    assert.deepEqual([refused.status, refused.body["code"]], [429, "RATE_LIMITED"]);
    assert.ok(Number(refused.headers.get("retry-after")) > 3000);
  });
});

describe("limits of the platform", () => {
  test("executions beyond the number that may run are queued, whatever their workflow", async () => {
    await using platform = await startPlatform({ config: "limits: { max_concurrent_executions: 1 }\n" });
    const { api } = platform;
    await api.register(limited("a", "timeout: 1h"));
    await api.register(limited("b", "timeout: 1h"));
    const first = await api.start("a");
    await api.waitForEvent(first.execution_id, ({ type }) => type === "ExecutionAdmitted");
    const second = await api.start("b");
    const explained = await api.get<ExplanationMessage>(`/api/v1/executions/${second.execution_id}/explain`);
    assert.match(explained.body.sentence, /^It waits for a slot: The platform has 1 of 1 taken/);
    await completeOne(platform);
    assert.equal(await completeOne(platform), second.execution_id);
  });

  test("a token that sends too many requests is told to wait, and health is answered all the same", async () => {
    await using platform = await startPlatform({ config: "limits: { requests: 20, requests_period: 1h }\n" });
    const { api } = platform;
    let last = await api.get("/api/v1/executions");
    const left = Number(last.headers.get("ratelimit-remaining"));
    assert.equal(last.headers.get("ratelimit-limit"), "20");
    for (let n = 0; n < left; n++) last = await api.get("/api/v1/executions");
    assert.deepEqual([last.status, last.headers.get("ratelimit-remaining")], [200, "0"]);
    await api.refused(429, "RATE_LIMITED", "GET", "/api/v1/executions");
    assert.equal((await api.get("/ready")).status, 200);
  });
});
