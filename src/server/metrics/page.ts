/** All metrics as the text that Prometheus reads. */

import { type Metric, Registry } from "@prometheus-io/client";
import { BREAKER_METRICS } from "./breakers.ts";
import { EXECUTION_METRICS } from "./executions.ts";
import type { Family, MetricFacts } from "./family.ts";
import { LIMIT_METRICS } from "./limits.ts";
import { PROCESS_METRICS } from "./process.ts";
import { STORAGE_METRICS } from "./storage.ts";
import { TASK_METRICS } from "./tasks.ts";

/** Those of a further part of the platform go into a file of their own beside these, and into this list. */
export const METRICS: readonly Family[] = [
  ...EXECUTION_METRICS,
  ...TASK_METRICS,
  ...BREAKER_METRICS,
  ...LIMIT_METRICS,
  ...STORAGE_METRICS,
  ...PROCESS_METRICS,
];

export const METRICS_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE;

/** The library knows the text form and its escapes; the numbers are read when they are asked for, and kept nowhere twice. */
export async function renderMetrics(facts: MetricFacts, own: readonly Family[] = []): Promise<string> {
  const registry = new Registry();
  for (const family of [...METRICS, ...own]) registry.registerMetric(toMetric(family, facts));
  return registry.metrics();
}

function toMetric({ name, help, type, read }: Family, facts: MetricFacts): Metric {
  const get = async () => ({
    name,
    help,
    type,
    values: read(facts).map(({ labels = {}, value, suffix = "" }) => ({
      metricName: name + suffix,
      labels: { ...labels },
      value,
    })),
  });
  return { name, help, type, get } as unknown as Metric;
}
