/** Conditions and mappings as a decision evaluates them, one thread, nothing else: no request, no store. */

import type { Figure } from "../figures.ts";
import { runMicro } from "../micro/child.ts";
import type { Load, LoadOptions } from "./load.ts";

export const expressions: Load = {
  name: "expressions",
  about:
    "Typical conditions and mappings, evaluated against an execution in one thread; rates are those of a processor that does nothing else.",
  baselines: [],
  measure,
};

async function measure({ seconds }: LoadOptions): Promise<readonly Figure[]> {
  const { expressions: metered, mixed } = await runMicro("expressions", seconds / 20);
  return [
    { id: "expressions.rate", what: "expressions, all of these in turn", value: 1e6 / mixed, unit: "/s" },
    ...metered.map(
      ({ name, usForEach }, n): Figure => ({
        id: `expressions.${n + 1}`,
        what: name,
        value: 1e6 / usForEach,
        unit: "/s",
      }),
    ),
  ];
}
