/** Numbers for Prometheus. They are answered while the store is away: what has to be asked of it is left out then. */

import { readMetrics } from "../../core/protocol/health.ts";
import { problem } from "../answer.ts";
import { businessFamilies } from "../metrics/business.ts";
import type { RouteContext } from "./context.ts";

const COUNTING_MS_MAX = 1000;

export function bindMetrics({ binder, host, insight, clock, facts }: RouteContext): void {
  binder.bind(readMetrics, async ({ workspace }) => {
    if (!facts.servesMetrics)
      return problem("ROUTE_NOT_FOUND", "Expected metrics to be served, but monitoring.metrics_enabled is false.");
    // The library is read when somebody asks for the first time: most of what starts is not asked at once.
    const { METRICS_TYPE, renderMetrics } = await import("../metrics/page.ts");
    const own = businessFamilies(await insight.business.expose(workspace).catch(() => []));
    const rendered = {
      host,
      health: host.health(),
      workspace,
      executions: await count(workspace),
      version: facts.version,
      startedAt: facts.startedAt,
    };
    const text = await renderMetrics(rendered, own);
    return { kind: "text", status: 200, type: METRICS_TYPE, text };
  });

  async function count(workspace: string): Promise<Readonly<Record<string, number>> | null> {
    const { promise, resolve } = Promise.withResolvers<null>();
    const cancel = clock.after(COUNTING_MS_MAX, () => resolve(null));
    const counted = host.count({ workspace, workflow: null }).catch(() => null);
    const counts = await Promise.race([counted, promise]);
    cancel();
    return counts;
  }
}
