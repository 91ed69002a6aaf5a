/** Dead letters on the wire: executions that failed for good, and messages that could not be read. */

import { Type } from "typebox";
import type { Json } from "../base/json.ts";
import type { StepError } from "../engine/error.ts";
import { ErrorObject } from "./errors.ts";
import { COMMAND_ID } from "./execution-routes.ts";
import { EXECUTION_STATUSES, type ExecutionStatus } from "./executions.ts";
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

const BASE = "/api/v1/dead-letters";
const ONE = `${BASE}/{letter_id}`;

export type LetterKind = "execution" | "message";
export type ReplayMode = "retry" | "rerun";

/** All that are given must fit. A message has neither a workflow nor a code. */
export interface LettersFilter {
  readonly kind?: LetterKind;
  readonly workflow?: string;
  readonly error_code?: string;
  readonly created_after?: string;
  readonly created_before?: string;
  readonly text?: string;
}

const FILTER = {
  kind: Type.Optional(Type.Enum(["execution", "message"])),
  workflow: Type.Optional(Type.String({ maxLength: 200, description: "Name or id." })),
  error_code: Type.Optional(Type.String({ maxLength: 200 })),
  created_after: Type.Optional(Type.String({ format: "date-time", description: "At this time or later." })),
  created_before: Type.Optional(Type.String({ format: "date-time", description: "Before this time." })),
  text: Type.Optional(
    Type.String({ maxLength: 200, description: "Part of the id, the workflow's name, the error or the metadata." }),
  ),
};

export interface LettersQuery extends LettersFilter, PageQuery {}

export const LettersQuery: Message<LettersQuery> = unnamed<LettersQuery>()(
  Type.Object({ ...PAGE_QUERY, ...FILTER }, CLOSED),
);

export interface LetterParams {
  readonly letter_id: string;
}

export const LetterParams: Message<LetterParams> = unnamed<LetterParams>()(
  Type.Object({ letter_id: Type.String({ minLength: 1, maxLength: 400 }) }),
);

export interface LetterSummary {
  readonly id: string;
  readonly kind: LetterKind;
  readonly execution_id: string | null;
  readonly workflow_id: string | null;
  readonly workflow_name: string | null;
  readonly version: string | null;
  readonly status: ExecutionStatus | null;
  readonly error: { readonly code: string; readonly message: string };
  readonly created_at: string;
  readonly failed_at: string;
  readonly replays: number;
}

const SUMMARY = {
  id: Type.String({ description: "Of the execution, or `message:...`." }),
  kind: Type.Enum(["execution", "message"]),
  execution_id: orNull(Type.String()),
  workflow_id: orNull(Type.String()),
  workflow_name: orNull(Type.String()),
  version: orNull(Type.String()),
  status: orNull(Type.Enum([...EXECUTION_STATUSES])),
  created_at: time("When the execution was created, or the message was found."),
  failed_at: time("When it failed for good, or the message was found."),
  replays: Type.Integer({ description: "How often it was begun again after an end." }),
};

export const LetterSummary: Message<LetterSummary> = message<LetterSummary>("DeadLetterSummary")(
  Type.Object({ ...SUMMARY, error: Type.Object({ code: Type.String(), message: Type.String() }) }),
);

export const LetterPage: Message<Page<LetterSummary>> = page("DeadLetterPage", LetterSummary);

export interface LetterMessage extends Omit<LetterSummary, "error"> {
  readonly error: StepError;
  /** Name of the step whose failure was the end. */
  readonly failed_step: string | null;
  readonly input: Json;
  /** What a message says; where that is no JSON, `text` is what is stored. */
  readonly body: Json;
  readonly text: string | null;
  readonly dropped: { readonly at: string; readonly by: string } | null;
}

export const LetterMessage: Message<LetterMessage> = message<LetterMessage>("DeadLetter")(
  Type.Object({
    ...SUMMARY,
    error: ErrorObject,
    failed_step: orNull(Type.String({ description: "The step whose failure was the end." })),
    input: AnyJson,
    body: AnyJson,
    text: orNull(Type.String({ description: "What is stored of a message that is no JSON." })),
    dropped: orNull(Type.Object({ at: time("When."), by: Type.String({ description: "Who." }) })),
  }),
);

export const listDeadLetters: Route<object, LettersQuery, unknown> = {
  method: "GET",
  path: BASE,
  operationId: "listDeadLetters",
  tag: "dead letters",
  summary: "List what failed for good",
  description: "Messages that could not be read first, then executions, the newest first. All filters must fit.",
  permission: "executions:read",
  params: null,
  query: LettersQuery,
  body: null,
  answers: { 200: { description: "One page; `Link` leads to the next.", schema: LetterPage } },
  problems: [],
};

