/** Whole lives of executions by the engine alone: what deciding an event takes, and applying it again after a crash. */

import type { Figure } from "../figures.ts";
import { runMicro } from "../micro/child.ts";
import type { Load, LoadOptions } from "./load.ts";

export const engine: Load = {
  name: "engine",
  about: "Executions decided from start to end without a host or a store, and their histories applied again.",
  baselines: [],
  measure,
};

async function measure({ seconds }: LoadOptions): Promise<readonly Figure[]> {
  const { decisions, replays } = await runMicro("engine", seconds / 10);
  return [
    ...decisions.map(
      ({ name, usForEach }, n): Figure => ({
        id: `engine.decide.${n + 1}`,
        what: `${name}: processor time for each event decided`,
        value: usForEach,
        unit: "us",
      }),
    ),
    ...replays.map(
      ({ name, usForEach }, n): Figure => ({
        id: `engine.replay.${n + 1}`,
        what: `${name}: processor time for each event applied again`,
        value: usForEach,
        unit: "us",
      }),
    ),
  ];
}
