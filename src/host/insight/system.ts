/**
 * How the platform itself is: measured every ten seconds, kept by the minute, and asked for as it is at the moment.
 */

import type { Instant } from "../../core/base/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Machine, MachineFacts } from "../../ports/machine.ts";
import type { Documents, Store } from "../../ports/store.ts";
import { type Histogram, WRITE_BOUNDS } from "../counters.ts";
import type { Host } from "../host.ts";
import { type Book, createBook } from "./book.ts";
import { addNumber, type Numbers, numbersKind } from "./numbers.ts";

export const SAMPLE_MS = 10_000;

/** A day of them. */
const SAMPLES_MAX = 8640;

/** Latencies are those of the last five minutes. */
const WRITES_LOOKED_AT = 30;

/** The platform is one for all workspaces; no workspace has this name. */
export const PLATFORM = "*";

export interface SystemSample {
  readonly at: Instant;
  /** Of all processors, 0 to 1. */
  readonly cpu: number;
  readonly machine: MachineFacts;
  readonly values: Readonly<Record<SystemSeries, number>>;
}

export const SYSTEM_SERIES = [
  "system.cpu",
  "system.memory",
  "system.heap",
  "system.loop_delay",
  "store.bytes",
  "store.commit_latency",
  "store.write_queue",
  "tasks.waiting",
  "tasks.leased",
  "executions.in_memory",
  "executions.active",
  "executions.queued",
] as const;
export type SystemSeries = (typeof SYSTEM_SERIES)[number];

export interface SystemFigures {
  readonly book: Book<Numbers>;
  /** Measures now where the last sample is older than a second. */
  measure(): SystemSample;
  /** Seconds. */
  latency(): { readonly p50: number | null; readonly p99: number | null };
  storage(): Promise<{ readonly bytes: number; readonly executions: number } | null>;
  /** Since `from`, oldest first. */
  samples(from: Instant): readonly SystemSample[];
  sample(): Promise<void>;
}

export function createSystemFigures(options: {
  host: Host;
  store: Pick<Store, "measure">;
  documents: Documents;
  clock: Clock;
  machine: Machine;
  workspaces: readonly string[];
}): SystemFigures {
  const { host, store, documents, clock, machine, workspaces } = options;
  const book = createBook(numbersKind("system"), documents, clock);
  const ring: SystemSample[] = [];
  const writes: { readonly counts: readonly number[]; readonly over: number }[] = [];
  let before = { at: clock.now(), cpuSeconds: machine.measure().cpuSeconds };
  let newest: SystemSample | null = null;
  /** As of the last time that the store was asked. */
  let open = { running: 0, queued: 0 };
  let measured: { at: Instant; bytes: number; executions: number } | null = null;

  function take(): SystemSample {
    const at = clock.now();
    const facts = machine.measure();
    const passed = (at - before.at) / 1000;
    const used = facts.cpuSeconds - before.cpuSeconds;
    const cpu = passed > 0 ? Math.min(1, Math.max(0, used / passed / facts.processors)) : (newest?.cpu ?? 0);
    before = { at, cpuSeconds: facts.cpuSeconds };
    const health = host.health();
    let waiting = 0;
    let leased = 0;
    for (const workspace of workspaces)
      for (const executor of host.executors.list({ workspace })) {
        waiting += executor.waiting;
        leased += executor.instances.reduce((sum, instance) => sum + instance.leased, 0);
      }
    newest = {
      at,
      cpu,
      machine: facts,
      values: {
        "system.cpu": cpu,
        "system.memory": facts.residentBytes,
        "system.heap": facts.heapBytes,
        "system.loop_delay": facts.loopDelay.p99,
        "store.bytes": measured?.bytes ?? 0,
        "store.commit_latency": latency().p50 ?? 0,
        "store.write_queue": health.shards.reduce((sum, { inbox }) => sum + inbox, 0),
        "tasks.waiting": waiting,
        "tasks.leased": leased,
        "executions.in_memory": health.executionsInMemory,
        "executions.active": open.running,
        "executions.queued": open.queued,
      },
    };
    return newest;
  }

  function latency(): { readonly p50: number | null; readonly p99: number | null } {
    const { counts, over } = host.counters.writes;
    const base = writes[0];
    const lately = counts.map((count, i) => count - (base?.counts[i] ?? 0));
    const tail = over - (base?.over ?? 0);
    return { p50: quantileOf(lately, tail, 0.5), p99: quantileOf(lately, tail, 0.99) };
  }

  async function storage(): Promise<{ readonly bytes: number; readonly executions: number } | null> {
    if (measured !== null && clock.now() - measured.at < SAMPLE_MS) return measured;
    try {
      const found = await store.measure();
      measured = { ...found, at: clock.now() };
    } catch {
      // While the store is away there is nothing to say about it; its health says why.
      return measured;
    }
    return measured;
  }

  async function countOpen(): Promise<void> {
    let running = 0;
    let queued = 0;
    try {
      for (const workspace of workspaces) {
        const counts = await host.count({ workspace, workflow: null });
        running += counts["running"] ?? 0;
        queued += counts["queued"] ?? 0;
      }
      open = { running, queued };
    } catch {
      // While the store is away the last answer stands; its health says why.
    }
  }

  return {
    book,
    measure: () => (newest !== null && clock.now() - newest.at < 1000 ? newest : take()),
    latency,
    storage,
    samples: (from) => ring.filter(({ at }) => at >= from),
    async sample() {
      await Promise.all([storage(), countOpen()]);
      const sample = take();
      ring.push(sample);
      if (ring.length > SAMPLES_MAX) ring.splice(0, ring.length - SAMPLES_MAX);
      writes.push(copyOf(host.counters.writes));
      if (writes.length > WRITES_LOOKED_AT) writes.shift();
      for (const series of SYSTEM_SERIES) addNumber(book.cell(PLATFORM, sample.at, series), sample.values[series]);
    },
  };
}

function copyOf({ counts, over }: Histogram): { readonly counts: readonly number[]; readonly over: number } {
  return { counts: [...counts], over };
}

/** Within the bucket as if they were spread evenly; null: nothing was written. */
function quantileOf(counts: readonly number[], over: number, share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0) + over;
  if (total === 0) return null;
  const wanted = total * share;
  let seen = 0;
  for (const [i, count] of counts.entries()) {
    if (count > 0 && seen + count >= wanted) {
      const lower = WRITE_BOUNDS[i - 1] ?? 0;
      const upper = WRITE_BOUNDS[i] ?? lower;
      return Number((lower + ((upper - lower) * (wanted - seen)) / count).toPrecision(3));
    }
    seen += count;
  }
  return WRITE_BOUNDS.at(-1) ?? null;
}
