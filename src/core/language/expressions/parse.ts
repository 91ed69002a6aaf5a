/**
 * From text to a compiled expression.
 *
 * An expression that is only a path is read by the RFC's grammar alone: what that refuses is refused, even if our larger
 * grammar (`grammar.ts`) could make sense of it.
 */

import { quote } from "../../base/text.ts";
import { compile } from "./compile.ts";
import type { EvaluationContext } from "./evaluation.ts";
import type { Expression, Parsed, Problem } from "./expression.ts";
import { FUNCTIONS } from "./functions/catalogue.ts";
import type { FunctionEntry } from "./functions/entry.ts";
import { parseGrammar } from "./grammar.ts";
import { toBoolean } from "./operators.ts";
import { parseSegments } from "./parse-path.ts";
import { attempt, EXPRESSION_LENGTH_MAX, Reader } from "./reader.ts";
import { referencesOf } from "./references.ts";
import type { Node } from "./syntax.ts";

export interface ExpressionOptions {
  /** Whether roots may be written without `$.`, as in conditions and inside `${...}`. */
  readonly bareRoots: boolean;
  /** The functions that may be called; those of the language if absent. */
  readonly functions?: ReadonlyMap<string, FunctionEntry>;
}

export function parseExpression(source: string, options: ExpressionOptions): Parsed<Expression> {
  const tree = parseTree(source, options);
  if (!tree.ok) return tree;
  return { ok: true, value: { source, references: referencesOf(tree.value), evaluate: compile(tree.value) } };
}

/** A condition may have white space around it, as texts of several lines have. Offsets count from its beginning. */
export function parseCondition(source: string): Parsed<Expression> {
  const start = source.length - source.trimStart().length;
  const parsed = parseExpression(source.trim(), { bareRoots: true });
  if (parsed.ok || start === 0) return parsed;
  return { ok: false, problem: { ...parsed.problem, offset: parsed.problem.offset + start } };
}

/** Whether a condition holds: null counts as false, other types are an `ExpressionError`. */
export function evaluateCondition(condition: Expression, context: EvaluationContext): boolean {
  return toBoolean(condition.evaluate(context), "the condition", 0);
}

function parseTree(source: string, options: ExpressionOptions): Parsed<Node> {
  if (source.length > EXPRESSION_LENGTH_MAX) {
    const message = `Expected an expression of at most ${EXPRESSION_LENGTH_MAX} characters, but met one of ${source.length}.`;
    return { ok: false, problem: { message, hint: null, offset: EXPRESSION_LENGTH_MAX } };
  }
  const start = source.search(/[^ \t\r\n]/);
  if (start === -1) {
    return { ok: false, problem: { message: "Expected an expression, but there is none.", hint: null, offset: 0 } };
  }
  const parseAll = () => parseGrammar(source, { ...options, functions: options.functions ?? FUNCTIONS });
  if (source[start] !== "$") {
    if (options.bareRoots) return attempt(parseAll);
    const message = `Expected an expression that begins with "$.", but met ${quote(source)}.`;
    return { ok: false, problem: { message, hint: null, offset: 0 } };
  }
  const path = attempt(() => parseOnlyPath(source));
  if (path.ok) return path;
  const whole = attempt(parseAll);
  if (whole.ok) return isOnlyPath(whole.value) ? path : whole;
  return { ok: false, problem: farther(path.problem, whole.problem) };
}

/** The complaint of the grammar that came farther is the one that understood more. */
function farther(path: Problem, whole: Problem): Problem {
  return path.offset > whole.offset || (path.offset === whole.offset && whole.hint === null) ? path : whole;
}

function parseOnlyPath(source: string): Node {
  const reader = new Reader(source);
  if (!reader.accept("$")) reader.fail("Expected a path to begin with $, but met white space before it.");
  const segments = parseSegments(reader, "outside");
  if (!reader.isAtEnd()) {
    const rest = reader.source.slice(reader.position);
    reader.fail(
      rest.trim() === ""
        ? "Expected a path to end without white space, but met some after it."
        : `Expected a segment of the path or its end, but met ${reader.met()}.`,
    );
  }
  return { kind: "path", base: { kind: "whole" }, segments, offset: 0, depth: 1 };
}

function isOnlyPath(node: Node): boolean {
  if (node.kind === "computed-member") return isOnlyPath(node.base);
  if (node.kind !== "path") return false;
  return node.base.kind === "whole" || isOnlyPath(node.base.node);
}
