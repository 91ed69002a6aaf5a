/**
 * What a workflow is, once its text has been parsed, checked and compiled.
 *
 *     text ──parse──► tree ──normalise──► document ──check──► diagnostics
 *                                            └──compile──► Definition
 *
 * A `Definition` is immutable and is all that the engine sees. Steps and scopes are referred to by dense index, edges are
 * arrays, durations are milliseconds, expressions are closures. Nothing here can be wrong: whatever could be was refused.
 */

import type { Json, JsonObject } from "../base/json.ts";
import type { Expression, Value } from "./expressions/expression.ts";
import type { Regex } from "./regex.ts";
import type { Schema } from "./schema.ts";

/** Index into `Definition.steps`. */
export type StepIndex = number;
/** Index into `Definition.scopes`. */
export type ScopeIndex = number;

/** The scope of the workflow's own list. */
export const ROOT_SCOPE = 0;

export interface Definition {
  readonly name: string;
  /** Semantic version without the leading `v`. */
  readonly version: string;
  /** SHA-256 of the canonical form, in hex. Equal content has an equal hash. */
  readonly hash: string;
  readonly description: string;
  readonly owner: string;
  readonly tags: readonly string[];
  readonly labels: JsonObject;

  readonly inputSchema: Schema | null;
  readonly outputSchema: Schema | null;
  /** An output that breaks its schema fails the execution; else it is a warning. */
  readonly failOnOutputViolation: boolean;

  /** Of the whole execution; null if it may take for ever. */
  readonly timeoutMs: number | null;
  readonly timeoutAction: TimeoutAction;
  /** `spec.fallback_step`, with `timeout_action: fallback`. */
  readonly fallbackStep: StepIndex | null;
  /** How often `timeout_action: retry` may begin the unfinished steps again. */
  readonly timeoutRetriesMax: number;
  /** `spec.compensation.order`: one after the other, or all at once. */
  readonly compensationOrder: "newest_first" | "parallel";

  /** How many executions may run at a time; null: as many as are started. */
  readonly concurrency: Concurrency | null;
  /** One start in place of many that come within a time; null: each is a start of its own. */
  readonly debounce: Debounce | null;
  /** How many starts are accepted in a time; null: all. */
  readonly rateLimit: RateLimit | null;
  /** Named conditions: `$.conditions.NAME`. */
  readonly conditions: ReadonlyMap<string, Expression>;
  readonly steps: readonly Step[];
  readonly scopes: readonly Scope[];
  readonly stepByName: ReadonlyMap<string, StepIndex>;
  /** `spec.output`; null where the output is made from the schema's property names or the last step. */
  readonly output: Value | null;
  /** `error_handling` as a list: looked at in this order when a step has ended. */
  readonly errorRules: readonly ErrorRule[];
  /** `error_handling.on_failure`: runs once when the outermost scope has failed, before anything is undone. */
  readonly failureSteps: ScopeIndex | null;
  /** `error_handling.compensation`: runs after what completed was undone. */
  readonly compensationSteps: ScopeIndex | null;
  /** `error_handling.error_categories`: the first that fits a failure says what is done about it. */
  readonly errorCategories: readonly ErrorCategory[];
  /** Whether an execution that fails for good is listed among the dead letters. */
  readonly keepsDeadLetters: boolean;
  /** The normalised document, for features that read fields which the engine does not execute. */
  readonly document: JsonObject;
}

export interface Concurrency {
  readonly limit: number;
  /** Counted for each value apart; null: for the workflow as a whole. */
  readonly key: Value | null;
  readonly onLimit: "queue" | "drop" | "cancel_oldest" | "reject";
  /** Whether the slot is kept while the execution only waits (`running`: no; `waiting`: unless it waits for children; `tree`: yes). */
  readonly hold: "running" | "waiting" | "tree";
  /** At most one, and a start while it runs is answered with that one. */
  readonly isSingleton: boolean;
}

