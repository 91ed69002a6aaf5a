/**
 * When executions that begin now will be done, going by those of before: the median of the last hundred that completed.
 *
 * Asking the store at each start would cost more than the start. A median that is known is renewed once a second at most,
 * behind the back of those who ask; while too few have completed the store is asked anew, but not more often than a bound.
 */

import type { Host } from "../host/host.ts";
import { createLru } from "../host/lru.ts";
import type { Clock } from "../ports/clock.ts";

const RUNS_LOOKED_AT = 100;
const RUNS_MIN = 5;
const RENEW_MS = 1000;
const ASKED_PER_SECOND_MAX = 50;
const WORKFLOWS_MAX = 10_000;

export interface Estimates {
  /** Milliseconds from start to end; null where too few executions have completed. */
  read(request: { workspace: string; workflow: string; version: string }): Promise<number | null>;
}

interface Estimate {
  readonly durationMs: number | null;
  readonly askedAt: number;
}

export function createEstimates(host: Host, clock: Clock): Estimates {
  const known = createLru<Estimate>(WORKFLOWS_MAX);
  const underWay = new Map<string, Promise<number | null>>();
  let windowBegan = 0;
  let asked = 0;

  function mayAsk(): boolean {
    if (clock.now() - windowBegan >= 1000 || clock.now() < windowBegan) {
      windowBegan = clock.now();
      asked = 0;
    }
    asked += 1;
    return asked <= ASKED_PER_SECOND_MAX;
  }

  async function ask(
    key: string,
    request: { workspace: string; workflow: string; version: string },
  ): Promise<number | null> {
    const { rows } = await host.find({ ...request, statuses: ["completed"], limit: RUNS_LOOKED_AT });
    const durations = rows.flatMap(({ startedAt, finishedAt }) =>
      startedAt === null || finishedAt === null ? [] : [finishedAt - startedAt],
    );
    const durationMs = durations.length < RUNS_MIN ? null : median(durations);
    known.set(key, { durationMs, askedAt: clock.now() }, 1);
    return durationMs;
  }

  return {
    async read(request) {
      const key = `${request.workspace}\n${request.workflow}\n${request.version}`;
      const estimate = known.get(key);
      const isFresh =
        estimate !== undefined && estimate.durationMs !== null && clock.now() - estimate.askedAt < RENEW_MS;
      if (isFresh || !mayAsk()) return estimate?.durationMs ?? null;
      // A start is not refused because its end cannot be guessed.
      const asking =
        underWay.get(key) ??
        ask(key, request)
          .catch(() => null)
          .finally(() => underWay.delete(key));
      underWay.set(key, asking);
      return estimate?.durationMs ?? asking;
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
