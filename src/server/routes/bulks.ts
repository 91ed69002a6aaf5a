/** Operations on many executions: begun, looked at, stopped. */

import { unreachable } from "../../core/base/bug.ts";
import { toRfc3339 } from "../../core/base/time.ts";
import {
  type BulkArguments,
  type BulkMessage,
  type BulkOperation,
  type BulkPreviewMessage,
  type BulkStart,
  cancelBulk,
  listBulks,
  readBulk,
  startBulk,
} from "../../core/protocol/bulk.ts";
import { LIMIT_DEFAULT } from "../../core/protocol/message.ts";
import type { Bulk, BulkAction, Selection } from "../../host/bulk/bulk.ts";
import { type Answer, answerOf, json, problem } from "../answer.ts";
import { type Read, toFilter } from "../execution-filter.ts";
import { linkToNext } from "../paging.ts";
import type { RouteContext } from "./context.ts";
import { toSummary } from "./executions.ts";
import { keyOf } from "./starts.ts";

export function bindBulks({ binder, host }: RouteContext): void {
  binder.bind(startBulk, async ({ workspace, body, headers }) => {
    const { operation, dry_run: isDryRun = false } = body;
    const selection = await toSelection(workspace, body.filter);
    if (!selection.ok) return wrong("/filter", selection.detail);
    const action = toAction(operation, body.arguments ?? {});
    if (!action.ok) return wrong("/arguments", action.detail);
    const request = { workspace, action: action.value, selection: selection.value };
    if (isDryRun) {
      const { matched, isComplete, sample } = await host.bulks.preview(request);
      const answer: BulkPreviewMessage = {
        operation,
        dry_run: true,
        matched,
        complete: isComplete,
        sample: sample.map(toSummary),
      };
      return json(200, answer);
    }
    const outcome = await host.bulks.create({ ...request, idempotencyKey: keyOf(headers) });
    return answerOf(outcome, ({ bulk, isNew }) => {
      const location = { location: `/api/v1/executions/bulk/${bulk.id}` };
      return json(isNew ? 202 : 200, toMessage(bulk), location);
    });
  });

  binder.bind(listBulks, async ({ workspace, query, request }) => {
    const { limit = LIMIT_DEFAULT, cursor = null } = query;
    const { bulks, nextCursor } = await host.bulks.list({ workspace, limit, cursor });
    return json(200, { items: bulks.map(toMessage), next_cursor: nextCursor }, linkToNext(request, nextCursor));
  });

  binder.bind(readBulk, async ({ workspace, params }) => {
    const bulk = await host.bulks.read({ workspace, id: params.bulk_id });
    if (bulk !== null) return json(200, toMessage(bulk));
    const id = JSON.stringify(params.bulk_id);
    return problem("BULK_NOT_FOUND", `Expected an operation ${id} on many executions, but there is none.`);
  });

  binder.bind(cancelBulk, async ({ workspace, params }) =>
    answerOf(await host.bulks.cancel({ workspace, id: params.bulk_id }), ({ bulk }) => json(202, toMessage(bulk))),
  );

  async function toSelection(
    workspace: string,
    { ids, all, metadata, ...fields }: BulkStart["filter"],
  ): Promise<Read<Selection>> {
    const isEmpty = Object.keys(fields).length === 0 && Object.keys(metadata ?? {}).length === 0;
    if (ids !== undefined) {
      if (isEmpty && all === undefined) return { ok: true, value: { kind: "ids", ids: [...new Set(ids)] } };
      return { ok: false, detail: "Expected either ids or filters, but both are given. Leave one of them out." };
    }
    if (isEmpty && all !== true) {
      const detail =
        "Expected a filter, but it is empty, which means every execution of the workspace. If that is meant, say `all: true`.";
      return { ok: false, detail };
    }
    if (!isEmpty && all === true)
      return {
        ok: false,
        detail: "Expected either filters or `all: true`, but both are given. Leave one of them out.",
      };
    const filter = await toFilter(host, workspace, fields);
    if (!filter.ok) return filter;
    const attributes = { ...filter.value.metadata, ...metadata };
    const named = Object.keys(attributes).length === 0 ? {} : { metadata: attributes };
    return { ok: true, value: { kind: "filter", filter: { ...filter.value, ...named } } };
  }
}

/** Which arguments each operation takes. */
const ARGUMENTS: Readonly<Record<BulkOperation, readonly (keyof BulkArguments)[]>> = {
  cancel: ["reason"],
  terminate: ["reason"],
  pause: ["timers"],
  resume: [],
  retry: [],
  rerun: ["input", "version"],
  signal: ["name", "data"],
};

function toAction(operation: BulkOperation, given: BulkArguments): Read<BulkAction> {
  const taken = ARGUMENTS[operation];
  const foreign = Object.keys(given).find((name) => !taken.includes(name as keyof BulkArguments));
  if (foreign !== undefined) {
    const takes = taken.length === 0 ? "no arguments" : `no arguments but ${taken.join(" and ")}`;
    return { ok: false, detail: `Expected ${takes} for ${operation}, but there is ${foreign}.` };
  }
  const { reason, timers, name, data = null, input, version = null } = given;
  switch (operation) {
    case "cancel":
      return { ok: true, value: { operation, reason: reason ?? "Cancelled by request." } };
    case "terminate":
      return { ok: true, value: { operation, reason: reason ?? "Terminated by request." } };
    case "pause":
      return { ok: true, value: { operation, freezeTimers: timers === "freeze" } };
    case "resume":
    case "retry":
      return { ok: true, value: { operation } };
    case "rerun":
      return { ok: true, value: { operation, input: input === undefined ? null : { value: input }, version } };
    case "signal":
      if (name === undefined) return { ok: false, detail: "Expected the name of the signal, but there is none." };
      return { ok: true, value: { operation, name, data } };
    default:
      return unreachable(operation);
  }
}

function wrong(pointer: string, detail: string): Answer {
  return problem("BAD_REQUEST", detail, [{ pointer, detail }]);
}

function toMessage({ id, action, status, matched, done, failed, errors, createdAt, finishedAt }: Bulk): BulkMessage {
  return {
    id,
    operation: action.operation,
    status,
    matched,
    done,
    failed,
    errors: errors.map(({ executionId, code, message }) => ({ execution_id: executionId, code, message })),
    created_at: toRfc3339(createdAt),
    finished_at: finishedAt === null ? null : toRfc3339(finishedAt),
  };
}
