/**
 * What has happened in an execution. History events are the only truth we store, and they are never changed: a new
 * meaning gets a new type, or a new version, which who reads a stored pack sees beside it.
 *
 * The shape is the one that the API shows, so an event is encoded once: for the store, the history route and live
 * updates alike. That is why times are RFC 3339 texts and the members of `data` have snake_case names.
 *
 * Events carry the result of every evaluation (inputs, outputs, chosen branches, due times), so that a replay needs no
 * clock, no chance and no environment.
 */

import type { Json, JsonObject } from "../base/json.ts";
import type { CircuitReport } from "./circuit.ts";
import type { StepError } from "./error.ts";
import type { SlotNeed } from "./sharing.ts";

/** The version in which events are written today; stored beside them. */
export const EVENT_VERSION = 1;

export type HistoryEvent = ExecutionEvent | StepEvent;

/** About the execution as a whole: `step`, `path` and `attempt` are null. */
export type ExecutionEvent = {
  [T in keyof ExecutionEventData]: {
    readonly seq: number;
    readonly type: T;
    readonly at: string;
    readonly step: null;
    readonly path: null;
    readonly attempt: null;
    readonly data: ExecutionEventData[T];
  };
}[keyof ExecutionEventData];

/** About one step, branch or iteration at its `path`. */
export type StepEvent = {
  [T in keyof StepEventData]: {
    readonly seq: number;
    readonly type: T;
    readonly at: string;
    readonly step: string;
    readonly path: string;
    readonly attempt: number;
    readonly data: StepEventData[T];
  };
}[keyof StepEventData];

export interface ExecutionEventData {
  /** The first event of every history, and the beginning of its first run. */
  ExecutionStarted: {
    readonly workflow: string;
    readonly version: string;
    readonly hash: string;
    readonly input: Json;
    readonly metadata: JsonObject;
    readonly priority: number;
    /** When the workflow's time-out is over. */
    readonly due: string | null;
    /** When the time is over that the platform allows at most. */
    readonly limit_due?: string;
    readonly parent: ParentLink | null;
    readonly origin: OriginLink | null;
  };
  /**
   * It waits for slots, one key after the other, before it begins (`begins`) or goes on. `timeout_ms` is the time-out that
   * counts from the admission; absent where it counts already.
   */
  ExecutionQueued: {
    readonly slots: readonly SlotNeed[];
    readonly begins: boolean;
    readonly timeout_ms?: number | null;
  };
  /** A later start came while this one was put off; it begins with what that one said. */
  InputReplaced: {
    readonly command_id: string;
    readonly input: Json;
    readonly metadata: JsonObject;
    readonly priority: number;
    /** What it waits for with this input, where that was said anew. */
    readonly slots?: readonly SlotNeed[];
  };
  /** It holds a slot of `key`; `next` is what it still waits for. */
  SlotGranted: { readonly key: string; readonly next: SlotNeed | null };
  /** It holds all the slots that it needs and runs. `due` is when the time-out is over that begins now. */
  ExecutionAdmitted: { readonly due?: string | null; readonly limit_due?: string };
  /** It only waits, and gives its slots back meanwhile. */
  SlotsReleased: { readonly slots: readonly SlotNeed[] };
  /**
   * The beginning of a further run. A retry: failed and cancelled steps begin again. With `compensates` nothing begins
   * again: what completed is undone, and then it is cancelled.
   */
  ExecutionReopened: {
    readonly command_id: string;
    readonly due: string | null;
    readonly limit_due?: string;
    readonly compensates?: { readonly by: string; readonly reason: string };
  };
  /**
   * The events before this one are those of another execution. From here on it is one of its own: what was open then
   * begins again, what had completed stays.
   */
  ExecutionForked: {
    readonly command_id: string;
    readonly origin: OriginLink;
    readonly due: string | null;
    readonly limit_due?: string;
    /** In place of the input of before. */
    readonly input?: Json;
    /** What the step at `path` gets in place of its own input. */
    readonly step_input?: { readonly path: string; readonly input: Json };
    /** The origin is terminated in favour of this one. */
    readonly terminates_origin?: true;
  };
  /**
   * Recorded once more where somebody pauses what its parent has paused: from then on it is paused for its own sake. `by`:
   * it is paused because its parent is.
   */
  ExecutionPaused: { readonly command_id: string; readonly freeze_timers: boolean; readonly by?: "parent" };
  /** `frozen_ms` is by how much all timers move; 0 where they went on. */
  ExecutionResumed: { readonly command_id: string; readonly frozen_ms: number };
  /** From here on the execution only winds up. */
  ExecutionCancelRequested: { readonly command_id: string; readonly reason: string };
  ExecutionTimeoutReached: {
    readonly action: "cancel_and_cleanup" | "ignore" | "retry" | "fallback";
    readonly error: StepError;
  };
  /** After a time-out whose action is to retry: the unfinished steps begin again. */
  ExecutionRestarted: { readonly due: string | null };
  /** After a time-out whose action is to fall back: the workflow's fallback step runs, and its output is the execution's. */
  ExecutionFallbackStarted: { readonly error: StepError };
  /** An error rule ends the execution: it winds up, undoes what completed, and fails with this error. */
  ErrorRaised: { readonly rule: number; readonly error: StepError };
  /** Steps of `error_handling` begin: a list of it, or one of a rule's steps at `place`. */
  ErrorStepsStarted: { readonly stage: ErrorStage; readonly place: number };
  ErrorStepsEnded: {
    readonly stage: ErrorStage;
    readonly place: number;
    readonly status: ScopeStatus;
    readonly error?: StepError;
  };
  /** What completed is undone before the execution ends. `count` is how many steps there are to undo. */
  CompensationStarted: { readonly count: number };
  SignalReceived: { readonly command_id: string; readonly name: string; readonly data: Json };
  WarningRecorded: { readonly code: string; readonly message: string; readonly details: Json };

