/** Circuit breakers: how they are, and closing one by hand. */

import { toRfc3339 } from "../../core/base/time.ts";
import {
  type BreakerCaller,
  type BreakerMessage,
  listBreakers,
  readBreaker,
  resetBreaker,
} from "../../core/protocol/breakers.ts";
import type { BreakerRecord } from "../../host/shared/breakers.ts";
import { breakerUnknown } from "../../host/shared/breakers.ts";
import { answerOf, json, problem } from "../answer.ts";
import { pageAnswer } from "../paging.ts";
import type { RouteContext } from "./context.ts";

/** So many of those who wait are shown one by one. */
const LINE_SHOWN_MAX = 100;

const WINDOW_SECONDS = 60;

export function bindBreakers({ binder, host: { breakers } }: RouteContext): void {
  binder.bind(listBreakers, async (call) => {
    const { state } = call.query;
    const all = await breakers.list(call.workspace);
    const items = state === undefined ? all : all.filter((breaker) => breaker.state === state);
    return pageAnswer({ items, nameOf: ({ target }) => target, toMessage: toBreaker }, call);
  });

  binder.bind(readBreaker, async ({ workspace, params }) => {
    const record = await breakers.read({ workspace, target: params.target });
    if (record !== null) return json(200, toBreaker(record));
    const { code, message } = breakerUnknown(params.target);
    return problem(code, message);
  });

  binder.bind(resetBreaker, async ({ workspace, params, by }) => {
    const outcome = await breakers.reset({ workspace, target: params.target, by });
    return answerOf(outcome, ({ record }) => json(200, toBreaker(record)));
  });
}

function toBreaker(record: BreakerRecord): BreakerMessage {
  const { settings, state, trials, successes } = record;
  return {
    target: record.target,
    state,
    since: timeOf(record.since),
    until: timeOf(record.until),
    failures: record.failures,
    window: { seconds: WINDOW_SECONDS, ...record.window },
    settings:
      settings === null
        ? null
        : {
            failure_threshold: settings.failureThreshold,
            failure_rate_threshold: settings.failureRateThreshold,
            recovery_timeout: settings.recoveryTimeoutMs / 1000,
            half_open_max_calls: settings.halfOpenCallsMax,
          },
    declared_by: record.declaredBy,
    half_open:
      state === "half_open"
        ? {
            calls_max: settings?.halfOpenCallsMax ?? 1,
            calls_out: trials.length,
            succeeded: successes,
            calls: trials.map(toCaller),
          }
        : null,
    waiting: record.line.length,
    line: record.line.slice(0, LINE_SHOWN_MAX).map(toCaller),
    transitions: record.transitions.map(({ at, from, to, reason }) => ({ at: toRfc3339(at), from, to, reason })),
  };
}

function toCaller({ taskId, executionId, path, attempt, since }: BreakerRecord["line"][number]): BreakerCaller {
  return { task_id: taskId, execution_id: executionId, path, attempt, since: toRfc3339(since) };
}

function timeOf(instant: number | null): string | null {
  return instant === null ? null : toRfc3339(instant);
}
