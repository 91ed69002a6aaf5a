/** Workflows on the wire: what registering takes and answers, and how a workflow is shown. The routes are in `workflow-routes.ts`. */

import { Type } from "typebox";
import type { JsonObject } from "../base/json.ts";
import { AnyObject, CLOSED, type Message, message, orNull, type Page, page, time } from "./message.ts";

/** A finding about the text of a workflow. */
export interface DiagnosticMessage {
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly line: number;
  readonly column: number;
  /** JSON pointer of the node in the document. */
  readonly path: string;
  readonly step: string | null;
}

export const DiagnosticMessage: Message<DiagnosticMessage> = message<DiagnosticMessage>("Diagnostic")(
  Type.Object({
    code: Type.String({ description: "Words joined by hyphens; never changes." }),
    severity: Type.Enum(["error", "warning"]),
    message: Type.String(),
    line: Type.Integer(),
    column: Type.Integer(),
    path: Type.String({ description: "Where in the document." }),
    step: orNull(Type.String({ description: "The step that it is about." })),
  }),
);

/** Where to go on with a workflow. */
export interface WorkflowEndpoints {
  readonly self: string;
  readonly execute: string;
  readonly executions: string;
  readonly versions: string;
  readonly graph: string;
  readonly schema: string;
}

const ENDPOINTS = Type.Object({
  self: Type.String(),
  execute: Type.String(),
  executions: Type.String(),
  versions: Type.String(),
  graph: Type.String(),
  schema: Type.String(),
});

export interface RegisterRequest {
  readonly yaml_content: string;
}

export const RegisterRequest: Message<RegisterRequest> = message<RegisterRequest>("RegisterRequest")(
  Type.Object(
    {
      yaml_content: Type.String({
        minLength: 1,
        description: "The text of the workflow, with its context document if there is one. JSON is YAML.",
      }),
    },
    CLOSED,
  ),
);

export interface RegisterAnswer {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly status: "active" | "archived";
  readonly validation_status: "valid";
  readonly is_active: boolean;
  readonly hash: string;
  /** What the registration did, or would do. */
  readonly change: "created" | "version_created" | "unchanged";
  readonly diagnostics: readonly DiagnosticMessage[];
  readonly endpoints: WorkflowEndpoints;
}

export const RegisterAnswer: Message<RegisterAnswer> = message<RegisterAnswer>("RegisterAnswer")(
  Type.Object({
    id: Type.String({ description: "Of the workflow, the same for all its versions." }),
    name: Type.String(),
    version: Type.String(),
    status: Type.Enum(["active", "archived"]),
    validation_status: Type.Literal("valid"),
    is_active: Type.Boolean({ description: "Whether starts that name no version use this one." }),
    hash: Type.String({ description: "SHA-256 of the canonical form." }),
    change: Type.Enum(["created", "version_created", "unchanged"], {
      description: "What the registration did, or would do.",
    }),
    diagnostics: Type.Array(DiagnosticMessage, { description: "Warnings; what has errors is not registered." }),
    endpoints: ENDPOINTS,
  }),
);

export interface ValidateAnswer {
  readonly valid: boolean;
  readonly validation_status: "valid" | "invalid";
  readonly name: string | null;
  readonly version: string | null;
  readonly diagnostics: readonly DiagnosticMessage[];
}

export const ValidateAnswer: Message<ValidateAnswer> = message<ValidateAnswer>("ValidateAnswer")(
  Type.Object({
    valid: Type.Boolean(),
    validation_status: Type.Enum(["valid", "invalid"]),
    name: orNull(Type.String()),
    version: orNull(Type.String()),
    diagnostics: Type.Array(DiagnosticMessage),
  }),
);

export interface WorkflowSummary {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly status: "active" | "archived";
  readonly is_active: boolean;
  readonly description: string;
  readonly owner: string;
  readonly tags: readonly string[];
  readonly labels: JsonObject;
  readonly hash: string;
  readonly created_at: string;
  readonly updated_at: string;
}

