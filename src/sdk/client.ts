/**
 * Starts workflows, watches and controls executions.
 *
 * ```ts
 * const client = createClient({ url: "http://127.0.0.1:8080" });
 * const { execution_id } = await client.execute("order-processing", { order_id: "o-1" });
 * const ended = await client.waitForEnd(execution_id);
 * ```
 */

import type { Json, JsonObject } from "../core/base/json.ts";
import type { BreakerMessage } from "../core/protocol/breakers.ts";
import type { BulkMessage, BulkPreviewMessage, BulkStart } from "../core/protocol/bulk.ts";
import type {
  LetterMessage,
  LetterSummary,
  LettersFilter,
  ReplayAnswer,
  ReplayedItem,
  ReplayMode,
  ReplaysRequest,
} from "../core/protocol/dead-letters.ts";
import type { EventInput, PublishAnswer, PublishRequest } from "../core/protocol/events.ts";
import type {
  ControlAnswer,
  ExecutionMessage,
  ExecutionSummary,
  HistoryEventMessage,
  LogLine,
  ResultsMessage,
} from "../core/protocol/executions.ts";
import type { ExplanationMessage } from "../core/protocol/explanations.ts";
import type { Page } from "../core/protocol/message.ts";
import type { BatchAnswer, BatchItem, StartAnswer, StartOptions } from "../core/protocol/starts.ts";
import type { RegisterAnswer, ValidateAnswer, WorkflowDetail, WorkflowSummary } from "../core/protocol/workflows.ts";
import { type CallRequest, type Connection, type ConnectionOptions, connect } from "./http.ts";
import { createInsightCalls, type InsightCalls } from "./insight.ts";
import { followEvents } from "./stream.ts";

