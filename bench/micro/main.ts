/**
 * Pure code alone, in a process of its own.
 *
 *     node bench/micro/main.ts expressions [seconds]
 *     node bench/micro/main.ts engine [seconds]
 *     node bench/micro/main.ts engine 1 --json
 */

import { parseArgs } from "node:util";
import { meterDecisions, meterReplays } from "./engine.ts";
import { meterExpressions } from "./expressions.ts";
import type { Metered } from "./meter.ts";

export interface MicroReport {
  readonly expressions: readonly Metered[];
  /** All of them in turn: microseconds for each. */
  readonly mixed: number;
  readonly decisions: readonly Metered[];
  readonly replays: readonly Metered[];
}

const SECONDS = 1;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false } },
});
const [what = "expressions", seconds = SECONDS] = positionals;
const isEngine = what === "engine";
const report: MicroReport = {
  ...(isEngine ? { expressions: [], mixed: 0 } : meterExpressions(Number(seconds))),
  decisions: isEngine ? meterDecisions(Number(seconds)) : [],
  replays: isEngine ? meterReplays(Number(seconds)) : [],
};
if (values.json) {
  console.log(JSON.stringify(report));
} else {
  show("", report.expressions);
  if (report.mixed > 0) show("", [{ name: "all of these in turn", usForEach: report.mixed }]);
  show("decided: ", report.decisions);
  show("applied again: ", report.replays);
}

function show(kind: string, all: readonly Metered[]): void {
  for (const { name, usForEach } of all) {
    const rate = Math.round(1e6 / usForEach).toLocaleString("en");
    console.log(`${usForEach.toFixed(3).padStart(9)} us  ${rate.padStart(12)}/s  ${kind}${name}`);
  }
}
