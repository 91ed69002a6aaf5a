/** Starts that are accepted and then wait for a signal: each stays in memory until it is parked. */

import type { Figure } from "../figures.ts";
import { register, startPlatform } from "../platform.ts";
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

const CLIENTS = 256;

export const START_ONLY: Requests = {
  path: "/api/v1/workflows/start-only/execute",
  body: JSON.stringify({ input: { order: "4711" } }),
  expected: { status: 202, text: '"status":"running"', times: 1 },
};

export const startOnly: Load = {
  name: "start-only",
  about: "Starts of a workflow that waits for a signal; an answer means that the start is on disk.",
  baselines: ["echo.256"],
  measure,
};

async function measure({ seconds }: LoadOptions): Promise<readonly Figure[]> {
  await using platform = await startPlatform();
  await register(platform.url, "start-only");
  const most = await driveLoad(platform, START_ONLY, { pace: closed(CLIENTS), seconds });
  const steady = await driveLoad(platform, START_ONLY, { pace: halfOf(most, CLIENTS), seconds: seconds / 2 });
  const rate = Math.round(perSecond(most) / 2);
  return [
    {
      id: "start-only.rate",
      what: `start-only, ${CLIENTS} clients: accepted`,
      value: perSecond(most),
      unit: "/s",
      baseline: `echo.${CLIENTS}.rate`,
    },
    {
      id: "start-only.p50",
      what: `start-only, ${CLIENTS} clients: answered, p50`,
      value: most.latency.p50Ms,
      unit: "ms",
    },
    {
      id: "start-only.p99",
      what: `start-only, ${CLIENTS} clients: answered, p99`,
      value: most.latency.p99Ms,
      unit: "ms",
    },
    {
      id: "start-only.steady.p50",
      what: `start-only at ${rate}/s: answered, p50`,
      value: steady.latency.p50Ms,
      unit: "ms",
    },
    {
      id: "start-only.steady.p99",
      what: `start-only at ${rate}/s: answered, p99`,
      value: steady.latency.p99Ms,
      unit: "ms",
    },
    ...usageFigures("start-only", `start-only, ${CLIENTS} clients`, most, { clients: CLIENTS }),
  ];
}
