/**
 * Every problem that the API answers with: its code, its status and what it means.
 *
 * Problems are `application/problem+json` (RFC 9457). The code never changes; programs branch on it. `type` leads to the
 * page that explains it.
 */

import { Type } from "typebox";
import type { Json } from "../base/json.ts";
import { AnyJson, type Message, message } from "./message.ts";

export const PROBLEMS = {
  BAD_REQUEST: {
    status: 400,
    title: "The request is not well formed",
    help: "Read `errors`: each entry names a place in the request and says what was expected there.",
  },
  UNAUTHENTICATED: {
    status: 401,
    title: "Who is asking is not known",
    help: "Send a valid token: `Authorization: Bearer TOKEN`.",
  },
  FORBIDDEN: {
    status: 403,
    title: "That is not allowed",
    help: "The caller is known but lacks the permission that the operation names.",
  },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    title: "Another web site may not do that",
    help: "A page of another origin tried to change something. Call the API from a program, or from pages that this server serves.",
  },
  WORKFLOW_NOT_FOUND: {
    status: 404,
    title: "There is no such workflow",
    help: "Register it first, or look at the list of workflows for its name.",
  },
  VERSION_NOT_FOUND: {
    status: 404,
    title: "There is no such version",
    help: "Look at the list of the workflow's versions.",
  },
  EXECUTION_NOT_FOUND: {
    status: 404,
    title: "There is no such execution",
    help: "Check the id. An execution of another workspace does not exist for you.",
  },
  STEP_UNKNOWN: {
    status: 404,
    title: "There is no such step",
    help: "The place of a step is its `path` in the execution, such as `each[3].reserve`; lists that have not begun have none.",
  },
  EVENT_UNKNOWN: {
    status: 404,
    title: "There is no such event",
    help: "The number is one of the execution's history, from 1 on.",
  },
  BULK_NOT_FOUND: {
    status: 404,
    title: "There is no such operation on many executions",
    help: "Check the id. Operations that are over are kept for 30 days.",
  },
  TASK_NOT_FOUND: {
    status: 404,
    title: "There is no such task",
    help: "The step is over, or the id is not one that this server gave.",
  },
  BREAKER_NOT_FOUND: {
    status: 404,
    title: "There is no such circuit breaker",
    help: "Look at the list of circuit breakers for the target's name; in an address it is encoded, `shop%2Fpay`.",
  },
  EXECUTOR_NOT_FOUND: {
    status: 404,
    title: "There is no such executor",
    help: "An executor is known once one of its instances has polled or registered.",
  },
  DEAD_LETTER_NOT_FOUND: {
    status: 404,
    title: "There is no such dead letter",
    help: "It may have been replayed or dropped meanwhile, or it never failed for good. Look at the list.",
  },
  DOCUMENT_NOT_FOUND: {
    status: 404,
    title: "There is no such dashboard or saved view",
    help: "It may have been removed meanwhile. Look at the list.",
  },
  TEMPLATE_NOT_FOUND: {
    status: 404,
    title: "There is no such template",
    help: "Look at the list of templates for its id.",
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    title: "There is nothing at this address",
    help: "Compare the path with the list of operations at `/api/docs`.",
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: "The address does not take this method",
    help: "The `Allow` header names the methods that it takes.",
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: "The request took too long to arrive",
    help: "Send the whole request without pausing.",
  },
  VERSION_EXISTS: {
    status: 409,
    title: "The version exists with other content",
    help: "A version never changes once it is registered. Raise `metadata.version`; the message names the next free one.",
  },
  ID_TAKEN: {
    status: 409,
    title: "The id is taken",
    help: "Choose another id or leave it out; to change what is there, use PUT.",
  },
  WORKFLOW_ARCHIVED: {
    status: 409,
    title: "The workflow is archived",
    help: "Archived workflows take no new starts. Register the workflow again to use it again.",
  },
  IDEMPOTENCY_CONFLICT: {
    status: 409,
    title: "The key stands for another request",
    help: "Use a new key for a new request; a key stands for the same input, version and options.",
  },
  EXECUTION_BEGUN: {
    status: 409,
    title: "The execution has begun",
    help: "Its input can be replaced only while it is put off for further starts.",
  },
  UPGRADE_REQUIRED: {
    status: 426,
    title: "The address is that of a WebSocket",
    help: "Open it as a WebSocket with the subprotocol `magicflow.tasks.v1`, or use the requests for tasks over HTTP.",
  },
  LIMIT_REACHED: {
    status: 429,
    title: "As many executions run as may at a time",
    help: "The workflow's `concurrency` refuses further starts. Wait for the time in Retry-After, or use `on_limit: queue`.",
  },
  RATE_LIMITED: {
    status: 429,
    title: "Too many requests in a short time",
    help: "Wait for the time in Retry-After, then send the same request again.",
  },
  EXECUTION_ENDED: {
    status: 409,
    title: "The execution has ended",
    help: "Only what is still going on can be changed in this way.",
  },
  BULK_ENDED: {
    status: 409,
    title: "The operation is over",
    help: "It has gone through all of its executions; there is nothing left to stop.",
  },
  EXECUTION_NOT_ENDED: {
    status: 409,
    title: "The execution has not ended",
    help: "Wait for its end, or cancel it first.",
  },
  EXECUTION_COMPLETED: {
    status: 409,
    title: "The execution has completed",
    help: "Only executions that failed, timed out or were cancelled can be retried. Rerun it instead.",
  },
  EXECUTION_CLOSING: {
    status: 409,
    title: "The execution is winding up",
    help: "Its steps are being cancelled, or what completed is being undone. Wait for its end.",
  },
  NOTHING_TO_COMPENSATE: {
    status: 409,
    title: "There is nothing to undo",
    help: "No completed step with `compensate` is left that has not been undone.",
  },
  STEP_ENDED: {
    status: 409,
    title: "The step has ended",
    help: "Only a step that has not ended can be skipped or completed by hand.",
  },
  STEP_CLOSING: {
    status: 409,
    title: "The step is being wound up",
    help: "It is about to end. Look at the execution again in a moment.",
  },
  RERUN_PLACE_UNFIT: {
    status: 409,
    title: "Nothing can begin from there",
    help: "A rerun begins before the execution ended or wound up, and at a step that has begun. Choose an earlier event, or rerun from the start.",
  },
  HISTORY_TOO_LONG: {
    status: 409,
    title: "The history is too long to be copied",
    help: "A rerun from a step or event copies what happened before it. Choose an earlier place, or rerun from the start.",
  },
  EXECUTION_QUARANTINED: {
    status: 409,
    title: "The execution is in quarantine",
    help: "It met a fault of the platform and was put aside, with its reason. Mend what the reason says, then reset it: `POST /executions/{id}/quarantine/reset`.",
  },
  DEAD_LETTER_UNREADABLE: {
    status: 409,
    title: "The message still cannot be read",
    help: "A message that is no JSON, or that a newer version has written, cannot be replayed. Replay it with the version that wrote it, or drop it.",
  },
  REVISION_CONFLICT: {
    status: 412,
    title: "Somebody else has changed it",
    help: "Read it again, look at what has changed, and send the new `ETag` as `If-Match`.",
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    title: "The data is too large",
    help: "The message says the limit. Keep large data elsewhere and pass a reference to it.",
  },
  URI_TOO_LONG: { status: 414, title: "The address is too long", help: "Shorten the path or the query." },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: "The content type is not one that is read here",
    help: "Send `Content-Type: application/json`, or what the operation names, in UTF-8.",
  },
  HOST_NOT_ALLOWED: {
    status: 421,
    title: "This server does not answer to that name",
    help: "On a loopback address the server answers to `localhost` and loopback addresses only, so that no web page can reach it under a name of its own.",
  },
  VALIDATION_FAILED: {
    status: 422,
    title: "The data breaks its schema",
    help: "`errors` has every place that does not fit, with what was expected there.",
  },
  DEFINITION_INVALID: {
    status: 422,
    title: "The workflow has errors",
    help: "`errors` has every mistake with its line, column and code.",
  },
  EXPRESSION_ERROR: {
    status: 422,
    title: "The expression cannot be evaluated",
    help: "`errors` says what is wrong and where in the expression.",
  },
  SIGNALS_FULL: {
    status: 429,
    title: "The execution keeps too many signals",
    help: "It has signals that no wait has taken. Slow down, or let the workflow take them.",
  },
  OVERLOADED: {
    status: 429,
    title: "Too much at once",
    help: "Nothing was accepted. Try again after the time in `Retry-After`.",
  },
  HEADERS_TOO_LARGE: { status: 431, title: "The headers are too large", help: "Send fewer or shorter headers." },
  INTERNAL: {
    status: 500,
    title: "A fault of the platform",
    help: "Nothing is wrong with the request. Report it with its `request_id`.",
  },
  STORAGE_FULL: {
    status: 503,
    title: "The disk is full",
    help: "Nothing was accepted; what is stored can be read. Free space on the disk of the data directory: the platform goes on by itself within seconds, without a restart.",
  },
  UNAVAILABLE: {
    status: 503,
    title: "Not possible at the moment",
    help: "The storage cannot be reached or the server is stopping. Nothing was accepted. Try again after the time in `Retry-After`.",
  },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

