import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../base/json.ts";
import type { Schema } from "./schema.ts";
import { parseSchema } from "./schema.ts";

/** The one place that knows how a schema is compiled. */
function schemaOf(source: Json): Schema {
  const { schema, problems } = parseSchema(source);
  assert.deepEqual(problems, []);
  assert.ok(schema !== null);
  return schema;
}

function violations(source: Json, value: Json): readonly string[] {
  return schemaOf(source)
    .check(value)
    .map(({ pointer, message }) => `${pointer}: ${message}`);
}

function problems(source: Json): readonly string[] {
  const parsed = parseSchema(source);
  assert.equal(parsed.schema, null);
  return parsed.problems.map(
    ({ at, message, hint }) => `${at.join("/")}: ${message}${hint === null ? "" : ` ${hint}`}`,
  );
}

test("every violation is reported with the place of the value that breaks the rule", () => {
  const schema = {
    type: "object",
    required: ["email"],
    properties: {
      email: { type: "string", format: "email" },
      items: { type: "array", minItems: 1, items: { properties: { "a/b~c": { type: "number", minimum: 1 } } } },
    },
    additionalProperties: false,
  };
  assert.deepEqual(violations(schema, { items: [{ "a/b~c": 0 }, { "a/b~c": "x" }], emall: "ada" }), [
    '/email: Expected "email" to be given, but it is missing.',
    "/items/0/a~1b~0c: Expected a number of at least 1, but got 0.",
    '/items/1/a~1b~0c: Expected a number, but got "x".',
    '/emall: Expected only the members "email", "items", but got "emall". Did you mean "email"?',
  ]);
});

test("a value in a message is cut at 60 characters", () => {
  const [message = ""] = violations(
    { type: "string" },
    Array.from({ length: 1000 }, () => "word"),
  );
  assert.equal(
    message,
    `: Expected a string, but got ["word", "word", "word", "word", "word", "word", "word", "w…`.concat("."),
  );
});

test("required: true on a property means that the schema around it lists the name", () => {
  const schema = schemaOf({
    properties: { a: { type: "string", required: true }, b: { required: false } },
    required: ["b"],
  });
  assert.deepEqual(schema.source, { properties: { a: { type: "string" }, b: {} }, required: ["b", "a"] });
  assert.deepEqual(
    schema.check({ b: 1 }).map(({ pointer }) => pointer),
    ["/a"],
  );
});

test("a property may be called required, type or __proto__", () => {
  const source = JSON.parse(
    '{"properties": {"required": {"type": "boolean"}, "type": {"type": "string"}, "__proto__": {"type": "number", "required": true}, "constructor": {"type": "number"}}}',
  );
  assert.deepEqual(violations(source, JSON.parse('{"required": true, "type": "x", "__proto__": 1}')), []);
  assert.deepEqual(violations(source, JSON.parse('{"required": 1, "__proto__": "x"}')), [
    "/required: Expected true or false, but got 1.",
    '/__proto__: Expected a number, but got "x".',
  ]);
  assert.deepEqual(violations(source, {}), ['/__proto__: Expected "__proto__" to be given, but it is missing.']);
});

test("definitions and $defs are both known to $ref", () => {
  const schema = {
    definitions: { Price: { type: "number", minimum: 0 } },
    $defs: { Name: { type: "string" } },
    properties: { price: { $ref: "#/definitions/Price" }, name: { $ref: "#/$defs/Name" } },
  };
  assert.deepEqual(violations(schema, { price: -1, name: 2 }), [
    "/price: Expected a number of at least 0, but got -1.",
    "/name: Expected a string, but got 2.",
  ]);
});

test("a schema may refer to itself for values inside the value", () => {
  const tree = { type: "object", properties: { children: { items: { $ref: "#" } }, name: { type: "string" } } };
  assert.deepEqual(violations(tree, { children: [{ children: [{ name: 1 }] }] }), [
    "/children/0/children/0/name: Expected a string, but got 1.",
  ]);
});

