/** How executions did, and how the platform is. */

import type { ExecutionFigures, SystemStatus, WorkflowFigures } from "../../../src/core/protocol/figures.ts";
import type { Period } from "../../../src/core/protocol/periods.ts";
import { call, place } from "./call.ts";

export function readExecutionFigures(
  query: { readonly period: Period; readonly compare?: boolean; readonly workflow?: string },
  signal: AbortSignal,
): Promise<ExecutionFigures> {
  return call("GET", place("metrics", "executions"), { query: { ...query }, signal });
}

export function readWorkflowFigures(workflow: string, period: Period, signal: AbortSignal): Promise<WorkflowFigures> {
  return call("GET", place("workflows", workflow, "metrics"), { query: { period }, signal });
}

export function readSystemStatus(signal: AbortSignal): Promise<SystemStatus> {
  return call("GET", place("metrics", "system"), { signal });
}
