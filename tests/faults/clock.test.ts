/** A wall clock that jumps, and processes that stand still: time-outs and leases must not take a jump for time. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { HistoryEventMessage } from "../../src/core/protocol/executions.ts";
import type { StartAnswer } from "../../src/core/protocol/starts.ts";
import { startExecutor, startPlatform } from "../e2e/platform.ts";
import { isReady, TASK, until, workflow, workOff } from "./conditions.ts";
import { startOnBadMachine } from "./machine.ts";

const HOUR_MS = 3_600_000;

const NAP = workflow("nap", "    - { name: nap, type: wait, duration: 2s }");
const DAY = workflow("day", "    - { name: nap, type: wait, duration: 23h }");

// Side by side: most of their time they wait.
describe("time that jumps or stands still", { concurrency: true }, () => {
  for (const way of ["library", "injection"] as const) {
    test(`a clock that jumps ahead by a day and back by an hour (${way})`, { timeout: 120_000 }, async (t) => {
      await using machine = await startOnBadMachine(way === "injection" ? { way } : {});
      t.diagnostic(`faults by ${machine.way}`);
      const { platform, suffer } = machine;
      const { api } = platform;
      for (const text of [NAP, DAY, TASK]) await api.register(text);
      const day = await api.start("day");
      const held = await api.start("task");
      const [task] = await api.poll({ executor: "hand" });
      assert.equal(task?.execution_id, held.execution_id);
      const keyed = () =>
        api.post<StartAnswer>("/api/v1/workflows/nap/execute", { input: {} }, { "idempotency-key": "over-the-jump" });
      const first = await keyed();

      // Ahead: what became due by it ends at once, and a task that somebody works on is not taken away.
      const jumpedAt = performance.now();
      suffer({ clockOffsetMs: 24 * HOUR_MS });
      const ended = await api.waitForEnd(day.execution_id);
      const lateMs = performance.now() - jumpedAt;
      assert.equal(ended.status, "completed");
      assert.ok(lateMs <= 5000, `woken ${Math.round(lateMs)} ms after the jump`);
      checkNap(await api.history(day.execution_id));
      const [outcome] = await api.finish([{ task_id: task?.id ?? "", status: "completed", output: { ok: true } }]);
      assert.equal(outcome?.outcome, "accepted");
      assert.equal((await api.waitForEnd(held.execution_id)).status, "completed");
      assert.equal((await api.waitForEnd(first.body.execution_id)).status, "completed");

      // Back: nothing fires before its time by the clock as it is now, and nothing new stands still.
      suffer({ clockOffsetMs: 23 * HOUR_MS });
      const nap = await api.start("nap");
      assert.equal((await api.waitForEnd(nap.execution_id)).status, "completed");
      checkNap(await api.history(nap.execution_id));
      await api.start("task");
      await workOff(api, 1);
      await until("it to be ready", isReady(api));
      assert.deepEqual(platform.faults, []);
    });
  }

  test("an executor that stands still for longer than its lease loses its task to another, and one result counts", {
    timeout: 90_000,
  }, async () => {
    await using platform = await startPlatform();
    const { api } = platform;
    await api.register(workflow("work", "    - { name: work, executor: patient, function: work }"));
    const { execution_id } = await api.start("work");
    const program = join(import.meta.dirname, "../e2e/programs/patient-executor.ts");
    await using first = await startExecutor(program, platform, { MODE: "hang" });
    await first.until(/began \S+ delivery 1\n/);
    process.kill(first.pid, "SIGSTOP");
    await using second = await startExecutor(program, platform, { MODE: "answer" });
    await second.until(/began \S+ delivery 2\n/);
    const ended = await api.waitForEnd(execution_id);
    assert.deepEqual(ended.output, { delivery: 2 });
    process.kill(first.pid, "SIGCONT");
    const history = await api.history(execution_id);
    assert.equal(history.filter(({ type }) => type === "StepCompleted").length, 1);
  });

  test("a platform that stands still for 40 seconds goes on where it was", { timeout: 120_000 }, async () => {
    await using platform = await startPlatform();
    const { api } = platform;
    for (const text of [TASK, NAP]) await api.register(text);
    const waiting = await api.start("task");
    const nap = await api.start("nap");
    process.kill(platform.child.pid, "SIGSTOP");
    const pending = api.post<StartAnswer>("/api/v1/workflows/task/execute", { input: {} }, { "idempotency-key": "k" });
    const stoppedAt = performance.now();
    await until("40 seconds to be over", async () => performance.now() - stoppedAt > 40_000, 60_000);
    process.kill(platform.child.pid, "SIGCONT");
    const late = await pending;
    assert.equal(late.status, 202, late.text);
    assert.equal((await api.waitForEnd(nap.execution_id)).status, "completed");
    await workOff(api, 2);
    assert.equal((await api.waitForEnd(waiting.execution_id)).status, "completed");
    await until("it to be ready", isReady(api));
  });
});

/** By the wall clock, as the history has it: never early. */
function checkNap(history: readonly HistoryEventMessage[]): void {
  const started = history.find(({ type, step }) => type === "StepStarted" && step === "nap");
  const woken = history.find(({ type, step }) => type === "StepCompleted" && step === "nap");
  assert(started !== undefined && woken !== undefined, "a pause to have begun and ended");
  const { detail } = started.data as { readonly detail: { readonly until: string } };
  assert.ok(Date.parse(woken.at) >= Date.parse(detail.until), `${woken.at} is before ${detail.until}`);
}
