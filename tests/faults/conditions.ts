/** Waiting for what is to come true, and what the tests of bad machines have in common. */

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { Readiness } from "../../src/core/protocol/health.ts";
import type { Problem } from "../../src/core/protocol/problems.ts";
import type { Api } from "../e2e/api.ts";

/** How long it took, in milliseconds; fails with `what` if it does not come true. */
export async function until(what: string, isTrue: () => Promise<boolean>, patienceMs = 30_000): Promise<number> {
  const since = performance.now();
  for (;;) {
    if (await isTrue()) return performance.now() - since;
    if (performance.now() - since > patienceMs)
      assert.fail(`Expected ${what}, but it is not so after ${patienceMs} ms.`);
    await pause(10);
  }
}

export async function readinessOf(api: Api): Promise<{ readonly code: number; readonly readiness: Readiness }> {
  const { status, body } = await api.get<Readiness>("/ready");
  return { code: status, readiness: body };
}

export function isReady(api: Api): () => Promise<boolean> {
  return async () => (await readinessOf(api)).readiness.status === "ok";
}

export function isNotReady(api: Api): () => Promise<boolean> {
  return async () => (await readinessOf(api)).code === 503;
}

/** A start that must not be accepted now, and is told when to come back. */
export async function refuseStart(api: Api, workflow: string, key: string): Promise<Problem> {
  const answer = await api.post<Problem>(
    `/api/v1/workflows/${workflow}/execute`,
    { input: {} },
    { "idempotency-key": key },
  );
  assert.equal(answer.status, 503, answer.text);
  assert.match(answer.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  return answer.body;
}

export function workflow(name: string, steps: string): string {
  return `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: ${name}, version: 1.0.0 }
spec:
  steps:
${steps}
`;
}

/** One task of an executor that the test itself is. */
export const TASK: string = workflow("task", "    - { name: work, executor: hand, function: work }");

/** Works off all tasks that are to be had, until `count` have been. */
export async function workOff(api: Api, count: number): Promise<void> {
  for (let done = 0; done < count; ) {
    const tasks = await api.poll({ executor: "hand", max_tasks: 100 });
    const outcomes = await api.finish(
      tasks.map(({ id }) => ({ task_id: id, status: "completed", output: { ok: true } })),
    );
    done += outcomes.filter(({ outcome }) => outcome === "accepted").length;
  }
}
