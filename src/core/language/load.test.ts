import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { member } from "../base/json.ts";
import { contentHashOf } from "./hash.ts";
import { loadDocuments, loadWorkflow } from "./load.ts";

const HEAD = "apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\nmetadata: { name: sample }\n";
const STEPS = "spec:\n  steps:\n    - { name: a, type: wait, duration: 1s }\n";
const SMALL = HEAD + STEPS;

/** The codes that a text is answered with. */
function codesOf(text: string): readonly string[] {
  return loadDocuments([{ file: null, text }]).diagnostics.map(({ code }) => code);
}

function definitionOf(text: string) {
  const { definition, diagnostics } = loadWorkflow(text);
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === "error"),
    [],
  );
  assert.ok(definition !== null);
  return definition;
}

test("a small workflow is compiled", () => {
  const definition = definitionOf(SMALL);
  assert.equal(definition.name, "sample");
  assert.equal(definition.version, "1.0.0");
  assert.equal(definition.timeoutAction, "cancel_and_cleanup");
  assert.equal(definition.steps[0]?.timeoutAction, "fail");
});

test("JSON is read as YAML is", () => {
  const json = {
    apiVersion: "magicflow.io/v2",
    kind: "Workflow",
    metadata: { name: "sample" },
    spec: { steps: [{ name: "a", type: "wait", duration: "1s" }] },
  };
  assert.equal(definitionOf(JSON.stringify(json, null, "\t")).hash, definitionOf(SMALL).hash);
});

test("a byte order mark and Windows line ends change nothing", () => {
  assert.equal(definitionOf(`\uFEFF${SMALL.replaceAll("\n", "\r\n")}`).hash, definitionOf(SMALL).hash);
});

test("two spellings of one workflow have one hash", () => {
  const short = `${HEAD}spec: { steps: [{ name: a, service: e, method: f, config: { timeout: 90 }, condition: input.x }] }`;
  const long = `${HEAD}spec: { steps: [{ type: function, name: a, executor: e, function: f, timeout: 90s, when: input.x }] }`;
  assert.equal(definitionOf(short).hash, definitionOf(long).hash);
});

test("the version changes the hash and not the content hash", () => {
  const one = definitionOf(SMALL.replace("sample", "sample, version: 1.0.0"));
  const two = definitionOf(SMALL.replace("sample", "sample, version: v2.0.0"));
  assert.equal(two.version, "2.0.0");
  assert.notEqual(one.hash, two.hash);
  assert.equal(contentHashOf(one.document), contentHashOf(two.document));
});

test("a context brings its schemas, from another file too", () => {
  const context =
    "apiVersion: workflow.magic-flow.io/v2\nkind: WorkflowContext\nmetadata: { name: other }\nspec: { input_schema: { type: object, properties: { x: { type: string, required: true } } } }\n";
  const { workflows, diagnostics } = loadDocuments([
    { file: "workflow.yaml", text: SMALL },
    { file: "context.yaml", text: context },
  ]);
  assert.deepEqual(diagnostics, []);
  assert.equal(workflows[0]?.definition?.inputSchema?.check({}).length, 1);
  assert.ok(member(workflows[0]?.document["spec"] as never, "input_schema"));
});

test("what is wrong with one document does not keep the others from being loaded", () => {
  const { workflows, diagnostics } = loadDocuments([
    { file: "a.yaml", text: `${SMALL}---\n${SMALL.replace("wait", "wiat")}` },
  ]);
  assert.deepEqual(
    workflows.map(({ definition }) => definition !== null),
    [true, false],
  );
  assert.deepEqual(
    diagnostics.map(({ code, line }) => [code, line]),
    [["type-unknown", 13]],
  );
});

test("all mistakes are told, each with its place", () => {
  const text = `${HEAD}spec:\n  timeout: soon\n  steps:\n    - { name: a, type: wiat }\n    - { name: a, type: wait, duration: 1s, on_success: nowhere }\n`;
  const { diagnostics } = loadDocuments([{ file: "w.yaml", text }]);
  assert.deepEqual(
    diagnostics.map(({ code, file, line, column }) => `${file}:${line}:${column} ${code}`),
    ["w.yaml:5:12 duration-invalid", "w.yaml:7:24 type-unknown", "w.yaml:8:15 name-twice", "w.yaml:8:56 step-unknown"],
  );
});

test("a text that is too large is refused unread", () => {
  assert.deepEqual(codesOf(SMALL + "#".repeat(1024 * 1024)), ["text-too-large"]);
  assert.deepEqual(codesOf(`${SMALL}# ${"é".repeat(600_000)}`), ["text-too-large"]);
});

test("nesting beyond a hundred levels is refused, however it is written", () => {
  const output = `${SMALL}  output:\n    `;
  assert.deepEqual(codesOf(output + "[".repeat(95) + "]".repeat(95)), []);
  for (const deep of [
    "[".repeat(120) + "]".repeat(120),
    "[".repeat(100_000),
    "- ".repeat(100_000),
    '{"a":'.repeat(50_000),
  ]) {
    assert.deepEqual(codesOf(output + deep), ["nesting-too-deep"]);
  }
});

