/**
 * What the host must do once an event is committed. A crash between the commit and the reaction repeats the reaction:
 * each carries ids that make a repeat harmless.
 */

import type { Json, JsonObject } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { Command } from "./commands.ts";
import type { EmittedEvent, FilledPlace } from "./events.ts";

export type Reaction =
  | { readonly kind: "OfferTask"; readonly task: EngineTask }
  /** The attempt is over or cancelled: forget the task, and tell who works on it. */
  | { readonly kind: "WithdrawTask"; readonly taskId: string; readonly reason: "cancelled" | "ended" }
  /** To the child or parent: both live in this shard. For a child that does not exist yet `start` says what to start. */
  | { readonly kind: "StartChild"; readonly start: ChildStart }
  | { readonly kind: "SendCommand"; readonly executionId: string; readonly command: Command }
  | { readonly kind: "PublishEvent"; readonly event: EmittedEvent }
  /** From now on events of this name (and key) wake the execution. `correlation` null: any event of the name. */
  | { readonly kind: "AddWait"; readonly path: string; readonly event: string; readonly correlation: string | null }
  | { readonly kind: "RemoveWait"; readonly path: string };

/** One attempt of a step, on its way to an executor. */
export interface EngineTask {
  /** `{execution}/{path}/{attempt}` */
  readonly id: string;
  readonly executionId: string;
  readonly workflow: string;
  readonly version: string;
  readonly step: string;
  readonly path: string;
  readonly executor: string;
  readonly function: string;
  readonly attempt: number;
  /** All attempts that the policy allows, counted like `attempt`. */
  readonly attemptsMax: number;
  readonly input: Json;
  readonly secrets: readonly FilledPlace[];
  readonly metadata: JsonObject;
  readonly labels: JsonObject;
  readonly priority: number;
  /** One attempt, from the moment an executor takes it; null: no limit. */
  readonly timeoutMs: number | null;
  /** From `createdAt` until an executor takes it; null: no limit. */
  readonly queueTimeoutMs: number | null;
  readonly heartbeatTimeoutMs: number | null;
  /** When the step or the whole execution is given up at the latest; null: never. */
  readonly deadline: Instant | null;
  readonly createdAt: Instant;
}

export interface ChildStart {
  readonly executionId: string;
  readonly workflow: string;
  /** Null: the active version at the moment of the start. */
  readonly version: string | null;
  readonly input: Json;
  readonly metadata: JsonObject;
  readonly priority: number;
  readonly parent: { readonly execution_id: string; readonly path: string; readonly depth: number; readonly waits: boolean };
}
