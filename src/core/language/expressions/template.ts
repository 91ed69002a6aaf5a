/**
 * Strings that may hold expressions.
 *
 *     $.input.email                  begins like a path: the whole string is an expression
 *     ${input.total}                 one whole ${...}: keeps the type of its value
 *     /customers/${input.id}/check   pieces, joined to one text
 *     Bearer ${secrets.TOKEN}        a place that is filled later, by whoever performs the step
 *     $$.not-a-path  $${not-one}     $$ at the beginning and $${ anywhere stand for $ and ${
 *     $5.00                          plain text
 *
 * A whole tree of values, such as the `input` of a step, is compiled as one: strings are templates at any depth, keys
 * never. What holds no expression is kept as it is and shared by all evaluations. What an evaluation gives is data and
 * is never looked at for expressions again.
 */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the language look like those of TypeScript.

import { isObject, type Json } from "../../base/json.ts";
import { quote } from "../../base/text.ts";
import { spendBytes, spendOperations } from "./budget.ts";
import type { Evaluate } from "./compile.ts";
import { type EvaluationContext, ExpressionError } from "./evaluation.ts";
import type { Expression, Parsed, PlacedReference, Problem, SecretPlace, Value } from "./expression.ts";
import { setMember } from "./members.ts";
import { parseExpression } from "./parse.ts";
import { toText } from "./render.ts";

export type Template =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "expression"; readonly expression: PlacedExpression }
  | { readonly kind: "pieces"; readonly pieces: readonly Piece[] };

export type Piece = string | PlacedExpression | { readonly secret: string };

export interface PlacedExpression {
  readonly expression: Expression;
  /** Where the expression begins in the string. */
  readonly offset: number;
}

/** More places than this are a document that wants a script. */
const PIECES_MAX = 1_000;

export function parseTemplate(source: string): Parsed<Template> {
  if (/^\$(?:[.[]|$)/.test(source)) return parseValueExpression(source);
  const pieces: Piece[] = [];
  let text = "";
  let at = 0;
  if (source.startsWith("$$")) {
    text = "$";
    at = 2;
  }
  while (at < source.length) {
    const dollar = source.indexOf("$", at);
    if (dollar === -1) break;
    text += source.slice(at, dollar);
    if (source.startsWith("$${", dollar)) {
      text += "${";
      at = dollar + 3;
    } else if (source.startsWith("${", dollar)) {
      const place = parsePlace(source, dollar);
      if (!place.ok) return place;
      if (text !== "") pieces.push(text);
      pieces.push(place.value.piece);
      if (pieces.length > PIECES_MAX)
        return failAt(dollar, `Expected at most ${PIECES_MAX} places in a template, but met more.`);
      text = "";
      at = place.value.end;
    } else {
      text += "$";
      at = dollar + 1;
    }
  }
  text += source.slice(at);
  return { ok: true, value: toTemplate(pieces, text) };
}

function toTemplate(pieces: readonly Piece[], text: string): Template {
  const [first, ...more] = pieces;
  if (first === undefined) return { kind: "text", text };
  if (text === "" && more.length === 0 && typeof first === "object" && "expression" in first) {
    return { kind: "expression", expression: first };
  }
  return { kind: "pieces", pieces: text === "" ? pieces : [...pieces, text] };
}

function parseValueExpression(source: string): Parsed<Template> {
  const parsed = parseExpression(source, { bareRoots: false });
  if (!parsed.ok) return parsed;
  if (readsSecrets(parsed.value))
    return failAt(0, "Expected a secret to stand in a template, but met it in an expression.", SECRET_HINT);
  return { ok: true, value: { kind: "expression", expression: { expression: parsed.value, offset: 0 } } };
}

const SECRET_HINT = "Write ${secrets.NAME}, with nothing else in the braces.";

function readsSecrets(expression: Expression): boolean {
  return expression.references.some(({ root }) => root === "secrets");
}

/** The place `${...}` that begins at `start`. */
function parsePlace(source: string, start: number): Parsed<{ readonly piece: Piece; readonly end: number }> {
  const close = endOfPlace(source, start + 2);
  if (close === -1) {
    return failAt(start, 'Expected "}" to close "${", but met the end.', "Write $${ for a literal ${.");
  }
  const inner = source.slice(start + 2, close);
  const trimmed = inner.trim();
  const offset = start + 2 + (inner.length - inner.trimStart().length);
  const end = close + 1;
  if (trimmed === "") return failAt(start, "Expected an expression in ${...}, but there is none.");
  const parsed = parseExpression(trimmed, { bareRoots: true });
  if (!parsed.ok) return { ok: false, problem: { ...parsed.problem, offset: offset + parsed.problem.offset } };
  if (!readsSecrets(parsed.value)) return { ok: true, value: { piece: { expression: parsed.value, offset }, end } };
  const secret = /^(?:\$\.)?secrets\.([A-Za-z_][A-Za-z0-9_-]*)$/.exec(trimmed)?.[1];
  if (secret !== undefined) return { ok: true, value: { piece: { secret }, end } };
  return failAt(offset, `Expected a secret to stand alone in its place, but met ${quote(trimmed)}.`, SECRET_HINT);
}

/** Where the `}` stands that closes the place; braces inside strings and object literals do not. -1 if none does. */
function endOfPlace(source: string, start: number): number {
  let open = 0;
  let quoted = "";
  for (let at = start; at < source.length; at++) {
    const sign = source[at] as string;
    if (quoted !== "") {
      if (sign === "\\") at++;
      else if (sign === quoted) quoted = "";
    } else if (sign === '"' || sign === "'") {
      quoted = sign;
    } else if (sign === "{") {
      open++;
    } else if (sign === "}") {
      if (open === 0) return at;
      open--;
    }
  }
  return -1;
}

function failAt(
  offset: number,
  message: string,
  hint: string | null = null,
): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: { message, hint, offset } };
}

