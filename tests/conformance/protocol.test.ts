/** What passes between the platform and executors: tasks, leases, results, heartbeats, and what a crash leaves of them. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, suite, test } from "node:test";
import type { Json, JsonObject } from "../../src/core/base/json.ts";
import {
  answer,
  begin,
  ended,
  history,
  job,
  lacking,
  poll,
  problem,
  RFC3339,
  read,
  register,
  started,
  startService,
  stepOf,
  type Task,
  take,
  within,
  workflow,
} from "./service.ts";

/** Takes calls and never answers. */
const silent = createServer(() => {}).listen(0, "127.0.0.1");
await once(silent, "listening");
const HANGING = { url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/` };

const service = await startService("outgoing: { allow: [127.0.0.1] }");
after(async () => {
  await service[Symbol.asyncDispose]();
  silent.closeAllConnections();
  silent.close();
});

/** The shortest lease there is, for cases that lose one. */
const SHORT = { lease_ms: 1000 };

const TASK =
  "id workspace workflow version execution_id step path executor function attempt max_attempts delivery input metadata timeout_ms lease_ms deadline traceparent created_at";

async function beat(task: Task, more: JsonObject = {}): Promise<JsonObject> {
  const { body } = await service.post("/tasks/heartbeats", { heartbeats: [{ task_id: task.id, ...more }] });
  const { task_id, ...rest } = (body["heartbeats"] as JsonObject[])[0] ?? {};
  assert.equal(task_id, task.id);
  return rest;
}

/** Whatever can be handed out at once. */
const look = (executor: string, more: JsonObject = {}) => poll(service, executor, { wait_ms: 0, ...more });

suite("tasks", { concurrency: 8 }, () => {
  test("a task says everything that its executor needs to know", async () => {
    await register(service, workflow("whole", [job("whole", "pay", { timeout: "5m", input: { sum: "$.input.n" } })]));
    const traceparent = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
    const { body } = await service.post(
      "/workflows/whole/execute",
      { input: { n: 3 }, metadata: { m: 1 } },
      { traceparent },
    );
    const id = String(body["execution_id"]);
    const task = await take(service, "whole", { lease_ms: 45_000 });
    assert.deepEqual(lacking(task, TASK), []);
    const { deadline, created_at, metadata, ...rest } = task;
    assert.match(String(created_at), RFC3339);
    assert.ok(Date.parse(String(deadline)) >= Date.parse(String(created_at)) + 300_000);
    assert.equal(within(metadata, "m"), 1);
    assert.deepEqual(rest, {
      id: `${id}/pay/1`,
      workspace: "default",
      workflow: "whole",
      version: "1.0.0",
      execution_id: id,
      step: "pay",
      path: "pay",
      executor: "whole",
      function: "pay",
      attempt: 1,
      max_attempts: 1,
      delivery: 1,
      input: { sum: 3 },
      timeout_ms: 300_000,
      lease_ms: 45_000,
      traceparent,
    });
  });

  test("a path is the place in the tree, and a called step has that of the step it is called for", async () => {
    const id = await begin(
      service,
      "placed",
      [
        {
          name: "items",
          type: "loop",
          iterate_over: "$.input.items",
          steps: [job("placed", "reserve", { fallback_step: "instead" })],
        },
        job("placed", "instead"),
        {
          name: "both",
          type: "parallel",
          branches: [
            { name: "left", steps: [job("placed", "pack", { fallback: { steps: [job("placed", "wrap")] } })] },
          ],
        },
      ],
      { input: { items: ["a", "b"] } },
    );
    const paths: Json[] = [];
    while (paths.length < 5) {
      const task = await take(service, "placed");
      paths.push([task["step"] ?? null, task.path]);
      assert.equal(task.id, `${id}/${task.path}/1`);
      const error = { code: "EMPTY", message: "none left" };
      await answer(service, task.id, /items\[1\]\.reserve$|pack$/.test(task.path) ? { error } : {});
    }
    assert.deepEqual(paths, [
      ["reserve", "items[0].reserve"],
      ["reserve", "items[1].reserve"],
      ["instead", "items[1].reserve:fallback"],
      ["pack", "both.left.pack"],
      ["wrap", "both.left.pack:fallback.wrap"],
    ]);
    const execution = await ended(service, id);
    assert.equal(execution["status"], "completed");
    assert.equal(stepOf(execution, "items[1].reserve")["fallback"], true);
  });

  test("a poll needs executor and instance; it takes ten tasks of all functions and does not wait unless it says so", async () => {
    await register(service, workflow("polled", [job("polled", "a"), job("polled", "b", { depends_on: [] })]));
    for (let n = 0; n < 8; n++) await started(service, "polled");
    for (const [body, pointer] of [
      [{ instance: "i" }, "/executor"],
      [{ executor: "e" }, "/instance"],
      [{ executor: "e", instance: "i", wait: 1 }, "/wait"],
      [{ executor: "e", instance: "i", max_tasks: 1001 }, "/max_tasks"],
      [{ executor: "e", instance: "i", wait_ms: 60_001 }, "/wait_ms"],
      [{ executor: "e", instance: "i", lease_ms: 600_001 }, "/lease_ms"],
    ] as const) {
      assert.deepEqual(problem(await service.post("/tasks/poll", body)), [400, "BAD_REQUEST", pointer]);
    }
    const only = await look("polled", { functions: ["b"], max_tasks: 3 });
    assert.deepEqual(
      only.map((task) => task["function"]),
      ["b", "b", "b"],
    );
    const { body } = await service.post("/tasks/poll", { executor: "polled", instance: "i" });
    const tasks = body["tasks"] as JsonObject[];
    assert.equal(tasks.length, 10);
    assert.deepEqual(new Set(tasks.map((task) => task["lease_ms"])), new Set([30_000]));
    assert.equal((await look("polled")).length, 3);
    assert.deepEqual((await service.post("/tasks/poll", { executor: "polled", instance: "i" })).body, { tasks: [] });
    assert.equal(within((await service.get("/executors/polled")).body, "name"), "polled", "polling made it known");
  });

  test("a poll that waits is answered with the first task that comes, or with none when its time is over", async () => {
    await register(service, workflow("awaited", [job("awaited", "a")]));
    const waiting = poll(service, "awaited", { wait_ms: 30_000 });
    const id = await started(service, "awaited");
    assert.equal((await waiting)[0]?.execution_id, id);
    const begun = performance.now();
    assert.deepEqual(await poll(service, "awaited", { wait_ms: 120 }), []);
    assert.ok(performance.now() - begun >= 119);
  });

  test("tasks of a higher priority are handed out first", async () => {
    await register(service, workflow("ranked", [job("ranked", "a")]));
    const inputs = ["low", "critical", "normal", "high"];
    for (const priority of inputs) await started(service, "ranked", { input: { priority }, options: { priority } });
    assert.deepEqual(
      (await look("ranked")).map((task) => within(task.input, "priority")),
      ["critical", "high", "normal", "low"],
    );
  });

  test("labels of a step lead its tasks to the instances that have them", async () => {
    await begin(service, "labelled", [job("labelled", "a", { labels: { gpu: "yes" } })]);
    assert.deepEqual(await look("labelled"), []);
    assert.deepEqual(await look("labelled", { instance: "other", labels: { gpu: "no" } }), []);
    const status = { functions: ["a"], labels: { gpu: "yes" } };
    await service.call("PUT", "/executors/labelled/instances/strong", status);
    assert.equal((await look("labelled", { instance: "strong" })).length, 1);
  });

  test("attempts are counted, deliveries are not attempts", async () => {
    const retry = { max_attempts: 3, initial_delay: "5ms", jitter: false };
    const id = await begin(service, "counted", [job("counted", "a", { retry })]);
    const seen: Json[] = [];
    for (let n = 0; n < 3; n++) {
      const task = await take(service, "counted");
      seen.push([task.id.split("/").at(-1) ?? "", task.attempt, task["max_attempts"] ?? 0, task.delivery]);
      await answer(service, task.id, { error: { code: "X", message: "x" } });
    }
    assert.deepEqual(seen, [
      ["1", 1, 3, 1],
      ["2", 2, 3, 1],
      ["3", 3, 3, 1],
    ]);
    assert.equal(stepOf(await ended(service, id), "a")["attempts"], 3);
  });
});

suite("results", { concurrency: 8 }, () => {
  test("the same result twice is a duplicate, one that comes too late is stale, and one for nothing is unknown", async () => {
    const retry = { max_attempts: 2, initial_delay: "5ms" };
    const id = await begin(service, "given", [job("given", "a", { retry }), job("given", "b", { timeout: "50ms" })]);
    const first = await take(service, "given");
    assert.equal(await answer(service, first.id, { error: { code: "X", message: "x" } }), "accepted");
    assert.equal(await answer(service, first.id, { error: { code: "X", message: "x" } }), "duplicate");
    const second = await take(service, "given");
    assert.equal(await answer(service, second.id, { output: { n: 2 } }), "accepted");
    assert.equal(await answer(service, second.id, { output: { n: 3 } }), "duplicate");
    const late = await take(service, "given");
    const execution = await ended(service, id);
    assert.deepEqual(stepOf(execution, "a")["output"], { n: 2 });
    assert.equal(await answer(service, late.id), "stale");
    for (const nobody of ["nobody/a/1", "nonsense", `${id}/a/0`]) {
      assert.equal(await answer(service, nobody), "unknown", nobody);
    }
  });

  test("several results are answered each, in their order; one that is not well formed refuses all", async () => {
    const ids = [];
    await register(service, workflow("several", [job("several", "a")]));
    for (let n = 0; n < 3; n++) ids.push(await started(service, "several"));
    const tasks = await look("several");
    const [one, two, three] = tasks.map((task) => task.id);
    const failed = { task_id: two ?? "", status: "failed", error: { code: "X", message: "x" } };
    for (const [wrong, pointer] of [
      [{ task_id: three ?? "" }, "/results/1/status"],
      [{ status: "completed" }, "/results/1/task_id"],
      [{ task_id: three ?? "", status: "failed" }, "/results/1/error"],
      [{ task_id: three ?? "", status: "failed", error: { message: "x" } }, "/results/1/error/code"],
      [{ task_id: three ?? "", status: "completed", result: {} }, "/results/1/result"],
    ] as const) {
      const { ...rest } = wrong;
      const refused = await service.post("/tasks/results", { results: [failed, rest] });
      assert.deepEqual(problem(refused), [400, "BAD_REQUEST", pointer]);
    }
    const { body } = await service.post("/tasks/results", {
      results: [
        { task_id: one ?? "", status: "completed", output: { n: 1 } },
        { task_id: "nobody/a/1", status: "completed" },
        failed,
        { task_id: three ?? "", status: "completed" },
      ],
    });
    assert.deepEqual(body, {
      results: [
        { task_id: one, outcome: "accepted" },
        { task_id: "nobody/a/1", outcome: "unknown" },
        { task_id: two, outcome: "accepted" },
        { task_id: three, outcome: "accepted" },
      ],
    });
    const statuses = new Set(await Promise.all(ids.map(async (id) => (await ended(service, id))["status"])));
    assert.deepEqual(statuses, new Set(["completed", "failed"]));
  });

  test("of results that come at the same time one counts", async () => {
    const id = await begin(service, "raced", [job("raced", "a")]);
    const { id: task } = await take(service, "raced");
    const outcomes = await Promise.all([1, 2, 3, 4].map((n) => answer(service, task, { output: { n } })));
    assert.deepEqual(outcomes.toSorted(), ["accepted", "duplicate", "duplicate", "duplicate"]);
    const { output } = await ended(service, id);
    assert.deepEqual(output, { n: outcomes.indexOf("accepted") + 1 });
    const both = await begin(service, "raced", [job("raced", "a")]);
    const again = await take(service, "raced");
    const { body } = await service.post("/tasks/results", {
      results: [
        { task_id: again.id, status: "completed", output: { n: 1 } },
        { task_id: again.id, status: "failed", error: { code: "X", message: "x" } },
      ],
    });
    assert.deepEqual(
      [within(body, "results", 0, "outcome"), within(body, "results", 1, "outcome")],
      ["accepted", "duplicate"],
    );
    assert.equal((await ended(service, both))["status"], "completed");
  });

  test("who worked since when is recorded with the completion, told or not", async () => {
    const id = await begin(service, "recorded", [job("recorded", "a"), job("recorded", "b")]);
    const silent = await take(service, "recorded", { instance: "w-1" });
    await answer(service, silent.id, { output: 5 });
    const { id: task } = await take(service, "recorded", { instance: "w-1" });
    const result: JsonObject = {
      execution_id: id,
      step: "b",
      attempt: 1,
      executor: "recorded",
      instance: "w-2",
      started_at: "2026-01-01T00:00:00Z",
      finished_at: "2026-01-01T00:00:01Z",
      output: { done: true },
    };
    await answer(service, task, result);
    const execution = await ended(service, id);
    const completed = (await history(service, id)).filter((event) => event["type"] === "StepCompleted");
    assert.deepEqual(
      completed.map((event) => within(event, "data", "instance")),
      ["w-1", "w-2"],
    );
    assert.match(String(within(completed[0], "data", "started_at")), RFC3339);
    assert.equal(stepOf(execution, "b")["started_at"], "2026-01-01T00:00:00.000Z");
    assert.deepEqual(stepOf(execution, "a")["output"], { value: 5 }, "what is no object stands under a name");
  });

  test("an output that is too large is told with the limit and the step", async () => {
    const id = await begin(service, "heavy", [job("heavy", "lift")]);
    const task = await take(service, "heavy");
    const output = { text: "x".repeat(1024 * 1024) };
    assert.equal(await answer(service, task.id, { output }), "accepted");
    const { error } = await ended(service, id);
    assert.equal(within(error, "code"), "PAYLOAD_TOO_LARGE");
    assert.match(String(within(error, "message")), /lift/);
    assert.match(String(within(error, "message")), /1 ?MiB|1,?048,?576/);
  });

  test("nobody outside takes or answers what the platform performs itself", async () => {
    const id = await begin(service, "own", [{ name: "ask", type: "http", config: HANGING }]);
    assert.equal((await service.post("/tasks/poll", { executor: "@http", instance: "i" })).status, 400);
    assert.equal(await answer(service, `${id}/ask/1`), "unknown");
    const { body } = await service.post("/tasks/heartbeats", { heartbeats: [{ task_id: `${id}/ask/1` }] });
    assert.equal(within(body, "heartbeats", 0, "outcome"), "unknown");
    assert.equal((await read(service, id))["status"], "running");
  });
});

suite("leases", { concurrency: 16 }, () => {
  test("a lost lease delivers the same task again, and the first result counts whoever it is from", async () => {
    const id = await begin(service, "lost", [job("lost", "a")]);
    const first = await take(service, "lost", { ...SHORT, instance: "one" });
    const second = await take(service, "lost", { instance: "two" });
    assert.deepEqual(
      [second.id, second.attempt, second.delivery, within(second, "created_at")],
      [first.id, 1, 2, within(first, "created_at")],
    );
    assert.equal(await answer(service, first.id, { instance: "one", output: { from: "one" } }), "accepted");
    assert.deepEqual(await beat(second), { outcome: "stale", cancel: true });
    assert.equal(await answer(service, second.id, { instance: "two", output: { from: "two" } }), "duplicate");
    const execution = await ended(service, id);
    assert.deepEqual(execution["output"], { from: "one" });
    assert.equal((await history(service, id)).length, 4, "leases are not in the history");
  });

  test("the fifth loss fails the attempt as EXECUTOR_UNAVAILABLE", async () => {
    const id = await begin(service, "lost-often", [job("lost-often", "a")]);
    for (let delivery = 1; delivery <= 5; delivery++) {
      const task = await take(service, "lost-often", { ...SHORT, instance: `i${delivery}` });
      assert.deepEqual([task.attempt, task.delivery], [1, delivery]);
    }
    const execution = await ended(service, id);
    assert.equal(within(execution["error"], "code"), "EXECUTOR_UNAVAILABLE");
    assert.equal(stepOf(execution, "a")["attempts"], 1);
  });

  test("a heartbeat, and a poll that lists the task as held, renew the lease", async () => {
    await register(service, workflow("renewed", [job("renewed", "a")]));
    for (let n = 0; n < 2; n++) await started(service, "renewed");
    const [beaten, held] = await look("renewed", SHORT);
    if (beaten === undefined || held === undefined) assert.fail("Expected two tasks.");
    // Each wait of the other instance lasts longer than half of the lease, so that the leases would be lost in between.
    for (let n = 0; n < 3; n++) {
      assert.deepEqual(await poll(service, "renewed", { instance: "two", wait_ms: 600 }), []);
      assert.deepEqual(await beat(beaten, { progress: 0.5, message: "half" }), { outcome: "accepted", cancel: false });
      await look("renewed", { ...SHORT, held: [held.id], functions: ["none"] });
    }
    const [lost] = await poll(service, "renewed", { instance: "two", max_tasks: 1 });
    assert.equal(lost?.delivery, 2, "and without them it is lost");
  });

  test("who leaves gives back what he holds, and who gives up his poll takes nothing", async () => {
    const id = await begin(service, "left", [job("left", "a")]);
    const first = await take(service, "left", { instance: "one" });
    assert.equal((await service.call("DELETE", "/executors/left/instances/one")).status, 204);
    const [second] = await look("left", { instance: "two" });
    assert.deepEqual([second?.id, second?.delivery], [first.id, 2]);
    await answer(service, first.id);
    await ended(service, id);
    const hanging = new AbortController();
    const given = fetch(`${service.url}/api/v1/tasks/poll`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ executor: "left", instance: "gone", wait_ms: 60_000 }),
      signal: hanging.signal,
    }).catch(() => {});
    while ((await service.get("/executors/left/instances/gone")).status === 404);
    hanging.abort();
    await given;
    await started(service, "left");
    assert.equal((await take(service, "left", { instance: "two" })).delivery, 1);
  });

  test("a step that wants heartbeats, and one that nobody takes in time, fail with their codes", async () => {
    const silent = await begin(service, "silent", [job("silent", "a", { heartbeat_timeout: "300ms" })]);
    const task = await take(service, "silent");
    const begun = performance.now();
    const failed = await ended(service, silent);
    assert.equal(within(failed["error"], "code"), "TIMEOUT");
    assert.ok(performance.now() - begun > 150);
    assert.equal(await answer(service, task.id), "stale");
    const untaken = await begin(service, "untaken", [job("untaken", "a", { queue_timeout: "100ms" })]);
    assert.equal(within((await ended(service, untaken))["error"], "code"), "EXECUTOR_UNAVAILABLE");
    const total = await begin(service, "total", [
      job("total", "a", { total_timeout: "300ms", retry: { max_attempts: 9, initial_delay: "1ms" } }),
    ]);
    await answer(service, (await take(service, "total")).id, { error: { code: "X", message: "x" } });
    const hanging = await take(service, "total");
    assert.equal(hanging.attempt, 2);
    const given = await ended(service, total);
    assert.equal(within(given["error"], "code"), "TIMEOUT", "all attempts together had no more time");
    assert.equal(stepOf(given, "a")["attempts"], 2);
  });

  test("heartbeats say what is known of each task, and refuse what makes no sense", async () => {
    const id = await begin(service, "beaten", [job("beaten", "a"), job("beaten", "b")]);
    const task = await take(service, "beaten");
    const { body } = await service.post("/tasks/heartbeats", {
      heartbeats: [{ task_id: "nobody/a/1" }, { task_id: task.id, progress: 1 }],
    });
    assert.deepEqual(body, {
      heartbeats: [
        { task_id: "nobody/a/1", outcome: "unknown", cancel: false },
        { task_id: task.id, outcome: "accepted", cancel: false },
      ],
    });
    for (const wrong of [{ progress: 1.5 }, { progress: "half" }, { percent: 3 }]) {
      const refused = await service.post("/tasks/heartbeats", { heartbeats: [{ task_id: task.id, ...wrong }] });
      assert.equal(refused.status, 400);
    }
    await service.post(`/executions/${id}/cancel`, {});
    assert.equal((await beat(task))["cancel"], true);
  });
});

test("an instance registers and reports, and its executor is as well as the worst of what is reported", async () => {
  const place = "/executors/clinic/instances/c-1";
  const status = {
    functions: ["cure"],
    concurrency: 8,
    running: 2,
    health: "degraded",
    checks: [{ name: "pharmacy", status: "unhealthy", function: "cure", message: "closed" }],
    version: "3.1.0",
  };
  const { status: code, body } = await service.call("PUT", place, status);
  assert.equal(code, 200);
  for (const [name, value] of Object.entries(status)) assert.deepEqual(body[name], value);
  assert.deepEqual([body["executor"], body["instance"]], ["clinic", "c-1"]);
  assert.match(String(body["last_seen"]), RFC3339);
  const one = (await service.get("/executors/clinic")).body;
  assert.equal(within(one, "instances", 0, "instance"), "c-1");
  const { items } = (await service.get("/executors")).body;
  assert.ok((items as JsonObject[]).some((item) => item["name"] === "clinic"));
  const health = (await service.get("/health/workflow")).body;
  const executor = (health["executors"] as JsonObject[]).find((item) => item["name"] === "clinic");
  assert.equal(within(executor, "functions", 0, "status"), "unhealthy");
  assert.equal((await service.call("PUT", place, { ...status, helth: "good" })).status, 400);
  assert.equal((await service.call("PUT", place, { ...status, executor: "other" })).status, 400);
  assert.equal((await service.call("DELETE", place)).status, 204);
  assert.deepEqual(problem(await service.get(place)).slice(0, 2), [404, "EXECUTOR_NOT_FOUND"]);
});

suite("crashes", () => {
  const EVENT = (name: string): JsonObject => ({ name, type: "wait_for_event", event: name });

  test("whatever was acknowledged is there after kill -9, and takes effect", async () => {
    const key = { "idempotency-key": "k" };
    await register(service, workflow("durable", [EVENT("go"), job("durable", "a")]));
    await register(service, workflow("durable-event", [{ ...EVENT("told"), correlation: "c-1" }]));
    const signalled = await started(service, "durable");
    await service.post(`/executions/${signalled}/signals/go`, { data: { n: 1 } });
    const working = await begin(service, "durable-work", [job("durable-work", "a"), job("durable-work", "b")]);
    const task = await take(service, "durable-work");
    const cancelled = await started(service, "durable");
    // All at once, and the process dies with the last answer.
    const [keyed, result] = await Promise.all([
      service.post("/workflows/durable/execute", { input: { n: 1 } }, key),
      answer(service, task.id, { output: { n: 1 } }),
      service.post("/events", { name: "told", correlation_key: "c-1", data: { n: 2 } }),
      service.post(`/executions/${cancelled}/cancel`, {}),
    ]);
    assert.equal(result, "accepted");
    await service.crash();
    const again = await service.post("/workflows/durable/execute", { input: { n: 1 } }, key);
    assert.deepEqual([again.status, again.body["execution_id"]], [200, keyed.body["execution_id"]]);
    assert.equal((await read(service, cancelled))["status"], "cancelled");
    assert.deepEqual(stepOf(await read(service, signalled), "go")["output"], { n: 1 });
    assert.deepEqual(stepOf(await read(service, working), "a")["output"], { n: 1 });
    assert.notEqual(await answer(service, task.id, { output: { n: 9 } }), "accepted");
    const later = await started(service, "durable-event");
    assert.deepEqual(
      stepOf(await ended(service, later), "told")["output"],
      { n: 2 },
      "the event was kept for a later wait",
    );
    const { id } = await take(service, "durable-work");
    assert.equal(await answer(service, id), "accepted");
    assert.equal((await ended(service, working))["status"], "completed");
  });

  test("after a restart tasks are offered again, held ones to nobody else, and results find their tasks", async () => {
    await register(service, workflow("again", [job("again", "a")]));
    for (let n = 0; n < 3; n++) await started(service, "again");
    const tasks = await look("again", { max_tasks: 2 });
    const [held, answered] = tasks.map((task) => task.id);
    const own = await begin(service, "again-own", [{ name: "ask", type: "http", config: HANGING }]);
    await service.crash();
    // The instance that held two says so of one, and answers the other before it is offered again.
    const early = await look("again", { held: [held ?? ""] });
    assert.deepEqual(early, [], "who holds what is not known yet");
    assert.equal(await answer(service, answered ?? "", { output: { n: 1 } }), "accepted");
    assert.equal(await answer(service, `${own}/ask/1`), "unknown", "that one is the platform's own");
    const offered = await take(service, "again", { instance: "two" });
    assert.ok(![held, answered].includes(offered.id));
    assert.deepEqual(await look("again", { instance: "two" }), []);
    assert.equal(await answer(service, held ?? ""), "accepted");
    assert.equal(await answer(service, offered.id), "accepted");
  });

  test("a pause, a rerun and a place in a stream outlive a crash", async () => {
    const id = await begin(service, "outliving", [EVENT("go"), job("outliving", "a")]);
    await service.post(`/executions/${id}/pause`, {});
    const rerun = await service.post(`/executions/${id}/rerun`, {});
    const copy = String(rerun.body["execution_id"]);
    await service.crash();
    assert.equal((await read(service, id))["status"], "paused");
    assert.equal(within((await read(service, copy))["origin"], "execution_id"), id);
    const headers = { "last-event-id": "2" };
    const stream = fetch(`${service.url}/api/v1/executions/${id}/stream`, { headers }).then((from) => from.text());
    await service.post(`/executions/${id}/signals/go`, {});
    await service.post(`/executions/${id}/resume`, {});
    await answer(service, (await take(service, "outliving")).id);
    await ended(service, id);
    const seen = [...(await stream).matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    assert.deepEqual(
      seen,
      (await history(service, id)).slice(2).map((event) => event["seq"]),
    );
    await service.post(`/executions/${copy}/terminate`, {});
  });

  test("timers that came due while it was down act at once, others in time", async () => {
    const nap = (duration: string) => [{ name: "nap", type: "wait", duration }];
    const [due, later] = [await begin(service, "due", nap("300ms")), await begin(service, "later", nap("4s"))];
    await service.crash();
    const [early, late] = [await ended(service, due), await ended(service, later)];
    for (const [execution, least] of [
      [early, 0.3],
      [late, 4],
    ] as const) {
      assert.equal(execution["status"], "completed");
      assert.ok(Number(execution["duration"]) >= least);
    }
  });

  test("asked to stop it ends in order, and what it knew is there again", async () => {
    const id = await begin(service, "stopped", [job("stopped", "a")]);
    const waiting = poll(service, "idle", { wait_ms: 60_000 });
    while ((await service.get("/executors/idle")).status === 404);
    const begun = performance.now();
    assert.equal(await service.stop(), 0);
    assert.ok(performance.now() - begun < 5000, "it does not wait for those who wait");
    assert.deepEqual(await waiting, []);
    await service.restart();
    assert.equal((await read(service, id))["status"], "running");
    assert.equal(await answer(service, (await take(service, "stopped")).id), "accepted");
    assert.equal((await ended(service, id))["status"], "completed");
  });
});
