/** How the steps of a workflow do, over the histories of its newest executions. */

import type { StepTimes } from "./step-times.ts";
import { PHASES, type Phase } from "./step-times.ts";

export interface Spread {
  /** Seconds; null: it never ran. */
  readonly mean: number | null;
  readonly p95: number | null;
}

export interface StepFigures {
  readonly step: string;
  readonly type: string;
  readonly is_container: boolean;
  readonly runs: number;
  readonly failures: number;
  readonly retries: number;
  readonly fallbacks: number;
  readonly time: Readonly<Record<Phase | "total", Spread>>;
  /** Of the time that all executions took, the part that was spent in this step while nothing else was waited for. */
  readonly critical_share: number;
  /** The commonest first. */
  readonly errors: readonly { readonly code: string; readonly count: number }[];
}

export interface CriticalStep {
  readonly step: string;
  readonly share: number;
  /** Seconds on the path, on average over the executions that have it there. */
  readonly mean: number;
}

interface Gathered {
  runs: number;
  failures: number;
  retries: number;
  fallbacks: number;
  isContainer: boolean;
  readonly times: Record<Phase | "total", number[]>;
  criticalMs: number;
  criticalRuns: number;
  /** Of the first beginning in each execution, from the start: the order in which they are shown. */
  offsets: number[];
  readonly errors: Map<string, number>;
}

export class StepGathering {
  private readonly steps = new Map<string, Gathered>();
  private executionMs = 0;
  executions = 0;

  add(times: StepTimes): void {
    const { startedAt, endedAt } = times;
    if (startedAt === null || endedAt === null) return;
    this.executions += 1;
    this.executionMs += Math.max(0, endedAt - startedAt);
    const met = new Set<string>();
    for (const span of times.spans) {
      const gathered = this.of(span.step);
      gathered.isContainer = span.isContainer;
      gathered.runs += 1;
      gathered.retries += span.retries;
      if (span.outcome === "failed") gathered.failures += 1;
      if (span.fallback) gathered.fallbacks += 1;
      for (const phase of PHASES) gathered.times[phase].push(span.split[phase] / 1000);
      gathered.times.total.push((span.ended - span.began) / 1000);
      for (const code of span.errors) gathered.errors.set(code, (gathered.errors.get(code) ?? 0) + 1);
      if (!met.has(span.step)) gathered.offsets.push(span.began - startedAt);
      met.add(span.step);
    }
    const onPath = new Set<string>();
    for (const { step, ms } of times.criticalPath()) {
      const gathered = this.of(step);
      gathered.criticalMs += ms;
      if (!onPath.has(step)) gathered.criticalRuns += 1;
      onPath.add(step);
    }
  }

  /** In the order of the definition, steps that never ran included. */
  figures(steps: readonly { readonly name: string; readonly type: string }[]): readonly StepFigures[] {
    return steps.map(({ name, type }) => {
      const gathered = this.steps.get(name) ?? createGathered();
      return {
        step: name,
        type,
        is_container: gathered.isContainer,
        runs: gathered.runs,
        failures: gathered.failures,
        retries: gathered.retries,
        fallbacks: gathered.fallbacks,
        time: {
          executor: spreadOf(gathered.times.executor),
          running: spreadOf(gathered.times.running),
          retrying: spreadOf(gathered.times.retrying),
          waiting: spreadOf(gathered.times.waiting),
          total: spreadOf(gathered.times.total),
        },
        critical_share: this.shareOf(gathered),
        errors: [...gathered.errors]
          .map(([code, count]) => ({ code, count }))
          .sort((a, b) => b.count - a.count)
          .slice(0, 5),
      };
    });
  }

  /** In the order in which they usually begin. */
  criticalPath(): readonly CriticalStep[] {
    return [...this.steps]
      .filter(([, { criticalMs }]) => criticalMs > 0)
      .toSorted(([, a], [, b]) => meanOf(a.offsets) - meanOf(b.offsets))
      .map(([step, gathered]) => ({
        step,
        share: this.shareOf(gathered),
        mean: rounded(gathered.criticalMs / 1000 / gathered.criticalRuns),
      }))
      .filter(({ share }) => share >= 0.001);
  }

  private shareOf({ criticalMs }: Gathered): number {
    return this.executionMs === 0 ? 0 : rounded(criticalMs / this.executionMs);
  }

  private of(step: string): Gathered {
    const known = this.steps.get(step);
    if (known !== undefined) return known;
    const fresh = createGathered();
    this.steps.set(step, fresh);
    return fresh;
  }
}

function createGathered(): Gathered {
  return {
    runs: 0,
    failures: 0,
    retries: 0,
    fallbacks: 0,
    isContainer: false,
    times: { executor: [], running: [], retrying: [], waiting: [], total: [] },
    criticalMs: 0,
    criticalRuns: 0,
    offsets: [],
    errors: new Map(),
  };
}

function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { mean: null, p95: null };
  const sorted = values.toSorted((a, b) => a - b);
  return {
    mean: rounded(meanOf(values)),
    p95: rounded(sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0),
  };
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
