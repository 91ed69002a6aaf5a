/** A parallel loop over 100 items, each a call of one executor: an execution that decides a hundred results. */

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

const ITEMS = 100;
const CLIENTS = 16;

export const FAN_OUT: Requests = {
  path: "/api/v1/workflows/fan-out-100/execute?wait=60s",
  body: JSON.stringify({ input: { items: Array.from({ length: ITEMS }, (_, n) => n) } }),
  expected: { status: 200, text: `"output":{"count":${ITEMS}}`, times: 1 },
};

export const fanOut: Load = {
  name: "fan-out-100",
  about: "A parallel loop over 100 items, each a call of one executor; the start waits for the output.",
  baselines: ["commit.100"],
  measure,
};

async function measure({ seconds }: LoadOptions): Promise<readonly Figure[]> {
  await using platform = await startPlatform();
  await register(platform.url, "fan-out-100");
  const alone = await driveLoad(platform, FAN_OUT, { pace: closed(1), seconds: seconds / 2, executor: EXECUTOR });
  const many = await driveLoad(platform, FAN_OUT, { pace: closed(CLIENTS), seconds, executor: EXECUTOR });
  const polls = await driveLoad(platform, FAN_OUT, { pace: closed(CLIENTS), seconds, executor: POLLING_EXECUTOR });
  return [
    {
      id: "fan-out.alone.p50",
      what: "fan-out-100, one client: start to end, p50",
      value: alone.latency.p50Ms,
      unit: "ms",
    },
    {
      id: "fan-out.alone.p99",
      what: "fan-out-100, one client: start to end, p99",
      value: alone.latency.p99Ms,
      unit: "ms",
    },
    { id: "fan-out.rate", what: `fan-out-100, ${CLIENTS} clients: completed`, value: perSecond(many), unit: "/s" },
    {
      id: "fan-out.tasks.rate",
      what: `fan-out-100, ${CLIENTS} clients: tasks`,
      value: perSecond(many) * ITEMS,
      unit: "/s",
      baseline: "commit.100.rate",
    },
    {
      id: "fan-out.polls.rate",
      what: `fan-out-100 by polls, ${CLIENTS} clients: completed`,
      value: perSecond(polls),
      unit: "/s",
    },
    ...usageFigures("fan-out", `fan-out-100, ${CLIENTS} clients`, many),
  ];
}
