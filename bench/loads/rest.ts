/** Starting, and doing nothing: how soon it is there, and what it takes while nobody wants anything. */

import { setTimeout as pause } from "node:timers/promises";
import type { Figure } from "../figures.ts";
import { createFolder } from "../places.ts";
import { register, startMany, startPlatform } from "../platform.ts";
import { readUsage, shareBetween } from "../usage.ts";
import { type Load, type LoadOptions, median } from "./load.ts";

const STARTS = 7;
/** What the start has left to do is done by then. */
const SETTLE_MS = 3000;

export const rest: Load = {
  name: "rest",
  about: "Starting the program on an empty folder, and leaving it alone.",
  baselines: ["start"],
  measure,
};

async function measure({ seconds }: LoadOptions): Promise<readonly Figure[]> {
  const directory = createFolder("rest");
  const first = await startPlatform({ directory });
  await register(first.url, "simple");
  await first.stop();

  const readyMs: number[] = [];
  const acceptedMs: number[] = [];
  const usedMs: number[] = [];
  for (let n = 0; n < STARTS; n++) {
    await using platform = await startPlatform({ directory });
    readyMs.push(platform.readyMs);
    await startMany(platform.url, "simple", [{ quantity: 1, price: 1, customer: { name: "Ada" } }]);
    acceptedMs.push(performance.now() - platform.spawnedAt);
    usedMs.push(readUsage(platform.pid).cpuSeconds * 1000);
  }

  await using platform = await startPlatform({ directory });
  await pause(SETTLE_MS);
  const before = readUsage(platform.pid);
  await pause((seconds / 2) * 1000);
  const after = readUsage(platform.pid);
  return [
    { id: "rest.ready", what: "rest: ready after", value: median(readyMs), unit: "ms", baseline: "start.ready" },
    { id: "rest.accepted", what: "rest: first start accepted after", value: median(acceptedMs), unit: "ms" },
    { id: "rest.used", what: "rest: processor time until then", value: median(usedMs), unit: "ms" },
    { id: "rest.memory", what: "rest: memory", value: after.residentBytes / 1e6, unit: "MB", baseline: "start.memory" },
    { id: "rest.memory.own", what: "rest: memory without mapped files", value: after.anonymousBytes / 1e6, unit: "MB" },
    { id: "rest.cpu", what: "rest: processor", value: shareBetween(before, after).cpu * 100, unit: "%" },
  ];
}
