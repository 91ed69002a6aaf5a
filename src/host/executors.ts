/** Tasks on their way to executors, and who the executors are: what the task routes ask of the host. */

import type { Json, JsonObject } from "../core/base/json.ts";
import type { Instant } from "../core/base/time.ts";
import type { StepError } from "../core/engine/error.ts";
import type { EngineTask } from "../core/engine/reactions.ts";
import type { Outcome } from "./refusal.ts";

export interface Executors {
  /** Waits up to `waitMs` for the first task, then answers what is there. Makes the instance known. */
  poll(request: PollRequest): Promise<readonly LeasedTask[]>;
  /** Hands tasks out as they come, for as long as the connection is open. Makes the instance known. */
  connect(request: ConnectRequest): TaskConnection;
  /** Each answer is given after its commit. */
  finish(request: {
    workspace: string;
    results: readonly TaskResult[];
  }): Promise<readonly { readonly taskId: string; readonly outcome: ResultOutcome }[]>;
  heartbeat(request: { workspace: string; heartbeats: readonly Heartbeat[] }): readonly {
    readonly taskId: string;
    readonly outcome: "accepted" | "stale" | "unknown";
    readonly cancel: boolean;
  }[];
  report(request: { workspace: string; status: InstanceStatus }): void;
  list(request: { workspace: string }): readonly ExecutorRecord[];
  read(request: { workspace: string; name: string }): ExecutorRecord | null;
  /** Forgets an instance that stops by itself; its leases end at once. */
  leave(request: { workspace: string; executor: string; instance: string }): Outcome<object>;
}

/** `accepted`: recorded. `duplicate`: this attempt was answered before. `stale`: too late, the attempt is over. `unknown`: no such task. */
export type ResultOutcome = "accepted" | "duplicate" | "stale" | "unknown";

export interface PollRequest {
  readonly workspace: string;
  readonly executor: string;
  readonly instance: string;
  /** Null: all. */
  readonly functions: readonly string[] | null;
  readonly tasksMax: number;
  readonly waitMs: number;
  readonly leaseMs: number;
  /** Ids of tasks that the instance works on: renews their leases, and takes them over after a restart of the platform. */
  readonly held: readonly string[];
  readonly labels: JsonObject;
  readonly signal: AbortSignal;
}

export interface ConnectRequest {
  readonly workspace: string;
  readonly executor: string;
  readonly instance: string;
  /** Null: all. */
  readonly functions: readonly string[] | null;
  /** How long tasks are held once there are no signs of life any more. */
  readonly leaseMs: number;
  /** Ids of tasks that the instance works on: from now on this connection holds them. */
  readonly held: readonly string[];
  readonly labels: JsonObject;
  /** How many tasks it takes. */
  readonly credits: number;
  receive(tasks: readonly LeasedTask[]): void;
  /** Nobody waits any more for the result of a task that was handed out over this connection. */
  withdrawn(taskId: string, reason: "cancelled" | "ended" | "timed_out"): void;
  /** The instance has left by itself, or the platform stops: nothing comes any more. */
  ended(): void;
}

export interface TaskConnection {
  /** So many tasks more. */
  grant(credits: number): void;
  /** No more tasks, whatever credit there is. */
  drain(): void;
  /** While it is held back nothing is handed to it. */
  holdBack(isHeldBack: boolean): void;
  /** A sign of life, which renews everything that was handed out over it. */
  seen(): void;
  /** What it holds runs out after its lease, unless another connection says that it holds it. */
  close(): void;
}

export interface LeasedTask {
  readonly task: EngineTask;
  readonly workspace: string;
  /** 1 for the first delivery of this attempt. */
  readonly delivery: number;
  readonly leaseMs: number;
  /** When this attempt is over, at the latest; null: no limit. */
  readonly deadline: Instant | null;
}

export interface TaskResult {
  readonly taskId: string;
  readonly status: "completed" | "failed";
  readonly output: Json;
  readonly error: StepError | null;
  readonly instance: string | null;
  readonly startedAt: Instant | null;
}

export interface Heartbeat {
  readonly taskId: string;
  /** 0 to 1. */
  readonly progress: number | null;
  readonly message: string | null;
}

export interface InstanceStatus {
  readonly executor: string;
  readonly instance: string;
  readonly functions: readonly string[];
  readonly concurrency: number | null;
  readonly running: number | null;
  readonly health: "healthy" | "degraded" | "unhealthy";
  readonly checks: readonly {
    readonly name: string;
    readonly status: "healthy" | "degraded" | "unhealthy";
    readonly function: string | null;
    readonly message: string | null;
  }[];
  readonly version: string | null;
  readonly labels: JsonObject;
}

export interface ExecutorRecord {
  readonly name: string;
  /** Service level: is somebody there? */
  readonly status: "online" | "stale" | "offline";
  /** Logic level: the worst of what its instances report. */
  readonly health: "healthy" | "degraded" | "unhealthy" | "unknown";
  readonly functions: readonly string[];
  readonly instances: readonly (InstanceStatus & { readonly lastSeen: Instant; readonly leased: number })[];
  /** Tasks in memory that wait for an executor. */
  readonly waiting: number;
  /** When the oldest of them was made; null: none waits. */
  readonly oldestWaiting: Instant | null;
}
