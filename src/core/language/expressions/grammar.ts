/**
 * The grammar of expressions, loosest first:
 *
 *     a ? b : c      a ?? b      a || b      a && b      a == b  a in b      a + b      a * b      !a  -a      a.b  a[0]  f(a)
 *
 * A Pratt parser: each operator knows how tightly it binds. Paths follow RFC 9535 wherever they stand (`parse-path.ts`).
 */

import type { Json } from "../../base/json.ts";
import { nearest, quote } from "../../base/text.ts";
import { type Apply, arity, type FunctionEntry } from "./functions/entry.ts";
import { parseSegment } from "./parse-path.ts";
import { attempt, EXPRESSION_DEPTH_MAX, Reader } from "./reader.ts";
import { type BinaryOperator, isSingular, type Node, type PathBase, type Segment } from "./syntax.ts";

export interface GrammarOptions {
  readonly bareRoots: boolean;
  readonly functions: ReadonlyMap<string, FunctionEntry>;
}

/** The tree of a whole source. To be called by `attempt`. */
export function parseGrammar(source: string, options: GrammarOptions): Node {
  return new ExpressionParser(source, options).parseAll();
}

/** Binary operators and how tightly they bind. Comparisons do not chain. */
const BINDING = {
  "??": 1,
  "||": 2,
  "&&": 3,
  "==": 4,
  "!=": 4,
  "<=": 4,
  ">=": 4,
  "<": 4,
  ">": 4,
  in: 4,
  "not in": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "%": 6,
} as const satisfies Record<BinaryOperator, number>;

const COMPARISON_BINDING = 4;

const SIGNS = ["??", "||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%"] as const;

/** Words that are no names of roots. */
const RESERVED: ReadonlySet<string> = new Set(["true", "false", "null", "in", "not"]);

class ExpressionParser {
  private readonly reader: Reader;
  private readonly bareRoots: boolean;
  private readonly functions: ReadonlyMap<string, FunctionEntry>;

  constructor(source: string, options: GrammarOptions) {
    this.reader = new Reader(source);
    this.bareRoots = options.bareRoots;
    this.functions = options.functions;
  }

  parseAll(): Node {
    const node = this.parseExpression();
    this.reader.skipSpace();
    if (!this.reader.isAtEnd()) this.failRest();
    return node;
  }

  private failRest(): never {
    const { reader } = this;
    const before = reader.source.slice(0, reader.position).trimEnd();
    const hints: Readonly<Record<string, string>> = {
      "=": "Write == to compare.",
      "&": "Write && for and.",
      "|": "Write || for or.",
    };
    const sign = String.fromCharCode(reader.unit());
    const word = /^(?:and|or|is)\b/.exec(reader.source.slice(reader.position, reader.position + 8))?.[0];
    const words: Readonly<Record<string, string>> = { and: "Write &&.", or: "Write ||.", is: "Write ==." };
    const hint =
      hints[sign] ??
      (word === undefined ? undefined : words[word]) ??
      (before.endsWith("-") ? "Write spaces on both sides of a minus." : null);
    return reader.fail(`Expected an operator or the end of the expression, but met ${reader.met()}.`, hint);
  }

  private parseExpression(): Node {
    return this.reader.nested(() => this.parseChoice());
  }

  private parseChoice(): Node {
    const { reader } = this;
    const test = this.parseBinary(1);
    reader.skipSpace();
    const offset = reader.position;
    if (reader.startsWith("??") || !reader.accept("?")) return test;
    const then = this.parseExpression();
    reader.skipSpace();
    reader.expect(":", "between the two results of ?");
    const otherwise = this.parseExpression();
    return { kind: "choice", test, then, otherwise, offset, depth: this.above(test, then, otherwise) };
  }

  private parseBinary(binding: number): Node {
    const { reader } = this;
    let left = this.parseUnary();
    let compared = false;
    for (;;) {
      const before = reader.position;
      reader.skipSpace();
      const offset = reader.position;
      const operator = this.acceptOperator();
      if (operator === null || BINDING[operator] < binding) {
        reader.position = before;
        return left;
      }
      if (BINDING[operator] === COMPARISON_BINDING) {
        if (compared) this.failChain(offset);
        compared = true;
      }
      const right = this.parseBinary(BINDING[operator] + 1);
      left = { kind: "binary", operator, left, right, offset, depth: this.above(left, right) };
      // What binds more loosely than a comparison may be followed by another one.
      if (BINDING[operator] < COMPARISON_BINDING) compared = false;
    }
  }

