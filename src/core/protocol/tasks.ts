/** What passes between the platform and executors: tasks one way, results and heartbeats the other. */

import { Type } from "typebox";
import type { Json, JsonObject } from "../base/json.ts";
import type { StepError } from "../engine/error.ts";
import { ErrorObject } from "./errors.ts";
import {
  AnyJson,
  AnyObject,
  CLOSED,
  LIMIT_MAX,
  type Message,
  message,
  orNull,
  time,
  unnamed,
  WAIT_SECONDS_MAX,
} from "./message.ts";
import type { Route } from "./route.ts";

/** A lease lasts this long where the poll does not say, and never longer than the maximum. */
export const LEASE_MS_DEFAULT = 30_000;
export const LEASE_MS_MAX = 600_000;
/** A lease shorter than this would be lost to the network alone. */
export const LEASE_MS_MIN = 1_000;

export const TASKS_MAX_DEFAULT = 10;

/** Names of executors. The platform's own begin with `@`: nobody outside takes their tasks. */
export const EXECUTOR_NAME = "^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}$";

/** One attempt of a step. */
export interface Task {
  /** `{execution}/{path}/{attempt}`: the same in every delivery. */
  readonly id: string;
  readonly workspace: string;
  readonly workflow: string;
  readonly version: string;
  readonly execution_id: string;
  readonly step: string;
  /** Place in the tree of steps, such as `process_items[3].reserve`. */
  readonly path: string;
  readonly executor: string;
  readonly function: string;
  readonly attempt: number;
  readonly max_attempts: number;
  /** 1 the first time; more after a lease was lost. */
  readonly delivery: number;
  readonly input: Json;
  readonly metadata: JsonObject;
  readonly timeout_ms: number | null;
  readonly lease_ms: number;
  readonly deadline: string | null;
  readonly traceparent: string | null;
  readonly created_at: string;
}

export const Task: Message<Task> = message<Task>("Task")(
  Type.Object({
    id: Type.String({
      description:
        "`{execution}/{path}/{attempt}`: the same in every delivery, so that one can be told from a new task.",
    }),
    workspace: Type.String(),
    workflow: Type.String(),
    version: Type.String(),
    execution_id: Type.String(),
    step: Type.String(),
    path: Type.String({ description: "Place in the tree of steps, such as `process_items[3].reserve`." }),
    executor: Type.String(),
    function: Type.String(),
    attempt: Type.Integer(),
    max_attempts: Type.Integer(),
    delivery: Type.Integer({ description: "1 the first time; more after a lease was lost." }),
    input: AnyJson,
    metadata: AnyObject,
    timeout_ms: orNull(Type.Integer({ description: "The time of this attempt; null: no limit." })),
    lease_ms: Type.Integer({ description: "Renew within this time, or the task is given to somebody else." }),
    deadline: orNull(time("When this attempt is over at the latest.")),
    traceparent: orNull(Type.String({ description: "W3C trace context of the start." })),
    created_at: time("When the attempt was scheduled."),
  }),
);

export interface PollRequest {
  readonly executor: string;
  readonly instance: string;
  readonly functions?: readonly string[];
  readonly max_tasks?: number;
  readonly wait_ms?: number;
  readonly lease_ms?: number;
  readonly held?: readonly string[];
  readonly labels?: JsonObject;
}

const NAME = { minLength: 1, maxLength: 200 };

export const PollRequest: Message<PollRequest> = message<PollRequest>("PollRequest")(
  Type.Object(
    {
      executor: Type.String({ pattern: EXECUTOR_NAME }),
      instance: Type.String({ ...NAME, description: "Which process of the executor asks. Polling makes it known." }),
      functions: Type.Optional(
        Type.Array(Type.String(NAME), {
          maxItems: 10_000,
          description: "Only tasks of these functions; all where left out.",
        }),
      ),
      max_tasks: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: LIMIT_MAX,
          description: `Tasks of the answer, at most (default ${TASKS_MAX_DEFAULT}).`,
        }),
      ),
      wait_ms: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: WAIT_SECONDS_MAX * 1000,
          description: "How long to wait for the first task (default 0).",
        }),
      ),
      lease_ms: Type.Optional(
        Type.Integer({
          minimum: LEASE_MS_MIN,
          maximum: LEASE_MS_MAX,
          description: `How long a task is held without a sign of life (default ${LEASE_MS_DEFAULT}).`,
        }),
      ),
      held: Type.Optional(
        Type.Array(Type.String({ maxLength: 2000 }), {
          maxItems: 10_000,
          description: "Ids of tasks that the instance works on: their leases are renewed.",
        }),
      ),
      labels: Type.Optional(AnyObject),
    },
    CLOSED,
  ),
);

export interface PollAnswer {
  readonly tasks: readonly Task[];
}

export const PollAnswer: Message<PollAnswer> = message<PollAnswer>("PollAnswer")(
  Type.Object({ tasks: Type.Array(Task) }),
);

export interface Result {
  readonly task_id: string;
  readonly status: "completed" | "failed";
  readonly execution_id?: string;
  readonly step?: string;
  readonly attempt?: number;
  readonly output?: Json;
  readonly error?: StepError | null;
  readonly executor?: string;
  readonly instance?: string;
  readonly started_at?: string;
  readonly finished_at?: string;
}