/**
 * A warning for a string such as `$input.email`, which is plain text but surely means a path; null for all others.
 * `roots` are the names that mean something where the string stands.
 */
export function warnOfForgottenDot(source: string, roots: Iterable<string>): string | null {
  const name = /^\$([A-Za-z_][A-Za-z0-9_-]*)/.exec(source)?.[1];
  if (name === undefined) return null;
  for (const root of roots) {
    if (root !== name) continue;
    return `Expected "$.${name}" or "$$${name}", but met ${quote(source)}, which is plain text.`;
  }
  return null;
}

export type PlacedProblem = Problem & { readonly at: Path };

export interface CompiledValue {
  readonly value: Value;
  readonly problems: readonly PlacedProblem[];
}

type Path = readonly (string | number)[];

/** Deeper trees are no mapping that somebody wrote. */
const TREE_DEPTH_MAX = 200;

/** What is found on the way through the tree. */
interface Findings {
  readonly references: PlacedReference[];
  readonly secrets: SecretPlace[];
  readonly problems: PlacedProblem[];
}

type Part =
  | { readonly kind: "constant"; readonly value: Json }
  | { readonly kind: "evaluated"; readonly evaluate: Evaluate };

/** Where there are problems, their places are null in the value. */
export function compileValue(tree: Json): CompiledValue {
  const findings: Findings = { references: [], secrets: [], problems: [] };
  const part = compilePart(tree, [], findings);
  const { references, secrets, problems } = findings;
  const constant = part.kind === "constant" ? part.value : undefined;
  return { value: { constant, references, secrets, evaluate: toEvaluate(part) }, problems };
}

function toEvaluate(part: Part): Evaluate {
  if (part.kind === "evaluated") return part.evaluate;
  const { value } = part;
  return () => value;
}

function compilePart(tree: Json, at: Path, findings: Findings): Part {
  if (typeof tree === "string") return compileText(tree, at, findings);
  if (typeof tree !== "object" || tree === null) return { kind: "constant", value: tree };
  if (at.length > TREE_DEPTH_MAX) {
    const message = `Expected values nested at most ${TREE_DEPTH_MAX} deep, but met deeper ones.`;
    return failPart(findings, { message, hint: null, offset: 0, at });
  }
  return isObject(tree) ? compileMembers(tree, at, findings) : compileItems(tree, at, findings);
}

function failPart(findings: Findings, problem: PlacedProblem): Part {
  findings.problems.push(problem);
  return { kind: "constant", value: null };
}

