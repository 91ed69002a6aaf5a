/**
 * What the outside may ask of an execution. A command is a request: `decide` says what follows from it, which may be
 * nothing. Every command may be delivered twice.
 */

import type { Json, JsonObject } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { StepError } from "./error.ts";
import type { OriginLink, ParentLink } from "./events.ts";
import type { SlotNeed } from "./sharing.ts";

export type Command =
  | StartExecution
  | CompleteTask
  | FailTask
  | EndChild
  | DeliverEvent
  | Signal
  /** A later start that this one stands for: it begins with the input of the last. */
  | {
      readonly kind: "ReplaceInput";
      readonly id: string;
      readonly input: Json;
      readonly metadata: JsonObject;
      readonly priority: number;
      /** What it has to get with this input, where that differs. */
      readonly slots?: readonly SlotNeed[];
    }
  /** A slot of this key is its own now; `turn` is that of its asking. */
  | { readonly kind: "Admit"; readonly key: string; readonly turn: number }
  /** There is no slot of this key, and its workflow says not to wait for one. */
  | { readonly kind: "Drop"; readonly key: string; readonly turn: number; readonly limit: number }
  | AnswerCircuit
  | { readonly kind: "WakeUp" }
  /** Goes on with a decision that stopped at its limit; also sent to everything that is loaded again. */
  | { readonly kind: "Continue" }
  | { readonly kind: "Cancel"; readonly id: string; readonly reason: string }
  | { readonly kind: "Terminate"; readonly id: string; readonly reason: string }
  /** `by`: it comes of the parent's pause, and not of a request for this execution. */
  | { readonly kind: "Pause"; readonly id: string; readonly freezeTimers: boolean; readonly by?: "parent" }
  | { readonly kind: "Resume"; readonly id: string; readonly by?: "parent" }
  /** Re-opens an execution that ended without completing. */
  | { readonly kind: "Retry"; readonly id: string }
  /** Re-opens an execution that has ended, undoes what completed in it, and cancels it. */
  | { readonly kind: "Compensate"; readonly id: string; readonly reason: string; readonly by: string }
  | SkipStep
  | CompleteStep
  | ForkExecution;

export interface StartExecution {
  readonly kind: "StartExecution";
  /** Defaults of the input schema are already filled in. */
  readonly input: Json;
  readonly metadata: JsonObject;
  /** 0 (last) to 9 (first). */
  readonly priority: number;
  /** Replaces the workflow's own time-out; null keeps it. */
  readonly timeoutMs: number | null;
  readonly parent: ParentLink | null;
  readonly origin: OriginLink | null;
  /** What it has to get before it may run; absent: nothing. */
  readonly slots?: readonly SlotNeed[];
}

/** Ends a step by hand, as skipped. What goes on in it is cancelled first. */
export interface SkipStep {
  readonly kind: "SkipStep";
  readonly id: string;
  readonly path: string;
  readonly reason: string;
  readonly by: string;
}

/** Ends a step by hand, with this output. */
export interface CompleteStep {
  readonly kind: "CompleteStep";
  readonly id: string;
  readonly path: string;
  readonly output: Json;
  readonly reason: string;
  readonly by: string;
}

/** Makes an execution of its own of one that has replayed the events of another. Given once, before anything else. */
export interface ForkExecution {
  readonly kind: "ForkExecution";
  readonly id: string;
  readonly origin: OriginLink;
  /** Undefined keeps the one of before. */
  readonly input: Json | undefined;
  readonly stepInput: { readonly path: string; readonly input: Json } | null;
  /** Replaces the workflow's own time-out; null keeps it. */
  readonly timeoutMs: number | null;
  readonly terminatesOrigin: boolean;
}

/** What a circuit breaker says to an attempt that has asked. `permit`: the call is one of those that show how the target is. */
export interface AnswerCircuit {
  readonly kind: "AnswerCircuit";
  readonly path: string;
  readonly attempt: number;
  readonly target: string;
  readonly verdict: "closed" | "permit" | "open";
  /** Until when it is open, where that is known. */
  readonly until: Instant | null;
}

/** An executor's answer for one attempt. */
export interface CompleteTask {
  readonly kind: "CompleteTask";
  readonly path: string;
  readonly attempt: number;
  readonly output: Json;
  /** What the output mapping may read besides the result: `http` of an HTTP step. */
  readonly http: { readonly status: number; readonly headers: JsonObject } | null;
  readonly startedAt: Instant | null;
  readonly instance: string | null;
}

export interface FailTask {
  readonly kind: "FailTask";
  readonly path: string;
  readonly attempt: number;
  readonly error: StepError;
  readonly startedAt: Instant | null;
  readonly instance: string | null;
}

export interface EndChild {
  readonly kind: "EndChild";
  /** Path of the parent's `workflow` step. */
  readonly path: string;
  readonly executionId: string;
  readonly status: "completed" | "failed" | "cancelled" | "timed_out";
  readonly output: Json;
  readonly error: StepError | null;
}

/** An event of the workspace that fits a wait of this execution. */
export interface DeliverEvent {
  readonly kind: "DeliverEvent";
  readonly event: {
    readonly id: string;
    readonly name: string;
    readonly data: Json;
    readonly correlationKey: string | null;
  };
}

export interface Signal {
  readonly kind: "Signal";
  /** The signal's own id: a second one with the same id changes nothing. */
  readonly id: string;
  readonly name: string;
  readonly data: Json;
}
