// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the language look like those of TypeScript.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "../../base/json.ts";
import { documentContext } from "./document.ts";
import { ExpressionError } from "./evaluation.ts";
import { parseExpression } from "./parse.ts";
import { compileValue } from "./template.ts";

function contextOf(document: Json) {
  return documentContext(document, { now: 0, random: () => 0.5, bytesMax: 100_000 });
}

/** What parses and evaluates gives JSON; everything else is a problem or an `ExpressionError`. */
function checkTame(source: string, document: Json): void {
  const parsed = parseExpression(source, { bareRoots: true });
  if (!parsed.ok) {
    assert.ok(parsed.problem.offset >= 0 && parsed.problem.offset <= source.length);
    assert.match(parsed.problem.message, /^Expected /);
    return;
  }
  try {
    const value = parsed.value.evaluate(contextOf(document));
    assert.deepEqual(JSON.parse(JSON.stringify(value)), withoutNegativeZero(value));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    assert.ok(error.offset >= 0 && error.offset <= source.length);
    assert.match(error.message, /^Expected /);
  }
}

/** JSON text knows no -0. */
function withoutNegativeZero(value: Json): Json {
  return JSON.parse(JSON.stringify(value), (_, each: Json) => (each === 0 ? 0 : each)) as Json;
}

const wellFormed = fc.string({ unit: "grapheme" });
const key = fc.oneof(
  fc.constantFrom("a", "b", "items", "name", "length", "__proto__", "constructor", "a-b"),
  wellFormed,
);
const document = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(null, true, false, 0, 1, -1, 2.5, "", "a", "ab", "2026-01-02"),
    wellFormed,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((members) => JSON.parse(toObjectText(members)) as Json),
  ),
})).value;

function toObjectText(members: readonly (readonly [string, unknown])[]): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}

const WORDS =
  `$ @ . .. [ ] ( ) { } , : ? ! - + * / % == != < <= > >= && || ?? in not true false null 0 1 -1 2.5 1e3 'a' "b"
  'items' a b items name length input $.a $.items [*] [0] [-1] [1:2] [?@.a] [?@.a==1] [?match(@,'a')] .length ..a
  len( count( sum( max( sort( join( split( upper( round( number( string( json( parse_json( default( merge( flatten(
  date_add( format_date( replace( matches( substring( distinct( keys( pick( base64_decode( sha256(`.split(/\s+/);

const soup = fc
  .array(fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom("", "", " ")), { maxLength: 14 })
  .map((words) => words.map(([word, space]) => word + space).join(""));

const expression = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom(
      "a",
      "items",
      "$.a",
      "$.items[0]",
      "items[*].a",
      "$..a",
      "name.length",
      "1",
      "2.5",
      "'a'",
      "null",
      "true",
      "[]",
      "{}",
    ),
    fc
      .tuple(
        tie("any"),
        fc.constantFrom("+", "-", "*", "/", "%", "==", "<", ">=", "&&", "||", "??", "in", "not in"),
        tie("any"),
      )
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    fc
      .tuple(tie("any"), tie("any"), tie("any"))
      .map(([test, then, otherwise]) => `(${test}) ? (${then}) : (${otherwise})`),
    fc.tuple(fc.constantFrom("!", "-"), tie("any")).map(([operator, operand]) => `${operator}(${operand})`),
    fc
      .tuple(tie("any"), fc.constantFrom(".a", "[0]", "['a']", "[*]", "..a", "[?@.a]", ".length", "[::-1]"))
      .map(([base, segment]) => `(${base})${segment}`),
    fc.tuple(tie("any"), tie("any")).map(([base, index]) => `(${base})[(${index})]`),
    fc.tuple(tie("any"), tie("any")).map(([first, second]) => `[${first}, {k: ${second}}]`),
    fc
      .tuple(
        fc.constantFrom(
          "len",
          "count",
          "sum",
          "avg",
          "min",
          "max",
          "sort",
          "reverse",
          "flatten",
          "keys",
          "values",
          "entries",
          "distinct",
          "json",
          "parse_json",
          "string",
          "number",
          "bool",
          "upper",
          "trim",
          "round",
          "floor",
          "abs",
          "sha256",
          "base64_encode",
          "base64_decode",
          "merge",
          "coalesce",
        ),
        tie("any"),
      )
      .map(([name, parameter]) => `${name}(${parameter})`),
    fc
      .tuple(
        fc.constantFrom(
          "default",
          "split",
          "join",
          "contains",
          "starts_with",
          "matches",
          "substring",
          "date_add",
          "date_diff",
          "format_date",
          "pick",
          "omit",
          "round",
          "sort",
          "flatten",
          "hmac_sha256",
          "max",
        ),
        tie("any"),
        tie("any"),
      )
      .map(([name, first, second]) => `${name}(${first}, ${second})`),
  ),
})).any;

