import assert from "node:assert/strict";
import { test } from "node:test";
import { firstFault } from "./json-place.ts";
import { parseJsonText } from "./json-text.ts";

test("the place where a text breaks is found", () => {
  const cases: readonly [string, number][] = [
    ["", 0],
    ["nul", 0],
    ["[1, 2", 5],
    ["[1,, 2]", 3],
    ["[1 2]", 3],
    ["[1]]", 3],
    ['{"a" 1}', 5],
    ['{"a": }', 6],
    ['{"a": 1,}', 8],
    ["{a: 1}", 1],
    ['{"a": NaN}', 6],
    ["[01]", 1],
    ['["\n"]', 2],
    ['["\\x"]', 2],
    ['{"a": "b', 8],
    ['{"a": [1, {"b": tru}]}', 16],
    ["1 2", 2],
  ];
  for (const [text, offset] of cases) {
    assert.throws(() => JSON.parse(text), text);
    assert.equal(firstFault(text), offset, text);
  }
});

test("what is well formed has no fault before its end", () => {
  for (const text of ['{"a": [1, -2.5e+3, true, null, "\\u00e9\\n"], "b": {}}', "[]", "1", '""', " [ [ ] , { } ] "]) {
    JSON.parse(text);
    assert.equal(firstFault(text), text.length, text);
  }
});

test("brackets in texts do not count as nesting", () => {
  const text = JSON.stringify({ a: '[[["\\"'.repeat(500) });
  assert.deepEqual(parseJsonText(Buffer.from(text)), { ok: true, value: JSON.parse(text) });
});

test("what would be something else than it seems is refused, wherever it stands", () => {
  const refusedTexts: readonly [string, RegExp][] = [
    ['{"a":[1e400]}', /too large/],
    ['{"a":-1.5E+400}', /too large/],
    [`[${"9".repeat(400)}]`, /too large/],
    [`[-${"9".repeat(310)}.5]`, /too large/],
    ['[{"__proto__":1}]', /__proto__/],
    ['[{"\\u005f_proto__":1}]', /__proto__/],
    ['{"a\\\\":"\\"","b":{"\\u005F\\u005f\\u0070roto__":1}}', /__proto__/],
    [`{"long":"${"x".repeat(300)}\\"","n":1e999}`, /too large/],
  ];
  for (const [text, message] of refusedTexts) {
    const parsed = parseJsonText(Buffer.from(text));
    assert.ok(!parsed.ok, text);
    assert.match(parsed.message, message);
  }
  for (const text of [
    '{"e":"1e999","d":[1e3,2.5E-7,0]}',
    '["__proto__","\\u005f"]',
    `["${"9".repeat(400)}"]`,
    "1e3",
    "-0",
  ]) {
    assert.deepEqual(parseJsonText(Buffer.from(text)), { ok: true, value: JSON.parse(text) });
  }
});
