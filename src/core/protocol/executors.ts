/** Who the executors are, which instances they have, and how these are. */

import { Type } from "typebox";
import type { JsonObject } from "../base/json.ts";
import {
  AnyObject,
  CLOSED,
  type Message,
  message,
  orNull,
  type Page,
  PageQuery,
  page,
  time,
  unnamed,
} from "./message.ts";
import type { Route } from "./route.ts";
import { EXECUTOR_NAME } from "./tasks.ts";

const HEALTH = ["healthy", "degraded", "unhealthy"] as const;
type Health = (typeof HEALTH)[number];

/** What an instance says of itself. */
export interface ExecutorStatus {
  /** May be left out: they stand in the path. */
  readonly executor?: string;
  readonly instance?: string;
  readonly functions?: readonly string[];
  readonly concurrency?: number | null;
  readonly running?: number | null;
  readonly health?: Health;
  readonly checks?: readonly HealthCheck[];
  readonly version?: string | null;
  readonly labels?: JsonObject;
}

export interface HealthCheck {
  readonly name: string;
  readonly status: Health;
  /** The function that the check is about; all where left out. */
  readonly function?: string | null;
  readonly message?: string | null;
}

const CHECK = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    status: Type.Enum(["healthy", "degraded", "unhealthy"]),
    function: Type.Optional(
      orNull(Type.String({ maxLength: 200, description: "The function that the check is about." })),
    ),
    message: Type.Optional(orNull(Type.String({ maxLength: 2000 }))),
  },
  CLOSED,
);

const STATUS = {
  executor: Type.Optional(Type.String()),
  instance: Type.Optional(Type.String()),
  functions: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 10_000 })),
  concurrency: Type.Optional(orNull(Type.Integer({ minimum: 0 }))),
  running: Type.Optional(orNull(Type.Integer({ minimum: 0 }))),
  health: Type.Optional(Type.Enum(["healthy", "degraded", "unhealthy"])),
  checks: Type.Optional(Type.Array(CHECK, { maxItems: 1000 })),
  version: Type.Optional(orNull(Type.String({ maxLength: 200 }))),
  labels: Type.Optional(AnyObject),
};

export const ExecutorStatus: Message<ExecutorStatus> = message<ExecutorStatus>("ExecutorStatus")(
  Type.Object(STATUS, CLOSED),
);

export interface InstanceMessage {
  readonly executor: string;
  readonly instance: string;
  readonly functions: readonly string[];
  readonly concurrency: number | null;
  readonly running: number | null;
  readonly health: Health;
  readonly checks: readonly HealthCheck[];
  readonly version: string | null;
  readonly labels: JsonObject;
  readonly last_seen: string;
  /** Tasks that it has leased. */
  readonly leased: number;
}

export const InstanceMessage: Message<InstanceMessage> = message<InstanceMessage>("ExecutorInstance")(
  Type.Object({
    executor: Type.String(),
    instance: Type.String(),
    functions: Type.Array(Type.String()),
    concurrency: orNull(Type.Integer()),
    running: orNull(Type.Integer()),
    health: Type.Enum(["healthy", "degraded", "unhealthy"]),
    checks: Type.Array(CHECK),
    version: orNull(Type.String()),
    labels: AnyObject,
    last_seen: time("When it was last heard of."),
    leased: Type.Integer({ description: "Tasks that it has leased." }),
  }),
);

export interface ExecutorMessage {
  readonly name: string;
  readonly status: "online" | "stale" | "offline";
  readonly health: Health | "unknown";
  readonly functions: readonly string[];
  readonly waiting: number;
  readonly instances: readonly InstanceMessage[];
}

export const ExecutorMessage: Message<ExecutorMessage> = message<ExecutorMessage>("Executor")(
  Type.Object({
    name: Type.String(),
    status: Type.Enum(["online", "stale", "offline"], { description: "Whether somebody is there." }),
    health: Type.Enum(["healthy", "degraded", "unhealthy", "unknown"], {
      description: "The worst of what its instances report.",
    }),
    functions: Type.Array(Type.String()),
    waiting: Type.Integer({ description: "Tasks that wait for it." }),
    instances: Type.Array(InstanceMessage),
  }),
);

export const ExecutorPage: Message<Page<ExecutorMessage>> = page("ExecutorPage", ExecutorMessage);

export interface ExecutorParams {
  readonly executor: string;
}

const EXECUTOR = Type.String({ minLength: 1, maxLength: 128 });

export const ExecutorParams: Message<ExecutorParams> = unnamed<ExecutorParams>()(Type.Object({ executor: EXECUTOR }));

export interface InstanceParams extends ExecutorParams {
  readonly instance: string;
}

export const InstanceParams: Message<InstanceParams> = unnamed<InstanceParams>()(
  Type.Object({
    executor: Type.String({ pattern: EXECUTOR_NAME }),
    instance: Type.String({ minLength: 1, maxLength: 200 }),
  }),
);

const INSTANCE_PATH = "/api/v1/executors/{executor}/instances/{instance}";

export const listExecutors: Route<object, PageQuery, unknown> = {
  method: "GET",
  path: "/api/v1/executors",
  operationId: "listExecutors",
  tag: "tasks",
  summary: "List the executors that are known",
  permission: "executors:read",
  params: null,
  query: PageQuery,
  body: null,
  answers: { 200: { description: "One page of executors with their instances.", schema: ExecutorPage } },
  problems: [],
};

export const readExecutor: Route<ExecutorParams, object, unknown> = {
  method: "GET",
  path: "/api/v1/executors/{executor}",
  operationId: "readExecutor",
  tag: "tasks",
  summary: "Read one executor",
  permission: "executors:read",
  params: ExecutorParams,
  query: null,
  body: null,
  answers: { 200: { description: "The executor with its instances.", schema: ExecutorMessage } },
  problems: ["EXECUTOR_NOT_FOUND"],
};

export const reportInstance: Route<InstanceParams, object, ExecutorStatus> = {
  method: "PUT",
  path: INSTANCE_PATH,
  operationId: "reportInstance",
  tag: "tasks",
  summary: "Make an instance known, and say how it is",
  permission: "tasks:work",
  params: InstanceParams,
  query: null,
  body: { schema: ExecutorStatus, isRequired: true, size: "single" },
  answers: { 200: { description: "What is known of it now.", schema: InstanceMessage } },
  problems: [],
};

export const readInstance: Route<InstanceParams, object, unknown> = {
  method: "GET",
  path: INSTANCE_PATH,
  operationId: "readInstance",
  tag: "tasks",
  summary: "Read one instance",
  permission: "executors:read",
  params: InstanceParams,
  query: null,
  body: null,
  answers: { 200: { description: "The instance.", schema: InstanceMessage } },
  problems: ["EXECUTOR_NOT_FOUND"],
};

export const removeInstance: Route<InstanceParams, object, unknown> = {
  method: "DELETE",
  path: INSTANCE_PATH,
  operationId: "removeInstance",
  tag: "tasks",
  summary: "Say that an instance stops: its tasks go to others at once",
  permission: "tasks:work",
  params: InstanceParams,
  query: null,
  body: null,
  answers: { 204: { description: "Forgotten.", schema: null } },
  problems: ["EXECUTOR_NOT_FOUND"],
};
