/** The whole platform in this process: store in memory, real routes, and a clock that is turned by hand. */

import { openMemoryStore } from "../../src/adapters/stores/memory/store.ts";
import { openPlatform } from "../../src/assemble.ts";
import type { Config } from "../../src/config/config.ts";
import { readConfig } from "../../src/config/read.ts";
import { createManualClock } from "../../src/host/manual-clock.ts";
import type { Store } from "../../src/ports/store.ts";
import { createHttpStage, type Pace, register } from "./http-stage.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";

export const START: number = Date.UTC(2027, 0, 1);

/** Short enough that what follows within it can be told apart, long enough that minutes are quick. */
const STEP_MS = 250;
const PATIENCE_MS = 20 * 60_000;
/** Where nothing is written nothing has happened, and nobody need look before this is over. */
const LOOK_STEPS = 8;

/** As many turns as what the loop does takes: a store's answer, then a turn, then the next answer. */
const TURNS = 12;

export async function openHostStage(scenario: Scenario): Promise<Stage & AsyncDisposable> {
  const clock = createManualClock(START);
  const turn = async () => {
    clock.flush();
    await new Promise((resolve) => setImmediate(resolve));
  };
  async function during<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    promise.then(done, done);
    while (!isDone) await turn();
    return await promise;
  }
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      clock.advance(Math.min(left, STEP_MS));
      for (let i = 0; i < TURNS; i++) await turn();
    }
  }
  const faults: string[] = [];
  const store = openMemoryStore();
  let writes = 0;
  const append: Store["append"] = (batches) => {
    writes += 1;
    return store.append(batches);
  };
  const platform = await during(
    openPlatform({
      config: configOf(scenario),
      version: "scenario",
      report: (error, about) => faults.push(`${about}: ${error}`),
      store: { ...store, append },
      clock,
    }),
  );
  const pace: Pace = {
    during,
    pass,
    async wait() {
      const before = writes;
      let steps = 0;
      for (; steps < LOOK_STEPS && writes === before; steps++) await pass(STEP_MS);
      return steps * STEP_MS;
    },
    patienceMs: PATIENCE_MS,
    pollMs: 0,
  };
  await register(platform.url, scenario.workflows, during);
  return {
    ...createHttpStage("host", platform.url, pace),
    async [Symbol.asyncDispose]() {
      // Closing waits for time to pass now and then.
      const closed = during(Promise.resolve(platform[Symbol.asyncDispose]()));
      await closed;
      if (faults.length > 0) throw new Error(`Expected the platform to report no fault, but: ${faults.join("\n")}`);
    },
  };
}

function configOf({ settings }: Scenario): Config {
  const read = readConfig({
    file: { name: "magicflow.yaml", text: JSON.stringify(settings) },
    environment: {},
    flags: { "server.port": 0, "server.dashboard_port": 0 },
    readSecretFile: () => null,
  });
  if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join("\n"));
  return read.config;
}
