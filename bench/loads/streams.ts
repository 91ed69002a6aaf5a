/** Many who watch: each client follows one execution by server-sent events, and is told of its end. */

import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { openStreams } from "../drive.ts";
import type { Figure } from "../figures.ts";
import { register, signal, startMany, startPlatform } from "../platform.ts";
import { readUsage, shareBetween } from "../usage.ts";
import type { Load, LoadOptions } from "./load.ts";

const CLIENTS = 10_000;
const EXECUTIONS = 100;
/** Of a process's file descriptors, those that are needed for other things. */
const RESERVED = 500;
const SETTLE_MS = 1000;

export const streams: Load = {
  name: "streams",
  about: "10,000 clients (fewer where a process may not open so many files) that follow 100 executions as they happen.",
  baselines: ["echo.256"],
  measure,
};

async function measure({ seconds }: LoadOptions): Promise<readonly Figure[]> {
  const clients = Math.min(CLIENTS, filesMax() - RESERVED);
  await using platform = await startPlatform();
  await register(platform.url, "start-only");
  const inputs = Array.from({ length: EXECUTIONS }, (_, n) => ({ order: String(n) }));
  const ids = await startMany(platform.url, "start-only", inputs);
  await pause(SETTLE_MS);
  const idle = readUsage(platform.pid);
  const paths = Array.from({ length: clients }, (_, n) => `/api/v1/executions/${ids[n % EXECUTIONS]}/stream`);
  using watching = openStreams({ kind: "streams", url: platform.url, paths });
  const openMs = await watching.opened;
  const open = readUsage(platform.pid);
  await pause((seconds / 2) * 1000);
  const quiet = readUsage(platform.pid);
  const beganAt = performance.now();
  for (const id of ids) await signal(platform.url, id, "approved");
  const messages = await watching.ended;
  const toldMs = performance.now() - beganAt;
  const told = readUsage(platform.pid);
  // Started, the wait begun, the signal, the end of the wait and that of the execution: each client sees each once.
  const expected = clients * 5;
  if (messages !== expected) throw new Error(`Expected ${expected} messages in all streams, but met ${messages}.`);
  return [
    { id: "streams.clients", what: "streams: clients", value: clients, unit: "" },
    { id: "streams.open", what: "streams: all open after", value: openMs, unit: "ms" },
    {
      id: "streams.open.time",
      what: "streams: processor time to open each",
      value: ((open.cpuSeconds - idle.cpuSeconds) * 1e6) / clients,
      unit: "us",
    },
    {
      id: "streams.memory",
      what: "streams: memory for each",
      value: (quiet.residentBytes - idle.residentBytes) / clients,
      unit: "bytes",
    },
    {
      id: "streams.quiet",
      what: "streams: processor while nothing happens",
      value: shareBetween(open, quiet).cpu * 100,
      unit: "%",
    },
    { id: "streams.told", what: "streams: all told of the end after", value: toldMs, unit: "ms" },
    {
      id: "streams.told.time",
      what: "streams: processor time to tell each",
      value: ((told.cpuSeconds - quiet.cpuSeconds) * 1e6) / clients,
      unit: "us",
    },
  ];
}

function filesMax(): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? 1024);
}
