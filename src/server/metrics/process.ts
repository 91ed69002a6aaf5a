import { monitorEventLoopDelay } from "node:perf_hooks";
import { type Family, one } from "./family.ts";

const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;
const QUANTILES: readonly (readonly [label: string, percentile: number])[] = [
  ["0.5", 50],
  ["0.99", 99],
  ["1", 100],
];

/** What everybody calls by these names. */
export const PROCESS_METRICS: readonly Family[] = [
  {
    name: "magicflow_build_info",
    help: "1, with the version of the platform and of Node.js.",
    type: "gauge",
    read: ({ version }) => [{ labels: { version, node: process.versions.node }, value: 1 }],
  },
  {
    name: "magicflow_loop_delay_seconds",
    help: "How late the platform's own clock was at its last beat.",
    type: "gauge",
    read: ({ health }) => one(health.loopDelayMs / 1000),
  },
  {
    name: "nodejs_eventloop_lag_seconds",
    help: "Delay of the event loop since the last time that somebody asked: median, 99th percentile, longest.",
    type: "gauge",
    read: () => eventLoopDelay(),
  },
  {
    name: "process_start_time_seconds",
    help: "When the process began to serve, since 1970.",
    type: "gauge",
    read: ({ startedAt }) => one(startedAt / 1000),
  },
  {
    name: "process_cpu_seconds_total",
    help: "Time of processors that the process has used.",
    type: "counter",
    read() {
      const { user, system } = process.cpuUsage();
      return one((user + system) / MICROSECONDS);
    },
  },
  {
    name: "process_resident_memory_bytes",
    help: "Memory of the process.",
    type: "gauge",
    read: () => one(process.memoryUsage.rss()),
  },
  {
    name: "nodejs_heap_size_used_bytes",
    help: "Memory of the process that JavaScript uses.",
    type: "gauge",
    read: () => one(process.memoryUsage().heapUsed),
  },
];

/** Measured from the first question on: who never asks pays nothing. */
let delays: ReturnType<typeof monitorEventLoopDelay> | null = null;

function eventLoopDelay() {
  if (delays === null) {
    delays = monitorEventLoopDelay({ resolution: 20 });
    delays.enable();
  }
  const seen = delays;
  const samples = QUANTILES.map(([quantile, percentile]) => ({
    labels: { quantile },
    value: seen.count === 0 ? 0 : seen.percentile(percentile) / NANOSECONDS,
  }));
  seen.reset();
  return samples;
}
