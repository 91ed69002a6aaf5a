/**
 * The shortest real workflow: two steps of the platform's own. An execution counts when it is completed on disk.
 *
 * Started one by one by 64 clients, the same with the output in the answer (`wait`), and by batches of 100. The latency is
 * that of a steady load of half the rate, counted from the moment at which each start was due.
 */

import type { Driven } from "../drive.ts";
import type { Figure } from "../figures.ts";
import { countExecutions, type Platform, register, startPlatform } from "../platform.ts";
import {
  closed,
  driveLoad,
  halfOf,
  type Load,
  type LoadOptions,
  perSecond,
  type Requests,
  usageFigures,
} from "./load.ts";

const CLIENTS = 64;
const BATCH = 100;
const BATCH_CLIENTS = 8;

const START = { input: { quantity: 3, price: 19.9, customer: { name: "Ada", tier: "gold" } } };

/** An execution of such steps is decided and written in one go, so that already the answer to its start says "completed". */
export const SINGLE: Requests = {
  path: "/api/v1/workflows/simple/execute",
  body: JSON.stringify(START),
  expected: { status: 202, text: '"status":"completed"', times: 1 },
};

const WITH_OUTPUT: Requests = {
  path: "/api/v1/workflows/simple/execute?wait=30s",
  body: JSON.stringify(START),
  expected: { status: 200, text: '"output":{"total":59.', times: 1 },
};

const BATCHES: Requests = {
  path: "/api/v1/workflows/simple/execute/batch",
  body: JSON.stringify({ executions: Array.from({ length: BATCH }, () => START) }),
  expected: { status: 202, text: '"status":"completed"', times: BATCH },
};

export const simple: Load = {
  name: "simple",
  about: "Two steps of the platform's own (`transform`, `set`); an execution counts when it is completed on disk.",
  baselines: ["echo.64", "commit.100"],
  measure,
};

async function measure({ seconds }: LoadOptions): Promise<readonly Figure[]> {
  await using platform = await startPlatform();
  await register(platform.url, "simple");
  const single = await driveLoad(platform, SINGLE, { pace: closed(CLIENTS), seconds });
  const steady = await driveLoad(platform, SINGLE, { pace: halfOf(single, CLIENTS), seconds: seconds / 2 });
  const output = await driveLoad(platform, WITH_OUTPUT, { pace: closed(CLIENTS), seconds: seconds / 2 });
  const batches = await driveLoad(platform, BATCHES, { pace: closed(BATCH_CLIENTS), seconds: seconds / 2 });
  await checkCompleted(platform, [single, steady, output], batches);
  const { latency } = steady;
  const rate = Math.round(perSecond(single) / 2);
  return [
    {
      id: "simple.rate",
      what: `simple, ${CLIENTS} clients: completed`,
      value: perSecond(single),
      unit: "/s",
      baseline: `echo.${CLIENTS}.rate`,
    },
    { id: "simple.p50", what: `simple at ${rate}/s: start answered, p50`, value: latency.p50Ms, unit: "ms" },
    { id: "simple.p99", what: `simple at ${rate}/s: start answered, p99`, value: latency.p99Ms, unit: "ms" },
    {
      id: "simple.late",
      what: `simple at ${rate}/s: of that sent late, p50`,
      value: steady.lateness.p50Ms,
      unit: "ms",
    },
    ...usageFigures("simple", `simple, ${CLIENTS} clients`, single, { clients: CLIENTS }),
    {
      id: "simple.output.rate",
      what: `simple, ${CLIENTS} clients, output in the answer: completed`,
      value: perSecond(output),
      unit: "/s",
      baseline: `echo.${CLIENTS}.rate`,
    },
    {
      id: "simple.batch.rate",
      what: `simple, batches of ${BATCH}, ${BATCH_CLIENTS} clients: completed`,
      value: perSecond(batches) * BATCH,
      unit: "/s",
      baseline: "commit.100.rate",
    },
    ...usageFigures("simple.batch", `simple, batches of ${BATCH}`, batches, { executionsPerAnswer: BATCH }),
  ];
}

/** What was answered must also be what the store knows. */
async function checkCompleted(platform: Platform, singles: readonly Driven[], batches: Driven): Promise<void> {
  const answered = singles.reduce((sum, one) => sum + one.answersInAll, 0) + batches.answersInAll * BATCH;
  const { completed } = await countExecutions(platform.url);
  if (completed !== answered)
    throw new Error(`Expected ${answered} executions to be completed in the store, but there are ${completed}.`);
}