test("if one alternative is meant, its own violations are reported", () => {
  const schema = { anyOf: [{ type: "null" }, { type: "object", properties: { a: { type: "string" } } }] };
  assert.deepEqual(violations(schema, { a: 1 }), ["/a: Expected a string, but got 1."]);
  assert.deepEqual(violations(schema, 5), [
    ": Expected at least one of 2 alternatives to fit, but none does: (1) expected null, but got 5; (2) expected an object, but got 5.",
  ]);
});

test("two alternatives that both fit are one too many for oneOf", () => {
  assert.deepEqual(violations({ oneOf: [{ minimum: 1 }, { type: "string" }, { minimum: 2 }] }, 3), [
    ": Expected exactly one of 3 alternatives to fit, but numbers 1 and 3 both fit 3.",
  ]);
});

test("defaults are filled in at any depth and nothing is changed in place", () => {
  const schema = schemaOf({
    definitions: { Line: { properties: { quantity: { default: 1 } } } },
    properties: {
      currency: { default: "EUR" },
      lines: { items: { $ref: "#/definitions/Line" } },
      shipping: { default: {}, properties: { method: { default: "post" } } },
      payment: {
        oneOf: [
          { properties: { kind: { const: "card" } }, required: ["kind"] },
          { properties: { kind: { const: "cash" }, tip: { default: 0 } } },
        ],
      },
    },
  });
  const value = Object.freeze({
    lines: Object.freeze([Object.freeze({ sku: "A" }), { quantity: 3 }]),
    payment: { kind: "cash" },
  });
  assert.deepEqual(schema.withDefaults(value), {
    lines: [{ sku: "A", quantity: 1 }, { quantity: 3 }],
    payment: { kind: "cash", tip: 0 },
    currency: "EUR",
    shipping: { method: "post" },
  });
  assert.deepEqual(value.lines[0], { sku: "A" });
});

test("a value that has everything is given back as it is", () => {
  const value = { a: [{ b: 1 }] };
  assert.equal(
    schemaOf({ properties: { a: { items: { properties: { b: { default: 2 } } } } } }).withDefaults(value),
    value,
  );
});

test("a default that contains itself is filled in once", () => {
  const schema = schemaOf({ properties: { child: { $ref: "#", default: {} } } });
  assert.deepEqual(schema.withDefaults({}), { child: {} });
});

test("a default for a member called __proto__ is data", () => {
  const schema = schemaOf(JSON.parse('{"properties": {"__proto__": {"default": {"polluted": true}}}}'));
  const filled = schema.withDefaults({});
  assert.deepEqual(Object.keys(filled as object), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(filled), Object.prototype);
});

test("property names are those of the schema and of what it refers to", () => {
  const source = { $defs: { A: { properties: { b: {} } } }, allOf: [{ $ref: "#/$defs/A" }], properties: { a: {} } };
  assert.deepEqual(schemaOf(source).propertyNames, ["a", "b"]);
  assert.equal(schemaOf({ type: "string" }).propertyNames, null);
});

test("formats are asserted", () => {
  const cases: [string, readonly string[], readonly string[]][] = [
    [
      "date-time",
      ["2026-03-01T09:30:00Z", "2016-12-31T23:59:60Z"],
      ["2026-03-01 09:30:00Z", "2026-02-30T00:00:00Z", "2026-03-01T09:30:00"],
    ],
    ["date", ["2024-02-29"], ["2023-02-29", "2024-2-1"]],
    ["time", ["09:30:00+02:00"], ["24:00:00Z", "09:30:00"]],
    ["duration", ["P3DT12H", "P2W"], ["P", "PT", "P1Y2D", "1h"]],
    [
      "email",
      ["ada.lovelace+x@example.com", '"a b"@example.com'],
      ["ada", "ada@", "a..b@example.com", "a b@example.com"],
    ],
    ["hostname", ["example.com", "localhost"], ["-a.com", "a_b.com", ""]],
    ["ipv4", ["127.0.0.1"], ["127.0.0.01", "256.0.0.1", "1.2.3"]],
    ["ipv6", ["::1", "::ffff:1.2.3.4"], ["1::2::3", ":::", "12345::"]],
    ["uri", ["https://example.com/a?b=c#d", "urn:isbn:1"], ["/a", "https://exa mple.com", "a%zz:b"]],
    ["uuid", ["2eb8aa08-aa98-11ea-b4aa-73b441d16380"], ["2eb8aa08-aa98-11ea-b4aa-73b441d1638"]],
    ["json-pointer", ["/a/~0b", ""], ["a", "/~2"]],
    ["regex", ["^a+$"], ["(a"]],
    ["currency", ["anything"], []],
  ];
  for (const [format, good, bad] of cases) {
    const schema = schemaOf({ format });
    for (const text of good) assert.deepEqual(schema.check(text), [], `${format} ${text}`);
    for (const text of bad) assert.equal(schema.check(text).length, 1, `${format} ${text}`);
  }
});

