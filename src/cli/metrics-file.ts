/** The file with business metrics: the one that the configuration names, else the one that lies beside it. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { type BusinessMetric, parseBusinessMetrics } from "../core/protocol/business-metrics.ts";
import { readText } from "./context.ts";
import { CommandFailure, EXIT } from "./exit-codes.ts";

/** `configFile` null: there is none, and the file is looked for here. */
export function readMetricsFile(named: string | null, configFile: string | null): readonly BusinessMetric[] {
  const folder = configFile === null ? "." : dirname(configFile);
  const usual = [join(folder, "metrics.yaml"), join(folder, "config", "metrics.yaml")];
  const file = named ?? usual.find((path) => existsSync(path)) ?? null;
  if (file === null) return [];
  const parsed = parseBusinessMetrics(readText(file));
  if (parsed.ok) return parsed.metrics;
  throw new CommandFailure(EXIT.usage, parsed.problems.map((problem) => `${file}: ${problem}`).join("\n"));
}