export interface Debounce {
  readonly key: Value | null;
  /** An execution begins once no start of its key has come for so long ... */
  readonly periodMs: number;
  /** ... or once it has waited for so long; null: however long that takes. */
  readonly waitMsMax: number | null;
}

export interface RateLimit {
  readonly key: Value | null;
  readonly limit: number;
  readonly periodMs: number;
}

export type TimeoutAction = "fail" | "retry" | "fallback" | "ignore" | "cancel_and_cleanup";

/** A list of steps. Edges join steps of one scope only. */
export interface Scope {
  readonly index: ScopeIndex;
  readonly kind: ScopeKind;
  /** The container step; null for the root. */
  readonly owner: StepIndex | null;
  /** A branch's name; else the kind again. */
  readonly name: string;
  /** In the order of the text. */
  readonly steps: readonly StepIndex[];
}

/** `called` is the list of an inline fallback, compensation or error rule; `failure` is the inline path `on_failure: {steps}`. */
export type ScopeKind =
  | "root"
  | "then"
  | "else"
  | "case"
  | "default"
  | "branch"
  | "body"
  | "try"
  | "catch"
  | "finally"
  | "failure"
  | "called";

export interface Step {
  readonly index: StepIndex;
  readonly name: string;
  /** As in the canonical form; `spec.kind` says what it does. */
  readonly type: string;
  readonly scope: ScopeIndex;
  /** Place in `Scope.steps`. */
  readonly position: number;
  /** Reached only by failure edges, or called. */
  readonly isSide: boolean;
  readonly when: Expression | null;

  readonly incoming: readonly Edge[];
  readonly join: "settled" | "all" | "any";
  /** Where the success edges lead. */
  readonly success: readonly StepIndex[];
  /** Where the failure edge leads: a step of this scope, an inline path, or nowhere. */
  readonly failure: FailureEdge;

  /** What the step gets; null means the default of its type. */
  readonly input: Value | null;
  /** Picks the step's output from its result; null means the result itself. */
  readonly output: Value | null;

  /** One attempt of a step that calls out, or the whole of any other step. */
  readonly timeoutMs: number | null;
  readonly timeoutAction: TimeoutAction;
  /** From scheduled until an executor takes it. */
  readonly queueTimeoutMs: number | null;
  /** All attempts and the delays between them. */
  readonly totalTimeoutMs: number | null;
  readonly heartbeatTimeoutMs: number | null;
  /** The policy in force: the step's own, else the workflow's where the type calls out, else null: tried once. */
  readonly retry: RetryPolicy | null;
  /** The policy is the step's own, and not the workflow's. */
  readonly isRetryOwn: boolean;
  readonly circuitBreaker: CircuitBreaker | null;
  readonly fallback: Fallback | null;
  /** The step that undoes this one, called when the execution fails. */
  readonly compensate: StepIndex | null;
  /** Replaces the message of the error with which the step fails for good. */
  readonly failureMessage: Value | null;
  /** Route the step's tasks to instances that have these. */
  readonly labels: JsonObject;
  readonly spec: StepSpec;
}

export interface Edge {
  readonly from: StepIndex;
  readonly on: "success" | "failure";
}

/** `recovers`: the flow goes on in this scope after the failure, because a main step can be reached from there. */
export type FailureEdge =
  | { readonly kind: "none" }
  | {
      readonly kind: "step";
      readonly step: StepIndex;
      readonly recovers: boolean;
      /** All steps that can be reached from there along edges, the first included: what a final failure does not cancel. */
      readonly path: readonly StepIndex[];
    }
  | { readonly kind: "inline"; readonly scope: ScopeIndex; readonly when: Expression | null };

/** Fires at most once in an execution, when a step has ended for good and before its edges are followed. */
export interface ErrorRule {
  readonly condition: Expression;
  readonly action: RuleAction;
}

