/** The routes of executions: starting, looking, controlling. Their messages are in `executions.ts` and `starts.ts`. */

import { type TOptional, type TSchema, type TString, Type } from "typebox";
import type { Json } from "../base/json.ts";
import {
  ControlAnswer,
  ExecutionMessage,
  ExecutionPage,
  HistoryAnswer,
  LogPage,
  ResultsMessage,
} from "./executions.ts";
import { ExplanationMessage } from "./explanations.ts";
import {
  AnyJson,
  CLOSED,
  durationText,
  type Message,
  message,
  PAGE_QUERY,
  type PageQuery,
  unnamed,
} from "./message.ts";
import type { ProblemCode } from "./problems.ts";
import type { Permission, Route } from "./route.ts";
import { BatchAnswer, BatchRequest, StartAnswer, StartMessage } from "./starts.ts";
import { WorkflowParams } from "./workflow-routes.ts";

const BASE = "/api/v1/executions";
const ONE = `${BASE}/{execution_id}`;

export interface ExecutionParams {
  readonly execution_id: string;
}

export const ID: TString = Type.String({ minLength: 1, maxLength: 300 });

export const ExecutionParams: Message<ExecutionParams> = unnamed<ExecutionParams>()(Type.Object({ execution_id: ID }));

export interface WaitQuery {
  readonly wait?: string | number;
}

const WAIT = { wait: Type.Optional(durationText("Wait for the end, at most 60 s.")) };

export const WaitQuery: Message<WaitQuery> = unnamed<WaitQuery>()(Type.Object(WAIT, CLOSED));

export const startExecution: Route<WorkflowParams, WaitQuery, StartMessage> = {
  method: "POST",
  path: "/api/v1/workflows/{workflow}/execute",
  operationId: "startExecution",
  tag: "executions",
  summary: "Start a workflow",
  description:
    "With `Idempotency-Key` (or `options.execution_id`) a start that is sent twice is one execution. `wait`, or `Prefer: wait=30`, answers with the end if it comes in time.",
  permission: "executions:start",
  params: WorkflowParams,
  query: WaitQuery,
  body: { schema: StartMessage, isRequired: false, size: "single" },
  answers: {
    200: { description: "The end was seen, or the key was known: the execution as it is now.", schema: StartAnswer },
    202: { description: "Accepted, and on disk.", schema: StartAnswer },
  },
  problems: [
    "WORKFLOW_NOT_FOUND",
    "VERSION_NOT_FOUND",
    "WORKFLOW_ARCHIVED",
    "DEFINITION_INVALID",
    "IDEMPOTENCY_CONFLICT",
    "VALIDATION_FAILED",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "OVERLOADED",
  ],
};

export const startExecutions: Route<WorkflowParams, object, BatchRequest> = {
  method: "POST",
  path: "/api/v1/workflows/{workflow}/execute/batch",
  operationId: "startExecutions",
  tag: "executions",
  summary: "Start a workflow many times at once",
  permission: "executions:start",
  params: WorkflowParams,
  query: null,
  body: { schema: BatchRequest, isRequired: true, size: "batch" },
  answers: {
    202: { description: "What became of each, in the same order. What was accepted is on disk.", schema: BatchAnswer },
  },
  problems: ["WORKFLOW_NOT_FOUND", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "OVERLOADED"],
};

/** By what executions can be chosen: all that is given must fit. */
export interface ExecutionsFilter {
  readonly workflow?: string;
  readonly version?: string;
  readonly status?: string | readonly string[];
  readonly tag?: string;
  readonly parent_id?: string;
  readonly error_code?: string;
  readonly created_after?: string;
  readonly created_before?: string;
  readonly text?: string;
  readonly quarantined?: boolean;
  /** `metadata.NAME`: search attributes. */
  readonly [attribute: string]: unknown;
}

/** The fields of `ExecutionsFilter`, for every message that has them. */
export const FILTER_FIELDS: Readonly<Record<string, TSchema>> = {
  workflow: Type.Optional(Type.String({ maxLength: 200, description: "Name or id." })),
  version: Type.Optional(Type.String({ maxLength: 200 })),
  status: Type.Optional(
    Type.Union([Type.String({ maxLength: 200 }), Type.Array(Type.String({ maxLength: 20 }), { maxItems: 10 })], {
      description: "One or more, separated by commas.",
    }),
  ),
  tag: Type.Optional(Type.String({ maxLength: 50 })),
  parent_id: Type.Optional(Type.String({ maxLength: 300 })),
  error_code: Type.Optional(Type.String({ maxLength: 200 })),
  created_after: Type.Optional(Type.String({ format: "date-time", description: "At this time or later." })),
  created_before: Type.Optional(Type.String({ format: "date-time", description: "Before this time." })),
  text: Type.Optional(
    Type.String({ maxLength: 200, description: "Part of the id, the workflow's name, the error or the metadata." }),
  ),
  quarantined: Type.Optional(Type.Boolean()),
};