const SUMMARY = {
  id: Type.String(),
  name: Type.String(),
  version: Type.String(),
  status: Type.Enum(["active", "archived"]),
  is_active: Type.Boolean({ description: "Whether starts that name no version use this one." }),
  description: Type.String(),
  owner: Type.String(),
  tags: Type.Array(Type.String()),
  labels: AnyObject,
  hash: Type.String(),
  created_at: time("When this version was registered."),
  updated_at: time("When the workflow last changed."),
};

export const WorkflowSummary: Message<WorkflowSummary> = message<WorkflowSummary>("WorkflowSummary")(
  Type.Object(SUMMARY),
);

export interface WorkflowDetail extends WorkflowSummary {
  /** The text as it was registered. */
  readonly yaml_content: string;
  readonly diagnostics: readonly DiagnosticMessage[];
  readonly endpoints: WorkflowEndpoints;
}

export const WorkflowDetail: Message<WorkflowDetail> = message<WorkflowDetail>("Workflow")(
  Type.Object({
    ...SUMMARY,
    yaml_content: Type.String({ description: "The text as it was registered." }),
    diagnostics: Type.Array(DiagnosticMessage),
    endpoints: ENDPOINTS,
  }),
);

export const WorkflowPage: Message<Page<WorkflowSummary>> = page("WorkflowPage", WorkflowSummary);

/** Steps and what joins them, for drawing. */
export interface Graph {
  readonly name: string;
  readonly version: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly scopes: readonly GraphScope[];
}

export interface GraphNode {
  readonly name: string;
  readonly type: string;
  /** Index into `scopes`. */
  readonly scope: number;
  /** Reached by failures only, or called. */
  readonly is_side: boolean;
  readonly has_condition: boolean;
  readonly join: "settled" | "all" | "any";
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "success" | "failure" | "fallback" | "compensate";
  /** Of failure edges: whether the flow goes on afterwards. */
  readonly recovers: boolean | null;
}

export interface GraphScope {
  readonly kind: string;
  readonly name: string;
  /** The step that contains it; null for the workflow's own list. */
  readonly owner: string | null;
  readonly steps: readonly string[];
}

export const Graph: Message<Graph> = message<Graph>("Graph")(
  Type.Object({
    name: Type.String(),
    version: Type.String(),
    nodes: Type.Array(
      Type.Object({
        name: Type.String(),
        type: Type.String(),
        scope: Type.Integer({ description: "Index into `scopes`." }),
        is_side: Type.Boolean({ description: "Reached by failures only, or called." }),
        has_condition: Type.Boolean(),
        join: Type.Enum(["settled", "all", "any"]),
      }),
    ),
    edges: Type.Array(
      Type.Object({
        from: Type.String(),
        to: Type.String(),
        kind: Type.Enum(["success", "failure", "fallback", "compensate"]),
        recovers: orNull(Type.Boolean({ description: "Of failure edges: whether the flow goes on afterwards." })),
      }),
    ),
    scopes: Type.Array(
      Type.Object({
        kind: Type.String(),
        name: Type.String(),
        owner: orNull(Type.String({ description: "The step that contains it." })),
        steps: Type.Array(Type.String()),
      }),
    ),
  }),
);

export interface WorkflowSchemas {
  readonly name: string;
  readonly version: string;
  readonly input_schema: JsonObject | boolean | null;
  readonly output_schema: JsonObject | boolean | null;
}

export const WorkflowSchemas: Message<WorkflowSchemas> = message<WorkflowSchemas>("WorkflowSchemas")(
  Type.Object({
    name: Type.String(),
    version: Type.String(),
    input_schema: orNull(Type.Union([AnyObject, Type.Boolean()])),
    output_schema: orNull(Type.Union([AnyObject, Type.Boolean()])),
  }),
);
