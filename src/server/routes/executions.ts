/** Looking at executions: one, many, their results, their history as it was and as it happens. */

import { Bug } from "../../core/base/bug.ts";
import { toRfc3339 } from "../../core/base/time.ts";
import {
  listExecutions,
  readExecution,
  readHistory,
  readLogs,
  readResults,
  streamExecution,
} from "../../core/protocol/execution-routes.ts";
import type { ExecutionMessage, ExecutionSummary, LogLine, ResultsMessage } from "../../core/protocol/executions.ts";
import { toLogLine } from "../../core/protocol/logs.ts";
import { LIMIT_DEFAULT } from "../../core/protocol/message.ts";
import { toMessage } from "../../core/protocol/view.ts";
import { workflowIdOf } from "../../host/registry.ts";
import type { EventPack, ExecutionRow } from "../../ports/store.ts";
import { type Answer, json, jsonText, NO_CONTENT, problem } from "../answer.ts";
import type { Call } from "../binding.ts";
import { toFilter } from "../execution-filter.ts";
import { type EventPage, parseEvent, readPage } from "../history-pages.ts";
import { hasEnded, readEnd } from "../outcomes.ts";
import { linkToNext } from "../paging.ts";
import { streamEvents } from "../sse.ts";
import { waitMsOf } from "../waiting.ts";
import type { RouteContext } from "./context.ts";

export function bindExecutions(context: RouteContext): void {
  const { binder, host, clock, views } = context;

  binder.bind(listExecutions, async ({ workspace, query, request }) => {
    const filter = await toFilter(host, workspace, query);
    if (!filter.ok) return problem("BAD_REQUEST", filter.detail, [{ pointer: "query/status", detail: filter.detail }]);
    const found = await host.find({
      ...filter.value,
      workspace,
      limit: query.limit ?? LIMIT_DEFAULT,
      ...(query.order === "oldest" ? { oldestFirst: true } : {}),
      ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
    });
    return json(
      200,
      { items: found.rows.map(toSummary), next_cursor: found.nextCursor },
      linkToNext(request, found.nextCursor),
    );
  });

  binder.bind(readExecution, async ({ workspace, params }) => {
    const row = await host.read({ workspace, executionId: params.execution_id });
    if (row === null) return notFound(params.execution_id);
    const [described, history] = await Promise.all([describe(row), host.measureHistory(row.id)]);
    return json(200, { ...described, history });
  });

  async function describe(row: ExecutionRow): Promise<ExecutionMessage> {
    const { workspace, workflow, version } = row;
    const outcome = await host.definitions.compiled({ workspace, workflow, version });
    if (!outcome.ok) return describeRow(row);
    try {
      const view = await views.read(row, outcome.definition);
      return toMessage(view, {
        workflowId: workflowIdOf(workspace, workflow),
        createdAt: row.createdAt,
        status: row.status,
        leases: host.leasesOf(row.id),
      });
    } catch (error) {
      // What put an execution into quarantine may be its history; its row can be shown all the same.
      if (error instanceof Bug && row.quarantine !== null) return describeRow(row);
      throw error;
    }
  }

  binder.bind(readResults, async (call) => {
    const { workspace, params, query, headers } = call;
    const place = { workspace, executionId: params.execution_id };
    const wait = waitMsOf(query.wait, headers, 0);
    if (!wait.ok) return problem("BAD_REQUEST", wait.detail, [{ pointer: "query/wait", detail: wait.detail }]);
    let row = await host.read(place);
    if (row === null) return notFound(params.execution_id);
    if (wait.ms > 0 && !hasEnded(row)) {
      await host.waitForEnd({ ...place, timeoutMs: wait.ms, signal: call.signal() });
      row = (await host.read(place)) ?? row;
    }
    const end = await readEnd(host, row);
    const summary = toSummary(row);
    const answer: ResultsMessage = {
      execution_id: row.id,
      workflow_id: summary.workflow_id,
      workflow_name: row.workflow,
      version: row.version,
      status: row.status,
      output: end?.output ?? null,
      error: end?.error ?? null,
      finished_at: summary.finished_at,
      duration: summary.duration,
    };
    return json(200, answer);
  });

  async function readEvents(
    {
      workspace,
      params,
      query,
      request,
    }: Call<{ execution_id: string }, { after?: number; limit?: number; cursor?: string }, unknown>,
    answer: (page: EventPage, cursor: string | null) => Answer,
  ): Promise<Answer> {
    const afterSeq = query.cursor === undefined ? (query.after ?? 0) : seqOfCursor(query.cursor);
    if (afterSeq === null) {
      const detail = "Expected a cursor from an earlier answer, but this is none.";
      return problem("BAD_REQUEST", detail, [{ pointer: "query/cursor", detail }]);
    }
    const limit = query.limit ?? LIMIT_DEFAULT;
    const page = await readPage(host, { workspace, executionId: params.execution_id, afterSeq, limit });
    if (page === null) return notFound(params.execution_id);
    const cursor = page.hasMore ? String(page.events.at(-1)?.seq ?? afterSeq) : null;
    const answered = answer(page, cursor);
    return answered.kind === "json" || answered.kind === "text"
      ? { ...answered, headers: linkToNext(request, cursor) }
      : answered;
  }

  binder.bind(readHistory, (call) =>
    readEvents(call, ({ events }, cursor) =>
      jsonText(200, `{"events":[${events.map(({ text }) => text).join(",")}],"next_cursor":${JSON.stringify(cursor)}}`),
    ),
  );

  binder.bind(readLogs, (call) =>
    readEvents(call, ({ events }, cursor) => {
      const lines = events.map((event) => toLogLine(parseEvent(event)));
      // What executors say of tasks they work on is nowhere but in memory: it stands at the end.
      const live = cursor === null ? linesOfLeases(call.params.execution_id) : [];
      return json(200, { items: [...lines, ...live], next_cursor: cursor });
    }),
  );

  function linesOfLeases(executionId: string): readonly LogLine[] {
    return [...host.leasesOf(executionId)].flatMap(([path, { instance, progress, message }]) => {
      if (progress === null && message === null) return [];
      const share = progress === null ? "" : ` (${Math.round(progress * 100)} %)`;
      const step = path.slice(Math.max(path.lastIndexOf("."), path.lastIndexOf(":")) + 1);
      return [
        {
          seq: null,
          at: toRfc3339(clock.now()),
          level: "info" as const,
          message: `${path}: ${message ?? "is being worked on"}${share}, says ${instance}`,
          step,
          path,
          attempt: null,
        },
      ];
    });
  }

  binder.bind(streamExecution, async (call) => {
    const { workspace, params, query, headers, requestId } = call;
    const place = { workspace, executionId: params.execution_id };
    const lastId = headers["last-event-id"];
    const afterSeq = typeof lastId === "string" && lastId !== "" ? seqOfCursor(lastId) : (query.after ?? 0);
    if (afterSeq === null) {
      const detail = "Expected Last-Event-ID to be the number of an event, but it is none.";
      return problem("BAD_REQUEST", detail, [{ pointer: "header/last-event-id", detail }]);
    }
    const row = await host.read(place);
    if (row === null) return notFound(params.execution_id);
    // Read before the reader is let in: whoever has seen the end must not come back for ever.
    if (hasEnded(row) && (await host.readHistory({ ...place, afterSeq, bytesMax: 1 }))?.length === 0) return NO_CONTENT;
    const signal = call.signal();
    const packs: AsyncIterable<EventPack> | null = await host.follow({ ...place, afterSeq, signal });
    if (packs === null) return notFound(params.execution_id);
    const { response } = call;
    void streamEvents({
      response,
      headers: { "x-request-id": requestId, "x-content-type-options": "nosniff" },
      packs,
      afterSeq,
      signal,
      clock,
    })
      // The status has been sent: breaking off is all that is left to say.
      .catch(() => response.destroy());
    return { kind: "taken" };
  });
}

