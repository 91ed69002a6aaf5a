/** Starts: what is checked, and that one key gives one execution. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Json } from "../core/base/json.ts";
import { ORDER, openWorld, refused, SHORT, startOf, WORKSPACE, workflow } from "./world.test.ts";

const CHECKED = workflow(
  "checked",
  `    - { name: note, type: set, variables: { noted: $.input.amount } }
  output: { amount: $.input.amount, currency: $.input.currency }
`,
  `  input_schema:
    type: object
    required: [amount, items]
    properties:
      amount: { type: number, minimum: 1 }
      currency: { type: string, default: EUR }
      items: { type: array, items: { type: string } }
`,
);

const DAY_MS = 24 * 3_600_000;

test("input that breaks the schema is refused with every place that is wrong", async () => {
  const world = await openWorld({ workflows: [CHECKED] });
  const outcome = await world.start("checked", { input: { amount: 0, items: ["a", 1] } });
  assert.ok(!outcome.ok);
  assert.equal(outcome.refusal.code, "VALIDATION_FAILED");
  assert.deepEqual(outcome.refusal.errors?.map((error) => error.pointer).sort(), ["/amount", "/items/1"]);
  const missing = await world.start("checked", { input: {} });
  assert.equal(!missing.ok && missing.refusal.errors?.length, 2);
  await world.close();
});

test("defaults of the schema are filled in", async () => {
  const world = await openWorld({ workflows: [CHECKED] });
  const id = await world.started("checked", { input: { amount: 2, items: [] } });
  const last = (await world.history(id)).at(-1);
  assert.ok(last?.type === "ExecutionCompleted");
  assert.deepEqual(last.data.output, { amount: 2, currency: "EUR" });
  await world.close();
});

test("a workflow or version that is not there, or archived, is refused", async () => {
  const world = await openWorld({ workflows: [SHORT] });
  assert.equal(refused(await world.start("nothing")), "WORKFLOW_NOT_FOUND");
  assert.equal(refused(await world.start("short", { version: "9.9.9" })), "VERSION_NOT_FOUND");
  await world.started("short");
  await world.host.definitions.archive({ workspace: WORKSPACE, workflow: "short", ifMatch: null, now: 0 });
  assert.equal(refused(await world.start("short")), "WORKFLOW_ARCHIVED");
  assert.equal(refused(await world.start("short", { version: "1.0.0" })), "WORKFLOW_ARCHIVED");
  await world.close();
});

test("input longer than the limit is refused", async () => {
  const world = await openWorld({ workflows: [SHORT], limits: { payloadBytesMax: 100 } });
  assert.equal(refused(await world.start("short", { input: "x".repeat(200) })), "PAYLOAD_TOO_LARGE");
  await world.close();
});

test("key and chosen id together, or an id of other letters, are refused", async () => {
  const world = await openWorld({ workflows: [SHORT] });
  assert.equal(refused(await world.start("short", { executionId: "a", idempotencyKey: "k" })), "BAD_REQUEST");
  for (const executionId of ["", "a.b", "a/b", "ä", "x".repeat(129)]) {
    assert.equal(refused(await world.start("short", { executionId })), "BAD_REQUEST");
  }
  await world.close();
});

for (const [name, named] of [
  ["an idempotency key", { idempotencyKey: "k" }],
  ["a chosen id", { executionId: "k" }],
] as const) {
  test(`${name} gives one execution, however often it is sent at once`, async () => {
    const world = await openWorld({ workflows: [ORDER] });
    const outcomes = await world.now(
      Promise.all(Array.from({ length: 50 }, () => world.host.start(startOf("order", named)))),
    );
    const started = outcomes.flatMap((outcome) => (outcome.ok ? [outcome] : []));
    assert.equal(started.length, 50);
    assert.equal(new Set(started.map(({ row }) => row.id)).size, 1);
    assert.equal(started.filter(({ isNew }) => isNew).length, 1);
    assert.equal((await world.host.find({ workspace: WORKSPACE, limit: 10 })).rows.length, 1);
    await world.close();
  });

  test(`${name} answers later with the execution as it is now, and with a conflict where the body differs`, async () => {
    const world = await openWorld({ workflows: [ORDER, SHORT] });
    const body = { input: { a: 1, b: [2] }, ...named };
    const id = await world.started("order", body);
    await world.work();
    await world.work();
    const again = await world.start("order", { ...body, input: { b: [2], a: 1 }, metadata: { trace: "other" } });
    assert.ok(again.ok);
    assert.deepEqual([again.isNew, again.row.id, again.row.status], [false, id, "completed"]);
    const others: { input?: Json; version?: string; priority?: number; timeoutMs?: number }[] = [
      { input: { a: 1 } },
      { version: "1.0.0" },
      { priority: 9 },
      { timeoutMs: 5 },
    ];
    for (const other of others)
      assert.equal(refused(await world.start("order", { ...body, ...other })), "IDEMPOTENCY_CONFLICT");
    await world.close();
  });

  test(`${name} is known while its start is not on disk yet, and free again if that is lost`, async () => {
    let isBroken = true;
    const world = await openWorld({
      workflows: [ORDER],
      intercept: async (call, go) => {
        if (call === "append" && isBroken) {
          await Promise.resolve();
          throw new Error("The disk is away.");
        }
        return go();
      },
    });
    const outcomes = await world.now(
      Promise.all(Array.from({ length: 5 }, () => world.host.start(startOf("order", named)))),
    );
    assert.deepEqual(new Set(outcomes.map(refused)), new Set(["UNAVAILABLE"]));
    isBroken = false;
    await world.pass(1000);
    const again = await world.start("order", named);
    assert.ok(again.ok && again.isNew);
    await world.close();
  });
}

test("a key lives for a day, and is scoped to its workflow and workspace", async () => {
  const world = await openWorld({ workflows: [ORDER, SHORT] });
  const first = await world.started("order", { idempotencyKey: "k" });
  const other = await world.started("short", { idempotencyKey: "k" });
  assert.notEqual(first, other);
  world.clock.set(world.clock.now() + DAY_MS - 1000);
  assert.equal(await world.started("order", { idempotencyKey: "k" }), first);
  world.clock.set(world.clock.now() + 2000);
  const later = await world.start("order", { idempotencyKey: "k", input: { other: true } });
  assert.ok(later.ok && later.isNew && later.row.id !== first);
  await world.close();
});

test("a chosen id is known for as long as its execution is kept", async () => {
  const world = await openWorld({ workflows: [SHORT] });
  await world.started("short", { executionId: "a" });
  world.clock.set(world.clock.now() + 400 * DAY_MS);
  await world.pass(2000);
  const again = await world.start("short", { executionId: "a" });
  assert.ok(again.ok && !again.isNew);
  await world.close();
});

test("an id that the platform has generated cannot be chosen", async () => {
  const world = await openWorld({ workflows: [SHORT, ORDER] });
  const ended = await world.started("short");
  const running = await world.started("order");
  for (const executionId of [ended, running]) {
    assert.equal(refused(await world.start("short", { executionId })), "IDEMPOTENCY_CONFLICT");
  }
  await world.close();
});

test("a rerun is a new execution that names its origin, once for each command", async () => {
  const world = await openWorld({ workflows: [ORDER] });
  const id = await world.started("order", { input: { n: 1 }, metadata: { team: "a" }, priority: 7, timeoutMs: 60_000 });
  const ask = (commandId: string, input?: Json) =>
    world.now(world.host.rerun({ workspace: WORKSPACE, executionId: id, commandId, input, version: null }));
  const [first, second, edited] = [await ask("c1"), await ask("c1"), await ask("c2", { n: 2 })];
  assert.ok(first.ok && second.ok && edited.ok);
  assert.deepEqual([first.isNew, second.isNew, edited.isNew], [true, false, true]);
  assert.equal(first.row.id, second.row.id);
  assert.equal(first.row.originId, id);
  const start = (await world.history(first.row.id))[0];
  assert.ok(start?.type === "ExecutionStarted");
  assert.deepEqual(start.data.input, { n: 1 });
  assert.deepEqual([start.data.metadata, start.data.priority], [{ team: "a" }, 7]);
  assert.equal(Date.parse(start.data.due ?? ""), Date.parse(start.at) + 60_000);
  assert.equal(
    refused(
      await world.now(
        world.host.rerun({ workspace: "other", executionId: id, commandId: "c", input: undefined, version: null }),
      ),
    ),
    "EXECUTION_NOT_FOUND",
  );
  await world.close();
});

test("no workspace sees or changes the executions of another", async () => {
  const world = await openWorld({ workflows: [ORDER] });
  const executionId = await world.started("order");
  const place = { workspace: "other", executionId };
  const { host } = world;
  assert.equal(await world.now(host.read(place)), null);
  assert.equal(await world.now(host.readHistory({ ...place, afterSeq: 0, bytesMax: 1 })), null);
  assert.equal(await world.now(host.follow({ ...place, afterSeq: 0, signal: new AbortController().signal })), null);
  const asked = [
    host.cancel({ ...place, commandId: "c", reason: "" }),
    host.terminate({ ...place, commandId: "c", reason: "" }),
    host.pause({ ...place, commandId: "c", freezeTimers: false }),
    host.resume({ ...place, commandId: "c" }),
    host.signal({ ...place, commandId: "c", name: "n", data: null }),
    host.retry({ ...place, commandId: "c" }),
  ];
  for (const outcome of await world.now(Promise.all(asked))) assert.equal(refused(outcome), "EXECUTION_NOT_FOUND");
  assert.deepEqual(await world.types(executionId), ["ExecutionStarted", "StepScheduled"]);
  await world.close();
});

test("commands that do not fit are refused, and repeated ones are fulfilled", async () => {
  const world = await openWorld({ workflows: [ORDER] });
  const executionId = await world.started("order");
  const place = { workspace: WORKSPACE, executionId };
  const { host } = world;
  const signal = () => world.now(host.signal({ ...place, commandId: "s", name: "go", data: 1 }));
  assert.equal(refused(await world.now(host.retry({ ...place, commandId: "r" }))), "EXECUTION_NOT_ENDED");
  assert.equal(refused(await signal()), "ok");
  assert.equal(refused(await signal()), "ok");
  await world.work();
  await world.work();
  assert.equal(refused(await signal()), "ok", "known by its id");
  assert.equal(
    refused(await world.now(host.signal({ ...place, commandId: "t", name: "go", data: 1 }))),
    "EXECUTION_ENDED",
  );
  assert.equal(refused(await world.now(host.cancel({ ...place, commandId: "c", reason: "" }))), "EXECUTION_ENDED");
  assert.equal(refused(await world.now(host.retry({ ...place, commandId: "r" }))), "EXECUTION_COMPLETED");
  assert.equal(
    refused(await world.now(host.cancel({ workspace: WORKSPACE, executionId: "nobody", commandId: "c", reason: "" }))),
    "EXECUTION_NOT_FOUND",
  );
  assert.equal(world.inMemory(), 0, "what was loaded to be asked is let go of");
  assert.equal((await world.types(executionId)).filter((type) => type === "SignalReceived").length, 1);
  await world.close();
});
