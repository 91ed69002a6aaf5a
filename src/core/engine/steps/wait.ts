import { parseDuration } from "../../base/duration.ts";
import { toRfc3339 } from "../../base/time.ts";
import type { WaitSpec } from "../../language/definition.ts";
import { ExpressionError } from "../../language/expressions/evaluation.ts";
import type { Decision } from "../decision.ts";
import { complete } from "../ends.ts";
import type { StepState } from "../execution.ts";
import { recordStart } from "./start.ts";

/** A durable pause, for a time or until a time. One that is over already ends at once. */
export function beginWait(decision: Decision, step: StepState, spec: WaitSpec): void {
  recordStart(decision, step, { kind: "wait", until: toRfc3339(untilOf(decision, step, spec)) });
}

function untilOf(decision: Decision, step: StepState, spec: WaitSpec): number {
  if (spec.duration !== null) {
    const duration = decision.evaluate(spec.duration, step);
    const ms = typeof duration === "number" || typeof duration === "string" ? parseDuration(duration) : null;
    if (ms === null) {
      throw new ExpressionError(
        `Expected duration to give a duration such as "90s" or a number of seconds, but it gave ${JSON.stringify(duration).slice(0, 60)}.`,
        0,
      );
    }
    return decision.now + ms;
  }
  const until = spec.until === null ? null : decision.evaluate(spec.until, step);
  const at = typeof until === "string" ? Date.parse(until) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new ExpressionError(
      `Expected until to give an RFC 3339 time such as "2027-01-31T09:00:00Z", but it gave ${JSON.stringify(until).slice(0, 60)}.`,
      0,
    );
  }
  return Math.max(at, decision.now);
}

/** The pause is over. */
export function wakeWait(decision: Decision, step: StepState): void {
  complete(decision, step, {});
}
