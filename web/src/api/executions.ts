/** Starting executions and looking at lists of them. */

import type { Json, JsonObject } from "../../../src/core/base/json.ts";
import type { ExecutionSummary } from "../../../src/core/protocol/executions.ts";
import type { Page } from "../../../src/core/protocol/message.ts";
import type { StartAnswer, StartOptions } from "../../../src/core/protocol/starts.ts";
import { call, place, type QueryValue } from "./call.ts";

export interface StartRequest {
  readonly input: Json;
  readonly metadata?: JsonObject;
  readonly options?: StartOptions;
}

export function startExecution(workflow: string, request: StartRequest): Promise<StartAnswer> {
  return call("POST", place("workflows", workflow, "execute"), { body: request });
}

export function listExecutions(
  filter: Readonly<Record<string, QueryValue>>,
  signal?: AbortSignal,
): Promise<Page<ExecutionSummary>> {
  return call("GET", place("executions"), { query: filter, ...(signal === undefined ? {} : { signal }) });
}
