/** Processor time and memory of a process, as Linux tells them under `/proc`. */

import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

/** Of `getconf CLK_TCK`; the kernel shows times in this unit on every platform that it runs on today. */
const TICKS_PER_SECOND = 100;

export interface Usage {
  readonly at: number;
  /** Of the whole machine. */
  readonly busySeconds: number;
  /** Of all threads. */
  readonly cpuSeconds: number;
  /** Of the main thread, where the event loop is. */
  readonly mainThreadSeconds: number;
  readonly residentBytes: number;
  /** Without files that are mapped, such as the program itself. */
  readonly anonymousBytes: number;
}

export function readUsage(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    at: performance.now(),
    busySeconds: readBusySeconds(),
    cpuSeconds: cpuSecondsOf(`/proc/${pid}/stat`),
    mainThreadSeconds: cpuSecondsOf(`/proc/${pid}/task/${pid}/stat`),
    residentBytes: bytesOf(status, "VmRSS"),
    anonymousBytes: bytesOf(status, "RssAnon"),
  };
}

export interface Share {
  /** 1 is one processor, fully used. */
  readonly cpu: number;
  readonly mainThread: number;
  /** Of everybody on the machine. */
  readonly machine: number;
}

export function shareBetween(before: Usage, after: Usage): Share {
  const seconds = (after.at - before.at) / 1000;
  return {
    cpu: (after.cpuSeconds - before.cpuSeconds) / seconds,
    mainThread: (after.mainThreadSeconds - before.mainThreadSeconds) / seconds,
    machine: (after.busySeconds - before.busySeconds) / seconds,
  };
}

function cpuSecondsOf(file: string): number {
  const text = readFileSync(file, "utf8");
  // The name of the program is in brackets and may contain anything; the fields are counted behind it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function bytesOf(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
}

/** How many processors of the machine are at work for others, looked at for a while in which we do nothing. */
export async function readOthers(ms: number): Promise<number> {
  const before = readBusySeconds();
  const from = performance.now();
  await pause(ms);
  return (readBusySeconds() - before) / ((performance.now() - from) / 1000);
}

/** Of all processors together, since the machine was started. */
export function readBusySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;
}
