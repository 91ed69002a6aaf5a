/** Compiles what stands at the leaves of a document: values, conditions and schemas. */

import type { Json } from "../../base/json.ts";
import { ALERT_FUNCTIONS } from "../alert-functions.ts";
import type { Expression, Parsed, Value } from "../expressions/expression.ts";
import { parseCondition, parseExpression } from "../expressions/parse.ts";
import { compileValue } from "../expressions/template.ts";
import type { OutlineStep } from "../outline.ts";
import type { Node, Place } from "../parse/node.ts";
import { descend, scalar, text, toJson } from "../parse/node.ts";
import type { Reading } from "../parts.ts";
import { checkPattern } from "../regex.ts";
import type { Report } from "../report.ts";
import { isRetryCode } from "../retry-rule.ts";
import type { Schema } from "../schema.ts";
import { parseSchema } from "../schema.ts";

/** Where in a document a check is. */
export interface Where {
  readonly step: OutlineStep | null;
  /** Names of the fields that lead here, from the step or from the document. */
  readonly fields: readonly string[];
  /** What a message calls the object whose fields these are. */
  readonly owner: string;
  /** The type of the step that the object is; absent for other objects. */
  readonly type?: string;
}

export interface LeafReader {
  readValue(node: Node, where: Where): void;
  readCondition(node: Node, where: Where): void;
  readSchema(node: Node, where: Where): void;
  /** Paths and patterns are only looked at: whoever uses them compiles them. */
  readPath(node: Node, where: Where): void;
  readPattern(node: Node, where: Where): void;
  readonly parts: {
    readonly values: Map<Node, Value>;
    readonly conditions: Map<Node, Expression>;
    readonly schemas: Map<Node, Schema>;
    readonly durations: Map<Node, number>;
    readonly readings: Reading[];
  };
}

/** Fields in which a bare text is an expression, because plain text would mean nothing there. */
const EXPRESSION_FIELDS: ReadonlySet<string> = new Set(["iterate_over", "times", "expression"]);

export function createLeafReader(report: Report): LeafReader {
  const values = new Map<Node, Value>();
  const conditions = new Map<Node, Expression>();
  const schemas = new Map<Node, Schema>();
  const durations = new Map<Node, number>();
  const readings: Reading[] = [];

  function readValue(node: Node, where: Where): void {
    const name = where.fields.at(-1) ?? "";
    const written = text(node);
    if (
      EXPRESSION_FIELDS.has(name) &&
      written !== undefined &&
      !written.startsWith("$") &&
      Number.isNaN(Number(written))
    ) {
      return readExpression(node, written, where);
    }
    const { value, problems } = compileValue(name === "times" ? toNumber(node) : toJson(node));
    for (const problem of problems) {
      const place = placeIn(descend(node, problem.at), problem.offset);
      report.add(
        "expression-invalid",
        { field: name, problem: problem.message, hint: problem.hint },
        place,
        where.step?.name,
      );
    }
    values.set(node, value);
    readings.push({
      node,
      step: where.step,
      fields: where.fields,
      references: value.references,
      secrets: value.secrets,
    });
  }

  /** A value that is one bare expression. */
  function readExpression(node: Node, source: string, where: Where): void {
    const expression = parse(node, source, where);
    if (expression === null) return;
    const references = expression.references.map((reference) => ({ ...reference, at: [] }));
    const evaluate: Value["evaluate"] = (context) => expression.evaluate(context);
    values.set(node, { constant: undefined, references, secrets: [], evaluate });
    readings.push({ node, step: where.step, fields: where.fields, references, secrets: [] });
  }

  function readCondition(node: Node, where: Where): void {
    const written = scalar(node);
    const source = String(written ?? "");
    const isCode = where.fields.at(-1) === "retry_on" && isRetryCode(source);
    if (isCode) return;
    const expression = parse(node, source, where);
    if (expression === null) return;
    conditions.set(node, expression);
    const { references } = expression;
    readings.push({ node, step: where.step, fields: where.fields, references, secrets: [] });
  }

  function parse(node: Node, source: string, where: Where): Expression | null {
    const isOfAlert = where.step === null && where.fields.includes("alerts");
    const parsed = isOfAlert ? parseAlertCondition(source) : parseCondition(source);
    if (parsed.ok) return parsed.value;
    const { message, hint, offset } = parsed.problem;
    const facts = { field: where.fields.at(-1) ?? "", problem: message, hint };
    report.add("expression-invalid", facts, placeIn(node, offset), where.step?.name);
    return null;
  }

  function readSchema(node: Node, where: Where): void {
    const { schema, problems } = parseSchema(toJson(node));
    for (const problem of problems) {
      const facts = { field: where.fields.at(-1) ?? "", problem: problem.message, hint: problem.hint };
      report.add("schema-invalid", facts, descend(node, problem.at).place, where.step?.name);
    }
    if (schema !== null) schemas.set(node, schema);
  }

  function readPath(node: Node, where: Where): void {
    const written = text(node) ?? "";
    // A plain name means every field of that name.
    if (!written.startsWith("$")) return;
    const parsed = parseExpression(written, { bareRoots: false });
    if (parsed.ok) return;
    const { message, hint, offset } = parsed.problem;
    const facts = { field: where.fields.at(-1) ?? "", problem: message, hint };
    report.add("expression-invalid", facts, placeIn(node, offset), where.step?.name);
  }

  function readPattern(node: Node, where: Where): void {
    const written = text(node) ?? "";
    const problem =
      written.trim() === ""
        ? "Expected a code or a regular expression, but the pattern is empty and would fit every message."
        : checkPattern(written, "search");
    if (problem !== null) report.add("pattern-invalid", { problem }, node.place, where.step?.name);
  }

  return {
    readValue,
    readCondition,
    readSchema,
    readPath,
    readPattern,
    parts: { values, conditions, schemas, durations, readings },
  };
}

/** A number in quotes is a number where nothing else can be meant. */
function toNumber(node: Node): Json {
  const written = text(node);
  return written === undefined || written.trim() === "" || Number.isNaN(Number(written))
    ? toJson(node)
    : Number(written);
}

/** The names in it are metrics. */
function parseAlertCondition(source: string): Parsed<Expression> {
  return parseExpression(source.trim(), { bareRoots: true, functions: ALERT_FUNCTIONS });
}

/** The place of a character of a text, where the text stands in the document as it is; else the place of the whole. */
export function placeIn(node: Node, offset: number): Place {
  const { place } = node;
  const written = text(node);
  if (written === undefined) return place;
  const source = place.source.text.slice(place.start, place.end);
  const at = source.indexOf(written);
  return at === -1 ? place : { ...place, start: Math.min(place.start + at + offset, place.end) };
}