export interface Client extends InsightCalls {
  /**
   * Starts an execution; resolves once the start is on disk. With `waitMs` (at most 60,000) it resolves when the execution
   * has ended, or after that time with it still running. A key is made where none is given, so that a repeated try never
   * starts twice.
   */
  execute(workflow: string, input: Json, options?: ExecuteOptions): Promise<StartAnswer>;
  executeMany(workflow: string, executions: readonly BatchItem[]): Promise<BatchAnswer>;
  /** Resolves with the execution once it has ended. Rejects with code `ABORTED` when `signal` aborts. */
  waitForEnd(executionId: string, options?: { signal?: AbortSignal }): Promise<ExecutionMessage>;
  readonly executions: {
    get(executionId: string): Promise<ExecutionMessage>;
    /** Why it has not ended: one sentence, and everything it waits for. */
    explain(executionId: string): Promise<ExplanationMessage>;
    results(executionId: string): Promise<ResultsMessage>;
    /** Newest first, page after page. */
    list(filter?: ExecutionFilter): AsyncIterable<ExecutionSummary>;
    history(executionId: string): AsyncIterable<HistoryEventMessage>;
    /** All that is stored of it, as lines of JSON: the execution, then its events. Not tried again where it breaks off. */
    export(executionId: string, options?: { signal?: AbortSignal }): Promise<ReadableStream<Uint8Array>>;
    logs(executionId: string): AsyncIterable<LogLine>;
    /** Every history event once, in order, live until the execution has ended; resumes by itself after a cut. */
    follow(
      executionId: string,
      options?: { afterSeq?: number; signal?: AbortSignal },
    ): AsyncIterable<HistoryEventMessage>;
    cancel(executionId: string, options?: { reason?: string; id?: string }): Promise<ControlAnswer>;
    terminate(executionId: string, options?: { reason?: string; id?: string }): Promise<ControlAnswer>;
    pause(executionId: string, options?: { timers?: "freeze" | "run"; id?: string }): Promise<ControlAnswer>;
    resume(executionId: string, options?: { id?: string }): Promise<ControlAnswer>;
    /** Takes it out of quarantine, once what was wrong with it is mended. */
    resetQuarantine(executionId: string, options?: { id?: string }): Promise<ControlAnswer>;
    signal(executionId: string, name: string, data?: Json, options?: { id?: string }): Promise<ControlAnswer>;
    /** Goes on after a failure: failed and cancelled steps begin again. */
    retry(executionId: string, options?: { id?: string }): Promise<ControlAnswer>;
    /** A new execution like this one. */
    rerun(executionId: string, options?: RerunOptions): Promise<StartAnswer>;
    /** Ends a step in its place, such as `each[3].reserve`: what is behind it goes on. */
    skipStep(executionId: string, path: string, options?: { reason?: string; id?: string }): Promise<ControlAnswer>;
    /** Ends a step with this output, as if it had given it itself. */
    completeStep(
      executionId: string,
      path: string,
      output?: Json,
      options?: { reason?: string; id?: string },
    ): Promise<ControlAnswer>;
    /** Undoes what completed in an execution that has ended. */
    compensate(executionId: string, options?: { reason?: string; id?: string }): Promise<ControlAnswer>;
    /** One operation on many executions, chosen by filters or by ids. It goes on by itself, over crashes too. */
    readonly bulk: {
      start(request: Omit<BulkStart, "dry_run">, options?: { idempotencyKey?: string }): Promise<BulkMessage>;
      /** Counts those that fit, shows some, and does nothing. */
      preview(request: Omit<BulkStart, "dry_run">): Promise<BulkPreviewMessage>;
      get(id: string): Promise<BulkMessage>;
      /** Newest first, page after page. */
      list(): AsyncIterable<BulkMessage>;
      cancel(id: string): Promise<BulkMessage>;
    };
  };
  /** What failed for good. */
  readonly deadLetters: {
    /** Page after page: messages that could not be read, then executions, the newest first. */
    list(filter?: LettersFilter & { readonly limit?: number }): AsyncIterable<LetterSummary>;
    get(id: string): Promise<LetterMessage>;
    /** Tries one again: where it failed, or from the start in a new execution. */
    replay(id: string, options?: { mode?: ReplayMode; id?: string }): Promise<ReplayAnswer>;
    /** One page of those that fit; `next_cursor` as `cursor` goes on with the next. */
    replayMany(request?: ReplaysRequest): Promise<Page<ReplayedItem>>;
    /** Takes one off the list; execution and history stay. */
    drop(id: string): Promise<void>;
  };
  /** A target is `{executor}/{function}`, `service/{name}`, the origin of an address, or `{type}/{connection}`. */
  readonly circuitBreakers: {
    list(filter?: { state?: BreakerMessage["state"] }): AsyncIterable<BreakerMessage>;
    get(target: string): Promise<BreakerMessage>;
    /** Closes it: calls are made again, and whoever waits goes on. */
    reset(target: string): Promise<BreakerMessage>;
  };
  readonly workflows: {
    /** Registers the workflow in the YAML text. Registering the same again changes nothing. */
    register(yaml: string, options?: { dryRun?: boolean }): Promise<RegisterAnswer>;
    validate(yaml: string): Promise<ValidateAnswer>;
    get(workflow: string, options?: { version?: string }): Promise<WorkflowDetail>;
    list(filter?: { text?: string; tag?: string }): AsyncIterable<WorkflowSummary>;
    archive(workflow: string): Promise<void>;
  };
  publish(events: PublishRequest): Promise<PublishAnswer>;
  /** What an expression gives for a context: `$` is the context. */
  evaluate(expression: string, context: Json): Promise<Json>;
}

export interface RerunOptions {
  /** In place of the input of before. */
  readonly input?: Json;
  readonly version?: string;
  /** Just before a step began, or just after an event; left out: from the start. */
  readonly from?: { readonly step: string } | { readonly event: number };
  /** What the step in `from` gets in place of its own input. */
  readonly step_input?: Json;
  /** Resets the old execution: it is terminated in favour of the new one. */
  readonly terminate_origin?: boolean;
  readonly id?: string;
}