test("built-in validators check what no keyword can say", () => {
  const card = { type: "string", "x-validator": "luhn_checksum" };
  assert.deepEqual(violations(card, "4111 1111 1111 1111"), []);
  assert.deepEqual(violations(card, "4111111111111112"), [
    ': Expected a number with a valid Luhn check digit, but got "4111111111111112".',
  ]);
  assert.deepEqual(violations({ "x-validator": "e164_phone" }, "+4930123456"), []);
  assert.equal(violations({ "x-validator": "e164_phone" }, "030 123456").length, 1);
});

test("a validator's parameters stand beside it or at the root of the schema", () => {
  const parameters = { email_domain: { allowed_domains: ["example.com"], blocked_domains: ["old.example.com"] } };
  const schema = { properties: { email: { "x-validator": "email_domain" } }, "x-validators": parameters };
  assert.deepEqual(violations(schema, { email: "ada@mail.example.com" }), []);
  assert.deepEqual(violations(schema, { email: "ada@example.org" }), [
    '/email: Expected an e-mail address under example.com, but got "ada@example.org".',
  ]);
  assert.equal(
    violations({ "x-validator": "email_domain", "x-validators": parameters }, "ada@old.example.com").length,
    1,
  );
});

test("problems of the schema itself are all reported, with their places", () => {
  assert.deepEqual(
    problems({
      type: "strng",
      required: true,
      properties: { a: { type: ["string", "int"] }, b: { minLength: -1, enum: [] }, c: "string" },
      items: [{ type: "string" }],
      allOf: [],
      $ref: "#/definitions/Missing",
      "x-validator": "luhn",
    }),
    [
      'type: Expected "type" to be one of null, boolean, number, integer, string, array, object, but got "strng". Did you mean "string"?',
      'required: Expected "required" to be a list of different property names, but got true. Only a property under "properties" may say "required: true".',
      'properties/c: Expected "properties" to hold schemas only, but got "string".',
      'items: Expected "items" to be a schema, but got [{"type": "string"}]. One schema for each place of the array is "prefixItems".',
      'allOf: Expected "allOf" to be a list of at least one schema, but got [].',
      'x-validator: Expected "x-validator" to be one of luhn_checksum, e164_phone, email_domain, but got "luhn".',
      'properties/a/type/1: Expected "type" to be one of null, boolean, number, integer, string, array, object, but got "int". Did you mean "integer"?',
      'properties/b/minLength: Expected "minLength" to be a whole number from 0, but got -1.',
      'properties/b/enum: Expected "enum" to be a list of at least one value, but got [].',
      '$ref: Expected "$ref" to lead to a place in this schema, but there is nothing at "#/definitions/Missing".',
    ],
  );
});

test("a reference to a near miss of a name is corrected, and nothing is fetched", () => {
  assert.deepEqual(problems({ definitions: { Customer: {} }, $ref: "#/definitions/Custmer" }), [
    '$ref: Expected "$ref" to lead to a place in this schema, but there is nothing at "#/definitions/Custmer". Did you mean "#/definitions/Customer"?',
  ]);
  assert.deepEqual(problems({ $ref: "https://example.com/order.json" }), [
    '$ref: Expected "$ref" to lead to a place in this schema, but "https://example.com/order.json" is another document, and nothing is fetched. Copy that schema under "$defs" and refer to it as "#/$defs/NAME".',
  ]);
});

