/** Executions on the wire: how one is shown, whole and in lists, with its history and its logs. */

import { Type } from "typebox";
import type { Json, JsonObject } from "../base/json.ts";
import type { StepError } from "../engine/error.ts";
import type { OriginLink, ParentLink } from "../engine/events.ts";
import { ErrorObject } from "./errors.ts";
import {
  AnyJson,
  AnyObject,
  type Message,
  message,
  orNull,
  type Page,
  page,
  seconds,
  time,
  unnamed,
} from "./message.ts";

export const EXECUTION_STATUSES = [
  "queued",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
  "timed_out",
] as const;
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

export const ExecutionStatus: Message<ExecutionStatus> = unnamed<ExecutionStatus>()(
  Type.Enum(["queued", "running", "paused", "completed", "failed", "cancelled", "timed_out"]),
);

export interface Progress {
  /** Main steps of the workflow's own list that are done: completed or skipped. */
  readonly completed: number;
  readonly total: number;
}

export const Progress: Message<Progress> = unnamed<Progress>()(
  Type.Object(
    { completed: Type.Integer(), total: Type.Integer() },
    { description: "Main steps of the workflow's own list: how many are done, and how many there are." },
  ),
);

export interface ExecutionSummary {
  readonly execution_id: string;
  readonly workflow_id: string;
  readonly workflow_name: string;
  readonly version: string;
  readonly status: ExecutionStatus;
  readonly priority: number;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly duration: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly metadata: JsonObject;
  readonly tags: readonly string[];
  readonly parent_id: string | null;
  readonly origin_id: string | null;
  /** Why the platform put it aside; null: it did not. */
  readonly quarantine: string | null;
}

export const ExecutionSummary: Message<ExecutionSummary> = message<ExecutionSummary>("ExecutionSummary")(
  Type.Object({
    execution_id: Type.String(),
    workflow_id: Type.String(),
    workflow_name: Type.String(),
    version: Type.String(),
    status: ExecutionStatus,
    priority: Type.Integer(),
    created_at: time("When it was accepted."),
    started_at: orNull(time("When it began.")),
    finished_at: orNull(time("When it ended.")),
    duration: orNull(seconds("From start to end.")),
    error: orNull(Type.Object({ code: Type.String(), message: Type.String() })),
    metadata: AnyObject,
    tags: Type.Array(Type.String()),
    parent_id: orNull(Type.String()),
    origin_id: orNull(Type.String()),
    quarantine: orNull(Type.String({ description: "Why the platform put it aside." })),
  }),
);

export const ExecutionPage: Message<Page<ExecutionSummary>> = page("ExecutionPage", ExecutionSummary);

export type StepStatusWord =
  | "pending"
  | "scheduled"
  | "running"
  | "waiting"
  | "completed"
  | "failed"
  | "skipped"
  | "cancelled"
  | "compensated";

/** One step as an execution shows it. */
export interface StepMessage {
  readonly name: string;
  readonly path: string;
  readonly type: string;
  readonly status: StepStatusWord;
  /** Why it was skipped. */
  readonly reason: string | null;
  readonly attempts: number;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly duration: number | null;
  readonly output: Json;
  readonly error: StepError | null;
  /** Whether its output is that of its fallback. */
  readonly fallback: boolean;
  /** Of loops: how many iterations there are, and how many of them the list leaves out. */
  readonly iterations?: IterationCounts;
}

export interface IterationCounts {
  /** Null where nobody knows before the end. */
  readonly total: number | null;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Ended ones whose steps are not in the list. */
  readonly hidden: number;
}

export const StepMessage: Message<StepMessage> = message<StepMessage>("Step")(
  Type.Object({
    name: Type.String(),
    path: Type.String({ description: "Place in the tree of steps, such as `process_items[3].reserve`." }),
    type: Type.String(),
    status: Type.Enum([
      "pending",
      "scheduled",
      "running",
      "waiting",
      "completed",
      "failed",
      "skipped",
      "cancelled",
      "compensated",
    ]),
    reason: orNull(Type.String({ description: "Why it was skipped: condition, not_reached, timeout, manual." })),
    attempts: Type.Integer(),
    started_at: orNull(time("When the work on it began.")),
    finished_at: orNull(time("When it ended.")),
    duration: orNull(seconds("From start to end.")),
    output: AnyJson,
    error: orNull(ErrorObject),
    fallback: Type.Boolean({ description: "Whether its output is that of its fallback." }),
    iterations: Type.Optional(
      Type.Object(
        {
          total: orNull(Type.Integer()),
          running: Type.Integer(),
          completed: Type.Integer(),
          failed: Type.Integer(),
          cancelled: Type.Integer(),
          hidden: Type.Integer({ description: "Ended ones whose steps are not in the list." }),
        },
        { description: "Of loops." },
      ),
    ),
  }),
);

export interface WarningMessage {
  readonly code: string;
  readonly message: string;
  readonly details: Json;
  readonly at: string;
}

/** That somebody is to be told something, as a rule recorded it when it fired; its other members are what the rule says. */
export interface NotificationMessage {
  readonly at: string;
  readonly step: string;
  readonly path: string;
  /** Place of the rule in `error_handling`, from 0. */
  readonly rule: number;
  readonly [member: string]: Json;
}