  /** The four terminal events; a run has exactly one. */
  ExecutionCompleted: { readonly output: Json };
  ExecutionFailed: { readonly error: StepError };
  ExecutionCancelled: {
    readonly reason: string;
    readonly terminated: boolean;
    /** It had ended, and was opened again to be undone by hand. */
    readonly compensated?: true;
  };
  ExecutionTimedOut: { readonly error: StepError };
}

export type ErrorStage = "on_failure" | "compensation" | "rule";

export interface ParentLink {
  readonly execution_id: string;
  /** Path of the `workflow` step. */
  readonly path: string;
  /** 1 for a child of an execution that has no parent. */
  readonly depth: number;
  /** Whether the parent's step waits for the end. */
  readonly waits: boolean;
  /** Keys of slots that those above it hold for the whole tree: it needs none of its own there. */
  readonly covers?: readonly string[];
}

/** What an execution repeats: all of another one, or what follows in it upon the events that it has copied. */
export type OriginLink =
  | { readonly kind: "rerun"; readonly execution_id: string }
  /** `event` is the last one that was copied. */
  | { readonly kind: "step"; readonly execution_id: string; readonly event: number; readonly step: string }
  | { readonly kind: "event"; readonly execution_id: string; readonly event: number };

/** Somebody has ended a step in its place: the entry for the audit. */
export interface ManualNote {
  readonly by: string;
  readonly reason: string;
  readonly command_id: string;
}

export interface StepEventData {
  /**
   * A task is ready for an executor. `input` is absent from the second attempt on: it is the one of the first.
   * Built-in executors are named with an `@`: `@http`, `@script`, `@TYPE`.
   */
  StepScheduled: {
    readonly executor: string;
    readonly function: string;
    readonly input?: Json;
    /** When `total_timeout` is over; only on the first attempt. */
    readonly total_due?: string;
    /** The marked places of `input` that name secrets: filled just before the call, never stored filled. */
    readonly secrets?: readonly FilledPlace[];
    /** The breaker of what is called; `permit`: it was let through to see whether the target is well again. */
    readonly circuit?: { readonly target: string; readonly permit?: true };
  };
  /**
   * An attempt asks the circuit breaker of its target whether it may begin. It is not begun by that, and not used up.
   * What would be said when it is scheduled is said here.
   */
  CircuitAsked: {
    readonly executor: string;
    readonly function: string;
    readonly input?: Json;
    readonly total_due?: string;
    readonly secrets?: readonly FilledPlace[];
    readonly circuit: { readonly target: string; readonly mode: "fail" | "wait" };
  };
  /** A circuit breaker let the next attempt not begin, and the policy asks for another try, at `retry_at`. */
  CallRefused: { readonly error: StepError; readonly retry_at: string };
  /** A container, child or wait has begun. */
  StepStarted: {
    readonly input?: Json;
    /** When this attempt's time-out is over. */
    readonly due?: string;
    /** When `total_timeout` is over; only on the first attempt. */
    readonly total_due?: string;
    readonly detail: StartDetail;
  };
  StepCompleted: {
    readonly output: Json;
    /** Here and in the other ends: what the breaker of its target is told. */
    readonly circuit?: CircuitReport;
    /** What a local step (transform, set, validate, emit ...) was given: it begins and ends in this one event. */
    readonly input?: Json;
    readonly started_at?: string;
    readonly instance?: string;
    /** An error rule ends the execution: the edges of the step are not followed. */
    readonly stops?: true;
    /** The output is that of the step's fallback, which took its place. */
    readonly fallback?: true;
    /** Workflow variables that a `set` step gives a new value. */
    readonly variables?: JsonObject;
    /** The event that an `emit` step publishes. */
    readonly emitted?: EmittedEvent;
    /** A `return` step ends the execution with this output. */
    readonly returns?: { readonly output: Json };
    /** The command or event that a wait took: it is used up by it. */
    readonly took?: { readonly kind: "signal"; readonly seq: number } | { readonly kind: "event"; readonly id: string };
    /** Completed by hand. */
    readonly manual?: ManualNote;
  };
  /** An attempt is over; the next begins at `retry_at`. */
  StepAttemptFailed: {
    readonly error: StepError;
    readonly retry_at: string;
    readonly circuit?: CircuitReport;
    readonly started_at?: string;
    readonly instance?: string;
  };
  /** Failed for good. `path_taken` says that the inline path `on_failure: {steps}` runs. */
  StepFailed: {
    readonly error: StepError;
    readonly circuit?: CircuitReport;
    readonly input?: Json;
    readonly started_at?: string;
    readonly instance?: string;
    readonly path_taken?: boolean;
    /** An error rule lets the flow go on as if the step had completed. */
    readonly continues?: true;
    /** An error rule ends the execution: the edges of the step are not followed. */
    readonly stops?: true;
  };
  StepSkipped: {
    readonly reason: SkipReason;
    readonly circuit?: CircuitReport;
    /** With the reason `manual`. */
    readonly manual?: ManualNote;
  };
  /** The step winds up: what runs in it is being cancelled; then it ends as `then` says. */
  StepClosing: { readonly then: Closing };
  StepCancelled: { readonly reason: string; readonly circuit?: CircuitReport };

