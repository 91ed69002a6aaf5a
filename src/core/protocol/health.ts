/** Is the process alive, is it ready, and how is each part of it. */

import { Type } from "typebox";
import { type Message, message, orNull } from "./message.ts";
import type { Route } from "./route.ts";

export interface Liveness {
  readonly status: "ok";
}

export const Liveness: Message<Liveness> = message<Liveness>("Liveness")(Type.Object({ status: Type.Literal("ok") }));

export interface Readiness {
  readonly status: "ok" | "degraded" | "failing" | "draining";
  readonly checks: Readonly<Record<string, Check>>;
}

export interface Check {
  readonly status: "ok" | "degraded" | "failing";
  readonly latency_ms: number | null;
  readonly error: string | null;
}

const CHECK = Type.Object({
  status: Type.Enum(["ok", "degraded", "failing"]),
  latency_ms: orNull(Type.Number()),
  error: orNull(Type.String()),
});

export const Readiness: Message<Readiness> = message<Readiness>("Readiness")(
  Type.Object({
    status: Type.Enum(["ok", "degraded", "failing", "draining"]),
    checks: Type.Record(Type.String(), CHECK),
  }),
);

/** Health of the logic: who is there to do the work, and what was put aside. */
export interface WorkflowHealth {
  readonly status: "ok" | "degraded" | "failing";
  readonly executions: Readonly<Record<string, number>>;
  readonly quarantined: number;
  readonly executors: readonly {
    readonly name: string;
    readonly status: string;
    readonly health: string;
    readonly waiting: number;
    readonly functions: readonly { readonly name: string; readonly status: string; readonly message: string | null }[];
  }[];
}

export const WorkflowHealth: Message<WorkflowHealth> = message<WorkflowHealth>("WorkflowHealth")(
  Type.Object({
    status: Type.Enum(["ok", "degraded", "failing"]),
    executions: Type.Record(Type.String(), Type.Integer(), { description: "How many executions are in each status." }),
    quarantined: Type.Integer({ description: "Executions that were put aside because of a fault of the platform." }),
    executors: Type.Array(
      Type.Object({
        name: Type.String(),
        status: Type.String(),
        health: Type.String(),
        waiting: Type.Integer({ description: "Tasks that wait for this executor." }),
        functions: Type.Array(
          Type.Object({ name: Type.String(), status: Type.String(), message: orNull(Type.String()) }),
          { description: "The worst that an instance reports of each function." },
        ),
      }),
    ),
  }),
);

const ALIVE = { 200: { description: "The process runs.", schema: Liveness } };
const READY = {
  200: { description: "Requests are met.", schema: Readiness },
  503: { description: "Not now: something failed, or the server is stopping.", schema: Readiness },
};

function health(
  path: string,
  operationId: string,
  summary: string,
  answers: Route["answers"],
  permission: Route["permission"],
): Route {
  return {
    method: "GET",
    path,
    operationId,
    tag: "health",
    summary,
    permission,
    params: null,
    query: null,
    body: null,
    answers,
    problems: [],
  };
}

export const readLiveness: Route = health(
  "/health",
  "readLiveness",
  "Whether the process runs; looks at nothing else",
  ALIVE,
  "public",
);
export const readLivez: Route = health("/livez", "readLivez", "The same as `/health`", ALIVE, "public");
export const readReadiness: Route = health("/ready", "readReadiness", "Whether requests are met", READY, "public");
export const readReadyz: Route = health("/readyz", "readReadyz", "The same as `/ready`", READY, "public");
export const readStartupz: Route = health("/startupz", "readStartupz", "Whether the start is over", READY, "public");
export const readComponents: Route = health(
  "/health/components",
  "readComponents",
  "The state of each part",
  { 200: { description: "All parts, whatever their state.", schema: Readiness } },
  "health:read",
);
export const readWorkflowHealth: Route = health(
  "/health/workflow",
  "readWorkflowHealth",
  "Whether there is somebody to do the work",
  { 200: { description: "Executions and executors.", schema: WorkflowHealth } },
  "health:read",
);

export const readMetrics: Route = {
  ...health(
    "/metrics",
    "readMetrics",
    "Numbers in the text form that Prometheus reads",
    { 200: { description: "All metrics.", schema: Type.String(), type: "text/plain" } },
    "metrics:read",
  ),
  problems: ["ROUTE_NOT_FOUND"],
};
