/**
 * Tasks and results over one WebSocket, in frames of JSON text: what polls, results and heartbeats say over HTTP, many at a
 * time and without asking.
 *
 *     executor   {hello}                     first, once: who it is, and how many tasks it takes
 *                {results, heartbeats, credits, drain}
 *     platform   {tasks, outcomes, heartbeats, cancels}
 *                {problem}                   last: why the connection is closed, with code 4000 + status
 *
 * A credit is the right to hand out one task. The executor gives them, each task takes one, and what is given adds up.
 */

import { Type } from "typebox";
import type { JsonObject } from "../base/json.ts";
import { AnyObject, CLOSED, LIMIT_MAX, type Message, message } from "./message.ts";
import { Problem } from "./problems.ts";
import type { Route } from "./route.ts";
import {
  EXECUTOR_NAME,
  HEARTBEAT_OUTCOME,
  Heartbeat,
  type HeartbeatOutcome,
  LEASE_MS_DEFAULT,
  LEASE_MS_MAX,
  LEASE_MS_MIN,
  RESULT_OUTCOME,
  Result,
  type ResultOutcome,
  Task,
} from "./tasks.ts";

/** The subprotocol of the WebSocket. */
export const TASK_STREAM_PROTOCOL = "magicflow.tasks.v1";

/** As many tasks an executor may have credit for at a time. */
export const CREDITS_MAX = 10_000;

const HELD_MAX = 10_000;
const NAME = { minLength: 1, maxLength: 200 };

export interface StreamHello {
  readonly executor: string;
  readonly instance: string;
  readonly credits: number;
  readonly functions?: readonly string[];
  readonly labels?: JsonObject;
  readonly lease_ms?: number;
  readonly held?: readonly string[];
}

export const StreamHello: Message<StreamHello> = message<StreamHello>("StreamHello")(
  Type.Object(
    {
      executor: Type.String({ pattern: EXECUTOR_NAME }),
      instance: Type.String({ ...NAME, description: "Which process of the executor this is." }),
      credits: Type.Integer({ minimum: 0, maximum: CREDITS_MAX, description: "How many tasks it takes for now." }),
      functions: Type.Optional(
        Type.Array(Type.String(NAME), {
          maxItems: 10_000,
          description: "Only tasks of these functions; all where left out.",
        }),
      ),
      labels: Type.Optional(AnyObject),
      lease_ms: Type.Optional(
        Type.Integer({
          minimum: LEASE_MS_MIN,
          maximum: LEASE_MS_MAX,
          description: `How long a task is held once the connection is dead (default ${LEASE_MS_DEFAULT}).`,
        }),
      ),
      held: Type.Optional(
        Type.Array(Type.String({ maxLength: 2000 }), {
          maxItems: HELD_MAX,
          description: "Ids of tasks that the instance works on: it keeps them over this connection.",
        }),
      ),
    },
    CLOSED,
  ),
);

export interface ExecutorFrame {
  readonly hello?: StreamHello;
  readonly results?: readonly Result[];
  readonly heartbeats?: readonly Heartbeat[];
  readonly credits?: number;
  readonly drain?: boolean;
}

export const ExecutorFrame: Message<ExecutorFrame> = message<ExecutorFrame>("ExecutorFrame")(
  Type.Object(
    {
      hello: Type.Optional(StreamHello),
      results: Type.Optional(
        Type.Array(Result, { maxItems: LIMIT_MAX, description: "Answered by `outcomes` once they are on disk." }),
      ),
      heartbeats: Type.Optional(
        Type.Array(Heartbeat, {
          maxItems: LIMIT_MAX,
          description: "Answered by `heartbeats`; an empty list is answered by an empty one.",
        }),
      ),
      credits: Type.Optional(
        Type.Integer({ minimum: 0, maximum: CREDITS_MAX, description: "So many tasks more than before." }),
      ),
      drain: Type.Optional(Type.Boolean({ description: "True: no more tasks, whatever credit there is." })),
    },
    CLOSED,
  ),
);

/** `ended`: by something else than this task. */
export type CancelReason = "cancelled" | "ended" | "timed_out";

export interface PlatformFrame {
  readonly tasks?: readonly Task[];
  readonly outcomes?: readonly ResultOutcome[];
  readonly heartbeats?: readonly HeartbeatOutcome[];
  readonly cancels?: readonly { readonly task_id: string; readonly reason: CancelReason }[];
  readonly problem?: Problem;
}

export const PlatformFrame: Message<PlatformFrame> = message<PlatformFrame>("PlatformFrame")(
  Type.Object({
    tasks: Type.Optional(Type.Array(Task)),
    outcomes: Type.Optional(Type.Array(RESULT_OUTCOME)),
    heartbeats: Type.Optional(Type.Array(HEARTBEAT_OUTCOME)),
    cancels: Type.Optional(
      Type.Array(
        Type.Object({
          task_id: Type.String(),
          reason: Type.Enum(["cancelled", "ended", "timed_out"], {
            description: "Stop: nobody waits for the result any more.",
          }),
        }),
      ),
    ),
    problem: Type.Optional(Problem),
  }),
);

/** With which code a connection is closed that a problem of this status ends. */
export function closeCodeOf(status: number): number {
  return 4000 + status;
}

export const streamTasks: Route<object, object, unknown> = {
  method: "GET",
  path: "/api/v1/tasks/stream",
  operationId: "streamTasks",
  tag: "tasks",
  summary: "Take tasks and report results over one WebSocket",
  description: `Upgrades to a WebSocket with the subprotocol \`${TASK_STREAM_PROTOCOL}\`. The executor sends frames of the schema \`ExecutorFrame\`, the first with \`hello\`; the platform sends frames of the schema \`PlatformFrame\`. Tasks come for as long as there are credits. A request without an upgrade is answered with 426.`,
  permission: "tasks:work",
  params: null,
  query: null,
  body: null,
  answers: { 101: { description: "The connection is a WebSocket now.", schema: null } },
  problems: ["UPGRADE_REQUIRED", "OVERLOADED"],
  frames: [ExecutorFrame, PlatformFrame],
};
