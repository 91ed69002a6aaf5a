/** Trying an expression out. */

import { Type } from "typebox";
import type { Json } from "../base/json.ts";
import { AnyJson, CLOSED, type Message, message } from "./message.ts";
import type { Route } from "./route.ts";

export interface EvaluateRequest {
  readonly expression: string;
  /** What `$` stands for; null where left out. */
  readonly context?: Json;
}

export const EvaluateRequest: Message<EvaluateRequest> = message<EvaluateRequest>("EvaluateRequest")(
  Type.Object(
    {
      expression: Type.String({ minLength: 1, maxLength: 100_000 }),
      context: Type.Optional(
        Type.Unsafe<Json>({ description: "What `$` stands for, whatever JSON it is; its members are the roots." }),
      ),
    },
    CLOSED,
  ),
);

export interface EvaluateAnswer {
  readonly value: Json;
}

export const EvaluateAnswer: Message<EvaluateAnswer> = message<EvaluateAnswer>("EvaluateAnswer")(
  Type.Object({ value: AnyJson }),
);

export const evaluateExpression: Route<object, object, EvaluateRequest> = {
  method: "POST",
  path: "/api/v1/expressions/evaluate",
  operationId: "evaluateExpression",
  tag: "expressions",
  summary: "Evaluate an expression against any data",
  permission: "expressions:evaluate",
  params: null,
  query: null,
  body: { schema: EvaluateRequest, isRequired: true, size: "single" },
  answers: { 200: { description: "What it gives.", schema: EvaluateAnswer } },
  problems: ["EXPRESSION_ERROR", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"],
};
