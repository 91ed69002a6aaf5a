/**
 * Every scenario file, at every level that it is for. One platform is started for all of them; those that need settings of
 * their own get one of their own.
 *
 *     SCENARIO=time-outs/step-retry node --conditions=source --test tests/scenarios/scenarios.test.ts
 */

import { after, describe, it } from "node:test";
import type { Platform } from "../e2e/platform.ts";
import { openEngineStage } from "./engine-stage.ts";
import { openHostStage } from "./host-stage.ts";
import { play } from "./play.ts";
import { openProcessStage, startFor } from "./process-stage.ts";
import { LEVELS, type Level, readScenario, type Scenario, scenarioFiles } from "./scenario.ts";

const { SCENARIO = "", LEVEL } = process.env;

const files = scenarioFiles().filter((file) => file.startsWith(SCENARIO));
const levels = LEVELS.filter((level) => LEVEL === undefined || level === LEVEL);

/** Side by side: in real time most of it is waiting. */
const SIDE_BY_SIDE = 8;

let shared: Promise<Platform> | null = null;
after(async () => {
  if (shared !== null) await (await shared)[Symbol.asyncDispose]();
});

for (const level of levels) {
  describe(`on the level ${level}`, { concurrency: level === "process" ? SIDE_BY_SIDE : 1 }, () => {
    for (const file of files) {
      const scenario = readScenario(file, level);
      if (scenario.levels.includes(level)) it(`${scenario.name}: ${scenario.shows}`, () => playAt(scenario, level));
    }
  });
}

async function playAt(scenario: Scenario, level: Level): Promise<void> {
  switch (level) {
    case "engine":
      return play(scenario, openEngineStage(scenario));
    case "host": {
      await using stage = await openHostStage(scenario);
      return await play(scenario, stage);
    }
    case "process": {
      if (Object.keys(scenario.settings).length === 0) {
        shared ??= startFor(scenario);
        return play(scenario, await openProcessStage(scenario, await shared));
      }
      await using platform = await startFor(scenario);
      return await play(scenario, await openProcessStage(scenario, platform));
    }
  }
}
