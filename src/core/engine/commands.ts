/**
 * What the outside may ask of an execution. A command is a request: `decide` says what follows from it, which may be
 * nothing. Every command may be delivered twice.
 */

import type { Json, JsonObject } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { StepError } from "./error.ts";
import type { OriginLink, ParentLink } from "./events.ts";

export type Command =
  | StartExecution
  | CompleteTask
  | FailTask
  | EndChild
  | DeliverEvent
  | Signal
  | { readonly kind: "WakeUp" }
  /** Goes on with a decision that stopped at its limit; also sent to everything that is loaded again. */
  | { readonly kind: "Continue" }
  | { readonly kind: "Cancel"; readonly id: string; readonly reason: string }
  | { readonly kind: "Terminate"; readonly id: string; readonly reason: string }
  | { readonly kind: "Pause"; readonly id: string; readonly freezeTimers: boolean }
  | { readonly kind: "Resume"; readonly id: string }
  /** Re-opens an execution that ended without completing. */
  | { readonly kind: "Retry"; readonly id: string };

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