test("a pattern that cannot be run in linear time is refused", () => {
  const [problem = ""] = problems({ properties: { a: { pattern: "(a)\\1" } } });
  assert.match(problem, /^properties\/a\/pattern: Expected a regular expression, but "\(a\)\\1" is none: /);
});

test("patterns take linear time", () => {
  const schema = schemaOf({ pattern: "^(a+)+$", patternProperties: { "^(x+)+$": false } });
  assert.equal(schema.check(`${"a".repeat(50_000)}!`).length, 1);
  assert.equal(schema.check({ [`${"x".repeat(50_000)}!`]: 1 }).length, 0);
});

test("a large pattern over a large text is not tried", () => {
  const pattern = `(${"[a-z]?".repeat(150)})*x`;
  assert.match(violations({ pattern }, "a".repeat(1_000_000))[0] ?? "", /steps/);
  assert.match(
    violations({ patternProperties: { [pattern]: false } }, { ["a".repeat(1_000_000)]: 1 })[0] ?? "",
    /steps/,
  );
});

test("references that never come to a value are refused", () => {
  assert.match(problems({ $ref: "#" })[0] ?? "", /leads back to itself/);
  const loop = { $defs: { a: { allOf: [{ $ref: "#/$defs/b" }] }, b: { anyOf: [{ $ref: "#/$defs/a" }] } } };
  assert.match(problems(loop)[0] ?? "", /leads back to itself/);
});

test("references that multiply are refused", () => {
  const $defs: Record<string, Json> = { s0: { type: "string" } };
  for (let i = 1; i <= 40; i++)
    $defs[`s${i}`] = { allOf: [{ $ref: `#/$defs/s${i - 1}` }, { $ref: `#/$defs/s${i - 1}` }] };
  assert.match(problems({ $defs, $ref: "#/$defs/s40" })[0] ?? "", /multiply/);
});

test("a chain of references is refused before it costs the stack", () => {
  const $defs: Record<string, Json> = { s0: {} };
  for (let i = 1; i <= 20_000; i++) $defs[`s${i}`] = { $ref: `#/$defs/s${i - 1}` };
  assert.match(problems({ $defs })[0] ?? "", /in a row/);
});

test("deep schemas and deep values are refused", () => {
  let schema: Json = {};
  for (let i = 0; i < 5000; i++) schema = { not: schema };
  assert.match(problems(schema)[0] ?? "", /nested at most 100 levels/);
  let value: Json = {};
  for (let i = 0; i < 100_000; i++) value = [value];
  assert.match(violations({ items: { $ref: "#" }, uniqueItems: true }, value)[0] ?? "", /levels deep/);
});

test("the deepest value that is allowed does not cost the stack", () => {
  let value: Json = {};
  for (let i = 0; i < 249; i++) value = { a: value };
  const chain = { $defs: { a: { $ref: "#/$defs/b" }, b: { allOf: [{ $ref: "#" }] } } };
  assert.deepEqual(violations({ properties: { a: { $ref: "#" } }, unevaluatedProperties: false }, value), []);
  assert.match(violations({ ...chain, properties: { a: { $ref: "#/$defs/a" } } }, value)[0] ?? "", /levels deep/);
});

test("a check that multiplies with the depth of the value gives up", () => {
  let value: Json = {};
  for (let i = 0; i < 60; i++) value = { a: value };
  const schema = { properties: { a: { allOf: [{ $ref: "#" }, { $ref: "#" }] } } };
  assert.match(violations(schema, value)[0] ?? "", /steps/);
});

test("unknown keywords are annotations", () => {
  assert.deepEqual(violations({ example: 1, "x-order": 2, type: "number", units: { type: "nonsense" } }, 5), []);
});

test("true allows everything, false nothing, and anything else is no schema", () => {
  assert.deepEqual(violations(true, { a: 1 }), []);
  assert.deepEqual(violations(false, { a: 1 }), [': Expected nothing here, but got {"a": 1}.']);
  assert.deepEqual(problems("string"), [': Expected a schema, which is an object, true or false, but got "string".']);
});
