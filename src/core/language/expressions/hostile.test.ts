// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the language look like those of TypeScript.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../base/json.ts";
import { documentContext } from "./document.ts";
import { ExpressionError } from "./evaluation.ts";
import { parseExpression } from "./parse.ts";
import { compileValue } from "./template.ts";

/** Far more than any of these takes, and far less than they would take if something grew out of bounds. */
const PATIENCE_MS = 2_000;

const MEBIBYTE = 1_048_576;

function quickly<T>(run: () => T): T {
  const start = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(start);
  // Time of the processor: a busy machine makes nobody guilty.
  const elapsedMs = (user + system) / 1000;
  assert.ok(elapsedMs < PATIENCE_MS, `took ${Math.round(elapsedMs)} ms`);
  return result;
}

function parse(source: string) {
  const parsed = parseExpression(source, { bareRoots: true });
  if (!parsed.ok) assert.fail(parsed.problem.message);
  return parsed.value;
}

function evaluate(source: string, document: Json): Json {
  const context = documentContext(document, { now: 0, random: () => 0.5, bytesMax: MEBIBYTE });
  return parse(source).evaluate(context);
}

function checkRefused(source: string, message: RegExp): void {
  const parsed = quickly(() => parseExpression(source, { bareRoots: true }));
  assert.ok(!parsed.ok);
  assert.match(parsed.problem.message, message);
}

function checkFails(source: string, document: Json, message: RegExp): void {
  quickly(() =>
    assert.throws(
      () => evaluate(source, document),
      (error) => error instanceof ExpressionError && message.test(error.message),
    ),
  );
}

