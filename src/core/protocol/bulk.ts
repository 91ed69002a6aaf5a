/** One operation on many executions, on the wire. */

import { type TSchema, Type } from "typebox";
import type { Json } from "../base/json.ts";
import { ATTRIBUTE_FIELDS, type ExecutionsFilter, FILTER_FIELDS } from "./execution-routes.ts";
import { ExecutionSummary } from "./executions.ts";
import {
  AnyJson,
  CLOSED,
  type Message,
  message,
  orNull,
  PAGE_QUERY,
  type Page,
  type PageQuery,
  page,
  time,
  unnamed,
} from "./message.ts";
import type { Route } from "./route.ts";

const BASE = "/api/v1/executions/bulk";

export const BULK_OPERATIONS = ["cancel", "terminate", "pause", "resume", "retry", "rerun", "signal"] as const;
export type BulkOperation = (typeof BULK_OPERATIONS)[number];

/** So many executions may be named one by one. */
export const BULK_IDS_MAX = 1000;

/** Which executions: those with these ids, or those that fit all that is given. */
export interface BulkFilter extends ExecutionsFilter {
  readonly ids?: readonly string[];
  /** Search attributes. */
  readonly metadata?: { readonly [name: string]: Json };
  /** Says that an empty filter is meant. */
  readonly all?: boolean;
}

/** What the operation needs; each takes only what the operation of its name takes for one execution. */
export interface BulkArguments {
  /** Of `cancel` and `terminate`. */
  readonly reason?: string;
  /** Of `pause`. */
  readonly timers?: "freeze" | "run";
  /** Of `signal`: its name and data. */
  readonly name?: string;
  readonly data?: Json;
  /** Of `rerun`. */
  readonly input?: Json;
  readonly version?: string;
}

export interface BulkStart {
  readonly operation: BulkOperation;
  readonly filter: BulkFilter;
  readonly arguments?: BulkArguments;
  readonly dry_run?: boolean;
}

const FILTER: TSchema = Type.Object(
  {
    ...FILTER_FIELDS,
    ids: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
        minItems: 1,
        maxItems: BULK_IDS_MAX,
        description: "These, and no other field beside them.",
      }),
    ),
    metadata: Type.Optional(
      Type.Object({}, { additionalProperties: {}, description: "Members of the metadata; each must be equal." }),
    ),
    all: Type.Optional(
      Type.Boolean({ description: "An empty filter means every execution of the workspace; `true` says so." }),
    ),
  },
  {
    additionalProperties: false,
    patternProperties: ATTRIBUTE_FIELDS,
    description: "The filters of `GET /executions`, or `ids`.",
  },
);

export const BulkStart: Message<BulkStart> = message<BulkStart>("BulkStart")(
  Type.Object(
    {
      operation: Type.Enum(["cancel", "terminate", "pause", "resume", "retry", "rerun", "signal"]),
      filter: Type.Unsafe<BulkFilter>(FILTER),
      arguments: Type.Optional(
        Type.Object(
          {
            reason: Type.Optional(Type.String({ maxLength: 2000, description: "Of `cancel` and `terminate`." })),
            timers: Type.Optional(Type.Enum(["freeze", "run"], { description: "Of `pause` (default `run`)." })),
            name: Type.Optional(
              Type.String({ minLength: 1, maxLength: 200, description: "Of `signal`; it needs one." }),
            ),
            data: Type.Optional(AnyJson),
            input: Type.Optional(Type.Unsafe<Json>({ description: "Of `rerun`, in place of each input of before." })),
            version: Type.Optional(
              Type.String({
                minLength: 1,
                maxLength: 200,
                description: "Of `rerun`, in place of each version of before.",
              }),
            ),
          },
          CLOSED,
        ),
      ),
      dry_run: Type.Optional(Type.Boolean({ description: "Only count, and show some." })),
    },
    CLOSED,
  ),
);

export interface BulkMessage {
  readonly id: string;
  readonly operation: BulkOperation;
  readonly status: "counting" | "running" | "completed" | "cancelled";
  readonly matched: number;
  readonly done: number;
  readonly failed: number;
  readonly errors: readonly { readonly execution_id: string; readonly code: string; readonly message: string }[];
  readonly created_at: string;
  readonly finished_at: string | null;
}

