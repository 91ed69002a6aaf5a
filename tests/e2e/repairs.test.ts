/** Repairs on the real process, over HTTP and from the command line: by hand, from a place, undone; and killed on the way. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Json } from "../../src/core/base/json.ts";
import type { ControlAnswer } from "../../src/core/protocol/executions.ts";
import type { StartAnswer } from "../../src/core/protocol/starts.ts";
import { createClient } from "../../src/sdk/client.ts";
import { type Platform, startPlatform } from "./platform.ts";

const HEAD = "apiVersion: magicflow.io/v2\nkind: Workflow\n";
const ORDER = `${HEAD}metadata: { name: order, version: 1.0.0 }
spec:
  compensation: { order: parallel }
  steps:
    - name: each
      type: loop
      iterate_over: $.input.items
      steps:
        - { name: reserve, executor: hands, function: reserve, input: { item: $.item }, compensate: { executor: hands, function: release } }
    - { name: charge, executor: hands, function: charge, input: { total: $.input.total } }
    - { name: mail, executor: hands, function: mail, input: { receipt: $.charge.receipt } }
  output: { receipt: $.charge.receipt }
`;

let platform: Platform;
before(async () => {
  platform = await startPlatform();
  await platform.api.register(ORDER);
});
after(async () => {
  await platform[Symbol.asyncDispose]();
  assert.deepEqual(platform.faults, []);
});

const one = (executionId: string) => `/api/v1/executions/${executionId}`;

async function startOrder(): Promise<string> {
  return (await platform.api.start("order", { items: ["a", "b"], total: 5 })).execution_id;
}

/** Takes the next task of the execution, whatever else waits, and answers it. */
async function work(executionId: string, name: string, output: Json = {}): Promise<Json> {
  for (;;) {
    const tasks = await platform.api.poll({ executor: "hands", functions: [name], max_tasks: 100, wait_ms: 1000 });
    await platform.api.finish(tasks.map(({ id }) => ({ task_id: id, status: "completed" as const, output })));
    const own = tasks.find((task) => task.execution_id === executionId);
    if (own !== undefined) return own.input;
  }
}

test("a step is skipped and another completed by hand, each with its entry in the history", async () => {
  const { api } = platform;
  const id = await startOrder();
  await api.waitForEvent(id, ({ path }) => path === "each[0].reserve");
  const place = `${one(id)}/steps/${encodeURIComponent("each[0].reserve")}`;
  const skipped = await api.post<ControlAnswer>(`${place}/skip`, { id: "s1", reason: "out of stock" });
  assert.deepEqual([skipped.status, skipped.body.command_id], [202, "s1"]);
  assert.equal((await api.post(`${place}/skip`, { id: "s1" })).status, 202);
  await api.refused(409, "STEP_ENDED", "POST", `${place}/skip`);
  await api.refused(404, "STEP_UNKNOWN", "POST", `${one(id)}/steps/chrage/skip`);
  await work(id, "reserve");
  const { code, stderr } = await platform.cli(["executions", "complete", id, "charge", "--output", '{"receipt": 9}']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(await work(id, "mail"), { receipt: 9 });
  const ended = await api.waitForEnd(id);
  assert.deepEqual([ended.status, ended.output], ["completed", { receipt: 9 }]);
  const step = ended.steps.find(({ path }) => path === "each[0].reserve");
  assert.deepEqual([step?.status, step?.reason], ["skipped", "manual"]);
  const entries = (await api.history(id)).flatMap(({ data }) => ("manual" in data ? [data["manual"]] : []));
  assert.deepEqual(entries[0], { by: "anonymous", reason: "out of stock", command_id: "s1" });
  await api.refused(409, "EXECUTION_ENDED", "POST", `${one(id)}/steps/mail/complete`, { body: { output: 1 } });
});

test("a rerun goes on from a step in a loop, with another input, and names its origin", async () => {
  const { api } = platform;
  const id = await startOrder();
  await work(id, "reserve");
  await work(id, "reserve");
  await work(id, "charge", { receipt: 1 });
  await work(id, "mail");
  const client = createClient({ url: api.url });
  const again = await client.executions.rerun(id, {
    from: { step: "each[1].reserve" },
    step_input: { item: "c" },
    input: { items: ["a", "b"], total: 7 },
  });
  const { origin, status } = await api.read(again.execution_id);
  assert.equal(status, "running");
  assert.deepEqual({ ...origin, event: 0 }, { kind: "step", execution_id: id, event: 0, step: "each[1].reserve" });
  assert.deepEqual(await work(again.execution_id, "reserve"), { item: "c" });
  assert.deepEqual(await work(again.execution_id, "charge", { receipt: 2 }), { total: 7 });
  await work(again.execution_id, "mail");
  assert.deepEqual((await api.waitForEnd(again.execution_id)).output, { receipt: 2 });
  const { steps } = await api.read(again.execution_id);
  assert.deepEqual(
    steps.map(({ path, status: is }) => `${path} ${is}`),
    ["each completed", "each[0].reserve completed", "each[1].reserve completed", "charge completed", "mail completed"],
  );
  const events = await api.history(again.execution_id);
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, i) => i + 1),
  );
  await api.refused(404, "EVENT_UNKNOWN", "POST", `${one(id)}/rerun`, { body: { from: { event: 9999 } } });
  await api.refused(400, "BAD_REQUEST", "POST", `${one(id)}/rerun`, { body: { from: {} } });
});