function nested(depth: number): Json {
  let value: Json = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

const DEEPER: Readonly<Record<string, string>> = {
  parentheses: "(",
  arrays: "[",
  objects: "{a:",
  calls: "len(",
  not: "!",
  minus: "-",
  "computed keys": "a[b",
  filters: "$[?@",
  "filter groups": "$[?(",
  "filter functions": "$[?length(",
  choices: "a?",
  "other choices": "a?b:",
};

for (const [what, unit] of Object.entries(DEEPER)) {
  test(`an expression that nests ${what} without end is refused`, () => {
    const body = unit.startsWith("$[?")
      ? `$[?${unit.slice(3).repeat(9_000 / unit.length)}`
      : unit.repeat(30_000 / unit.length);
    checkRefused(body, /nesting|Expected/);
    checkRefused(unit.repeat(MEBIBYTE / unit.length), /at most 32768 characters/);
  });
}

test("chains of operators are refused before they exhaust the stack", () => {
  checkRefused(`1${"+1".repeat(10_000)}`, /levels of nesting/);
  checkRefused(`a${" && a".repeat(5_000)}`, /levels of nesting/);
  checkRefused(`a${"??a".repeat(5_000)}`, /levels of nesting/);
  checkRefused(`a${"[b]".repeat(5_000)}`, /levels of nesting/);
  assert.equal(evaluate(`1${"+1".repeat(150)}`, {}), 151);
  assert.equal(evaluate(`${"(".repeat(150)}1${")".repeat(150)}`, {}), 1);
});

test("a long path is walked without nesting", () => {
  assert.equal(evaluate(`$${".a".repeat(10_000)}`, {}), null);
  assert.deepEqual(evaluate(`$${"[*]".repeat(10_000)}`, []), []);
});

test("a huge string is refused as an expression and taken as plain text", () => {
  checkRefused(`'${"x".repeat(MEBIBYTE)}'`, /at most 32768 characters/);
  const text = "x $ { } $".repeat(100_000);
  assert.equal(quickly(() => compileValue(text)).value.constant, text);
  assert.equal(quickly(() => compileValue("${".repeat(500_000))).problems.length, 1);
  assert.equal(quickly(() => compileValue("${1}".repeat(250_000))).problems.length, 1);
});

test("a tree of values nested without end is a problem", () => {
  assert.match(compileValue(nested(100_000)).problems[0]?.message ?? "", /nested at most/);
});

test("values nested deeper than any stack are refused where they would be walked", () => {
  const deep = { deep: nested(100_000), same: nested(100_000) };
  for (const source of ["$..x", "deep == same", "json(deep)", "string(deep)", "distinct([deep])", "$[?@ == $.same]"]) {
    checkFails(source, deep, /nested at most 1000 deep/);
  }
  assert.equal(evaluate("deep.a[0].missing", deep), null);
  checkFails("parse_json(text)", { text: "[".repeat(100_000) + "]".repeat(100_000) }, /nested at most 1000 deep/);
  assert.equal(evaluate("flatten(deep, 9)", { deep: [[[1]]] })?.toString(), "1");
});

test("a query that would visit without end runs out of operations", () => {
  const wide = Array.from({ length: 50 }, () => Array.from({ length: 50 }, () => [1, 2, 3]));
  checkFails("$..*..*..*", nested(900), /1,000,000 operations/);
  checkFails(`$[${"*,".repeat(5_000)}*]..*`, wide, /1,000,000 operations/);
  checkFails("$[?count($..*) > @]", wide, /1,000,000 operations/);
});

test("comparing a large value again and again runs out of operations", () => {
  const items = Array.from({ length: 20_000 }, () => 1);
  const big = Object.fromEntries(items.map((_, index) => [`k${index}`, index]));
  const text = "x".repeat(400_000);
  checkFails("$.items[?length($.big) == @]", { items: Array(100_000).fill(1), big }, /operations/);
  checkFails("$.items[?$.a < $.b]", { items, a: `${text}a`, b: `${text}b` }, /operations/);
  checkFails("$.items[?$.a == $.b]", { items, a: `${text}a`, b: `${text}b` }, /operations/);
  checkFails("$.items[?length($.a) == 1]", { items, a: text }, /operations/);
  checkFails(`[${"a.length,".repeat(3_000)}1]`, { a: text }, /operations/);
});

test("strings do not grow past what an evaluation may build", () => {
  const text = "x".repeat(300_000);
  checkFails(`a${" + a".repeat(100)}`, { a: text }, /payload limit/);
  checkFails(`json([${"a,".repeat(100)}a])`, { a: text }, /payload limit/);
  checkFails(`join([${"a,".repeat(100)}a])`, { a: text }, /payload limit/);
  checkFails("join(split(a, ''), a)", { a: text }, /payload limit|operations/);
  checkFails("replace(a, 'x', b)", { a: text, b: text }, /payload limit|operations/);
  checkFails(`[${"upper(a),".repeat(100)}1]`, { a: text }, /payload limit/);
  checkFails(`[${"split(a, ''),".repeat(100)}1]`, { a: text }, /payload limit|operations/);
});

test("looking for a long text in a long text has a price", () => {
  const haystack = "a".repeat(500_000);
  const needle = `${"a".repeat(100_000)}b${"a".repeat(100_000)}`;
  checkFails("contains(haystack, needle)", { haystack, needle }, /operations/);
  checkFails("split(haystack, needle)", { haystack, needle }, /operations/);
  assert.equal(
    quickly(() => evaluate("'needle' in haystack", { haystack: `${haystack}needle` })),
    true,
  );
});

test("no regular expression hangs, constant or from data", () => {
  const text = `${"a".repeat(100_000)}!`;
  for (const pattern of [
    "(a+)+$",
    "(a|aa)+$",
    "(a*)*b",
    "(.*a){20}",
    "(a|a?)+$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "[a-z]{1,900}x",
  ]) {
    const run = (source: string) => {
      try {
        quickly(() => evaluate(source, { text, pattern, items: [text, text] }));
      } catch (error) {
        assert.ok(error instanceof ExpressionError, String(error));
      }
    };
    run(`matches(text, '${pattern}')`);
    run("matches(text, pattern)");
    run("replace(text, pattern, 'b')");
    run("$.items[?match(@, $.pattern)]");
    run("$.items[?search(@, $.pattern)]");
  }
});

test("patterns from data are compiled within the budget", () => {
  const patterns = Array.from({ length: 5_000 }, (_, index) => `(x{1,500}y){1,2}${index}`);
  checkFails("$.patterns[?match('x', @)]", { patterns }, /operations/);
  const items = Array.from({ length: 5_000 }, (_, index) => `item-${index}`);
  assert.equal(
    quickly(() => evaluate("count($.items[?match(@, $.pattern)])", { items, pattern: "item-[0-9]+" })),
    5_000,
  );
});

test("nothing of the host language can be reached", () => {
  const document = { o: {}, a: [], s: "text", n: 1 };
  for (const root of ["o", "a", "s", "n", "missing"]) {
    for (const name of [
      "constructor",
      "__proto__",
      "prototype",
      "toString",
      "valueOf",
      "hasOwnProperty",
      "__defineGetter__",
      "at",
      "map",
    ]) {
      assert.equal(evaluate(`${root}.${name}`, document), null);
      assert.equal(evaluate(`${root}['${name}']`, document), null);
      assert.equal(evaluate(`${root}['${name.slice(0, 1)}' + '${name.slice(1)}']`, document), null);
      assert.deepEqual(evaluate(`$.${root}..${name}`, document), []);
      assert.deepEqual(evaluate(`$[?@.${name}]`, document), []);
      assert.equal(evaluate(`'${name}' in o`, document), false);
    }
  }
  for (const root of ["constructor", "__proto__", "globalThis", "process", "Object", "this"]) {
    assert.equal(evaluate(root, document), null);
  }
});

test("members that look dangerous are plain members where data has them", () => {
  const document = JSON.parse('{"__proto__": {"x": 1}, "constructor": {"prototype": 2}}') as Json;
  assert.equal(evaluate("$.__proto__.x", document), 1);
  assert.equal(evaluate("constructor.prototype", document), 2);
  const merged = evaluate("merge($, {b: 1})", document) as { x?: number };
  assert.equal(merged.x, undefined);
  assert.deepEqual(Object.keys(merged), ["__proto__", "constructor", "b"]);
  assert.equal(({} as { x?: number }).x, undefined);
});
