/**
 * Kill -9, again and again, in the middle of work: of the platform while orders come in and run, of an executor while it
 * holds tasks. Whatever was accepted ends, and everything happened once.
 */

import assert from "node:assert/strict";
import { watch } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Json } from "../../src/core/base/json.ts";
import type { ExecutionSummary, HistoryEventMessage } from "../../src/core/protocol/executions.ts";
import type { StartAnswer } from "../../src/core/protocol/starts.ts";
import type { Task } from "../../src/core/protocol/tasks.ts";
import type { Answered } from "./api.ts";
import { startChild } from "./child.ts";
import { MAGICFLOW, type Platform, startExample, startExecutor, startPlatform } from "./platform.ts";

const ORDERS_PER_ROUND = 10;

test("twenty kills in the middle of two hundred orders lose and repeat nothing", { timeout: 240_000 }, async () => {
  await interruptOrders(20, (platform) => platform.kill());
});

test("stops in the middle of orders lose and repeat nothing either", { timeout: 120_000 }, async () => {
  await interruptOrders(5, async (platform) => {
    assert.deepEqual(await platform.stop(), { code: 0, signal: null });
  });
});

async function interruptOrders(rounds: number, end: (platform: Platform) => Promise<void>): Promise<void> {
  await using platform = await startPlatform();
  await using _executor = await startExample("order-processing", platform);
  const applied = await platform.cli(["apply", "-f", "examples/order-processing"]);
  assert.equal(applied.code, 0, applied.stderr);

  const shop = createShop(platform);
  for (let round = 0; round < rounds; round++) {
    const orders = Array.from({ length: ORDERS_PER_ROUND }, () => shop.order());
    // By turns after the first orders of the round were accepted, after all of them, and after one has got some way.
    await (round % 3 === 0 ? Promise.any(orders) : Promise.all(orders));
    if (round % 3 === 2) await reachTotals(platform, await Promise.any(orders));
    shop.pause();
    await end(platform);
    await platform.start();
    shop.resume();
  }
  const accepted = await shop.close();
  assert.equal(accepted.size, rounds * ORDERS_PER_ROUND);

  const listed = await listAll(platform);
  assert.deepEqual(new Set(listed.map(({ execution_id }) => execution_id)), new Set(accepted.values()));
  assert.equal(listed.length, accepted.size, "an order that runs twice");
  for (const [orderId, executionId] of accepted) {
    const execution = await platform.api.waitForEnd(executionId);
    assert.equal(execution.status, "completed", JSON.stringify(execution.error));
    assert.deepEqual(execution.output, outputOf(orderId));
    checkHistory(await platform.api.history(executionId));
  }
  assert.deepEqual(platform.faults, []);
}

interface Shop {
  /** Resolves with the execution's id once the order was accepted, over however many restarts that takes. */
  order(): Promise<string>;
  /** What breaks from now on waits for `resume`. */
  pause(): void;
  resume(): void;
  /** Execution ids by the ids of orders, once all of them were accepted. */
  close(): Promise<ReadonlyMap<string, string>>;
}

/** A client that never gives an order up: what was not answered is sent again with the same key. */
function createShop(platform: Platform): Shop {
  const orders: Promise<string>[] = [];
  const accepted = new Map<string, string>();
  let open = Promise.withResolvers<void>();
  open.resolve();

  async function send(orderId: string): Promise<string> {
    for (;;) {
      await open.promise;
      const answer = await tryToStart(platform, orderId);
      if (answer?.status === 200 || answer?.status === 202) {
        accepted.set(orderId, answer.body.execution_id);
        return answer.body.execution_id;
      }
      assert.ok(answer === null || answer.status === 503, answer?.text ?? "no answer");
    }
  }

  return {
    order() {
      const order = send(`order-${orders.length}`);
      orders.push(order);
      return order;
    },
    pause() {
      open = Promise.withResolvers<void>();
    },
    resume: () => open.resolve(),
    async close() {
      await Promise.all(orders);
      return accepted;
    },
  };
}

/** Null: the connection broke, and nobody knows whether the order was taken. */
function tryToStart(platform: Platform, orderId: string): Promise<Answered<StartAnswer> | null> {
  return platform.api
    .post<StartAnswer>("/api/v1/workflows/order-processing/execute", inputOf(orderId), { "idempotency-key": orderId })
    .catch(() => null);
}

function inputOf(orderId: string): { readonly input: Json } {
  const items = [{ product_id: "product-789", quantity: 2, price: 29.99 }];
  return { input: { order_id: orderId, customer_id: "customer-456", items } };
}

function outputOf(orderId: string): Json {
  return {
    order_id: orderId,
    // 59.98, a tenth less, and 8.25 % on top: 58.43551...
    total: 58.44,
    payment_id: `pay-${orderId}`,
    tracking_number: `track-${orderId}`,
    invoice_number: `inv-${orderId}`,
  };
}

async function reachTotals(platform: Platform, executionId: string): Promise<void> {
  await platform.api.waitForEvent(executionId, ({ type, path }) => type === "StepCompleted" && path === "totals");
}

