/**
 * Kill -9, again and again, under load: of the platform each two seconds, of its executor now and then. Whatever was
 * accepted ends as predicted, once, and soon after the last kill.
 *
 *     load, kill, start, load, kill, start ... │ last start │ all accepted ──► all ended ──► judged
 */

import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startExecutor, startPlatform } from "../e2e/platform.ts";
import { sendCustomers } from "./customers.ts";
import { judge } from "./judge.ts";
import { KINDS } from "./orders.ts";

export interface KillOptions {
  readonly seconds: number;
  /** Starts in a second. */
  readonly rate: number;
  /** From one kill to the next. */
  readonly everyMs: number;
  /** Every so many kills of the platform the executor is killed as well. */
  readonly executorEvery: number;
  readonly say?: (line: string) => void;
}

export interface KillReport {
  readonly starts: number;
  readonly repeated: number;
  readonly kills: number;
  readonly executorKills: number;
  readonly readyMsMedian: number;
  readonly readyMsMax: number;
  readonly executions: number;
  readonly events: number;
  /** From the last kill to the end of the last execution. */
  readonly lastEndSeconds: number;
  /** Of that, until the platform was ready again: how busy the machine is with others shows here. */
  readonly lastReadySeconds: number;
  readonly findings: readonly string[];
}

/** A platform that was killed before it was ready is let live this long once it is: else nothing would ever be done. */
const LIFE_MS_MIN = 300;

const MILL = join(import.meta.dirname, "programs/mill.ts");

export async function killUnderLoad(options: KillOptions): Promise<KillReport> {
  const { seconds, rate, everyMs, executorEvery, say = () => {} } = options;
  await using platform = await startPlatform();
  for (const { text } of KINDS) await platform.api.register(text);
  let mill = await startExecutor(MILL, platform);
  try {
    const customers = sendCustomers(platform.api, rate);
    const readyMs: number[] = [];
    let executorKills = 0;
    let kills = 0;
    const endAt = performance.now() + seconds * 1000;
    let readyAt = performance.now();
    for (
      let killAt = performance.now() + everyMs;
      killAt <= endAt;
      killAt = Math.max(killAt + everyMs, performance.now())
    ) {
      await pause(Math.max(0, killAt - performance.now(), readyAt + LIFE_MS_MIN - performance.now()));
      await platform.kill();
      kills += 1;
      const startedAt = performance.now();
      const isExecutorsTurn = kills % executorEvery === 0;
      if (isExecutorsTurn) await mill.end("SIGKILL");
      await platform.start();
      readyAt = performance.now();
      readyMs.push(readyAt - startedAt);
      if (isExecutorsTurn) {
        mill = await startExecutor(MILL, platform);
        executorKills += 1;
      }
      if (kills % 5 === 0)
        say(
          `${kills} kills, ${customers.accepted} of ${customers.begun} starts accepted, ready after ${Math.round(readyMs.at(-1) ?? 0)} ms`,
        );
    }
    const lastKillAt = Date.now() - (performance.now() - readyAt) - (readyMs.at(-1) ?? 0);
    const orders = await customers.close();
    say(`${kills} kills are over, ${orders.length} starts are accepted; waiting for their ends`);
    const stillOpen = await waitForEnds(platform.api, lastKillAt + 60_000);
    const verdict = await judge(platform.api, orders);
    const sorted = readyMs.toSorted((a, b) => a - b);
    return {
      starts: orders.length,
      repeated: customers.repeated,
      kills,
      executorKills,
      readyMsMedian: Math.round(sorted[sorted.length >> 1] ?? 0),
      readyMsMax: Math.round(sorted.at(-1) ?? 0),
      executions: verdict.executions,
      events: verdict.events,
      lastEndSeconds: Math.round((verdict.lastEndAt - lastKillAt) / 100) / 10,
      lastReadySeconds: Math.round((readyMs.at(-1) ?? 0) / 100) / 10,
      findings: [
        ...customers.surprises,
        ...stillOpen,
        ...verdict.findings,
        ...platform.faults.map((line) => `log: ${line}`),
      ],
    };
  } finally {
    await mill.end("SIGKILL");
  }
}

/** Looks until nothing is open any more; says what is still open when patience is over. */
async function waitForEnds(
  api: { get: <T>(path: string) => Promise<{ body: T }> },
  patienceUntil: number,
): Promise<readonly string[]> {
  for (;;) {
    const { body } = await api.get<{ executions: Readonly<Record<string, number>> }>("/health/workflow");
    const open = ["queued", "running", "paused"].reduce((sum, status) => sum + (body.executions[status] ?? 0), 0);
    if (open === 0) return [];
    if (Date.now() > patienceUntil) return [`${open} executions are open a minute after the last kill`];
    await pause(200);
  }
}

export function describe(report: KillReport): string {
  const {
    starts,
    repeated,
    kills,
    executorKills,
    readyMsMedian,
    readyMsMax,
    executions,
    events,
    lastEndSeconds,
    lastReadySeconds,
  } = report;
  return [
    `starts accepted         ${starts} (${repeated} requests sent again)`,
    `kills                   ${kills} of the platform, ${executorKills} of the executor`,
    `ready again after       ${readyMsMedian} ms (median), ${readyMsMax} ms (longest)`,
    `executions ended        ${executions}, with ${events} events`,
    `last end                ${lastEndSeconds} s after the last kill, of which ${lastReadySeconds} s until it was ready`,
    `lost, doubled, wrong    ${report.findings.length}`,
  ].join("\n");
}
