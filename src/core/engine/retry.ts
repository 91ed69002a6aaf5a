/** Whether a failed attempt is followed by another, and when. */

import type { Random } from "../base/random.ts";
import type { RetryPolicy, RetryRule, Step } from "../language/definition.ts";
import { CODES, type StepError } from "./error.ts";

const OWN_CODES: ReadonlySet<string> = new Set(CODES);
const RETRIED_CODES: ReadonlySet<string> = new Set([
  "TIMEOUT",
  "CONNECTION_FAILED",
  "EXECUTOR_UNAVAILABLE",
  "HTTP_408",
  "HTTP_425",
  "HTTP_429",
]);

/** What `timeout_action: retry` means for a step without a policy: three attempts with the usual delays. */
const TIMEOUT_RETRY: RetryPolicy = {
  attemptsMax: 3,
  backoff: "exponential",
  initialDelayMs: 1000,
  delayMsMax: 60_000,
  multiplier: 2,
  jitter: true,
  retryOn: null,
};

/** An executor that asks for more than a year is mistaken, and the sum must still be a date. */
const ASKED_MS_MAX = 365 * 86_400_000;

export function policyFor(step: Step, error: StepError): RetryPolicy | null {
  if (error.code === "TIMEOUT" && step.timeoutAction === "retry") return step.retry ?? TIMEOUT_RETRY;
  return step.retry;
}

/** `holds` evaluates a condition over `error`. */
export function isRetried(
  policy: RetryPolicy,
  error: StepError,
  holds: (rule: Extract<RetryRule, { kind: "condition" }>) => boolean,
): boolean {
  if (error.retryable === false) return false;
  if (policy.retryOn !== null) {
    return policy.retryOn.some((rule) => (rule.kind === "code" ? fitsCode(rule.code, error.code) : holds(rule)));
  }
  if (RETRIED_CODES.has(error.code) || /^HTTP_5\d\d$/.test(error.code)) return true;
  return !OWN_CODES.has(error.code) && !/^HTTP_\d{3}$/.test(error.code);
}

/** An exact code, or a class of HTTP codes: `HTTP_4xx`, `HTTP_5xx`. */
export function fitsCode(pattern: string, code: string): boolean {
  const group = /^HTTP_(\d)xx$/i.exec(pattern);
  return group === null ? pattern === code : new RegExp(`^HTTP_${group[1]}\\d\\d$`).test(code);
}

/** `attempt` is the one that failed, counted from 1 since the last re-opening. */
export function delayMs(policy: RetryPolicy, attempt: number, error: StepError, random: Random): number {
  const asked = Math.min((error.retry_after ?? 0) * 1000, ASKED_MS_MAX);
  const full = Math.min(growth(policy, attempt), policy.delayMsMax);
  const delay = policy.jitter ? full / 2 + (full / 2) * random() : full;
  return Math.ceil(Math.max(delay, asked));
}

function growth({ backoff, initialDelayMs, multiplier }: RetryPolicy, attempt: number): number {
  switch (backoff) {
    case "fixed":
      return initialDelayMs;
    case "linear":
      return initialDelayMs * attempt;
    case "exponential":
      return initialDelayMs * multiplier ** (attempt - 1);
  }
}