test("a reset goes on in place of the old execution, and a kill right after it changes nothing", {
  timeout: 120_000,
}, async () => {
  const { api } = platform;
  const id = await startOrder();
  await work(id, "reserve");
  await work(id, "reserve");
  await api.waitForEvent(id, ({ type, path }) => type === "StepScheduled" && path === "charge");
  const event = (await api.history(id)).find(({ type, path }) => type === "StepCompleted" && path === "each")?.seq;
  const body = { id: "reset-1", from: { event }, terminate_origin: true };
  const [answer] = await Promise.all([api.post<StartAnswer>(`${one(id)}/rerun`, body)]);
  await platform.kill();
  await platform.start();
  const again = answer.body.execution_id;
  const known = await platform.api.post<StartAnswer>(`${one(id)}/rerun`, body);
  assert.deepEqual([known.status, known.body.execution_id], [200, again]);
  assert.equal((await platform.api.waitForEnd(id)).status, "cancelled");
  await work(again, "charge", { receipt: 3 });
  await work(again, "mail");
  assert.equal((await platform.api.waitForEnd(again)).status, "completed");
});

test("what completed is undone by hand, all at once, over a kill in the middle of it", {
  timeout: 120_000,
}, async () => {
  const { api } = platform;
  const id = await startOrder();
  await api.refused(409, "EXECUTION_NOT_ENDED", "POST", `${one(id)}/compensate`);
  for (const name of ["reserve", "reserve", "charge", "mail"]) await work(id, name, { receipt: 1 });
  await api.waitForEnd(id);
  const { code, stderr } = await platform.cli(["executions", "compensate", id, "--reason", "sold twice"]);
  assert.equal(code, 0, stderr);
  const tasks = await api.poll({ executor: "hands", functions: ["release"], max_tasks: 10, wait_ms: 5000 });
  assert.deepEqual(tasks.map(({ path }) => path).toSorted(), [
    "each[0].reserve:compensate",
    "each[1].reserve:compensate",
  ]);
  await api.finish(
    tasks.slice(0, 1).map(({ id: taskId }) => ({ task_id: taskId, status: "completed" as const, output: {} })),
  );
  await platform.kill();
  await platform.start();
  await work(id, "release");
  const ended = await platform.api.waitForEnd(id);
  assert.deepEqual(
    [ended.status, ended.error?.message, ended.error?.details],
    ["cancelled", "sold twice", { terminated: false, compensated: true }],
  );
  await platform.api.refused(409, "NOTHING_TO_COMPENSATE", "POST", `${one(id)}/compensate`);
});
