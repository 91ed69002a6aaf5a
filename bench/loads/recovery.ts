/**
 * A power cut amid 1,000 executions of five steps, with an executor that stays and comes back: how long until every one of
 * them is completed.
 */

import { setTimeout as pause } from "node:timers/promises";
import { runExecutor } from "../drive.ts";
import type { Figure } from "../figures.ts";
import { countExecutions, register, startMany, startPlatform, waitForCompleted } from "../platform.ts";
import { type Load, POLLING_EXECUTOR } from "./load.ts";

const EXECUTIONS = 1000;
/** Of 5,000: most executions are in the middle then. */
const TASKS_BEFORE_KILL = 2000;
const COMPLETED_SECONDS_MAX = 120;

export const recovery: Load = {
  name: "recovery",
  about: "`kill -9` amid 1,000 executions of `chain-5`, with an executor that stays.",
  baselines: ["start"],
  measure,
};

async function measure(): Promise<readonly Figure[]> {
  const first = await startPlatform();
  await register(first.url, "chain-5");
  await startMany(
    first.url,
    "chain-5",
    Array.from({ length: EXECUTIONS }, () => ({ n: 0 })),
  );
  using executor = runExecutor({ kind: "executor", url: first.url, executor: { ...POLLING_EXECUTOR, tasksMax: 100 } });
  while (executor.finished() < TASKS_BEFORE_KILL) await pause(1);
  await first.kill();
  const killedAt = performance.now();
  await using second = await startPlatform({ directory: first.directory, port: Number(new URL(first.url).port) });
  const { completed } = await countExecutions(second.url);
  await waitForCompleted(second.url, EXECUTIONS, COMPLETED_SECONDS_MAX);
  const completedAt = performance.now();
  return [
    {
      id: "recovery.running",
      what: "recovery: executions under way at kill -9",
      value: EXECUTIONS - completed,
      unit: "",
    },
    { id: "recovery.ready", what: "recovery: ready after", value: second.readyMs, unit: "ms", baseline: "start.ready" },
    {
      id: "recovery.completed",
      what: "recovery: all completed after kill -9",
      value: (completedAt - killedAt) / 1000,
      unit: "s",
    },
    {
      id: "recovery.work",
      what: "recovery: of that from ready to all completed",
      value: (completedAt - second.spawnedAt - second.readyMs) / 1000,
      unit: "s",
    },
  ];
}