/** The first two end the execution as failed. */
export type RuleAction =
  | {
      readonly kind: "return_error";
      readonly code: Value | null;
      readonly message: Value | null;
      readonly details: Value | null;
    }
  /** The steps run after what completed was undone. */
  | { readonly kind: "compensate"; readonly steps: readonly StepIndex[]; readonly message: Value | null }
  | { readonly kind: "fallback"; readonly step: StepIndex }
  | { readonly kind: "continue" }
  | { readonly kind: "notify"; readonly notice: Readonly<Record<string, Value>> };

export interface ErrorCategory {
  /** Tells it among all categories. */
  readonly name: string;
  readonly patterns: readonly ErrorPattern[];
  readonly strategy: CategoryStrategy;
  /** With `retry`, for steps that call out and have no policy of their own. */
  readonly retry: RetryPolicy;
  /** With `handler`: what stands in for the step that failed. */
  readonly handler: Fallback | null;
}

export type CategoryStrategy = "retry" | "fail_immediately" | "handler";

/** `code` is upper case: an exact code, `HTTP_4xx` or `HTTP_5xx`. */
export type ErrorPattern =
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "message"; readonly regex: Regex };

export interface RetryPolicy {
  /** All attempts, the first included. */
  readonly attemptsMax: number;
  readonly backoff: "fixed" | "linear" | "exponential";
  readonly initialDelayMs: number;
  readonly delayMsMax: number;
  readonly multiplier: number;
  readonly jitter: boolean;
  /** Replaces the built-in list of what is retried; null keeps it. */
  readonly retryOn: readonly RetryRule[] | null;
}

/** `code` is upper case: an exact code, `HTTP_4xx` or `HTTP_5xx`. */
export type RetryRule =
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "condition"; readonly condition: Expression };

export interface CircuitBreaker {
  readonly failureThreshold: number;
  readonly failureRateThreshold: number | null;
  readonly recoveryTimeoutMs: number;
  readonly halfOpenCallsMax: number;
  readonly onOpen: "fail" | "wait";
}

export type Fallback =
  | { readonly kind: "step"; readonly step: StepIndex }
  | { readonly kind: "inline"; readonly scope: ScopeIndex; readonly when: Expression | null }
  | { readonly kind: "output"; readonly output: Value };

/** What each type does with its fields compiled. One case for each file in `engine/steps`. */
export type StepSpec =
  | FunctionSpec
  | HttpSpec
  | ScriptSpec
  | MappingSpec
  | ExternalSpec
  | ValidateSpec
  | SetSpec
  | ConditionSpec
  | SwitchSpec
  | ParallelSpec
  | LoopSpec
  | TrySpec
  | WorkflowSpec
  | WaitSpec
  | WaitForEventSpec
  | EmitSpec
  | FailSpec
  | ReturnSpec;

/** `type: function`. */
export interface FunctionSpec {
  readonly kind: "function";
  readonly executor: string;
  readonly function: string;
}

/** `type: http`. `request` evaluates to `{url | service+endpoint, method?, headers?, query?, body?, auth?, idempotency_key?}`. */
export interface HttpSpec {
  readonly kind: "http";
  readonly request: Value;
  /** Status codes that are fine; null means 200 to 299. */
  readonly expectStatus: readonly StatusRange[] | null;
  readonly cache: { readonly ttlMs: number; readonly key: Value | null } | null;
}

/** Both ends included. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** `type: transform` with JSONata or JavaScript: a task of a script worker. */
export interface ScriptSpec {
  readonly kind: "script";
  readonly language: "jsonata" | "javascript";
  readonly source: string;
}

/** `type: transform` by expression mapping, worked out by the engine itself. `input` is a root in it: the step's input. */
export interface MappingSpec {
  readonly kind: "mapping";
  readonly mapping: Value;
}

/** A type that a built-in executor performs: grpc, database, message_queue, aggregate, human_task, notification, webhook. */
export interface ExternalSpec {
  readonly kind: "external";
  /** The type's own fields, evaluated as one. */
  readonly config: Value;
}

