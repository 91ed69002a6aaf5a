/** The program itself, in real time. */

import { setTimeout as passed } from "node:timers/promises";
import { type Platform, startPlatform } from "../e2e/platform.ts";
import { createHttpStage, register } from "./http-stage.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";

/** Between two looks at whether something has come about. */
const LOOK_MS = 20;
const PATIENCE_MS = 60_000;
const POLL_MS = 100;

export async function openProcessStage(scenario: Scenario, platform: Platform): Promise<Stage> {
  const during = <T>(promise: Promise<T>): Promise<T> => promise;
  await register(platform.url, scenario.workflows, during);
  return createHttpStage("process", platform.url, {
    during,
    pass: (ms) => passed(ms),
    async wait() {
      await passed(LOOK_MS);
      return LOOK_MS;
    },
    patienceMs: PATIENCE_MS,
    pollMs: POLL_MS,
  });
}

/** With settings of its own where the scenario has some. */
export function startFor({ settings }: Scenario): Promise<Platform> {
  return startPlatform({ config: JSON.stringify(settings) });
}
