/**
 * Every spelling that is accepted besides the canonical one.
 *
 * `normalise.ts` applies this table and nothing after it knows these words. A row without `on` holds for all step types.
 */

export interface Alias {
  readonly from: string;
  readonly to: string;
  /** Only on steps of these types. */
  readonly on?: readonly string[];
  /** On all steps but those of these types. */
  readonly exceptOn?: readonly string[];
}

export const API_VERSION_ALIASES: ReadonlyMap<string, string> = new Map([
  ["magicflow.io/v2", "workflow.magic-flow.io/v2"],
]);

export const TYPE_ALIASES: ReadonlyMap<string, string> = new Map([
  ["service_call", "http"],
  ["foreach", "loop"],
  ["map", "loop"],
  ["script", "transform"],
]);

export const STEP_ALIASES: readonly Alias[] = [
  { from: "condition", to: "when", exceptOn: ["condition"] },
  { from: "retry_config", to: "retry" },
  { from: "retry_policy", to: "retry" },
  { from: "service", to: "executor", on: ["function"] },
  { from: "method", to: "function", on: ["function"] },
];

export const SPEC_ALIASES: readonly Alias[] = [
  { from: "retry", to: "retry_policy" },
  { from: "retry_config", to: "retry_policy" },
];

export const RETRY_ALIASES: readonly Alias[] = [
  { from: "backoff_strategy", to: "backoff" },
  { from: "initial_backoff", to: "initial_delay" },
  { from: "backoff_interval", to: "initial_delay" },
  { from: "max_backoff", to: "max_delay" },
  { from: "backoff_multiplier", to: "multiplier" },
  { from: "conditions", to: "retry_on" },
];

export const BREAKER_ALIASES: readonly Alias[] = [{ from: "timeout", to: "recovery_timeout" }];

/** Of cases, handlers, fallbacks and inline paths. */
export const GUARD_ALIASES: readonly Alias[] = [{ from: "condition", to: "when" }];

/** Of error rules and rules of a validation, where `condition` is the canonical word. */
export const CONDITION_ALIASES: readonly Alias[] = [{ from: "when", to: "condition" }];

export const NAMED_CONDITION_ALIASES: readonly Alias[] = [
  { from: "condition", to: "expression" },
  { from: "when", to: "expression" },
];
