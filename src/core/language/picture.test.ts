import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Picture, pictureOf } from "./picture.ts";

function picture(steps: string): Picture {
  const found = pictureOf(`apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: orders, version: 1.2.0 }
spec:
  steps:
${steps}`);
  assert.ok(found !== null);
  return found;
}

test("edges nobody wrote, failures, fallbacks and compensations are told apart", () => {
  const { edges } = picture(`
    - { name: a, type: function, executor: e, function: f, on_failure: rescue, compensate: undo }
    - { name: b, type: function, executor: e, function: g, fallback_step: instead }
    - { name: rescue, type: wait, duration: 1s }
    - { name: undo, type: wait, duration: 1s }
    - { name: instead, type: wait, duration: 1s }
`);
  assert.deepEqual(
    edges.map(({ id, isWritten }) => `${id}${isWritten ? "" : " implied"}`),
    ["success:a>b implied", "failure:a>rescue", "compensation:a>undo", "fallback:b>instead"],
  );
});

test("a text that is wrong is drawn as far as it goes, and each step has an id of its own", () => {
  const { nodes, lanes } = picture(`
    - { type: wait }
    - { name: twice, type: nonsense, on_success: nowhere }
    - { name: twice, type: switch, cases: [{ when: $.input.x > 1, steps: [] }] }
`);
  assert.deepEqual(
    nodes.map(({ id }) => id),
    ["#0", "twice", "twice#2"],
  );
  assert.deepEqual(
    lanes.map(({ label, owner }) => `${owner}: ${label}`),
    ["null: root", "twice#2: when $.input.x > 1"],
  );
});

test("what cannot be read as a document has no picture", () => {
  assert.equal(pictureOf("a: [1"), null);
  assert.equal(pictureOf(""), null);
});

test("a node says what it does in a line, and where it stands in the text", () => {
  const source = readFileSync(join(import.meta.dirname, "samples/everything/input.yaml"), "utf8");
  const found = pictureOf(source);
  const node = found?.nodes.find(({ name }) => name === "find-customer");
  assert.equal(node?.summary, "GET customers/customers/${input.customer_id}");
  assert.equal(node?.retry, "5 attempts");
  assert.match(source.slice(node?.start, node?.end), /^name: find-customer/);
});
