/** Workflows and their versions, as the pages ask for them. */

import type { Page } from "../../../src/core/protocol/message.ts";
import type {
  RegisterAnswer,
  ValidateAnswer,
  WorkflowDetail,
  WorkflowSchemas,
  WorkflowSummary,
} from "../../../src/core/protocol/workflows.ts";
import { type Answered, call, callWhole, place } from "./call.ts";

export interface WorkflowsFilter {
  readonly text?: string;
  readonly tag?: string;
  readonly archived?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
}

export function listWorkflows(filter: WorkflowsFilter, signal?: AbortSignal): Promise<Page<WorkflowSummary>> {
  return call("GET", place("workflows"), { query: { ...filter }, ...(signal === undefined ? {} : { signal }) });
}

/** With the tag by which a later write says which state it has seen. */
export function readWorkflow(workflow: string, signal?: AbortSignal): Promise<Answered<WorkflowDetail>> {
  return callWhole("GET", place("workflows", workflow), signal === undefined ? {} : { signal });
}

export function validateWorkflow(text: string, signal?: AbortSignal): Promise<ValidateAnswer> {
  return call("POST", `${place("workflows")}/validate`, {
    text: { type: "application/yaml", content: text },
    ...(signal === undefined ? {} : { signal }),
  });
}

export function registerWorkflow(text: string): Promise<RegisterAnswer> {
  return call("POST", place("workflows"), { text: { type: "application/yaml", content: text } });
}

export function listVersions(
  workflow: string,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<WorkflowSummary>> {
  return call("GET", place("workflows", workflow, "versions"), {
    query: { limit: 100, cursor },
    ...(signal === undefined ? {} : { signal }),
  });
}

export function readVersion(workflow: string, version: string, signal?: AbortSignal): Promise<WorkflowDetail> {
  return call("GET", place("workflows", workflow, "versions", version), signal === undefined ? {} : { signal });
}

export function readSchemas(workflow: string, version: string | null, signal?: AbortSignal): Promise<WorkflowSchemas> {
  return call("GET", place("workflows", workflow, "schema"), {
    query: { version },
    ...(signal === undefined ? {} : { signal }),
  });
}

export function archiveWorkflow(workflow: string): Promise<unknown> {
  return call("DELETE", place("workflows", workflow));
}
