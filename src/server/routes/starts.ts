/**
 * Starting executions. The way of a start is short on purpose: parse, one call of the host, one answer; what an answer shows
 * besides (an estimate, progress) comes from memory.
 */

import type { IncomingHttpHeaders } from "node:http";
import { parseDuration } from "../../core/base/duration.ts";
import { isObject, type Json, type JsonObject } from "../../core/base/json.ts";
import { toRfc3339 } from "../../core/base/time.ts";
import { rerunExecution, startExecution, startExecutions } from "../../core/protocol/execution-routes.ts";
import { WAIT_SECONDS_MAX } from "../../core/protocol/message.ts";
import type { ProblemError } from "../../core/protocol/problems.ts";
import {
  type BatchAnswer,
  type BatchItem,
  PRIORITIES,
  type StartAnswer,
  type StartMessage,
} from "../../core/protocol/starts.ts";
import { noProgress } from "../../core/protocol/view.ts";
import type { HeardEnd, Started, StartRequest } from "../../host/host.ts";
import type { Outcome, Refusal } from "../../host/refusal.ts";
import { workflowIdOf } from "../../host/registry.ts";
import type { ExecutionRow } from "../../ports/store.ts";
import { type Answer, json, problem, refused } from "../answer.ts";
import type { Call } from "../binding.ts";
import { type Ended, endOf, hasEnded, readEnd } from "../outcomes.ts";
import { waitMsOf } from "../waiting.ts";
import type { RouteContext } from "./context.ts";

/** The middle, where nobody says. */
const PRIORITY_DEFAULT = PRIORITIES.normal;

const KEY_LENGTH_MAX = 255;

export function bindStarts(context: RouteContext): void {
  const { binder, host, entropy } = context;

  binder.bind(startExecution, async (call) => {
    const { workspace, params, headers } = call;
    const body = call.body ?? {};
    const key = keyOf(headers);
    const read = toRequest(body, { workspace, workflow: params.workflow, key, headers });
    if (!read.ok) return problem("BAD_REQUEST", read.errors[0]?.detail ?? "", read.errors);
    const wait = waitMsOf(call.query.wait, headers, body.options?.async === false ? WAIT_SECONDS_MAX * 1000 : 0);
    if (!wait.ok) return problem("BAD_REQUEST", wait.detail, [{ pointer: "query/wait", detail: wait.detail }]);

    const outcome = await host.start(read.request);
    if (!outcome.ok) return refused(withinBody(outcome.refusal, "/input"));
    return startedAnswer(context, call, outcome, wait);
  });

  binder.bind(startExecutions, async ({ workspace, params, body, headers }) => {
    const batchKey = keyOf(headers);
    const read = body.executions.map((item, i) =>
      toRequest(item, { workspace, workflow: params.workflow, key: itemKey(item, i, batchKey), headers }),
    );
    const errors = read.flatMap((one, i) =>
      one.ok ? [] : one.errors.map((error) => ({ ...error, pointer: `/executions/${i}${error.pointer}` })),
    );
    const [first] = errors;
    if (first !== undefined) return problem("BAD_REQUEST", `${first.pointer}: ${first.detail}`, errors);
    const outcomes = await host.startMany(read.flatMap((one) => (one.ok ? [one.request] : [])));
    const unknown = outcomes.find((outcome) => !outcome.ok && outcome.refusal.code === "WORKFLOW_NOT_FOUND");
    if (unknown !== undefined && !unknown.ok) return refused(unknown.refusal);
    return json(202, toBatchAnswer(outcomes));
  });

  binder.bind(rerunExecution, async (call) => {
    const { workspace, params, headers } = call;
    const body = call.body ?? {};
    const outcome = await host.rerun({
      workspace,
      executionId: params.execution_id,
      commandId: body.id ?? keyOf(headers) ?? entropy.id(),
      input: body.input,
      version: body.version ?? null,
      ...(body.from === undefined ? {} : { from: body.from }),
      ...(body.step_input === undefined ? {} : { stepInput: body.step_input }),
      ...(body.terminate_origin === undefined ? {} : { terminatesOrigin: body.terminate_origin }),
    });
    if (!outcome.ok) return refused(withinBody(outcome.refusal, "/input"));
    return startedAnswer(context, call, outcome, { ms: 0, isPreferred: false });
  });
}

async function startedAnswer(
  context: RouteContext,
  call: Call<object, object, unknown>,
  { row, isNew }: Started,
  wait: { readonly ms: number; readonly isPreferred: boolean },
): Promise<Answer> {
  const { host } = context;
  const { workspace } = call;
  let shown = row;
  let end: Ended | null = null;
  if (wait.ms > 0 && !hasEnded(row)) {
    const heard = (heardEnd: HeardEnd) => {
      shown = heardEnd.row;
      end = endOf(heardEnd.event);
    };
    const request = { workspace, executionId: row.id, timeoutMs: wait.ms, signal: call.signal(), heard };
    const sawEnd = await host.waitForEnd(request);
    if (sawEnd && shown === row) shown = (await host.read({ workspace, executionId: row.id })) ?? row;
  }
  const isFinal = (wait.ms > 0 && hasEnded(shown)) || !isNew;
  if (isFinal) end ??= await readEnd(host, shown);
  const answer: StartAnswer = {
    ...(await describe(context, call, shown, isNew)),
    ...(end === null ? {} : end.error === null ? { output: end.output } : { error: end.error }),
  };
  return json(isFinal ? 200 : 202, answer, {
    location: `/api/v1/executions/${encodeURIComponent(row.id)}`,
    ...(isNew ? {} : { "idempotency-replayed": "true" }),
    ...(wait.isPreferred ? { "preference-applied": `wait=${wait.ms / 1000}` } : {}),
  });
}