function notFound(executionId: string): Answer {
  return problem("EXECUTION_NOT_FOUND", `Expected an execution ${JSON.stringify(executionId)}, but there is none.`);
}

export function toSummary(row: ExecutionRow): ExecutionSummary {
  const { startedAt, finishedAt } = row;
  return {
    execution_id: row.id,
    workflow_id: workflowIdOf(row.workspace, row.workflow),
    workflow_name: row.workflow,
    version: row.version,
    status: row.status,
    priority: row.priority,
    created_at: toRfc3339(row.createdAt),
    started_at: startedAt === null ? null : toRfc3339(startedAt),
    finished_at: finishedAt === null ? null : toRfc3339(finishedAt),
    duration: startedAt === null || finishedAt === null ? null : Math.max(0, finishedAt - startedAt) / 1000,
    error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? "" },
    metadata: row.metadata,
    tags: row.tags,
    parent_id: row.parentId,
    origin_id: row.originId,
    quarantine: row.quarantine,
  };
}

/** Of an execution whose definition or history cannot be read any more. */
function describeRow(row: ExecutionRow): ExecutionMessage {
  const {
    priority: _,
    tags: _tags,
    parent_id: _parent,
    origin_id: _origin,
    quarantine,
    error,
    ...shown
  } = toSummary(row);
  return {
    ...shown,
    phase: null,
    input: null,
    output: null,
    error: quarantine === null ? error : { code: "INTERNAL", message: quarantine },
    warnings: [],
    progress: { completed: 0, total: 0 },
    parent: null,
    origin: null,
    steps: [],
  };
}

function seqOfCursor(cursor: string): number | null {
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : null;
}