  BranchStarted: { readonly branch: string };
  BranchEnded: { readonly branch: string; readonly status: ScopeStatus; readonly error?: StepError };
  IterationStarted: { readonly index: number };
  IterationEnded: { readonly index: number; readonly status: ScopeStatus; readonly error?: StepError };
  /** `clause` is the place in the step's list of catches. */
  CatchStarted: { readonly clause: number; readonly error: StepError };
  FinallyStarted: Record<string, never>;
  /** The step has failed for good and its fallback takes its place; it ends with what the fallback gives. */
  FallbackStarted: {
    readonly error: StepError;
    readonly circuit?: CircuitReport;
    /** The error rule that names the step which stands in; absent where the step's own fallback does. */
    readonly rule?: number;
    /** The error category whose handler stands in. */
    readonly category?: string;
  };
  /** An error rule has fired on the end of this step. `notice` is what a `notify` action says. */
  RuleFired: { readonly rule: number; readonly action: string; readonly notice?: JsonObject };
  /** The step's compensation begins. `place` tells it among all that are undone, newest first. */
  StepCompensating: { readonly place: number };
  StepCompensated: { readonly place: number; readonly status: ScopeStatus; readonly error?: StepError };
  /** The inline path `on_failure: {steps}` of the failed step has ended. */
  FailurePathEnded: { readonly status: ScopeStatus; readonly error?: StepError };
}

export type SkipReason = "condition" | "not_reached" | "timeout" | "manual";

export type ScopeStatus = "completed" | "failed" | "cancelled";

/** How a step ends once everything in it has ended. */
export type Closing =
  | { readonly kind: "complete" }
  | { readonly kind: "fail"; readonly error: StepError }
  | { readonly kind: "cancel"; readonly reason: string }
  | ManualEnd;

/** How somebody ends a step by hand. */
export type ManualEnd =
  | { readonly kind: "skip"; readonly manual: ManualNote }
  | { readonly kind: "give"; readonly output: Json; readonly manual: ManualNote };

export type StartDetail =
  /** `chosen` is the scope that runs: its index in the definition; null if none. */
  | { readonly kind: "choice"; readonly chosen: number | null }
  | { readonly kind: "parallel" }
  /** `items` for `iterate_over` (chunks already cut), `count` for `times`, neither for `while`. */
  | { readonly kind: "loop"; readonly items?: readonly Json[]; readonly count?: number }
  | { readonly kind: "try" }
  | {
      readonly kind: "workflow";
      readonly execution_id: string;
      readonly workflow: string;
      readonly version: string | null;
    }
  | { readonly kind: "wait"; readonly until: string }
  | { readonly kind: "wait_for_event"; readonly event: string; readonly correlation: string | null };

export interface EmittedEvent {
  readonly id: string;
  readonly name: string;
  readonly data: Json;
  readonly correlation_key: string | null;
}

/** A string inside a step's input whose text names secrets, cut into pieces; only `{secret}` pieces are ever filled. */
export interface FilledPlace {
  readonly at: readonly (string | number)[];
  readonly pieces: readonly (string | { readonly secret: string })[];
}

export type EventType = HistoryEvent["type"];
