/** Why an execution has not ended, on the wire: one sentence, and everything it waits for. */

import { Type } from "typebox";
import type { JsonObject } from "../base/json.ts";
import { ExecutionStatus } from "./executions.ts";
import { AnyObject, type Message, message, orNull, time } from "./message.ts";

/**
 * Of a step: `executor` (nobody works on its task), `running` (somebody does), `circuit` (the breaker of its
 * target), `retry`, `timer`, `event`, `child`.
 * Of the whole execution: `slot` (a limit holds it back), `paused`, `closing`, `compensating`.
 */
export const WAIT_KINDS = [
  "executor",
  "running",
  "circuit",
  "retry",
  "timer",
  "event",
  "child",
  "slot",
  "paused",
  "closing",
  "compensating",
] as const;
export type WaitKind = (typeof WAIT_KINDS)[number];

export interface WaitMessage {
  readonly kind: WaitKind;
  /** The step that waits; null: the execution as a whole. */
  readonly path: string | null;
  readonly step: string | null;
  readonly since: string | null;
  /** When it is over, or given up, at the latest; null: there is no such time. */
  readonly until: string | null;
  readonly sentence: string;
  readonly details: JsonObject;
}

export const WaitMessage: Message<WaitMessage> = message<WaitMessage>("Wait")(
  Type.Object({
    kind: Type.Enum([...WAIT_KINDS]),
    path: orNull(Type.String({ description: "The step that waits; null: the execution as a whole." })),
    step: orNull(Type.String({ description: "Its name." })),
    since: orNull(time("Since when.")),
    until: orNull(time("When it is over, or given up, at the latest.")),
    sentence: Type.String({ description: "The same in words." }),
    details: AnyObject,
  }),
);

export interface ExplanationMessage {
  readonly execution_id: string;
  readonly status: ExecutionStatus;
  readonly sentence: string;
  /** Those of the execution as a whole first, then steps in their order. */
  readonly waits: readonly WaitMessage[];
  /** How many more waits there are than the list has. */
  readonly hidden: number;
}

export const ExplanationMessage: Message<ExplanationMessage> = message<ExplanationMessage>("Explanation")(
  Type.Object({
    execution_id: Type.String(),
    status: ExecutionStatus,
    sentence: Type.String({ description: "Why it has not ended, or how it ended." }),
    waits: Type.Array(WaitMessage, {
      description: "What it waits for: those of the execution as a whole first, then steps. Empty once it has ended.",
    }),
    hidden: Type.Integer({ description: "How many more waits there are than the list has." }),
  }),
);
