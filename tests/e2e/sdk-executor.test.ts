/** Executors made with `magicflow/sdk`, in this process, against the real platform. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { createExecutor, type Executor, type ExecutorOptions, TaskError } from "magicflow/sdk";
import type { ExecutorMessage } from "../../src/core/protocol/executors.ts";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
before(async () => {
  platform = await startPlatform();
  await platform.api.register(PAUSE);
});
after(async () => {
  await platform[Symbol.asyncDispose]();
  assert.deepEqual(platform.faults, []);
});

const HEAD = "apiVersion: magicflow.io/v2\nkind: Workflow\n";

/** The platform's own clock, for tests in which time must pass. */
const PAUSE = `${HEAD}metadata: { name: pause, version: 1.0.0 }
spec: { steps: [{ name: rest, type: wait, duration: "\${input.seconds}" }] }
`;

async function letPass(seconds: number): Promise<void> {
  const { execution_id } = await platform.api.start("pause", { seconds });
  await platform.api.waitForEnd(execution_id);
}

/** Registers a workflow of one step that calls `work` of an executor of the same name, with `more` fields. */
async function registerStep(name: string, more = ""): Promise<void> {
  const step = `{ name: work, executor: ${name}, function: work, input: $.input${more === "" ? "" : `, ${more}`} }`;
  await platform.api.register(
    `${HEAD}metadata: { name: ${name}, version: 1.0.0 }\nspec:\n  steps: [${step}]\n  output: $.steps.work.output\n`,
  );
}

const warnings: string[] = [];

function executorOf(name: string, more: Partial<ExecutorOptions> = {}): Executor {
  return createExecutor({ name, url: platform.url, onWarning: (message) => warnings.push(message), ...more });
}

async function startMany(name: string, count: number): Promise<readonly string[]> {
  const started = await Promise.all(Array.from({ length: count }, (_, n) => platform.api.start(name, { n })));
  return started.map(({ execution_id }) => execution_id);
}

/** Something that a test waits for. */
function createGate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

test("no more tasks run at a time than there are hands", { timeout: 60_000 }, async () => {
  await registerStep("handy");
  let running = 0;
  let most = 0;
  const full = createGate();
  await using executor = executorOf("handy", { concurrency: 3 }).register("work", async ({ n }) => {
    running += 1;
    most = Math.max(most, running);
    if (running === 3) full.open();
    await full.opened;
    // A turn of the loop, in which a fourth could begin.
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return { n };
  });
  const ids = await startMany("handy", 12);
  await executor.start();
  for (const [n, id] of ids.entries()) assert.deepEqual((await platform.api.waitForEnd(id)).output, { n });
  assert.equal(most, 3);
});

test("heartbeats keep a task that takes longer than its lease, and tell how far it is", {
  timeout: 60_000,
}, async () => {
  await registerStep("steady");
  const gate = createGate();
  const deliveries: number[] = [];
  await using executor = executorOf("steady", { leaseMs: 1000 }).register(
    "work",
    async (_input, { task, progress }) => {
      deliveries.push(task.delivery);
      progress(0.25, "a quarter");
      await gate.opened;
      return "done";
    },
  );
  await executor.start();
  const [id = ""] = await startMany("steady", 1);
  await letPass(2.5);
  const logs = await platform.api.get(`/api/v1/executions/${id}/logs?limit=1000`);
  assert.match(logs.text, /a quarter \(25 %\)/);
  assert.equal((await platform.api.read(id)).steps[0]?.status, "running");
  gate.open();
  assert.deepEqual((await platform.api.waitForEnd(id)).output, { value: "done" });
  assert.deepEqual(deliveries, [1]);
});

