/**
 * The functions of alert conditions, in which names are metrics.
 *
 *     p95(order_value) > 5 && rate(failed_orders) < 0.1
 *
 * Here they only have names, so that conditions can be checked; whoever watches the metrics works them out.
 */

import { ExpressionError } from "./expressions/evaluation.ts";
import { FUNCTIONS } from "./expressions/functions/catalogue.ts";
import type { FunctionEntry } from "./expressions/functions/entry.ts";

const WINDOW_FUNCTIONS = ["avg", "sum", "min", "max", "count", "rate", "p50", "p95", "p99"];

export const ALERT_FUNCTIONS: ReadonlyMap<string, FunctionEntry> = new Map([
  ...FUNCTIONS,
  ...WINDOW_FUNCTIONS.map((name): [string, FunctionEntry] => [name, windowFunction(name)]),
]);

function windowFunction(name: string): FunctionEntry {
  return {
    name,
    group: "numbers",
    parameters: ["metric"],
    summary: "Works out one number from the values of a metric in the window of the alert.",
    examples: [],
    apply: (call) => {
      throw new ExpressionError(
        `Expected ${name} to be worked out over a window of metrics, but there is none here.`,
        call.offset,
      );
    },
  };
}