/** Search attributes; `metadata.` and the name of a member. */
export const ATTRIBUTE_FIELDS = {
  "^metadata\\.": {
    type: "string",
    maxLength: 1000,
    description: "A member of the metadata, such as `metadata.customer_id=4711`.",
  },
} as const;

export interface ExecutionsQuery extends PageQuery, ExecutionsFilter {
  readonly order?: "newest" | "oldest";
}

export const ExecutionsQuery: Message<ExecutionsQuery> = unnamed<ExecutionsQuery>()(
  Type.Unsafe<ExecutionsQuery>(
    Type.Object(
      {
        ...PAGE_QUERY,
        ...FILTER_FIELDS,
        order: Type.Optional(Type.Enum(["newest", "oldest"], { description: "Which come first (default newest)." })),
      },
      { additionalProperties: false, patternProperties: ATTRIBUTE_FIELDS },
    ),
  ),
);

export const listExecutions: Route<object, ExecutionsQuery, unknown> = {
  method: "GET",
  path: BASE,
  operationId: "listExecutions",
  tag: "executions",
  summary: "Find executions",
  description:
    'All filters must fit. `metadata.NAME=VALUE` finds by a member of the metadata; a value that is a JSON number or boolean is read as one, `"7"` in quotes is a text.',
  permission: "executions:read",
  params: null,
  query: ExecutionsQuery,
  body: null,
  answers: { 200: { description: "One page; `Link` leads to the next.", schema: ExecutionPage } },
  problems: [],
};

function read<Q>(place: {
  part: string;
  operationId: string;
  summary: string;
  description?: string;
  query: Message<Q> | null;
  answers: Route["answers"];
}): Route<ExecutionParams, Q, unknown> {
  return {
    method: "GET",
    path: ONE + place.part,
    operationId: place.operationId,
    tag: "executions",
    summary: place.summary,
    ...(place.description === undefined ? {} : { description: place.description }),
    permission: "executions:read",
    params: ExecutionParams,
    query: place.query,
    body: null,
    answers: place.answers,
    problems: ["EXECUTION_NOT_FOUND"],
  };
}

export const readExecution: Route<ExecutionParams, object, unknown> = read<object>({
  part: "",
  operationId: "readExecution",
  summary: "Read an execution with its steps",
  query: null,
  answers: { 200: { description: "The execution.", schema: ExecutionMessage } },
});

export const explainExecution: Route<ExecutionParams, object, unknown> = read<object>({
  part: "/explain",
  operationId: "explainExecution",
  summary: "Read why an execution has not ended",
  description:
    "One sentence, and everything it waits for: executors, attempts under way or to come, times, events, children, the end of a pause. Of one that has ended: how.",
  query: null,
  answers: { 200: { description: "The reason.", schema: ExplanationMessage } },
});

export const readResults: Route<ExecutionParams, WaitQuery, unknown> = read<WaitQuery>({
  part: "/results",
  operationId: "readResults",
  summary: "Read what an execution gave",
  description: "While it has not ended, `output` and `error` are null. `wait` waits for the end.",
  query: WaitQuery,
  answers: { 200: { description: "Output or error.", schema: ResultsMessage } },
});

export interface HistoryQuery extends PageQuery {
  readonly after?: number;
}

const AFTER = Type.Optional(Type.Integer({ minimum: 0, description: "Only events after this number." }));

export const HistoryQuery: Message<HistoryQuery> = unnamed<HistoryQuery>()(
  Type.Object({ ...PAGE_QUERY, after: AFTER }, CLOSED),
);

export const readHistory: Route<ExecutionParams, HistoryQuery, unknown> = read<HistoryQuery>({
  part: "/history",
  operationId: "readHistory",
  summary: "Read the events of an execution",
  query: HistoryQuery,
  answers: { 200: { description: "Events in their order.", schema: HistoryAnswer } },
});

export const readLogs: Route<ExecutionParams, HistoryQuery, unknown> = read<HistoryQuery>({
  part: "/logs",
  operationId: "readLogs",
  summary: "Read an execution's history as lines for people",
  query: HistoryQuery,
  answers: { 200: { description: "Lines in their order.", schema: LogPage } },
});

export interface StreamQuery {
  readonly after?: number;
}