export interface Problem {
  /** Address of the page about the code. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What was expected, what came, how to mend it. */
  readonly detail: string;
  /** Path of the request. */
  readonly instance: string;
  readonly code: string;
  readonly errors: readonly ProblemError[];
  readonly request_id: string;
  readonly details?: Json;
}

/** One of the places that are wrong. */
export interface ProblemError {
  /** JSON pointer into the body, or `query/NAME`, `path/NAME`, `header/NAME`. */
  readonly pointer: string;
  readonly detail: string;
  readonly line?: number;
  readonly column?: number;
  readonly code?: string;
}

export const Problem: Message<Problem> = message<Problem>("Problem")(
  Type.Object({
    type: Type.String({ description: "Address of the page about the code." }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: "What was expected, what came, how to mend it." }),
    instance: Type.String({ description: "Path of the request." }),
    code: Type.String({ description: "Never changes: what programs branch on." }),
    errors: Type.Array(
      Type.Object({
        pointer: Type.String({
          description: "JSON pointer into the body, or `query/NAME`, `path/NAME`, `header/NAME`.",
        }),
        detail: Type.String(),
        line: Type.Optional(Type.Integer()),
        column: Type.Optional(Type.Integer()),
        code: Type.Optional(Type.String()),
      }),
    ),
    request_id: Type.String(),
    details: Type.Optional(AnyJson),
  }),
);

/** Where the page about a problem is. */
export function problemType(code: ProblemCode): string {
  return `/api/docs/problems#${code}`;
}
