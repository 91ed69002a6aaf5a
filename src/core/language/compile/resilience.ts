/** Retry policies, breakers and fallbacks, with their defaults filled in. */

import { defined } from "../../base/bug.ts";
import type { CircuitBreaker, Fallback, RetryPolicy, RetryRule, Step, TimeoutAction } from "../definition.ts";
import { CALLING_TYPES } from "../definition.ts";
import type { OutlineStep } from "../outline.ts";
import type { Node } from "../parse/node.ts";
import { field, items, scalar, text } from "../parse/node.ts";
import { isRetryCode, toRetryCode } from "../retry-rule.ts";
import type { Lookup } from "./lookup.ts";

/** How often a step is tried that is to be retried and does not say how often. */
const ATTEMPTS_DEFAULT = 3;

export function compileResilience(
  step: OutlineStep,
  timeoutAction: TimeoutAction,
  lookup: Lookup,
): Pick<Step, "retry" | "isRetryOwn" | "circuitBreaker" | "fallback"> {
  const { node } = step;
  return {
    retry: retryInForce(step, timeoutAction, lookup),
    isRetryOwn: field(node, "retry") !== undefined,
    circuitBreaker: compileBreaker(field(node, "circuit_breaker"), lookup),
    fallback: compileFallback(node, lookup),
  };
}

/** The step's own policy; else the workflow's, for steps that call out; else three attempts where a time-out asks for them. */
function retryInForce(step: OutlineStep, timeoutAction: TimeoutAction, lookup: Lookup): RetryPolicy | null {
  const own = field(step.node, "retry");
  if (own !== undefined) return compileRetry(own, lookup);
  const shared = field(lookup.outline.spec, "retry_policy");
  if (shared !== undefined && CALLING_TYPES.has(step.type)) return compileRetry(shared, lookup);
  return timeoutAction === "retry" ? retryOfTimeouts() : null;
}

/** The defaults inside a policy where there is no node. */
export function compileRetry(node: Node | undefined, lookup: Lookup): RetryPolicy {
  const number = (name: string, otherwise: number) => {
    const value = scalar(field(node, name));
    return typeof value === "number" ? value : otherwise;
  };
  const rules = field(node, "retry_on");
  return {
    attemptsMax: number("max_attempts", ATTEMPTS_DEFAULT),
    backoff: (text(field(node, "backoff")) as RetryPolicy["backoff"] | undefined) ?? "exponential",
    initialDelayMs: lookup.duration(field(node, "initial_delay")) ?? 1000,
    delayMsMax: lookup.duration(field(node, "max_delay")) ?? 60_000,
    multiplier: number("multiplier", 2),
    jitter: scalar(field(node, "jitter")) !== false,
    retryOn: rules === undefined ? null : items(rules).map((rule) => compileRule(rule, lookup)),
  };
}

/** Without a policy nothing but the time-out is tried again. */
function retryOfTimeouts(): RetryPolicy {
  return {
    attemptsMax: ATTEMPTS_DEFAULT,
    backoff: "exponential",
    initialDelayMs: 1000,
    delayMsMax: 60_000,
    multiplier: 2,
    jitter: true,
    retryOn: [{ kind: "code", code: "TIMEOUT" }],
  };
}

function compileRule(rule: Node, lookup: Lookup): RetryRule {
  const source = String(scalar(rule) ?? "");
  if (isRetryCode(source)) return { kind: "code", code: toRetryCode(source) };
  return { kind: "condition", condition: defined(lookup.condition(rule), "a checked condition") };
}

function compileBreaker(node: Node | undefined, lookup: Lookup): CircuitBreaker | null {
  if (node === undefined || node.kind !== "map") return null;
  const number = (name: string) => {
    const value = scalar(field(node, name));
    return typeof value === "number" ? value : null;
  };
  return {
    failureThreshold: number("failure_threshold") ?? 5,
    failureRateThreshold: number("failure_rate_threshold"),
    recoveryTimeoutMs: lookup.duration(field(node, "recovery_timeout")) ?? 60_000,
    halfOpenCallsMax: number("half_open_max_calls") ?? 1,
    onOpen: text(field(node, "on_open")) === "wait" ? "wait" : "fail",
  };
}

function compileFallback(node: Node, lookup: Lookup): Fallback | null {
  const step = lookup.step(text(field(node, "fallback_step")));
  if (step !== null) return { kind: "step", step };
  const inline = field(node, "fallback");
  const scope = lookup.scope(field(inline, "steps"));
  if (scope !== null) return { kind: "inline", scope, when: lookup.condition(field(inline, "when")) };
  const output = lookup.value(field(node, "default_output"));
  return output === null ? null : { kind: "output", output };
}
