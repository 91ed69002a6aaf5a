import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadWorkflow } from "../load.ts";
import { pictureOf } from "../picture.ts";
import { STEP_TYPES } from "../step-fields.ts";
import { applyEdit, applySplice, type Edited } from "./apply.ts";
import { parsePath } from "./path.ts";
import { addStep, connect, copySteps, disconnect, moveStep, pasteSteps, removeSteps, renameStep } from "./steps.ts";

const TEXT = `# The head.
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: orders, version: 1.0.0 } # inline
spec:
  x-note: "kept  as 'it' is"
  steps:
    # About a.
    - name: a
      type: wait   # odd spacing
      duration: 1s

    - { name: b, type: wait, duration: 2s }

    # About c.
    - name: c
      type: loop
      times: 2
      steps:
        - name: d   # inner
          type: wait
          duration: 3s
# The tail.
`;

function done(edited: Edited | null): string {
  assert.ok(edited !== null, "Expected the edit to be possible.");
  return edited.text;
}

/** Lines that are in one text and not in the other. */
function difference(before: string, after: string): readonly string[] {
  const a = before.split("\n");
  const b = after.split("\n");
  return [
    ...a.filter((line) => !b.includes(line)).map((line) => `-${line}`),
    ...b.filter((line) => !a.includes(line)).map((line) => `+${line}`),
  ];
}

test("a field is changed, added and removed in its line alone", () => {
  const path = parsePath("spec.steps[0]") ?? [];
  const set = done(applyEdit(TEXT, { kind: "set", path: [...path, "type"], value: "emit" }));
  assert.deepEqual(difference(TEXT, set), ["-      type: wait   # odd spacing", "+      type: emit   # odd spacing"]);
  const added = done(applyEdit(TEXT, { kind: "set", path: [...path, "retry"], value: { max_attempts: 3 } }));
  assert.deepEqual(difference(TEXT, added), ["+      retry:", "+        max_attempts: 3"]);
  const removed = done(applyEdit(added, { kind: "remove", path: [...path, "retry"] }));
  assert.equal(removed, TEXT);
  const inFlow = done(applyEdit(TEXT, { kind: "set", path: ["spec", "steps", 1, "duration"], value: "5s" }));
  assert.deepEqual(difference(TEXT, inFlow).at(-1), "+    - { name: b, type: wait, duration: 5s }");
});

test("a step is added in the manner of its list, and taken out again without a trace", () => {
  const added = addStep(TEXT, "function", { lane: 0, index: 1 });
  const text = done(added);
  assert.deepEqual(difference(TEXT, text), [
    "+    - name: function",
    "+      type: function",
    "+      executor: my-executor",
    "+      function: myFunction",
  ]);
  assert.equal(done(removeSteps(text, added?.names ?? [])), TEXT);
});

test("a step moves between lists, with the comments within it", () => {
  const text = done(moveStep(TEXT, "d", { lane: 0, index: 0 }));
  const picture = pictureOf(text);
  assert.deepEqual(picture?.lanes[0]?.steps, ["d", "a", "b", "c"]);
  assert.match(text, /- name: d {3}# inner\n {6}type: wait/);
  assert.match(text, /steps: \[\]/);
  const back = done(moveStep(text, "d", { lane: 1, index: 0 }));
  assert.deepEqual(pictureOf(back)?.lanes[1]?.steps, ["d"]);
  assert.equal(moveStep(TEXT, "c", { lane: 1, index: 0 }), null);
});

test("edges are joined and parted, whichever of the two steps says so", () => {
  const joined = done(connect(TEXT, "a", "c", "success"));
  assert.match(joined, /on_success: \[ b, c \]/);
  const parted = done(disconnect(joined, "a", "b", "success"));
  assert.match(parted, /on_success: c\n/);
  const failing = done(connect(TEXT, "b", "c", "failure"));
  assert.match(failing, /\{ name: b, type: wait, duration: 2s, on_failure: c \}/);
  assert.equal(connect(TEXT, "a", "d", "success"), null);
});

test("what is copied is YAML, and pasted steps get names that are free", () => {
  const clipboard = copySteps(TEXT, ["c", "d"]);
  assert.match(clipboard, /^- name: c\n {2}type: loop/);
  const pasted = pasteSteps(TEXT, clipboard, { lane: 0, index: null });
  assert.deepEqual(pasted?.names, ["c-2"]);
  assert.deepEqual(
    pictureOf(done(pasted))?.nodes.map(({ name }) => name),
    ["a", "b", "c", "d", "c-2", "d-2"],
  );
});

test("a new name reaches edges and expressions", () => {
  const text = TEXT.replace(
    "duration: 2s",
    'duration: "$.a.seconds", on_failure: c, input: { x: "${a.y}-${steps.a.status} a" }',
  );
  const renamed = done(renameStep(text, "a", "first"));
  assert.match(renamed, /\$\.first\.seconds/);
  assert.match(renamed, /\$\{first\.y\}-\$\{steps\.first\.status\} a/);
  assert.match(done(renameStep(text, "c", "last")), /on_failure: last/);
});

test("a new step of every type can be read, and no line of the rest has changed", () => {
  const source = readFileSync(join(import.meta.dirname, "../samples/everything/input.yaml"), "utf8");
  for (const type of STEP_TYPES.keys()) {
    const text = done(addStep(source, type, { lane: 0, index: 2 }));
    assert.deepEqual(
      difference(source, text).filter((line) => line.startsWith("-")),
      [],
      type,
    );
    const lone = done(addStep(TEXT, type, { lane: 0, index: null }));
    const errors = loadWorkflow(lone).diagnostics.filter(({ severity }) => severity === "error");
    assert.deepEqual(
      errors.map(({ message }) => message),
      [],
      type,
    );
  }
});

test("each step of a large text can be described, removed and moved, or the text stays as it is", () => {
  const source = readFileSync(join(import.meta.dirname, "../samples/everything/input.yaml"), "utf8");
  const picture = pictureOf(source);
  let removed = 0;
  for (const { id, path } of picture?.nodes ?? []) {
    const steps = [...(parsePath(path) ?? []), "description"];
    const described = applyEdit(source, { kind: "set", path: steps, value: "New: 'words' # and all" });
    assert.ok(described !== null, id);
    assert.equal(described.splices.reduce(applySplice, source), described.text);
    if (removeSteps(source, [id]) !== null) removed += 1;
  }
  assert.ok(removed >= (picture?.nodes.length ?? 0) - 8, `${removed} of ${picture?.nodes.length} can be removed`);
});
