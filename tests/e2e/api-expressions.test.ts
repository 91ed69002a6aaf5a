/** RFC 9535 and what lies around it, through the route that tries expressions out. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Json } from "../../src/core/base/json.ts";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
before(async () => {
  platform = await startPlatform();
});
after(() => platform[Symbol.asyncDispose]());

const ITEMS = [
  { id: 1, price: 5, tags: ["red", "round"] },
  { id: 2, price: 15, tags: [] },
  { id: 3, price: 25 },
  { id: 4, price: null },
];
const CONTEXT = {
  a: 1,
  "b c": 2,
  "a-b": { "c-d": 7 },
  list: [10, 20, 30, 40, 50],
  nested: { x: { y: [{ z: 1 }, { z: 2 }, { z: 3, w: "q" }] } },
  o: { k1: "v1", k2: "v2" },
  items: ITEMS,
  own: { length: "mine", "'": "quote", "☃": "snow" },
} as const;

/** What each expression gives in the context. */
const GIVES: readonly (readonly [string, Json])[] = [
  // Names and what is missing.
  ["$", CONTEXT],
  ["$.a", 1],
  ["$['b c']", 2],
  ['$["b c"]', 2],
  ["$.missing", null],
  ["$.missing.deeper[3]", null],
  ["$.a.b", null],
  ["$.own['\\'']", "quote"],
  ["$.own.☃", "snow"],
  ["$.o['\\u006b1']", "v1"],
  ["$ .list [1]", 20],
  // Indexes and slices.
  ["$.list[0]", 10],
  ["$.list[-1]", 50],
  ["$.list[9]", null],
  ["$.o[0]", null],
  ["$.list[1:3]", [20, 30]],
  ["$.list[-2:]", [40, 50]],
  ["$.list[:-3]", [10, 20]],
  ["$.list[::2]", [10, 30, 50]],
  ["$.list[::-1]", [50, 40, 30, 20, 10]],
  ["$.list[5:1:-2]", [50, 30]],
  ["$.list[3:1]", []],
  ["$.list[::0]", []],
  ["$.o[1:]", []],
  // Several at once, all, and all below.
  ["$.list[0,2]", [10, 30]],
  ["$.list[0,0,9]", [10, 10]],
  ["$['a','missing','b c']", [1, 2]],
  ["$.list[1:3,0]", [20, 30, 10]],
  ["$.o.*", ["v1", "v2"]],
  ["$.list[*]", [10, 20, 30, 40, 50]],
  ["$.a.*", []],
  ["$..z", [1, 2, 3]],
  ["$.nested..[0]", [{ z: 1 }]],
  ["$.nested.x..*", [[...CONTEXT.nested.x.y], { z: 1 }, { z: 2 }, { z: 3, w: "q" }, 1, 2, 3, "q"]],
  // Filters: existence, comparison, logic.
  ["$.items[?@.tags].id", [1, 2]],
  ["$.items[?!@.tags].id", [3, 4]],
  ["$.items[?@.price > 10].id", [2, 3]],
  ["$.items[?@.price >= 5 && @.price <= 15].id", [1, 2]],
  ["$.items[?@.price < 10 || @.id == 3].id", [1, 3]],
  ["$.items[?(@.price > 10 && !(@.id > 2))].id", [2]],
  ["$.items[?@.price == null].id", [4]],
  ["$.items[?@.missing == null].id", []],
  ["$.items[?@.missing == @.absent].id", [1, 2, 3, 4]],
  ["$.items[?@.price > '10'].id", []],
  ["$.items[?@.price != 5].id", [2, 3, 4]],
  ["$.items[?@.tags == @.tags].id", [1, 2, 3, 4]],
  ["$.items[?@.id == $.a].id", [1]],
  ["$.items[?@['price'] == 2.5e1].id", [3]],
  ["$.items[?@.tags[?@ == 'red']].id", [1]],
  ["$.list[?@ > 25]", [30, 40, 50]],
  ["$.list[?@ == 10 || @ == 50]", [10, 50]],
  ["$.o[?@ == 'v2']", ["v2"]],
  ["$.list[?1 == 1]", [10, 20, 30, 40, 50]],
  ["$.list[?'a' == \"b\"]", []],
  ["$..[?@.z == 3].w", ["q"]],
  // The five functions.
  ["$.items[?length(@.tags) == 0].id", [2]],
  ["$.items[?count(@.*) > 2].id", [1, 2]],
  ["$.items[?value(@..tags[1]) == 'round'].id", [1]],
  ["$.o[?match(@, 'v[0-9]')]", ["v1", "v2"]],
  ["$.o[?match(@, 'v')]", []],
  ["$.o[?search(@, '2')]", ["v2"]],
  ["$.list[?match(@, '.*')]", []],
  // What is ours: hyphens, lengths, operators, functions.
  ["$.a-b.c-d", 7],
  ["$.list.length", 5],
  ["$.o.k1.length", 2],
  ["$.own.length", "mine"],
  ["$.a - 3", -2],
  ["1 + 2 * 3", 7],
  ["a == 1 && o.k1 in ['v1']", true],
  ["missing ?? 'none'", "none"],
  ["sum(items[?@.price > 1].price)", 45],
  ["len($.items[*].tags)", 2],
  ["upper(o.k1) + '!'", "V1!"],
];

