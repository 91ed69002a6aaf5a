/** What executions promise to those who watch them over HTTP: answers at any load, streams without gaps, starts that count once. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ExecutionMessage, ExecutionSummary, HistoryEventMessage } from "../../src/core/protocol/executions.ts";
import type { BatchAnswer, StartAnswer } from "../../src/core/protocol/starts.ts";
import type { Answered } from "./api.ts";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
before(async () => {
  platform = await startPlatform();
  for (const text of [WAITING, QUICK, TASK]) await platform.api.register(text);
});
after(async () => {
  await platform[Symbol.asyncDispose]();
  assert.deepEqual(platform.faults, []);
});

const HEAD = "apiVersion: magicflow.io/v2\nkind: Workflow\n";
const WAITING = `${HEAD}metadata: { name: waiting, version: 1.0.0, tags: [patient] }
spec:
  steps: [{ name: go, type: wait_for_event, event: go }]
  output: { data: $.steps.go.output }
`;
const QUICK = `${HEAD}metadata: { name: quick, version: 1.0.0 }
spec:
  input_schema: { type: object, properties: { n: { type: integer, required: true } } }
  steps: [{ name: double, type: transform, mapping: { n: "\${input.n * 2}" } }]
  output: { n: $.double.n }
`;
const TASK = `${HEAD}metadata: { name: task, version: 1.0.0 }
spec:
  steps:
    - { name: one, executor: hands, function: work, input: { n: $.input.n } }
    - { name: two, executor: hands, function: work, input: { n: $.one.n } }
    - { name: three, executor: hands, function: work, input: { n: $.two.n } }
  output: { n: $.three.n }
`;

test("an execution is read at once while a thousand others run", { timeout: 90_000 }, async () => {
  const { api } = platform;
  const executions = Array.from({ length: 1000 }, (_, n) => ({ input: { n } }));
  const batch = await api.post<BatchAnswer>("/api/v1/workflows/task/execute/batch", { executions });
  assert.deepEqual([batch.status, batch.body.accepted, batch.body.refused], [202, 1000, 0]);
  const ids = batch.body.executions.map((one) => (one.outcome === "refused" ? "" : one.execution_id));
  assert.equal(new Set(ids).size, 1000);

  let left = 3000;
  const work = async () => {
    while (left > 0) {
      const tasks = await api.poll({ executor: "hands", max_tasks: 100, wait_ms: 200 });
      const results = tasks.map(({ id, input }) => ({
        task_id: id,
        status: "completed" as const,
        output: { n: (input as { n: number }).n + 1 },
      }));
      const outcomes = await api.finish(results);
      left -= outcomes.filter(({ outcome }) => outcome === "accepted").length;
    }
  };
  const working = Promise.all([work(), work()]);
  let slowestMs = 0;
  let reads = 0;
  for (; left > 0; reads++) {
    const begun = performance.now();
    const { steps } = await api.read(ids[(reads * 37) % 1000] ?? "");
    assert.deepEqual(
      steps.map(({ name }) => name),
      ["one", "two", "three"],
    );
    slowestMs = Math.max(slowestMs, performance.now() - begun);
  }
  await working;
  // Far above what it takes, far below what a queue behind the others would take.
  assert.ok(slowestMs < 2000, `${slowestMs} ms`);
  assert.ok(reads >= 10, `${reads} reads`);
  for (const [n, id] of ids.entries()) {
    if (n % 50 === 0) assert.deepEqual((await api.waitForEnd(id)).output, { n: n + 3 });
  }
});

test("a stream shows each event once, in order, and goes on after a cut", { timeout: 60_000 }, async () => {
  const { api } = platform;
  const { execution_id: id } = await api.start("task", { n: 0 });
  const step = async () => {
    const [task] = await api.poll({ executor: "hands", max_tasks: 1 });
    assert(task !== undefined, "a task");
    await api.finish([{ task_id: task.id, status: "completed", output: { n: 1 } }]);
  };
  const seen: HistoryEventMessage[] = [];
  const watch = async (until: number) => {
    for await (const { id: seq, type, event } of api.stream(id, { lastEventId: seen.at(-1)?.seq ?? 0 })) {
      assert.deepEqual([seq, type], [event.seq, event.type]);
      seen.push(event);
      if (seen.length === until) return;
    }
  };
  // Cut after three events, again in the middle of what is there already, then to the end while it happens.
  await Promise.all([watch(3), step()]);
  await Promise.all([step(), watch(4)]);
  const rest = watch(Infinity);
  await step();
  await rest;
  assert.equal(seen.at(-1)?.type, "ExecutionCompleted");
  assert.deepEqual(seen, await api.history(id));
  assert.deepEqual(
    seen.map(({ seq }) => seq),
    seen.map((_, i) => i + 1),
  );

  // Nothing is left: a client that comes back is told not to come again.
  const over = await api.get(`/api/v1/executions/${id}/stream`, { "last-event-id": String(seen.length) });
  assert.deepEqual([over.status, over.text], [204, ""]);
  const all: number[] = [];
  for await (const { id: seq } of api.stream(id)) all.push(seq);
  assert.equal(all.length, seen.length);
  await api.refused(400, "BAD_REQUEST", "GET", `/api/v1/executions/${id}/stream`, {
    headers: { "last-event-id": "x" },
  });
});

test("streams end in good order with the platform, and go on after it is back", { timeout: 60_000 }, async () => {
  const { api } = platform;
  const { execution_id: id } = await api.start("waiting");
  const seen: number[] = [];
  const watch = async () => {
    for await (const { id: seq } of api.stream(id, { lastEventId: seen.at(-1) ?? 0 })) seen.push(seq);
  };
  const watching = watch();
  await api.waitForEvent(id, ({ type }) => type === "StepStarted");
  assert.deepEqual(await platform.stop(), { code: 0, signal: null });
  await watching.catch(() => {});
  await platform.start();
  const again = watch();
  await api.post(`/api/v1/executions/${id}/signals/go`, { data: { n: 1 } });
  await again;
  assert.deepEqual(
    seen,
    (await api.history(id)).map(({ seq }) => seq),
  );
});

test("a start that is sent many times at once counts once, also after a restart", { timeout: 60_000 }, async () => {
  const { api } = platform;
  const start = (key: string, n: number) =>
    api.post<StartAnswer>("/api/v1/workflows/quick/execute", { input: { n } }, { "idempotency-key": key });
  const answers = await Promise.all(Array.from({ length: 50 }, () => start("once", 1)));
  assert.equal(answers.filter(({ status }) => status === 202).length, 1);
  assert.equal(answers.filter(({ status }) => status === 200).length, 49);
  const ids = new Set(answers.map(({ body }) => body.execution_id));
  assert.equal(ids.size, 1);
  const [id = ""] = ids;
  await api.waitForEnd(id);

  await platform.kill();
  await platform.start();
  const later = await start("once", 1);
  assert.deepEqual([later.status, later.body.execution_id, later.body.status], [200, id, "completed"]);
  assert.deepEqual(later.body.output, { n: 2 });
  await api.refused(409, "IDEMPOTENCY_CONFLICT", "POST", "/api/v1/workflows/quick/execute", {
    body: { input: { n: 2 } },
    headers: { "idempotency-key": "once" },
  });
  // A key is of its workflow.
  const other = await api.post("/api/v1/workflows/waiting/execute", {}, { "idempotency-key": "once" });
  assert.equal(other.status, 202);

  const chosen = { input: { n: 1 }, options: { execution_id: "my-own-id" } };
  const owns = await Promise.all(
    Array.from({ length: 20 }, () => api.post<StartAnswer>("/api/v1/workflows/quick/execute", chosen)),
  );
  assert.deepEqual(owns.map(({ status }) => status).toSorted(), [...Array.from({ length: 19 }, () => 200), 202]);
  assert.deepEqual(new Set(owns.map(({ body }) => body.execution_id)), new Set(["my-own-id"]));
});

test("whoever waits gets the end, or after his time the execution as it is", { timeout: 60_000 }, async () => {
  const { api } = platform;
  const ended = await api.post<StartAnswer>("/api/v1/workflows/quick/execute?wait=30s", { input: { n: 4 } });
  assert.deepEqual([ended.status, ended.body.status, ended.body.output], [200, "completed", { n: 8 }]);
  const sync = await api.post<StartAnswer>("/api/v1/workflows/quick/execute", {
    input: { n: 4 },
    options: { async: false },
  });
  assert.deepEqual([sync.status, sync.body.output], [200, { n: 8 }]);
  const preferred = await api.post<StartAnswer>(
    "/api/v1/workflows/quick/execute",
    { input: { n: 4 } },
    { prefer: "wait=30" },
  );
  assert.deepEqual([preferred.status, preferred.headers.get("preference-applied")], [200, "wait=30"]);
  const begun = performance.now();
  const going = await api.post<StartAnswer>("/api/v1/workflows/waiting/execute?wait=300ms", {});
  assert.deepEqual([going.status, going.body.status, going.body.output], [202, "running", undefined]);
  assert.ok(performance.now() - begun >= 290);

  const waiting = api.get(`/api/v1/executions/${going.body.execution_id}/results?wait=60s`);
  await api.post(`/api/v1/executions/${going.body.execution_id}/signals/go`, { data: { ok: true } });
  assert.deepEqual((await waiting).body["output"], { data: { ok: true } });
});

test("of a batch each start is accepted or refused by itself", { timeout: 60_000 }, async () => {
  const { api } = platform;
  const { status, body } = await api.post<BatchAnswer>("/api/v1/workflows/quick/execute/batch", {
    executions: [
      { input: { n: 1 }, idempotency_key: "batch-1" },
      { input: { n: "one" } },
      { input: { n: 1 }, idempotency_key: "batch-1" },
      { input: { n: 2 }, idempotency_key: "batch-1" },
      { input: { n: 3 }, options: { execution_id: "batch-3" } },
    ],
  });
  assert.deepEqual([status, body.accepted, body.refused], [202, 3, 2]);
  assert.deepEqual(
    body.executions.map((one) => (one.outcome === "refused" ? one.code : one.outcome)),
    ["accepted", "VALIDATION_FAILED", "known", "IDEMPOTENCY_CONFLICT", "accepted"],
  );
  assert.deepEqual((await api.waitForEnd("batch-3")).output, { n: 6 });
});

test("executions are found by what is known of them, page after page", { timeout: 60_000 }, async () => {
  const { api } = platform;
  const executions = Array.from({ length: 60 }, (_, i) => ({
    input: { n: i },
    metadata: { list: "mine", half: i % 2 === 0, third: i % 3, "odd name": `x ${i}` },
  }));
  const before = new Date().toISOString();
  const { body } = await api.post<BatchAnswer>("/api/v1/workflows/waiting/execute/batch", { executions });
  const ids = body.executions.map((one) => (one.outcome === "refused" ? "" : one.execution_id));
  const find = async (query: string): Promise<readonly ExecutionSummary[]> => {
    const items: ExecutionSummary[] = [];
    let path: string | undefined = `/api/v1/executions?${query}`;
    while (path !== undefined) {
      const page: Answered<{ items: ExecutionSummary[]; next_cursor: string | null }> = await api.get(path);
      assert.equal(page.status, 200, page.text);
      items.push(...page.body.items);
      // What is started while somebody turns pages is on none of them.
      await api.start("waiting", {}, { metadata: { list: "later" } });
      path = /^<(.*)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1];
      assert.equal(path !== undefined, page.body.next_cursor !== null);
    }
    return items;
  };
  const idsOf = (items: readonly ExecutionSummary[]) => items.map(({ execution_id }) => execution_id);
  const expected = (fits: (i: number) => boolean) => ids.filter((_, i) => fits(i)).toSorted();

  const mine = await find("metadata.list=mine&limit=7");
  assert.deepEqual(
    idsOf(mine).toSorted(),
    expected(() => true),
  );
  const times = mine.map(({ created_at }) => created_at);
  assert.deepEqual(times, times.toSorted().toReversed(), "newest first");
  assert.deepEqual(idsOf(await find("metadata.list=mine&limit=7&order=oldest")), idsOf(mine).toReversed());
  assert.deepEqual(
    idsOf(await find("metadata.list=mine&metadata.half=true")).toSorted(),
    expected((i) => i % 2 === 0),
  );
  assert.deepEqual(
    idsOf(await find("metadata.third=1&metadata.half=false")).toSorted(),
    expected((i) => i % 6 === 1),
  );
  assert.deepEqual(idsOf(await find(`metadata.odd%20name=${encodeURIComponent("x 7")}`)), [ids[7]]);
  assert.deepEqual(idsOf(await find(`text=${ids[9]}`)), [ids[9]]);
  assert.deepEqual(await find("metadata.list=nobody"), []);
  assert.deepEqual(await find(`metadata.list=mine&created_before=${before}`), []);
  assert.equal(
    (await find(`metadata.list=mine&created_after=${before}&tag=patient&workflow=waiting&version=1.0.0`)).length,
    60,
  );
  assert.deepEqual(await find("metadata.list=mine&tag=hasty"), []);

  const [first = "", second = ""] = ids;
  await api.post(`/api/v1/executions/${first}/signals/go`, { data: {} });
  await api.waitForEnd(first);
  await api.post(`/api/v1/executions/${second}/terminate`);
  assert.deepEqual(
    idsOf(await find("metadata.list=mine&status=completed,cancelled")).toSorted(),
    [first, second].toSorted(),
  );
  assert.equal((await find("metadata.list=mine&status=running")).length, 58);
  const { body: ended } = await api.get<ExecutionMessage>(`/api/v1/executions/${second}`);
  assert.deepEqual([ended.status, ended.steps.map(({ status }) => status)], ["cancelled", ["cancelled"]]);
});
