/**
 * Executions that sleep for a month: what each costs while nothing happens, on disk and in memory, and whether they keep
 * the platform from coming back.
 */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import type { Figure } from "../figures.ts";
import { createFolder } from "../places.ts";
import { type Platform, register, startMany, startPlatform } from "../platform.ts";
import { readUsage } from "../usage.ts";
import type { Load } from "./load.ts";

const SLEEPERS = 10_000;
const PARKED_SECONDS_MAX = 60;
/** For what was freed to be given back. */
const SETTLE_MS = 5000;

export const sleepers: Load = {
  name: "sleepers",
  about: "10,000 executions in a wait of 30 days, started in batches of 1,000.",
  baselines: ["start"],
  measure,
};

async function measure(): Promise<readonly Figure[]> {
  const directory = createFolder("sleepers");
  const before = await startPlatform({ directory });
  await register(before.url, "sleepers");
  await before.stop();
  const emptyBytes = bytesIn(directory);

  const platform = await startPlatform({ directory });
  await pause(SETTLE_MS);
  const idle = readUsage(platform.pid);
  const inputs = Array.from({ length: SLEEPERS }, (_, n) => ({ order: String(n) }));
  const startedAt = performance.now();
  await startMany(platform.url, "sleepers", inputs);
  const startedMs = performance.now() - startedAt;
  const awake = readUsage(platform.pid);
  await waitUntilParked(platform);
  const parkedMs = performance.now() - startedAt;
  await pause(SETTLE_MS);
  const parked = readUsage(platform.pid);
  await platform.kill();

  await using again = await startPlatform({ directory });
  await pause(SETTLE_MS);
  const reopened = readUsage(again.pid);
  await again.stop();
  const perSleeper = (bytes: number) => bytes / SLEEPERS;
  const megabytes = (now: typeof idle) => (now.residentBytes - idle.residentBytes) / 1e6;
  return [
    {
      id: "sleepers.disk",
      what: "sleepers: disk for each",
      value: perSleeper(bytesIn(directory) - emptyBytes),
      unit: "bytes",
    },
    { id: "sleepers.start", what: "sleepers: 10,000 started after", value: startedMs, unit: "ms" },
    { id: "sleepers.parked", what: "sleepers: 10,000 parked after", value: parkedMs / 1000, unit: "s" },
    {
      id: "sleepers.memory.awake",
      what: "sleepers: memory over idle, just started",
      value: megabytes(awake),
      unit: "MB",
    },
    { id: "sleepers.memory.parked", what: "sleepers: memory over idle, parked", value: megabytes(parked), unit: "MB" },
    {
      id: "sleepers.memory.reopened",
      what: "sleepers: memory over idle, after kill -9 and start",
      value: megabytes(reopened),
      unit: "MB",
    },
    {
      id: "sleepers.ready",
      what: "sleepers: ready after kill -9",
      value: again.readyMs,
      unit: "ms",
      baseline: "start.ready",
    },
  ];
}

/** Nothing shows from outside who is in memory; the database says it. */
async function waitUntilParked({ directory }: Platform): Promise<void> {
  using db = new DatabaseSync(join(directory, "magicflow.db"), { readOnly: true });
  const count = db.prepare("select count(*) as parked from execution where parked = 1");
  const giveUpAt = performance.now() + PARKED_SECONDS_MAX * 1000;
  for (;;) {
    const { parked } = count.get() as { parked: number };
    if (parked === SLEEPERS) return;
    if (performance.now() > giveUpAt) throw new Error(`Expected ${SLEEPERS} to be parked, but only ${parked} are.`);
    await pause(250);
  }
}

function bytesIn(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}