function compileItems(items: readonly Json[], at: Path, findings: Findings): Part {
  const parts = items.map((item, index) => compilePart(item, [...at, index], findings));
  if (parts.every(isConstant)) return { kind: "constant", value: parts.map(({ value }) => value) };
  const evaluates = parts.map(toEvaluate);
  const evaluate: Evaluate = (context) => {
    spendOperations(context, evaluates.length, 0);
    spendBytes(context, evaluates.length, 0);
    return evaluates.map((each) => each(context));
  };
  return { kind: "evaluated", evaluate };
}

function compileMembers(tree: { readonly [key: string]: Json }, at: Path, findings: Findings): Part {
  const keys = Object.keys(tree);
  const parts = keys.map((key) => compilePart(tree[key] as Json, [...at, key], findings));
  if (parts.every(isConstant)) {
    const value: { [key: string]: Json } = {};
    for (const [index, part] of parts.entries()) setMember(value, keys[index] as string, part.value);
    return { kind: "constant", value };
  }
  const evaluates = parts.map(toEvaluate);
  const put = keys.includes("__proto__") ? setMember : putPlain;
  const bytes = keys.reduce((sum, key) => sum + key.length + 4, 2);
  const evaluate: Evaluate = (context) => {
    spendOperations(context, keys.length, 0);
    spendBytes(context, bytes, 0);
    const result: { [key: string]: Json } = {};
    for (let i = 0; i < keys.length; i++) put(result, keys[i] as string, (evaluates[i] as Evaluate)(context));
    return result;
  };
  return { kind: "evaluated", evaluate };
}

function putPlain(object: { [key: string]: Json }, key: string, value: Json): void {
  object[key] = value;
}

function isConstant(part: Part): part is Extract<Part, { kind: "constant" }> {
  return part.kind === "constant";
}

function compileText(source: string, at: Path, findings: Findings): Part {
  if (!source.includes("$")) return { kind: "constant", value: source };
  const parsed = parseTemplate(source);
  if (!parsed.ok) return failPart(findings, { ...parsed.problem, at });
  const template = parsed.value;
  switch (template.kind) {
    case "text":
      return { kind: "constant", value: template.text };
    case "expression":
      noteReferences(template.expression, at, findings);
      return { kind: "evaluated", evaluate: located(template.expression, at) };
    case "pieces":
      return { kind: "evaluated", evaluate: compilePieces(template.pieces, at, findings) };
  }
}

function noteReferences({ expression, offset }: PlacedExpression, at: Path, findings: Findings): void {
  for (const reference of expression.references) {
    findings.references.push({ ...reference, offset: offset + reference.offset, at });
  }
}

/** The evaluation of one expression of the tree; its failure says which one it was. */
function located({ expression, offset }: PlacedExpression, at: Path): Evaluate {
  return (context) => {
    try {
      return expression.evaluate(context);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      const place = at.length === 0 ? "" : ` of ${quote(at.join("."))}`;
      throw new ExpressionError(`${error.message} (In ${quote(expression.source)}${place}.)`, offset + error.offset);
    }
  };
}

type EvaluatedPiece = (context: EvaluationContext) => string | { readonly secret: string };

function compilePieces(pieces: readonly Piece[], at: Path, findings: Findings): Evaluate {
  const names = pieces.flatMap((piece) => (typeof piece === "object" && "secret" in piece ? [piece.secret] : []));
  const parts = pieces.map((piece) => compilePiece(piece, at, findings));
  if (names.length > 0) {
    findings.secrets.push({ at, names, pieces: (context) => parts.map((part) => part(context)) });
  }
  return (context) => {
    let text = "";
    for (const part of parts) {
      const piece = part(context);
      if (typeof piece === "string") {
        text += piece;
      } else {
        context.secret?.(piece.secret);
        text += `\${secrets.${piece.secret}}`;
      }
    }
    spendBytes(context, text.length, 0);
    return text;
  };
}

function compilePiece(piece: Piece, at: Path, findings: Findings): EvaluatedPiece {
  if (typeof piece === "string" || "secret" in piece) return () => piece;
  noteReferences(piece, at, findings);
  const evaluate = located(piece, at);
  return (context) => toText(context, evaluate(context), piece.offset);
}
