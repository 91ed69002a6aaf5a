/**
 * The task board: what is scheduled, who has leased it, and since when. Lives in memory only; what it forgets at a crash
 * is offered again from the executions' own state.
 */

import type { Instant } from "../core/base/time.ts";
import type { EngineTask } from "../core/engine/reactions.ts";

/** What the shard loop asks of the board. */
export interface Board {
  /** A committed task. Offering one that is on the board changes nothing. `notBefore`: after a restart, held ones may be claimed first. */
  offer(request: { workspace: string; task: EngineTask; notBefore: Instant }): void;
  /** Everything of a commit has been offered: what can be handed out is, together. */
  settled(): void;
  /** The attempt is over. Who works on it hears `cancel` at the next heartbeat or poll. */
  withdraw(request: { taskId: string; reason: "cancelled" | "ended" }): void;
  /** Whether the task is on the board, wherever it lies. */
  has(workspace: string, taskId: string): boolean;
  /** Not handed out while the execution is paused; what is leased goes on. */
  pause(executionId: string): void;
  /** `frozenMs` of the pause do not count for how long they have waited to be taken. */
  resume(executionId: string, frozenMs: number): void;
  /** Whether somebody works on a task of the execution, or the time of an attempt runs that was taken: nobody else knows. */
  isNeeded(executionId: string): boolean;
  /** Forgets all tasks of an execution (it is parked or its shard stopped); answers false, and keeps them, if one is needed. */
  unload(executionId: string): boolean;
  /** Forgets them whatever their state: the shard lost its epoch. */
  drop(executionId: string): void;
}

/** What the board asks of the shard loop. */
export interface Shards {
  /** An executor's answer, or the board's own verdict (time-out, lost leases). `hear` is called once, after the commit. */
  finishTask(request: FinishTask, hear: (finished: Finished) => void): void;
  /** The lease of a task was lost that has a circuit breaker. */
  reportLoss(loss: Loss): void;
  /** Tasks of parked executions fit this poll: load them, so that they are offered. */
  wake(executionIds: readonly string[]): void;
}

/**
 * `stale`: it no longer fitted. An error where it is not known whether it is recorded: it may be given again.
 *
 * Told by a call and not by a promise: thousands of answers may share one commit.
 */
export type Finished = "accepted" | "stale" | "unknown" | Error;

export interface Loss {
  readonly workspace: string;
  readonly taskId: string;
  readonly circuit: NonNullable<EngineTask["circuit"]>;
}

export interface FinishTask {
  readonly workspace: string;
  readonly executionId: string;
  readonly path: string;
  readonly attempt: number;
  readonly answer:
    | {
        readonly status: "completed";
        readonly output: import("../core/base/json.ts").Json;
        readonly http: { readonly status: number; readonly headers: import("../core/base/json.ts").JsonObject } | null;
      }
    | { readonly status: "failed"; readonly error: import("../core/engine/error.ts").StepError };
  readonly startedAt: Instant | null;
  readonly instance: string | null;
  /** From a remote executor, for a task that the board has not seen: `unknown` if the platform performs it itself. */
  readonly isRemote?: boolean;
}
