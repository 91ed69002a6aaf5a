/** The changes of a workspace as they happen. */

import { Type } from "typebox";
import { EXECUTION_STATUSES, type ExecutionStatus } from "./executions.ts";
import { CLOSED, type Message, message, orNull, seconds, time, unnamed } from "./message.ts";
import type { Route } from "./route.ts";

/** What is sent of an execution that has changed: it takes the place of what was sent before. */
export interface LiveExecution {
  readonly execution_id: string;
  readonly workflow_name: string;
  readonly version: string;
  readonly status: ExecutionStatus;
  readonly phase: "closing" | "compensating" | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly duration: number | null;
  readonly error_code: string | null;
  readonly parent_id: string | null;
  readonly tags: readonly string[];
  readonly dead_letter: boolean;
  readonly test_run: boolean;
}

export const LiveExecution: Message<LiveExecution> = message<LiveExecution>("LiveExecution")(
  Type.Object({
    execution_id: Type.String(),
    workflow_name: Type.String(),
    version: Type.String(),
    status: Type.Enum([...EXECUTION_STATUSES]),
    phase: orNull(Type.Enum(["closing", "compensating"])),
    created_at: time("When it was accepted."),
    started_at: orNull(time("When it began.")),
    finished_at: orNull(time("When it ended.")),
    duration: orNull(seconds("From start to end.")),
    error_code: orNull(Type.String()),
    parent_id: orNull(Type.String()),
    tags: Type.Array(Type.String()),
    dead_letter: Type.Boolean(),
    test_run: Type.Boolean(),
  }),
);

export interface LiveWorkflow {
  readonly name: string;
  readonly version: string | null;
  readonly change: "registered" | "archived";
}

export const LiveWorkflow: Message<LiveWorkflow> = message<LiveWorkflow>("LiveWorkflow")(
  Type.Object({
    name: Type.String(),
    version: orNull(Type.String()),
    change: Type.Enum(["registered", "archived"]),
  }),
);

export interface LiveExecutor {
  readonly name: string;
  readonly status: "online" | "stale" | "offline";
  readonly health: string;
  readonly waiting: number;
  readonly instances: number;
}

export const LiveExecutor: Message<LiveExecutor> = message<LiveExecutor>("LiveExecutor")(
  Type.Object({
    name: Type.String(),
    status: Type.Enum(["online", "stale", "offline"]),
    health: Type.String(),
    waiting: Type.Integer(),
    instances: Type.Integer(),
  }),
);

export interface LiveQuery {
  readonly workflow?: string;
  readonly status?: string;
  readonly kinds?: string;
  readonly roots?: boolean;
  readonly after?: string;
}

export const LiveQuery: Message<LiveQuery> = unnamed<LiveQuery>()(
  Type.Object(
    {
      workflow: Type.Optional(
        Type.String({ minLength: 1, maxLength: 200, description: "Only what belongs to this workflow." }),
      ),
      status: Type.Optional(
        Type.String({ minLength: 1, maxLength: 200, description: "Executions in these statuses, joined by commas." }),
      ),
      kinds: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 100,
          description:
            "Of `execution`, `workflow` and `executor` those that are wanted, joined by commas (default all).",
        }),
      ),
      roots: Type.Optional(Type.Boolean({ description: "No executions that others have started." })),
      after: Type.Optional(
        Type.String({ minLength: 1, maxLength: 100, description: "As `Last-Event-ID`, for who cannot send headers." }),
      ),
    },
    CLOSED,
  ),
);

export const streamWorkspace: Route<object, LiveQuery, unknown> = {
  method: "GET",
  path: "/api/v1/stream",
  operationId: "streamWorkspace",
  tag: "metrics",
  summary: "Follow everything that changes",
  description:
    "Server-sent events: `execution` (a `LiveExecution`, at most one in 100 ms for each), `workflow` (a `LiveWorkflow`) and `executor` (a `LiveExecutor`). Ids are `{epoch}-{number}`; `Last-Event-ID` goes on after one. Where what came after it is not kept any more (10,000), the first event is `reset`: read the lists anew. A reader that falls 1 MiB behind is cut off.",
  permission: "executions:read",
  params: null,
  query: LiveQuery,
  body: null,
  answers: {
    200: { description: "The changes, as they happen.", schema: Type.String(), type: "text/event-stream" },
  },
  problems: [],
};
