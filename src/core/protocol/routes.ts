/** The exact table of what the server answers to. Whatever is not in it does not exist. */

import {
  readApiPage,
  readDocsOpenApi,
  readOpenApi,
  readOpenApiYaml,
  readProblemsPage,
  readStartPage,
  readStyle,
} from "./documents.ts";
import { publishEvents } from "./events.ts";
import {
  cancelExecution,
  listExecutions,
  pauseExecution,
  readExecution,
  readHistory,
  readLogs,
  readResults,
  rerunExecution,
  resumeExecution,
  retryExecution,
  signalExecution,
  startExecution,
  startExecutions,
  streamExecution,
  terminateExecution,
} from "./execution-routes.ts";
import { listExecutors, readExecutor, readInstance, removeInstance, reportInstance } from "./executors.ts";
import { evaluateExpression } from "./expressions.ts";
import {
  readComponents,
  readLiveness,
  readLivez,
  readReadiness,
  readReadyz,
  readStartupz,
  readWorkflowHealth,
} from "./health.ts";
import type { Route } from "./route.ts";
import { finishTasks, pollTasks, renewTasks } from "./tasks.ts";
import {
  archiveWorkflow,
  listVersions,
  listWorkflows,
  readGraph,
  readSchemas,
  readVersion,
  readWorkflow,
  registerWorkflow,
  replaceWorkflow,
  validateWorkflow,
} from "./workflow-routes.ts";

/** A route whose types do not matter: for documents and tables. */
export type AnyRoute = Route<unknown, unknown, unknown>;

export const ROUTES: readonly AnyRoute[] = [
  registerWorkflow,
  listWorkflows,
  validateWorkflow,
  readWorkflow,
  replaceWorkflow,
  archiveWorkflow,
  readGraph,
  readSchemas,
  listVersions,
  readVersion,
  startExecution,
  startExecutions,
  listExecutions,
  readExecution,
  readResults,
  readHistory,
  readLogs,
  streamExecution,
  cancelExecution,
  terminateExecution,
  pauseExecution,
  resumeExecution,
  retryExecution,
  rerunExecution,
  signalExecution,
  pollTasks,
  finishTasks,
  renewTasks,
  listExecutors,
  readExecutor,
  reportInstance,
  readInstance,
  removeInstance,
  publishEvents,
  evaluateExpression,
  readLiveness,
  readLivez,
  readReadiness,
  readReadyz,
  readStartupz,
  readComponents,
  readWorkflowHealth,
  readStartPage,
  readApiPage,
  readProblemsPage,
  readStyle,
  readDocsOpenApi,
  readOpenApi,
  readOpenApiYaml,
];