async function describe(
  { host, views, estimates, addresses }: RouteContext,
  { headers }: { headers: IncomingHttpHeaders },
  row: ExecutionRow,
  isNew: boolean,
): Promise<StartAnswer> {
  const { workspace, workflow, version } = row;
  const definition = host.definitions.cached({ workspace, workflow, version });
  const estimate = await estimates.read({ workspace, workflow, version });
  const none = definition === null ? { completed: 0, total: 0 } : noProgress(definition);
  const id = encodeURIComponent(row.id);
  return {
    execution_id: row.id,
    workflow_id: workflowIdOf(workspace, workflow),
    workflow_name: workflow,
    version,
    status: row.status,
    created_at: toRfc3339(row.createdAt),
    estimated_completion: estimate === null ? null : toRfc3339((row.startedAt ?? row.createdAt) + Math.round(estimate)),
    progress:
      row.status === "completed"
        ? { completed: none.total, total: none.total }
        : (hasEnded(row) || !isNew) && definition !== null
          ? await views.progress(row, definition)
          : none,
    tracking_url: `${addresses.dashboard(headers.host)}/executions/${id}`,
    stream_url: `${addresses.api(headers.host)}/api/v1/executions/${id}/stream`,
  };
}

function toBatchAnswer(outcomes: readonly Outcome<Started>[]): BatchAnswer {
  const accepted = outcomes.filter(({ ok }) => ok).length;
  return {
    executions: outcomes.map((outcome, i) => {
      if (outcome.ok) {
        const { row, isNew } = outcome;
        return { outcome: isNew ? "accepted" : "known", execution_id: row.id, status: row.status };
      }
      const { code, message, errors } = withinBody(outcome.refusal, `/executions/${i}/input`);
      return {
        outcome: "refused",
        code,
        detail: message,
        errors: (errors ?? []).map(({ pointer, message: detail }) => ({ pointer, detail })),
      };
    }),
    accepted,
    refused: outcomes.length - accepted,
  };
}

/** The host speaks of the input alone; who sent it looks for the place in his body. */
function withinBody(refusal: Refusal, place: string): Refusal {
  if (refusal.code !== "VALIDATION_FAILED" || refusal.errors === undefined) return refusal;
  return { ...refusal, errors: refusal.errors.map((error) => ({ ...error, pointer: place + error.pointer })) };
}

type ReadRequest =
  | { readonly ok: true; readonly request: StartRequest }
  | { readonly ok: false; readonly errors: readonly ProblemError[] };

function toRequest(
  { input = {}, metadata = {}, options = {} }: StartMessage | BatchItem,
  about: { workspace: string; workflow: string; key: string | null; headers: IncomingHttpHeaders },
): ReadRequest {
  const errors: ProblemError[] = [];
  const { key } = about;
  const timeoutMs = options.timeout === undefined ? null : parseDuration(options.timeout);
  if (options.timeout !== undefined && timeoutMs === null) {
    errors.push({
      pointer: "/options/timeout",
      detail: `Expected a duration such as "90s", but met ${JSON.stringify(options.timeout)}.`,
    });
  }
  if (options.execution_id !== undefined && key !== null) {
    errors.push({
      pointer: "/options/execution_id",
      detail: "Expected either an execution_id or an idempotency key, but both are given. Leave one of them out.",
    });
  }
  if (key !== null && !/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(key.slice(0, KEY_LENGTH_MAX + 1))) {
    errors.push({
      pointer: "header/idempotency-key",
      detail: "Expected an idempotency key of visible ASCII characters, but it has others.",
    });
  }
  if (key !== null && key.length > KEY_LENGTH_MAX) {
    errors.push({
      pointer: "header/idempotency-key",
      detail: `Expected an idempotency key of at most ${KEY_LENGTH_MAX} characters, but it is longer.`,
    });
  }
  if (errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    request: {
      workspace: about.workspace,
      workflow: about.workflow,
      version: options.version ?? null,
      input: input as Json,
      metadata: withTrace(metadata, about.headers),
      priority: priorityOf(options.priority),
      timeoutMs,
      executionId: options.execution_id ?? null,
      idempotencyKey: key,
    },
  };
}

function priorityOf(priority: string | number | undefined): number {
  if (typeof priority === "number") return priority;
  return priority !== undefined && Object.hasOwn(PRIORITIES, priority)
    ? PRIORITIES[priority as keyof typeof PRIORITIES]
    : PRIORITY_DEFAULT;
}

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The trace of the caller goes on in the tasks: it is kept with the metadata unless the caller has put one there. */
function withTrace(metadata: JsonObject, { traceparent }: IncomingHttpHeaders): JsonObject {
  if (typeof traceparent !== "string" || !TRACEPARENT.test(traceparent) || !isObject(metadata)) return metadata;
  return Object.hasOwn(metadata, "traceparent") ? metadata : { ...metadata, traceparent };
}

/** A batch that is sent twice under one key is the same starts: each has the key with its place. */
function itemKey({ idempotency_key: own, options }: BatchItem, place: number, batchKey: string | null): string | null {
  if (own !== undefined) return own;
  return batchKey === null || options?.execution_id !== undefined ? null : `${batchKey}:${place}`;
}

/** An empty header is none. */
export function keyOf(headers: IncomingHttpHeaders): string | null {
  const key = headers["idempotency-key"];
  return typeof key === "string" && key !== "" ? key : null;
}