export interface ExecuteOptions extends Omit<StartOptions, "async"> {
  readonly metadata?: JsonObject;
  readonly idempotencyKey?: string;
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export interface ExecutionFilter {
  readonly workflow?: string;
  readonly version?: string;
  readonly status?: string;
  readonly tag?: string;
  readonly text?: string;
  readonly error_code?: string;
  readonly created_after?: string;
  readonly created_before?: string;
  /** Search attributes: members of the metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Items of one page (default 50). */
  readonly limit?: number;
}

/** One call that waits for an end holds on this long; `waitForEnd` calls as often as it takes. */
const WAIT_MS = 30_000;
const WAIT_MS_MAX = 60_000;

const LETTERS = "/api/v1/dead-letters";
const BULK = "/api/v1/executions/bulk";
const BREAKERS = "/api/v1/circuit-breakers";

export function createClient(options: ConnectionOptions = {}): Client {
  const connection = connect(options);
  const read = async <T>(request: CallRequest): Promise<T> => (await connection.call(request)).body as T;
  const control = <T = ControlAnswer>(executionId: string, part: string, body: object): Promise<T> =>
    read<T>({ method: "POST", path: `${execution(executionId)}/${part}`, body: { id: crypto.randomUUID(), ...body } });

  return {
    ...createInsightCalls(connection, (path) => pages(connection, path, {})),
    execute(workflow, input, { metadata, idempotencyKey, waitMs, signal, ...startOptions } = {}) {
      const heldMs = Math.min(waitMs ?? 0, WAIT_MS_MAX);
      const hasId = startOptions.execution_id !== undefined;
      return read({
        method: "POST",
        path: `/api/v1/workflows/${encodeURIComponent(workflow)}/execute`,
        ...(heldMs > 0 ? { query: { wait: `${Math.round(heldMs)}ms` }, heldMs } : {}),
        body: {
          input,
          ...(metadata === undefined ? {} : { metadata }),
          ...(Object.keys(startOptions).length === 0 ? {} : { options: startOptions }),
        },
        // An id of the caller's does what a key does; both at once is an error.
        headers: hasId ? {} : { "idempotency-key": idempotencyKey ?? crypto.randomUUID() },
        ...(signal === undefined ? {} : { signal }),
      });
    },
    executeMany(workflow, executions) {
      const keyed = executions.map((item) =>
        item.options?.execution_id === undefined ? { idempotency_key: crypto.randomUUID(), ...item } : item,
      );
      return read({
        method: "POST",
        path: `/api/v1/workflows/${encodeURIComponent(workflow)}/execute/batch`,
        body: { executions: keyed },
      });
    },
    async waitForEnd(executionId, { signal } = {}) {
      const given = signal === undefined ? {} : { signal };
      for (;;) {
        const { finished_at } = await read<ResultsMessage>({
          method: "GET",
          path: `${execution(executionId)}/results`,
          query: { wait: `${WAIT_MS}ms` },
          heldMs: WAIT_MS,
          ...given,
        });
        if (finished_at === null) continue;
        const seen = await read<ExecutionMessage>({ method: "GET", path: execution(executionId), ...given });
        // It may have been re-opened between the two calls.
        if (seen.finished_at !== null) return seen;
      }
    },
    executions: {
      get: (executionId) => read({ method: "GET", path: execution(executionId) }),
      explain: (executionId) => read({ method: "GET", path: `${execution(executionId)}/explain` }),
      results: (executionId) => read({ method: "GET", path: `${execution(executionId)}/results` }),
      list: ({ metadata, ...filter } = {}) =>
        pages(connection, "/api/v1/executions", {
          ...filter,
          ...Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [`metadata.${name}`, value])),
        }),
      history: (executionId) => pages(connection, `${execution(executionId)}/history`, { limit: 1000 }),
      async export(executionId, { signal } = {}) {
        const path = `${execution(executionId)}/export`;
        const headers = { accept: "application/x-ndjson" };
        const { body } = await connection.open({
          method: "GET",
          path,
          headers,
          ...(signal === undefined ? {} : { signal }),
        });
        return body ?? new ReadableStream({ start: (controller) => controller.close() });
      },
      logs: (executionId) => pages(connection, `${execution(executionId)}/logs`, { limit: 1000 }),
      follow: (executionId, followOptions) =>
        followEvents(connection, `${execution(executionId)}/stream`, followOptions ?? {}),
      cancel: (executionId, body = {}) => control(executionId, "cancel", body),
      terminate: (executionId, body = {}) => control(executionId, "terminate", body),
      pause: (executionId, body = {}) => control(executionId, "pause", body),
      resume: (executionId, body = {}) => control(executionId, "resume", body),
      resetQuarantine: (executionId, body = {}) => control(executionId, "quarantine/reset", body),
      signal: (executionId, name, data = null, body = {}) =>
        control(executionId, `signals/${encodeURIComponent(name)}`, { data, ...body }),
      retry: (executionId, body = {}) => control(executionId, "retry", body),
      rerun: (executionId, body = {}) => control<StartAnswer>(executionId, "rerun", body),
      skipStep: (executionId, path, body = {}) => control(executionId, `steps/${encodeURIComponent(path)}/skip`, body),
      completeStep: (executionId, path, output = {}, body = {}) =>
        control(executionId, `steps/${encodeURIComponent(path)}/complete`, { output, ...body }),
      compensate: (executionId, body = {}) => control(executionId, "compensate", body),
      bulk: {
        start: (request, { idempotencyKey } = {}) =>
          read({
            method: "POST",
            path: BULK,
            body: request,
            headers: { "idempotency-key": idempotencyKey ?? crypto.randomUUID() },
          }),
        preview: (request) => read({ method: "POST", path: BULK, body: { ...request, dry_run: true } }),
        get: (id) => read({ method: "GET", path: `${BULK}/${encodeURIComponent(id)}` }),
        list: () => pages(connection, BULK, {}),
        cancel: (id) => read({ method: "POST", path: `${BULK}/${encodeURIComponent(id)}/cancel` }),
      },
    },
    deadLetters: {
      list: (filter = {}) => pages(connection, LETTERS, { ...filter }),
      get: (id) => read({ method: "GET", path: `${LETTERS}/${encodeURIComponent(id)}` }),
      replay: (id, options = {}) =>
        read({
          method: "POST",
          path: `${LETTERS}/${encodeURIComponent(id)}/replay`,
          body: { id: crypto.randomUUID(), ...options },
        }),
      replayMany: (request = {}) =>
        read({ method: "POST", path: `${LETTERS}/replay`, body: { id: crypto.randomUUID(), ...request } }),
      drop: async (id) => {
        await connection.call({ method: "DELETE", path: `${LETTERS}/${encodeURIComponent(id)}` });
      },
    },
    circuitBreakers: {
      list: (filter = {}) => pages(connection, BREAKERS, { ...filter }),
      get: (target) => read({ method: "GET", path: `${BREAKERS}/${encodeURIComponent(target)}` }),
      reset: (target) => read({ method: "POST", path: `${BREAKERS}/${encodeURIComponent(target)}/reset` }),
    },
    workflows: {
      register: (yaml, { dryRun } = {}) =>
        read({
          method: "POST",
          path: "/api/v1/workflows",
          text: { type: "application/yaml", content: yaml },
          ...(dryRun === true ? { query: { dry_run: true } } : {}),
        }),
      validate: (yaml) =>
        read({ method: "POST", path: "/api/v1/workflows/validate", text: { type: "application/yaml", content: yaml } }),
      get: (workflow, { version } = {}) =>
        read({
          method: "GET",
          path: `/api/v1/workflows/${encodeURIComponent(workflow)}`,
          query: { version } as Record<string, string>,
        }),
      list: (filter = {}) => pages(connection, "/api/v1/workflows", filter),
      archive: async (workflow) => {
        await connection.call({ method: "DELETE", path: `/api/v1/workflows/${encodeURIComponent(workflow)}` });
      },
    },
    publish: (events) => read({ method: "POST", path: "/api/v1/events", body: withIds(events) }),
    evaluate: async (expression, context) =>
      (
        await read<{ value: Json }>({
          method: "POST",
          path: "/api/v1/expressions/evaluate",
          body: { expression, context },
        })
      ).value,
  };
}

function execution(executionId: string): string {
  return `/api/v1/executions/${encodeURIComponent(executionId)}`;
}

/** Each event gets an id where it has none, so that a repeated try publishes nothing twice. */
function withIds(request: PublishRequest): object {
  const one = (event: EventInput): EventInput => ({ id: crypto.randomUUID(), ...event });
  if (Array.isArray(request)) return request.map(one);
  return "events" in request ? { events: request.events.map(one) } : one(request as EventInput);
}

async function* pages<T>(
  connection: Connection,
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): AsyncIterable<T> {
  let cursor: string | undefined;
  do {
    const { body } = await connection.call({
      method: "GET",
      path,
      query: { ...query, cursor } as Record<string, string | number>,
    });
    const page = body as { items?: readonly T[]; events?: readonly T[]; next_cursor: string | null };
    yield* page.items ?? page.events ?? [];
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}