test("anchors that multiply are refused", () => {
  const levels = [..."bcdefghij"].map(
    (name, i) => `x-${name}: &${name} [${Array(9).fill(`*${"abcdefghi"[i]}`).join(", ")}]\n`,
  );
  assert.deepEqual(codesOf(`x-a: &a [1, 2, 3]\n${levels.join("")}${SMALL}`), ["anchors-too-many"]);
});

test("merge keys that multiply are refused", () => {
  const levels = Array.from({ length: 30 }, (_, i) => `x-${i}: &m${i} { <<: [*m${i - 1}, *m${i - 1}], k${i}: 1 }\n`);
  assert.deepEqual(codesOf(`x-a: &m-1 { a: 1 }\n${levels.join("")}${SMALL}`), ["anchors-too-many"]);
});

test("too many documents are refused", () => {
  assert.deepEqual(codesOf("---\n".repeat(3000)), ["documents-too-many"]);
});

test("values with nothing between them are refused before they are described one by one", () => {
  for (const flood of ["*a ", "&a ", '"" ', "[] ", "!x ", "]"]) {
    assert.ok(
      codesOf(SMALL + flood.repeat(20_000)).every((code) => code === "yaml-invalid"),
      flood,
    );
  }
});

test("a name of a megabyte does not make a thousand diagnostics of a megabyte", () => {
  const fields = Array.from({ length: 1500 }, (_, i) => `f${i}: 1`).join(", ");
  const text = `${HEAD}spec: { steps: [{ name: ${"n".repeat(900_000)}, type: wait, duration: 1s, ${fields} }] }`;
  const { diagnostics } = loadDocuments([{ file: null, text }]);
  assert.equal(diagnostics.length, 1000);
  assert.ok(JSON.stringify(diagnostics).length < 2_000_000);
});

test("NUL is no text", () => {
  assert.deepEqual(codesOf(`${SMALL}\u0000`), ["text-character"]);
});

test("a workflow of two thousand steps is checked without trouble", () => {
  const steps = Array.from(
    { length: 2000 },
    (_, i) => `    - { name: s${i}, executor: e, function: f, input: { x: $.s${Math.max(0, i - 1)}.y } }\n`,
  );
  const definition = loadWorkflow(`${HEAD}spec:\n  steps:\n${steps.join("")}`).definition;
  assert.equal(definition?.steps.length, 2000);
});

const WORDS = [
  "name",
  "type",
  "steps",
  "wait",
  "function",
  "loop",
  "parallel",
  "branches",
  "on_success",
  "on_failure",
  "depends_on",
  "a",
  "b",
  "$.a.x",
  "${b}",
  "config",
  "on_error",
  "retry",
  "when",
  "true",
  "3",
  "1s",
  "null",
  "steps",
  "then",
  "condition",
  "spec",
  "kind",
  "output",
];

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(...WORDS),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...WORDS), tie("any"), { maxKeys: 5 }),
  ),
})).any;

/** Whatever happens, a load ends with diagnostics or definitions. */
function survives(text: string): void {
  const { workflows, diagnostics } = loadDocuments([{ file: null, text }]);
  const hasErrors = diagnostics.some(({ severity }) => severity === "error");
  assert.ok(hasErrors || workflows.every(({ definition }) => definition !== null));
  for (const { line, column, message } of diagnostics) assert.ok(line >= 1 && column >= 1 && message !== "");
}

test("any text at all is survived", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), survives), { numRuns: 300 });
  fc.assert(
    fc.property(
      fc
        .array(fc.constantFrom(..."{}[]:,-?&*!|>'\"%#\n a<".split("")), { maxLength: 200 })
        .map((signs) => signs.join("")),
      survives,
    ),
    { numRuns: 500 },
  );
});

test("any document of the right words in the wrong places is survived", () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.constantFrom(...WORDS), value, { maxKeys: 8 }), { maxLength: 5 }),
      value,
      (steps, extra) => {
        survives(
          JSON.stringify({
            apiVersion: "magicflow.io/v2",
            kind: "Workflow",
            metadata: { name: "x" },
            spec: { steps, error_handling: extra, conditions: extra, includes: extra },
          }),
        );
      },
    ),
    { numRuns: 500 },
  );
});

test("a good document with one piece out of place is survived", () => {
  fc.assert(
    fc.property(
      fc.nat(SMALL.length),
      fc.nat(30),
      fc.constantFrom("", "[", "{", ": ", "\n", "  ", "- ", "&a ", "*a", "${", '"'),
      (at, length, piece) => {
        survives(SMALL.slice(0, at) + piece + SMALL.slice(at + length));
      },
    ),
    { numRuns: 500 },
  );
});
