/** Trying expressions out. */

import { isObject, type Json, member } from "../../core/base/json.ts";
import { createRandom } from "../../core/base/random.ts";
import { type EvaluationContext, ExpressionError, OPERATIONS_MAX } from "../../core/language/expressions/evaluation.ts";
import { parseExpression } from "../../core/language/expressions/parse.ts";
import { evaluateExpression } from "../../core/protocol/expressions.ts";
import { type Answer, json, problem } from "../answer.ts";
import type { RouteContext } from "./context.ts";

export function bindExpressions({ binder, clock, entropy, facts }: RouteContext): void {
  binder.bind(evaluateExpression, ({ body }) => {
    const { expression: source, context: document = null } = body;
    const parsed = parseExpression(source, { bareRoots: true });
    if (!parsed.ok) {
      const { message, hint, offset } = parsed.problem;
      return failed(source, hint === null ? message : `${message} ${hint}`, offset);
    }
    const context: EvaluationContext = {
      root: (name) => (isObject(document) ? member(document, name) : undefined),
      whole: () => document,
      now: clock.now(),
      random: createRandom(entropy.id()),
      budget: { operations: OPERATIONS_MAX, bytes: facts.payloadBytesMax },
    };
    try {
      const value: Json = parsed.value.evaluate(context);
      return json(200, { value });
    } catch (error) {
      if (error instanceof ExpressionError) return failed(source, error.message, error.offset);
      throw error;
    }
  });
}

function failed(source: string, message: string, offset: number): Answer {
  const before = source.slice(0, offset).split("\n");
  const line = before.length;
  const column = (before.at(-1)?.length ?? 0) + 1;
  return problem("EXPRESSION_ERROR", message, [{ pointer: "/expression", detail: message, line, column }]);
}
