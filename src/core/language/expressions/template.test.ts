// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the language look like those of TypeScript.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../base/json.ts";
import { documentContext } from "./document.ts";
import { ExpressionError } from "./evaluation.ts";
import { compileValue, warnOfForgottenDot } from "./template.ts";

const INPUT = { name: "Ada", n: 3, ok: true, nil: null, tags: ["a", "b"], address: { city: "London" } };

/** The one place that knows how trees of values are compiled and evaluated. */
function check(tree: Json, expected: Json): void {
  const { value, problems } = compileValue(tree);
  assert.deepEqual(problems, []);
  assert.deepEqual(value.evaluate(context()), expected);
}

function checkProblem(
  tree: Json,
  expected: { at?: readonly (string | number)[]; offset: number; message: RegExp },
): void {
  const [problem, ...more] = compileValue(tree).problems;
  assert.deepEqual(more, []);
  assert.ok(problem);
  assert.match(`${problem.message} ${problem.hint ?? ""}`, expected.message);
  assert.equal(problem.offset, expected.offset);
  assert.deepEqual(problem.at, expected.at ?? []);
}

function context(input: Json = INPUT) {
  return documentContext(
    { input, secrets: { TOKEN: "must never show" } },
    { now: 0, random: () => 0, bytesMax: 10_000 },
  );
}

test("a string that begins like a path is an expression and keeps its type", () => {
  check("$.input.n", 3);
  check("$['input'].tags", ["a", "b"]);
  check("$.input.n > 2 ? 'many' : 'few'", "many");
  check("$.input.missing ?? 'x'", "x");
  check("$", { input: INPUT, secrets: { TOKEN: "must never show" } });
});

test("one whole ${...} keeps the type of its value", () => {
  check("${input.n}", 3);
  check("${ $.input.tags }", ["a", "b"]);
  check("${input.nil}", null);
  check("${input.n + 1}", 4);
});

test("text around ${...} makes text of the values", () => {
  check("/customers/${input.name}/validate", "/customers/Ada/validate");
  check("${input.n}${input.ok}", "3true");
  check("<${input.nil}>", "<>");
  check("tags: ${input.tags}", 'tags: ["a","b"]');
  check(" ${input.n}", " 3");
  check("${input.address}!", '{"city":"London"}!');
});

test("a brace in a string or an object literal does not end the place", () => {
  check("${'}'}", "}");
  check("a${'\\'}'}b", "a'}b");
  check('${"{"}-${{a: {b: 1}}.a.b}', "{-1");
  check("${input.address['}'] ?? '{'}", "{");
});

test("$$ at the beginning and $${ anywhere stand for $ and ${", () => {
  check("$$.input.n", "$.input.n");
  check("$$", "$");
  check("$$5", "$5");
  check("$${input.n}", "${input.n}");
  check("a $${b} ${input.n}", "a ${b} 3");
  check("$$${input.n}", "$3");
  check("a$$b", "a$$b");
  check("$5.00 and $x", "$5.00 and $x");
  check("{$}", "{$}");
});

test("expressions are found at any depth of values, never in keys", () => {
  check({ "$.input.n": { a: ["$.input.n", "${input.n}!", 7] } }, { "$.input.n": { a: [3, "3!", 7] } });
  check(
    JSON.parse('{"__proto__": "$.input.n", "constructor": "x"}'),
    JSON.parse('{"__proto__": 3, "constructor": "x"}'),
  );
});

test("what an evaluation gives is never evaluated again", () => {
  const { value } = compileValue({ a: "$.input.text", b: "<${input.text}>" });
  const text = "${input.n} $.input.n $${x}";
  assert.deepEqual(value.evaluate(context({ text, n: 1 })), { a: text, b: `<${text}>` });
});

test("a tree without expressions is constant and costs nothing", () => {
  const { value } = compileValue({ a: [1, "x", null, { b: "$$y" }] });
  assert.deepEqual(value.constant, { a: [1, "x", null, { b: "$y" }] });
  assert.equal(value.evaluate(context()), value.constant);
  assert.equal(compileValue({ a: "$.input" }).value.constant, undefined);
});

test("a string that begins like a path and does not parse is a problem, never a literal", () => {
  checkProblem("$.", { offset: 2, message: /after the dot/ });
  checkProblem("$[", { offset: 2, message: /bracket/ });
  checkProblem("$.a.b ", { offset: 5, message: /without white space/ });
  checkProblem("$.a + b", { offset: 6, message: /Write \$\.b\./ });
  checkProblem({ list: ["x", "$.input.."] }, { at: ["list", 1], offset: 9, message: /after the dot/ });
});

