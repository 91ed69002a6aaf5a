/**
 * Filters as closures over the tested value. A query that finds nothing gives undefined, the RFC's "nothing", which is
 * not null: `[?@.a == null]` finds only what has an `a` that is null.
 */

import type { Json } from "../../base/json.ts";
import { PATTERN_PRICE, parseRegex, type Regex } from "../regex.ts";
import { spendOperations } from "./budget.ts";
import type { EvaluationContext } from "./evaluation.ts";
import { compare } from "./operators.ts";
import { compileSelect } from "./select.ts";
import { type Filter, isSingular, type Operand, type Query } from "./syntax.ts";
import { compileRootWalk, compileWalk, countCharacters, settle } from "./walk.ts";

export type Holds = (current: Json, context: EvaluationContext) => boolean;

type Evaluated<T> = (current: Json, context: EvaluationContext) => T;

export function compileFilter(filter: Filter): Holds {
  switch (filter.kind) {
    case "or": {
      const parts = filter.parts.map(compileFilter);
      return (current, context) => parts.some((part) => part(current, context));
    }
    case "and": {
      const parts = filter.parts.map(compileFilter);
      return (current, context) => parts.every((part) => part(current, context));
    }
    case "not": {
      const part = compileFilter(filter.part);
      return (current, context) => !part(current, context);
    }
    case "exists":
      return compileExistence(filter.query);
    case "match":
    case "search":
      return compileMatch(filter);
    case "comparison": {
      const { operator, offset } = filter;
      const left = compileOperand(filter.left);
      const right = compileOperand(filter.right);
      return (current, context) => {
        spendOperations(context, 1, offset);
        return compare(context, operator, left(current, context), right(current, context), offset);
      };
    }
  }
}

function compileExistence(query: Query): Holds {
  if (isSingular(query.segments)) {
    const find = compileSingularQuery(query);
    return (current, context) => find(current, context) !== undefined;
  }
  const find = compileQuery(query);
  return (current, context) => find(current, context).length > 0;
}

function compileOperand(operand: Operand): Evaluated<Json | undefined> {
  switch (operand.kind) {
    case "literal": {
      const { value } = operand;
      return () => value;
    }
    case "query":
      return compileSingularQuery(operand.query);
    case "length": {
      const find = compileOperand(operand.operand);
      return (current, context) => lengthOf(find(current, context));
    }
    case "count": {
      const find = compileQuery(operand.query);
      return (current, context) => find(current, context).length;
    }
    case "value": {
      const find = compileQuery(operand.query);
      return (current, context) => {
        const found = find(current, context);
        return found.length === 1 ? found[0] : undefined;
      };
    }
  }
}

function lengthOf(value: Json | undefined): number | undefined {
  if (typeof value === "string") return countCharacters(value);
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : undefined;
}

function compileSingularQuery(query: Query): Evaluated<Json | undefined> {
  const { segments, offset } = query;
  const price = 1 + segments.length;
  if (query.from === "current") {
    const walk = compileWalk(segments);
    return (current, context) => {
      spendOperations(context, price, offset);
      return walk(current) as Json | undefined;
    };
  }
  const walk = compileRootWalk(segments);
  return (_, context) => {
    spendOperations(context, price, offset);
    const found = walk(context);
    return found === undefined ? undefined : settle(found);
  };
}

function compileQuery(query: Query): Evaluated<readonly Json[]> {
  const { offset } = query;
  if (query.from === "current") {
    const select = compileSelect(query.segments, offset);
    return (current, context) => select(current, context);
  }
  const find = compileDocumentQuery(query.segments, offset);
  return (_, context) => find(context);
}

/** A query from `$`: the singular beginning is walked lazily, the rest selected from what that finds. */
export function compileDocumentQuery(
  segments: Query["segments"],
  offset: number,
): (context: EvaluationContext) => readonly Json[] {
  const firstPlural = segments.findIndex((segment) => !isSingular([segment]));
  const plain = firstPlural === -1 ? segments.length : firstPlural;
  const walk = compileRootWalk(segments.slice(0, plain));
  const select = compileSelect(segments.slice(plain), offset);
  return (context) => {
    spendOperations(context, 1 + plain, offset);
    const found = walk(context);
    return found === undefined ? [] : select(settle(found), context);
  };
}

/** Anything but two strings, and a pattern from data that is no regular expression, makes the test false. */
function compileMatch({ kind, text, pattern, offset }: Extract<Filter, { kind: "match" | "search" }>): Holds {
  const findText = compileOperand(text);
  const findPattern = compileOperand(pattern);
  const isConstant = pattern.kind === "literal";
  return (current, context) => {
    const subject = findText(current, context);
    const source = findPattern(current, context);
    if (typeof subject !== "string" || typeof source !== "string") return false;
    if (!isConstant) spendOperations(context, PATTERN_PRICE, offset);
    const parsed = parseRegex(source, "iregexp");
    if (!parsed.ok) return false;
    return applyRegex(parsed.regex, kind, subject, context, offset);
  };
}

function applyRegex(
  regex: Regex,
  kind: "match" | "search",
  text: string,
  context: EvaluationContext,
  offset: number,
): boolean {
  spendOperations(context, regex.price(text.length), offset);
  return kind === "match" ? regex.matchesWhole(text) : regex.test(text);
}