export const BulkMessage: Message<BulkMessage> = message<BulkMessage>("Bulk")(
  Type.Object({
    id: Type.String(),
    operation: Type.Enum(["cancel", "terminate", "pause", "resume", "retry", "rerun", "signal"]),
    status: Type.Enum(["counting", "running", "completed", "cancelled"]),
    matched: Type.Integer({
      description:
        "How many executions fit; while it counts, so far. One that ends or changes before its turn may fit no more.",
    }),
    done: Type.Integer({ description: "How many it has been done to." }),
    failed: Type.Integer({ description: "How many it could not be done to." }),
    errors: Type.Array(Type.Object({ execution_id: Type.String(), code: Type.String(), message: Type.String() }), {
      description: "Why, of the first 100.",
    }),
    created_at: time("When it was asked for. Executions that begin later are not meant."),
    finished_at: orNull(time("When it was over or cancelled.")),
  }),
);

export interface BulkPreviewMessage {
  readonly operation: BulkOperation;
  readonly dry_run: true;
  readonly matched: number;
  readonly complete: boolean;
  readonly sample: readonly ExecutionSummary[];
}

export const BulkPreviewMessage: Message<BulkPreviewMessage> = message<BulkPreviewMessage>("BulkPreview")(
  Type.Object({
    operation: Type.Enum(["cancel", "terminate", "pause", "resume", "retry", "rerun", "signal"]),
    dry_run: Type.Literal(true),
    matched: Type.Integer({ description: "How many executions fit." }),
    complete: Type.Boolean({ description: "False: there are more, and counting has stopped." }),
    sample: Type.Array(ExecutionSummary, { description: "The ten oldest of them." }),
  }),
);

export const BulkPage: Message<Page<BulkMessage>> = page("BulkPage", BulkMessage);

export const startBulk: Route<object, object, BulkStart> = {
  method: "POST",
  path: BASE,
  operationId: "startBulk",
  tag: "executions",
  summary: "Do one thing to many executions",
  description:
    "Chosen by the filters of `GET /executions`, or by `ids`; only those that exist by now. It goes on by itself, over crashes too, until it is over or cancelled. With `Idempotency-Key` it is begun once. `dry_run` counts and does nothing.",
  permission: "executions:control",
  params: null,
  query: null,
  body: { schema: BulkStart, isRequired: true, size: "single" },
  answers: {
    200: {
      description: "The dry run, or the operation of before under this key, as it is now.",
      schema: Type.Union([BulkPreviewMessage, BulkMessage]),
    },
    202: { description: "On disk; `Location` shows its progress.", schema: BulkMessage },
  },
  problems: ["IDEMPOTENCY_CONFLICT", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "OVERLOADED"],
};

const PageOfBulks: Message<PageQuery> = unnamed<PageQuery>()(Type.Object(PAGE_QUERY, CLOSED));

export const listBulks: Route<object, PageQuery, unknown> = {
  method: "GET",
  path: BASE,
  operationId: "listBulks",
  tag: "executions",
  summary: "List operations on many executions",
  description: "Newest first. Those that are over are kept for 30 days.",
  permission: "executions:read",
  params: null,
  query: PageOfBulks,
  body: null,
  answers: { 200: { description: "One page; `Link` leads to the next.", schema: BulkPage } },
  problems: [],
};

export interface BulkParams {
  readonly bulk_id: string;
}

const BulkParams: Message<BulkParams> = unnamed<BulkParams>()(
  Type.Object({ bulk_id: Type.String({ minLength: 1, maxLength: 100 }) }),
);

export const readBulk: Route<BulkParams, object, unknown> = {
  method: "GET",
  path: `${BASE}/{bulk_id}`,
  operationId: "readBulk",
  tag: "executions",
  summary: "Read how far an operation on many executions is",
  permission: "executions:read",
  params: BulkParams,
  query: null,
  body: null,
  answers: { 200: { description: "Its progress.", schema: BulkMessage } },
  problems: ["BULK_NOT_FOUND"],
};

export const cancelBulk: Route<BulkParams, object, unknown> = {
  method: "POST",
  path: `${BASE}/{bulk_id}/cancel`,
  operationId: "cancelBulk",
  tag: "executions",
  summary: "Stop an operation on many executions",
  description: "What it has done stays done; nothing further is begun.",
  permission: "executions:control",
  params: BulkParams,
  query: null,
  body: null,
  answers: { 202: { description: "Recorded.", schema: BulkMessage } },
  problems: ["BULK_NOT_FOUND", "BULK_ENDED"],
};