  private failChain(offset: number): never {
    this.reader.fail("Expected comparisons not to chain, but met a second one.", "Write a < b && b < c.", offset);
  }

  private acceptOperator(): BinaryOperator | null {
    const { reader } = this;
    for (const sign of SIGNS) if (reader.accept(sign)) return sign;
    const found = reader.matchHere(/(?:in|not[ \t\r\n]+in)(?![A-Za-z0-9_-])/y);
    if (found === null) return null;
    return found === "in" ? "in" : "not in";
  }

  private parseUnary(): Node {
    const { reader } = this;
    reader.skipSpace();
    const offset = reader.position;
    if (reader.accept("!")) {
      const operand = reader.nested(() => this.parseUnary());
      return { kind: "not", operand, offset, depth: this.above(operand) };
    }
    if (!reader.accept("-")) return this.parsePostfix();
    const operand = reader.nested(() => this.parseUnary());
    if (operand.kind === "literal" && typeof operand.value === "number") {
      return { kind: "literal", value: -operand.value, offset, depth: 1 };
    }
    return { kind: "negate", operand, offset, depth: this.above(operand) };
  }

  private parsePostfix(): Node {
    const { reader } = this;
    reader.skipSpace();
    const offset = reader.position;
    const root = this.acceptRoot();
    let base: PathBase = root === null ? { kind: "node", node: this.parsePrimary() } : { kind: "whole" };
    let segments: Segment[] = root ?? [];
    for (;;) {
      const next = this.acceptPostfix(segments);
      if (next === null) return this.toPath(base, segments, offset);
      if ("selectors" in next) {
        segments.push(next);
        continue;
      }
      const target = this.toPath(base, segments, offset);
      const depth = this.above(target, next);
      base = { kind: "node", node: { kind: "computed-member", base: target, key: next, offset, depth } };
      segments = [];
    }
  }

  private toPath(base: PathBase, segments: readonly Segment[], offset: number): Node {
    if (base.kind === "whole") return { kind: "path", base, segments, offset, depth: 1 };
    if (segments.length === 0) return base.node;
    return { kind: "path", base, segments, offset, depth: this.above(base.node) };
  }

  /** `$`, or the name of a root where that may stand alone: the segments so far. */
  private acceptRoot(): Segment[] | null {
    const { reader } = this;
    const start = reader.position;
    if (reader.accept("$")) {
      const name = reader.acceptName(true);
      if (name !== null)
        reader.fail("Expected a dot between $ and a name, but met none.", `Write $.${name}.`, start + 1);
      return [];
    }
    const name = reader.acceptName(true);
    const end = reader.position;
    reader.skipSpace();
    const isCall = reader.startsWith("(");
    reader.position = end;
    if (name === null || isCall || RESERVED.has(name)) {
      reader.position = start;
      return null;
    }
    if (!this.bareRoots) {
      reader.fail(`Expected "$." before the name of a root, but met "${name}" alone.`, `Write $.${name}.`, start);
    }
    return [{ descends: false, selectors: [{ kind: "name", name, measures: false }] }];
  }

