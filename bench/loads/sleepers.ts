/**
 * Executions that sleep for a month: what each costs while nothing happens, on disk and in memory, and whether they keep
 * the platform from coming back. With a million of them, whether they slow down what is awake.
 */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import type { Driven } from "../drive.ts";
import type { Figure } from "../figures.ts";
import { createFolder } from "../places.ts";
import { type Platform, register, startMany, startPlatform } from "../platform.ts";
import { readUsage } from "../usage.ts";
import { closed, driveLoad, type Load, type LoadOptions, perSecond } from "./load.ts";
import { SINGLE } from "./simple.ts";

const COUNT = 100_000;
const MANY = 1_000_000;
/** For each thousand, where the machine is busy with other things. */
const PARKED_SECONDS_MAX = 3;
/** For what was freed to be given back. */
const SETTLE_MS = 5000;
/** The platform gives memory back when it has had nothing to do for a while. */
const GIVEN_BACK_MS = 12_000;
/** Inputs that are made at a time. */
const AT_ONCE = 10_000;
const CLIENTS = 64;

export const sleepers: Load = {
  name: "sleepers",
  about: "100,000 executions in a wait of 30 days, started in batches of 1,000.",
  baselines: ["start"],
  measure: async () => (await measureSleep("sleepers", COUNT)).figures,
};

export const million: Load = {
  name: "million",
  about: "1,000,000 executions in a wait of 30 days, and `simple` beside them, compared with `simple` before them.",
  baselines: ["start"],
  isBig: true,
  measure: measureMillion,
};

async function measureMillion({ seconds }: LoadOptions): Promise<readonly Figure[]> {
  let alone: Driven | null = null;
  const before = async (platform: Platform) => {
    alone = await driveSimple(platform, seconds);
  };
  const { figures, beside } = await measureSleep("million", MANY, before, (platform) => driveSimple(platform, seconds));
  if (alone === null || beside === null) throw new Error("Expected simple to be measured before and beside sleepers.");
  const timeOf = (driven: Driven) => (driven.share.cpu * 1e6) / perSecond(driven);
  return [
    ...figures,
    { id: "million.simple.alone", what: "million: simple before them", value: perSecond(alone), unit: "/s" },
    {
      id: "million.simple.beside",
      what: "million: simple beside them",
      value: perSecond(beside),
      unit: "/s",
      baseline: "million.simple.alone",
    },
    { id: "million.time.alone", what: "million: processor time for each before", value: timeOf(alone), unit: "us" },
    {
      id: "million.time.beside",
      what: "million: processor time for each beside them",
      value: timeOf(beside),
      unit: "us",
      baseline: "million.time.alone",
    },
  ];
}

async function driveSimple(platform: Platform, seconds: number): Promise<Driven> {
  await register(platform.url, "simple");
  return driveLoad(platform, SINGLE, { pace: closed(CLIENTS), seconds });
}

interface Slept {
  readonly figures: readonly Figure[];
  readonly beside: Driven | null;
}

/** `before` and `beside` load the platform before anybody sleeps, and once all of them do. */
async function measureSleep(
  prefix: string,
  count: number,
  before: ((platform: Platform) => Promise<void>) | null = null,
  beside: ((platform: Platform) => Promise<Driven>) | null = null,
): Promise<Slept> {
  const directory = createFolder(prefix);
  const first = await startPlatform({ directory });
  await register(first.url, "sleepers");
  await before?.(first);
  await first.stop();
  const emptyBytes = bytesIn(directory);

  const platform = await startPlatform({ directory });
  await pause(SETTLE_MS);
  const idle = readUsage(platform.pid);
  const startedAt = performance.now();
  for (let from = 0; from < count; from += AT_ONCE) {
    const inputs = Array.from({ length: AT_ONCE }, (_, n) => ({ order: String(from + n) }));
    await startMany(platform.url, "sleepers", inputs);
  }
  const startedMs = performance.now() - startedAt;
  const awake = readUsage(platform.pid);
  await waitUntilParked(platform, count);
  const parkedMs = performance.now() - startedAt;
  await pause(GIVEN_BACK_MS);
  const parked = readUsage(platform.pid);
  await platform.kill();

  const again = await startPlatform({ directory });
  await pause(GIVEN_BACK_MS);
  const reopened = readUsage(again.pid);
  await again.stop();
  const sleepingBytes = bytesIn(directory);

  const driven = beside === null ? null : await driveBeside(directory, beside);
  const megabytes = (now: typeof idle) => (now.residentBytes - idle.residentBytes) / 1e6;
  const figures: readonly Figure[] = [
    {
      id: `${prefix}.disk`,
      what: `${prefix}: disk for each`,
      value: (sleepingBytes - emptyBytes) / count,
      unit: "bytes",
    },
    { id: `${prefix}.start`, what: `${prefix}: all started after`, value: startedMs / 1000, unit: "s" },
    {
      id: `${prefix}.start.time`,
      what: `${prefix}: processor time to start each`,
      value: ((awake.cpuSeconds - idle.cpuSeconds) * 1e6) / count,
      unit: "us",
    },
    { id: `${prefix}.parked`, what: `${prefix}: all parked after`, value: parkedMs / 1000, unit: "s" },
    {
      id: `${prefix}.memory.awake`,
      what: `${prefix}: memory over idle, just started`,
      value: megabytes(awake),
      unit: "MB",
    },
    {
      id: `${prefix}.memory.parked`,
      what: `${prefix}: memory over idle, parked`,
      value: megabytes(parked),
      unit: "MB",
    },
    {
      id: `${prefix}.memory.reopened`,
      what: `${prefix}: memory over idle, after kill -9 and start`,
      value: megabytes(reopened),
      unit: "MB",
    },
    {
      id: `${prefix}.ready`,
      what: `${prefix}: ready after kill -9`,
      value: again.readyMs,
      unit: "ms",
      baseline: "start.ready",
    },
  ];
  return { figures, beside: driven };
}

async function driveBeside(directory: string, beside: (platform: Platform) => Promise<Driven>): Promise<Driven> {
  await using platform = await startPlatform({ directory });
  return await beside(platform);
}

/** Nothing shows from outside who is in memory; the database says it. */
async function waitUntilParked({ directory }: Platform, count: number): Promise<void> {
  using db = new DatabaseSync(join(directory, "magicflow.db"), { readOnly: true });
  const ask = db.prepare("select count(*) as parked from execution where parked = 1");
  const giveUpAt = performance.now() + (60 + (PARKED_SECONDS_MAX * count) / 1000) * 1000;
  for (;;) {
    const { parked } = ask.get() as { parked: number };
    if (parked === count) return;
    if (performance.now() > giveUpAt) throw new Error(`Expected ${count} to be parked, but only ${parked} are.`);
    await pause(500);
  }
}

function bytesIn(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}
