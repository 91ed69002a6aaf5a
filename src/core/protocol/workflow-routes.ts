/** The routes of workflows and their versions: registering, reading, archiving. */

import { Type } from "typebox";
import { CLOSED, type Message, PAGE_QUERY, PageQuery, unnamed } from "./message.ts";
import type { Body, Route } from "./route.ts";
import {
  Graph,
  RegisterAnswer,
  RegisterRequest,
  ValidateAnswer,
  WorkflowDetail,
  WorkflowPage,
  WorkflowSchemas,
} from "./workflows.ts";

export interface WorkflowParams {
  readonly workflow: string;
}

const WORKFLOW = Type.String({ minLength: 1, maxLength: 200, description: "Name or id of the workflow." });
const VERSION = Type.String({ minLength: 1, maxLength: 200, description: "A version such as `2.1.0`." });

export const WorkflowParams: Message<WorkflowParams> = unnamed<WorkflowParams>()(Type.Object({ workflow: WORKFLOW }));

export interface VersionParams extends WorkflowParams {
  readonly version: string;
}

export const VersionParams: Message<VersionParams> = unnamed<VersionParams>()(
  Type.Object({ workflow: WORKFLOW, version: VERSION }),
);

export interface VersionQuery {
  readonly version?: string;
}

export const VersionQuery: Message<VersionQuery> = unnamed<VersionQuery>()(
  Type.Object(
    {
      version: Type.Optional(
        Type.String({ minLength: 1, maxLength: 200, description: "The active one where left out." }),
      ),
    },
    CLOSED,
  ),
);

export interface RegisterQuery {
  readonly dry_run?: boolean;
}

const RegisterQuery: Message<RegisterQuery> = unnamed<RegisterQuery>()(
  Type.Object(
    { dry_run: Type.Optional(Type.Boolean({ description: "Say what would happen, and change nothing." })) },
    CLOSED,
  ),
);

export interface WorkflowsQuery extends PageQuery {
  readonly text?: string;
  readonly tag?: string;
  readonly archived?: boolean;
}

const WorkflowsQuery: Message<WorkflowsQuery> = unnamed<WorkflowsQuery>()(
  Type.Object(
    {
      ...PAGE_QUERY,
      text: Type.Optional(Type.String({ maxLength: 200, description: "Part of the name, whatever the case." })),
      tag: Type.Optional(Type.String({ maxLength: 50 })),
      archived: Type.Optional(Type.Boolean({ description: "Archived ones too (default no)." })),
    },
    CLOSED,
  ),
);

const YAML_TYPES = ["application/yaml", "application/x-yaml", "text/yaml"] as const;

const DOCUMENT_BODY: Body<RegisterRequest> = {
  schema: RegisterRequest,
  isRequired: true,
  size: "document",
  otherTypes: YAML_TYPES,
};

const BASE = "/api/v1/workflows";

export const registerWorkflow: Route<object, RegisterQuery, RegisterRequest> = {
  method: "POST",
  path: BASE,
  operationId: "registerWorkflow",
  tag: "workflows",
  summary: "Register a workflow",
  description: "A name and version never changes: the same content again changes nothing, other content is refused.",
  permission: "workflows:write",
  params: null,
  query: RegisterQuery,
  body: DOCUMENT_BODY,
  answers: {
    200: { description: "This content was registered before; nothing has changed.", schema: RegisterAnswer },
    201: { description: "Registered.", schema: RegisterAnswer },
  },
  problems: [
    "DEFINITION_INVALID",
    "VERSION_EXISTS",
    "REVISION_CONFLICT",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
  ],
};

export const listWorkflows: Route<object, WorkflowsQuery, unknown> = {
  method: "GET",
  path: BASE,
  operationId: "listWorkflows",
  tag: "workflows",
  summary: "List workflows, in the order of their names",
  permission: "workflows:read",
  params: null,
  query: WorkflowsQuery,
  body: null,
  answers: { 200: { description: "One page.", schema: WorkflowPage } },
  problems: [],
};

export const validateWorkflow: Route<object, object, RegisterRequest> = {
  method: "POST",
  path: `${BASE}/validate`,
  operationId: "validateWorkflow",
  tag: "workflows",
  summary: "Check the text of a workflow and register nothing",
  permission: "workflows:read",
  params: null,
  query: null,
  body: DOCUMENT_BODY,
  answers: { 200: { description: "Everything that was found, errors included.", schema: ValidateAnswer } },
  problems: ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"],
};

