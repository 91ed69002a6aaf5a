/** The error object on the wire: of an execution, of a step, and in an executor's result. */

import { Type } from "typebox";
import type { StepError } from "../engine/error.ts";
import { AnyJson, type Message, message } from "./message.ts";

export const ErrorObject: Message<StepError> = message<StepError>("Error")(
  Type.Object({
    code: Type.String({
      minLength: 1,
      maxLength: 200,
      description: "Upper case words joined by `_`, such as `CARD_DECLINED`.",
    }),
    message: Type.String({ maxLength: 10_000 }),
    details: Type.Optional(AnyJson),
    step: Type.Optional(Type.String()),
    attempt: Type.Optional(Type.Integer()),
    retryable: Type.Optional(Type.Boolean({ description: "`false`: never try again." })),
    retry_after: Type.Optional(Type.Number({ minimum: 0, description: "Seconds until the next attempt." })),
    category: Type.Optional(Type.String({ description: "The error category of the workflow that it fell into." })),
    cause: Type.Optional(
      Type.Unsafe<StepError>({ type: "object", description: "The error behind this one, in the same form." }),
    ),
    suppressed: Type.Optional(
      Type.Unsafe<readonly StepError[]>({
        type: "array",
        items: { type: "object" },
        description: "Errors that came after the first.",
      }),
    ),
  }),
);
