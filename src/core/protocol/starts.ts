/** Starting executions: what a start takes, alone and in a batch, and what it answers. */

import { Type } from "typebox";
import type { Json, JsonObject } from "../base/json.ts";
import type { StepError } from "../engine/error.ts";
import { ErrorObject } from "./errors.ts";
import { ExecutionStatus, Progress } from "./executions.ts";
import { AnyJson, CLOSED, durationText, LIMIT_MAX, type Message, message, orNull, time } from "./message.ts";

/** The words for priorities, and what they stand for. */
export const PRIORITIES = { low: 2, normal: 5, high: 7, critical: 9 } as const;
export type PriorityWord = keyof typeof PRIORITIES;

/** `async` false: wait for the end, as `wait` does. */
export interface StartOptions extends Readonly<Partial<Record<"async", boolean>>> {
  readonly timeout?: string | number;
  readonly priority?: PriorityWord | number;
  readonly version?: string;
  readonly execution_id?: string;
}

export interface StartMessage {
  readonly input?: Json;
  readonly metadata?: JsonObject;
  readonly options?: StartOptions;
}

const OPTIONS = Type.Object(
  {
    async: Type.Optional(Type.Boolean({ description: "`false` waits for the end, like `wait` (default `true`)." })),
    timeout: Type.Optional(durationText("Of the whole execution, in place of the workflow's own.")),
    priority: Type.Optional(
      Type.Unsafe<PriorityWord | number>({
        anyOf: [{ enum: ["low", "normal", "high", "critical"] }, { type: "integer", minimum: 0, maximum: 9 }],
        description: "low, normal, high, critical, or 0 to 9 (2, 5, 7 and 9 are the words).",
      }),
    ),
    version: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: "The active one where left out." }),
    ),
    execution_id: Type.Optional(
      Type.String({
        pattern: "^[A-Za-z0-9_-]{1,128}$",
        description: "Chosen by the caller; starting it again answers with the execution of before.",
      }),
    ),
  },
  CLOSED,
);

const START = {
  input: Type.Optional(AnyJson),
  metadata: Type.Optional(
    Type.Unsafe<JsonObject>({
      type: "object",
      description: "Kept with the execution; its members can be searched for.",
    }),
  ),
  options: Type.Optional(OPTIONS),
};

export const StartMessage: Message<StartMessage> = message<StartMessage>("Start")(Type.Object(START, CLOSED));

/** How many starts one batch may have. */
export const BATCH_MAX: number = LIMIT_MAX;

export interface BatchItem extends StartMessage {
  readonly idempotency_key?: string;
}

export interface BatchRequest {
  readonly executions: readonly BatchItem[];
}

export const BatchRequest: Message<BatchRequest> = message<BatchRequest>("BatchRequest")(
  Type.Object(
    {
      executions: Type.Array(
        Type.Object(
          { ...START, idempotency_key: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })) },
          CLOSED,
        ),
        { minItems: 1, maxItems: BATCH_MAX },
      ),
    },
    CLOSED,
  ),
);

export interface StartAnswer {
  readonly execution_id: string;
  readonly workflow_id: string;
  readonly workflow_name: string;
  readonly version: string;
  readonly status: ExecutionStatus;
  readonly created_at: string;
  readonly estimated_completion: string | null;
  readonly progress: Progress;
  readonly tracking_url: string;
  readonly stream_url: string;
  /** Only where the end was seen. */
  readonly output?: Json;
  readonly error?: StepError;
}

export const StartAnswer: Message<StartAnswer> = message<StartAnswer>("Started")(
  Type.Object({
    execution_id: Type.String(),
    workflow_id: Type.String(),
    workflow_name: Type.String(),
    version: Type.String(),
    status: ExecutionStatus,
    created_at: time("When it was accepted."),
    estimated_completion: orNull(
      time("By the median of the last completed runs of this version; null while there are too few."),
    ),
    progress: Progress,
    tracking_url: Type.String(),
    stream_url: Type.String(),
    output: Type.Optional(AnyJson),
    error: Type.Optional(ErrorObject),
  }),
);

export interface BatchAnswer {
  /** In the order of the request. Each is accepted or refused by itself. */
  readonly executions: readonly (
    | { readonly outcome: "accepted" | "known"; readonly execution_id: string; readonly status: ExecutionStatus }
    | {
        readonly outcome: "refused";
        readonly code: string;
        readonly detail: string;
        readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
      }
  )[];
  readonly accepted: number;
  readonly refused: number;
}

export const BatchAnswer: Message<BatchAnswer> = message<BatchAnswer>("BatchAnswer")(
  Type.Object({
    executions: Type.Array(
      Type.Union([
        Type.Object({
          outcome: Type.Enum(["accepted", "known"]),
          execution_id: Type.String(),
          status: ExecutionStatus,
        }),
        Type.Object({
          outcome: Type.Literal("refused"),
          code: Type.String(),
          detail: Type.String(),
          errors: Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() })),
        }),
      ]),
      { description: "In the order of the request." },
    ),
    accepted: Type.Integer(),
    refused: Type.Integer(),
  }),
);
