/** The process and its machine, as Node knows them. */

import { availableParallelism, totalmem } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Machine } from "../ports/machine.ts";

const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;
/** The delay is measured by a timer of this length, which is no delay. */
const RESOLUTION_MS = 20;

export function createMachine(): Machine & Disposable {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const delay = (nanoseconds: number) =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000) : 0;
  return {
    measure() {
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed } = process.memoryUsage();
      const isEmpty = delays.count === 0;
      const loopDelay = {
        p50: isEmpty ? 0 : delay(delays.percentile(50)),
        p99: isEmpty ? 0 : delay(delays.percentile(99)),
        max: isEmpty ? 0 : delay(delays.max),
      };
      delays.reset();
      const allowed = process.constrainedMemory();
      return {
        cpuSeconds: (user + system) / MICROSECONDS,
        processors: availableParallelism(),
        residentBytes: rss,
        heapBytes: heapUsed,
        memoryBytes: allowed > 0 && allowed < totalmem() ? allowed : totalmem(),
        loopDelay,
      };
    },
    [Symbol.dispose]: () => delays.disable(),
  };
}
