/** The exact table of what the server answers to. Whatever is not in it does not exist. */

import { listBreakers, readBreaker, resetBreaker } from "./breakers.ts";
import { cancelBulk, listBulks, readBulk, startBulk } from "./bulk.ts";
import { dashboardRoutes, viewRoutes } from "./dashboards.ts";
import {
  dropDeadLetter,
  listDeadLetters,
  readDeadLetter,
  replayDeadLetter,
  replayDeadLetters,
} from "./dead-letters.ts";
import { readDocsOpenApi, readOpenApi, readOpenApiYaml, readProblemsPage, readStyle } from "./documents.ts";
import {
  changeDraft,
  createDraft,
  createShare,
  editDraft,
  listDrafts,
  listShares,
  publishDraft,
  readDraft,
  removeDraft,
  revokeShare,
} from "./drafts.ts";
import { publishEvents } from "./events.ts";
import {
  cancelExecution,
  explainExecution,
  exportExecution,
  listExecutions,
  pauseExecution,
  readExecution,
  readHistory,
  readLogs,
  readResults,
  rerunExecution,
  resetQuarantine,
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
import { readExecutionFigures, readSystemStatus, readWorkflowFigures } from "./figures.ts";
import {
  readComponents,
  readLiveness,
  readLivez,
  readMetrics,
  readReadiness,
  readReadyz,
  readStartupz,
  readWorkflowHealth,
} from "./health.ts";
import { streamWorkspace } from "./live.ts";
import { queryMetrics, readBusinessFigures, readCatalogue } from "./metric-query.ts";
import { PAGE_ROUTES, readAsset } from "./pages.ts";
import { compensateExecution, completeStep, skipStep } from "./repair-routes.ts";
import type { Route } from "./route.ts";
import { streamTasks } from "./task-stream.ts";
import { finishTasks, pollTasks, renewTasks } from "./tasks.ts";
import { listTemplates, readTemplate } from "./templates.ts";
import { readTopology } from "./topology.ts";
import {
  addVersion,
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
  addVersion,
  listVersions,
  readVersion,
  listDrafts,
  createDraft,
  readDraft,
  changeDraft,
  removeDraft,
  publishDraft,
  listShares,
  createShare,
  revokeShare,
  editDraft,
  startExecution,
  startExecutions,
  listExecutions,
  startBulk,
  listBulks,
  readBulk,
  cancelBulk,
  readExecution,
  explainExecution,
  exportExecution,
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
  resetQuarantine,
  signalExecution,
  skipStep,
  completeStep,
  compensateExecution,
  listDeadLetters,
  replayDeadLetters,
  readDeadLetter,
  replayDeadLetter,
  dropDeadLetter,
  pollTasks,
  finishTasks,
  renewTasks,
  streamTasks,
  listExecutors,
  readExecutor,
  reportInstance,
  readInstance,
  removeInstance,
  listBreakers,
  readBreaker,
  resetBreaker,
  publishEvents,
  evaluateExpression,
  readLiveness,
  readLivez,
  readReadiness,
  readReadyz,
  readStartupz,
  readComponents,
  readWorkflowHealth,
  readMetrics,
  streamWorkspace,
  readExecutionFigures,
  readWorkflowFigures,
  readSystemStatus,
  readBusinessFigures,
  readCatalogue,
  queryMetrics,
  readTopology,
  ...Object.values(dashboardRoutes),
  ...Object.values(viewRoutes),
  listTemplates,
  readTemplate,
  readProblemsPage,
  readStyle,
  readDocsOpenApi,
  readOpenApi,
  readOpenApiYaml,
  ...PAGE_ROUTES,
  readAsset,
];
