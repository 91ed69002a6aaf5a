/**
 * Five steps, each a call of an executor: five commits, five tasks, five results for an execution. Once by the SDK as it
 * comes, once by plain calls over HTTP.
 *
 * 256 clients show how much work can be under way, one client alone shows the way of a task.
 */

import type { Figure } from "../figures.ts";
import { register, startPlatform } from "../platform.ts";
import {
  closed,
  driveLoad,
  EXECUTOR,
  type Load,
  type LoadOptions,
  POLLING_EXECUTOR,
  perSecond,
  type Requests,
  usageFigures,
} from "./load.ts";

const STEPS = 5;
const CLIENTS = 256;

export const CHAIN: Requests = {
  path: "/api/v1/workflows/chain-5/execute?wait=60s",
  body: JSON.stringify({ input: { n: 0 } }),
  expected: { status: 200, text: `"output":{"n":${STEPS}}`, times: 1 },
};

export const chain: Load = {
  name: "chain-5",
  about:
    "Five steps, each a call of an executor made with the SDK, then of one that polls; the start waits for the output.",
  baselines: ["echo.1", "echo.256"],
  measure,
};

async function measure({ seconds }: LoadOptions): Promise<readonly Figure[]> {
  await using platform = await startPlatform();
  await register(platform.url, "chain-5");
  const many = await driveLoad(platform, CHAIN, { pace: closed(CLIENTS), seconds, executor: EXECUTOR });
  // After the crowd: a platform that has just been started is still being compiled, and one client takes long to get past that.
  const alone = await driveLoad(platform, CHAIN, { pace: closed(1), seconds: seconds / 2, executor: EXECUTOR });
  const polls = await driveLoad(platform, CHAIN, { pace: closed(CLIENTS), seconds, executor: POLLING_EXECUTOR });
  const { latency } = alone;
  return [
    {
      id: "chain.alone.p50",
      what: "chain-5, one client: start to end, p50",
      value: latency.p50Ms,
      unit: "ms",
      baseline: "echo.1.p50",
    },
    { id: "chain.alone.p99", what: "chain-5, one client: start to end, p99", value: latency.p99Ms, unit: "ms" },
    { id: "chain.step.p50", what: "chain-5, one client: for each step, p50", value: latency.p50Ms / STEPS, unit: "ms" },
    {
      id: "chain.rate",
      what: `chain-5, ${CLIENTS} clients: completed`,
      value: perSecond(many),
      unit: "/s",
      baseline: `echo.${CLIENTS}.rate`,
    },
    {
      id: "chain.tasks.rate",
      what: `chain-5, ${CLIENTS} clients: tasks`,
      value: perSecond(many) * STEPS,
      unit: "/s",
    },
    {
      id: "chain.p50",
      what: `chain-5, ${CLIENTS} clients: start to end, p50`,
      value: many.latency.p50Ms,
      unit: "ms",
    },
    {
      id: "chain.p99",
      what: `chain-5, ${CLIENTS} clients: start to end, p99`,
      value: many.latency.p99Ms,
      unit: "ms",
    },
    ...usageFigures("chain", `chain-5, ${CLIENTS} clients`, many, { clients: CLIENTS }),
    {
      id: "chain.polls.rate",
      what: `chain-5 by polls, ${CLIENTS} clients: completed`,
      value: perSecond(polls),
      unit: "/s",
      baseline: `echo.${CLIENTS}.rate`,
    },
    {
      id: "chain.polls.p50",
      what: `chain-5 by polls, ${CLIENTS} clients: start to end, p50`,
      value: polls.latency.p50Ms,
      unit: "ms",
    },
    ...usageFigures("chain.polls", `chain-5 by polls, ${CLIENTS} clients`, polls, { clients: CLIENTS }),
  ];
}
