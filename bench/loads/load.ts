/** What the loads share: how a start is asked for, how it is driven, and the figures that every drive gives. */

import type { Baseline } from "../baselines/baselines.ts";
import { type Driven, drive, runExecutor } from "../drive.ts";
import type { Figure } from "../figures.ts";
import type { ExecutorOptions, Expectation, Pace, PollingExecutorOptions } from "../generator/job.ts";
import type { Platform } from "../platform.ts";

export interface Load {
  readonly name: string;
  /** For people: what is done, in a sentence. */
  readonly about: string;
  /** What its figures are compared with. */
  readonly baselines: readonly Baseline[];
  /** Takes many minutes, whatever `seconds` says: measured only where `--big` asks for it. */
  readonly isBig?: boolean;
  /** Finds its figures in a time that grows with `seconds`, and cleans up behind it. */
  readonly measure: (options: LoadOptions) => Promise<readonly Figure[]>;
}

export interface LoadOptions {
  readonly seconds: number;
}

/** The functions of the workflows are so small that only their way counts. */
export const EXECUTOR: ExecutorOptions = { by: "sdk", name: "bench", concurrency: 1000 };
export const POLLING_EXECUTOR: PollingExecutorOptions = { by: "polls", name: "bench", polls: 2, tasksMax: 200 };

const WARM_UP_SECONDS_MAX = 3;

export interface Requests {
  readonly path: string;
  readonly body: string;
  readonly expected: Expectation;
}

/** The executor, if any, has a process of its own. */
export async function driveLoad(
  platform: Platform,
  requests: Requests,
  how: { readonly pace: Pace; readonly seconds: number; readonly executor?: ExecutorOptions },
): Promise<Driven> {
  const { pace, seconds, executor } = how;
  const { url, pid } = platform;
  using _running = executor === undefined ? undefined : runExecutor({ kind: "executor", url, executor });
  const warmUpSeconds = Math.min(WARM_UP_SECONDS_MAX, seconds / 2);
  return await drive({ kind: "load", url, ...requests, pace, seconds, warmUpSeconds }, pid);
}

export function closed(clients: number): Pace {
  return { kind: "closed", clients };
}

/** At half of what is possible, as a service is run that has room for a bad day. */
export function halfOf({ answers, seconds }: Driven, connections: number): Pace {
  return { kind: "paced", perSecond: Math.max(1, Math.round(answers / seconds / 2)), connections };
}

export function perSecond({ answers, seconds }: Driven): number {
  return answers / seconds;
}

/**
 * What the platform took for it, and the generator beside it. Of all figures the time for one execution is the one that a
 * busy machine distorts least.
 */
export function usageFigures(
  prefix: string,
  what: string,
  driven: Driven,
  { clients, executionsPerAnswer = 1 }: { readonly clients?: number; readonly executionsPerAnswer?: number } = {},
): readonly Figure[] {
  const { share, generatorCpu, othersCpu, residentBytes } = driven;
  const usFor = (processors: number) => (processors * 1e6) / (perSecond(driven) * executionsPerAnswer);
  return [
    { id: `${prefix}.time`, what: `${what}: processor time for each`, value: usFor(share.cpu), unit: "us" },
    {
      id: `${prefix}.time.main`,
      what: `${what}: of that in the main thread`,
      value: usFor(share.mainThread),
      unit: "us",
      ...(clients === undefined ? {} : { baseline: `echo.${clients}.time` }),
    },
    { id: `${prefix}.cpu`, what: `${what}: processors used by the platform`, value: share.cpu, unit: "" },
    { id: `${prefix}.generator`, what: `${what}: processors used by the generator`, value: generatorCpu, unit: "" },
    { id: `${prefix}.others`, what: `${what}: processors used by others`, value: othersCpu, unit: "" },
    { id: `${prefix}.memory`, what: `${what}: memory of the platform`, value: residentBytes / 1e6, unit: "MB" },
  ];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
