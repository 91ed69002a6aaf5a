/** What is known about executions taken together: figures, live changes, dashboards. */

import type { Dashboard, DashboardContent, SavedView, ViewContent } from "../core/protocol/dashboards.ts";
import type {
  ExecutionFigures,
  FiguresQuery,
  SystemStatus,
  WorkflowFigures,
  WorkflowFiguresQuery,
} from "../core/protocol/figures.ts";
import type { LiveExecution, LiveExecutor, LiveQuery, LiveWorkflow } from "../core/protocol/live.ts";
import type {
  BusinessFiguresMessage,
  CatalogueEntry,
  MetricAnswer,
  MetricQuery,
} from "../core/protocol/metric-query.ts";
import type { TemplateSummary } from "../core/protocol/templates.ts";
import type { Topology } from "../core/protocol/topology.ts";
import { MagicFlowError } from "./errors.ts";
import { type CallRequest, type Connection, delayMs, pause } from "./http.ts";
import { isAborted, parseMessages } from "./stream.ts";

export type LiveChange =
  | { readonly kind: "execution"; readonly change: LiveExecution }
  | { readonly kind: "workflow"; readonly change: LiveWorkflow }
  | { readonly kind: "executor"; readonly change: LiveExecutor }
  /** Something may have been missed: read the lists anew. */
  | { readonly kind: "reset"; readonly change: null };

export interface Metrics {
  executions(query?: FiguresQuery): Promise<ExecutionFigures>;
  workflow(workflow: string, query?: WorkflowFiguresQuery): Promise<WorkflowFigures>;
  system(): Promise<SystemStatus>;
  business(): Promise<BusinessFiguresMessage["items"]>;
  catalogue(): Promise<readonly CatalogueEntry[]>;
  /** One answer for each query, in their order. */
  query(queries: readonly MetricQuery[]): Promise<readonly MetricAnswer[]>;
}

export interface Kept<C, D> {
  /** Page after page. */
  list(): AsyncIterable<D>;
  get(id: string): Promise<D>;
  add(content: C): Promise<D>;
  /** With `etag` refused when somebody else was faster. */
  replace(id: string, content: C, options?: { etag?: string }): Promise<D>;
  remove(id: string): Promise<void>;
}

export interface InsightCalls {
  readonly metrics: Metrics;
  readonly dashboards: Kept<DashboardContent, Dashboard>;
  readonly views: Kept<ViewContent, SavedView>;
  topology(): Promise<Topology>;
  templates(): Promise<readonly TemplateSummary[]>;
  /** Every change of the workspace as it happens; resumes by itself after a cut. Ends at abort. */
  watch(options?: Omit<LiveQuery, "after"> & { readonly signal?: AbortSignal }): AsyncIterable<LiveChange>;
}

export function createInsightCalls(connection: Connection, pages: <T>(path: string) => AsyncIterable<T>): InsightCalls {
  const read = async <T>(request: CallRequest): Promise<T> => (await connection.call(request)).body as T;
  const get = <T>(path: string, query: object = {}): Promise<T> =>
    read<T>({ method: "GET", path, query: query as Record<string, string> });

  function kept<C extends object, D>(path: string): Kept<C, D> {
    const one = (id: string) => `${path}/${encodeURIComponent(id)}`;
    return {
      list: () => pages<D>(path),
      get: (id) => get<D>(one(id)),
      // Chosen here, so that a repeated try adds nothing twice.
      add: (content) => read<D>({ method: "POST", path, body: { id: crypto.randomUUID(), ...content } }),
      replace: (id, content, { etag } = {}) =>
        read<D>({
          method: "PUT",
          path: one(id),
          body: content,
          ...(etag === undefined ? {} : { headers: { "if-match": etag } }),
        }),
      remove: async (id) => {
        await connection.call({ method: "DELETE", path: one(id) });
      },
    };
  }

  return {
    metrics: {
      executions: (query) => get("/api/v1/metrics/executions", query),
      workflow: (workflow, query) => get(`/api/v1/workflows/${encodeURIComponent(workflow)}/metrics`, query),
      system: () => get("/api/v1/metrics/system"),
      business: async () => (await get<BusinessFiguresMessage>("/api/v1/metrics/business")).items,
      catalogue: async () => (await get<{ items: readonly CatalogueEntry[] }>("/api/v1/metrics/catalogue")).items,
      query: async (queries) => {
        const path = "/api/v1/metrics/query";
        return (await read<{ results: readonly MetricAnswer[] }>({ method: "POST", path, body: { queries } })).results;
      },
    },
    dashboards: kept<DashboardContent, Dashboard>("/api/v1/dashboards"),
    views: kept<ViewContent, SavedView>("/api/v1/views"),
    topology: () => get("/api/v1/topology"),
    templates: async () => (await get<{ items: readonly TemplateSummary[] }>("/api/v1/templates")).items,
    watch: ({ signal, ...query } = {}) => watch(connection, query, signal),
  };
}

async function* watch(
  connection: Connection,
  query: LiveQuery,
  signal: AbortSignal | undefined,
): AsyncIterable<LiveChange> {
  let last: string | null = null;
  let hasBeenReached = false;
  for (let attempt = 0; !isAborted(signal); attempt++) {
    try {
      const answer = await connection.open({
        method: "GET",
        path: "/api/v1/stream",
        query: query as Record<string, string>,
        headers: { accept: "text/event-stream", ...(last === null ? {} : { "last-event-id": last }) },
        ...(signal === undefined ? {} : { signal }),
      });
      hasBeenReached = true;
      if (answer.body === null) return;
      for await (const { id, event, data } of parseMessages(answer.body)) {
        attempt = 0;
        last = id;
        if (event === "reset") yield { kind: "reset", change: null };
        else if (event === "execution" || event === "workflow" || event === "executor")
          yield { kind: event, change: JSON.parse(data) } as LiveChange;
      }
    } catch (error) {
      if (isAborted(signal)) return;
      if (error instanceof MagicFlowError && error.status >= 400 && error.status < 500 && error.status !== 429)
        throw error;
      if (!hasBeenReached && attempt >= connection.retries) throw error;
    }
    await pause(attempt === 0 ? 0 : delayMs(attempt), signal);
  }
}
