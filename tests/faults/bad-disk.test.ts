/** A disk that reports errors or takes its time: nothing is acknowledged that is not on it, and nobody has to restart. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { StartAnswer } from "../../src/core/protocol/starts.ts";
import { isNotReady, isReady, readinessOf, refuseStart, TASK, until, workOff } from "./conditions.ts";
import { type BadMachine, startOnBadMachine } from "./machine.ts";

for (const way of ["library", "injection"] as const) {
  test(`an fsync that fails: nothing is taken, reads go on, and all goes on with the disk (${way})`, {
    timeout: 90_000,
  }, async (t) => {
    await using machine = await startOnBadMachine(way === "injection" ? { way } : {});
    t.diagnostic(`faults by ${machine.way}`);
    await survives(machine, { syncError: "EIO" });
  });
}

test("a write that fails is survived like it", { timeout: 90_000 }, async () => {
  await using machine = await startOnBadMachine();
  await survives(machine, { writeError: "EIO" });
});

async function survives(machine: BadMachine, faults: Parameters<BadMachine["suffer"]>[0]): Promise<void> {
  const { platform, suffer } = machine;
  const { api } = platform;
  await api.register(TASK);
  const before = await api.start("task");

  suffer(faults);
  const problem = await refuseStart(api, "task", "while-broken");
  assert.equal(problem.code, "UNAVAILABLE");
  const unreadyMs = await until("it to say that it is not ready", isNotReady(api));
  assert.ok(unreadyMs <= 1000, `not ready only ${Math.round(unreadyMs)} ms after the first refusal`);
  for (let n = 0; n < 10; n++) {
    await refuseStart(api, "task", `while-broken-${n}`);
    assert.equal((await api.read(before.execution_id)).status, "running", "reads go on");
    assert.equal((await readinessOf(api)).code, 503, "it stays so while the disk is broken");
  }
  assert.equal((await api.get("/health")).status, 200, "it is alive");

  suffer({});
  await until("it to be ready again", isReady(api));
  const again = await api.post<StartAnswer>(
    "/api/v1/workflows/task/execute",
    { input: {} },
    { "idempotency-key": "while-broken" },
  );
  // The write that failed may be on disk after all: then the key is known, and it is the same execution.
  assert.ok(again.status === 202 || again.status === 200, again.text);
  const { body } = await api.get<{ items: { execution_id: string }[] }>("/api/v1/executions?limit=100");
  await workOff(api, body.items.length);
  for (const { execution_id } of body.items) {
    assert.equal((await api.waitForEnd(execution_id)).status, "completed");
    const seqs = (await api.history(execution_id)).map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.map((_, i) => i + 1),
    );
  }
}

test("a slow disk makes callers wait; nothing is lost, and memory stays as it is", { timeout: 120_000 }, async () => {
  await using machine = await startOnBadMachine();
  const { platform, suffer } = machine;
  const { api } = platform;
  await api.register(TASK);
  await api.start("task");
  const residentBefore = await residentMiB(platform.child.pid);

  suffer({ delayMs: 1500 });
  const begunAt = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 400 }, (_, n) =>
      api.post<StartAnswer>(
        "/api/v1/workflows/task/execute",
        { input: { n, filling: "x".repeat(2000) } },
        { "idempotency-key": `slow-${n}` },
      ),
    ),
  );
  assert.ok(performance.now() - begunAt > 1500, "answers wait for the disk");
  for (const { status, headers, text } of answers) {
    assert.ok(status === 202 || status === 503, text);
    if (status === 503) assert.notEqual(headers.get("retry-after"), null);
  }
  const grownMiB = (await residentMiB(platform.child.pid)) - residentBefore;
  assert.ok(grownMiB < 150, `memory grew by ${grownMiB} MiB`);

  suffer({});
  await until("it to be ready again", isReady(api));
  const accepted = answers.flatMap(({ status, body }) => (status === 202 ? [body.execution_id] : []));
  await workOff(api, accepted.length + 1);
  for (const id of accepted.slice(0, 50)) assert.equal((await api.waitForEnd(id)).status, "completed");
  const { body } = await api.get<{ executions: Record<string, number> }>("/health/workflow");
  assert.ok((body.executions["completed"] ?? 0) >= accepted.length + 1);
});

async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}