export const Result: Message<Result> = message<Result>("Result")(
  Type.Object(
    {
      task_id: Type.String({ minLength: 1, maxLength: 2000 }),
      status: Type.Enum(["completed", "failed"]),
      execution_id: Type.Optional(Type.String()),
      step: Type.Optional(Type.String()),
      attempt: Type.Optional(Type.Integer()),
      output: Type.Optional(AnyJson),
      error: Type.Optional(orNull(ErrorObject)),
      executor: Type.Optional(Type.String()),
      instance: Type.Optional(Type.String({ maxLength: 200 })),
      started_at: Type.Optional(time("When the work on it began.")),
      finished_at: Type.Optional(time("When the work on it ended.")),
    },
    CLOSED,
  ),
);

export interface ResultsRequest {
  readonly results: readonly Result[];
}

export const ResultsRequest: Message<ResultsRequest> = message<ResultsRequest>("ResultsRequest")(
  Type.Object({ results: Type.Array(Result, { maxItems: LIMIT_MAX }) }, CLOSED),
);

const OUTCOMES = ["accepted", "duplicate", "stale", "unknown"] as const;

export interface ResultsAnswer {
  readonly results: readonly ResultOutcome[];
}

export interface ResultOutcome {
  readonly task_id: string;
  readonly outcome: (typeof OUTCOMES)[number];
}

export const RESULT_OUTCOME: Message<ResultOutcome> = unnamed<ResultOutcome>()(
  Type.Object({
    task_id: Type.String(),
    outcome: Type.Enum(["accepted", "duplicate", "stale", "unknown"], {
      description:
        "`duplicate`: this attempt was answered before. `stale`: the attempt is over. `unknown`: no such task.",
    }),
  }),
);

export const ResultsAnswer: Message<ResultsAnswer> = message<ResultsAnswer>("ResultsAnswer")(
  Type.Object({ results: Type.Array(RESULT_OUTCOME) }),
);

export interface Heartbeat {
  readonly task_id: string;
  readonly progress?: number | null;
  readonly message?: string | null;
}

export const Heartbeat: Message<Heartbeat> = message<Heartbeat>("Heartbeat")(
  Type.Object(
    {
      task_id: Type.String({ minLength: 1, maxLength: 2000 }),
      progress: Type.Optional(orNull(Type.Number({ minimum: 0, maximum: 1 }))),
      message: Type.Optional(orNull(Type.String({ maxLength: 2000 }))),
    },
    CLOSED,
  ),
);

export interface HeartbeatsRequest {
  readonly heartbeats: readonly Heartbeat[];
}

export const HeartbeatsRequest: Message<HeartbeatsRequest> = message<HeartbeatsRequest>("HeartbeatsRequest")(
  Type.Object({ heartbeats: Type.Array(Heartbeat, { maxItems: LIMIT_MAX }) }, CLOSED),
);

export interface HeartbeatsAnswer {
  readonly heartbeats: readonly HeartbeatOutcome[];
}

export interface HeartbeatOutcome {
  readonly task_id: string;
  readonly outcome: "accepted" | "stale" | "unknown";
  /** Stop: nobody waits for the result any more. */
  readonly cancel: boolean;
}

export const HEARTBEAT_OUTCOME: Message<HeartbeatOutcome> = unnamed<HeartbeatOutcome>()(
  Type.Object({
    task_id: Type.String(),
    outcome: Type.Enum(["accepted", "stale", "unknown"]),
    cancel: Type.Boolean({ description: "Stop: nobody waits for the result any more." }),
  }),
);

export const HeartbeatsAnswer: Message<HeartbeatsAnswer> = message<HeartbeatsAnswer>("HeartbeatsAnswer")(
  Type.Object({ heartbeats: Type.Array(HEARTBEAT_OUTCOME) }),
);

export const pollTasks: Route<object, object, PollRequest> = {
  method: "POST",
  path: "/api/v1/tasks/poll",
  operationId: "pollTasks",
  tag: "tasks",
  summary: "Take tasks",
  description:
    "Answers what is there at once, or waits up to `wait_ms` for the first task. Each task is leased: answer it, or renew it, within `lease_ms`.",
  permission: "tasks:work",
  params: null,
  query: null,
  body: { schema: PollRequest, isRequired: true, size: "single" },
  answers: { 200: { description: "The tasks, possibly none.", schema: PollAnswer } },
  problems: ["OVERLOADED"],
};

export const finishTasks: Route<object, object, ResultsRequest> = {
  method: "POST",
  path: "/api/v1/tasks/results",
  operationId: "finishTasks",
  tag: "tasks",
  summary: "Report results",
  description:
    "Each result is recorded once; what was sent twice is answered with `duplicate`. The answer comes after the results are on disk.",
  permission: "tasks:work",
  params: null,
  query: null,
  body: { schema: ResultsRequest, isRequired: true, size: "batch" },
  answers: { 200: { description: "What became of each, in the same order.", schema: ResultsAnswer } },
  problems: ["PAYLOAD_TOO_LARGE", "OVERLOADED"],
};

export const renewTasks: Route<object, object, HeartbeatsRequest> = {
  method: "POST",
  path: "/api/v1/tasks/heartbeats",
  operationId: "renewTasks",
  tag: "tasks",
  summary: "Say that tasks are being worked on",
  permission: "tasks:work",
  params: null,
  query: null,
  body: { schema: HeartbeatsRequest, isRequired: true, size: "batch" },
  answers: { 200: { description: "What became of each, and whether to stop.", schema: HeartbeatsAnswer } },
  problems: [],
};