test("a function hears that its execution was cancelled, and that its time is over", { timeout: 60_000 }, async () => {
  await registerStep("stoppable");
  await registerStep("hasty", "timeout: 300ms");
  const begun = createGate();
  const work =
    (reasons: string[]) =>
    (_input: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise((resolve) => {
        begun.open();
        signal.addEventListener("abort", () => {
          reasons.push((signal.reason as Error).message);
          resolve(null);
        });
      });
  const cancelled: string[] = [];
  const late: string[] = [];
  await using stoppable = executorOf("stoppable", { leaseMs: 1000 }).register("work", work(cancelled));
  await using hasty = executorOf("hasty").register("work", work(late));
  await Promise.all([stoppable.start(), hasty.start()]);
  const [id = ""] = await startMany("stoppable", 1);
  await begun.opened;
  await platform.api.post(`/api/v1/executions/${id}/cancel`, {});
  assert.equal((await platform.api.waitForEnd(id)).status, "cancelled");
  const [hastyId = ""] = await startMany("hasty", 1);
  const timedOut = await platform.api.waitForEnd(hastyId);
  assert.equal(timedOut.error?.code, "TIMEOUT");
  await Promise.all([stoppable.stop(), hasty.stop()]);
  assert.deepEqual([cancelled, late], [["The task was cancelled."], ["The attempt's time is over."]]);
});

test("an executor serves its health, and the platform knows it", { timeout: 60_000 }, async () => {
  let isWell = true;
  const neighbour = createServer((_request, response) => response.writeHead(isWell ? 200 : 500).end());
  await new Promise<void>((resolve) => neighbour.listen({ port: 0, host: "127.0.0.1" }, resolve));
  const { port } = neighbour.address() as AddressInfo;
  const executor = executorOf("healthy", {
    healthPort: 0,
    checkIntervalMs: 50,
    version: "3.2.1",
    labels: { place: "here" },
    checks: [
      { name: "http", type: "http", url: `http://127.0.0.1:${port}/` },
      { name: "tcp", type: "tcp", host: "127.0.0.1", port },
      { name: "own", type: "own", function: "work", run: () => assert.ok(isWell, "Not today.") },
    ],
  }).register("work", () => null);
  await executor.start();
  const { healthUrl, instance } = executor;
  assert(healthUrl !== null, "a health server");
  const read = async () => {
    const answer = await fetch(healthUrl);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const seen = async (fits: (known: ExecutorMessage) => boolean): Promise<ExecutorMessage> => {
    for (;;) {
      const { body } = await platform.api.get<ExecutorMessage>("/api/v1/executors/healthy");
      if (fits(body)) return body;
    }
  };
  const well = await read();
  assert.equal(well.status, 200);
  assert.deepEqual(
    [well.body["status"], well.body["executor"], well.body["instance"], well.body["functions"], well.body["running"]],
    ["healthy", "healthy", instance, ["work"], 0],
  );
  assert.equal((await fetch(healthUrl.replace("/health", "/nowhere"))).status, 404);
  const known = await seen(({ instances }) => instances[0]?.version === "3.2.1");
  assert.deepEqual([known.status, known.health, known.functions], ["online", "healthy", ["work"]]);
  assert.deepEqual([known.instances[0]?.labels, known.instances[0]?.concurrency], [{ place: "here" }, 10]);

  isWell = false;
  const ill = await seen(({ health }) => health === "unhealthy");
  assert.deepEqual(
    ill.instances[0]?.checks.map(({ name, status, function: of }) => [name, status, of]),
    [
      ["http", "unhealthy", null],
      ["tcp", "healthy", null],
      ["own", "unhealthy", "work"],
    ],
  );
  assert.equal(ill.instances[0]?.checks[2]?.message, "Not today.");
  assert.deepEqual((await read()).status, 503);
  const { body } = await platform.api.get("/health/workflow");
  assert.equal(body["status"], "degraded");
  await executor.stop();
  await assert.rejects(fetch(healthUrl), /fetch failed/);
  await new Promise((resolve) => neighbour.close(resolve));
  await platform.api.refused(404, "EXECUTOR_NOT_FOUND", "GET", `/api/v1/executors/healthy/instances/${instance}`);
});

test("a stop lets what runs end, hands its results over, and takes nothing more", { timeout: 60_000 }, async () => {
  await registerStep("leaving");
  const gate = createGate();
  const begun = createGate();
  let calls = 0;
  const executor = executorOf("leaving", { concurrency: 5 }).register("work", async ({ n }) => {
    calls += 1;
    if (calls === 5) begun.open();
    await gate.opened;
    return { n };
  });
  await executor.start();
  const ids = await startMany("leaving", 5);
  await begun.opened;
  const stopping = executor.stop();
  const [later = ""] = await startMany("leaving", 1);
  gate.open();
  await stopping;
  // No wait: whatever was handed over is there.
  for (const id of ids) assert.equal((await platform.api.read(id)).status, "completed");
  assert.equal((await platform.api.read(later)).status, "running");
  assert.equal(calls, 5);

  // Who does not end in time is told, and its task goes to somebody else at once.
  const stubborn = executorOf("leaving").register(
    "work",
    (_input, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        calls += 1;
      }),
  );
  await stubborn.start();
  await platform.api.waitForEvent(later, ({ type }) => type === "StepScheduled");
  while (calls < 6) await new Promise((resolve) => setImmediate(resolve));
  await stubborn.stop({ graceMs: 0 });
  await using third = executorOf("leaving").register("work", (_input, { task }) => task.delivery);
  await third.start();
  assert.deepEqual((await platform.api.waitForEnd(later)).output, { value: 2 });
});

test("errors of functions arrive as they were thrown", { timeout: 60_000 }, async () => {
  await registerStep("failing", "retry: { max_attempts: 2, initial_delay: 10ms, jitter: false }");
  const thrown: Readonly<Record<string, unknown>> = {
    full: new TaskError({ code: "CARD_DECLINED", message: "No.", details: { reason: ["limit"] }, retryable: false }),
    again: new TaskError({ code: "BUSY", message: "Later.", retryAfter: 0.5 }),
    plain: new RangeError("Out of range."),
    text: "just words",
    nothing: undefined,
    odd: { some: "object" },
    long: new Error("x".repeat(50_000)),
    unspeakable: new TaskError({ code: "ODD", message: "Odd.", details: { n: 1n } as never, retryable: false }),
    nameless: new TaskError({ code: "", message: "No code.", retryable: false }),
    unknownFunction: null,
  };
  await using executor = executorOf("failing").register("work", ({ kind }: { kind: string }) => {
    throw thrown[kind];
  });
  await executor.start();
  const fail = async (kind: string) => {
    const { execution_id } = await platform.api.start("failing", { kind });
    const { status, error, steps } = await platform.api.waitForEnd(execution_id);
    assert.equal(status, "failed");
    assert(error !== null, "a failed execution to have an error");
    return {
      code: error.code,
      message: error.message,
      details: error.details,
      attempts: steps[0]?.attempts,
      id: execution_id,
    };
  };
  const { id: _, ...full } = await fail("full");
  assert.deepEqual(full, { code: "CARD_DECLINED", message: "No.", details: { reason: ["limit"] }, attempts: 1 });
  const again = await fail("again");
  assert.deepEqual([again.code, again.attempts], ["BUSY", 2]);
  const [failed] = (await platform.api.history(again.id)).filter(({ type }) => type === "StepAttemptFailed");
  assert.ok(Date.parse(String(failed?.data["retry_at"])) - Date.parse(failed?.at ?? "") >= 500);
  const plain = await fail("plain");
  assert.deepEqual([plain.code, plain.message, plain.attempts], ["FUNCTION_FAILED", "Out of range.", 2]);
  assert.deepEqual([(await fail("text")).message, (await fail("nothing")).message], ["just words", "undefined"]);
  assert.equal((await fail("odd")).code, "FUNCTION_FAILED");
  assert.match((await fail("long")).message, /^x{1000,10000}$/);
  assert.equal((await fail("unspeakable")).code, "RESULT_REFUSED");
  assert.equal((await fail("nameless")).code, "RESULT_REFUSED");
});

test("a result that is too large fails its own step only", { timeout: 60_000 }, async () => {
  await registerStep("bulky", "retry: { max_attempts: 2, initial_delay: 10ms }");
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const outputs: Readonly<Record<string, () => unknown>> = {
    small: () => ({ ok: true }),
    fits: () => "x".repeat(1024 * 1024 - 100),
    large: () => "x".repeat(2 * 1024 * 1024),
    huge: () => "x".repeat(20 * 1024 * 1024),
    circle: () => circle,
    bigint: () => 1n,
    date: () => ({ at: new Date(0), gone: undefined, map: new Map([[1, 2]]) }),
    nothing: () => undefined,
    number: () => Number.NaN,
  };
  await using executor = executorOf("bulky", { concurrency: 20 }).register("work", ({ kind }: { kind: string }) =>
    outputs[kind]?.(),
  );
  // All of them wait, so that their results are sent together.
  const ids: Record<string, string> = {};
  for (const kind of Object.keys(outputs)) ids[kind] = (await platform.api.start("bulky", { kind })).execution_id;
  await executor.start();
  const end = async (kind: string) => {
    const { output, error, steps } = await platform.api.waitForEnd(ids[kind] ?? "");
    return { output, code: error?.code, message: error?.message ?? "", attempts: steps[0]?.attempts };
  };
  assert.deepEqual((await end("small")).output, { ok: true });
  assert.equal(((await end("fits")).output as { value: string }).value.length, 1024 * 1024 - 100);
  const large = await end("large");
  assert.deepEqual([large.code, large.attempts], ["PAYLOAD_TOO_LARGE", 1]);
  assert.match(large.message, /work/);
  assert.match(large.message, /1048576|1 MiB/);
  const huge = await end("huge");
  assert.deepEqual([huge.code, huge.attempts], ["RESULT_REFUSED", 1]);
  assert.deepEqual([(await end("circle")).code, (await end("bigint")).code], ["FUNCTION_FAILED", "FUNCTION_FAILED"]);
  assert.deepEqual((await end("date")).output, { at: "1970-01-01T00:00:00.000Z", map: {} });
  assert.deepEqual([(await end("nothing")).output, (await end("number")).output], [{ value: null }, { value: null }]);
});

test("while the platform is away an executor keeps its results, calls ever less often, and comes back", {
  timeout: 90_000,
}, async () => {
  await registerStep("loyal");
  const gate = createGate();
  const begun = createGate();
  let calls = 0;
  let polls = 0;
  const countingFetch: typeof fetch = (input, init) => {
    if (String(input).endsWith("/tasks/poll")) polls += 1;
    return fetch(input, init);
  };
  await using executor = executorOf("loyal", { fetch: countingFetch }).register("work", async ({ n }) => {
    calls += 1;
    begun.open();
    if (n === 0) await gate.opened;
    return { n };
  });
  await executor.start();
  const [held = ""] = await startMany("loyal", 1);
  await begun.opened;
  warnings.length = 0;
  await platform.kill();
  gate.open();
  const before = polls;
  // Nobody answers for as long as it takes to start a process.
  await platform.start();
  assert.deepEqual((await platform.api.waitForEnd(held)).output, { n: 0 });
  assert.equal(calls, 1, "a task that was done twice");
  assert.ok(polls - before < 100, `${polls - before} polls`);
  assert.deepEqual(warnings.map((warning) => warning.split(":")[0]).toSorted(), [
    "Cannot hand over results",
    "Cannot take tasks",
  ]);
  const [next] = await platform.api.start("loyal", { n: 7 }).then(({ execution_id }) => [execution_id]);
  assert.deepEqual((await platform.api.waitForEnd(next ?? "")).output, { n: 7 });
});

test("tasks that an executor holds over a restart are not given to another", { timeout: 90_000 }, async () => {
  await registerStep("holding");
  const gate = createGate();
  const begun = createGate();
  const calls: string[] = [];
  const work =
    (who: string) =>
    async (_input: unknown, { task }: { task: { delivery: number } }) => {
      calls.push(`${who} ${task.delivery}`);
      if (calls.length === 3) begun.open();
      await gate.opened;
      return { by: who };
    };
  // All of the first one's hands are full: it has nothing to ask for, and must be heard all the same.
  await using first = executorOf("holding", { concurrency: 3 }).register("work", work("first"));
  await first.start();
  const ids = await startMany("holding", 3);
  await begun.opened;
  await using second = executorOf("holding", { concurrency: 3 }).register("work", work("second"));
  await second.start();
  for (let restart = 0; restart < 2; restart++) {
    await platform.kill();
    await platform.start();
    // Longer than the platform waits before it offers tasks again that nobody holds.
    await letPass(2);
  }
  gate.open();
  for (const id of ids) assert.deepEqual((await platform.api.waitForEnd(id)).output, { by: "first" });
  assert.deepEqual(calls, ["first 1", "first 1", "first 1"]);
});

test("an executor that the platform refuses says so at its start", { timeout: 60_000 }, async () => {
  await assert.rejects(executorOf("@http").start(), { name: "MagicFlowError", code: "BAD_REQUEST", status: 400 });
  const port = 1;
  const nowhere = executorOf("nowhere", { url: `http://127.0.0.1:${port}` });
  // A platform that is away is waited for, until the executor is stopped.
  const starting = nowhere.start();
  await nowhere.stop({ graceMs: 0 });
  await starting;
});
