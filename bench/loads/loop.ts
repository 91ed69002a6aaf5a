/** One long execution: a loop of local steps, ten times as long the second time. What each iteration costs must not grow. */

import type { Figure } from "../figures.ts";
import { type Platform, register, runToEnd, startPlatform } from "../platform.ts";
import { readUsage } from "../usage.ts";
import type { Load } from "./load.ts";

const SHORT = 10_000;
const LONG = 100_000;

export const loop: Load = {
  name: "loop",
  about:
    "A `while` loop of 10,000 and of 100,000 iterations, each of them a `set`: one execution, one after the other.",
  baselines: ["commit.1"],
  measure,
};

async function measure(): Promise<readonly Figure[]> {
  await using platform = await startPlatform();
  await register(platform.url, "counting-local");
  // The compiler is still at work in the first one.
  await count(platform, SHORT);
  const short = await count(platform, SHORT);
  const long = await count(platform, LONG);
  const perIteration = (of: Counted, times: number) => (of.cpuSeconds * 1e6) / times;
  return [
    { id: "loop.short", what: "loop: 10,000 iterations", value: short.seconds, unit: "s" },
    { id: "loop.long", what: "loop: 100,000 iterations", value: long.seconds, unit: "s", baseline: "loop.short" },
    {
      id: "loop.short.time",
      what: "loop: processor time for each of 10,000",
      value: perIteration(short, SHORT),
      unit: "us",
    },
    {
      id: "loop.long.time",
      what: "loop: processor time for each of 100,000",
      value: perIteration(long, LONG),
      unit: "us",
      baseline: "loop.short.time",
    },
    { id: "loop.memory", what: "loop: memory of the platform", value: long.residentBytes / 1e6, unit: "MB" },
  ];
}

interface Counted {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

async function count(platform: Platform, times: number): Promise<Counted> {
  const before = readUsage(platform.pid);
  const beganAt = performance.now();
  const output = await runToEnd(platform.url, "counting-local", { times });
  const seconds = (performance.now() - beganAt) / 1000;
  const after = readUsage(platform.pid);
  if (JSON.stringify(output) !== JSON.stringify({ n: times }))
    throw new Error(`Expected the loop to count to ${times}, but it gave ${JSON.stringify(output)}.`);
  return { seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds, residentBytes: after.residentBytes };
}