test("a problem inside of a template says where it is in the string", () => {
  checkProblem("abc ${input.} x", { offset: 12, message: /after the dot/ });
  checkProblem("abc ${  1 + } x", { offset: 11, message: /Expected a value/ });
  checkProblem("abc ${ } x", { offset: 4, message: /there is none/ });
  checkProblem("abc ${input", { offset: 4, message: /to close/ });
  checkProblem("abc ${'}", { offset: 4, message: /to close/ });
});

test("all problems of a tree are told, each with its place", () => {
  const { problems } = compileValue({ a: "$.", b: ["${", "${nope()}"] });
  assert.deepEqual(
    problems.map(({ at }) => at),
    [["a"], ["b", 0], ["b", 1]],
  );
});

test("references say what is read, and where it stands", () => {
  const { value } = compileValue({ a: "$.steps.charge.output.id", b: ["x ${input.tags[0]} ${len(name)}"] });
  assert.deepEqual(value.references, [
    { root: "steps", path: ["charge", "output", "id"], offset: 0, at: ["a"] },
    { root: "input", path: ["tags", "*"], offset: 4, at: ["b", 0] },
    { root: "name", path: [], offset: 25, at: ["b", 0] },
  ]);
});

test("a failure says which expression of the tree it was", () => {
  const { value } = compileValue({ total: { sum: "x ${input.name * 2}" } });
  assert.throws(
    () => value.evaluate(context()),
    (error) => error instanceof ExpressionError && /In "input\.name \* 2" of "total\.sum"/.test(error.message),
  );
});

test("a secret leaves a placeholder in the value, and is asked for by name", () => {
  const { value, problems } = compileValue({ headers: { authorization: "Bearer ${secrets.TOKEN} ${input.n}" } });
  assert.deepEqual(problems, []);
  assert.equal(value.constant, undefined);
  const asked: string[] = [];
  const evaluated = value.evaluate({ ...context(), secret: (name) => asked.push(name) });
  assert.deepEqual(evaluated, { headers: { authorization: "Bearer ${secrets.TOKEN} 3" } });
  assert.deepEqual(asked, ["TOKEN"]);
});

test("the pieces of a text mark the secret, and data that looks like one stays text", () => {
  const { value } = compileValue({ key: "${$.secrets.A-B}", text: "${input.text} ${ secrets.TOKEN }" });
  assert.deepEqual(
    value.secrets.map(({ at, names }) => ({ at, names })),
    [
      { at: ["key"], names: ["A-B"] },
      { at: ["text"], names: ["TOKEN"] },
    ],
  );
  const data = context({ text: "${secrets.TOKEN}" });
  assert.deepEqual(value.secrets[0]?.pieces(data), [{ secret: "A-B" }]);
  assert.deepEqual(value.secrets[1]?.pieces(data), ["${secrets.TOKEN}", " ", { secret: "TOKEN" }]);
  assert.deepEqual(value.references, [{ root: "input", path: ["text"], offset: 2, at: ["text"] }]);
});

test("a secret may stand nowhere but alone in a template", () => {
  checkProblem("$.secrets.TOKEN", { offset: 0, message: /\$\{secrets\.NAME\}/ });
  checkProblem("${'Bearer ' + secrets.TOKEN}", { offset: 2, message: /alone/ });
  checkProblem("${base64_encode(secrets.TOKEN)}", { offset: 2, message: /alone/ });
  checkProblem("${secrets}", { offset: 2, message: /alone/ });
  checkProblem("${secrets[input.name]}", { offset: 2, message: /alone/ });
  checkProblem("${input.items[?@.a == $.secrets.TOKEN]}", { offset: 2, message: /alone/ });
});

test("a forgotten dot is worth a warning only before the name of a root", () => {
  const roots = ["input", "steps"];
  assert.match(warnOfForgottenDot("$input.email", roots) ?? "", /"\$\.input"/);
  assert.match(warnOfForgottenDot("$steps", roots) ?? "", /"\$\.steps"/);
  assert.equal(warnOfForgottenDot("$inputs", roots), null);
  assert.equal(warnOfForgottenDot("$5", roots), null);
  assert.equal(warnOfForgottenDot("$.input", roots), null);
  assert.equal(warnOfForgottenDot("$$input", roots), null);
});