test("random text neither crashes the parser nor the evaluation", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), document, checkTame), { numRuns: 500 });
  fc.assert(fc.property(soup, document, checkTame), { numRuns: 3_000 });
});

test("random expressions give JSON or an error that explains itself", () => {
  fc.assert(fc.property(expression, document, checkTame), { numRuns: 3_000 });
});

test("a path with random edits never crashes", () => {
  const path = fc.constantFrom(
    "$.items[?@.a == 1 && match(@.b, 'x.*')].c",
    "$..['a','b'][0:2:1]",
    "$[?count(@.*) > length(@.a)]",
    "${x} $$",
  );
  const edited = fc
    .tuple(path, fc.nat(50), fc.nat(3), fc.string({ maxLength: 3, unit: "binary" }))
    .map(([source, at, length, text]) => source.slice(0, at) + text + source.slice(at + length));
  fc.assert(fc.property(edited, document, checkTame), { numRuns: 2_000 });
});

test("JSON without its numbers' odd forms is an expression that gives itself", () => {
  fc.assert(
    fc.property(document, (value) => {
      const parsed = parseExpression(JSON.stringify(value), { bareRoots: true });
      if (!parsed.ok) assert.fail(`${parsed.problem.message} in ${JSON.stringify(value)}`);
      assert.deepEqual(parsed.value.evaluate(contextOf(null)), withoutNegativeZero(value));
    }),
  );
});

test("the normalised path of every value finds that value", () => {
  fc.assert(
    fc.property(document, (value) => {
      for (const [path, expected] of placesOf(value, "$")) {
        const parsed = parseExpression(path, { bareRoots: false });
        if (!parsed.ok) assert.fail(`${parsed.problem.message} in ${path}`);
        assert.deepEqual(parsed.value.evaluate(contextOf(value)), expected);
      }
    }),
  );
});

function placesOf(value: Json, path: string): readonly (readonly [string, Json])[] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  const children = Object.entries(value).flatMap(([name, child]: [string, Json]) =>
    placesOf(child, `${path}[${Array.isArray(value) ? name : JSON.stringify(name)}]`),
  );
  return [[path, value], ...children];
}

test("every descendant is found once by ..*", () => {
  fc.assert(
    fc.property(document, (value) => {
      const parsed = parseExpression("$..*", { bareRoots: false });
      assert.ok(parsed.ok);
      const found = parsed.value.evaluate(contextOf(value));
      assert.ok(Array.isArray(found));
      assert.equal(found.length, placesOf(value, "$").length - 1);
    }),
  );
});

test("any text survives as a constant once its dollars are escaped", () => {
  const dollars = fc
    .array(fc.constantFrom("$", "{", "}", ".", "[", "input", "a", "$$", "${", "$."))
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(dollars, wellFormed), (text) => {
      const body = text.replaceAll("${", () => "$${");
      const escaped = text.startsWith("$") && !text.startsWith("${") ? `$${body}` : body;
      assert.equal(compileValue(escaped).value.constant, text);
    }),
    { numRuns: 1_000 },
  );
});

test("text put into a template comes out as it is, whatever it looks like", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const { value } = compileValue({ whole: "${input}", part: "<${input}>" });
      assert.deepEqual(value.evaluate(contextOf({ input: text })), { whole: text, part: `<${text}>` });
    }),
  );
});