export interface ExecutionMessage {
  readonly execution_id: string;
  readonly workflow_id: string;
  readonly workflow_name: string;
  readonly version: string;
  readonly status: ExecutionStatus;
  /** `closing` while it winds up, `compensating` while steps are being undone. */
  readonly phase: "closing" | "compensating" | null;
  readonly input: Json;
  readonly output: Json;
  readonly error: StepError | null;
  readonly warnings: readonly WarningMessage[];
  /** Left out where there are none. */
  readonly notifications?: readonly NotificationMessage[];
  readonly metadata: JsonObject;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly duration: number | null;
  readonly progress: Progress;
  readonly parent: ParentLink | null;
  readonly origin: OriginLink | null;
  readonly steps: readonly StepMessage[];
  /** How much has happened, by number and by bytes. */
  readonly history?: { readonly events: number; readonly bytes: number };
}

export const ExecutionMessage: Message<ExecutionMessage> = message<ExecutionMessage>("Execution")(
  Type.Object({
    execution_id: Type.String(),
    workflow_id: Type.String(),
    workflow_name: Type.String(),
    version: Type.String(),
    status: ExecutionStatus,
    phase: orNull(
      Type.Enum(["closing", "compensating"], {
        description: "`closing` while it winds up, `compensating` while steps are being undone.",
      }),
    ),
    input: AnyJson,
    output: AnyJson,
    error: orNull(ErrorObject),
    warnings: Type.Array(
      Type.Object({ code: Type.String(), message: Type.String(), details: AnyJson, at: time("When.") }),
    ),
    notifications: Type.Optional(
      Type.Array(
        Type.Unsafe<NotificationMessage>({
          type: "object",
          required: ["at", "step", "path", "rule"],
          description: "What a `notify` rule says, with the time, the step and the place of the rule.",
        }),
        { description: "What somebody is to be told. Left out where there is nothing." },
      ),
    ),
    metadata: AnyObject,
    created_at: time("When it was accepted."),
    started_at: orNull(time("When it began.")),
    finished_at: orNull(time("When it ended.")),
    duration: orNull(seconds("From start to end.")),
    progress: Progress,
    parent: orNull(Type.Unsafe<ParentLink>({ type: "object", description: "The execution and step that started it." })),
    origin: orNull(
      Type.Unsafe<OriginLink>({
        type: "object",
        description: "The execution that it repeats: all of it (`rerun`), or from a `step` or `event` on.",
      }),
    ),
    steps: Type.Array(StepMessage, {
      description:
        "Steps in the order of their first event, then those that have not begun. Of a loop: the running, the failed and the last 100 iterations.",
    }),
    history: Type.Optional(
      Type.Object(
        { events: Type.Integer(), bytes: Type.Integer() },
        { description: "How long its history is. At `limits.history_events` or `limits.history_bytes` it fails." },
      ),
    ),
  }),
);

export interface ResultsMessage {
  readonly execution_id: string;
  readonly workflow_id: string;
  readonly workflow_name: string;
  readonly version: string;
  readonly status: ExecutionStatus;
  readonly output: Json;
  readonly error: StepError | null;
  readonly finished_at: string | null;
  readonly duration: number | null;
}

export const ResultsMessage: Message<ResultsMessage> = message<ResultsMessage>("Results")(
  Type.Object({
    execution_id: Type.String(),
    workflow_id: Type.String(),
    workflow_name: Type.String(),
    version: Type.String(),
    status: ExecutionStatus,
    output: AnyJson,
    error: orNull(ErrorObject),
    finished_at: orNull(time("When it ended.")),
    duration: orNull(seconds("From start to end.")),
  }),
);

/** One entry of a history. */
export interface HistoryEventMessage {
  readonly seq: number;
  readonly type: string;
  readonly at: string;
  readonly step: string | null;
  readonly path: string | null;
  readonly attempt: number | null;
  readonly data: JsonObject;
}

export const HistoryEventMessage: Message<HistoryEventMessage> = message<HistoryEventMessage>("HistoryEvent")(
  Type.Object({
    seq: Type.Integer({ description: "From 1, without gaps." }),
    type: Type.String({ description: "What happened, in the past tense, such as `StepCompleted`." }),
    at: time("When."),
    step: orNull(Type.String()),
    path: orNull(Type.String()),
    attempt: orNull(Type.Integer()),
    data: AnyObject,
  }),
);

export interface HistoryAnswer {
  readonly events: readonly HistoryEventMessage[];
  readonly next_cursor: string | null;
}

export const HistoryAnswer: Message<HistoryAnswer> = message<HistoryAnswer>("History")(
  Type.Object({ events: Type.Array(HistoryEventMessage), next_cursor: orNull(Type.String()) }),
);

export interface LogLine {
  readonly seq: number | null;
  readonly at: string;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly step: string | null;
  readonly path: string | null;
  readonly attempt: number | null;
}

export const LogLine: Message<LogLine> = message<LogLine>("LogLine")(
  Type.Object({
    seq: orNull(Type.Integer({ description: "The event that it tells of; null: what an executor says right now." })),
    at: time("When."),
    level: Type.Enum(["debug", "info", "warn", "error"]),
    message: Type.String(),
    step: orNull(Type.String()),
    path: orNull(Type.String()),
    attempt: orNull(Type.Integer()),
  }),
);

export const LogPage: Message<Page<LogLine>> = page("LogPage", LogLine);

export interface ControlAnswer {
  readonly execution_id: string;
  readonly status: ExecutionStatus;
  /** The id under which the command is remembered. */
  readonly command_id: string;
}

export const ControlAnswer: Message<ControlAnswer> = message<ControlAnswer>("Controlled")(
  Type.Object({
    execution_id: Type.String(),
    status: ExecutionStatus,
    command_id: Type.String({
      description: "The id under which the command is remembered: sent again, it changes nothing.",
    }),
  }),
);
