/** Expressions: where they are read, paths, operators, functions, roots, names, and what never leaves the language. */

import assert from "node:assert/strict";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { type Diagnosis, type Evaluation, outputOf, type Run } from "./cases.ts";
import { gives } from "./executor.ts";

const BOOK: JsonObject = { id: 1, title: "a", price: 8, tags: ["x"], "in-print": true };
const BOOKS: JsonObject = {
  books: [
    BOOK,
    { id: 2, title: "b", price: 12, isbn: "0-55", tags: [] },
    { id: 3, title: "ab", price: 30, isbn: null },
  ],
  "max-price": 12,
  wanted: 2,
  nothing: null,
};

export const evaluations: readonly Evaluation[] = [
  {
    says: "a singular path that finds nothing is null, any other path gives an array",
    values: [
      ["$.books[0].title", "a", BOOKS],
      ["$.books[-1].title", "ab", BOOKS],
      ["$['books'][1][\"title\"]", "b", BOOKS],
      ["$.absent", null, BOOKS],
      ["$.absent.deeper[3]", null, BOOKS],
      ["$.books[99]", null, BOOKS],
      ["$.nothing", null, BOOKS],
      ["$.absent[*]", [], BOOKS],
      ["$.absent..x", [], BOOKS],
      ["$.books[*].id", [1, 2, 3], BOOKS],
      ["$.books[1:].id", [2, 3], BOOKS],
      ["$.books[::-1].id", [3, 2, 1], BOOKS],
      ["$.books[0,2].id", [1, 3], BOOKS],
      ["$.books[0]['id','title']", [1, "a"], BOOKS],
      ["$.books[0:1]", [BOOK], BOOKS],
      ["$..isbn", ["0-55", null], BOOKS],
      ["$[1]", "b", ["a", "b"]],
      ["$", "bare", "bare"],
      ["$", [1], [1]],
    ],
  },
  {
    says: "inside a filter the rules of the standard hold",
    values: [
      ["$.books[?@.price > 10].id", [2, 3], BOOKS],
      ["$.books[?@.isbn].id", [2, 3], BOOKS],
      ["$.books[?!@.isbn].id", [1], BOOKS],
      ["$.books[?@.isbn == null].id", [3], BOOKS],
      ["$.books[?@.absent == null].id", [], BOOKS],
      ["$.books[?@.absent == @.missing].id", [1, 2, 3], BOOKS],
      ["$.books[?@.id == $.wanted].title", ["b"], BOOKS],
      ["$.books[?@.price < 10 || @.price > 20].id", [1, 3], BOOKS],
      ["$.books[?(@.price < 10 && @.id == 1) || !(@.id < 3)].id", [1, 3], BOOKS],
      ["$.books[?length(@.title) > 1].id", [3], BOOKS],
      ["$.books[?count(@.tags[*]) == 1].id", [1], BOOKS],
      ["$.books[?match(@.title, 'a')].id", [1], BOOKS],
      ["$.books[?search(@.title, 'b')].id", [2, 3], BOOKS],
      ["$.books[?value(@..price) == 12].id", [2], BOOKS],
      ["$.books[?@['in-print'] == true].id", [1], BOOKS],
      ["$.books[?@.price == '8'].id", [], BOOKS],
      ["$.books[?@.tags == $.books[1].tags].id", [2], BOOKS],
      ["$.books[?@.in-print].id", /./, BOOKS],
      ["$.books[?@.price + 1 > 10]", /./, BOOKS],
      ["$.books[?@.price in [8]]", /./, BOOKS],
      ["$.books[?len(@.title) > 1]", /./, BOOKS],
      ["$.books[?@.* == 1]", /./, BOOKS],
      ["$.books[?@.id]['id'", /./, BOOKS],
      ["$.books[?true]", /./, BOOKS],
      ["$.books[?match(@.title, 'a') == true]", /./, BOOKS],
      ["$.books[?length(@.*) > 1]", /./, BOOKS],
      ["$.books[?@.tags.length == 1].id", [], BOOKS],
    ],
  },
  {
    says: "an expression that is only a path is parsed by the standard's grammar and by nothing else",
    values: [
      ["$.books[01]", /./, BOOKS],
      ["$.books[-0]", /./, BOOKS],
      ["$.books[1.0]", /./, BOOKS],
      ["$.books.", /./, BOOKS],
      ["$.books[wanted]", /./, BOOKS],
      ["$..", /./, BOOKS],
      ["$.books .0", /./, BOOKS],
      ["$.☺", "smile", { "☺": "smile" }],
      ["$ .books[ 0 ] .id", 1, BOOKS],
      ["$['\\u0061']", 1, { a: 1 }],
      ["$['\\'']", 1, { "'": 1 }],
    ],
  },
  {
    says: "dot names may have hyphens, and subtraction needs spaces around the minus",
    values: [
      ["$.max-price", 12, BOOKS],
      ["$.max-price - 2", 10, BOOKS],
      ["max-price - wanted", 10, BOOKS],
      ["$.books[0].in-print", true, BOOKS],
      ["$.a-b", null, { a: 3, b: 1 }],
      ["a - b", 2, { a: 3, b: 1 }],
    ],
  },
  {
    says: "length is that of an array or text, and an object's own member wins",
    values: [
      ["$.books.length", 3, BOOKS],
      ["$.books[0].title.length", 1, BOOKS],
      ["$.x.length", "own", { x: { length: "own" } }],
      ["$.x.length", null, { x: { other: 1 } }],
      ["books.length > 2", true, BOOKS],
      ["$.x.length", 2, { x: "😀!" }],
    ],
  },
  {
    says: "operators bind from the test to calls, loosest first",
    values: [
      ["true ? 1 : 2", 1],
      ["false ? 1 : true ? 2 : 3", 2],
      ["null ?? false || true", true],
      ["null ?? 1 == 1 ? 'y' : 'n'", "y"],
      ["true || false && false", true],
      ["false && 1 == 2", false],
      ["1 + 2 == 3", true],
      ["2 + 3 * 4", 14],
      ["(2 + 3) * 4", 20],
      ["10 - 2 - 3", 5],
      ["24 / 4 / 2", 3],
      ["7 % 4 + 1", 4],
      ["-2 * -3", 6],
      ["!false && true", true],
      ["!(1 == 2)", true],
      ["-a.b", -2, { a: { b: 2 } }],
      ["!a.b", false, { a: { b: true } }],
      ["1 in [1, 2]", true],
      ["3 not in [1, 2]", true],
      ["2 + 1 in [3]", true],
      ["'a' in {a: 1}", true],
      ["[1, 2][1]", 2],
      ["{k: {v: 3}}.k.v", 3],
      ["split('a,b', ',')[1]", "b"],
      ["\"double\" + 'single'", "doublesingle"],
      ["[1, 'a', null, {k: true}]", [1, "a", null, { k: true }]],
      ["{'a b': 1, c: [2]}", { "a b": 1, c: [2] }],
      ["1.5e2", 150],
    ],
  },
  {
    says: "comparisons do not chain",
    values: [
      ["1 < 2 < 3", /./],
      ["1 == 1 == true", /./],
      ["1 in [1] == true", /./],
      ["(1 < 2) == true", true],
    ],
  },
  {
    says: "&& || ! and the test take true and false, null counts as false, and anything else is an error that says the type",
    values: [
      ["null && true", false],
      ["null || true", true],
      ["!null", true],
      ["null ? 1 : 2", 2],
      ["1 && true", /number/],
      ["true && 'x'", /string/],
      ["false || [1]", /array/],
      ["!{a: 1}", /object/],
      ["'' ? 1 : 2", /string/],
      ["0 || true", /number/],
      ["false && 1", false],
      ["true || 1", true],
    ],
  },
  {
    says: "== compares deeply and without coercion",
    values: [
      ["1 == '1'", false],
      ["1 == 1.0", true],
      ["null == false", false],
      ["0 == false", false],
      ["[1, {a: [2]}] == [1, {a: [2]}]", true],
      ["{a: 1, b: 2} == {b: 2, a: 1}", true],
      ["[1, 2] == [2, 1]", false],
      ["{a: 1} != {a: 1, b: null}", true],
      ["'a' != 'a'", false],
      ["$.absent == null", true],
    ],
  },
  {
    says: "+ adds numbers or joins two texts, and what has no finite number is an error",
    values: [
      ["1 + 2", 3],
      ["'a' + 'b'", "ab"],
      ["1 + 'a'", /./],
      ["'a' + 1", /./],
      ["'a' + null", /./],
      ["[1] + [2]", /./],
      ["null + 1", /./],
      ["'3' * 2", /./],
      ["-'a'", /./],
      ["1 / 0", /./],
      ["1 % 0", /./],
      ["1e308 * 10", /./],
      ["0.5 / 2", 0.25],
    ],
  },
  {
    says: "the order of different types is false",
    values: [
      ["1 < '2'", false],
      ["1 > '2'", false],
      ["null <= 1", false],
      ["null >= 1", false],
      ["'a' < 'b'", true],
      ["2 >= 2", true],
      ["'10' < '9'", true],
      ["[1] < 2", false],
    ],
  },
  {
    says: "?? gives its right side for null alone",
    values: [
      ["null ?? 1", 1],
      ["false ?? 1", false],
      ["'' ?? 1", ""],
      ["$.a.b.c ?? 'none'", "none"],
      ["null ?? null ?? 3", 3],
    ],
  },
  {
    says: "functions of texts",
    values: [
      ["len('abc')", 3],
      ["len([1, 2])", 2],
      ["length('ab')", 2],
      ["lower('AbC')", "abc"],
      ["upper('AbC')", "ABC"],
      ["trim('  a ')", "a"],
      ["split('a-b', '-')", ["a", "b"]],
      ["join(['a', 'b'], '+')", "a+b"],
      ["replace('a.a', 'a', 'b')", "b.b"],
      ["contains('abc', 'b')", true],
      ["contains([1, 2], 3)", false],
      ["starts_with('abc', 'ab')", true],
      ["ends_with('abc', 'ab')", false],
      ["matches('a1', '^[a-z][0-9]$')", true],
      ["substring('abcd', 1, 3)", "bc"],
    ],
  },
  {
    says: "functions of arrays and objects",
    values: [
      ["sum([1, 2, 3])", 6],
      ["avg([1, 2, 3])", 2],
      ["min([3, 1])", 1],
      ["max([3, 1])", 3],
      ["count([1, 2])", 2],
      ["distinct([1, 2, 1])", [1, 2]],
      ["sort([3, 1, 2])", [1, 2, 3]],
      ["reverse([1, 2])", [2, 1]],
      ["flatten([[1], [2, 3]])", [1, 2, 3]],
      ["keys({a: 1, b: 2})", ["a", "b"]],
      ["values({a: 1, b: 2})", [1, 2]],
      ["merge({a: 1, b: 1}, {b: 2})", { a: 1, b: 2 }],
      ["pick({a: 1, b: 2}, ['a'])", { a: 1 }],
      ["omit({a: 1, b: 2}, ['a'])", { b: 2 }],
      ["len(entries({a: 1}))", 1],
    ],
  },
  {
    says: "functions of numbers, conversions and defaults",
    values: [
      ["round(1.5)", 2],
      ["floor(1.7)", 1],
      ["ceil(1.2)", 2],
      ["abs(-3)", 3],
      ["number('12.5')", 12.5],
      ["string(12)", "12"],
      ["bool('true')", true],
      ["parse_json('{\"a\":[1]}')", { a: [1] }],
      ["parse_json(json({a: 1}))", { a: 1 }],
      ["default(null, 2)", 2],
      ["default(1, 2)", 1],
      ["coalesce(null, null, 3)", 3],
      ["base64_encode('hi')", "aGk="],
      ["base64_decode('aGk=')", "hi"],
      ["sha256('abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
      ["len(hmac_sha256('key', 'text'))", 64],
    ],
  },
  {
    says: "functions of times",
    values: [
      ["date_diff('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z')", 86400],
      ["format_date(date_add('2026-01-31T10:00:00Z', '1d'), 'YYYY-MM-DD')", "2026-02-01"],
      ["matches(now(), '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\\\.[0-9]{3}Z$')", true],
      ["matches(now('date'), '^[0-9]{4}-[0-9]{2}-[0-9]{2}$')", true],
      ["now('unix') > 1700000000 && now('unix') < 9999999999", true],
      ["len(uuid())", 36],
      ["uuid() != uuid()", true],
      ["random() >= 0 && random() < 1", true],
    ],
  },
  {
    says: "a function that does not exist, or one with too many values, is an error",
    values: [
      ["nothing(1)", /nothing/],
      ["lower('a', 'b')", /./],
      ["lowr('a')", /lower/],
    ],
  },
  {
    says: "no expression reaches the host language",
    values: [
      ["$.constructor", null],
      ["$.a.__proto__", null, { a: {} }],
      ["$['__proto__']", null],
      ["'a'.constructor", null],
      ["{}.toString", null],
      ["'a'.length.constructor", null],
      ["process", null],
      ["globalThis", null],
      ["constructor('return 1')", /./],
      ["$.a.toString()", /./, { a: {} }],
      ["keys({}.constructor ?? {})", []],
    ],
  },
  {
    says: "regular expressions run in linear time, and what cannot is refused",
    values: [
      ["matches($.text, '^(a+)+$')", false, { text: `${"a".repeat(200)}!` }],
      ["matches('aa', '(a)\\\\1')", /./],
      ["matches('ab', 'a(?=b)')", /./],
      ["$.t[?match(@, '(a+)+')]", [], { t: [`${"a".repeat(200)}!`] }],
    ],
  },
  {
    says: "one evaluation may take a million operations and build values up to the limit",
    values: [
      [`${"[".repeat(60)}1${"]".repeat(60)} == 1`, false],
      ["len(replace($.text, 'a', $.text))", /./, { text: "a".repeat(4000) }],
      ["$.items[?count($.items[?count($.items[?@ == 1]) > 0]) > 5000]", /./, { items: Array(300).fill(1) }],
    ],
  },
];

/** A step whose input is what is asked, so that its output shows it. */
const shown = (mapping: string): string => `
  - name: show
    executor: me
    function: echo
    input:
${mapping
  .replace(/^\s*\n/, "")
  .trimEnd()
  .replace(/^ */gm, (margin) => `      ${margin}`)}
`;

export const runs: readonly Run[] = [
  {
    says: "error is read on the whole path of a named handler, and in a fallback",
    yaml: `
      - { name: a, executor: me, function: fail_E1, on_failure: h }
      - { name: b, executor: me, function: fail_E2, fallback_step: f }
      - { name: c, executor: me, function: ok }
      - { name: h, executor: me, function: echo, input: { code: $.error.code, message: $.error.message }, on_success: h2 }
      - { name: h2, executor: me, function: echo, input: { code: $.error.code, step: "\${error.step}" }, on_success: b }
      - { name: f, executor: me, function: echo, input: { code: $.error.code } }`,
    outputs: {
      h: { code: "E1", message: "E1 was meant to happen." },
      h2: { code: "E1", step: "a" },
      b: { code: "E2" },
    },
  },
  {
    says: "an expression that goes wrong in the output of the workflow fails the execution",
    yaml: `
      steps: [ { name: a, executor: me, function: ok } ]
      output: { x: "$.input.n + 'a'" }`,
    input: { n: 1 },
    status: "failed",
    error: "EXPRESSION_ERROR",
  },
  {
    says: "an expression that goes wrong in an output mapping fails the step, which can be handled",
    yaml: `
      - { name: a, executor: me, function: ok, output: { x: "$.input.n + 'a'" }, on_failure: b }
      - { name: b, executor: me, function: echo, input: { code: $.a.error.code } }`,
    input: { n: 1 },
    outputs: { b: { code: "EXPRESSION_ERROR" } },
  },
  {
    says: "a condition that goes wrong fails the step, which can be handled",
    yaml: `
      - { name: a, executor: me, function: ok, when: input.n, on_failure: b }
      - { name: b, executor: me, function: echo, input: { code: $.a.error.code } }`,
    input: { n: 1 },
    outputs: { b: { code: "EXPRESSION_ERROR" } },
  },
  {
    says: "a variable that is set in one branch is read in all that comes later",
    yaml: `
      - { name: p, type: parallel, branches: [ { name: x, steps: [ { name: s, type: set, variables: { v: 1 } } ] } ] }
      - { name: l, type: loop, times: 2, steps: [ { name: more, type: set, variables: { v: $.context.v + 1 } } ] }
      - { name: show, executor: me, function: echo, input: { v: $.context.v, none: $.context.none } }`,
    outputs: { show: { v: 3, none: null } },
  },
  {
    says: "a named condition may name another, and is read where it is used",
    yaml: `
      conditions: [ { name: big, expression: input.n > 3 }, { name: ready, expression: "conditions.big && context.go == true" } ]
      steps:
        - { name: a, executor: me, function: ok, when: conditions.ready }
        - { name: s, type: set, variables: { go: true } }
        - { name: b, executor: me, function: ok, when: $.conditions.ready }`,
    input: { n: 4 },
    calls: "b",
  },

  {
    says: "a text in a mapping that starts with $. or $[ is wholly an expression",
    yaml: shown(`
      a: $.input.email
      b: "$.input.tier == 'premium'"
      c: $['input'].email
      d: $.input.n + 1
      e: "input.email"
      f: "cost: $.input.n"
      g: "len(input.email)"`),
    input: { email: "e@x", tier: "premium", n: 4 },
    outputs: {
      show: { a: "e@x", b: true, c: "e@x", d: 5, e: "input.email", f: "cost: $.input.n", g: "len(input.email)" },
    },
  },
  {
    says: "a text that is $ is an expression too",
    yaml: shown(`{ all: $ }`),
    input: { x: 1 },
    check: (_, view) => {
      assert.partialDeepStrictEqual(outputOf(view, "show"), { all: { input: { x: 1 } } });
    },
  },
  {
    says: "templates stand inside texts, and one that is the whole text keeps its type",
    yaml: shown(`
      path: "/customers/\${input.id}/validate"
      whole: "\${input.n}"
      list: "\${input.list}"
      dollar: "\${$.input.id}"
      two: "\${input.id}-\${input.n + 1}"
      spaced: " \${input.n}"
      nested: "\${ {a: {b: input.n}}.a.b }"
      brace: "\${'}'}!"
      none: "\${input.absent}"`),
    input: { id: "c1", n: 4, list: [1, { a: 2 }] },
    outputs: {
      show: {
        path: "/customers/c1/validate",
        whole: 4,
        list: [1, { a: 2 }],
        dollar: "c1",
        two: "c1-5",
        spaced: " 4",
        nested: 4,
        brace: "}!",
        none: null,
      },
    },
  },
  {
    says: "mappings are read at any depth of values and never in keys",
    yaml: shown(`
      deep: { list: [ { x: $.input.n }, "\${input.n}", $.input.n ] }
      "\${input.n}": key
      "$.input.n": key`),
    input: { n: 7 },
    outputs: { show: { deep: { list: [{ x: 7 }, 7, 7] }, "${input.n}": "key", "$.input.n": "key" } },
  },
  {
    says: "$$ at the start and $${ anywhere stand for $ and ${",
    yaml: shown(`
      a: "$$.input.n"
      b: "$\${input.n}"
      c: "cost $\${input.n} and \${input.n}"
      d: "$$"
      e: "a $$ b"
      f: "5$"
      g: "$5"
      h: "$$5"`),
    input: { n: 7 },
    outputs: {
      show: {
        a: "$.input.n",
        b: "${input.n}",
        c: "cost ${input.n} and 7",
        d: "$",
        e: "a $$ b",
        f: "5$",
        g: "$5",
        h: "$5",
      },
    },
  },
  {
    says: "what an evaluation gives is data and is never evaluated again",
    yaml: `
      - { name: one, executor: me, function: echo, input: { a: $.input.evil, b: "\${input.evil}", c: "x\${input.other}" } }
      - { name: two, executor: me, function: echo, input: { again: $.one.a, more: "\${one.c}" } }
      - { name: keep, type: set, variables: { kept: $.two.again } }
      - { name: three, executor: me, function: echo, input: { kept: $.context.kept } }`,
    input: { evil: "$.input.secret", other: "${input.secret}", secret: "no" },
    outputs: {
      one: { a: "$.input.secret", b: "$.input.secret", c: "x${input.secret}" },
      two: { again: "$.input.secret", more: "x${input.secret}" },
      three: { kept: "$.input.secret" },
    },
  },
  {
    says: "outputs, variables, data, payloads, messages and details are read",
    yaml: `
      - { name: call, executor: me, function: echo, input: { n: 1 }, output: { n: "$.result.n + $.input.n", t: "t\${response.n}" } }
      - { name: vars, type: set, variables: { v: $.input.n, list: [ "\${input.n}" ] } }
      - { name: tell, type: emit, event: told-NAME, data: { n: $.input.n } }
      - { name: end, type: fail, code: ENDED, message: "n is \${input.n}", details: { n: $.input.n } }`,
    input: { n: 5 },
    status: "failed",
    error: { code: "ENDED", message: "n is 5", details: { n: 5 } },
    outputs: { call: { n: 6, t: "t1" } },
  },
  {
    says: "url, endpoint, headers, query and body are read",
    yaml: `
      - { name: by-url, type: http, url: "WEB/echo/\${input.id}", headers: { x-id: $.input.id }, query: { q: $.input.n }, body: { n: $.input.n } }
      - { name: by-service, type: http, service: ledger, endpoint: "/echo/\${input.id}", method: GET }`,
    input: { id: "c1", n: 5 },
    check: (_, view) => {
      assert.partialDeepStrictEqual(outputOf(view, "by-url"), {
        path: "/echo/c1",
        query: { q: "5" },
        headers: { "x-id": "c1" },
        body: '{"n":5}',
      });
      assert.partialDeepStrictEqual(outputOf(view, "by-service"), {
        path: "/ledger/echo/c1",
        headers: { "x-service": "ledger" },
      });
    },
  },
  {
    says: "default_output is read",
    yaml: `
      - { name: a, executor: me, function: fail_E, default_output: { n: $.input.n, t: "is \${input.n}" } }`,
    input: { n: 5 },
    outputs: { a: { n: 5, t: "is 5" } },
  },
  {
    says: "a template in a script belongs to the script",
    yaml: `
      - name: js
        type: transform
        language: javascript
        script: "function transform(input) { return { t: \`n is \${input.n}\` }; }"
      - { name: jn, type: transform, language: jsonata, expression: '{ "t": "\${input.n}", "d": $.n }' }`,
    input: { n: 5 },
    outputs: { js: { t: "n is 5" }, jn: { t: "${input.n}", d: 5 } },
  },
  {
    says: "schemas, names and descriptions are not read",
    yaml: `
      steps:
        - name: check
          description: "$.nowhere.at.all"
          type: validate
          schema: { type: object, properties: { n: { const: "\${input.n}" } } }
          on_invalid: continue`,
    input: { n: "${input.n}" },
    check: (_, view) => assert.partialDeepStrictEqual(view.steps[0]?.output, { valid: true }),
  },
  {
    says: "conditions take true and false, and null counts as false",
    yaml: `
      - { name: a, executor: me, function: ok, when: $.input.yes }
      - { name: b, executor: me, function: ok, when: input.no }
      - { name: c, executor: me, function: ok, when: input.absent }
      - { name: d, executor: me, function: ok, when: "input.n > 1" }`,
    input: { yes: true, no: false, n: 2 },
    steps: "a completed; b skipped condition; c skipped condition; d completed",
  },
  {
    says: "a condition over anything else is an EXPRESSION_ERROR that says the type",
    yaml: `- { name: a, executor: me, function: ok, when: input.n }`,
    input: { n: 2 },
    status: "failed",
    steps: "a failed EXPRESSION_ERROR",
    check: (_, view) => assert.match(String(view.error?.["message"]), /number/),
  },
  {
    says: "input, metadata, execution, workflow, env and conditions are roots",
    yaml: `
      apiVersion: workflow.magic-flow.io/v2
      kind: Workflow
      metadata: { name: NAME, version: v1.2.3, labels: { tier: gold }, tags: [t1], owner: me@x }
      spec:
        conditions: [ { name: is-big, expression: "input.n > 3" } ]
        steps:
          - name: show
            executor: me
            function: echo
            input:
              n: $.input.n
              meta: $.metadata.source
              id: $.execution.id
              began: $.execution.started_at
              took: "\${execution.duration >= 0}"
              wf: [ $.workflow.name, $.workflow.version, $.workflow.labels.tier, "\${workflow.tags[0]}", $.workflow.owner ]
              env: $.env.ALLOWED
              big: $.conditions.is-big
          - { name: on-condition, executor: me, function: ok, when: "!conditions.is-big" }`,
    input: { n: 4 },
    start: { metadata: { source: "web" } },
    check: (going, view) => {
      const { began, ...shown } = outputOf(view, "show");
      assert.deepEqual(shown, {
        n: 4,
        meta: "web",
        id: going.id,
        took: true,
        wf: [going.name, "1.2.3", "gold", "t1", "me@x"],
        env: "seen",
        big: true,
      });
      assert.equal(began, view["started_at"]);
      assert.equal(view.steps[1]?.reason, "condition");
    },
  },
  {
    says: "a name that the configuration does not allow cannot be read from the environment",
    yaml: shown(`{ hidden: $.env.HIDDEN, path: $.env.PATH }`),
    outputs: { show: { hidden: null, path: null } },
  },
  {
    says: "a step is a root with the fields of its output, its status and its error",
    yaml: `
      - { name: one-a, executor: me, function: echo, input: { x: 1 } }
      - { name: bad, executor: me, function: fail_E1, on_failure: show }
      - name: show
        executor: me
        function: echo
        input:
          x: $.one-a.x
          again: "\${one-a.x}"
          status: $.one-a.status
          failed: $.bad.status
          code: $.bad.error.code
          bracket: $['one-a'].x
          full: [ $.steps.one-a.output.x, $.steps.one-a.status, $.steps.bad.error.code, $.steps.one-a.attempts ]
          times: "\${steps.one-a.started_at <= steps.one-a.finished_at}"
          none: $.steps.one-a.error`,
    outputs: {
      show: {
        x: 1,
        again: 1,
        status: "completed",
        failed: "failed",
        code: "E1",
        bracket: 1,
        full: [1, "completed", "E1", 1],
        times: true,
        none: null,
      },
    },
  },
  {
    says: "status, error and attempts of a step are its own, its output's are under steps",
    yaml: `
      - { name: a, executor: me, function: give }
      - { name: show, executor: me, function: echo, input: { s: $.a.status, e: $.a.error, t: $.a.attempts, o: $.steps.a.output.status, b: $.steps.a.output.branches } }`,
    answers: { give: gives({ status: "mine", error: "mine", attempts: "mine", branches: "mine" }) },
    outputs: { show: { s: "completed", e: null, t: 1, o: "mine", b: "mine" } },
  },
  {
    says: "set variables are read as context, loop variables in the loop",
    yaml: `
      - { name: s, type: set, variables: { v: $.input.n } }
      - name: l
        type: loop
        iterate_over: $.input.list
        steps:
          - { name: b, executor: me, function: echo, input: { i: $.item, n: $.index, v: $.context.v } }`,
    input: { n: 9, list: ["x", "y"] },
    outputs: { "l[0].b": { i: "x", n: 0, v: 9 }, "l[1].b": { i: "y", n: 1, v: 9 } },
  },
  {
    says: "a loop variable that equals an outer one hides it",
    yaml: `
      - name: outer
        type: loop
        iterate_over: $.input.list
        steps:
          - name: inner
            type: loop
            iterate_over: $.item
            steps:
              - { name: b, executor: me, function: echo, input: { i: $.item, n: $.index } }
          - { name: c, executor: me, function: echo, input: { i: $.item } }`,
    input: { list: [[1, 2]] },
    outputs: {
      "outer[0].inner[0].b": { i: 1, n: 0 },
      "outer[0].inner[1].b": { i: 2, n: 1 },
      "outer[0].c": { i: [1, 2] },
    },
  },
  {
    says: "branches and iterations are read in the output of their own step, and later by its name",
    yaml: `
      - name: p
        type: parallel
        branches:
          - { name: left, steps: [ { name: a, executor: me, function: echo, input: { x: 1 } } ] }
          - { name: right, steps: [ { name: b, executor: me, function: echo, input: { y: 2 } } ] }
        output: { x: $.branches.left.x, all: "\${branches.right.steps.b.output.y}" }
      - name: l
        type: loop
        times: 2
        steps: [ { name: c, executor: me, function: echo, input: { i: $.index } } ]
        output: { is: "$.iterations[*].steps.c.output.i" }
      - name: show
        executor: me
        function: echo
        input: { y: $.p.branches.right.y, st: $.p.branches.left.status, x: $.p.x, is: $.l.is, first: "$.l.iterations[0].steps.c.output.i" }`,
    outputs: { p: { x: 1, all: 2 }, l: { is: [0, 1] }, show: { y: 2, st: "completed", x: 1, is: [0, 1], first: 0 } },
  },
  {
    says: "error is read in handlers",
    yaml: `
      - name: t
        type: try
        steps: [ { name: a, executor: me, function: fail_E1 } ]
        catch:
          - when: error.code == 'E1'
            steps: [ { name: h, executor: me, function: echo, input: { code: $.error.code, step: $.error.step } } ]
      - { name: b, executor: me, function: fail_E2, on_failure: { steps: [ { name: k, executor: me, function: echo, input: { code: $.error.code } } ] } }`,
    status: "failed",
    outputs: { "t.h": { code: "E1", step: "a" }, "b:on_failure.k": { code: "E2" } },
  },
  {
    says: "response, result and http are read in the output of an http step",
    yaml: `
      - { name: a, type: http, url: WEB/echo/x, expect_status: 200, output: { p: $.response.path, q: $.result.path, s: $.http.status, h: $.http.headers.x-answer } }`,
    outputs: { a: { p: "/echo/x", q: "/echo/x", s: 200, h: "yes" } },
  },
  {
    says: "event is read in the output of a wait for one",
    yaml: `- { name: w, type: wait_for_event, event: go, output: { n: $.event.data.n, whole: $.result.n } }`,
    drive: async (going) => {
      await going.until("waiting", "w");
      await going.post("signals/go", { data: { n: 3 } });
    },
    outputs: { w: { n: 3, whole: 3 } },
  },
  {
    says: "now, uuid and random are drawn once and recorded",
    yaml: `
      - { name: a, type: set, variables: { u: "\${uuid()}", r: "\${random()}", n: "\${now()}" } }
      - { name: b, executor: me, function: echo, input: $.context }
      - { name: c, executor: me, function: echo, input: $.context }`,
    check: (_, view) => {
      assert.deepEqual(outputOf(view, "b"), outputOf(view, "c"));
      assert.match(String(outputOf(view, "b")["u"]), /^[0-9a-f-]{36}$/);
    },
  },
  {
    says: "steps of then, else, cases, branches and try can be read after their container, null if they did not run",
    yaml: `
      - { name: c, type: condition, condition: input.yes, then: [ { name: yes, executor: me, function: echo, input: { v: 1 } } ], else: [ { name: no, executor: me, function: echo, input: { v: 2 } } ] }
      - { name: s, type: switch, cases: [ { when: input.yes, steps: [ { name: first, executor: me, function: echo, input: { v: 3 } } ] } ], default: [ { name: other, executor: me, function: ok } ] }
      - { name: p, type: parallel, branches: [ { name: left, steps: [ { name: inside, executor: me, function: echo, input: { v: 4 } } ] } ] }
      - { name: t, type: try, steps: [ { name: tried, executor: me, function: echo, input: { v: 5 } } ], catch: [ { steps: [ { name: caught, executor: me, function: ok } ] } ], finally: [ { name: last, executor: me, function: echo, input: { v: 6 } } ] }
      - { name: show, executor: me, function: echo, input: { yes: $.yes.v, no: $.no.v, first: $.first.v, other: $.other, inside: $.inside.v, tried: $.tried.v, caught: $.caught.v, last: $.last.v } }`,
    input: { yes: true },
    check: (_, view) => {
      const { other, ...output } = outputOf(view, "show");
      assert.deepEqual(output, { yes: 1, no: null, first: 3, inside: 4, tried: 5, caught: null, last: 6 });
      assert.ok(other === null || (other as JsonObject)["status"] !== "completed");
    },
  },
  {
    says: "a secret is filled in just before the call, and history keeps a placeholder",
    yaml: `- { name: a, type: http, url: WEB/echo/x, headers: { authorization: "Bearer \${secrets.KEY}" }, output: { got: "$.response.headers.authorization == 'Bearer s3cr3t'" } }`,
    outputs: { a: { got: true } },
    check: async (going) => {
      const history = JSON.stringify(await going.history());
      assert.ok(!history.includes("s3cr3t"), history);
    },
  },
  {
    says: "text from data is never scanned for secrets",
    yaml: `- { name: a, type: http, url: WEB/echo/x, headers: { authorization: "\${secrets.KEY}", x-told: $.input.told }, output: { told: $.response.headers.x-told } }`,
    input: { told: "${secrets.KEY}" },
    outputs: { a: { told: "${secrets.KEY}" } },
  },
];

const mapping = (yaml: string): string => shown(`{ x: ${yaml} }`);

export const diagnoses: readonly Diagnosis[] = [
  ...[
    'type: set, variables: { x: "${secrets.KEY}" }',
    "type: wait, duration: 1s, when: secrets.KEY == 'x'",
    'type: emit, event: e, data: { x: "${secrets.KEY}" }',
    'type: fail, message: "${secrets.KEY}"',
    'type: return, output: { x: "${secrets.KEY}" }',
    'type: loop, iterate_over: "${secrets.KEY}", steps: [ { name: b, executor: me, function: ok } ]',
  ].map(
    (fields): Diagnosis => ({
      says: `a secret may not stand in ${fields.slice(0, 20)}`,
      yaml: `- { name: a, ${fields} }`,
      finds: ["error secret-forbidden"],
    }),
  ),
  {
    says: "a secret may not stand in the output of the workflow",
    yaml: `steps: [ { name: a, executor: me, function: ok } ]\noutput: { x: "\${secrets.KEY}" }`,
    finds: ["error secret-forbidden"],
  },
  {
    says: "a secret may stand in what the platform sends itself",
    yaml: `- { name: a, type: http, url: "https://x.de/\${secrets.KEY}", headers: { a: "\${secrets.KEY}" }, query: { a: "\${secrets.KEY}" }, body: { a: [ "\${secrets.KEY}" ] }, auth: { token: "\${secrets.KEY}" } }`,
    finds: [],
  },

  {
    says: "a text that starts with $. and does not parse is an error",
    yaml: mapping(`"$.input."`),
    finds: ["error expression-invalid"],
  },
  {
    says: "a text that starts with $[ and does not parse is an error",
    yaml: mapping(`"$[input"`),
    finds: ["error expression-invalid"],
  },
  {
    says: "a template that does not parse is an error",
    yaml: mapping(`"a \${input.} b"`),
    finds: ["error expression-invalid"],
  },
  {
    says: "a condition that does not parse is an error",
    yaml: `- { name: a, executor: me, function: ok, when: "input.a ==" }`,
    finds: ["error expression-invalid"],
  },
  {
    says: "a text that begins with $ and a root's name gets a warning",
    yaml: mapping(`"$input.x"`),
    finds: [["warning dollar-text", "$input"]],
  },
  { says: "a text that begins with $ and anything else gets none", yaml: mapping(`"$5.00"`), finds: [] },
  {
    says: "a template in sql is an error",
    yaml: `- { name: a, type: database, connection: db, operation: query, sql: "select \${input.id}" }`,
    finds: ["error sql-template"],
  },
  {
    says: "sql with params is fine",
    yaml: `- { name: a, type: database, connection: db, operation: query, sql: "select $1", params: [ $.input.id ] }`,
    finds: [],
  },
  {
    says: "secrets in the input of a function is an error",
    yaml: mapping(`"\${secrets.KEY}"`),
    finds: ["error secret-forbidden"],
  },
  {
    says: "secrets in the input of a child is an error",
    yaml: `- { name: a, type: workflow, workflow: other, input: { x: "\${secrets.KEY}" } }`,
    finds: ["error secret-forbidden"],
  },
  {
    says: "a root that does not exist is an error with a suggestion",
    yaml: mapping(`$.inpt.x`),
    finds: [["error root-unknown", "inpt", "input"]],
  },
  {
    says: "a function that does not exist is refused at registration",
    yaml: mapping(`"\${lowr(input.x)}"`),
    finds: [["error expression-invalid", "lower"]],
  },
  {
    says: "a regular expression that cannot run in linear time is refused at registration",
    yaml: mapping(`"\${matches(input.x, '(a)\\\\1')}"`),
    finds: ["error expression-invalid"],
  },
  {
    says: "a pattern of a schema that cannot run in linear time is refused",
    yaml: `
      input_schema: { type: object, properties: { x: { type: string, pattern: "a(?=b)" } } }
      steps: [ { name: a, executor: me, function: ok } ]`,
    finds: ["error schema-invalid"],
  },
  ...[
    "input",
    "steps",
    "execution",
    "metadata",
    "workflow",
    "conditions",
    "context",
    "env",
    "secrets",
    "branches",
    "iterations",
    "error",
    "response",
    "result",
    "http",
    "form",
    "event",
    "true",
    "false",
    "null",
    "in",
    "not",
  ].map(
    (name): Diagnosis => ({
      says: `${name} is reserved`,
      yaml: `- { name: "${name}", executor: me, function: ok }`,
      finds: ["error name-reserved"],
    }),
  ),
  ...["a.b", "1a", "", "ä", "-a", "a b", "x".repeat(64)].map(
    (name): Diagnosis => ({
      says: `"${name}" cannot be the name of a step`,
      yaml: `- { name: "${name}", executor: me, function: ok }`,
      finds: ["error name-invalid"],
    }),
  ),
  ...["_a", "A-b_9", "x".repeat(63), "a-", "item", "$ok".slice(1)].map(
    (name): Diagnosis => ({
      says: `"${name}" can be the name of a step`,
      yaml: `- { name: "${name}", executor: me, function: ok }`,
      finds: [],
    }),
  ),
  {
    says: "branches, conditions and variables have names of the same kind",
    yaml: `
      conditions: [ { name: in, expression: "true" } ]
      steps:
        - { name: p, type: parallel, branches: [ { name: input, steps: [ { name: a, executor: me, function: ok } ] } ] }
        - { name: s, type: set, variables: { "a b": 1 } }`,
    finds: ["error name-reserved", "error name-reserved", "error name-invalid"],
  },
  {
    says: "a loop variable that equals a step's name is an error",
    yaml: `- { name: l, type: loop, times: 2, index_variable: b, steps: [ { name: b, executor: me, function: ok } ] }`,
    finds: ["error variable-names-step"],
  },
  {
    says: "mapping an output field that hides behind the step's own gets a warning",
    yaml: `- { name: a, executor: me, function: ok, output: { status: $.result.s, attempts: 1, error: 2, branches: 3, iterations: 4 } }`,
    finds: Array(5).fill("warning output-hidden"),
  },
  {
    says: "steps of a loop body cannot be read outside of it",
    yaml: `
      - { name: l, type: loop, times: 2, steps: [ { name: b, executor: me, function: ok } ] }
      - { name: show, executor: me, function: echo, input: { x: $.b.x } }`,
    finds: ["warning step-hidden"],
  },
  {
    says: "steps of a sister branch cannot be read",
    yaml: `
      - name: p
        type: parallel
        branches:
          - { name: left, steps: [ { name: a, executor: me, function: ok } ] }
          - { name: right, steps: [ { name: b, executor: me, function: echo, input: { x: $.a.x } } ] }`,
    finds: ["warning step-hidden"],
  },
  {
    says: "a step that cannot have run by then gets a warning",
    yaml: `
      - { name: a, executor: me, function: echo, input: { x: $.b.x } }
      - { name: b, executor: me, function: ok }`,
    finds: ["warning step-later"],
  },
  {
    says: "roots that belong elsewhere are errors",
    yaml: `
      - { name: a, executor: me, function: echo, input: { x: $.branches.b } }
      - { name: b, executor: me, function: echo, input: { x: $.error.code } }
      - { name: c, executor: me, function: echo, input: { x: $.response.code } }`,
    finds: ["error root-elsewhere", "error root-elsewhere", "error root-elsewhere"],
  },
];
