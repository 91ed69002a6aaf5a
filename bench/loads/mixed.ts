/** Ten steps as workflows have them: values, a call of a service over HTTP, a condition, and branches that go on at once. */

import { startEcho } from "../baselines/baselines.ts";
import type { Figure } from "../figures.ts";
import { register, startPlatform } from "../platform.ts";
import { closed, driveLoad, type Load, type LoadOptions, perSecond, type Requests, usageFigures } from "./load.ts";

const CLIENTS = 64;

/** By default steps may not call what is on the platform's own machine. */
export const LOCAL_SERVICE = { MAGICFLOW_OUTGOING_ALLOW: "127.0.0.1" };

/** The service is a bare server of this machine, which gives back what it gets. */
export function mixedRequests(servicePort: number): Requests {
  const service = `http://127.0.0.1:${servicePort}`;
  return {
    path: "/api/v1/workflows/mixed/execute?wait=30s",
    body: JSON.stringify({ input: { service, quantity: 3, price: 20, customer: { name: "Ada", tier: "gold" } } }),
    expected: { status: 200, text: '"output":{"label":"Ada: 54","points":5,"days":30}', times: 1 },
  };
}

export const mixed: Load = {
  name: "mixed",
  about:
    "Ten steps: `transform`, `set`, an `http` call of a bare server on the same machine, a `condition`, three parallel branches; the start waits for the output.",
  baselines: ["echo.64"],
  measure,
};

async function measure({ seconds }: LoadOptions): Promise<readonly Figure[]> {
  using service = await startEcho();
  await using platform = await startPlatform({ settings: LOCAL_SERVICE });
  await register(platform.url, "mixed");
  const requests = mixedRequests(service.port);
  const alone = await driveLoad(platform, requests, { pace: closed(1), seconds: seconds / 2 });
  const many = await driveLoad(platform, requests, { pace: closed(CLIENTS), seconds });
  return [
    { id: "mixed.alone.p50", what: "mixed, one client: start to end, p50", value: alone.latency.p50Ms, unit: "ms" },
    {
      id: "mixed.rate",
      what: `mixed, ${CLIENTS} clients: completed`,
      value: perSecond(many),
      unit: "/s",
      baseline: `echo.${CLIENTS}.rate`,
    },
    { id: "mixed.p50", what: `mixed, ${CLIENTS} clients: start to end, p50`, value: many.latency.p50Ms, unit: "ms" },
    { id: "mixed.p99", what: `mixed, ${CLIENTS} clients: start to end, p99`, value: many.latency.p99Ms, unit: "ms" },
    ...usageFigures("mixed", `mixed, ${CLIENTS} clients`, many, { clients: CLIENTS }),
  ];
}
