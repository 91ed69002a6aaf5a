/** Turns the tree of an expression into closures, so that an evaluation looks nothing up and allocates only results. */

import { type Json, typeName } from "../../base/json.ts";
import { spendBytes, spendOperations } from "./budget.ts";
import { type EvaluationContext, ExpressionError } from "./evaluation.ts";
import type { Call } from "./functions/entry.ts";
import { compileDocumentQuery, compileSelect } from "./jsonpath.ts";
import { setMember } from "./members.ts";
import { add, calculate, compare, isIn, negate, toBoolean, withArticle } from "./operators.ts";
import { type BinaryOperator, isSingular, type Node } from "./syntax.ts";
import { compileRootWalk, compileWalk, type Found, itemAt, memberOf, settle } from "./walk.ts";

export type Evaluate = (context: EvaluationContext) => Json;

/** Like `Evaluate`, but a view stays a view, for those who want only a member of it. */
type Find = (context: EvaluationContext) => Found;

type Of<K extends Node["kind"]> = Extract<Node, { kind: K }>;

export function compile(node: Node): Evaluate {
  switch (node.kind) {
    case "literal": {
      const { value } = node;
      return () => value;
    }
    case "array":
      return compileArray(node);
    case "object":
      return compileObject(node);
    case "path":
    case "computed-member": {
      const find = compileFind(node);
      return (context) => settle(find(context));
    }
    case "not": {
      const { offset } = node;
      const operand = compile(node.operand);
      return (context) => !toBoolean(operand(context), "the value after !", offset);
    }
    case "negate": {
      const { offset } = node;
      const operand = compile(node.operand);
      return (context) => negate(operand(context), offset);
    }
    case "binary":
      return compileBinary(node);
    case "choice": {
      const { offset } = node;
      const [test, then, otherwise] = [compile(node.test), compile(node.then), compile(node.otherwise)];
      return (context) => {
        spendOperations(context, 1, offset);
        return toBoolean(test(context), "the test before ?", offset) ? then(context) : otherwise(context);
      };
    }
    case "call":
      return compileCall(node);
  }
}

function compileArray({ items, offset }: Of<"array">): Evaluate {
  const parts = items.map(compile);
  return (context) => {
    spendOperations(context, 1 + parts.length, offset);
    spendBytes(context, 2 + parts.length, offset);
    return parts.map((part) => part(context));
  };
}

function compileObject({ members, offset }: Of<"object">): Evaluate {
  const parts = members.map(({ key, value }) => ({ key, evaluate: compile(value) }));
  const bytes = members.reduce((sum, { key }) => sum + key.length + 4, 2);
  return (context) => {
    spendOperations(context, 1 + parts.length, offset);
    spendBytes(context, bytes, offset);
    const result: { [key: string]: Json } = {};
    for (const { key, evaluate } of parts) setMember(result, key, evaluate(context));
    return result;
  };
}

function compileFind(node: Node): Find {
  if (node.kind === "path") return compilePath(node);
  if (node.kind === "computed-member") return compileComputedMember(node);
  return compile(node);
}

function compilePath({ base, segments, offset }: Of<"path">): Find {
  const price = 1 + segments.length;
  if (base.kind === "whole") {
    if (!isSingular(segments)) return compileDocumentQuery(segments, offset);
    const walk = compileRootWalk(segments, offset);
    return (context) => {
      spendOperations(context, price, offset);
      return walk(context);
    };
  }
  const find = compileFind(base.node);
  if (isSingular(segments)) {
    const walk = compileWalk(segments, offset);
    return (context) => {
      spendOperations(context, price, offset);
      return walk(find(context), context);
    };
  }
  const select = compileSelect(segments, offset);
  return (context) => select(settle(find(context)), context);
}

function compileComputedMember({ base, key, offset }: Of<"computed-member">): Find {
  const find = compileFind(base);
  const evaluateKey = compile(key);
  return (context) => {
    spendOperations(context, 1, offset);
    const found = find(context);
    const name = evaluateKey(context);
    if (typeof name === "string") return memberOf(found, name);
    if (typeof name === "number" && Number.isInteger(name)) return itemAt(found, name);
    const met = typeof name === "number" ? String(name) : withArticle(typeName(name));
    throw new ExpressionError(`Expected a name or an integer in the brackets, but met ${met}.`, offset);
  };
}

function compileBinary(node: Of<"binary">): Evaluate {
  const { operator, offset } = node;
  const left = compile(node.left);
  const right = compile(node.right);
  switch (operator) {
    case "??":
      return (context) => left(context) ?? right(context);
    case "||":
      return (context) =>
        toBoolean(left(context), "the left side of ||", offset) ||
        toBoolean(right(context), "the right side of ||", offset);
    case "&&":
      return (context) =>
        toBoolean(left(context), "the left side of &&", offset) &&
        toBoolean(right(context), "the right side of &&", offset);
    default: {
      const apply = toOperation(operator);
      return (context) => {
        spendOperations(context, 1, offset);
        return apply(context, left(context), right(context), offset);
      };
    }
  }
}

type Operation = (context: EvaluationContext, left: Json, right: Json, offset: number) => Json;

function toOperation(operator: Exclude<BinaryOperator, "??" | "||" | "&&">): Operation {
  switch (operator) {
    case "+":
      return add;
    case "-":
    case "*":
    case "/":
    case "%":
      return (_, left, right, offset) => calculate(operator, left, right, offset);
    case "in":
      return isIn;
    case "not in":
      return (context, left, right, offset) => !isIn(context, left, right, offset);
    default:
      return (context, left, right, offset) => compare(context, operator, left, right, offset);
  }
}

function compileCall({ name, apply, parameters, offset }: Of<"call">): Evaluate {
  const [first, second] = parameters.map(compile);
  if (parameters.length === 1 && first !== undefined) {
    return (context) => {
      spendOperations(context, 1, offset);
      return apply({ name, offset, context }, [first(context)]);
    };
  }
  if (parameters.length === 2 && first !== undefined && second !== undefined) {
    return (context) => {
      spendOperations(context, 1, offset);
      return apply({ name, offset, context }, [first(context), second(context)]);
    };
  }
  const parts = parameters.map(compile);
  return (context) => {
    spendOperations(context, 1, offset);
    const call: Call = { name, offset, context };
    return apply(
      call,
      parts.map((part) => part(context)),
    );
  };
}