export interface ValidateSpec {
  readonly kind: "validate";
  readonly schema: Schema | null;
  readonly rules: readonly { readonly name: string; readonly condition: Expression; readonly message: string }[];
  readonly onInvalid: "fail" | "continue";
}

export interface SetSpec {
  readonly kind: "set";
  /** Each is evaluated in the order of the text and sees those before it. */
  readonly variables: readonly { readonly name: string; readonly value: Value }[];
}

export interface ConditionSpec {
  readonly kind: "condition";
  readonly condition: Expression;
  readonly then: ScopeIndex | null;
  readonly else: ScopeIndex | null;
}

export interface SwitchSpec {
  readonly kind: "switch";
  readonly cases: readonly { readonly when: Expression; readonly scope: ScopeIndex }[];
  readonly default: ScopeIndex | null;
}

export interface ParallelSpec {
  readonly kind: "parallel";
  readonly branches: readonly ScopeIndex[];
  /** How many branches must complete: all of them, or a number. */
  readonly join: "all" | number;
  readonly failFast: boolean;
  readonly concurrencyMax: number | null;
}

export interface LoopSpec {
  readonly kind: "loop";
  readonly over: LoopSource;
  readonly itemVariable: string;
  readonly indexVariable: string;
  /** How many iterations at a time: 1 is sequential, null is all. */
  readonly concurrencyMax: number | null;
  /** Each iteration gets an array of this many items; null gives it one item. */
  readonly chunkSize: number | null;
  readonly iterationsMax: number;
  readonly failFast: boolean;
  readonly body: ScopeIndex;
  /**
   * What of a finished iteration the definition reads through `iterations`: nothing at all, all steps, or the named ones (an
   * empty list keeps the iteration's number, status and error).
   */
  readonly keeps: "nothing" | "all" | readonly string[];
}

export type LoopSource =
  | { readonly kind: "each"; readonly items: Value }
  | { readonly kind: "while"; readonly condition: Expression }
  | { readonly kind: "times"; readonly times: Value };

export interface TrySpec {
  readonly kind: "try";
  readonly body: ScopeIndex;
  readonly catches: readonly Catch[];
  readonly finally: ScopeIndex | null;
}

/** Catches an error whose code is in `codes` (empty: any) and for which `when` holds. `as` names it; `error` always does. */
export interface Catch {
  readonly codes: readonly string[];
  readonly when: Expression | null;
  readonly as: string | null;
  readonly scope: ScopeIndex;
}

export interface WorkflowSpec {
  readonly kind: "workflow";
  readonly workflow: Value;
  /** Null: the active version when the child starts. */
  readonly version: string | null;
  readonly wait: boolean;
}

export interface WaitSpec {
  readonly kind: "wait";
  /** Exactly one is given. `duration` gives a number of seconds or a duration text, `until` an RFC 3339 time. */
  readonly duration: Value | null;
  readonly until: Value | null;
}

export interface WaitForEventSpec {
  readonly kind: "wait_for_event";
  readonly event: Value;
  readonly correlation: Value | null;
  readonly filter: Expression | null;
}

export interface EmitSpec {
  readonly kind: "emit";
  readonly event: Value;
  readonly data: Value | null;
  readonly correlationKey: Value | null;
}

export interface FailSpec {
  readonly kind: "fail";
  readonly code: Value | null;
  readonly message: Value | null;
  readonly details: Value | null;
}

export interface ReturnSpec {
  readonly kind: "return";
  /** Null: the output is built as at a normal end. */
  readonly output: Value | null;
}

/** The types whose steps leave the engine as tasks; the workflow's `retry_policy` is the default of these (transform apart). */
export const CALLING_TYPES: ReadonlySet<string> = new Set([
  "function",
  "http",
  "grpc",
  "database",
  "message_queue",
  "notification",
  "webhook",
]);

/** For a value that is known when the definition is compiled. */
export function constantOf(value: Value | null): Json | undefined {
  return value?.constant;
}