export const StreamQuery: Message<StreamQuery> = unnamed<StreamQuery>()(Type.Object({ after: AFTER }, CLOSED));

export const streamExecution: Route<ExecutionParams, StreamQuery, unknown> = read<StreamQuery>({
  part: "/stream",
  operationId: "streamExecution",
  summary: "Follow an execution",
  description:
    "Server-sent events: one for each history event, its number as id, its type as name, itself as data. `Last-Event-ID` or `after` goes on after an event. The stream ends with the execution.",
  query: StreamQuery,
  answers: {
    200: {
      description: "The events from the asked one on, as they happen.",
      schema: Type.String(),
      type: "text/event-stream",
    },
    204: { description: "The execution has ended and there is nothing left to send.", schema: null },
  },
});

export const exportExecution: Route<ExecutionParams, object, unknown> = read<object>({
  part: "/export",
  operationId: "exportExecution",
  summary: "Read all that is stored of an execution",
  description:
    "One JSON text a line: first the execution as lists show it, in a member `execution`; then every history event as it is stored. It works for one that is put aside too, whatever its history says. With `Accept-Encoding: gzip` it comes compressed.",
  query: null,
  answers: {
    200: {
      description: "The execution, and its events in their order.",
      schema: Type.String(),
      type: "application/x-ndjson",
    },
  },
});

export function control<B>(place: {
  part: string;
  operationId: string;
  summary: string;
  description?: string;
  schema: Message<B>;
  answers?: Route["answers"];
  problems: readonly ProblemCode[];
  permission?: Permission;
}): Route<ExecutionParams, object, B> {
  return {
    method: "POST",
    path: ONE + place.part,
    operationId: place.operationId,
    tag: "executions",
    summary: place.summary,
    ...(place.description === undefined ? {} : { description: place.description }),
    permission: place.permission ?? "executions:control",
    params: ExecutionParams,
    query: null,
    body: { schema: place.schema, isRequired: false, size: "single" },
    answers: place.answers ?? { 202: { description: "Recorded.", schema: ControlAnswer } },
    problems: ["EXECUTION_NOT_FOUND", "EXECUTION_QUARANTINED", "OVERLOADED", ...place.problems],
  };
}

/** Sent twice with one id, a command takes effect once. The `Idempotency-Key` header is another way to say it. */
export const COMMAND_ID: { readonly id: TOptional<TString> } = {
  id: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: "Sent twice with one id, the command takes effect once.",
    }),
  ),
};

export interface CancelRequest {
  readonly id?: string;
  readonly reason?: string;
}

const CancelRequest: Message<CancelRequest> = message<CancelRequest>("CancelRequest")(
  Type.Object({ ...COMMAND_ID, reason: Type.Optional(Type.String({ maxLength: 2000 })) }, CLOSED),
);

export const cancelExecution: Route<ExecutionParams, object, CancelRequest> = control<CancelRequest>({
  part: "/cancel",
  operationId: "cancelExecution",
  summary: "Cancel: tasks are told, cleaning up runs, then it ends",
  schema: CancelRequest,
  problems: ["EXECUTION_ENDED"],
});

export const terminateExecution: Route<ExecutionParams, object, CancelRequest> = control<CancelRequest>({
  part: "/terminate",
  operationId: "terminateExecution",
  summary: "End it now: nothing more runs",
  schema: CancelRequest,
  problems: ["EXECUTION_ENDED"],
});

export interface PauseRequest {
  readonly id?: string;
  readonly timers?: "freeze" | "run";
}

const PauseRequest: Message<PauseRequest> = message<PauseRequest>("PauseRequest")(
  Type.Object(
    {
      ...COMMAND_ID,
      timers: Type.Optional(
        Type.Enum(["freeze", "run"], {
          description: "`freeze`: the pause does not count for any timer (default `run`).",
        }),
      ),
    },
    CLOSED,
  ),
);

export const pauseExecution: Route<ExecutionParams, object, PauseRequest> = control<PauseRequest>({
  part: "/pause",
  operationId: "pauseExecution",
  summary: "Pause: results are recorded, nothing new begins",
  schema: PauseRequest,
  problems: ["EXECUTION_ENDED", "EXECUTION_CLOSING"],
});

export interface CommandRequest {
  readonly id?: string;
}

const CommandRequest: Message<CommandRequest> = message<CommandRequest>("CommandRequest")(
  Type.Object(COMMAND_ID, CLOSED),
);

export const resumeExecution: Route<ExecutionParams, object, CommandRequest> = control<CommandRequest>({
  part: "/resume",
  operationId: "resumeExecution",
  summary: "Go on after a pause",
  schema: CommandRequest,
  problems: ["EXECUTION_ENDED"],
});