export const readWorkflow: Route<WorkflowParams, VersionQuery, unknown> = {
  method: "GET",
  path: `${BASE}/{workflow}`,
  operationId: "readWorkflow",
  tag: "workflows",
  summary: "Read a workflow: its active version",
  description: "With `Accept: application/yaml` the answer is the text itself. `If-None-Match` is honoured.",
  permission: "workflows:read",
  params: WorkflowParams,
  query: VersionQuery,
  body: null,
  answers: {
    200: { description: "The workflow, with its `ETag`.", schema: WorkflowDetail },
    304: { description: "Not changed since the `ETag` in `If-None-Match`.", schema: null },
  },
  problems: ["WORKFLOW_NOT_FOUND", "VERSION_NOT_FOUND"],
};

export const replaceWorkflow: Route<WorkflowParams, RegisterQuery, RegisterRequest> = {
  method: "PUT",
  path: `${BASE}/{workflow}`,
  operationId: "replaceWorkflow",
  tag: "workflows",
  summary: "Register a new version of this workflow",
  description: "The text must have the name of the path. `If-Match` refuses the change when somebody else was faster.",
  permission: "workflows:write",
  params: WorkflowParams,
  query: RegisterQuery,
  body: DOCUMENT_BODY,
  answers: {
    200: { description: "This content was registered before; nothing has changed.", schema: RegisterAnswer },
    201: { description: "Registered.", schema: RegisterAnswer },
  },
  problems: [
    "WORKFLOW_NOT_FOUND",
    "DEFINITION_INVALID",
    "VERSION_EXISTS",
    "REVISION_CONFLICT",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
  ],
};

export const archiveWorkflow: Route<WorkflowParams, object, unknown> = {
  method: "DELETE",
  path: `${BASE}/{workflow}`,
  operationId: "archiveWorkflow",
  tag: "workflows",
  summary: "Archive a workflow: no new starts, running executions go on",
  permission: "workflows:write",
  params: WorkflowParams,
  query: null,
  body: null,
  answers: { 204: { description: "Archived.", schema: null } },
  problems: ["WORKFLOW_NOT_FOUND", "REVISION_CONFLICT"],
};

export const readGraph: Route<WorkflowParams, VersionQuery, unknown> = {
  method: "GET",
  path: `${BASE}/{workflow}/graph`,
  operationId: "readGraph",
  tag: "workflows",
  summary: "Read the steps and what joins them",
  permission: "workflows:read",
  params: WorkflowParams,
  query: VersionQuery,
  body: null,
  answers: { 200: { description: "The graph.", schema: Graph } },
  problems: ["WORKFLOW_NOT_FOUND", "VERSION_NOT_FOUND", "DEFINITION_INVALID"],
};

export const readSchemas: Route<WorkflowParams, VersionQuery, unknown> = {
  method: "GET",
  path: `${BASE}/{workflow}/schema`,
  operationId: "readSchemas",
  tag: "workflows",
  summary: "Read the schemas of input and output",
  permission: "workflows:read",
  params: WorkflowParams,
  query: VersionQuery,
  body: null,
  answers: { 200: { description: "Both schemas; null where there is none.", schema: WorkflowSchemas } },
  problems: ["WORKFLOW_NOT_FOUND", "VERSION_NOT_FOUND", "DEFINITION_INVALID"],
};

/** As `replaceWorkflow`, for those who think of versions. */
export const addVersion: Route<WorkflowParams, RegisterQuery, RegisterRequest> = {
  ...replaceWorkflow,
  method: "POST",
  path: `${BASE}/{workflow}/versions`,
  operationId: "addVersion",
};

export const listVersions: Route<WorkflowParams, PageQuery, unknown> = {
  method: "GET",
  path: `${BASE}/{workflow}/versions`,
  operationId: "listVersions",
  tag: "workflows",
  summary: "List the versions of a workflow, newest first",
  permission: "workflows:read",
  params: WorkflowParams,
  query: PageQuery,
  body: null,
  answers: { 200: { description: "One page.", schema: WorkflowPage } },
  problems: ["WORKFLOW_NOT_FOUND"],
};

export const readVersion: Route<VersionParams, object, unknown> = {
  method: "GET",
  path: `${BASE}/{workflow}/versions/{version}`,
  operationId: "readVersion",
  tag: "workflows",
  summary: "Read one version",
  permission: "workflows:read",
  params: VersionParams,
  query: null,
  body: null,
  answers: {
    200: { description: "The version.", schema: WorkflowDetail },
    304: { description: "Not changed since the `ETag` in `If-None-Match`.", schema: null },
  },
  problems: ["WORKFLOW_NOT_FOUND", "VERSION_NOT_FOUND"],
};