  /** A segment by the RFC, or the expression of a computed key: `[` with what no selector begins with. */
  private acceptPostfix(before: readonly Segment[]): Segment | Node | null {
    const { reader } = this;
    const start = reader.position;
    reader.skipSpace();
    if (!reader.startsWith("[")) {
      reader.position = start;
      return parseSegment(reader, "outside");
    }
    const opening = reader.position;
    const sign = this.signInBrackets();
    if ("?*:]".includes(sign)) return parseSegment(reader, "outside");
    if (/["'0-9-]/.test(sign)) {
      const plain = attempt(() => parseSegment(reader, "outside"));
      if (plain.ok) return plain.value;
      reader.position = opening;
    }
    if (!isSingular(before)) {
      reader.fail(
        "Expected a constant in the brackets, but met an expression after a path that may find many values.",
        "Put the path into parentheses to take one of its results.",
      );
    }
    reader.expect("[", "to open the brackets");
    const key = this.parseExpression();
    reader.skipSpace();
    reader.expect("]", "to close the brackets");
    return key;
  }

  private signInBrackets(): string {
    const { reader } = this;
    const opening = reader.position;
    reader.position++;
    reader.skipSpace();
    const sign = reader.source[reader.position] ?? "]";
    reader.position = opening;
    return sign;
  }

  private parsePrimary(): Node {
    const { reader } = this;
    const offset = reader.position;
    if (reader.accept("(")) {
      const inner = this.parseExpression();
      reader.skipSpace();
      reader.expect(")", "to close the parentheses");
      return inner;
    }
    if (reader.accept("[")) return this.parseArray(offset);
    if (reader.accept("{")) return this.parseObject(offset);
    if (reader.startsWith('"') || reader.startsWith("'")) return literal(reader.readString(true), offset);
    const number = reader.acceptNumber();
    if (number !== null) return literal(number, offset);
    const word = reader.acceptName(true);
    if (word === null) return reader.fail(`Expected a value, but met ${reader.met()}.`);
    const afterWord = reader.position;
    reader.skipSpace();
    if (reader.accept("(")) return this.parseCall(word, offset);
    reader.position = afterWord;
    if (word === "true" || word === "false") return literal(word === "true", offset);
    if (word === "null") return literal(null, offset);
    const hint = word === "not" ? "Write !a, or a not in b." : null;
    return reader.fail(`Expected a value, but met the operator "${word}".`, hint, offset);
  }

  private parseArray(offset: number): Node {
    const items = this.parseList("]", () => this.parseExpression());
    return { kind: "array", items, offset, depth: this.above(...items) };
  }

  private parseObject(offset: number): Node {
    const { reader } = this;
    const keys = new Set<string>();
    const members = this.parseList("}", () => {
      const start = reader.position;
      const isQuoted = reader.startsWith('"') || reader.startsWith("'");
      const key = isQuoted ? reader.readString(true) : reader.acceptName(true);
      if (key === null) return reader.fail(`Expected the name of a member, but met ${reader.met()}.`);
      if (keys.has(key)) reader.fail(`Expected each member once, but met ${quote(key)} again.`, null, start);
      keys.add(key);
      reader.skipSpace();
      reader.expect(":", "after the name of the member");
      return { key, value: this.parseExpression() };
    });
    return { kind: "object", members, offset, depth: this.above(...members.map(({ value }) => value)) };
  }

  private parseList<T>(closing: string, parseItem: () => T): readonly T[] {
    const { reader } = this;
    const items: T[] = [];
    reader.skipSpace();
    if (reader.accept(closing)) return items;
    do {
      reader.skipSpace();
      items.push(parseItem());
      reader.skipSpace();
    } while (reader.accept(","));
    reader.expect(closing, "or a comma");
    return items;
  }

  private parseCall(name: string, offset: number): Node {
    const { reader } = this;
    const entry = this.functions.get(name);
    if (entry === undefined) {
      const near = nearest(name, this.functions.keys());
      const hint = near === null ? null : `Did you mean "${near}"?`;
      return reader.fail(`Expected the name of a function, but there is no "${name}".`, hint, offset);
    }
    const parameters = this.parseList(")", () => this.parseExpression());
    const apply = this.prepareCall(entry, parameters, offset);
    return { kind: "call", name, apply, parameters, offset, depth: this.above(...parameters) };
  }

  private prepareCall(entry: FunctionEntry, parameters: readonly Node[], offset: number): Apply {
    const { least, most } = arity(entry.parameters);
    const count = parameters.length;
    const usage = `Write ${entry.name}(${entry.parameters.join(", ")}).`;
    if (count < least || count > most) {
      const wanted =
        least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
      const noun = wanted === "1" || wanted === "at least 1" ? "value" : "values";
      this.reader.fail(`Expected ${entry.name} to get ${wanted} ${noun}, but it gets ${count}.`, usage, offset);
    }
    if ("apply" in entry) return entry.apply;
    const prepared = entry.prepare(parameters.map((node) => (node.kind === "literal" ? node.value : undefined)));
    return prepared.ok ? prepared.apply : this.reader.fail(prepared.message, usage, offset);
  }

  /** The depth of a node above `children`. */
  private above(...children: readonly Node[]): number {
    let depth = 0;
    for (const child of children) if (child.depth > depth) depth = child.depth;
    if (depth >= EXPRESSION_DEPTH_MAX) this.reader.failDepth();
    return depth + 1;
  }
}

function literal(value: Json, offset: number): Node {
  return { kind: "literal", value, offset, depth: 1 };
}
