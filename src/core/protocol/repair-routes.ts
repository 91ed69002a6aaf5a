/** The routes by which people mend executions: a step skipped or completed by hand, what completed undone by hand. */

import { Type } from "typebox";
import type { Json } from "../base/json.ts";
import { COMMAND_ID, control, type ExecutionParams, ID } from "./execution-routes.ts";
import { ControlAnswer } from "./executions.ts";
import { CLOSED, type Message, message, unnamed } from "./message.ts";
import type { Route } from "./route.ts";

export interface StepParams extends ExecutionParams {
  /** Place in the tree of steps, such as `each[3].reserve`. */
  readonly path: string;
}

export const StepParams: Message<StepParams> = unnamed<StepParams>()(
  Type.Object({
    execution_id: ID,
    path: Type.String({
      minLength: 1,
      maxLength: 1000,
      description: "Place in the tree of steps, URL-encoded, such as `each%5B3%5D.reserve`.",
    }),
  }),
);

const REASON = Type.Optional(Type.String({ maxLength: 2000, description: "Why, for the audit." }));

export interface SkipStepRequest {
  readonly id?: string;
  readonly reason?: string;
}

const SkipStepRequest: Message<SkipStepRequest> = message<SkipStepRequest>("SkipStepRequest")(
  Type.Object({ ...COMMAND_ID, reason: REASON }, CLOSED),
);

export interface CompleteStepRequest {
  readonly id?: string;
  readonly output?: Json;
  readonly reason?: string;
}

const CompleteStepRequest: Message<CompleteStepRequest> = message<CompleteStepRequest>("CompleteStepRequest")(
  Type.Object(
    {
      ...COMMAND_ID,
      output: Type.Optional(
        Type.Unsafe<Json>({
          description: "The step's output as it stands here: its `output` mapping is not applied (default `{}`).",
        }),
      ),
      reason: REASON,
    },
    CLOSED,
  ),
);

function ofStep<B>(about: {
  readonly part: "skip" | "complete";
  readonly operationId: string;
  readonly summary: string;
  readonly schema: Message<B>;
}): Route<StepParams, object, B> {
  return {
    method: "POST",
    path: `/api/v1/executions/{execution_id}/steps/{path}/${about.part}`,
    operationId: about.operationId,
    tag: "executions",
    summary: about.summary,
    description:
      "What goes on in the step is cancelled first. A task that is out is withdrawn, and a result that comes for it later is stale. The event of the history names who did it, why, and the command.",
    permission: "executions:control",
    params: StepParams,
    query: null,
    body: { schema: about.schema, isRequired: false, size: "single" },
    answers: { 202: { description: "Recorded.", schema: ControlAnswer } },
    problems: [
      "EXECUTION_NOT_FOUND",
      "STEP_UNKNOWN",
      "STEP_ENDED",
      "STEP_CLOSING",
      "EXECUTION_ENDED",
      "EXECUTION_CLOSING",
      "EXECUTION_QUARANTINED",
      "PAYLOAD_TOO_LARGE",
      "OVERLOADED",
    ],
  };
}

export const skipStep: Route<StepParams, object, SkipStepRequest> = ofStep<SkipStepRequest>({
  part: "skip",
  operationId: "skipStep",
  summary: "Skip a step by hand",
  schema: SkipStepRequest,
});

export const completeStep: Route<StepParams, object, CompleteStepRequest> = ofStep<CompleteStepRequest>({
  part: "complete",
  operationId: "completeStep",
  summary: "Complete a step by hand",
  schema: CompleteStepRequest,
});

export interface CompensateRequest {
  readonly id?: string;
  readonly reason?: string;
}

const CompensateRequest: Message<CompensateRequest> = message<CompensateRequest>("CompensateRequest")(
  Type.Object({ ...COMMAND_ID, reason: REASON }, CLOSED),
);

export const compensateExecution: Route<ExecutionParams, object, CompensateRequest> = control<CompensateRequest>({
  part: "/compensate",
  operationId: "compensateExecution",
  summary: "Undo an execution that has ended",
  description:
    "Re-opens it, undoes every completed step that has `compensate` and is not undone yet, and cancels it. One that goes on is undone by cancelling it.",
  schema: CompensateRequest,
  problems: ["EXECUTION_NOT_ENDED", "NOTHING_TO_COMPENSATE"],
});