export const readDeadLetter: Route<LetterParams, object, unknown> = {
  method: "GET",
  path: ONE,
  operationId: "readDeadLetter",
  tag: "dead letters",
  summary: "Read one with its error, its input and how often it was replayed",
  description: "Also one that was dropped: `dropped` says by whom.",
  permission: "executions:read",
  params: LetterParams,
  query: null,
  body: null,
  answers: { 200: { description: "The dead letter.", schema: LetterMessage } },
  problems: ["DEAD_LETTER_NOT_FOUND"],
};

const MODE = Type.Optional(
  Type.Enum(["retry", "rerun"], {
    description:
      "`retry` (default) re-opens the execution: it goes on where it failed. `rerun` begins a new execution from the start.",
  }),
);

export interface ReplayRequest {
  readonly id?: string;
  readonly mode?: ReplayMode;
}

const ReplayRequest: Message<ReplayRequest> = message<ReplayRequest>("ReplayRequest")(
  Type.Object({ ...COMMAND_ID, mode: MODE }, CLOSED),
);

export interface ReplayAnswer {
  readonly id: string;
  readonly execution_id: string | null;
  readonly command_id: string;
}

export const ReplayAnswer: Message<ReplayAnswer> = message<ReplayAnswer>("Replayed")(
  Type.Object({
    id: Type.String(),
    execution_id: orNull(Type.String({ description: "The execution that does the work now; null for a message." })),
    command_id: Type.String({ description: "Sent again under this id, the command takes effect once." }),
  }),
);

export const replayDeadLetter: Route<LetterParams, object, ReplayRequest> = {
  method: "POST",
  path: `${ONE}/replay`,
  operationId: "replayDeadLetter",
  tag: "dead letters",
  summary: "Try one again",
  permission: "executions:control",
  params: LetterParams,
  query: null,
  body: { schema: ReplayRequest, isRequired: false, size: "single" },
  answers: { 202: { description: "Recorded, and off the list.", schema: ReplayAnswer } },
  problems: [
    "DEAD_LETTER_NOT_FOUND",
    "DEAD_LETTER_UNREADABLE",
    "EXECUTION_NOT_ENDED",
    "EXECUTION_COMPLETED",
    "EXECUTION_QUARANTINED",
    "WORKFLOW_NOT_FOUND",
    "VERSION_NOT_FOUND",
    "WORKFLOW_ARCHIVED",
    "VALIDATION_FAILED",
    "OVERLOADED",
  ],
};

/** So many are replayed by one request. */
export const REPLAYS_MAX = 1000;
export const REPLAYS_DEFAULT = 100;

export interface ReplaysRequest {
  readonly id?: string;
  readonly mode?: ReplayMode;
  readonly filter?: LettersFilter;
  readonly limit?: number;
  readonly cursor?: string;
}

const ReplaysRequest: Message<ReplaysRequest> = message<ReplaysRequest>("ReplaysRequest")(
  Type.Object(
    {
      ...COMMAND_ID,
      mode: MODE,
      filter: Type.Optional(Type.Object(FILTER, CLOSED)),
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: REPLAYS_MAX,
          description: `At most so many (default ${REPLAYS_DEFAULT}).`,
        }),
      ),
      cursor: PAGE_QUERY.cursor,
    },
    CLOSED,
  ),
);

export interface ReplayedItem {
  readonly id: string;
  readonly outcome: "replayed" | "refused";
  readonly execution_id: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export const ReplayedItem: Message<ReplayedItem> = message<ReplayedItem>("ReplayedItem")(
  Type.Object({
    id: Type.String(),
    outcome: Type.Enum(["replayed", "refused"]),
    execution_id: orNull(Type.String()),
    error: orNull(Type.Object({ code: Type.String(), message: Type.String() })),
  }),
);

export const ReplayedPage: Message<Page<ReplayedItem>> = page("ReplayedPage", ReplayedItem);

export const replayDeadLetters: Route<object, object, ReplaysRequest> = {
  method: "POST",
  path: `${BASE}/replay`,
  operationId: "replayDeadLetters",
  tag: "dead letters",
  summary: "Try many again",
  description:
    "One page of those that the filter finds; each is replayed or refused by itself. `next_cursor` as `cursor` goes on with the next page.",
  permission: "executions:control",
  params: null,
  query: null,
  body: { schema: ReplaysRequest, isRequired: false, size: "single" },
  answers: { 200: { description: "What became of each.", schema: ReplayedPage } },
  problems: ["OVERLOADED"],
};

export const dropDeadLetter: Route<LetterParams, object, unknown> = {
  method: "DELETE",
  path: ONE,
  operationId: "dropDeadLetter",
  tag: "dead letters",
  summary: "Take one off the list as it is",
  description: "The execution and its history stay, with a note of who dropped it.",
  permission: "executions:control",
  params: LetterParams,
  query: null,
  body: null,
  answers: { 204: { description: "Recorded.", schema: null } },
  problems: ["DEAD_LETTER_NOT_FOUND", "OVERLOADED"],
};
