/** Circuit breakers of the real process: open, half open and the line for them outlast a kill, and people see and reset them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { BreakerMessage } from "../../src/core/protocol/breakers.ts";
import type { ExplanationMessage } from "../../src/core/protocol/explanations.ts";
import { type Platform, startPlatform } from "./platform.ts";

const PLACE = "/api/v1/circuit-breakers/shop%2Fpay";

function paying(name: string, more: string): string {
  return `apiVersion: magicflow.io/v2
kind: Workflow
metadata: { name: ${name}, version: 1.0.0 }
spec:
  steps:
    - { name: pay, executor: shop, function: pay, circuit_breaker: { failure_threshold: 2, recovery_timeout: 4s, half_open_max_calls: 1${more} } }
`;
}

async function take({ api }: Platform): Promise<{ readonly id: string; readonly execution: string }> {
  const [task] = await api.poll({ executor: "shop", max_tasks: 1, wait_ms: 20_000 });
  assert.ok(task !== undefined);
  return { id: task.id, execution: task.execution_id };
}

async function fail(platform: Platform): Promise<void> {
  const { id, execution } = await take(platform);
  await platform.api.finish([{ task_id: id, status: "failed", error: { code: "DOWN", message: "It is down." } }]);
  await platform.api.waitForEnd(execution);
}

async function breaker({ api }: Platform): Promise<BreakerMessage> {
  return (await api.get<BreakerMessage>(PLACE)).body;
}

/** Asks until it is so: whatever is told to a breaker needs a moment. */
async function becomes(platform: Platform, isSo: (breaker: BreakerMessage) => boolean): Promise<BreakerMessage> {
  for (;;) {
    const seen = await breaker(platform);
    if (isSo(seen)) return seen;
  }
}

test("a kill while open and while half open changes nothing of it", { timeout: 180_000 }, async () => {
  await using platform = await startPlatform();
  const { api } = platform;
  await api.register(paying("hasty", ""));
  await api.register(paying("patient", ", on_open: wait"));
  for (let n = 0; n < 2; n++) {
    await api.start("hasty", {});
    await fail(platform);
  }
  const opened = await becomes(platform, ({ state }) => state === "open");
  assert.equal(opened.transitions.at(-1)?.reason, "2 calls in a row failed");
  const waiting = await api.start("patient", {});
  await becomes(platform, (seen) => seen.waiting === 1);
  const refused = await api.waitForEnd((await api.start("hasty", {})).execution_id);
  assert.equal(refused.error?.code, "CIRCUIT_OPEN");
  assert.equal(refused.steps[0]?.attempts, 0);

  await platform.kill();
  await platform.start();
  const kept = await breaker(platform);
  assert.deepEqual([kept.since, kept.waiting], [opened.since, 1]);

  const trial = await take(platform);
  assert.equal(trial.execution, waiting.execution_id);
  assert.ok(Date.now() >= Date.parse(opened.until ?? ""), "nobody is let through early");
  assert.equal((await breaker(platform)).state, "half_open");

  await platform.kill();
  await platform.start();
  const half = await breaker(platform);
  assert.deepEqual([half.state, half.half_open?.calls_out, half.half_open?.calls_max], ["half_open", 1, 1]);
  const other = await api.waitForEnd((await api.start("hasty", {})).execution_id);
  assert.equal(other.error?.code, "CIRCUIT_OPEN");
  const next = await api.start("patient", {});
  const explained = async () =>
    (await api.get<ExplanationMessage>(`/api/v1/executions/${next.execution_id}/explain`)).body.sentence;
  await becomes(platform, (seen) => seen.waiting === 1);
  assert.equal(
    await explained(),
    'Step "pay" waits for the circuit breaker of "shop/pay", which is half open, with 1 of 1 call out to see.',
  );

  await api.finish([{ task_id: trial.id, status: "completed", output: {} }]);
  assert.equal((await api.waitForEnd(waiting.execution_id)).status, "completed");
  const last = await take(platform);
  assert.equal(last.execution, next.execution_id);
  await api.finish([{ task_id: last.id, status: "completed", output: {} }]);
  assert.equal((await api.waitForEnd(next.execution_id)).status, "completed");
  const closed = await breaker(platform);
  assert.deepEqual(
    closed.transitions.map(({ to }) => to),
    ["open", "half_open", "closed"],
  );
  assert.deepEqual(platform.faults, []);
});

test("the command line lists, shows and resets them", { timeout: 120_000 }, async () => {
  await using platform = await startPlatform();
  const { api } = platform;
  await api.register(paying("hasty", "").replace("4s", "1h"));
  for (let n = 0; n < 2; n++) {
    await api.start("hasty", {});
    await fail(platform);
  }
  await becomes(platform, ({ state }) => state === "open");
  const listed = await platform.cli(["circuit-breakers", "list", "--state", "open"]);
  assert.equal(listed.code, 0, listed.stderr);
  assert.match(listed.stdout, /^shop\/pay +open +2.*Z +2.*Z +0 +0$/m);
  const shown = await platform.cli(["circuit-breakers", "get", "shop/pay"]);
  assert.match(shown.stdout, /^opens at +2 in a row$/m);
  assert.match(shown.stdout, /closed -> open +2 calls in a row failed/);
  const reset = await platform.cli(["circuit-breakers", "reset", "shop/pay"]);
  assert.deepEqual([reset.code, reset.stderr.trim()], [0, "shop/pay is closed"]);
  const after = JSON.parse((await platform.cli(["circuit-breakers", "get", "shop/pay", "--json"])).stdout);
  assert.equal((after as BreakerMessage).state, "closed");
  assert.equal((await platform.cli(["circuit-breakers", "get", "nobody/knows"])).code, 5);
  assert.deepEqual(platform.faults, []);
});