async function listAll(platform: Platform): Promise<readonly ExecutionSummary[]> {
  const items: ExecutionSummary[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Answered<{ items: ExecutionSummary[]; next_cursor: string | null }> = await platform.api.get(
      `/api/v1/executions?limit=30${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    items.push(...page.body.items);
    cursor = page.body.next_cursor;
  }
  return items;
}

/** Attempts by which each step of an order ends: the bank is busy at the first. */
const ATTEMPTS: Readonly<Record<string, number>> = {
  "checks.customer.check-customer": 1,
  "checks.stock.check-stock": 1,
  totals: 1,
  payment: 2,
  "fulfilment.shipping.ship": 1,
  "fulfilment.invoice.send-invoice": 1,
};

const ENDS_ATTEMPT: ReadonlySet<string> = new Set(["StepCompleted", "StepFailed", "StepAttemptFailed"]);

function checkHistory(events: readonly HistoryEventMessage[]): void {
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, i) => i + 1),
    "a gap in the history",
  );
  const count = (fits: (event: HistoryEventMessage) => boolean): number => events.filter(fits).length;
  assert.equal(
    count(({ type }) => type === "ExecutionStarted"),
    1,
  );
  assert.equal(
    count(({ type }) => type === "ExecutionCompleted"),
    1,
  );
  assert.equal(events.at(-1)?.type, "ExecutionCompleted");
  for (const [path, attempts] of Object.entries(ATTEMPTS)) {
    assert.equal(
      count((event) => event.type === "StepCompleted" && event.path === path),
      1,
      path,
    );
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const isOfAttempt = (event: HistoryEventMessage) => event.path === path && event.attempt === attempt;
      assert.equal(
        count((event) => event.type === "StepScheduled" && isOfAttempt(event)),
        1,
        `${path} ${attempt}`,
      );
      assert.equal(
        count((event) => ENDS_ATTEMPT.has(event.type) && isOfAttempt(event)),
        1,
        `${path} ${attempt}`,
      );
    }
    assert.equal(
      count((event) => event.path === path && (event.attempt ?? 0) > attempts),
      0,
      path,
    );
  }
}

test("kills while it starts leave everything as it was", { timeout: 120_000 }, async () => {
  await using platform = await startPlatform();
  const { api, dataDirectory } = platform;
  await api.register(WORK);
  const started = await Promise.all(Array.from({ length: 50 }, (_, i) => api.start("work", { i })));
  const histories = await Promise.all(started.map(({ execution_id }) => api.history(execution_id)));
  await platform.kill();
  for (let moment = 1; moment <= 8; moment++) {
    const args = ["start", "--port", "0", "--dashboard-port", "0", "--data-dir", dataDirectory];
    await using starting = startChild(MAGICFLOW, args);
    await Promise.race([sawChanges(dataDirectory, moment), starting.until(/is ready/)]);
    await starting.end("SIGKILL");
  }
  await platform.start();
  for (const [i, { execution_id }] of started.entries())
    assert.deepEqual(await api.history(execution_id), histories[i]);
  // Each shard offers its tasks as soon as it has loaded them.
  const tasks: Task[] = [];
  while (tasks.length < 50) tasks.push(...(await api.poll({ executor: "patient", max_tasks: 100 })));
  assert.equal(new Set(tasks.map(({ id }) => id)).size, 50);
  assert.deepEqual(new Set(tasks.map(({ attempt, delivery }) => `${attempt} ${delivery}`)), new Set(["1 1"]));
  assert.deepEqual(platform.faults, []);
});

/** Resolves at the n-th change of the files in a folder. */
async function sawChanges(folder: string, count: number): Promise<void> {
  let seen = 0;
  for await (const _ of watch(folder)) if (++seen >= count) return;
}

const WORK = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: work, version: 1.0.0 }
spec:
  steps:
    - { name: work, executor: patient, function: work, retry: { max_attempts: 1 } }
`;

test("what a killed executor held is given to another within the lease", { timeout: 120_000 }, async () => {
  await using platform = await startPlatform();
  const { api } = platform;
  await api.register(WORK);
  const program = join(import.meta.dirname, "programs/patient-executor.ts");
  const started = await Promise.all(Array.from({ length: 5 }, () => api.start("work")));

  await using first = await startExecutor(program, platform, { MODE: "hang" });
  await first.until(/began \S+ delivery 1\n/, 5);
  await using second = await startExecutor(program, platform, { MODE: "answer" });
  const killedAt = Date.now();
  await first.end("SIGKILL");

  await second.until(/began \S+ delivery 2\n/, 5);
  const leaseMs = 1000;
  // The lease, the sweep that notices, and a slow machine.
  assert.ok(Date.now() - killedAt < leaseMs + 4000, `${Date.now() - killedAt} ms`);
  for (const { execution_id } of started) {
    const execution = await api.waitForEnd(execution_id);
    assert.equal(execution.status, "completed");
    assert.deepEqual(execution.output, { delivery: 2 });
    assert.deepEqual(
      execution.steps.map(({ attempts }) => attempts),
      [1],
    );
    const ends = (await api.history(execution_id)).filter(({ type }) => ENDS_ATTEMPT.has(type));
    assert.deepEqual(
      ends.map(({ type }) => type),
      ["StepCompleted"],
    );
  }
  assert.equal(second.stdout.match(/^began /gm)?.length, 5, "a task that was delivered more often than it was lost");
  assert.deepEqual(await second.end("SIGTERM"), { code: 0, signal: null });
});