export const resetQuarantine: Route<ExecutionParams, object, CommandRequest> = control<CommandRequest>({
  part: "/quarantine/reset",
  operationId: "resetQuarantine",
  summary: "Take it out of quarantine, once what was wrong with it is mended",
  description:
    "What is stored of the execution is read again as a whole. If that can be worked with, it goes on where it was; else the problem says what is wrong now. For one that is not in quarantine, nothing changes.",
  schema: CommandRequest,
  problems: [],
});

export const retryExecution: Route<ExecutionParams, object, CommandRequest> = control<CommandRequest>({
  part: "/retry",
  operationId: "retryExecution",
  summary: "Re-open: failed and cancelled steps begin again",
  schema: CommandRequest,
  problems: ["EXECUTION_NOT_ENDED", "EXECUTION_COMPLETED"],
});

export interface RerunRequest {
  readonly id?: string;
  readonly input?: Json;
  readonly version?: string;
  readonly from?: { readonly step: string } | { readonly event: number };
  readonly step_input?: Json;
  readonly terminate_origin?: boolean;
}

const RerunRequest: Message<RerunRequest> = message<RerunRequest>("RerunRequest")(
  Type.Object(
    {
      ...COMMAND_ID,
      input: Type.Optional(Type.Unsafe<Json>({ description: "In place of the input of before." })),
      version: Type.Optional(
        Type.String({ minLength: 1, maxLength: 200, description: "In place of the version of before." }),
      ),
      from: Type.Optional(
        Type.Union(
          [
            Type.Object({ step: Type.String({ minLength: 1, maxLength: 1000 }) }, CLOSED),
            Type.Object({ event: Type.Integer({ minimum: 1 }) }, CLOSED),
          ],
          {
            description:
              "Begin just before the step at this path began, or just after this event of the history: what had happened until then is copied. Left out: from the start.",
          },
        ),
      ),
      step_input: Type.Optional(
        Type.Unsafe<Json>({ description: "What the step named in `from` gets in place of its own input." }),
      ),
      terminate_origin: Type.Optional(
        Type.Boolean({ description: "The old execution is terminated in favour of the new one. Only with `from`." }),
      ),
    },
    CLOSED,
  ),
);

export const rerunExecution: Route<ExecutionParams, object, RerunRequest> = control<RerunRequest>({
  part: "/rerun",
  operationId: "rerunExecution",
  summary: "Start a new execution like this one",
  description:
    "From the start, or from a step or event of its history. `origin` of the new execution names this one and the place.",
  permission: "executions:start",
  schema: RerunRequest,
  answers: {
    200: { description: "The rerun that this command began before, as it is now.", schema: StartAnswer },
    202: { description: "The new execution; `origin` names this one.", schema: StartAnswer },
  },
  problems: [
    "WORKFLOW_NOT_FOUND",
    "VERSION_NOT_FOUND",
    "WORKFLOW_ARCHIVED",
    "VALIDATION_FAILED",
    "STEP_UNKNOWN",
    "EVENT_UNKNOWN",
    "RERUN_PLACE_UNFIT",
    "HISTORY_TOO_LONG",
    "IDEMPOTENCY_CONFLICT",
    "PAYLOAD_TOO_LARGE",
  ],
});

export interface SignalParams extends ExecutionParams {
  readonly name: string;
}

export const SignalParams: Message<SignalParams> = unnamed<SignalParams>()(
  Type.Object({ execution_id: ID, name: Type.String({ minLength: 1, maxLength: 200 }) }),
);

export interface SignalRequest {
  readonly data?: Json;
  readonly id?: string;
}

const SignalRequest: Message<SignalRequest> = message<SignalRequest>("SignalRequest")(
  Type.Object({ ...COMMAND_ID, data: Type.Optional(AnyJson) }, CLOSED),
);

export const signalExecution: Route<SignalParams, object, SignalRequest> = {
  method: "POST",
  path: `${ONE}/signals/{name}`,
  operationId: "signalExecution",
  tag: "executions",
  summary: "Send a signal to an execution",
  description: "Kept until a wait of that name takes it.",
  permission: "executions:control",
  params: SignalParams,
  query: null,
  body: { schema: SignalRequest, isRequired: false, size: "single" },
  answers: { 202: { description: "Recorded.", schema: ControlAnswer } },
  problems: [
    "EXECUTION_NOT_FOUND",
    "EXECUTION_ENDED",
    "EXECUTION_QUARANTINED",
    "SIGNALS_FULL",
    "PAYLOAD_TOO_LARGE",
    "OVERLOADED",
  ],
};