test("expressions give what the standard says, and what we add to it", { timeout: 60_000 }, async () => {
  for (const [expression, expected] of GIVES) {
    const { status, body, text } = await platform.api.post("/api/v1/expressions/evaluate", {
      expression,
      context: CONTEXT,
    });
    assert.deepEqual([status, body["value"]], [200, expected], `${expression}: ${text}`);
  }
});

/** Where each expression breaks. */
const BREAKS: readonly (readonly [string, number | null])[] = [
  ["$.", 3],
  ["$..", 4],
  ["$.list[", 8],
  ["$. a", null],
  ["$.a b", 5],
  ["$.list[01]", null],
  ["$.list[-0]", null],
  ["$.list[1.5]", null],
  ["$.list[9007199254740993]", null],
  ["$['a", null],
  ["$['\\x']", null],
  ["$[?@.a = 1]", null],
  ["$[?@.* == 1]", null],
  ["$[?count(1) > 0]", null],
  ["$[?length(@.a)]", null],
  ["$[?match(@.a)]", null],
  ["$[?match(@.a, 'b') == true]", null],
  ["$[?nosuch(@.a)]", null],
  ["$[?'a']", null],
  ["$[?@.a == [1]]", null],
  ["1 +", 4],
  ["1 < 2 < 3", 7],
  ["nosuch(1)", 1],
  ["1 / 0", null],
  ["'a' + 1", null],
  ["$.list && true", null],
];

test("what is no expression, or gives no value, is told with its place", { timeout: 60_000 }, async () => {
  for (const [expression, column] of BREAKS) {
    const problem = await platform.api.refused(422, "EXPRESSION_ERROR", "POST", "/api/v1/expressions/evaluate", {
      body: { expression, context: CONTEXT },
    });
    const [first] = problem.errors;
    assert.deepEqual([first?.pointer, first?.line], ["/expression", 1], expression);
    assert.ok(first?.column !== undefined && first.column >= 1 && first.column <= expression.length + 1, expression);
    if (column !== null) assert.equal(first?.column, column, expression);
  }
});

test("an expression that would work for ever is stopped, and one that builds too much", {
  timeout: 60_000,
}, async () => {
  const context = { list: Array.from({ length: 2000 }, (_, i) => i), text: "x".repeat(1000) };
  for (const expression of [
    "$.list[?count($.list[?@ > 1]) > 1]",
    `[${Array.from({ length: 2000 }, () => "$.text").join(",")}]`,
    `'${"a".repeat(30)}' ${"+ $.text ".repeat(3000)}`,
    `$.list[?search('${"a".repeat(40)}!', '(a+)+$')]`,
    `${"(".repeat(5000)}1${")".repeat(5000)}`,
    `${"!".repeat(20000)}true`,
  ]) {
    const begun = performance.now();
    const answer = await platform.api.post("/api/v1/expressions/evaluate", { expression, context });
    assert.ok(
      answer.status === 422 || answer.status === 200,
      `${expression.slice(0, 60)}: ${answer.text.slice(0, 300)}`,
    );
    assert.ok(performance.now() - begun < 5000, expression.slice(0, 60));
  }
  for (const expression of [
    "constructor",
    "$.constructor",
    "$.__proto__",
    "text.constructor",
    "list.map",
    "process",
    "globalThis",
  ]) {
    const answer = await platform.api.post("/api/v1/expressions/evaluate", { expression, context });
    assert.ok(answer.status === 422 || answer.body["value"] === null, `${expression}: ${answer.text}`);
  }
});
